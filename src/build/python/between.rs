//! Amazon Linux 2 with uv: its C library, 2.26, lies between two platforms that uv has a name for
//! (2.17 and 2.28), and packages such as pandas have wheels for what lies between.
//!
//! uv is told the newer platform; what it took that would not run is taken again, in the same
//! version, for the older one. Where a version has no such wheel, the newest that has one is
//! asked of uv, and all is installed anew around it.

use super::distribution::{Distribution, distributions};
use super::install::{Installation, Job, Sources, empty, uv_arguments};
use super::platform::Platform;
use super::requirements::{hashes_of, name_of};
use super::tool::Tool;
use crate::build::BuildError;
use crate::build::target::{AL2, Glibc};
use std::path::{Path, PathBuf};

/// The older and the newer neighbour.
pub(super) const OLDER: Glibc = Glibc(2, 17);
pub(super) const NEWER: Glibc = Glibc(2, 28);

/// How an installation for the newer platform went.
enum Attempt {
    /// All of it runs on the runtime.
    Runs,
    /// These packages do not, and have no wheel in this version that does.
    Unfit(Vec<Distribution>),
    Failed,
}

struct Between<'a> {
    installation: &'a Installation<'a>,
    uv: &'a Path,
    extra: Vec<String>,
    glibc: Glibc,
    older: String,
    newer: String,
}

impl Installation<'_> {
    /// Whether all could be installed so; if not, the target is empty.
    pub(super) fn between_uvs_platforms(&self, job: Job<'_>) -> Result<bool, BuildError> {
        let (Tool::Uv(uv), Platform::Lambda { arch, glibc, .. }) = (self.tool, self.platform) else { return Ok(false) };
        let Some(extra) = uv_arguments(&self.options.extra_args).filter(|_| *glibc == AL2) else { return Ok(false) };
        let (older, newer) = (Platform::uv_name(*arch, OLDER), Platform::uv_name(*arch, NEWER));
        let between = Between { installation: self, uv, extra, glibc: *glibc, older, newer };
        let mut attempt = between.attempt(job)?;
        if let Attempt::Unfit(unfit) = &attempt
            && let Some(constraints) = between.older_versions(unfit, job)?
        {
            empty(job.target)?;
            attempt = between.attempt(Job { constraints: Some(&constraints), ..job })?;
        }
        if matches!(attempt, Attempt::Runs) {
            return Ok(true);
        }
        empty(job.target)?;
        Ok(false)
    }
}

impl Between<'_> {
    fn attempt(&self, job: Job<'_>) -> Result<Attempt, BuildError> {
        if !self.uv(job, &[], &self.newer)? {
            return Ok(Attempt::Failed);
        }
        let mut unfit = distributions(job.target)?;
        unfit.retain(|d| d.needs_newer_than(self.glibc));
        if unfit.is_empty() {
            return Ok(Attempt::Runs);
        }
        let exact = unfit.iter().map(|d| {
            let hashes: String = self.asked(&d.name).flat_map(hashes_of).map(|hash| format!(" {hash}")).collect();
            format!("{}=={}{hashes}", d.name, d.version)
        });
        let file = self.write("exact.txt", exact)?;
        match self.uv(Job { file: &file, ..job }, &["--no-deps", "--reinstall"], &self.older)? {
            true => Ok(Attempt::Runs),
            false => Ok(Attempt::Unfit(unfit)),
        }
    }

    /// Constraints with the newest versions of packages that have wheels for the older platform.
    fn older_versions(&self, unfit: &[Distribution], job: Job<'_>) -> Result<Option<PathBuf>, BuildError> {
        let asked = unfit.iter().map(|d| self.asked(&d.name).next().map_or_else(|| d.name.clone(), str::to_owned));
        let file = self.write("older.txt", asked)?;
        let target = self.installation.scratch.join("older");
        if !self.uv(Job { file: &file, target: &target, ..job }, &["--no-deps"], &self.older)? {
            return Ok(None);
        }
        let mut lines = self.installation.constraints();
        lines.extend(distributions(&target)?.iter().map(|d| format!("{}=={}", d.name, d.version)));
        self.installation.write("older-constraints.txt", &lines).map(Some)
    }

    fn uv(&self, job: Job<'_>, more: &[&str], platform: &str) -> Result<bool, BuildError> {
        let extra: Vec<String> = self.extra.iter().cloned().chain(more.iter().map(|m| (*m).to_owned())).collect();
        Ok(self.installation.uv(self.uv, job, &extra, Sources::Never, Some(platform))?.ok)
    }

    /// The requirements of a package.
    fn asked<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b str> + 'b {
        let lines = self.installation.requirements.lines.iter().map(String::as_str);
        lines.filter(move |line| name_of(line).as_deref() == Some(name))
    }

    /// A requirements file that asks the same indexes.
    fn write(&self, name: &str, requirements: impl Iterator<Item = String>) -> Result<PathBuf, BuildError> {
        let options = self.installation.requirements.lines.iter().filter(|line| line.starts_with("--"));
        let lines: Vec<String> = options.cloned().chain(requirements).collect();
        self.installation.write(name, &lines)
    }
}
