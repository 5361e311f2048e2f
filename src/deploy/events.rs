//! The events of a stack: what failed first, and which of them only follow.

use super::progress::ResourceEvent;
use super::record::FailingEvent;
use super::stack::time;
use super::validation;
use crate::aws::{Aws, AwsError, Named};
use std::collections::HashSet;

/// How deep nested stacks are followed.
pub(super) const DEPTH: usize = 4;

/// Where reading a stack's events may stop, newest first.
pub(super) enum Until<'a> {
    /// At events that were seen before.
    Seen(&'a HashSet<String>),
    /// At the begin of the last operation on the stack.
    Begin,
}

/// The events of a stack, oldest first.
pub(super) async fn read(aws: &Aws, stack: &str, until: Until<'_>) -> Result<Vec<ResourceEvent>, AwsError> {
    let mut events = Vec::new();
    let mut next = None;
    'pages: loop {
        let page = aws
            .cloudformation()
            .describe_stack_events()
            .stack_name(stack)
            .set_next_token(next)
            .send()
            .await
            .named("CloudFormation", "DescribeStackEvents")?;
        next = page.next_token;
        for event in page.stack_events.unwrap_or_default().into_iter().map(ResourceEvent::from) {
            match until {
                Until::Seen(seen) if seen.contains(&event.id) => break 'pages,
                Until::Begin if is_begin(&event) => {
                    events.push(event);
                    break 'pages;
                }
                _ => events.push(event),
            }
        }
        if next.is_none() {
            break;
        }
    }
    events.reverse();
    Ok(events)
}

/// What failed in the last operation on a stack, the root cause first.
pub async fn failures(aws: &Aws, stack: &str) -> Result<Vec<FailingEvent>, AwsError> {
    let events = read(aws, stack, Until::Begin).await?;
    Ok(causes(aws, &events).await)
}

/// The stack's ARN, where the last operation on it is the one of this token: a call whose answer was lost, and that
/// was refused when it was repeated, did what it should.
pub(super) async fn begun_by(aws: &Aws, stack: &str, token: &str) -> Option<String> {
    let events = read(aws, stack, Until::Begin).await.ok()?;
    events.into_iter().next().filter(|begin| begin.token.as_deref() == Some(token)).map(|begin| begin.stack_id)
}

/// The first event of an operation on a stack.
fn is_begin(event: &ResourceEvent) -> bool {
    event.is_of_stack()
        && matches!(
            event.status.as_str(),
            "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "DELETE_IN_PROGRESS" | "IMPORT_IN_PROGRESS"
        )
}

/// What failed in an operation, the root cause first; nested stacks are looked into.
pub(super) async fn causes(aws: &Aws, events: &[ResourceEvent]) -> Vec<FailingEvent> {
    let mut found = Vec::new();
    let mut open: Vec<(String, Vec<ResourceEvent>, usize)> = vec![(String::new(), events.to_vec(), 0)];
    while let Some((prefix, events, depth)) = open.pop() {
        for event in real_failures(&events) {
            let nested = event.resource_type == "AWS::CloudFormation::Stack";
            if nested
                && depth < DEPTH
                && let Some(stack) = &event.physical_id
                // The events of a nested stack may be gone already: then its own row has to do.
                && let Ok(inner) = read(aws, stack, Until::Begin).await
                && inner.iter().any(ResourceEvent::is_failure)
            {
                open.push((format!("{prefix}{}/", event.logical_id), inner, depth + 1));
                continue;
            }
            let mut failing = failing(&prefix, event);
            // The row that failed names the hook; the hook's own row says why.
            let hook = events.iter().filter(|e| e.logical_id == event.logical_id).find_map(|e| e.hook.as_deref());
            if let (Some(hook), true) = (hook, failing.reason.contains("hook")) {
                failing.reason = format!("{} {hook}", failing.reason);
            }
            // A resource may fail again, for the same reason, while it is undone.
            let told = |earlier: &FailingEvent| {
                (&earlier.logical_id, &earlier.reason) == (&failing.logical_id, &failing.reason)
            };
            if !found.iter().any(told) {
                found.push(failing);
            }
        }
    }
    if let (true, Some(stack)) = (found.is_empty(), events.first()) {
        found = validation::of_stack(aws, &stack.stack_id).await;
    }
    if found.is_empty() {
        // Such as a template that a macro refused: only the stack itself tells.
        found.extend(
            events
                .iter()
                .filter(|e| e.is_of_stack() && e.reason.as_deref().is_some_and(|reason| !reason.is_empty()))
                .filter(|e| e.is_failure() || e.status.contains("ROLLBACK"))
                .map(|e| failing("", e)),
        );
    }
    found.sort_by_key(|event| event.time);
    found
}

/// Failures that are not the mere consequence of another one.
pub(super) fn real_failures(events: &[ResourceEvent]) -> impl Iterator<Item = &ResourceEvent> {
    events.iter().filter(|e| e.is_failure() && !e.is_of_stack() && !is_cancelled(e))
}

/// Whether CloudFormation gave up on the resource because another one failed.
pub(super) fn is_cancelled(event: &ResourceEvent) -> bool {
    event.reason.as_deref().is_some_and(means_cancelled)
}

/// CloudFormation's words for that.
pub(super) fn means_cancelled(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["creation", "update", "deletion"].iter().any(|what| reason.starts_with(&format!("resource {what} cancelled")))
}

pub(super) fn failing(prefix: &str, event: &ResourceEvent) -> FailingEvent {
    FailingEvent {
        logical_id: format!("{prefix}{}", event.logical_id),
        resource_type: event.resource_type.clone(),
        status: event.status.clone(),
        reason: event.reason.clone().unwrap_or_default(),
        time: event.time,
        stack_id: event.stack_id.clone(),
        physical_id: event.physical_id.clone().filter(|id| !id.is_empty()),
        log: event.log.clone(),
    }
}

impl From<aws_sdk_cloudformation::types::StackEvent> for ResourceEvent {
    fn from(event: aws_sdk_cloudformation::types::StackEvent) -> Self {
        let failed = event.hook_status.as_ref().is_some_and(|status| status.as_str().contains("FAILED"));
        let hook = event.hook_status_reason.filter(|_| failed);
        let hook = hook.map(|reason| format!("{}: {reason}", event.hook_type.unwrap_or_default()));
        Self {
            hook,
            id: event.event_id.unwrap_or_default(),
            logical_id: event.logical_resource_id.unwrap_or_default(),
            physical_id: event.physical_resource_id.filter(|id| !id.is_empty()),
            resource_type: event.resource_type.unwrap_or_default(),
            status: event.resource_status.map(|s| s.as_str().to_owned()).unwrap_or_default(),
            reason: event.resource_status_reason,
            time: event.timestamp.map(|t| time(&t)).unwrap_or_default(),
            stack_id: event.stack_id.unwrap_or_default(),
            token: event.client_request_token,
            seconds: None,
            log: Vec::new(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An event of a queue, or of the stack itself where the id is `stack`.
    pub fn event(logical_id: &str, status: &str, reason: &str) -> ResourceEvent {
        ResourceEvent {
            id: format!("{logical_id}-{status}"),
            logical_id: logical_id.into(),
            physical_id: (logical_id == "stack").then(|| "arn:stack".into()),
            resource_type: if logical_id == "stack" { "AWS::CloudFormation::Stack" } else { "AWS::SQS::Queue" }.into(),
            status: status.into(),
            reason: (!reason.is_empty()).then(|| reason.into()),
            time: jiff::Timestamp::UNIX_EPOCH,
            stack_id: "arn:stack".into(),
            token: None,
            seconds: None,
            hook: None,
            log: Vec::new(),
        }
    }

    #[test]
    fn a_cancelled_resource_is_not_a_cause() {
        let events = [
            event("stack", "CREATE_IN_PROGRESS", "User Initiated"),
            event("A", "CREATE_FAILED", "Resource creation cancelled"),
            event("B", "CREATE_FAILED", "Queue already exists"),
            event("stack", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [A, B]."),
        ];
        let causes: Vec<_> = real_failures(&events).map(|e| e.logical_id.as_str()).collect();
        assert_eq!(causes, ["B"]);
    }

    #[test]
    fn an_operation_begins_with_the_stack_in_progress_and_not_with_a_rollback() {
        assert!(is_begin(&event("stack", "UPDATE_IN_PROGRESS", "User Initiated")));
        assert!(!is_begin(&event("stack", "UPDATE_ROLLBACK_IN_PROGRESS", "")));
        assert!(!is_begin(&event("A", "UPDATE_IN_PROGRESS", "")));
    }
}
