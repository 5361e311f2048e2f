//! Staged tree → deterministic archive.

mod archive;
mod artifact;
mod deflate;
mod error;
mod finished;
mod glob;
mod handler;
mod package;
mod request;
mod select;
mod walk;
mod zip;

pub use artifact::{Artifact, Artifacts};
pub use error::PackageError;
pub use glob::Glob;
pub use package::package;
pub use request::{HostTarget, PackageRequest, Packaged, Progress, Stage};
