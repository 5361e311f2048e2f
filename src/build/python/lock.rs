//! `poetry.lock` and `pdm.lock`: which versions, with which hashes.

use super::options::normalised;
use super::pyproject::parse;
use crate::build::BuildError;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml_edit::{DocumentMut, Item, Table};

/// A lock file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    pins: BTreeMap<String, Vec<Pin>>,
    /// Commits of packages that come from a repository.
    commits: BTreeMap<String, String>,
    /// All packages, wherever they come from.
    names: BTreeSet<String>,
    /// What it was made of: the hash in `metadata.content-hash`.
    content_hash: Option<String>,
}

/// A version that a package is locked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pin {
    version: String,
    /// Where this version is taken, if another one is taken elsewhere.
    marker: Option<String>,
    hashes: BTreeSet<String>,
}

impl Lock {
    /// Reads a lock file; one that is not there locks nothing.
    pub fn read(file: &Path) -> Result<Self, BuildError> {
        let mut lock = Self::default();
        if !file.is_file() {
            return Ok(lock);
        }
        let document = parse(file)?;
        let metadata = document.get("metadata").and_then(|m| m.get("content-hash"));
        lock.content_hash = metadata.and_then(Item::as_str).map(str::to_owned);
        let packages = document.get("package").and_then(Item::as_array_of_tables);
        for package in packages.into_iter().flatten() {
            let (Some(name), Some(version)) = (text(package, "name"), text(package, "version")) else { continue };
            let normal = normalised(name);
            lock.names.insert(normal.clone());
            let source = |key: &str| package.get("source").and_then(|s| s.get(key)).and_then(Item::as_str);
            if let Some(commit) = source("resolved_reference").or(text(package, "revision")) {
                lock.commits.insert(normal, commit.to_owned());
                continue;
            }
            let elsewhere = matches!(source("type"), Some("git" | "directory" | "file" | "url"))
                || ["git", "path", "url"].iter().any(|k| package.contains_key(k));
            if elsewhere {
                continue;
            }
            let pin = Pin {
                version: version.to_owned(),
                marker: marker(package),
                hashes: hashes(package, &document, name, version),
            };
            let pins = lock.pins.entry(normal).or_default();
            // PDM lists a package once more for each set of extras.
            match pins.iter_mut().find(|known| known.version == pin.version) {
                Some(known) => known.hashes.extend(pin.hashes),
                None => pins.push(pin),
            }
        }
        Ok(lock)
    }

    /// Whether it locks nothing.
    pub fn is_empty(&self) -> bool {
        self.pins.is_empty() && self.commits.is_empty()
    }

    /// Whether a package has one version for all platforms.
    pub fn pins(&self, name: &str) -> bool {
        self.pins.get(&normalised(name)).is_some_and(|pins| pins.len() == 1)
    }

    /// Whether it knows a package.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(&normalised(name))
    }

    /// Poetry's hash of what the lock was made of.
    pub fn content_hash(&self) -> Option<&str> {
        self.content_hash.as_deref()
    }

    /// The commit of a package that comes from a repository.
    pub fn commit(&self, name: &str) -> Option<&str> {
        self.commits.get(&normalised(name)).map(String::as_str)
    }

    /// The lines of a constraints file. Versions that differ between platforms are told apart by
    /// their markers; without those they are left to the resolver.
    pub fn constraints(&self) -> Vec<String> {
        let told_apart = |pins: &[Pin]| pins.len() == 1 || pins.iter().all(|pin| pin.marker.is_some());
        let all = self.pins.iter().filter(|(_, pins)| told_apart(pins));
        let lines = all.flat_map(|(name, pins)| pins.iter().map(move |pin| pin.line(name, pins.len() > 1)));
        lines.collect()
    }
}

impl Pin {
    fn line(&self, name: &str, with_marker: bool) -> String {
        let marker = self.marker.as_ref().filter(|_| with_marker).map(|m| format!(" ; {m}")).unwrap_or_default();
        let hashes: String = self.hashes.iter().map(|hash| format!(" --hash={hash}")).collect();
        format!("{name}=={}{marker}{hashes}", self.version)
    }
}

/// Poetry 2 writes `markers`, by group where they differ; PDM `marker`.
fn marker(package: &Table) -> Option<String> {
    let markers = package.get("markers").or_else(|| package.get("marker"))?;
    markers.as_str().or_else(|| markers.get("main").and_then(Item::as_str)).map(str::to_owned)
}

/// Of the package itself, or of older formats' tables at the end of the file.
fn hashes(package: &Table, document: &DocumentMut, name: &str, version: &str) -> BTreeSet<String> {
    let metadata = |key: &str| document.get("metadata").and_then(|m| m.get(key));
    let files = package.get("files").or_else(|| {
        let files = metadata("files")?;
        files.get(name).or_else(|| files.get(format!("{name} {version}")))
    });
    let listed = files.and_then(Item::as_array).into_iter().flatten();
    let hashes = listed.filter_map(|file| file.as_inline_table()?.get("hash")?.as_str()).map(str::to_owned);
    hashes.filter(|hash| hash.contains(':')).collect()
}

fn text<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get(key).and_then(Item::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(text: &str) -> Lock {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("it.lock");
        std::fs::write(&file, text).unwrap();
        Lock::read(&file).unwrap()
    }

    #[test]
    fn versions_are_constrained_with_their_hashes() {
        let lock = lock(
            "[[package]]\nname = 'Six'\nversion = '1.17.0'\nmarkers = \"python_version >= '3'\"\n\
             files = [{ file = 'b.whl', hash = 'sha256:bb' }, { file = 'a.tar.gz', hash = 'sha256:aa' }]\n",
        );
        assert_eq!(lock.constraints(), ["six==1.17.0 --hash=sha256:aa --hash=sha256:bb"]);
        assert!(lock.pins("SIX"));
    }

    #[test]
    fn versions_of_several_platforms_keep_their_markers() {
        let lock = lock(
            "[[package]]\nname = 'numpy'\nversion = '1.26.4'\nmarkers = \"python_version < '3.12'\"\n\
             files = [{ file = 'a', hash = 'sha256:aa' }]\n\
             [[package]]\nname = 'numpy'\nversion = '2.5.0'\nmarkers = { main = \"python_version >= '3.12'\" }\n\
             [[package]]\nname = 'old'\nversion = '1'\n[[package]]\nname = 'old'\nversion = '2'\n",
        );
        assert_eq!(
            lock.constraints(),
            ["numpy==1.26.4 ; python_version < '3.12' --hash=sha256:aa", "numpy==2.5.0 ; python_version >= '3.12'"]
        );
        assert!(!lock.pins("numpy"));
    }

    #[test]
    fn extras_of_a_package_are_one_pin() {
        let lock = lock(
            "[[package]]\nname = 'httpx'\nversion = '0.27.2'\nfiles = [{ url = 'u', hash = 'sha256:aa' }]\n\
             [[package]]\nname = 'httpx'\nversion = '0.27.2'\nextras = ['http2']\nfiles = [{ url = 'u', hash = 'sha256:aa' }]\n",
        );
        assert_eq!(lock.constraints(), ["httpx==0.27.2 --hash=sha256:aa"]);
    }

    #[test]
    fn hashes_stand_at_the_end_of_older_lock_files() {
        let poetry = "[[package]]\nname = 'six'\nversion = '1.16.0'\n\
                      [metadata.files]\nsix = [{ file = 'six.whl', hash = 'sha256:aa' }]\n";
        assert_eq!(lock(poetry).constraints(), ["six==1.16.0 --hash=sha256:aa"]);
        let pdm = "[[package]]\nname = 'six'\nversion = '1.16.0'\n\
                   [metadata.files]\n'six 1.16.0' = [{ url = 'https://f/six.whl', hash = 'sha256:bb' }]\n";
        assert_eq!(lock(pdm).constraints(), ["six==1.16.0 --hash=sha256:bb"]);
    }

    #[test]
    fn repositories_are_locked_to_their_commit() {
        let poetry = "[[package]]\nname = 'tea'\nversion = '1'\n\
                      [package.source]\ntype = 'git'\nurl = 'https://g/tea.git'\nresolved_reference = 'abc'\n";
        assert_eq!((lock(poetry).commit("tea"), lock(poetry).constraints().len()), (Some("abc"), 0));
        let pdm = "[[package]]\nname = 'tea'\nversion = '1'\ngit = 'https://g/tea.git'\nrevision = 'def'\n";
        assert_eq!(lock(pdm).commit("tea"), Some("def"));
    }
}
