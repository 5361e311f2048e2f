//! What packaging is asked and what it answers.

use super::{Artifacts, bytes};
use crate::manifest::{Problems, Severity};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// What packaging is asked.
pub struct PackageRequest<'a> {
    /// Where the archives are written.
    pub out_dir: &'a Path,
    /// rlx's machine cache.
    pub cache_dir: &'a Path,
    /// The environment variables that builders run with.
    pub env: &'a BTreeMap<String, String>,
    /// Only these functions, by key; all functions and layers if absent.
    pub functions: Option<&'a [String]>,
    /// What it means that a handler's file is missing or a function is larger than Lambda takes:
    /// a warning for `package`, an error for `deploy`.
    pub missing_handler: Severity,
    /// Build for the machine that runs the functions instead of Lambda's (stage local).
    pub target_override: Option<HostTarget>,
    /// Told what is being done, from any thread.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// The machine that runs the functions of stage local.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostTarget {
    /// The interpreter that runs Python functions there; any `python3` if absent.
    pub python: Option<String>,
}

/// What packaging answers; notes may hold errors, which forbid to deploy.
#[derive(Debug, Clone, Default)]
pub struct Packaged {
    /// The archives.
    pub artifacts: Artifacts,
    /// What the user should know: warnings with their places in the manifest.
    pub notes: Problems,
}

/// A step of packaging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is worked on: a function, a layer, the requirements of a folder.
    pub subject: String,
    /// What happened.
    pub stage: Stage,
}

/// What happened to a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It is being built, and why.
    Building(String),
    /// It was there already, and why that is known.
    Reused(String),
    /// It is there.
    Done { size: u64, took: Duration },
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let subject = &self.subject;
        match &self.stage {
            Stage::Building(why) => write!(f, "{subject}: {why}"),
            Stage::Reused(why) => write!(f, "{subject}: reused, {why}"),
            Stage::Done { size, took } => write!(f, "{subject}: {} in {:.1} s", bytes(*size), took.as_secs_f64()),
        }
    }
}
