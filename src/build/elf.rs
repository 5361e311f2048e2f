//! What a binary asks of the machine that it runs on.

use super::BuildError;
use super::target::Glibc;
use object::Endianness;
use object::read::elf::{ElfFile64, FileHeader};
use std::fs;
use std::path::Path;

/// A symbol version that is newer than a C library has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewerSymbol {
    /// The file that needs it.
    pub file: String,
    /// Such as `GLIBC_2.39`.
    pub version: String,
    /// A symbol of that version, where one is known.
    pub symbol: Option<String>,
}

/// The first shared object below a folder that needs a newer C library.
pub fn newer_than(dir: &Path, glibc: Glibc) -> Result<Option<NewerSymbol>, BuildError> {
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy();
        let shared = entry.file_type().is_file() && (name.ends_with(".so") || name.contains(".so."));
        if shared && let Some(symbol) = newer_symbol(path, glibc)? {
            return Ok(Some(symbol));
        }
    }
    Ok(None)
}

/// The newest symbol version of a file that a C library does not have.
pub fn newer_symbol(path: &Path, glibc: Glibc) -> Result<Option<NewerSymbol>, BuildError> {
    let bytes = fs::read(path).map_err(|source| BuildError::Read { path: path.to_owned(), source })?;
    let Some((version, symbol)) = newest_glibc(&bytes).filter(|(v, _)| *v > glibc) else { return Ok(None) };
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(NewerSymbol { file, version: format!("GLIBC_{version}"), symbol }))
}

/// The newest `GLIBC_x.y` that a file needs, with one of its symbols.
fn newest_glibc(bytes: &[u8]) -> Option<(Glibc, Option<String>)> {
    let file = ElfFile64::<Endianness>::parse(bytes).ok()?;
    let endian = file.endian();
    let sections = file.elf_header().sections(endian, bytes).ok()?;
    let versions = sections.versions(endian, bytes).ok()??;
    let symbols = sections.symbols(endian, bytes, object::elf::SHT_DYNSYM).ok()?;
    let mut newest: Option<(Glibc, Option<String>)> = None;
    for (index, symbol) in symbols.enumerate() {
        let Ok(Some(version)) = versions.version(versions.version_index(endian, index).index()) else { continue };
        let Some(wanted) = std::str::from_utf8(version.name()).ok().and_then(glibc_of) else { continue };
        if newest.as_ref().is_none_or(|(v, _)| wanted > *v) {
            use object::read::elf::Sym;
            let name = symbol.name(endian, symbols.strings()).ok().map(|n| String::from_utf8_lossy(n).into_owned());
            newest = Some((wanted, name));
        }
    }
    newest
}

fn glibc_of(version: &str) -> Option<Glibc> {
    let mut numbers = version.strip_prefix("GLIBC_")?.split('.');
    Some(Glibc(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn a_binary_of_this_machine_is_newer_than_the_oldest_library() {
        let own = std::env::current_exe().unwrap();
        let symbol = newer_symbol(&own, Glibc(2, 2)).unwrap().expect("this test needs a C library");
        assert!(symbol.version.starts_with("GLIBC_2."), "{symbol:?}");
        assert!(newer_symbol(&own, Glibc(2, 99)).unwrap().is_none());
    }
}
