//! Staged tree → deterministic archive.

mod archive;
mod artifact;
mod bundles;
pub mod cache;
mod contents;
mod deflate;
mod error;
pub(crate) mod external;
mod finished;
mod glob;
mod handler;
mod limits;
mod native;
mod pack;
mod plan;
mod request;
mod search;
mod select;
mod service;
#[cfg(test)]
mod tests;
mod walk;
mod zip;

pub use archive::{digest, hex};
pub use artifact::{Artifact, Artifacts};
pub use error::PackageError;
pub use external::paths as external_paths;
pub use glob::Glob;
pub use limits::{Sizes, bytes};
pub use request::{HostTarget, PackageRequest, Packaged, Progress, Stage};
pub use service::package;
