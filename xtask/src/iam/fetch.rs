//! Downloads a pinned package with its registry's own client and reads it in memory.

use crate::AnyError;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package's files by path.
pub type Files = BTreeMap<String, String>;

/// A package from npm.
pub fn npm(name: &str, version: &str) -> Result<Files, AnyError> {
    let dir = tempfile::tempdir()?;
    run(Command::new("npm").args(["pack", "--silent", &format!("{name}@{version}")]).current_dir(dir.path()))?;
    let archive = std::fs::File::open(only_file(dir.path())?)?;
    let mut files = Files::new();
    for entry in tar::Archive::new(flate2::read::GzDecoder::new(archive)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.display().to_string();
        if path.ends_with(".json") {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            files.insert(path.trim_start_matches("package/").to_owned(), text);
        }
    }
    Ok(files)
}

/// A wheel from PyPI.
pub fn pypi(name: &str, version: &str) -> Result<Files, AnyError> {
    let dir = tempfile::tempdir()?;
    run(Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"])
        .arg(format!("{name}=={version}"))
        .current_dir(dir.path()))?;
    let mut archive = zip::ZipArchive::new(std::fs::File::open(only_file(dir.path())?)?)?;
    let mut files = Files::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let path = entry.name()?.into_owned();
        if path.ends_with(".json") {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            files.insert(path, text);
        }
    }
    Ok(files)
}

fn run(command: &mut Command) -> Result<(), AnyError> {
    let status = command.stdout(std::process::Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}

fn only_file(dir: &Path) -> Result<PathBuf, AnyError> {
    let entry = std::fs::read_dir(dir)?.next().ok_or("the client downloaded nothing")??;
    Ok(entry.path())
}
