//! What plugins of the Serverless Framework add to the template, made by rlx from the same settings.
//!
//! A file or folder per plugin; each does nothing where the service does not list it.

mod domain_manager;
pub mod step_functions;

use super::Compilation;

/// Adds what plugins make of functions, events and settings; runs after all events.
pub fn compile(it: &mut Compilation<'_>) {
    step_functions::compile(it);
    domain_manager::compile(it);
}
