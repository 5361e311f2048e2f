//! A diagnosis against reality: what the policies of the denied principal say, and which statement decides.

use super::{Diagnosis, Effect, Kind, Layer, reading};
use crate::iam::evaluate::{Answer, Caller, Decision, Layer as Deciding, Policies, StatementRef, Why};
use crate::iam::preflight::{Asked, answer};
use crate::iam::requirements::Permission;
use serde::{Deserialize, Serialize};

/// What the policies say of the request that was denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Whose credentials rlx has at hand.
    pub caller: String,
    /// `allow`, `explicit_deny`, `implicit_deny`; null where the policies could not be read.
    pub decision: Option<String>,
    /// The statements that decide or nearly do, and why not; or why nothing is known.
    pub reasons: Vec<String>,
}

/// Whether reading policies can tell more about a diagnosis.
pub fn is_open(diagnosis: &Diagnosis) -> bool {
    let of_policies = matches!(
        diagnosis.kind,
        Kind::UnknownDeny
            | Kind::ImplicitDenyIdentity
            | Kind::ExplicitDenyIdentity
            | Kind::PermissionsBoundary
            | Kind::Passrole
            | Kind::S3Bare
    );
    of_policies && diagnosis.action.is_some()
}

/// Tells a diagnosis what the policies of its principal say. Where the message named no layer, the deciding one is
/// filled in.
pub fn apply(diagnosis: &mut Diagnosis, caller: &str, policies: &Policies) {
    let Some(principal) = diagnosis.principal.as_deref().and_then(Caller::from_arn) else { return };
    let Some(action) = diagnosis.action.clone() else { return };
    let told = diagnosis.statements.first().and_then(|statement| statement.pointer("/Resource/0"));
    let resource = told.and_then(serde_json::Value::as_str).or(diagnosis.resource.as_deref()).unwrap_or("*");
    let permission = Permission { action, resource: resource.to_owned(), passed_to: None };
    let found = answer(&Asked { permission, through_cloudformation: None }, &principal, policies);
    refine(diagnosis, &found);
    let decision = match found.decision {
        Decision::Allow => "allow",
        Decision::ExplicitDeny => "explicit_deny",
        Decision::ImplicitDeny => "implicit_deny",
    };
    diagnosis.checked =
        Some(Check { caller: caller.to_owned(), decision: Some(decision.to_owned()), reasons: reasons(&found) });
}

/// What could not be checked, and why.
pub fn unknown(diagnosis: &mut Diagnosis, caller: &str, reason: String) {
    diagnosis.checked = Some(Check { caller: caller.to_owned(), decision: None, reasons: vec![reason] });
}

/// The layer that decided, where the message kept it back.
fn refine(diagnosis: &mut Diagnosis, found: &Answer) {
    let layer = match found.denying_layer() {
        Some(Deciding::Identity) => Layer::Identity,
        Some(Deciding::Boundary) => Layer::Boundary,
        _ => return,
    };
    if !matches!(diagnosis.kind, Kind::UnknownDeny | Kind::S3Bare) || diagnosis.layer.is_some() {
        return;
    }
    diagnosis.layer = Some(layer);
    diagnosis.effect = Some(Effect::Implicit);
    if found.decision == Decision::ExplicitDeny {
        diagnosis.effect = Some(Effect::Explicit);
        diagnosis.policy = found.deciding.first().map(|statement| statement.policy.clone());
    }
    reading::explain_again(diagnosis);
}

fn reasons(found: &Answer) -> Vec<String> {
    match found.decision {
        Decision::Allow => {
            let allowing = found.deciding.iter().map(|statement| format!("{} allows it", named(statement)));
            let beyond = "what denied it is beyond these policies: a service control policy, a session policy, the \
                          resource's own policy, or they were changed since";
            allowing.chain([beyond.to_owned()]).collect()
        }
        Decision::ExplicitDeny => {
            found.deciding.iter().map(|statement| format!("{} denies it", named(statement))).collect()
        }
        Decision::ImplicitDeny => {
            let missing = found.missing.iter().map(|layer| format!("no {layer} allows it"));
            let near = found.near.iter().map(|near| {
                let why = near.why.iter().map(not_matching).collect::<Vec<_>>().join(" and ");
                format!("{} speaks of the action, but {why}", named(&near.statement))
            });
            missing.chain(near).collect()
        }
    }
}

/// `statement DenyBuckets of policy guard (permissions boundary)`.
fn named(statement: &StatementRef) -> String {
    let which = statement.sid.clone().unwrap_or_else(|| format!("number {}", statement.index + 1));
    format!("statement {which} of {} ({})", statement.policy, statement.layer)
}

fn not_matching(why: &Why) -> String {
    match why {
        Why::Resource { stated, negated: false } => format!("only on {}", stated.join(", ")),
        Why::Resource { stated, negated: true } => format!("not on {}", stated.join(", ")),
        Why::Principal => "for other principals".to_owned(),
        Why::Condition { operator, key, wanted, actual } => {
            let actual = actual.as_ref().map_or_else(
                || "the request does not carry it, as far as is known".to_owned(),
                |values| format!("it is {}", values.join(", ")),
            );
            format!("only if {key} {operator} {} ({actual})", wanted.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Evidence, diagnose};
    use crate::iam::evaluate::NamedPolicy;
    use crate::iam::policy::Policy;
    use serde_json::{Value, json};

    const ANN: &str = "arn:aws:iam::123456789012:user/ann";

    fn checked(statement: Value, boundary: Option<Value>) -> Diagnosis {
        let text = format!(
            "User: {ANN} is not authorized to perform: sqs:CreateQueue on resource: \
             arn:aws:sqs:eu-west-1:123456789012:jobs"
        );
        let mut found = diagnose(&Evidence::text(text)).remove(0);
        let named = |name: &str, statement: Value| {
            let policy = Policy::from_value(&json!({ "Version": "2012-10-17", "Statement": [statement] })).unwrap();
            NamedPolicy { name: name.into(), policy }
        };
        let policies = Policies {
            identity: vec![named("work", statement)],
            boundary: boundary.map(|statement| named("fence", statement)),
            ..Policies::default()
        };
        apply(&mut found, ANN, &policies);
        found
    }

    #[test]
    fn the_statement_that_denies_is_named_and_becomes_the_cause() {
        let found = checked(json!({ "Sid": "NoQueues", "Effect": "Deny", "Action": "sqs:*", "Resource": "*" }), None);
        assert_eq!(found.kind, Kind::ExplicitDenyIdentity);
        assert_eq!(found.policy.as_deref(), Some("work"));
        assert!(found.statements.is_empty());
        assert_eq!(found.checked.unwrap().reasons, ["statement NoQueues of work (identity policy) denies it"]);
    }

    #[test]
    fn a_boundary_that_leaves_the_action_out_is_the_cause() {
        let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        let found = checked(all, Some(json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" })));
        assert_eq!(found.kind, Kind::PermissionsBoundary);
        assert!(found.ask.is_some());
    }

    #[test]
    fn a_statement_for_another_resource_is_told() {
        let other = "arn:aws:sqs:eu-west-1:123456789012:other";
        let found = checked(json!({ "Effect": "Allow", "Action": "sqs:CreateQueue", "Resource": other }), None);
        assert_eq!(found.kind, Kind::ImplicitDenyIdentity);
        let reasons = found.checked.unwrap().reasons;
        assert_eq!(reasons[0], "no identity policy allows it");
        assert_eq!(
            reasons[1],
            format!("statement number 1 of work (identity policy) speaks of the action, but only on {other}")
        );
    }

    #[test]
    fn policies_that_allow_it_are_said_not_to_be_the_cause() {
        let found = checked(json!({ "Effect": "Allow", "Action": "sqs:*", "Resource": "*" }), None);
        assert_eq!(found.kind, Kind::UnknownDeny);
        assert_eq!(found.checked.unwrap().decision.as_deref(), Some("allow"));
    }
}
