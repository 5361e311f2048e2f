//! Failure evidence → cause → remedy.

pub mod causes;
pub mod check;
pub mod decoded;
pub mod evidence;
mod explain;
pub mod further;
pub mod kind;
pub mod message;
pub mod narrow;
mod reading;
pub mod remedy;
pub mod verify;

pub use evidence::Evidence;
pub use further::Further;
pub use kind::{Effect, Kind, Layer};

use serde::{Deserialize, Serialize};

/// What failed, why, and what to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The sort of failure.
    pub kind: Kind,
    /// The row of the table of causes, such as `bucket-not-empty`.
    pub cause: String,
    /// Who was denied, as the message spells it.
    pub principal: Option<String>,
    /// The IAM action, canonical where it is known.
    pub action: Option<String>,
    /// Whether the action follows from operation, resource type or service, and is not in the words.
    pub action_inferred: bool,
    /// On what, as the message spells it.
    pub resource: Option<String>,
    /// The policy layer that decided.
    pub layer: Option<Layer>,
    /// Whether that layer denied, or did not allow.
    pub effect: Option<Effect>,
    /// ARN of the policy that denied.
    pub policy: Option<String>,
    /// The encoded authorization message, for sts:DecodeAuthorizationMessage.
    pub encoded_message: Option<String>,
    /// Request id, to find the call in CloudTrail.
    pub request_id: Option<String>,
    /// Logical id of the CloudFormation resource.
    pub logical_id: Option<String>,
    /// Its type.
    pub resource_type: Option<String>,
    /// One sentence: what is wrong.
    pub summary: String,
    /// The smallest change that mends it, and where it is made.
    pub remedy: String,
    /// Whom to ask where an identity policy does not mend it.
    pub ask: Option<Ask>,
    /// Policy statements to add to the identity named in `remedy`; empty where none helps.
    pub statements: Vec<serde_json::Value>,
    /// Whether the evaluator found that the statements allow the request; `None` where it was not asked.
    pub verified: Option<bool>,
    /// What the principal's policies say, where they could be read.
    pub checked: Option<check::Check>,
    /// The words of the message that say so.
    pub evidence: String,
}

/// A request to somebody who may change what the reader may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Whom.
    pub whom: String,
    /// The text to send.
    pub text: String,
}

/// Every failure in the evidence, the root cause first.
pub fn diagnose(evidence: &Evidence) -> Vec<Diagnosis> {
    let mut found: Vec<Diagnosis> = Vec::new();
    for (text, event) in evidence.texts() {
        let mut read = reading::read(&text);
        if read.is_empty() {
            read.extend(event.map(unexplained));
        }
        for mut diagnosis in read {
            if let Some(event) = event {
                diagnosis.logical_id = Some(event.logical_id.clone());
                diagnosis.resource_type = Some(event.resource_type.clone());
            }
            if diagnosis.principal.is_none() && diagnosis.kind.is_denial() {
                diagnosis.principal.clone_from(&evidence.principal);
            }
            if !found.iter().any(|other| is_same(other, &diagnosis)) {
                diagnosis.verified = verify::verified(&diagnosis);
                found.push(diagnosis);
            }
        }
    }
    if found.iter().any(|diagnosis| diagnosis.kind != Kind::RollbackNoise) {
        found.retain(|diagnosis| diagnosis.kind != Kind::RollbackNoise);
    } else {
        found.truncate(1);
    }
    found
}

/// The cause of a failure that no row of the table fits.
pub const NOT_KNOWN: &str = "not-known";

/// An event in its own words.
fn unexplained(event: &crate::deploy::FailingEvent) -> Diagnosis {
    Diagnosis {
        kind: Kind::ServiceFailure,
        cause: NOT_KNOWN.to_owned(),
        principal: None,
        action: None,
        action_inferred: false,
        resource: None,
        layer: None,
        effect: None,
        policy: None,
        encoded_message: None,
        request_id: None,
        logical_id: Some(event.logical_id.clone()),
        resource_type: Some(event.resource_type.clone()),
        summary: format!("{} failed: {}", event.logical_id, event.reason.trim_end_matches('.')),
        remedy: "These are the service's own words; rlx knows no more. Mend what they name, then deploy again."
            .to_owned(),
        ask: None,
        statements: Vec::new(),
        verified: None,
        checked: None,
        evidence: event.reason.clone(),
    }
}

fn is_same(one: &Diagnosis, other: &Diagnosis) -> bool {
    let key = |d: &Diagnosis| (d.kind, d.principal.clone(), d.action.clone(), d.resource.clone());
    key(one) == key(other)
}

#[cfg(test)]
mod tests;
