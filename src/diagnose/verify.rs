//! Whether the statements of a remedy would allow the request that was denied.

use super::{Diagnosis, remedy};
use crate::iam::evaluate::{Caller, NamedPolicy, Policies, Request, evaluate};
use crate::iam::policy::Policy;
use serde_json::{Value, json};

/// Asks the evaluator, with nothing but the statements as the caller's policies: `None` where the message
/// does not tell enough to make a request of it.
pub fn verified(diagnosis: &Diagnosis) -> Option<bool> {
    let statement = diagnosis.statements.first()?;
    let action = diagnosis.action.as_deref()?;
    // What a federated user's session was given is not known.
    let caller = Caller::from_arn(diagnosis.principal.as_deref()?)
        .filter(|caller| !matches!(caller, Caller::FederatedUser { .. }))?;
    // The resource of the statement is the one that was asked for, made an ARN.
    let resource = statement.pointer("/Resource/0").and_then(Value::as_str).unwrap_or("*").replace('*', "x");
    let mut request = Request::new(caller, action, resource);
    if let Some(service) = statement.pointer("/Condition/StringEquals/iam:PassedToService").and_then(Value::as_str) {
        request = request.with("iam:PassedToService", service);
    }
    let policy = Policy::from_value(&json!({ "Version": "2012-10-17", "Statement": diagnosis.statements })).ok()?;
    let policies =
        Policies { identity: vec![NamedPolicy { name: "the statements above".into(), policy }], ..Policies::default() };
    // A resource of another account must allow too, which no identity policy mends.
    if request.is_cross_account() || of_another_account(diagnosis) {
        return None;
    }
    Some(evaluate(&request, &policies).is_allowed())
}

fn of_another_account(diagnosis: &Diagnosis) -> bool {
    let account = |arn: &Option<String>| remedy::account(arn.as_deref());
    matches!((account(&diagnosis.principal), account(&diagnosis.resource)), (Some(own), Some(other)) if own != other)
}

#[cfg(test)]
mod tests {
    use crate::diagnose::{Evidence, diagnose};

    #[test]
    fn the_statement_shown_allows_the_request_that_was_denied() {
        let text = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sqs:CreateQueue \
                    on resource: arn:aws:sqs:eu-west-1:123456789012:jobs because no identity-based policy allows \
                    the sqs:CreateQueue action";
        assert_eq!(diagnose(&Evidence::text(text))[0].verified, Some(true));
    }

    #[test]
    fn nothing_is_said_of_resources_of_another_account() {
        let text = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sqs:SendMessage \
                    on resource: arn:aws:sqs:eu-west-1:210987654321:jobs";
        assert_eq!(diagnose(&Evidence::text(text))[0].verified, None);
    }
}
