//! Files, flags and environment → [`Service`]: every value with the place it came from.
//!
//! `document` turns text into a tree with spans, `variables` resolves `${...}`,
//! `schema` says what may stand where, `stage` applies per-stage configuration,
//! `service` is the typed model that later rooms read.

pub mod document;
mod framework_version;
pub mod plugins;
pub mod problem;
pub mod schema;
pub mod service;
pub mod stage;
pub mod variables;

pub use problem::{Problem, Problems, Severity};
pub use service::Service;
