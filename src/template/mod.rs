//! [`Service`](crate::manifest::Service) + artifact hashes → CloudFormation template.

mod compile;
mod document;
pub mod events;

pub use compile::{Compilation, compile};
pub use document::Template;
