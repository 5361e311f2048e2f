//! Continues an update rollback that failed, past the resources that cannot be undone.

use super::DeployError;
use super::events::{self, Until};
use super::interrupt::{Doing, Stoppable};
use super::monitor::{self, Operation};
use super::progress::{Progress, ResourceEvent, Watch};
use super::record::FailingEvent;
use super::settle::token;
use super::stack::{Stack, State};
use super::{End, TOKEN_PREFIX};
use crate::aws::{Aws, Named};

/// What stopped the rollback of a stack: these resources must be mended, or skipped.
///
/// # Errors
/// AWS could not be asked.
pub async fn stuck_on(aws: &Aws, stack: &Stack) -> Result<Vec<FailingEvent>, DeployError> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), events::read(aws, &stack.id, Until::Begin).await?, 0)];
    while let Some((prefix, events, depth)) = open.pop() {
        for event in not_undone(&events) {
            let nested = event.physical_id.as_deref().filter(|_| event.resource_type == "AWS::CloudFormation::Stack");
            if let (Some(nested), true) = (nested, depth < events::DEPTH) {
                let inner = events::read(aws, nested, Until::Begin).await?;
                if not_undone(&inner).next().is_some() {
                    open.push((format!("{prefix}{}/", event.logical_id), inner, depth + 1));
                    continue;
                }
            }
            found.push(events::failing(&prefix, event));
        }
    }
    found.sort_by_key(|event| event.time);
    Ok(found)
}

/// The resources that the last try to undo an update stopped at. What failed before it began caused it, and what
/// stopped an earlier try may be mended.
fn not_undone(events: &[ResourceEvent]) -> impl Iterator<Item = &ResourceEvent> {
    let begun = events.iter().rposition(|e| e.is_of_stack() && e.status.ends_with("ROLLBACK_IN_PROGRESS"));
    let tried = begun.and_then(|at| events.get(at..)).unwrap_or_default();
    events::real_failures(tried).filter(|e| e.status == "UPDATE_FAILED")
}

/// What a resource is called where it shall be skipped: one of a nested stack by that stack's name, not its logical id
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html>).
pub fn skip_name(event: &FailingEvent, stack: &Stack) -> String {
    let id = event.logical_id.rsplit('/').next().unwrap_or_default();
    match event.stack_id.split('/').nth(1) {
        Some(nested) if event.stack_id != stack.id => format!("{nested}.{id}"),
        _ => id.to_owned(),
    }
}

/// Continues the rollback; `skip` are logical ids that CloudFormation leaves as they are.
pub async fn resume(
    aws: &Aws,
    stack: &Stack,
    skip: &[String],
    who: &str,
    watch: Watch<'_>,
) -> Result<End, DeployError> {
    let id = format!("{TOKEN_PREFIX}{}", super::bucket::hex(&fastrand::u64(..).to_be_bytes()));
    let token = token(&id, who);
    aws.cloudformation()
        .continue_update_rollback()
        .stack_name(&stack.id)
        .client_request_token(&token)
        .set_resources_to_skip((!skip.is_empty()).then(|| skip.to_vec()))
        .send()
        .await
        .named("CloudFormation", "ContinueUpdateRollback")?;
    follow(aws, stack, Operation::Token(&token), watch).await
}

/// Waits for the end of a rollback that goes on.
///
/// # Errors
/// It failed, AWS could not be asked, or the user stopped waiting.
pub async fn follow(aws: &Aws, stack: &Stack, operation: Operation<'_>, watch: Watch<'_>) -> Result<End, DeployError> {
    let stoppable = Stoppable::new(&stack.name, Doing::Continuing);
    let tell = |progress: Progress<'_>| stoppable.tell(progress, watch);
    let followed = async { Ok(monitor::follow(aws, &stack.id, operation, &tell).await?) };
    let end = stoppable.run(followed).await?;
    match State::of(&end.status) {
        State::RolledBack | State::Good => Ok(end),
        _ => Err(end.error(aws, &stack.name).await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(logical_id: &str, status: &str) -> ResourceEvent {
        events::tests::event(logical_id, status, "")
    }

    #[test]
    fn only_what_the_last_try_to_undo_stopped_at_is_in_the_way() {
        let events = [
            event("stack", "UPDATE_IN_PROGRESS"),
            event("Cause", "UPDATE_FAILED"),
            event("stack", "UPDATE_ROLLBACK_IN_PROGRESS"),
            event("Mended", "UPDATE_FAILED"),
            event("stack", "UPDATE_ROLLBACK_FAILED"),
            event("stack", "UPDATE_ROLLBACK_IN_PROGRESS"),
            event("New", "DELETE_FAILED"),
            event("Still", "UPDATE_FAILED"),
            event("stack", "UPDATE_ROLLBACK_FAILED"),
        ];
        let found: Vec<_> = not_undone(&events).map(|e| e.logical_id.as_str()).collect();
        assert_eq!(found, ["Still"]);
    }
}
