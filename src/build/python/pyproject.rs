//! `pyproject.toml` with the lock files of Poetry and PDM.
//!
//! The project's own dependencies are what is asked for; the lock pins all versions as
//! constraints, so that markers and extras are evaluated by uv or pip for the function's
//! platform and not here.

use super::lock::Lock;
use super::options::{Options, normalised};
use super::poetry_hash;
use super::requirements::{Requirements, name_of};
use crate::build::BuildError;
use crate::package::Glob;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item, Table, Value};

/// A project's metadata.
pub struct Project {
    dir: PathBuf,
    file: PathBuf,
    document: DocumentMut,
}

impl Project {
    /// Reads `pyproject.toml` of a folder, if there is one.
    pub fn read(dir: &Path) -> Result<Option<Self>, BuildError> {
        let file = dir.join("pyproject.toml");
        if !file.is_file() {
            return Ok(None);
        }
        let document = parse(&file)?;
        Ok(Some(Self { dir: dir.to_owned(), file, document }))
    }

    /// Whether Poetry builds it (plugin, `lib/poetry.js`, `isPoetryProject`) or has locked it.
    pub fn is_poetry(&self) -> bool {
        let requires = self.document.get("build-system").and_then(|b| b.get("requires")).and_then(Item::as_array);
        requires.is_some_and(|r| r.iter().any(|v| v.as_str().is_some_and(|v| v.starts_with("poetry"))))
            || self.dir.join("poetry.lock").is_file() && self.at(&["tool", "poetry"]).is_some()
    }

    /// Whether it speaks of dependencies in Poetry's own words.
    pub fn has_poetry_dependencies(&self) -> bool {
        self.at(&["tool", "poetry", "dependencies"]).is_some()
    }

    /// Whether `project.dependencies` names any.
    pub fn has_dependencies(&self) -> bool {
        !self.project_dependencies().is_empty()
    }

    /// Dependencies that `uv.lock` does not know to be the project's: it was written before they were added.
    pub fn missing_in_uv_lock(&self, lock: &Path) -> Result<Vec<String>, BuildError> {
        let document = parse(lock)?;
        let own = self.at(&["project", "name"]).and_then(Item::as_str).map(normalised);
        let packages = document.get("package").and_then(Item::as_array_of_tables);
        let package = packages
            .into_iter()
            .flatten()
            .find(|package| own.is_some() && text(package, "name").map(normalised) == own);
        let Some(package) = package else { return Ok(Vec::new()) };
        let known = package.get("metadata").and_then(|m| m.get("requires-dist")).and_then(Item::as_array);
        let known: BTreeSet<String> = known
            .into_iter()
            .flatten()
            .filter_map(|one| Some(normalised(one.as_inline_table()?.get("name")?.as_str()?)))
            .collect();
        let asked = self.project_dependencies().into_iter().filter_map(|line| name_of(&line));
        Ok(asked.filter(|name| !known.contains(name)).collect())
    }

    /// Whether it is the root of a uv workspace that a folder below is a member of.
    pub fn is_uv_workspace_of(&self, dir: &Path) -> bool {
        let Some(name) = dir.strip_prefix(&self.dir).ok().and_then(Path::to_str) else { return false };
        let named = |key: &str| {
            let list = self.at(&["tool", "uv", "workspace", key]).and_then(Item::as_array);
            let mut patterns = list.into_iter().flatten().filter_map(Value::as_str);
            patterns
                .any(|p| Glob::new(p.trim_start_matches("./").trim_end_matches('/')).is_some_and(|g| g.matches(name)))
        };
        named("members") && !named("exclude")
    }

    /// What Poetry would install without development groups.
    pub fn poetry(&self, options: &Options) -> Result<Requirements, BuildError> {
        let lock = self.dir.join("poetry.lock");
        if !lock.is_file() && options.require_poetry_lock_file {
            return Err(BuildError::Refused {
                message: format!("{} is not there, and `requirePoetryLockFile` asks for it", lock.display()),
                hints: vec!["`poetry lock` makes it".to_owned()],
            });
        }
        let locked = Lock::read(&lock)?;
        let mut lines = self.poetry_sources();
        if options.poetry_only_groups.is_empty() {
            lines.extend(self.project_dependencies());
            lines.extend(self.poetry_dependencies(&["tool", "poetry", "dependencies"], &locked));
        }
        for name in self.group_names() {
            let group = ["tool", "poetry", "group", name];
            let optional = self.at(&[&group[..], &["optional"]].concat()).and_then(Item::as_bool) == Some(true);
            let named = |list: &[String]| list.iter().any(|n| n == name);
            // `poetry export` takes the main group alone unless groups are named.
            let wanted = named(&options.poetry_only_groups)
                || named(&options.poetry_with_groups)
                || !options.poetry_without_groups.is_empty() && !optional && !named(&options.poetry_without_groups);
            if wanted {
                lines.extend(self.poetry_dependencies(&[&group[..], &["dependencies"]].concat(), &locked));
                lines.extend(self.dependency_group(name, &mut Vec::new()));
            }
        }
        let mut it = self.finish(lines, &locked, &lock, "poetry lock")?;
        // Names that it lacks are told already.
        let stale = locked.content_hash().is_some_and(|hash| !poetry_hash::known(&self.document, hash));
        if stale && it.notes.is_empty() {
            it.notes.push(format!(
                "{} was not made of this pyproject.toml, whose dependencies have changed; `poetry lock` renews it",
                lock.display()
            ));
        }
        Ok(it)
    }

    /// What PDM would install without development groups.
    pub fn pdm(&self) -> Result<Requirements, BuildError> {
        let lock = self.dir.join("pdm.lock");
        let locked = Lock::read(&lock)?;
        let mut lines = Vec::new();
        let sources = self.at(&["tool", "pdm", "source"]).and_then(Item::as_array_of_tables);
        for source in sources.into_iter().flatten() {
            if let Some(url) = text(source, "url") {
                let option = if text(source, "name") == Some("pypi") { "--index-url" } else { "--extra-index-url" };
                lines.push(format!("{option} {url}"));
            }
        }
        lines.extend(self.project_dependencies());
        self.finish(lines, &locked, &lock, "pdm lock")
    }

    /// `project.dependencies` without a lock file.
    pub fn unlocked(&self) -> Result<Requirements, BuildError> {
        self.finish(self.project_dependencies(), &Lock::default(), &self.dir.join("uv.lock"), "uv lock")
    }

    fn finish(
        &self,
        lines: Vec<String>,
        locked: &Lock,
        lock: &Path,
        command: &str,
    ) -> Result<Requirements, BuildError> {
        let mut it = Requirements::parse(&lines.join("\n"), &self.dir, &self.file)?;
        it.locked = locked.constraints();
        if locked.is_empty() {
            it.notes.push(format!(
                "{} has no lock file: versions are chosen anew on another machine; `{command}` makes one",
                self.file.display()
            ));
        } else {
            it.origin = lock.to_owned();
            // What no Python of the project needs is not locked.
            let certain = lines.iter().filter(|line| !line.starts_with('-') && !line.contains(';'));
            let asked: Vec<String> = certain.filter_map(|line| name_of(line)).collect();
            let missing: Vec<&str> = asked.iter().map(String::as_str).filter(|name| !locked.has(name)).collect();
            if !missing.is_empty() {
                let (names, file) = (missing.join("`, `"), lock.display());
                it.notes
                    .push(format!("{file} is older than pyproject.toml and has no `{names}`; `{command}` renews it"));
            }
        }
        Ok(it)
    }

    fn project_dependencies(&self) -> Vec<String> {
        let list = self.at(&["project", "dependencies"]).and_then(Item::as_array);
        list.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    }

    /// Poetry's own groups and those of the standard (PEP 735).
    fn group_names(&self) -> BTreeSet<&str> {
        let tables = [self.at(&["tool", "poetry", "group"]), self.at(&["dependency-groups"])];
        let tables = tables.into_iter().flatten().filter_map(Item::as_table_like);
        tables.flat_map(|table| table.iter().map(|(name, _)| name)).collect()
    }

    /// A group of the standard, with those that it includes.
    fn dependency_group<'s>(&'s self, name: &'s str, seen: &mut Vec<&'s str>) -> Vec<String> {
        if seen.contains(&name) {
            return Vec::new();
        }
        seen.push(name);
        let mut lines = Vec::new();
        for entry in self.at(&["dependency-groups", name]).and_then(Item::as_array).into_iter().flatten() {
            match (entry.as_str(), entry.as_inline_table().and_then(|t| t.get("include-group")?.as_str())) {
                (Some(line), _) => lines.push(line.to_owned()),
                (_, Some(other)) => lines.extend(self.dependency_group(other, seen)),
                _ => {}
            }
        }
        lines
    }

    fn poetry_sources(&self) -> Vec<String> {
        let sources = self.at(&["tool", "poetry", "source"]).and_then(Item::as_array_of_tables);
        let mut lines = Vec::new();
        for source in sources.into_iter().flatten() {
            let Some(url) = text(source, "url") else { continue };
            let primary = matches!(text(source, "priority"), Some("primary" | "default"))
                || source.get("default").and_then(Item::as_bool) == Some(true);
            lines.push(format!("{} {url}", if primary { "--index-url" } else { "--extra-index-url" }));
        }
        lines
    }

    /// Poetry's own table of dependencies as requirement lines.
    fn poetry_dependencies(&self, path: &[&str], locked: &Lock) -> Vec<String> {
        let Some(table) = self.at(path).and_then(Item::as_table_like) else { return Vec::new() };
        let mut lines = Vec::new();
        for (name, item) in table.iter().filter(|(name, _)| *name != "python") {
            let several = item.as_array().map(|a| a.iter().cloned().map(Item::Value).collect::<Vec<_>>());
            for item in several.as_deref().unwrap_or(std::slice::from_ref(item)) {
                if item.get("optional").and_then(Item::as_bool) != Some(true) {
                    lines.push(dependency(name, item, locked));
                }
            }
        }
        lines
    }

    fn at(&self, path: &[&str]) -> Option<&Item> {
        path.iter().try_fold(self.document.as_item(), |item, key| item.get(key))
    }
}

/// One dependency in Poetry's words → a requirement line; the version is left to the lock if it is pinned there.
fn dependency(name: &str, item: &Item, locked: &Lock) -> String {
    let get = |key: &str| item.get(key).and_then(Item::as_str);
    let extras: Vec<&str> =
        item.get("extras").and_then(Item::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut line = name.to_owned();
    if !extras.is_empty() {
        line.push_str(&format!("[{}]", extras.join(",")));
    }
    if let Some(git) = get("git") {
        let asked = get("rev").or(get("tag")).or(get("branch"));
        let reference = locked.commit(name).or(asked).map(|r| format!("@{r}")).unwrap_or_default();
        let folder = get("subdirectory").map(|d| format!("#subdirectory={d}")).unwrap_or_default();
        line.push_str(&format!(" @ git+{git}{reference}{folder}"));
    } else if let Some(url) = get("url") {
        line.push_str(&format!(" @ {url}"));
    } else if let Some(path) = get("path") {
        line.push_str(&format!(" @ {path}"));
    } else if let Some(version) = item.as_str().or(get("version")).filter(|_| !locked.pins(name)) {
        line.push_str(&specifier(version));
    }
    let mut markers: Vec<String> = get("markers").map(|m| format!("({m})")).into_iter().collect();
    if let Some(python) = get("python") {
        let parts = specifier(python);
        markers.extend(parts.split(',').filter(|p| !p.is_empty()).filter_map(|part| {
            let digits = part.find(|c: char| c.is_ascii_digit())?;
            Some(format!("python_version {} '{}'", &part[..digits], part[digits..].trim_end_matches(".*")))
        }));
    }
    if get("platform").is_some_and(|p| p != "linux") {
        markers.push(format!("sys_platform == '{}'", get("platform").unwrap_or_default()));
    }
    if !markers.is_empty() {
        line.push_str(&format!(" ; {}", markers.join(" and ")));
    }
    line
}

/// Poetry's `^1.2`, `~1.2`, `1.*` and `*` as PEP 440 has them.
fn specifier(version: &str) -> String {
    let parts = version.split(',').map(str::trim).filter(|p| !p.is_empty() && *p != "*").map(|part| {
        let numbers = |text: &str| -> Vec<u64> { text.split('.').map_while(|n| n.parse().ok()).collect() };
        if let Some(low) = part.strip_prefix('^') {
            let n = numbers(low);
            // The first number that is not zero may not change.
            let keep = n.iter().position(|x| *x > 0).unwrap_or(n.len().saturating_sub(1));
            format!(">={low},<{}", next(&n, keep))
        } else if let Some(low) = part.strip_prefix('~').filter(|p| !p.starts_with('=')) {
            let n = numbers(low);
            format!(">={low},<{}", next(&n, usize::from(n.len() > 1)))
        } else if part.starts_with(|c: char| c.is_ascii_digit()) {
            format!("=={part}")
        } else {
            part.replace(' ', "")
        }
    });
    parts.collect::<Vec<_>>().join(",")
}

fn next(numbers: &[u64], keep: usize) -> String {
    let mut head: Vec<u64> = numbers.iter().take(keep + 1).copied().collect();
    if let Some(last) = head.last_mut() {
        *last += 1;
    }
    head.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

fn text<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get(key).and_then(Item::as_str)
}

/// A TOML file.
pub fn parse(file: &Path) -> Result<DocumentMut, BuildError> {
    let text = fs::read_to_string(file).map_err(|source| BuildError::Read { path: file.to_owned(), source })?;
    text.parse().map_err(|error: toml_edit::TomlError| BuildError::Failed {
        what: format!("reading {}", file.display()),
        output: error.to_string(),
        hints: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let project = Project::read(dir.path()).unwrap().unwrap();
        (dir, project)
    }

    #[test]
    fn poetrys_versions_are_said_as_in_pep_440() {
        assert_eq!(specifier("^1.2.3"), ">=1.2.3,<2");
        assert_eq!(specifier("^0.2.3"), ">=0.2.3,<0.3");
        assert_eq!(specifier("~1.2"), ">=1.2,<1.3");
        assert_eq!(specifier("~=1.2"), "~=1.2");
        assert_eq!(specifier(">= 1, <2"), ">=1,<2");
        assert_eq!(specifier("1.5"), "==1.5");
        assert_eq!(specifier("*"), "");
    }

    #[test]
    fn a_poetry_lock_pins_what_the_project_asks_for() {
        let (_dir, project) = project(&[
            (
                "pyproject.toml",
                "[tool.poetry.dependencies]\npython = '^3.12'\nhttpx = { version = '^0.27', extras = ['http2'] }\n\
                 tomli = { version = '^2', python = '<3.11' }\n[tool.poetry.group.dev.dependencies]\npytest = '*'\n\
                 [build-system]\nrequires = ['poetry-core']\n",
            ),
            (
                "poetry.lock",
                "[[package]]\nname = 'HTTPX'\nversion = '0.27.2'\n[[package]]\nname = 'h2'\nversion = '4.1.0'\n",
            ),
        ]);
        assert!(project.is_poetry());
        let it = project.poetry(&Options::read(&json!({}))).unwrap();
        assert_eq!(it.lines, ["httpx[http2]", "tomli>=2,<3 ; python_version < '3.11'"]);
        assert_eq!(it.locked, ["h2==4.1.0", "httpx==0.27.2"]);
        assert!(it.notes.is_empty());
    }

    #[test]
    fn a_lock_that_is_older_than_its_project_is_told() {
        let stale = |lock: &str, names: &str| {
            let (_dir, project) = project(&[
                (
                    "pyproject.toml",
                    &format!(
                        "[project]\nname = 'x'\ndependencies = [{names}]\n[build-system]\nrequires = ['poetry-core']\n"
                    ),
                ),
                ("poetry.lock", &format!("[[package]]\nname = 'six'\nversion = '1.16.0'\n{lock}")),
            ]);
            project.poetry(&Options::read(&json!({}))).unwrap().notes.join("\n")
        };
        assert_eq!(stale("", "'six'"), "");
        assert!(stale("", "'six', 'idna'").contains("has no `idna`; `poetry lock` renews it"));
        assert!(stale("[metadata]\ncontent-hash = '00'\n", "'six>=1'").contains("was not made of this pyproject.toml"));
    }

    #[test]
    fn groups_of_the_standard_are_poetrys_too() {
        let (_dir, project) = project(&[(
            "pyproject.toml",
            "[project]\nname = 'x'\ndependencies = ['six']\n[tool.poetry]\n\
             [dependency-groups]\ndev = ['pytest']\njob = ['croniter', { include-group = 'time' }]\ntime = ['pytz']\n\
             [build-system]\nrequires = ['poetry-core>=2']\n",
        )]);
        let lines = |options| project.poetry(&Options::read(&json!({ "pythonRequirements": options }))).unwrap().lines;
        assert_eq!(lines(json!({})), ["six"]);
        assert_eq!(lines(json!({ "poetryWithGroups": ["job"] })), ["six", "croniter", "pytz"]);
        assert_eq!(lines(json!({ "poetryOnlyGroups": ["dev"] })), ["pytest"]);
    }

    #[test]
    fn a_uv_workspace_names_its_members() {
        let (dir, project) = project(&[(
            "pyproject.toml",
            "[tool.uv.workspace]\nmembers = ['services/*']\nexclude = ['services/old']\n",
        )]);
        let is_member = |name: &str| project.is_uv_workspace_of(&dir.path().join(name));
        assert!(is_member("services/orders"));
        assert!(!is_member("services/old"));
        assert!(!is_member("tools"));
    }

    #[test]
    fn a_missing_lock_is_told_or_refused() {
        let (_dir, project) = project(&[(
            "pyproject.toml",
            "[tool.poetry.dependencies]\nsix = '^1.16'\n[build-system]\nrequires = ['poetry-core']\n",
        )]);
        let it = project.poetry(&Options::read(&json!({}))).unwrap();
        assert_eq!(it.lines, ["six>=1.16,<2"]);
        assert!(it.notes[0].contains("poetry lock"), "{:?}", it.notes);
        let strict = Options::read(&json!({ "pythonRequirements": { "requirePoetryLockFile": true } }));
        assert!(project.poetry(&strict).is_err());
    }

    #[test]
    fn a_pdm_lock_pins_the_projects_dependencies() {
        let (_dir, project) = project(&[
            ("pyproject.toml", "[project]\nname = 'x'\ndependencies = ['six>=1']\n"),
            ("pdm.lock", "[[package]]\nname = 'six'\nversion = '1.16.0'\n"),
        ]);
        let it = project.pdm().unwrap();
        assert_eq!((it.lines, it.locked), (vec!["six>=1".to_owned()], vec!["six==1.16.0".to_owned()]));
    }
}
