//! Where the requirements of a folder stand: which of its files speaks, and what it says.

use super::options::Options;
use super::requirements::Requirements;
use super::tool::Tool;
use super::{pipfile, pyproject};
use crate::build::BuildError;
use crate::build::run::Program;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
        return Requirements::read(&file, service_dir).map(Some);
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
        return Requirements::read(&file, service_dir).map(Some);
    }
    if let Some(lock) = uv_lock_of(dir, project.is_some()) {
        let mut found = uv_lock(dir, &lock, &tool()?, env)?;
        let missing = project.map(|project| project.missing_in_uv_lock(&lock)).transpose()?.unwrap_or_default();
        if !missing.is_empty() {
            let (names, file) = (missing.join("`, `"), lock.display());
            found.notes.push(format!("{file} is older than pyproject.toml and has no `{names}`; `uv lock` renews it"));
        }
        return Ok(Some(found));
    }
    match project {
        Some(project) if dir.join("pdm.lock").is_file() => project.pdm().map(Some),
        Some(project) if project.has_dependencies() => project.unlocked().map(Some),
        Some(project) if options.use_poetry && project.has_poetry_dependencies() => project.poetry(options).map(Some),
        _ => Ok(None),
    }
}

/// The folder's own `uv.lock`, or that of the workspace above it, whose members have none
/// (uv documentation, "Using workspaces").
fn uv_lock_of(dir: &Path, has_project: bool) -> Option<PathBuf> {
    let own = dir.join("uv.lock");
    if own.is_file() || !has_project {
        return own.is_file().then_some(own);
    }
    let lock = dir.ancestors().skip(1).map(|above| above.join("uv.lock")).find(|lock| lock.is_file())?;
    let project = pyproject::Project::read(lock.parent()?).ok()??;
    project.is_uv_workspace_of(dir).then_some(lock)
}

/// `uv export` knows the format of its own lock file.
fn uv_lock(dir: &Path, lock: &Path, tool: &Tool, env: &BTreeMap<String, String>) -> Result<Requirements, BuildError> {
    let Tool::Uv(uv) = tool else {
        return Err(BuildError::Refused {
            message: format!("{} can only be read by uv, which could not be installed", lock.display()),
            hints: vec![
                "install uv: https://docs.astral.sh/uv/".to_owned(),
                "or write a requirements.txt: uv export --no-dev > requirements.txt".to_owned(),
            ],
        });
    };
    let export = |groups: &[&str]| {
        Program::new(uv, env)
            .args(["export", "--frozen", "--no-emit-project", "--no-editable", "--no-header", "--quiet"])
            .args(["--no-python-downloads", "--no-progress", "--color", "never", "--format", "requirements-txt"])
            .args(groups)
            .dir(dir)
            .run()
    };
    let mut answer = export(&["--no-default-groups"])?;
    if !answer.ok && answer.err.contains("--no-default-groups") {
        // uv before 0.6 knows the group `dev` alone.
        answer = export(&["--no-dev"])?;
    }
    if !answer.ok {
        let hints = vec!["`uv lock` makes the lock file anew".to_owned()];
        return Err(BuildError::Failed { what: format!("reading {}", lock.display()), output: answer.tail(15), hints });
    }
    // Paths are relative to the lock file.
    Requirements::parse(&answer.out, lock.parent().unwrap_or(dir), lock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_poetry_project_that_names_no_build_system_is_read_without_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        let text = "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\npython = '^3.12'\nsix = '^1.16'\n";
        std::fs::write(dir.path().join("pyproject.toml"), text).unwrap();
        let options = Options::read(&json!({}));
        let no_tool = || Err(BuildError::Refused { message: String::new(), hints: Vec::new() });
        let found = read(dir.path(), dir.path(), &options, &no_tool, &BTreeMap::new()).unwrap().unwrap();
        assert_eq!(found.lines, ["six>=1.16,<2"]);
        assert!(found.notes[0].contains("`poetry lock` makes one"), "{:?}", found.notes);
    }

    #[test]
    fn a_uv_lock_tells_what_was_added_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let project = "[project]\nname = 'My_App'\ndependencies = ['six>=1', 'Typing_Extensions ; python_version > \"3\"', 'idna']\n";
        std::fs::write(dir.path().join("pyproject.toml"), project).unwrap();
        let lock = dir.path().join("uv.lock");
        let text = "[[package]]\nname = 'six'\nversion = '1'\n[[package]]\nname = 'my-app'\nversion = '0'\n\
                    [package.metadata]\nrequires-dist = [{ name = 'six', specifier = '>=1' }, { name = 'typing-extensions' }]\n";
        std::fs::write(&lock, text).unwrap();
        let project = pyproject::Project::read(dir.path()).unwrap().unwrap();
        assert_eq!(project.missing_in_uv_lock(&lock).unwrap(), ["idna"]);
    }
}
