//! Symbols are taken out of binaries: a third less to upload and to load.

use super::BuildError;
use super::run::{self, Program};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The linker's fingerprint goes too: it is of the symbols, and those of crates outside the workspace follow from
/// where the checkout lies.
const WITHOUT: [&str; 2] = ["--strip-all", "--remove-section=.note.gnu.build-id"];

/// The binary without symbols, from the cache where it was made before. Done on a copy, so that
/// the build's own file stays as cargo left it. Without a `strip` program the binary itself.
pub fn stripped(path: &Path, cache_dir: &Path, env: &BTreeMap<String, String>) -> Result<PathBuf, BuildError> {
    let Some(program) = run::find("strip", env).or_else(|| run::find("llvm-strip", env)) else {
        return Ok(path.to_owned());
    };
    let bytes = fs::read(path).map_err(|source| BuildError::Read { path: path.to_owned(), source })?;
    let key = Sha256::new().chain_update(WITHOUT.concat()).chain_update(&bytes).finalize();
    let key: String = key[..16].iter().map(|b| format!("{b:02x}")).collect();
    let dir = cache_dir.join("binaries").join(key);
    let target = dir.join("bootstrap");
    if !target.is_file() {
        run::make_folder(&dir, |at| {
            let copy = at.join("bootstrap");
            fs::copy(path, &copy).map_err(|source| BuildError::Write { path: copy.clone(), source })?;
            let answer = Program::new(&program, env).args(WITHOUT).arg(&copy).run()?;
            match answer.ok {
                true => Ok(()),
                false => {
                    fs::copy(path, &copy).map(|_| ()).map_err(|source| BuildError::Write { path: copy.clone(), source })
                }
            }
        })?;
    }
    Ok(target)
}
