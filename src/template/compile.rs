//! Runs the compilers in the framework's order.

use super::{Template, events};
use crate::manifest::{Problems, Service};
use crate::package::Artifacts;

/// A template in the making and what its compilers read.
pub struct Compilation<'a> {
    /// What is compiled.
    pub service: &'a Service,
    /// Hashes and keys of the code.
    pub artifacts: &'a Artifacts,
    /// What was compiled so far.
    pub template: Template,
    /// What is wrong with the service.
    pub problems: Problems,
}

/// Compiles a service to its template. Problems may hold errors, in which case the template is incomplete.
pub fn compile(service: &Service, artifacts: &Artifacts) -> (Template, Problems) {
    let mut it = Compilation { service, artifacts, template: Template::default(), problems: Problems::default() };
    for event in events::ALL {
        (event.compile)(&mut it);
    }
    (it.template, it.problems)
}
