//! What CloudFormation's early validation and hooks say of an operation that they refused
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html>).

use super::events;
use super::record::FailingEvent;
use super::stack::time;
use crate::aws::Aws;
use aws_sdk_cloudformation::types::{EventFilter, OperationEvent};

/// What was wrong with a change set; nothing where the endpoint has no such call.
pub(super) async fn of_change_set(aws: &Aws, stack_id: &str, change_set: &str) -> Vec<FailingEvent> {
    let answer = aws.cloudformation().describe_events().change_set_name(change_set).filters(failed()).send().await;
    let events = answer.ok().and_then(|answer| answer.operation_events).unwrap_or_default();
    told(events, stack_id)
}

/// What was wrong with the last operation on a stack; nothing where the endpoint has no such call.
pub(super) async fn of_stack(aws: &Aws, stack_id: &str) -> Vec<FailingEvent> {
    let answer = aws.cloudformation().describe_events().stack_name(stack_id).filters(failed()).send().await;
    let mut events = answer.ok().and_then(|answer| answer.operation_events).unwrap_or_default();
    events.retain(is_refusal);
    // The newest operation alone; the newest events come first.
    events.sort_by_key(|event| std::cmp::Reverse(event.timestamp.map(|t| t.secs())));
    let newest = events.first().and_then(|event| event.operation_id.clone());
    events.retain(|event| event.operation_id == newest);
    told(events, stack_id)
}

fn failed() -> EventFilter {
    EventFilter::builder().failed_events(true).build()
}

/// Whether an event says that something was refused, and not only warned of.
fn is_refusal(event: &OperationEvent) -> bool {
    let warns = |mode: Option<&str>| mode == Some("WARN");
    let fails = |status: Option<&str>| status.is_some_and(|status| status.ends_with("FAILED"));
    let validation = fails(event.validation_status.as_ref().map(|s| s.as_str()))
        && !warns(event.validation_failure_mode.as_ref().map(|m| m.as_str()));
    let hook = fails(event.hook_status.as_ref().map(|s| s.as_str()))
        && !warns(event.hook_failure_mode.as_ref().map(|m| m.as_str()));
    let follows = event.resource_status_reason.as_deref().is_some_and(events::means_cancelled);
    validation || hook || (fails(event.resource_status.as_ref().map(|s| s.as_str())) && !follows)
}

/// The refusals, the earliest first.
fn told(events: Vec<OperationEvent>, stack_id: &str) -> Vec<FailingEvent> {
    let refusals = events.into_iter().filter(is_refusal);
    let mut causes: Vec<FailingEvent> = refusals.filter_map(|event| failing(event, stack_id)).collect();
    // The stack's own row only says that there are others.
    if causes.iter().any(|cause| cause.resource_type != "AWS::CloudFormation::Stack") {
        causes.retain(|cause| cause.resource_type != "AWS::CloudFormation::Stack");
    }
    causes.sort_by_key(|cause| cause.time);
    causes
}

fn failing(event: OperationEvent, stack_id: &str) -> Option<FailingEvent> {
    let hook = event.hook_type.unwrap_or_default();
    let hook = event.hook_status_reason.map(|reason| format!("{hook}: {reason}"));
    let reason = event.validation_status_reason.or(hook).or(event.resource_status_reason)?;
    Some(FailingEvent {
        logical_id: event.logical_resource_id.unwrap_or_default(),
        resource_type: event.resource_type.unwrap_or_default(),
        status: "VALIDATION_FAILED".to_owned(),
        reason: match event.validation_path {
            Some(path) => format!("{reason} (at {path})"),
            None => reason,
        },
        time: event.timestamp.map(|t| time(&t)).unwrap_or_default(),
        stack_id: stack_id.to_owned(),
        physical_id: event.physical_resource_id.filter(|id| !id.is_empty()),
        log: Vec::new(),
    })
}
