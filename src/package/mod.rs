//! Staged tree → deterministic archive.

mod artifact;

pub use artifact::{Artifact, Artifacts};
