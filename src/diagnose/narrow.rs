//! Statements for a resource that the message did not name, narrowed to the ones that the service has.

use super::{Diagnosis, Kind, remedy, verify};
use crate::iam::catalogue;
use crate::iam::preflight::with_account;
use crate::iam::requirements::Requirements;
use serde_json::json;
use std::collections::BTreeSet;

/// Whether a diagnosis has a statement for a resource that the message kept back, and the action works on resources.
pub fn is_open(diagnosis: &Diagnosis) -> bool {
    let action = diagnosis.action.as_deref().and_then(catalogue::action);
    diagnosis.resource.is_none()
        && diagnosis.kind != Kind::ExecutionRoleLacks
        && action.is_some_and(|action| !action.wants_any_resource())
        && diagnosis.statements.iter().any(|statement| statement["Resource"] == json!(["*"]))
}

/// Replaces the `*` of such a statement by what the deploy of this service needs the action on: for the resource of
/// the template that failed, or, where the message is of no resource, for all. Nothing changes where the deploy does
/// not need the action, or needs it on everything.
pub fn narrow(diagnoses: &mut [Diagnosis], required: &Requirements) {
    for diagnosis in diagnoses.iter_mut().filter(|diagnosis| is_open(diagnosis)) {
        let Some(action) = diagnosis.action.as_deref().and_then(catalogue::action) else { continue };
        let account = remedy::account(diagnosis.principal.as_deref()).unwrap_or_else(|| "*".to_owned());
        let of = match diagnosis.logical_id.as_deref() {
            Some(logical_id) => &required.needed_by(&[logical_id]),
            None => required,
        };
        let having = of.iter().filter(|(permission, _)| permission.action == action.name());
        let resources: BTreeSet<String> =
            having.map(|(permission, _)| with_account(&permission.resource, &account)).collect();
        if resources.is_empty() || resources.contains("*") {
            continue;
        }
        for statement in diagnosis.statements.iter_mut().filter(|statement| statement["Resource"] == json!(["*"])) {
            statement["Resource"] = json!(resources);
        }
        diagnosis.remedy.push_str(match &diagnosis.logical_id {
            Some(_) => " The message names no resource: this is what the template says.",
            None => " The message names no resource: these are the ones of this service.",
        });
        diagnosis.verified = verify::verified(diagnosis);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Evidence, diagnose};
    use crate::iam::requirements::Need;

    fn denied(action: &str) -> Vec<Diagnosis> {
        diagnose(&Evidence::text(format!(
            "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: {action} because no identity-based \
             policy allows the {action} action"
        )))
    }

    /// An action that these resources of the template need, each on a queue of its name.
    fn required(action: &str, logical_ids: &[&str]) -> Requirements {
        let mut required = Requirements::default();
        for id in logical_ids {
            let queue = format!("arn:aws:sqs:eu-west-1:*:{}", id.to_lowercase());
            required.add(action, &queue, None, Need::Resource((*id).to_owned()));
        }
        required
    }

    #[test]
    fn a_statement_without_a_resource_gets_those_of_the_service() {
        let mut found = denied("sqs:CreateQueue");
        narrow(&mut found, &required("sqs:CreateQueue", &["Jobs", "Mails"]));
        let queues = ["arn:aws:sqs:eu-west-1:123456789012:jobs", "arn:aws:sqs:eu-west-1:123456789012:mails"];
        assert_eq!(found[0].statements[0]["Resource"], json!(queues));
        assert_eq!(found[0].verified, Some(true));
    }

    #[test]
    fn what_failed_for_a_resource_of_the_template_gets_that_one() {
        let mut found = denied("sqs:CreateQueue");
        found[0].logical_id = Some("Mails".to_owned());
        narrow(&mut found, &required("sqs:CreateQueue", &["Jobs", "Mails"]));
        assert_eq!(found[0].statements[0]["Resource"], json!(["arn:aws:sqs:eu-west-1:123456789012:mails"]));
        // A resource of a nested stack is not of this template.
        let mut found = denied("sqs:CreateQueue");
        found[0].logical_id = Some("Nested/Mails".to_owned());
        narrow(&mut found, &required("sqs:CreateQueue", &["Jobs", "Mails"]));
        assert_eq!(found[0].statements[0]["Resource"], json!(["*"]));
    }

    #[test]
    fn what_the_service_does_not_do_or_needs_on_everything_stays() {
        let mut everything = Requirements::default();
        everything.add("sqs:CreateQueue", "*", None, Need::Rlx("stack"));
        for required in [required("sqs:TagQueue", &["Jobs"]), everything] {
            let mut found = denied("sqs:CreateQueue");
            let before = found.clone();
            narrow(&mut found, &required);
            assert_eq!(found, before);
        }
    }
}
