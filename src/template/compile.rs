//! Runs the compilers in the framework's order.

use super::naming::Naming;
use super::{Template, core, events, function, layer, plugins, pseudo_parameters, resources, role};
use crate::manifest::{Problems, Service};
use crate::package::Artifacts;
use std::collections::HashMap;

/// A template in the making and what its compilers read.
///
/// What several compilers ask for is in `shared.rs` (functions, events, targets, roles)
/// and `custom_resource.rs`.
pub struct Compilation<'a> {
    /// What is compiled.
    pub service: &'a Service,
    /// Hashes and keys of the code.
    pub artifacts: &'a Artifacts,
    /// What was compiled so far.
    pub template: Template,
    /// What is wrong with the service.
    pub problems: Problems,
    /// Where in the manifest a resource stems from, by logical id.
    pub(super) origins: HashMap<String, String>,
}

impl<'a> Compilation<'a> {
    /// An empty template for a service.
    pub fn new(service: &'a Service, artifacts: &'a Artifacts) -> Self {
        Self {
            service,
            artifacts,
            template: Template::default(),
            problems: Problems::default(),
            origins: HashMap::new(),
        }
    }

    /// The names of the service.
    pub fn names(&self) -> Naming<'a> {
        Naming::new(self.service)
    }
}

/// Compiles a service to its template. Problems may hold errors, in which case the template is incomplete.
pub fn compile(service: &Service, artifacts: &Artifacts) -> (Template, Problems) {
    let mut it = Compilation::new(service, artifacts);
    core::compile(&mut it);
    role::compile(&mut it);
    layer::compile(&mut it);
    function::compile(&mut it);
    for event in events::ALL {
        (event.compile)(&mut it);
    }
    plugins::compile(&mut it);
    function::own_roles(&mut it);
    resources::export_outputs(&mut it);
    resources::merge_own(&mut it);
    pseudo_parameters::compile(&mut it);
    resources::strip_nulls(&mut it);
    (it.template, it.problems)
}
