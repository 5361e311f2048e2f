//! A function → the files that its archive holds, and why they were built or reused.

mod error;
pub mod member;

pub use error::BuildError;
pub use member::{Member, Members, Source, Stamp, Tree};
