//! What CloudFormation's early validation and hooks say of an operation that they refused
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html>).

use super::record::FailingEvent;
use super::stack::time;
use crate::aws::Aws;
use aws_sdk_cloudformation::types::{EventFilter, OperationEvent};

/// What was wrong with a change set; nothing where the endpoint has no such call.
pub(super) async fn of_change_set(aws: &Aws, stack_id: &str, change_set: &str) -> Vec<FailingEvent> {
    let answer = aws.cloudformation().describe_events().change_set_name(change_set).send().await;
    let events = answer.ok().and_then(|answer| answer.operation_events).unwrap_or_default();
    events.into_iter().filter_map(|event| failing(event, stack_id)).collect()
}

/// What was wrong with the last operation on a stack; nothing where the endpoint has no such call.
pub(super) async fn of_stack(aws: &Aws, stack_id: &str) -> Vec<FailingEvent> {
    let failed = EventFilter::builder().failed_events(true).build();
    let answer = aws.cloudformation().describe_events().stack_name(stack_id).filters(failed).send().await;
    let mut events = answer.ok().and_then(|answer| answer.operation_events).unwrap_or_default();
    // The newest operation alone; the newest events come first.
    events.sort_by_key(|event| std::cmp::Reverse(event.timestamp.map(|t| t.secs())));
    let newest = events.first().and_then(|event| event.operation_id.clone());
    events.retain(|event| event.operation_id == newest);
    events.into_iter().filter_map(|event| failing(event, stack_id)).collect()
}

fn failing(event: OperationEvent, stack_id: &str) -> Option<FailingEvent> {
    let reason = event.validation_status_reason.or(event.hook_status_reason).or(event.resource_status_reason)?;
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
