//! Finds the files below a folder, following symbolic links as Framework v3 does.

use super::PackageError;
use crate::build::Member;
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// A file that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Relative to the folder of the service, `/` between segments, perhaps with leading `../`.
    pub name: String,
    /// The file.
    pub member: Member,
    /// It is reached through a symbolic link that leads out of the service.
    pub leads_out: bool,
}

/// How a walk goes.
pub struct Walk<'a> {
    /// The folder of the service, to tell links that lead out of it.
    pub root: &'a Path,
    /// Whether a folder may hold files that are wanted; asked with its name.
    pub enter: &'a (dyn Fn(&str, &Path) -> bool + Sync),
}

impl Walk<'_> {
    /// All files below `dir`, named with `prefix` (empty, or with a slash at its end), in no order.
    pub fn run(&self, dir: &Path, prefix: &str) -> Result<Vec<Found>, PackageError> {
        self.folder(dir, prefix, false, &[])
    }

    fn folder(&self, dir: &Path, prefix: &str, leads_out: bool, links: &[PathBuf]) -> Result<Vec<Found>, PackageError> {
        let failed = |source| PackageError::Read { path: dir.to_owned(), source };
        let mut files = Vec::new();
        let mut folders = Vec::new();
        for entry in fs::read_dir(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let name = match entry.file_name().into_string() {
                Ok(name) => format!("{prefix}{name}"),
                Err(_) => return Err(PackageError::NameNotUtf8 { path }),
            };
            let failed = |source| PackageError::Read { path: path.clone(), source };
            let kind = entry.file_type().map_err(failed)?;
            let mut leads_out = leads_out;
            let mut links = links.to_vec();
            let metadata = if kind.is_symlink() {
                // A link to nothing is no file, for Framework v3 neither.
                let Ok(metadata) = fs::metadata(&path) else { continue };
                let target = fs::canonicalize(&path).map_err(failed)?;
                leads_out |= !target.starts_with(self.root);
                if metadata.is_dir() {
                    if links.contains(&target) || path.starts_with(&target) {
                        continue;
                    }
                    links.push(target);
                }
                metadata
            } else if kind.is_dir() || kind.is_file() {
                entry.metadata().map_err(failed)?
            } else {
                continue;
            };
            if metadata.is_dir() {
                if (self.enter)(&name, &path) {
                    folders.push((path, name + "/", leads_out, links));
                }
            } else if metadata.is_file() {
                files.push(Found { name, member: Member::file(path, &metadata), leads_out });
            }
        }
        let below = folders
            .par_iter()
            .map(|(path, prefix, leads_out, links)| self.folder(path, prefix, *leads_out, links))
            .collect::<Result<Vec<_>, _>>()?;
        files.extend(below.into_iter().flatten());
        Ok(files)
    }
}
