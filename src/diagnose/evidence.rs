//! What a failure left behind: texts, stack events, the error of a call.

use crate::aws::{AwsError, NO_CREDENTIALS};
use crate::deploy::{DeployError, DeployRecord, FailingEvent};
use serde_json::Value;

/// The evidence of a failure, the likeliest root first.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Events of stacks that failed, oldest first.
    pub events: Vec<FailingEvent>,
    /// Any other text: a log, the message of a failed call.
    pub text: Option<String>,
    /// Who ran the deploy, where the message does not say it.
    pub principal: Option<String>,
}

impl Evidence {
    /// A text that somebody pasted. The answer of `aws cloudformation describe-stack-events` is read as events.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let events = stack_events(&text);
        let text = if events.is_empty() { Some(text) } else { None };
        Self { events, text, principal: None }
    }

    /// Events of a stack.
    pub fn events(events: Vec<FailingEvent>) -> Self {
        Self { events, ..Self::default() }
    }

    /// What a deploy left in its record.
    pub fn record(record: &DeployRecord) -> Self {
        Self {
            events: record.failing_events.clone(),
            text: record.call_error.as_ref().map(call_text),
            principal: record.principal.clone(),
        }
    }

    /// What a deploy failed with.
    pub fn of_error(error: &DeployError) -> Self {
        let text = match error {
            DeployError::Aws(call) => Some(call_text(call)),
            DeployError::Refused { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        Self { events: error.causes().to_vec(), text, principal: None }
    }

    /// What is read, in order: each event in one line as CloudFormation's tables print it, then the text.
    pub(super) fn texts(&self) -> Vec<(String, Option<&FailingEvent>)> {
        let line = |event: &FailingEvent| {
            format!("{}  {}  {}  {}", event.status, event.resource_type, event.logical_id, event.reason)
        };
        let events = self.events.iter().flat_map(|event| {
            // The log of a custom resource's function knows more than CloudFormation's row.
            let log = (!event.log.is_empty()).then(|| (event.log.join("\n"), Some(event)));
            log.into_iter().chain([(line(event), Some(event))])
        });
        events.chain(self.text.iter().map(|text| (text.clone(), None))).collect()
    }
}

/// A failed call in the words of the Go SDK and Terraform, which name service and operation.
fn call_text(error: &AwsError) -> String {
    if error.code == NO_CREDENTIALS {
        return format!("Unable to locate credentials: {}", error.message);
    }
    let id = error.request_id.as_deref().map(|id| format!(", RequestID: {id}")).unwrap_or_default();
    let (service, operation, code, message) = (&error.service, &error.operation, &error.code, &error.message);
    format!("operation error {service}: {operation}, https response error{id}, api error {code}: {message}")
}

/// The failed events of an answer of DescribeStackEvents, oldest first; none where the text is something else.
fn stack_events(text: &str) -> Vec<FailingEvent> {
    let start = text.find('{').unwrap_or(text.len());
    let Ok(answer) = serde_json::from_str::<Value>(text[start..].trim_end()) else { return Vec::new() };
    let Some(rows) = answer.get("StackEvents").and_then(Value::as_array) else { return Vec::new() };
    let mut events: Vec<FailingEvent> = rows.iter().filter_map(failing_event).collect();
    // CloudFormation tells the newest first.
    events.reverse();
    events.sort_by_key(|event| event.time);
    events
}

fn failing_event(row: &Value) -> Option<FailingEvent> {
    let field = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (status, reason) = (field("ResourceStatus"), field("ResourceStatusReason"));
    if !status.ends_with("_FAILED") || reason.is_empty() {
        return None;
    }
    Some(FailingEvent {
        logical_id: field("LogicalResourceId"),
        resource_type: field("ResourceType"),
        status,
        reason,
        time: field("Timestamp").parse().unwrap_or_default(),
        stack_id: field("StackId"),
        physical_id: Some(field("PhysicalResourceId")).filter(|id| !id.is_empty()),
        log: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Kind, diagnose};

    #[test]
    fn events_of_the_cli_are_read_oldest_first() {
        let text = r#"{"StackEvents": [
            {"Timestamp": "2024-01-01T10:00:09Z", "LogicalResourceId": "B", "ResourceType": "AWS::S3::Bucket",
             "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "shop-data already exists"},
            {"Timestamp": "2024-01-01T10:00:01Z", "LogicalResourceId": "A", "ResourceType": "AWS::SQS::Queue",
             "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "API: sqs:CreateQueue Access denied"},
            {"Timestamp": "2024-01-01T10:00:00Z", "LogicalResourceId": "C", "ResourceType": "AWS::SQS::Queue",
             "ResourceStatus": "CREATE_COMPLETE"}]}"#;
        let found = diagnose(&Evidence::text(text));
        assert_eq!(found[0].action.as_deref(), Some("sqs:CreateQueue"));
        assert_eq!(found[0].logical_id.as_deref(), Some("A"));
        assert_eq!(found[1].kind, Kind::AlreadyExists);
    }

    #[test]
    fn a_failed_call_of_our_own_names_its_action() {
        let error = AwsError {
            service: "CloudFormation".into(),
            operation: "CreateChangeSet".into(),
            code: "AccessDenied".into(),
            message: "Access denied".into(),
            request_id: None,
            http_status: Some(403),
        };
        let found = diagnose(&Evidence::of_error(&DeployError::Aws(error)));
        assert_eq!(found[0].action.as_deref(), Some("cloudformation:CreateChangeSet"));
        assert!(found[0].action_inferred);
    }

    #[test]
    fn a_call_without_credentials_was_refused_by_nobody() {
        let error = AwsError {
            service: "CloudFormation".into(),
            operation: "DescribeStacks".into(),
            code: NO_CREDENTIALS.into(),
            message: "the profile gives none".into(),
            request_id: None,
            http_status: None,
        };
        let found = diagnose(&Evidence::of_error(&DeployError::Aws(error)));
        assert_eq!((found[0].kind, found[0].action.as_deref()), (Kind::CredentialsInvalid, None));
    }

    #[test]
    fn an_event_that_no_row_fits_keeps_its_own_words() {
        let event = FailingEvent {
            logical_id: "Nested/Broken".into(),
            resource_type: "AWS::Acme::Thing".into(),
            status: "CREATE_FAILED".into(),
            reason: "the moon is in the wrong house".into(),
            time: jiff::Timestamp::UNIX_EPOCH,
            stack_id: String::new(),
            physical_id: None,
            log: Vec::new(),
        };
        let found = diagnose(&Evidence::events(vec![event]));
        assert_eq!(found[0].summary, "Nested/Broken failed: the moon is in the wrong house");
    }
}
