//! Packages that are linked into `node_modules` from a store, as pnpm does
//! (<https://pnpm.io/symlinked-node-modules-structure>).
//!
//! There a package finds what it needs beside its real place in the store. An archive holds no
//! links: each package is given a place at which Node finds it, as npm would have placed it.

use super::dependencies::{RUN_TIME, manifest, names, resolve};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A package of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its folder in the archive, relative to the project: `node_modules/a/node_modules/b`.
    pub place: String,
    /// Its folder in the store.
    pub real: PathBuf,
}

/// The folder of pnpm's store in a `node_modules`.
pub const STORE: &str = ".pnpm";

/// Packages of a project and all that they need at run time; empty where they are not linked from a store.
pub fn placed(project: &Path, packages: &[String]) -> Vec<Placed> {
    let mut tree: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut open = Vec::new();
    for name in packages {
        let Some(real) = resolve(project, name).and_then(|link| link.canonicalize().ok()) else { continue };
        let place = format!("node_modules/{name}");
        tree.insert(place.clone(), real.clone());
        open.push(Placed { place, real });
    }
    if !open.iter().any(|package| package.real.components().any(|part| part.as_os_str() == STORE)) {
        return Vec::new();
    }
    let mut next = 0;
    // All that a package needs gets its place before what those need: nothing comes between later.
    while let Some(package) = open.get(next).cloned() {
        next += 1;
        for name in manifest(&package.real).map(|m| names(&m, &RUN_TIME)).unwrap_or_default() {
            let Some(real) = resolve(&package.real, &name).and_then(|link| link.canonicalize().ok()) else { continue };
            let place = match seen_from(&tree, &package.place, &name) {
                Some(there) if *there == real => continue,
                Some(_) => format!("{}/node_modules/{name}", package.place),
                None => format!("node_modules/{name}"),
            };
            tree.insert(place.clone(), real.clone());
            open.push(Placed { place, real });
        }
    }
    open
}

/// What Node finds under a name from a place.
fn seen_from<'t>(tree: &'t BTreeMap<String, PathBuf>, place: &str, name: &str) -> Option<&'t PathBuf> {
    let mut place = place;
    loop {
        if let Some(real) = tree.get(&format!("{place}/node_modules/{name}")) {
            return Some(real);
        }
        match place.rfind("/node_modules/") {
            Some(at) => place = &place[..at],
            None => return tree.get(&format!("node_modules/{name}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// An installed package: `(id, name, what it needs as (name, id))`.
    type Package<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

    /// A project as pnpm lays it out.
    fn project(packages: &[Package<'_>], direct: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let modules = dir.path().join("node_modules");
        let folder = |id: &str, name: &str| modules.join(STORE).join(id).join("node_modules").join(name);
        for (id, name, needs) in packages {
            fs::create_dir_all(folder(id, name)).unwrap();
            let needed: Vec<String> = needs.iter().map(|(name, _)| format!("\"{name}\":\"1\"")).collect();
            let text = format!("{{\"dependencies\":{{{}}}}}", needed.join(","));
            fs::write(folder(id, name).join("package.json"), text).unwrap();
            for (other, other_id) in *needs {
                symlink(folder(other_id, other), folder(id, other)).unwrap();
            }
        }
        for (name, id) in direct {
            symlink(folder(id, name), modules.join(name)).unwrap();
        }
        dir
    }

    fn places(dir: &Path, names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let id = |real: &Path| real.ancestors().nth(2).unwrap().file_name().unwrap().to_string_lossy().into_owned();
        placed(dir, &names).iter().map(|p| format!("{} = {}", p.place, id(&p.real))).collect()
    }

    #[test]
    fn what_a_package_needs_is_found_from_it() {
        let packages: [Package<'_>; 4] =
            [("a@1", "a", &[("b", "b@1")]), ("b@1", "b", &[("c", "c@1")]), ("c@1", "c", &[]), ("c@2", "c", &[])];
        let dir = project(&packages, &[("a", "a@1"), ("c", "c@2")]);
        assert_eq!(
            places(dir.path(), &["a", "c"]),
            [
                "node_modules/a = a@1",
                "node_modules/c = c@2",
                "node_modules/b = b@1",
                "node_modules/b/node_modules/c = c@1"
            ]
        );
    }

    #[test]
    fn packages_that_need_each_other_come_to_an_end() {
        let packages: [Package<'_>; 2] = [("a@1", "a", &[("b", "b@1")]), ("b@1", "b", &[("a", "a@1")])];
        let dir = project(&packages, &[("a", "a@1")]);
        assert_eq!(places(dir.path(), &["a"]), ["node_modules/a = a@1", "node_modules/b = b@1"]);
    }

    #[test]
    fn what_npm_has_placed_stays_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("node_modules/a")).unwrap();
        fs::write(dir.path().join("node_modules/a/package.json"), "{}").unwrap();
        assert!(places(dir.path(), &["a"]).is_empty());
    }
}
