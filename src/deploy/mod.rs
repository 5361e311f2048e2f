//! Template + artifacts → a running stack, or the reason why not.
//!
//! `run` is the deploy from begin to end; `settle` brings a stack to where a change may begin; `change_set`,
//! `bucket` and `monitor` are its steps; `record` is what stays.

pub mod after;
mod api_stage;
mod bucket;
mod change_set;
mod custom_log;
mod direct;
pub mod drift;
pub mod endpoints;
mod error;
mod events;
pub mod history;
pub mod hotswap;
pub mod import;
mod interrupt;
mod lock;
mod monitor;
mod multipart;
mod nested;
mod preview;
mod progress;
pub mod prune;
pub mod record;
mod remove;
pub mod repair;
pub mod repository;
mod run;
mod settings;
mod settle;
mod stack;
mod validation;

pub use bucket::{Bucket, Object, folder};
pub use change_set::ResourceChange;
pub use error::DeployError;
pub use events::failures;
pub use lock::{StageLock, keep_out_of_git};
pub use monitor::{End, Operation as Followed, follow};
pub use multipart::Upload;
pub use preview::{deployed_template, preview};
pub use progress::{Progress, ResourceEvent, Watch};
pub use record::{ArtifactUse, DeployRecord, FailingEvent, Operation, Outcome};
pub use remove::{Loss, Removal, has_usage_plans, losses};
pub use run::{Deployed, Look, Request, deploy, look};
pub use settings::StackSettings;
pub use settle::{Ask, Question};
pub use stack::{Output, Stack, State};

/// What the names of rlx's operations begin with.
pub(crate) const TOKEN_PREFIX: &str = "rlx-";

/// How a template becomes a stack.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Method {
    /// Make a change set and execute it.
    #[default]
    ChangeSet,
    /// Change the stack without a change set.
    Direct,
    /// Make a change set and leave it.
    PrepareOnly,
    /// Execute the change set that was made last.
    Execute,
}

/// How to deploy.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How the template becomes a stack.
    pub method: Method,
    /// Deploy even where nothing changed.
    pub force: bool,
    /// Leave what succeeded when something fails.
    pub no_rollback: bool,
    /// CloudFormation's express mode.
    pub express: bool,
    /// Take over resources that exist already.
    pub import_existing: bool,
    /// Wait for somebody else's deploy instead of refusing.
    pub wait: bool,
}
