//! Which packages of `node_modules` are needed at run time, by the rules that Node resolves modules with.

use super::store::{self, Placed, STORE};
use crate::build::{BuildError, Member, Members};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Sections of a `package.json` with what is needed at run time.
pub const RUN_TIME: [&str; 3] = ["dependencies", "optionalDependencies", "peerDependencies"];

/// Packages that Node.js runtimes of Lambda bring (AWS Lambda developer guide, "Building Lambda functions with
/// Node.js").
const OF_RUNTIME: &str = "@aws-sdk/";

/// What `package.json` files say of the folders named `node_modules` beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Patterns of packages that only development needs (Framework v3 `zip-service.js`,
    /// `excludeNodeDevDependencies`, which asks `npm ls`), and of stores.
    pub development: Vec<String>,
    /// Packages that are needed of a store at run time, placed as below the service.
    pub linked: Vec<Placed>,
    /// Names of the service's own dependencies that are installed in a folder above it, as workspaces do.
    pub above: Vec<String>,
    /// Names of those that are installed nowhere. What the runtime brings is not among them.
    pub missing: Vec<String>,
    /// Whether Yarn's Plug'n'Play keeps the packages, in no `node_modules`.
    pub plug_and_play: bool,
}

/// The dependencies of all projects of a service.
pub fn dependencies(service_dir: &Path) -> Dependencies {
    let mut all = Dependencies::default();
    for project in projects(service_dir) {
        let (Some(manifest), Ok(name)) = (manifest(&project), project.strip_prefix(service_dir)) else { continue };
        let run_time = names(&manifest, &RUN_TIME);
        let production = closure(&project, &run_time);
        let development = closure(&project, &names(&manifest, &["devDependencies"]));
        let store = Path::new("node_modules").join(STORE);
        if project.join(&store).is_dir() {
            all.development.push(format!("{}/**", escaped(&name.join(&store).to_string_lossy())));
        }
        for package in development.difference(&production) {
            let Ok(name) = package.strip_prefix(service_dir) else { continue };
            all.development.push(format!("{}/**", escaped(&name.to_string_lossy())));
            all.development.extend(binaries(package).iter().filter_map(|bin| {
                let folder = modules_folder(name)?;
                Some(escaped(&folder.join(".bin").join(bin).to_string_lossy()))
            }));
        }
        if project == service_dir {
            let outside =
                |name: &String| resolve(service_dir, name).is_some_and(|package| !package.starts_with(service_dir));
            let own = names(&manifest, &["dependencies"]);
            all.above = own.iter().filter(|name| outside(name)).cloned().collect();
            let missing = |name: &&String| !name.starts_with(OF_RUNTIME) && resolve(service_dir, name).is_none();
            all.missing = own.iter().filter(missing).cloned().collect();
            all.plug_and_play = service_dir.ancestors().any(|above| above.join(".pnp.cjs").is_file());
        }
        let place = |p: Placed| Placed { place: name.join(&p.place).to_string_lossy().into_owned(), ..p };
        all.linked.extend(store::placed(&project, &run_time).into_iter().map(place));
    }
    all
}

/// The files of packages and of all that they depend on, named as below the service.
pub fn with_dependencies(service_dir: &Path, packages: &[String]) -> Result<Members, BuildError> {
    let mut members = Members::new();
    let mut folders = store::placed(service_dir, packages);
    if folders.is_empty() {
        let below = |real: &Path| Some(real.strip_prefix(service_dir).ok()?.to_string_lossy().into_owned());
        let all = closure(service_dir, packages).into_iter();
        folders = all.filter_map(|real| Some(Placed { place: below(&real)?, real })).collect();
    }
    for Placed { place: name, real: package } in folders {
        let walk = walkdir::WalkDir::new(&package).follow_links(true).sort_by_file_name().into_iter();
        // What lies in the package's own node_modules is asked for on its own.
        for entry in walk.filter_entry(|e| e.depth() == 0 || e.file_name() != "node_modules").flatten() {
            let path = entry.path();
            let Ok(metadata) = fs::metadata(path) else { continue };
            if let (true, Ok(rest)) = (metadata.is_file(), path.strip_prefix(&package)) {
                members.insert(format!("{name}/{}", rest.to_string_lossy()), Member::file(path.to_owned(), &metadata));
            }
        }
    }
    Ok(members)
}

/// The packages that a service's `package.json` names for run time.
pub fn production(service_dir: &Path) -> Vec<String> {
    manifest(service_dir).map(|manifest| names(&manifest, &["dependencies"])).unwrap_or_default()
}

/// Folders with a `package.json` that are no packages of `node_modules`.
fn projects(dir: &Path) -> Vec<PathBuf> {
    let skipped = ["node_modules", ".git", ".rlx", ".serverless", "target", ".venv", "venv"];
    let walk = walkdir::WalkDir::new(dir).max_depth(6).sort_by_file_name().into_iter();
    let walk = walk.filter_entry(|e| !e.file_type().is_dir() || !skipped.contains(&&*e.file_name().to_string_lossy()));
    let files = walk.flatten().filter(|e| e.file_name() == "package.json");
    files.filter_map(|e| e.path().parent().map(Path::to_owned)).collect()
}

pub fn manifest(package: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(package.join("package.json")).ok()?).ok()
}

pub fn names(manifest: &Value, sections: &[&str]) -> Vec<String> {
    let all = sections.iter().filter_map(|s| manifest[*s].as_object()).flat_map(|m| m.keys().cloned());
    all.collect()
}

/// The folders of packages, and of what they need, as Node finds them from `from`.
fn closure(from: &Path, names_asked: &[String]) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open: Vec<(PathBuf, String)> = names_asked.iter().map(|n| (from.to_owned(), n.clone())).collect();
    while let Some((from, name)) = open.pop() {
        let Some(package) = resolve(&from, &name) else { continue };
        if found.insert(package.clone()) {
            let names = manifest(&package).map(|m| names(&m, &RUN_TIME)).unwrap_or_default();
            // Node looks for them from where the package really is.
            let real = package.canonicalize().unwrap_or(package);
            open.extend(names.into_iter().map(|n| (real.clone(), n)));
        }
    }
    found
}

/// The nearest `node_modules/<name>` upwards.
pub fn resolve(from: &Path, name: &str) -> Option<PathBuf> {
    let folders = from.ancestors().filter(|a| a.file_name().is_none_or(|n| n != "node_modules"));
    folders.map(|a| a.join("node_modules").join(name)).find(|p| p.join("package.json").is_file())
}

fn binaries(package: &Path) -> Vec<String> {
    let Some(manifest) = manifest(package) else { return Vec::new() };
    match &manifest["bin"] {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::String(_) => package.file_name().map(|n| vec![n.to_string_lossy().into_owned()]).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The `node_modules` that a package lies in directly.
fn modules_folder(package: &Path) -> Option<&Path> {
    package.ancestors().find(|a| a.file_name().is_some_and(|n| n == "node_modules"))
}

fn escaped(path: &str) -> String {
    path.chars().fold(String::new(), |mut out, c| {
        if "*?[]{}()!+@\\".contains(c) && c != '@' {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("package.json", r#"{"dependencies":{"a":"1"},"devDependencies":{"tool":"1","shared":"1"}}"#);
        put("node_modules/a/package.json", r#"{"dependencies":{"shared":"1","@s/b":"1"}}"#);
        put("node_modules/a/index.js", "");
        put("node_modules/@s/b/package.json", "{}");
        put("node_modules/shared/package.json", "{}");
        put("node_modules/tool/package.json", r#"{"dependencies":{"shared":"1","deep":"1"},"bin":{"run":"x"}}"#);
        put("node_modules/tool/node_modules/deep/package.json", "{}");
        dir
    }

    #[test]
    fn what_only_development_needs_is_left_out() {
        let dir = service();
        assert_eq!(
            dependencies(dir.path()).development,
            ["node_modules/tool/**", "node_modules/.bin/run", "node_modules/tool/node_modules/deep/**"]
        );
    }

    #[test]
    fn what_a_workspace_has_installed_above_the_service_is_known() {
        let dir = service();
        let below = dir.path().join("services/it");
        fs::create_dir_all(below.join("node_modules/own")).unwrap();
        fs::write(below.join("node_modules/own/package.json"), "{}").unwrap();
        let text = r#"{"dependencies":{"own":"1","@s/b":"1","nowhere":"1"},"devDependencies":{"tool":"1"}}"#;
        fs::write(below.join("package.json"), text).unwrap();
        let found = dependencies(&below);
        assert_eq!((found.above, found.missing), (vec!["@s/b".to_owned()], vec!["nowhere".to_owned()]));
        assert!(dependencies(dir.path()).above.is_empty());
    }

    #[test]
    fn a_package_comes_with_all_that_it_needs() {
        let dir = service();
        let members = with_dependencies(dir.path(), &["a".to_owned()]).unwrap();
        assert_eq!(
            members.keys().collect::<Vec<_>>(),
            [
                "node_modules/@s/b/package.json",
                "node_modules/a/index.js",
                "node_modules/a/package.json",
                "node_modules/shared/package.json"
            ]
        );
    }
}
