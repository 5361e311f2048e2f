//! Access that a deploy makes wider. Narrower access is never reported, nor what stays as it is.

mod exposure;
mod statements;

use crate::template::Template;
use serde::Serialize;

/// One way in which access gets wider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Broadening {
    /// What kind of access.
    pub kind: Kind,
    /// Logical id of the resource that grants it.
    pub logical_id: String,
    /// Who may do what, in a sentence without full stop.
    pub message: String,
}

/// Kinds of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A role or policy allows more.
    Statement,
    /// A managed policy is attached.
    ManagedPolicy,
    /// Somebody may assume a role.
    Trust,
    /// An endpoint answers everybody.
    PublicEndpoint,
    /// A resource lets others in.
    ResourcePolicy,
    /// A network is open.
    Network,
}

/// All of them.
pub fn broadenings(deployed: &Template, next: &Template) -> Vec<Broadening> {
    let mut found = statements::broader(deployed, next);
    let before = exposure::exposures(deployed);
    found.extend(exposure::exposures(next).into_iter().filter(|exposure| !before.contains(exposure)));
    found
}
