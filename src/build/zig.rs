//! cargo-zigbuild: links for any architecture and any older C library. From the `PATH`, else
//! installed once into rlx's cache from PyPI.

use super::BuildError;
use super::run::{self, Program};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const ZIGBUILD: &str = "cargo-zigbuild==0.20.1";
const ZIGLANG: &str = "ziglang==0.13.0.post1";

/// An installed cargo-zigbuild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zig {
    program: PathBuf,
    /// Where zig is, unless it is on the `PATH`.
    zig: Option<PathBuf>,
}

impl Zig {
    /// The command, to be followed by `zigbuild` and its arguments.
    pub fn command(&self, env: &BTreeMap<String, String>) -> Program {
        let program = Program::new(&self.program, env);
        match &self.zig {
            Some(zig) => program.env("CARGO_ZIGBUILD_ZIG_PATH", zig),
            None => program,
        }
    }
}

/// Finds or installs cargo-zigbuild.
pub fn find(cache_dir: &Path, env: &BTreeMap<String, String>) -> Result<Zig, BuildError> {
    if let (Some(program), Some(_)) = (run::find("cargo-zigbuild", env), run::find("zig", env)) {
        return Ok(Zig { program, zig: None });
    }
    let dir = cache_dir.join("tools").join(ZIGBUILD.replace("==", "-"));
    let found = Zig { program: dir.join("bin/cargo-zigbuild"), zig: Some(dir.join("ziglang/zig")) };
    if found.program.is_file() {
        return Ok(found);
    }
    let python = super::python::interpreter(env)?;
    run::make_folder(&dir, |at| {
        let answer = Program::new(&python, env)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"])
            .arg(at)
            .args([ZIGBUILD, ZIGLANG])
            .run()?;
        match answer.ok {
            true => Ok(()),
            false => Err(BuildError::Failed {
                what: "installing cargo-zigbuild and zig from PyPI".to_owned(),
                output: answer.tail(10),
                hints: vec!["install them by hand: pip install cargo-zigbuild ziglang".to_owned()],
            }),
        }
    })?;
    Ok(found)
}
