//! [`Service`](crate::manifest::Service) + artifact hashes → CloudFormation template.

mod compile;
mod document;
pub mod events;
pub mod naming;
mod shared;
pub mod value;

pub use compile::{Compilation, compile};
pub use document::Template;
pub use shared::{EventUse, TargetAlias, depend_on_alias, events_of, invoke_permission, is_existing_role, target};
