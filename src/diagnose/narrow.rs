//! Statements for a resource that the message did not name, narrowed to the ones that the service has.

use super::{Diagnosis, remedy, verify};
use crate::iam::catalogue;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Replaces the `*` of a statement whose resource the message kept back by the resources on which the policies of
/// this service have the action. Nothing changes where they do not have it, or have it on everything.
pub fn narrow(diagnoses: &mut [Diagnosis], documents: &[Value]) {
    for diagnosis in diagnoses.iter_mut().filter(|diagnosis| diagnosis.resource.is_none()) {
        let Some(action) = diagnosis.action.as_deref().and_then(catalogue::action) else { continue };
        if action.wants_any_resource() {
            continue;
        }
        let resources = resources(action.name(), documents);
        if resources.is_empty() || resources.contains("*") {
            continue;
        }
        let unnamed = diagnosis.statements.iter_mut().filter(|statement| statement["Resource"] == json!(["*"]));
        let changed = unnamed.map(|statement| statement["Resource"] = json!(resources)).count();
        if changed > 0 {
            diagnosis.remedy.push_str(" The message names no resource: these are the ones of this service.");
            diagnosis.verified = verify::verified(diagnosis);
        }
    }
}

/// On what the policies have an action.
fn resources(action: &str, documents: &[Value]) -> BTreeSet<String> {
    let statements = documents.iter().flat_map(remedy::statements_of);
    let having = statements.filter(|statement| words(&statement["Action"]).contains(&action));
    having
        .flat_map(|statement| words(&statement["Resource"]).into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The words of a list, or the one that stands instead of a list.
fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Evidence, diagnose};

    fn denied(action: &str) -> Vec<Diagnosis> {
        diagnose(&Evidence::text(format!(
            "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: {action} because no identity-based \
             policy allows the {action} action"
        )))
    }

    fn policy(action: &str, resource: &str) -> Value {
        json!({ "Statement": [{ "Effect": "Allow", "Action": [action], "Resource": resource }] })
    }

    #[test]
    fn a_statement_without_a_resource_gets_those_of_the_service() {
        let stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-dev/*";
        let mut found = denied("cloudformation:CreateStack");
        narrow(&mut found, &[policy("cloudformation:CreateStack", stack)]);
        assert_eq!(found[0].statements[0]["Resource"], json!([stack]));
        assert_eq!(found[0].verified, Some(true));
    }

    #[test]
    fn what_the_service_does_not_do_or_needs_on_everything_stays() {
        for document in [policy("sqs:CreateQueue", "arn:aws:sqs:*:*:a"), policy("cloudformation:CreateStack", "*")] {
            let mut found = denied("cloudformation:CreateStack");
            let before = found.clone();
            narrow(&mut found, &[document]);
            assert_eq!(found, before);
        }
    }
}
