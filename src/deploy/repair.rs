//! Continues an update rollback that failed, past the resources that cannot be undone.

use super::DeployError;
use super::events::{self, Until};
use super::monitor::{self, Operation};
use super::progress::Watch;
use super::record::FailingEvent;
use super::settle::token;
use super::stack::{Stack, State};
use super::{End, TOKEN_PREFIX};
use crate::aws::{Aws, Named};

/// What stopped the rollback of a stack: these resources must be mended, or skipped.
pub async fn stuck_on(aws: &Aws, stack: &Stack) -> Result<Vec<FailingEvent>, DeployError> {
    let events = events::read(aws, &stack.id, Until::Begin).await?;
    // Only what failed after the rollback began stops it; what failed before caused it.
    let begun = events.iter().position(|e| e.is_of_stack() && e.status.ends_with("ROLLBACK_IN_PROGRESS"));
    let after = begun.and_then(|at| events.get(at..)).unwrap_or(&events);
    Ok(events::causes(aws, after).await)
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
    let end = monitor::follow(aws, &stack.id, Operation::Token(&token), watch).await?;
    match State::of(&end.status) {
        State::RolledBack | State::Good => Ok(end),
        _ => Err(end.error(aws, &stack.name).await),
    }
}
