//! Installs what earlier installations left in uv's cache, without asking the index first.
//!
//! With all wheels at hand most of the time goes into the index's answers. So uv installs at once
//! what it knows to fit; where the index could know of something newer it is asked meanwhile, and
//! if it does, all is installed anew. The result is the same as if it had been asked first.

use super::between::NEWER;
use super::distribution::{Distribution, distributions};
use super::install::{Installation, Sources, empty, unreachable, uv_arguments};
use super::options::normalised;
use super::platform::Platform;
use super::requirements::name_of;
use super::tool::Tool;
use crate::build::BuildError;
use crate::build::run::{Answer, Running};
use crate::build::target::AL2;
use std::collections::BTreeSet;
use std::path::Path;

/// Packages that were installed without asking the index.
pub(super) struct Found {
    /// `name==version` of each.
    packages: BTreeSet<String>,
    /// What the index is asked; absent where its answer could change nothing.
    question: Option<Running>,
}

/// What the index says of packages.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Newest,
    Outdated,
    /// It cannot be reached; what the user should know of that.
    Unknown(String),
}

impl Installation<'_> {
    /// Installs into `target` from uv's cache alone. `None`, with the target empty, if that cannot be done, or if
    /// more than uv's cache decides what is installed.
    pub fn install_known(&self, target: &Path) -> Result<Option<Found>, BuildError> {
        let Tool::Uv(uv) = self.tool else { return Ok(None) };
        let Some(mut extra) = uv_arguments(&self.options.extra_args) else { return Ok(None) };
        let builds = self.requirements.has_source || !self.options.build_from_source.is_empty();
        if builds || !self.options.use_download_cache || extra.iter().any(|arg| arg == "--no-cache") {
            return Ok(None);
        }
        let (sources, platform) = match self.platform {
            Platform::Host { .. } => (Sources::Allowed, None),
            Platform::Lambda { arch, glibc, .. } if *glibc == AL2 => {
                (Sources::Never, Some(Platform::uv_name(*arch, NEWER)))
            }
            Platform::Lambda { .. } => (Sources::Never, None),
        };
        let files = self.files()?;
        // uv tells what it would install, unless it is to be quiet.
        extra.retain(|arg| arg != "--quiet" && arg != "-q");
        let program = |target| self.uv_program(uv, files.job(target), &extra, sources, platform.as_deref());
        let fits = |found: &[Distribution]| platform.is_none() || !found.iter().any(|d| d.needs_newer_than(AL2));
        let installed = match program(target).args(["--offline", "--quiet"]).run()?.ok {
            true => Some(distributions(target)?).filter(|found| fits(found)),
            false => None,
        };
        let Some(installed) = installed else {
            empty(target)?;
            return Ok(None);
        };
        let packages: BTreeSet<String> = installed.iter().map(|d| format!("{}=={}", d.name, d.version)).collect();
        let question = match packages.is_subset(&self.pinned()) {
            true => None,
            false => Some(program(&self.scratch.join("asked")).arg("--dry-run").start()?),
        };
        Ok(Some(Found { packages, question }))
    }

    /// `name==version` where one version alone is asked for.
    fn pinned(&self) -> BTreeSet<String> {
        let lines = self.requirements.lines.iter().cloned().chain(self.constraints());
        lines.filter_map(|line| pinned(&line)).collect()
    }
}

/// `name==version` of a line that asks for exactly that (`a==1.2`, not `a==1.*`).
fn pinned(line: &str) -> Option<String> {
    let requirement = line.split([';', '#']).next().unwrap_or(line);
    let version = requirement.split_once("==")?.1.split_whitespace().next()?;
    (!version.contains(['*', ',', '='])).then_some(())?;
    Some(format!("{}=={version}", name_of(line)?))
}

impl Found {
    /// Whether no index could know better.
    pub fn is_certain(&self) -> bool {
        self.question.is_none()
    }

    /// Waits for the index.
    pub fn confirm(self) -> Result<Verdict, BuildError> {
        match self.question {
            Some(question) => Ok(verdict(&self.packages, &question.wait()?)),
            None => Ok(Verdict::Newest),
        }
    }
}

fn verdict(packages: &BTreeSet<String>, answer: &Answer) -> Verdict {
    let said = format!("{}\n{}", answer.err, answer.out);
    match answer.ok {
        true if would_install(&said) == *packages => Verdict::Newest,
        false if unreachable(&said) => Verdict::Unknown(
            "the package index cannot be reached: the packages are those that it last told of".to_owned(),
        ),
        _ => Verdict::Outdated,
    }
}

/// The packages of uv's lines ` + name==version`.
fn would_install(said: &str) -> BTreeSet<String> {
    let lines = said.lines().filter_map(|line| line.strip_prefix(" + "));
    lines
        .filter_map(|line| line.split_whitespace().next()?.split_once("=="))
        .map(|(name, version)| format!("{}=={version}", normalised(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn answer(ok: bool, err: &str) -> Answer {
        Answer { ok, err: err.to_owned(), ..Answer::default() }
    }

    #[test]
    fn packages_stay_if_the_index_would_have_given_the_same() {
        let said =
            "Resolved 2 packages in 9ms\nWould install 2 packages\n + six==1.17.0\n + Typing_Extensions==4.16.0\n";
        let same = packages(&["six==1.17.0", "typing-extensions==4.16.0"]);
        assert_eq!(verdict(&same, &answer(true, said)), Verdict::Newest);
        assert_eq!(verdict(&packages(&["six==1.16.0"]), &answer(true, said)), Verdict::Outdated);
        assert_eq!(verdict(&same, &answer(false, "No solution found")), Verdict::Outdated);
    }

    #[test]
    fn packages_stay_with_a_note_if_there_is_no_network() {
        let verdict =
            verdict(&packages(&["six==1.17.0"]), &answer(false, "error sending request for url (https://i/)"));
        assert!(matches!(verdict, Verdict::Unknown(note) if note.contains("cannot be reached")));
    }

    #[test]
    fn only_one_exact_version_needs_no_index() {
        assert_eq!(pinned("Six==1.17.0").as_deref(), Some("six==1.17.0"));
        assert_eq!(pinned("six[a] == 1.17.0 ; python_version < '4'").as_deref(), Some("six==1.17.0"));
        assert_eq!(pinned("six==1 --hash=sha256:00").as_deref(), Some("six==1"));
        for open in ["six==1.*", "six>=1", "six ; python_version == '3.11'", "six>=1,==1.2,<2", "six # ==1", "six===1"]
        {
            assert_eq!(pinned(open), None, "{open}");
        }
    }

    /// Installs `six` with a uv that knows version 1 by itself and version `index` from the index; gives the versions
    /// that were installed, whether the folder was foreseen, and the notes.
    fn installed(requirement: &str, index: &str) -> (Vec<String>, bool, Vec<String>) {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let uv = dir.path().join("uv");
        let script = format!(
            "#!/bin/sh\nversion={index}; dry=\nwhile [ $# -gt 0 ]; do case $1 in\n--offline) version=1;;\n--dry-run) dry=1;;\n\
             --target) target=$2;;\nesac; shift; done\n\
             [ $version != none ] || {{ echo 'error sending request' >&2; exit 1; }}\n\
             if [ -n \"$dry\" ]; then echo \" + six==$version\" >&2; exit; fi\nmkdir $target/six-$version.dist-info\n\
             echo 'Tag: py3-none-any' > $target/six-$version.dist-info/WHEEL\n"
        );
        std::fs::write(&uv, script).unwrap();
        std::fs::set_permissions(&uv, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(dir.path().join("requirements.txt"), requirement).unwrap();
        let path = format!("{}:/usr/bin:/bin", dir.path().display());
        let installed = super::super::install(&super::super::Request {
            dir: dir.path(),
            service_dir: dir.path(),
            options: &super::super::Options::read(&serde_json::json!({})),
            platform: &Platform::of_runtime(
                "python3.13",
                crate::build::target::Arch::X86_64,
                crate::build::target::AL2023,
            ),
            cache_dir: &dir.path().join("cache"),
            env: &[("PATH".to_owned(), path)].into(),
            additional: &[],
            progress: &|_| (),
            meanwhile: &|folder| assert_eq!(distributions(folder).unwrap()[0].version, "1"),
        });
        let installed = installed.unwrap().unwrap();
        let found = distributions(&installed.tree.dir).unwrap();
        (found.into_iter().map(|d| d.version).collect(), installed.foreseen, installed.notes)
    }

    #[test]
    fn what_the_index_has_newer_is_installed_anew() {
        assert_eq!(installed("six\n", "2"), (vec!["2".to_owned()], false, Vec::new()));
        assert_eq!(installed("six\n", "1"), (vec!["1".to_owned()], true, Vec::new()));
    }

    #[test]
    fn without_a_network_packages_are_those_that_are_known() {
        let (versions, foreseen, notes) = installed("six\n", "none");
        assert_eq!((versions, foreseen), (vec!["1".to_owned()], true));
        assert!(notes[0].contains("cannot be reached"));
        assert_eq!(installed("six==1\n", "none"), (vec!["1".to_owned()], false, Vec::new()));
    }
}
