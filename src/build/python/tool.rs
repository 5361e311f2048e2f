//! uv: found on the `PATH`, else installed once into rlx's cache, else pip does its work.

use crate::build::BuildError;
use crate::build::run::{self, Program};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The version that is installed where there is none.
const UV_VERSION: &str = "0.13.9";

/// What installs packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tool {
    Uv(PathBuf),
    /// The interpreter whose pip it is.
    Pip(PathBuf),
}

/// Finds or installs uv; falls back to pip. `Err` only if there is no Python at all.
pub fn find(cache_dir: &Path, env: &BTreeMap<String, String>) -> Result<Tool, BuildError> {
    if let Some(uv) = run::find("uv", env) {
        return Ok(Tool::Uv(uv));
    }
    let dir = cache_dir.join("tools").join(format!("uv-{UV_VERSION}"));
    let uv = dir.join("uv");
    if uv.is_file() {
        return Ok(Tool::Uv(uv));
    }
    let python = interpreter(env)?;
    match install(&python, &dir, env) {
        Ok(()) if uv.is_file() => Ok(Tool::Uv(uv)),
        _ => Ok(Tool::Pip(python)),
    }
}

/// Any Python 3 of this machine.
pub fn interpreter(env: &BTreeMap<String, String>) -> Result<PathBuf, BuildError> {
    run::find("python3", env).or_else(|| run::find("python", env)).ok_or_else(|| BuildError::Refused {
        message: "there is neither `uv` nor `python3` on the PATH to install Python packages with".to_owned(),
        hints: vec![
            "install uv (https://docs.astral.sh/uv/) or Python 3".to_owned(),
            "set `custom.pythonRequirements: false` to package without requirements".to_owned(),
        ],
    })
}

/// A Python 3 that answers at once, for uv to start from. A shim (of pyenv, asdf or mise) first
/// finds out what it stands for, anew in every folder: that takes longer than installing.
pub fn without_shims(env: &BTreeMap<String, String>) -> Option<PathBuf> {
    let all = || which::which_in_all("python3", env.get("PATH"), Path::new("/")).into_iter().flatten();
    let is_shim = |path: &PathBuf| path.parent().is_some_and(|dir| dir.ends_with("shims"));
    all().find(|path| !is_shim(path)).or_else(|| {
        let versions = all().next()?.parent()?.parent()?.join("versions");
        let mut installed: Vec<PathBuf> =
            std::fs::read_dir(versions).ok()?.flatten().map(|version| version.path().join("bin/python3")).collect();
        installed.sort();
        installed.into_iter().rfind(|path| path.is_file())
    })
}

/// Takes the program out of the wheel of PyPI.
fn install(python: &Path, dir: &Path, env: &BTreeMap<String, String>) -> Result<(), BuildError> {
    run::make_folder(dir, |at| {
        let venv = at.join("venv");
        let target = at.join("target");
        let wanted = format!("uv=={UV_VERSION}");
        let pip = |program: Program| {
            let quiet = ["install", "--quiet", "--disable-pip-version-check", "--no-deps"];
            program.args(quiet).arg("--target").arg(&target).arg(&wanted).run()
        };
        let mut answer = pip(Program::new(python, env).args(["-m", "pip"]))?;
        if !answer.ok {
            // Without pip, a virtual environment has one.
            answer = Program::new(python, env).args(["-m", "venv"]).arg(&venv).run()?;
            if answer.ok {
                answer = pip(Program::new(venv.join("bin/python"), env).args(["-m", "pip"]))?;
            }
        }
        if !answer.ok {
            let hints = vec!["install uv by hand: https://docs.astral.sh/uv/".to_owned()];
            return Err(BuildError::Failed { what: "installing uv".to_owned(), output: answer.tail(10), hints });
        }
        let moved = std::fs::rename(target.join("bin/uv"), at.join("uv"));
        let _ = std::fs::remove_dir_all(&target);
        let _ = std::fs::remove_dir_all(&venv);
        moved.map_err(|source| BuildError::Write { path: at.join("uv"), source })
    })
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: &Path) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn what_a_shim_stands_for_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let env = |path: &str| [("PATH".to_owned(), path.to_owned())].into();
        let shims = at("pyenv/shims").display().to_string();
        program(&at("pyenv/shims/python3"));
        assert_eq!(without_shims(&env(&shims)), None);
        program(&at("pyenv/versions/3.12.1/bin/python3"));
        assert_eq!(without_shims(&env(&shims)), Some(at("pyenv/versions/3.12.1/bin/python3")));
        program(&at("usr/bin/python3"));
        let both = format!("{shims}:{}", at("usr/bin").display());
        assert_eq!(without_shims(&env(&both)), Some(at("usr/bin/python3")));
    }
}
