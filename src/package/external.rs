//! Folders outside the service that come into archives: `package.external` (rlx) and
//! `custom.packageExternal.external` (serverless-package-external).

use super::PackageError;
use super::glob::Glob;
use super::select::is_secret;
use super::walk::{Found, Walk};
use crate::build::node::Placed;
use crate::manifest::schema::build::{doc, list, object, text};
use crate::manifest::service::Function;
use crate::manifest::{Problem, Problems, Service};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A folder or file and where it stands in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// Where it is, absolute.
    path: PathBuf,
    /// Where it stands in the archive, without slash at the end; empty for the archive's root.
    to: String,
    /// Files of it that are taken; all if empty.
    patterns: Vec<String>,
    /// Where the manifest says so.
    place: String,
}

/// Left out of every folder.
const NOISE: [&str; 4] = ["**/__pycache__/**", ".git/**", "**/.DS_Store", "**/*.pyc"];

/// The external folders of the service, and of a function.
pub fn of(service: &Service, function: Option<&Function>) -> Vec<External> {
    let mut all = Vec::new();
    read(service.package.external.as_ref(), "package.external", &service.dir, &mut all);
    if let Some(function) = function {
        let place = format!("functions.{}.package.external", function.key);
        read(function.package.external.as_ref(), &place, &service.dir, &mut all);
    }
    all
}

/// Every folder and file outside the service that comes into an archive.
pub fn paths(service: &Service) -> Vec<PathBuf> {
    let mut all = of(service, None);
    for function in service.functions.values() {
        all.extend(of(service, Some(function)));
    }
    let linked = service.custom.pointer("/packageExternal/external").and_then(Value::as_array);
    let linked = linked.into_iter().flatten().filter_map(Value::as_str).map(|path| service.dir.join(path));
    let mut paths: Vec<PathBuf> = all.into_iter().map(|external| external.path).chain(linked).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The schema of `custom.packageExternal`.
pub fn plugin_schema() -> Value {
    object([("external", doc(list(text()), "Folders outside the service that come into all archives."))])
}

/// A list of paths or of `{ path, to, patterns }`; or a mapping of places in the archive to paths.
fn read(value: Option<&Value>, place: &str, dir: &Path, all: &mut Vec<External>) {
    let mut add = |path: &str, to: Option<&str>, patterns: &Value, place: String| {
        let path = dir.join(path);
        let name = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let to = to.map_or_else(name, |t| t.trim_start_matches("./").trim_matches('/').to_owned());
        let patterns = patterns.as_array().into_iter().flatten().filter_map(Value::as_str);
        let patterns = patterns.map(str::to_owned).collect();
        all.push(External { path, to: if to == "." { String::new() } else { to }, patterns, place });
    };
    match value {
        Some(Value::Array(items)) => {
            for (i, item) in items.iter().enumerate() {
                let place = format!("{place}[{i}]");
                if let Some(path) = item.as_str().or(item["path"].as_str()) {
                    add(path, item["to"].as_str(), &item["patterns"], place);
                }
            }
        }
        Some(Value::Object(map)) => {
            for (to, item) in map {
                let place = format!("{place}.{to}");
                let items = item.as_array().map_or(std::slice::from_ref(item), Vec::as_slice);
                for item in items {
                    if let Some(path) = item.as_str().or(item["path"].as_str()) {
                        add(path, Some(to), &item["patterns"], place.clone());
                    }
                }
            }
        }
        _ => {}
    }
}

impl External {
    /// The files, named as in the archive, and apart from them those that may hold secrets and that none of its
    /// patterns names.
    pub fn chosen(&self) -> Result<(Vec<Found>, Vec<Found>), PackageError> {
        let named: Vec<Glob> =
            self.patterns.iter().filter_map(|p| Glob::new(p)).filter(|g| !g.is_everything()).collect();
        let own = |file: &Found| file.name[self.to.len()..].trim_start_matches('/').to_owned();
        let asked = |file: &Found| {
            let own = own(file);
            named.iter().any(|glob| glob.matches(&own))
        };
        Ok(self.files()?.into_iter().partition(|file| !is_secret(file) || asked(file)))
    }

    /// All files, named as in the archive.
    fn files(&self) -> Result<Vec<Found>, PackageError> {
        let noise: Vec<Glob> = NOISE.iter().filter_map(|p| Glob::new(p)).collect();
        let wanted = self.patterns.iter().map(|text| {
            let (text, excludes) = text.strip_prefix('!').map_or((text.as_str(), false), |rest| (rest, true));
            let glob = Glob::new(text).ok_or_else(|| PackageError::Pattern { pattern: text.to_owned() })?;
            Ok((glob, excludes))
        });
        let wanted = wanted.collect::<Result<Vec<_>, PackageError>>()?;
        let taken = |name: &str| {
            let last = wanted.iter().rfind(|(glob, _)| glob.matches(name));
            // A list that begins with an inclusion takes nothing else.
            let otherwise = wanted.first().is_none_or(|(_, excludes)| *excludes);
            !noise.iter().any(|glob| glob.matches(name)) && last.map_or(otherwise, |(_, excludes)| !excludes)
        };
        let mut files = files_of(&self.path).map_err(|error| match error {
            PackageError::Read { path, source }
                if path == self.path && source.kind() == std::io::ErrorKind::NotFound =>
            {
                PackageError::NoExternal { place: self.place.clone(), path }
            }
            error => error,
        })?;
        files.retain(|file| taken(&file.name));
        for file in &mut files {
            file.leads_out = false;
            file.name = match (self.path.is_file(), self.to.is_empty()) {
                (true, false) => self.to.clone(),
                (_, true) => file.name.clone(),
                (false, false) => format!("{}/{}", self.to, file.name),
            };
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// Where the manifest names it.
    pub fn place(&self) -> &str {
        &self.place
    }
}

fn files_of(path: &Path) -> Result<Vec<Found>, PackageError> {
    let failed = |source| PackageError::Read { path: path.to_owned(), source };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_file() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let member = crate::build::Member::file(path.to_owned(), &metadata);
        return Ok(vec![Found { name, member, leads_out: false }]);
    }
    Walk { root: path, enter: &|_, _| true }.run(path, "")
}

/// The folders that serverless-package-external links into the service: they are there under
/// their own names, and `package.patterns` speak of them as of any folder.
pub fn linked(service: &Service, notes: &mut Problems) -> Result<Vec<Found>, PackageError> {
    let mut all = Vec::new();
    let list = service.custom.pointer("/packageExternal/external").and_then(Value::as_array);
    for (i, path) in list.into_iter().flatten().filter_map(Value::as_str).enumerate() {
        let place = format!("custom.packageExternal.external[{i}]");
        let folder = service.dir.join(path);
        let to = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if service.dir.join(&to).exists() {
            let message = format!("the service has a `{to}` of its own, and files of {path} go before its files");
            notes.push(Problem::at(&place, message).warning());
        }
        let external = External { path: folder, to, patterns: Vec::new(), place };
        all.extend(external.files()?);
    }
    Ok(all)
}

/// Packages of Node.js that are linked from a store, at places where Node finds them without links.
pub fn of_store(service_dir: &Path, packages: &[Placed]) -> Result<Vec<Found>, PackageError> {
    let root = service_dir.canonicalize().unwrap_or_else(|_| service_dir.to_owned());
    let mut all = Vec::new();
    for package in packages {
        // What lies in the package's own node_modules has places of its own.
        let enter = |name: &str, _: &Path| !name.ends_with("/node_modules");
        let walk = Walk { root: &package.real, enter: &enter };
        let leads_out = !package.real.starts_with(&root);
        let files = walk.run(&package.real, &format!("{}/", package.place))?;
        all.extend(files.into_iter().map(|file| Found { leads_out: leads_out || file.leads_out, ..file }));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(value: Value, dir: &Path) -> Vec<String> {
        let mut all = Vec::new();
        read(Some(&value), "package.external", dir, &mut all);
        all.iter().flat_map(|e| e.files().unwrap()).map(|f| f.name).collect()
    }

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in ["shared/core/a.py", "shared/core/__pycache__/a.pyc", "shared/core/tests/t.py", "shared/one.py"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        dir
    }

    #[test]
    fn a_folder_stands_where_the_manifest_says() {
        let dir = folder();
        assert_eq!(names(json!(["shared/core"]), dir.path()), ["core/a.py", "core/tests/t.py"]);
        assert_eq!(
            names(json!([{ "path": "shared/core", "to": "lib/x" }]), dir.path()),
            ["lib/x/a.py", "lib/x/tests/t.py"]
        );
        assert_eq!(names(json!({ "y": "shared/core" }), dir.path()), ["y/a.py", "y/tests/t.py"]);
        assert_eq!(names(json!([{ "path": "shared/one.py", "to": "two.py" }]), dir.path()), ["two.py"]);
        assert_eq!(
            names(json!([{ "path": "shared/core", "to": "." , "patterns": ["!tests/**"] }]), dir.path()),
            ["a.py"]
        );
    }

    #[test]
    fn secrets_stay_out_unless_the_folders_patterns_name_them() {
        let dir = folder();
        std::fs::write(dir.path().join("shared/core/.env"), "").unwrap();
        let secrets = |item: Value| {
            let mut all = Vec::new();
            read(Some(&json!([item])), "package.external", dir.path(), &mut all);
            all[0].chosen().unwrap().1.into_iter().map(|f| f.name).collect::<Vec<_>>()
        };
        assert_eq!(secrets(json!({ "path": "shared/core", "to": "x" })), ["x/.env"]);
        assert_eq!(secrets(json!({ "path": "shared/core", "to": ".", "patterns": ["**"] })), [".env"]);
        assert!(secrets(json!({ "path": "shared/core", "to": "x", "patterns": ["*.py", ".env"] })).is_empty());
    }

    #[test]
    fn a_missing_folder_is_an_error_with_its_place() {
        let mut all = Vec::new();
        read(Some(&json!(["nowhere"])), "package.external", Path::new("/none"), &mut all);
        let error = all[0].files().unwrap_err();
        assert!(matches!(error, PackageError::NoExternal { place, .. } if place == "package.external[0]"));
    }
}
