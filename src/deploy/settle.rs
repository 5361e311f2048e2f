//! Brings a stack to where a change may begin: waits for what rlx itself began, clears away what is left of a
//! creation that failed.

use super::events::{self, Until};
use super::monitor::{self, Operation};
use super::progress::{Progress, ResourceEvent, Watch};
use super::stack::{Stack, State};
use super::{DeployError, TOKEN_PREFIX};
use crate::aws::{Aws, Named};
use std::fmt;

/// Something that only the user can decide.
#[derive(Debug, Clone)]
pub enum Question<'a> {
    /// The stack can only be deleted: shall it be, and made anew?
    Delete { stack: &'a str, status: &'a str },
    /// Somebody else changes it: wait?
    Wait { stack: &'a str, status: &'a str, by: &'a str },
}

impl fmt::Display for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delete { stack, status: "ROLLBACK_COMPLETE" } => write!(
                f,
                "Stack {stack} is in ROLLBACK_COMPLETE: its first deploy failed, and it holds nothing. \
                 It can only be deleted.\nDelete it and make it anew?"
            ),
            Self::Delete { stack, status } => write!(
                f,
                "Stack {stack} is in {status}, which can only be deleted, with every resource that is left in it.\n\
                 Delete it and make it anew?"
            ),
            Self::Wait { stack, status, by } => {
                write!(f, "Stack {stack} is being changed: {status}{by}.\nWait until that is done, and deploy then?")
            }
        }
    }
}

/// Answers a question with yes or no.
pub type Ask<'a> = &'a (dyn Fn(&Question<'_>) -> bool + Sync);

/// The stack when a change may begin; `None` where there is none (any more).
///
/// `own` is the id of the last deploy from this working tree: what it began, it may go on with.
pub(super) async fn settle(
    aws: &Aws,
    name: &str,
    stack: Option<Stack>,
    own: Option<&str>,
    wait: bool,
    ask: Ask<'_>,
    watch: Watch<'_>,
) -> Result<Option<Stack>, DeployError> {
    let mut found = stack;
    loop {
        let Some(stack) = found else { return Ok(None) };
        match stack.state() {
            State::Good | State::RolledBack | State::Stopped => return Ok(Some(stack)),
            State::Gone => return Ok(None),
            State::Stuck => return Err(DeployError::Stuck(Box::new(stack))),
            State::Busy => {
                wait_for(aws, &stack, own, wait, ask, watch).await?;
            }
            State::Empty => delete(aws, &stack, watch).await?,
            State::Wreck if !ask(&Question::Delete { stack: name, status: &stack.status }) => {
                return Err(DeployError::Wreck { stack: stack.name, status: stack.status });
            }
            State::Wreck => {
                watch(Progress::Warning(&format!(
                    "stack {name} is in {}, which can only be deleted: deleting it first",
                    stack.status
                )));
                delete(aws, &stack, watch).await?;
            }
        }
        found = Stack::describe(aws, name).await?;
    }
}

async fn wait_for(
    aws: &Aws,
    stack: &Stack,
    own: Option<&str>,
    wait: bool,
    ask: Ask<'_>,
    watch: Watch<'_>,
) -> Result<(), DeployError> {
    let events = events::read(aws, &stack.id, Until::Begin).await?;
    let token = events.first().and_then(|e| e.token.as_deref()).unwrap_or_default();
    let is_own = own.is_some_and(|own| token.starts_with(own));
    let by = begun(events.first());
    let question = Question::Wait { stack: &stack.name, status: &stack.status, by: &by };
    if !is_own && !wait && !ask(&question) {
        return Err(DeployError::Busy { stack: stack.name.clone(), status: stack.status.clone(), by });
    }
    let why = if is_own { "picking up the deploy that was cut off" } else { "waiting for the deploy that goes on" };
    watch(Progress::Step(why));
    monitor::follow(aws, &stack.id, Operation::Last, watch).await?;
    Ok(())
}

/// Who began an operation on a stack, and when, as it is added to a sentence.
fn begun(begin: Option<&ResourceEvent>) -> String {
    let Some(begin) = begin else { return String::new() };
    match author(begin.token.as_deref().unwrap_or_default()) {
        Some(author) => format!(", begun by {author} at {}", begin.time),
        None => format!(", begun at {}", begin.time),
    }
}

/// What a refused call means where the stack was not changing a moment before: somebody else was faster. CloudFormation
/// refuses changes of a stack in motion, and drops the change sets of one that has changed
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-execute.html>).
pub(super) async fn overtaken(aws: &Aws, stack: &str, error: DeployError) -> DeployError {
    let DeployError::Aws(call) = error else { return error };
    let code = call.code.as_str();
    let gone = code.contains("InvalidChangeSetStatus") || code.contains("ChangeSetNotFound");
    if call.service != "CloudFormation"
        || !(gone || code == "AlreadyExistsException" || call.message.contains("_IN_PROGRESS state and can"))
    {
        return DeployError::Aws(call);
    }
    let events = events::read(aws, stack, Until::Begin).await.unwrap_or_default();
    DeployError::Overtaken { stack: stack.to_owned(), by: begun(events.first()), call: Box::new(call) }
}

async fn delete(aws: &Aws, stack: &Stack, watch: Watch<'_>) -> Result<(), DeployError> {
    aws.cloudformation().delete_stack().stack_name(&stack.id).send().await.named("CloudFormation", "DeleteStack")?;
    let end = monitor::follow(aws, &stack.id, Operation::Last, watch).await?;
    if end.stack.as_ref().is_some_and(|s| s.state() == State::Wreck) {
        return Err(end.error(aws, &stack.name).await);
    }
    Ok(())
}

/// A token that tells whose operation it is: `rlx-<id>-by-<who>`.
pub(super) fn token(id: &str, who: &str) -> String {
    let who: String = who.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    // CloudFormation takes 128 characters.
    format!("{id}-by-{}", who.trim_matches('-')).chars().take(120).collect()
}

/// Whose operation a token stands for.
fn author(token: &str) -> Option<&str> {
    token.strip_prefix(TOKEN_PREFIX)?.split_once("-by-").map(|(_, who)| who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_who_deploys() {
        let token = token("rlx-20261123t211500-ab12cd", "ada@laptop.local");
        assert_eq!(token, "rlx-20261123t211500-ab12cd-by-ada-laptop-local");
        assert_eq!(author(&token), Some("ada-laptop-local"));
        assert_eq!(author("Console-CreateStack-1234"), None);
    }
}
