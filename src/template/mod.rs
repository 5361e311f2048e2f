//! [`Service`](crate::manifest::Service) + artifact hashes → CloudFormation template.

pub mod checks;
mod compile;
mod core;
pub mod custom_resource;
mod document;
pub mod events;
pub(crate) mod function;
#[cfg(test)]
mod golden;
mod layer;
pub mod naming;
pub mod plugins;
pub(crate) mod pseudo_parameters;
mod resources;
mod role;
mod shared;
#[cfg(test)]
pub(crate) mod testing;
pub mod value;

pub use self::core::{deployment_bucket, deployment_bucket_name, deployment_prefix};
pub use compile::{Compilation, compile};
pub use document::Template;
pub use shared::{
    EventUse, TargetAlias, apply_condition, depend_on_alias, events_of, invoke_permission, is_existing_role, target,
};
