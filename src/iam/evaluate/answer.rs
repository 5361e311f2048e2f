//! A decision and its reasons.

use crate::iam::policy::Effect;

/// A kind of policy that takes part in a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Policies of the user, its groups or the role.
    Identity,
    /// The policy of the resource, or the trust policy of a role.
    Resource,
    /// The permissions boundary of the user or role.
    Boundary,
    /// Policies that a session was started with.
    Session,
    /// Service control policies of the organization.
    Scp,
    /// Resource control policies of the organization.
    Rcp,
    /// The policy of the VPC endpoint that the request goes through.
    Endpoint,
}

/// The outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Allow,
    /// A statement denies.
    ExplicitDeny,
    /// A layer that must allow does not.
    ImplicitDeny,
}

/// A statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRef {
    pub layer: Layer,
    /// Name or ARN of the policy.
    pub policy: String,
    /// Position among the policy's statements, from 0.
    pub index: usize,
    pub sid: Option<String>,
    pub effect: Effect,
    /// Condition keys that the request does not carry, and whose absence made a condition hold.
    pub absent_keys: Vec<String>,
}

/// Why a statement for the action does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It names other resources.
    Resource { stated: Vec<String>, negated: bool },
    /// It names other principals.
    Principal,
    /// A condition does not hold. `actual` is `None` where the request does not carry the key.
    Condition { operator: String, key: String, wanted: Vec<String>, actual: Option<Vec<String>> },
}

/// An `Allow` that speaks of the action but does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    pub statement: StatementRef,
    pub why: Vec<Why>,
}

/// A decision and its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub decision: Decision,
    /// The statements that decided: the `Deny`, or the `Allow` of each layer that had to allow.
    pub deciding: Vec<StatementRef>,
    /// With an implicit denial: the layers that would have to allow and do not, in the order of evaluation.
    pub missing: Vec<Layer>,
    /// What nearly allowed, in the layers that are missing.
    pub near: Vec<NearMiss>,
}

impl Answer {
    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        self.decision == Decision::Allow
    }

    /// The layer where a denial must be dealt with.
    pub fn denying_layer(&self) -> Option<Layer> {
        match self.decision {
            Decision::Allow => None,
            Decision::ExplicitDeny => self.deciding.first().map(|s| s.layer),
            Decision::ImplicitDeny => self.missing.first().copied(),
        }
    }

    /// Condition keys that the request may carry in truth and that could change this answer.
    pub fn open_keys(&self) -> Vec<&str> {
        let absent = self.deciding.iter().flat_map(|s| s.absent_keys.iter().map(String::as_str));
        let missed =
            self.near.iter().filter(|n| n.why.iter().all(|w| matches!(w, Why::Condition { actual: None, .. })));
        let missed = missed.flat_map(|n| &n.why).filter_map(|w| match w {
            Why::Condition { key, .. } => Some(key.as_str()),
            _ => None,
        });
        let mut keys: Vec<&str> = absent.chain(missed).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity policy",
            Self::Resource => "resource policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Scp => "service control policy",
            Self::Rcp => "resource control policy",
            Self::Endpoint => "VPC endpoint policy",
        })
    }
}
