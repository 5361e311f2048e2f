//! Files, flags and environment → [`Service`]: every value with the place it came from.
//!
//! `document` turns text into a tree with spans, `variables` resolves `${...}`,
//! `schema` says what may stand where, `stage` applies per-stage configuration,
//! `service` is the typed model that later rooms read.

mod difference;
mod discover;
pub mod document;
mod dotenv;
mod framework_version;
mod load;
mod merge;
mod model;
mod overrides;
pub mod plugins;
pub mod problem;
mod read;
pub mod schema;
mod script;
pub mod service;
pub mod stage;
#[cfg(test)]
mod tests;
pub mod variables;

pub use difference::{Difference, differences};
pub use discover::is_in;
pub use load::{LoadFailure, LoadRequest, Loaded, Resolved, load, resolve};
pub use problem::{Problem, Problems, Severity};
pub use service::Service;

/// The region of a service that names none (Framework v3).
pub const DEFAULT_REGION: &str = "us-east-1";

/// The name nearest to a misspelt one.
pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
