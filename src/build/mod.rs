//! A function → the files that its archive holds, and why they were built or reused.

mod elf;
mod error;
pub mod member;
pub mod python;
mod run;
pub mod target;

pub use error::BuildError;
pub use member::{Member, Members, Source, Stamp, Tree};
