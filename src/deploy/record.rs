//! The record of a deploy: what, when, by whom, from which commit, with which outcome.
//!
//! The last one lies in `.rlx/<stage>/deploy.json`, every one in the deployment bucket under
//! `<prefix>/<service>/<stage>/deploys/`. Listing, rolling back, skipping a deploy without changes
//! and diagnosing a failed one read it.

use crate::aws::AwsError;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What was done to the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// The stack was made.
    Create,
    /// A deploy to a stack that was there.
    Update,
    /// Code and configuration of functions were changed past CloudFormation.
    Hotswap,
    /// The stack went back to an earlier deployment.
    Rollback,
    /// The stack was removed.
    Remove,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was begun; the record of a deploy that was killed stays so.
    Running,
    /// The stack is what the template says.
    Succeeded,
    /// It failed; `failing_events` or `call_error` say why.
    Failed,
    /// The user stopped waiting; AWS went on.
    Interrupted,
    /// A change set was made and left for later.
    Prepared,
}

/// One deploy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployRecord {
    /// Version of this form.
    pub version: u32,
    /// Names the deploy; begins with its time, so that names sort by time. Also the `ClientRequestToken`
    /// of what it did to the stack.
    pub id: String,
    /// The service's name.
    pub service: String,
    /// The stage.
    pub stage: String,
    /// The AWS region.
    pub region: String,
    /// The AWS account, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The stack's name.
    pub stack: String,
    /// The stack's ARN, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<String>,
    /// What was done.
    pub operation: Operation,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub started: jiff::Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<jiff::Timestamp>,
    /// ARN of the principal, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// `user@host` that ran rlx.
    pub by: String,
    /// The git commit of the service, with `+` where the tree was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The version of rlx.
    pub rlx: String,
    /// SHA-256 of template, parameters and tags: equal to the last record's where nothing changed.
    pub fingerprint: String,
    /// The deployment bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// The template's key in the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The archives.
    #[serde(default)]
    pub artifacts: Vec<ArtifactUse>,
    /// When CloudFormation last changed the stack, as it told at the end of this deploy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_changed: Option<String>,
    /// Status of the stack at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_status: Option<String>,
    /// Seconds that each resource took, by logical id: the estimate for the next time.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub durations: IndexMap<String, f64>,
    /// What failed, the root cause first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing_events: Vec<FailingEvent>,
    /// The AWS call that failed, where it was one of rlx's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_error: Option<AwsError>,
    /// It could not be put into the bucket; the next deploy does that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_local: bool,
    /// Functions may run code that no deploy gave them (`--hotswap`); the next deploy puts that right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hotswapped: bool,
    /// The run before, where that was cut off and this one ended before it could take it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<Box<DeployRecord>>,
}

/// An archive of a deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactUse {
    /// Its file name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its key in the bucket.
    pub key: String,
}

/// A resource event that tells of a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailingEvent {
    /// Logical id, with the path through nested stacks: `Nested/Table`.
    pub logical_id: String,
    /// Such as `AWS::Lambda::Function`.
    pub resource_type: String,
    /// Such as `CREATE_FAILED`.
    pub status: String,
    /// CloudFormation's words.
    pub reason: String,
    /// When.
    pub time: jiff::Timestamp,
    /// ARN of the stack that the resource belongs to.
    pub stack_id: String,
    /// Physical id, where the resource has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// What the function of a custom resource wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// The key of a record in a stage's folder of the deployment bucket.
pub(super) fn record_key(folder: &str, id: &str) -> String {
    format!("{folder}deploys/{id}.json")
}

impl fmt::Display for FailingEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.logical_id.as_str(), self.resource_type.as_str()) {
            ("", _) => write!(f, "{}", self.reason),
            (id, "") => write!(f, "{id}: {}", self.reason),
            (id, kind) => write!(f, "{id} ({kind}): {}", self.reason),
        }
    }
}

impl DeployRecord {
    /// Whether the run ended before its operation: what it began may go on, or lie about.
    pub fn is_unfinished(&self) -> bool {
        match self.outcome {
            Outcome::Running | Outcome::Interrupted => true,
            Outcome::Failed => self.call_error.is_some(),
            Outcome::Succeeded | Outcome::Prepared => false,
        }
    }

    /// Whether the bucket does not have it yet, though it tells of what was put there.
    pub fn is_owed(&self) -> bool {
        self.bucket.is_some() && (self.only_local || matches!(self.outcome, Outcome::Running | Outcome::Interrupted))
    }

    /// Whether something of it, or of a run before it, may lie about in AWS that no record there tells of.
    pub fn is_open(&self) -> bool {
        self.cut_off.is_some() || self.is_owed() || (self.is_unfinished() && self.stack_id.is_some())
    }

    /// The run that the next deploy has to take up: this one, or one before it.
    pub fn into_open(mut self) -> Option<Self> {
        match self.cut_off.take() {
            Some(earlier) => Some(*earlier),
            None => (self.is_unfinished() || self.is_owed()).then_some(self),
        }
    }

    /// Takes over what another record says is deployed.
    pub fn deploys_what(&mut self, other: Self) {
        self.commit = other.commit;
        self.fingerprint = other.fingerprint;
        self.template = other.template;
        self.artifacts = other.artifacts;
    }

    /// Where the last record of a stage lies.
    pub fn path(service_dir: &Path, stage: &str) -> PathBuf {
        service_dir.join(".rlx").join(stage).join("deploy.json")
    }

    /// The last record of a stage on this machine; `None` where there is none or it cannot be read.
    pub fn read(service_dir: &Path, stage: &str) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(Self::path(service_dir, stage)).ok()?).ok()
    }

    /// Writes the record in one step: a reader sees the old one or the new one.
    pub fn write(&self, service_dir: &Path) -> io::Result<()> {
        let path = Self::path(service_dir, &self.stage);
        let dir = path.parent().unwrap_or(service_dir);
        std::fs::create_dir_all(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|e| e.error)?;
        Ok(())
    }

    /// The JSON text that is kept in the bucket.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
