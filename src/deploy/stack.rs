//! A stack as CloudFormation describes it, and what its status allows.

use crate::aws::{Aws, AwsError, Named};
use serde::Serialize;

/// A stack.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// Its ARN.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Such as `UPDATE_COMPLETE`.
    pub status: String,
    /// Why it has that status.
    pub reason: Option<String>,
    /// When CloudFormation last changed it (made it, where it never changed since).
    pub changed: String,
    /// What it says of itself, in the template's order.
    pub outputs: Vec<Output>,
    /// Whether it refuses to be deleted.
    pub termination_protection: bool,
}

/// An output of a stack.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// Its name in the template.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What the template says of it.
    pub description: Option<String>,
}

/// What a status allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A change may begin, and the stack is what its last template says.
    Good,
    /// A change may begin; the last one was undone.
    RolledBack,
    /// A change may begin; the last one failed half-way and was left so (`--no-rollback`).
    Stopped,
    /// Something goes on.
    Busy,
    /// Only a change set was made; there are no resources.
    Empty,
    /// The first creation or the removal failed: it can only be deleted.
    Wreck,
    /// Undoing failed: it must be continued (`rlx continue`).
    Stuck,
    /// It was deleted.
    Gone,
}

impl State {
    /// Of a status such as `UPDATE_COMPLETE`
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>).
    pub fn of(status: &str) -> Self {
        match status {
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Self::Good,
            "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => Self::RolledBack,
            "CREATE_FAILED" | "UPDATE_FAILED" => Self::Stopped,
            "REVIEW_IN_PROGRESS" => Self::Empty,
            "UPDATE_ROLLBACK_FAILED" | "IMPORT_ROLLBACK_FAILED" => Self::Stuck,
            "DELETE_COMPLETE" => Self::Gone,
            "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" => Self::Wreck,
            _ => Self::Busy,
        }
    }
}

impl Stack {
    /// The stack of a name or ARN; `None` where there is none.
    pub async fn describe(aws: &Aws, name: &str) -> Result<Option<Self>, AwsError> {
        let answer = aws.cloudformation().describe_stacks().stack_name(name).send().await;
        match answer.named("CloudFormation", "DescribeStacks") {
            Ok(answer) => Ok(answer
                .stacks
                .unwrap_or_default()
                .into_iter()
                .map(Self::from)
                .next()
                // By its ARN, a stack can be asked for long after its end.
                .filter(|stack| stack.status != "DELETE_COMPLETE")),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What its status allows.
    pub fn state(&self) -> State {
        State::of(&self.status)
    }

    /// The value of an output.
    pub fn output(&self, key: &str) -> Option<&str> {
        self.outputs.iter().find(|o| o.key == key).map(|o| o.value.as_str())
    }
}

impl From<aws_sdk_cloudformation::types::Stack> for Stack {
    fn from(stack: aws_sdk_cloudformation::types::Stack) -> Self {
        let changed = stack.last_updated_time.or(stack.creation_time);
        Self {
            id: stack.stack_id.unwrap_or_default(),
            name: stack.stack_name.unwrap_or_default(),
            status: stack.stack_status.map(|s| s.as_str().to_owned()).unwrap_or_default(),
            reason: stack.stack_status_reason,
            changed: changed.map(|t| time(&t).to_string()).unwrap_or_default(),
            outputs: stack
                .outputs
                .unwrap_or_default()
                .into_iter()
                .map(|o| Output {
                    key: o.output_key.unwrap_or_default(),
                    value: o.output_value.unwrap_or_default(),
                    description: o.description,
                })
                .collect(),
            termination_protection: stack.enable_termination_protection.unwrap_or_default(),
        }
    }
}

/// The SDK's time as this crate's.
pub(super) fn time(time: &aws_smithy_types::DateTime) -> jiff::Timestamp {
    let nanos = i32::try_from(time.subsec_nanos()).unwrap_or_default();
    jiff::Timestamp::new(time.secs(), nanos).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_that_goes_on_is_busy_but_review() {
        for status in [
            "CREATE_IN_PROGRESS",
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "DELETE_IN_PROGRESS",
        ] {
            assert_eq!(State::of(status), State::Busy, "{status}");
        }
        assert_eq!(State::of("REVIEW_IN_PROGRESS"), State::Empty);
        assert_eq!(State::of("DELETE_COMPLETE"), State::Gone);
    }
}
