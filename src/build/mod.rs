//! A function → the files that its archive holds, and why they were built or reused.

pub mod cargo;
pub mod docker;
mod elf;
mod error;
pub mod go;
pub mod image;
pub mod member;
pub mod node;
mod prepare;
pub mod python;
mod remap;
mod run;
mod strip;
pub mod target;
pub mod wsgi;
mod zig;

pub use error::BuildError;
pub use member::{Member, Members, Source, Stamp, Tree};
pub use prepare::{REQUIREMENTS_LAYER, prepare};
pub use run::UNFINISHED;
