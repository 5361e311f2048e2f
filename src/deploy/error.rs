//! Why a deploy did not do what was asked.

use super::interrupt::{self, Doing};
use super::record::FailingEvent;
use super::stack::Stack;
use crate::aws::AwsError;
use std::path::PathBuf;

/// A failure of the deploy room.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// A call of rlx's own failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// There is no such stack.
    #[error("there is no stack {stack} in {region}")]
    NoStack { stack: String, region: String },
    /// Another rlx on this machine works on the stage.
    #[error("another rlx works on stage {stage}: {holder}")]
    Locked { stage: String, holder: String },
    /// Something else changes the stack.
    #[error("stack {stack} is being changed by somebody else: {status}{by}")]
    Busy { stack: String, status: String, by: String },
    /// Something else changed the stack since this deploy looked at it, so that its own change was refused.
    #[error("somebody else deploys stack {stack} at the same time{by}")]
    Overtaken { stack: String, by: String, call: Box<AwsError> },
    /// A creation or a removal failed before, and the user did not want what is left to be deleted.
    #[error("stack {stack} is in {status}, which can only be deleted; it was left as it is")]
    Wreck { stack: String, status: String },
    /// Undoing an update failed; CloudFormation refuses everything until that is continued.
    #[error("stack {stack} is stuck in {status}", stack = .0.name, status = .0.status)]
    Stuck(Box<Stack>),
    /// The change set could not be made.
    #[error("CloudFormation refused the change: {}", refused_message(.causes, .reason))]
    Refused { reason: String, causes: Vec<FailingEvent> },
    /// The operation ran and failed.
    #[error("{}", failed_message(.causes, .status))]
    Failed { stack: String, status: String, causes: Vec<FailingEvent> },
    /// The user stopped waiting.
    #[error("{}", interrupt::message(.stack, .status.as_deref()))]
    Interrupted { stack: String, doing: Doing, status: Option<String> },
    /// The bucket that the manifest names.
    #[error("the deployment bucket {bucket} {problem}")]
    Bucket { bucket: String, problem: String },
    /// The stack cannot be deleted.
    #[error("stack {stack} is protected against deletion")]
    TerminationProtection { stack: String },
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    /// The custom domain of an API.
    #[error("custom domain {domain}: {problem}")]
    Domain { domain: String, problem: String, help: String },
    /// Files that are copied into a bucket with a deploy.
    #[error("bucket {bucket}: {problem}")]
    Sync { bucket: String, problem: String, help: String },
    /// There is no such earlier deployment.
    #[error("{0}")]
    NoDeployment(String),
    /// CloudFormation leaves resources behind only where deleting them has failed before.
    #[error("stack {stack} is in {status}: resources can be left behind only once it is in DELETE_FAILED")]
    NotRetained { stack: String, status: String },
    /// A resource could not be taken into the stack, for a reason that rlx knows before it asks.
    #[error("nothing was imported: {0}")]
    NotImported(String),
    /// No change set waits to be executed.
    #[error("stack {stack} has no change set of rlx that waits to be executed")]
    NoChangeSet { stack: String },
}

fn failed_message(causes: &[FailingEvent], status: &str) -> String {
    match causes.first() {
        Some(cause) => cause.to_string(),
        None => format!("the stack ended in {status}, and CloudFormation says no reason"),
    }
}

/// CloudFormation's own words only say that a check failed, where it tells which.
fn refused_message(causes: &[FailingEvent], reason: &str) -> String {
    causes.first().map_or_else(|| reason.to_owned(), FailingEvent::to_string)
}

impl DeployError {
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// What failed in the stack, the root cause first.
    pub fn causes(&self) -> &[FailingEvent] {
        match self {
            Self::Failed { causes, .. } | Self::Refused { causes, .. } => causes,
            _ => &[],
        }
    }

    /// The call of rlx's own that failed, if that is what happened.
    pub fn call(&self) -> Option<&AwsError> {
        match self {
            Self::Aws(call) => Some(call),
            Self::Overtaken { call, .. } => Some(call),
            _ => None,
        }
    }

    /// Further lines.
    pub fn details(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (i, cause) in self.causes().iter().enumerate() {
            if i > 0 {
                lines.push(format!("  also: {cause}"));
            }
            if !cause.log.is_empty() {
                lines.push(format!("  the log of the function that makes {}:", cause.logical_id));
                lines.extend(cause.log.iter().map(|line| format!("    {line}")));
            }
        }
        if let Self::Failed { stack, status, .. } = self {
            lines.push(format!("stack {stack} is now {status}: {}", meaning(status)));
        }
        lines
    }

    /// What to do, each a sentence. `stage` is how the stage is named on the command line.
    pub fn hints(&self, stage: &str) -> Vec<String> {
        match self {
            Self::Aws(error) if error.is_expired() => vec!["renew the credentials, then run the same command".into()],
            // It says what to do itself.
            Self::Aws(error) if error.message.contains("aws sso login") => Vec::new(),
            Self::Aws(error) if error.is_bad_credentials() => vec![
                "set AWS_PROFILE or --aws-profile, or sign in: aws sso login; rlx doctor shows what is found".into(),
            ],
            Self::Aws(error) if error.is_denied() => {
                vec![format!("to learn which policy decides: rlx diagnose{stage}")]
            }
            Self::Aws(error) if error.is_unanswered() => {
                vec!["check the network, region and endpoint, then run the same command: it goes on from here".into()]
            }
            Self::Locked { .. } => vec!["wait for it, or end that process".into()],
            Self::Busy { .. } => vec!["wait until it is done, or run the same command with --wait".into()],
            Self::Overtaken { .. } => vec![format!("to deploy once that is done: rlx deploy --wait{stage}")],
            Self::Wreck { .. } => vec![
                format!("to see what is left in it and delete it: rlx remove{stage}"),
                format!("to delete it and make it anew in one go: rlx deploy --yes{stage}"),
            ],
            Self::Stuck(_) => vec![format!("to find and skip what cannot be undone: rlx continue{stage}")],
            Self::Failed { status, causes, .. } if status == "DELETE_FAILED" => vec![
                format!("for the cause and its remedy: rlx diagnose{stage}"),
                format!("then, with the cause gone: rlx remove{stage}"),
                format!("or leave behind what cannot be deleted: rlx remove{}{stage}", retaining(causes)),
            ],
            Self::Failed { status, .. } if status == "UPDATE_ROLLBACK_FAILED" => vec![
                format!("for the cause and its remedy: rlx diagnose{stage}"),
                format!("to find and skip what cannot be undone: rlx continue{stage}"),
            ],
            Self::Failed { .. } | Self::Refused { .. } => vec![
                format!("for the cause and its remedy: rlx diagnose{stage}"),
                format!("then, with the cause gone: rlx deploy{stage}"),
            ],
            Self::NotRetained { .. } => vec![format!("first without --retain: rlx remove{stage}")],
            Self::Interrupted { stack, doing, status } => interrupt::hints(stack, *doing, status.as_deref(), stage),
            Self::NoStack { .. } => vec![format!("to make it: rlx deploy{stage}")],
            Self::TerminationProtection { stack } => vec![format!(
                "if it shall really go: aws cloudformation update-termination-protection \
                 --no-enable-termination-protection --stack-name {stack}"
            )],
            Self::Domain { help, .. } | Self::Sync { help, .. } => vec![help.clone()],
            Self::NoChangeSet { .. } => vec![format!("to make one: rlx deploy --method prepare-only{stage}")],
            Self::NoDeployment(_) => vec![format!("to see which are kept: rlx deploy list{stage}")],
            _ => Vec::new(),
        }
    }
}

/// The flags that leave these resources behind.
fn retaining(causes: &[FailingEvent]) -> String {
    causes.iter().map(|cause| format!(" --retain {}", cause.logical_id)).collect()
}

/// What a status means for what runs now.
fn meaning(status: &str) -> &'static str {
    match status {
        "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => "it runs what it ran before",
        "ROLLBACK_COMPLETE" => "it has no resources; the next deploy deletes and makes it anew",
        "UPDATE_ROLLBACK_FAILED" => "undoing failed, it must be continued before anything else",
        "UPDATE_FAILED" | "CREATE_FAILED" => "what succeeded was kept; the next deploy goes on from here",
        "DELETE_FAILED" => "some resources could not be deleted",
        _ => "see its events",
    }
}
