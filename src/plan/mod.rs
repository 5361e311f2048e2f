//! What a deploy would change: resource by resource, property by property; what would be lost; who could do
//! more than before. Works on templates alone; what a real change set says of replacements goes over it.

mod diff;
mod loss;
mod replacement;
pub mod security;

pub use diff::{Action, Change, PropertyChange};
pub use loss::Loss;
pub use replacement::Replacement;
pub use security::Broadening;

use crate::template::Template;
use serde::Serialize;

/// What a deploy would do to a stack.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Resources added, changed and removed, in template order; removed ones last.
    pub changes: Vec<Change>,
    /// Outputs added, changed and removed.
    pub outputs: Vec<PropertyChange>,
    /// Data that would be gone.
    pub losses: Vec<Loss>,
    /// Access that would be wider.
    pub security: Vec<Broadening>,
}

/// What CloudFormation itself says of a resource in a change set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Logical id.
    pub logical_id: String,
    /// Whether it is made anew.
    pub replacement: Replacement,
}

impl Plan {
    /// From the deployed template (`None` where there is no stack yet) to a new one. `verdicts` are those of
    /// a change set; without one, replacements are known from CloudFormation's documentation, for the types
    /// that services mostly have.
    pub fn new(deployed: Option<&Template>, next: &Template, verdicts: &[Verdict]) -> Self {
        let none = Template::default();
        let deployed = deployed.unwrap_or(&none);
        let mut changes = diff::changes(deployed, next);
        for change in &mut changes {
            if let Some(verdict) = verdicts.iter().find(|v| v.logical_id == change.logical_id) {
                change.replacement = verdict.replacement;
            }
        }
        let losses = changes.iter().filter_map(|change| loss::of(change, deployed, next)).collect();
        Self {
            outputs: diff::outputs(deployed, next),
            losses,
            security: security::broadenings(deployed, next),
            changes,
        }
    }

    /// Whether the deploy would do nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.outputs.is_empty()
    }
}

#[cfg(test)]
mod tests;
