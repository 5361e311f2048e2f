//! The parts of `src/manifest/` that are fuzzed, and what these need.

#[path = "../../../src/manifest/document/mod.rs"]
pub mod document;
#[path = "../../../src/manifest/dotenv.rs"]
mod dotenv;
#[path = "../../../src/manifest/merge.rs"]
mod merge;
#[path = "../../../src/manifest/problem.rs"]
pub mod problem;
#[path = "../../../src/manifest/read.rs"]
mod read;
#[path = "../../../src/manifest/script.rs"]
mod script;
#[path = "../../../src/manifest/stage.rs"]
pub mod stage;
#[path = "../../../src/manifest/variables/mod.rs"]
pub mod variables;

pub use problem::{Problem, Problems, Severity};

pub const DEFAULT_REGION: &str = "us-east-1";

pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names.into_iter().find(|candidate| candidate.eq_ignore_ascii_case(name))
}
