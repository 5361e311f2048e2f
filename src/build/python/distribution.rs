//! What an installed folder says of its packages: name, version and what its wheels were made for.

use super::options::normalised;
use crate::build::BuildError;
use crate::build::target::Glibc;
use std::fs;
use std::path::Path;

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Distribution {
    pub name: String,
    pub version: String,
    /// Tags of its wheel, such as `cp312-cp312-manylinux_2_28_x86_64`.
    pub tags: Vec<String>,
}

impl Distribution {
    /// Whether it was built on this machine: a wheel of an index says manylinux, one that was built here says
    /// linux, or the system of this machine.
    pub fn built_here(&self) -> bool {
        self.tags.iter().any(|tag| !tag.ends_with("-any") && !tag.contains("manylinux"))
    }

    /// Whether its wheel was made for newer C libraries only (PEP 600).
    pub fn needs_newer_than(&self, glibc: Glibc) -> bool {
        let asked: Vec<Glibc> = self.tags.iter().flat_map(|tag| tag.split(['.', '-'])).filter_map(asked).collect();
        !asked.is_empty() && asked.iter().all(|it| *it > glibc)
    }
}

/// The C library that a platform tag asks for.
fn asked(platform: &str) -> Option<Glibc> {
    let rest = platform.strip_prefix("manylinux")?;
    match rest.split_once('_')?.0 {
        "1" => Some(Glibc(2, 5)),
        "2010" => Some(Glibc(2, 12)),
        "2014" => Some(Glibc(2, 17)),
        _ => {
            let (major, rest) = rest.strip_prefix('_')?.split_once('_')?;
            Some(Glibc(major.parse().ok()?, rest.split('_').next()?.parse().ok()?))
        }
    }
}

/// The packages of an installed folder, by name.
pub fn distributions(target: &Path) -> Result<Vec<Distribution>, BuildError> {
    let failed = |source| BuildError::Read { path: target.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(target).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(stem) = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".dist-info")) else {
            continue;
        };
        let wheel = fs::read_to_string(path.join("WHEEL")).unwrap_or_default();
        let tags = wheel.lines().filter_map(|l| l.strip_prefix("Tag: ")).map(|t| t.trim().to_owned()).collect();
        let (name, version) = stem.split_once('-').unwrap_or((stem, ""));
        found.push(Distribution { name: normalised(name), version: version.to_owned(), tags });
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::target::{AL2, AL2023};

    fn tagged(tags: &[&str]) -> Distribution {
        let tags = tags.iter().map(|t| (*t).to_owned()).collect();
        Distribution { name: "it".to_owned(), version: "1".to_owned(), tags }
    }

    #[test]
    fn a_wheel_runs_where_one_of_its_platforms_is_old_enough() {
        let newer = |tags: &[&str]| tagged(tags).needs_newer_than(AL2);
        assert!(newer(&["cp311-cp311-manylinux_2_28_x86_64"]));
        assert!(!newer(&["cp311-cp311-manylinux_2_24_x86_64", "cp311-cp311-manylinux_2_28_x86_64"]));
        assert!(!newer(&["cp311-cp311-manylinux_2_28_x86_64.manylinux2014_x86_64"]));
        assert!(!newer(&["py3-none-any"]));
        assert!(!newer(&[]));
        assert!(!tagged(&["cp312-abi3-manylinux_2_34_aarch64"]).needs_newer_than(AL2023));
    }

    #[test]
    fn what_was_built_here_names_no_common_platform() {
        assert!(tagged(&["cp311-cp311-linux_x86_64"]).built_here());
        assert!(!tagged(&["cp311-cp311-manylinux_2_28_x86_64"]).built_here());
        assert!(!tagged(&["py2-none-any", "py3-none-any"]).built_here());
    }

    #[test]
    fn packages_are_read_from_their_metadata() {
        let dir = tempfile::tempdir().unwrap();
        let info = dir.path().join("Typing_Extensions-4.15.0.dist-info");
        fs::create_dir(&info).unwrap();
        fs::write(info.join("WHEEL"), "Wheel-Version: 1.0\nTag: py3-none-any\n").unwrap();
        let found = distributions(dir.path()).unwrap();
        assert_eq!((found[0].name.as_str(), found[0].version.as_str()), ("typing-extensions", "4.15.0"));
        assert_eq!(found[0].tags, ["py3-none-any"]);
    }
}
