//! Template + artifacts → a running stack, or the reason why not.

pub mod record;

pub use record::{ArtifactUse, DeployRecord, FailingEvent, Operation, Outcome};
