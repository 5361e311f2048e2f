//! Where the requirements of a folder stand: which of its files speaks, and what it says.

use super::options::Options;
use super::requirements::Requirements;
use super::tool::Tool;
use super::{pipfile, pyproject};
use crate::build::BuildError;
use crate::build::run::Program;
use std::collections::BTreeMap;
use std::path::Path;

/// The requirements of `dir`, or of nothing if it has none.
///
/// The order is that of serverless-python-requirements 6 (Poetry, Pipenv, the requirements file),
/// then what the plugin does not know: `uv.lock`, `pdm.lock`, `pyproject.toml`.
pub fn read(
    dir: &Path,
    service_dir: &Path,
    options: &Options,
    tool: &dyn Fn() -> Result<Tool, BuildError>,
    env: &BTreeMap<String, String>,
) -> Result<Option<Requirements>, BuildError> {
    let file = dir.join(&options.file_name);
    if options.file_name_set && file.is_file() {
        return Requirements::read(&file).map(Some);
    }
    let project = pyproject::Project::read(dir)?;
    if let Some(project) = project.as_ref().filter(|p| options.use_poetry && p.is_poetry()) {
        return project.poetry(options).map(Some);
    }
    // Pipenv's files stand beside the manifest (plugin, `lib/pipenv.js`); in a module's folder they go first.
    for folder in [dir, service_dir] {
        if options.use_pipenv && folder.join("Pipfile").is_file() {
            return pipfile::read(folder).map(Some);
        }
    }
    if file.is_file() {
        return Requirements::read(&file).map(Some);
    }
    if dir.join("uv.lock").is_file() {
        return uv_lock(dir, &tool()?, env).map(Some);
    }
    match project {
        Some(project) if dir.join("pdm.lock").is_file() => project.pdm().map(Some),
        Some(project) if project.has_dependencies() => project.unlocked().map(Some),
        _ => Ok(None),
    }
}

/// `uv export` knows the format of its own lock file.
fn uv_lock(dir: &Path, tool: &Tool, env: &BTreeMap<String, String>) -> Result<Requirements, BuildError> {
    let lock = dir.join("uv.lock");
    let Tool::Uv(uv) = tool else {
        return Err(BuildError::Refused {
            message: format!("{} can only be read by uv, which could not be installed", lock.display()),
            hints: vec![
                "install uv: https://docs.astral.sh/uv/".to_owned(),
                "or write a requirements.txt: uv export --no-dev > requirements.txt".to_owned(),
            ],
        });
    };
    let answer = Program::new(uv, env)
        .args(["export", "--frozen", "--no-dev", "--no-emit-project", "--no-editable", "--no-header", "--quiet"])
        .args(["--no-python-downloads", "--no-progress", "--color", "never", "--format", "requirements-txt"])
        .dir(dir)
        .run()?;
    if !answer.ok {
        let hints = vec!["`uv lock` makes the lock file anew".to_owned()];
        return Err(BuildError::Failed { what: format!("reading {}", lock.display()), output: answer.tail(15), hints });
    }
    Requirements::parse(&answer.out, dir, &lock)
}
