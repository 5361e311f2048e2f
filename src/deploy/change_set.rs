//! Making a change set, waiting for it, executing it.

use super::progress::{Progress, Watch};
use super::settings::{StackSettings, deployment, with_settings};
use super::{DeployError, Method, validation};
use crate::aws::{Aws, AwsError, Named};
use aws_sdk_cloudformation::types::{ChangeSetStatus, ChangeSetType, ExecutionStatus, ResourceToImport};
use std::time::Duration;

/// What a change set needs beside the settings of the stack.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// Settings of the stack.
    pub settings: &'a StackSettings,
    /// The template's text, or where it lies.
    pub source: Source,
    /// Whether there is a stack already.
    pub exists: bool,
    /// Names the change set and what it does.
    pub token: &'a str,
    /// CloudFormation's express mode.
    pub express: bool,
    /// Take over resources that exist already and are named in the template.
    pub import_existing: bool,
    /// Resources to import, in a change that does nothing else.
    pub import: Vec<ResourceToImport>,
}

/// Where CloudFormation gets the template from.
#[derive(Debug, Clone)]
pub enum Source {
    /// In the call itself: at most 51,200 bytes.
    Body(String),
    /// From the bucket.
    Url(String),
}

/// The longest template that a call takes
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).
pub const BODY_LIMIT: usize = 51_200;

/// What came of making a change set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// It can be executed.
    Ready { name: String, stack_id: String, changes: Vec<ResourceChange> },
    /// The stack is what the template says already.
    Empty,
}

/// What a change set does to a resource.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceChange {
    /// Such as `Modify`.
    pub action: String,
    /// Logical id.
    pub logical_id: String,
    /// Such as `AWS::Lambda::Function`.
    pub resource_type: String,
    /// Whether the resource is made anew: `True`, `Conditional`, `False`.
    pub replacement: Option<String>,
}

/// Makes a change set and waits until it is ready.
pub async fn make(aws: &Aws, change: &Change<'_>, watch: Watch<'_>) -> Result<Made, DeployError> {
    let settings = change.settings;
    let name = change.token.to_owned();
    let kind = match (change.exists, change.import.is_empty()) {
        (_, false) => ChangeSetType::Import,
        (true, true) => ChangeSetType::Update,
        (false, true) => ChangeSetType::Create,
    };
    let (body, url) = change.source.clone().parts();
    let answer = with_settings!(aws.cloudformation().create_change_set(), settings)
        .change_set_name(&name)
        .client_token(change.token)
        .change_set_type(kind)
        .set_template_body(body)
        .set_template_url(url)
        .set_import_existing_resources(change.import_existing.then_some(true))
        .set_resources_to_import((!change.import.is_empty()).then(|| change.import.clone()))
        .set_deployment_config(deployment(change.express))
        .send()
        .await
        .named("CloudFormation", "CreateChangeSet");
    let id = match answer {
        Ok(answer) => answer.id.unwrap_or_else(|| name.clone()),
        // The name is this call's alone: an earlier try of it made the change set, and its answer was lost.
        Err(error) if error.code == "AlreadyExistsException" => name.clone(),
        Err(error) => return Err(error.into()),
    };
    wait(aws, &settings.name, &name, &id, watch).await
}

async fn wait(aws: &Aws, stack: &str, name: &str, id: &str, watch: Watch<'_>) -> Result<Made, DeployError> {
    let mut pause = if aws.endpoint().is_loopback() { Duration::from_millis(20) } else { Duration::from_millis(500) };
    let mut told = false;
    loop {
        let found = describe(aws, stack, id).await?;
        match found.status {
            ChangeSetStatus::CreateComplete => {
                return Ok(Made::Ready { name: name.to_owned(), stack_id: found.stack_id, changes: found.changes });
            }
            ChangeSetStatus::Failed if is_empty(&found.reason) => {
                discard(aws, stack, id).await?;
                return Ok(Made::Empty);
            }
            ChangeSetStatus::Failed => {
                let causes = validation::of_change_set(aws, &found.stack_id, id).await;
                // A change set that failed blocks nothing, but it is litter.
                let _ = discard(aws, stack, id).await;
                return Err(DeployError::Refused { reason: found.reason, causes });
            }
            _ => {
                if !told {
                    watch(Progress::Step("waiting for the change set"));
                    told = true;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 3 / 2).min(Duration::from_secs(3));
            }
        }
    }
}

/// A change set as it is now.
struct Described {
    status: ChangeSetStatus,
    reason: String,
    stack_id: String,
    changes: Vec<ResourceChange>,
}

async fn describe(aws: &Aws, stack: &str, id: &str) -> Result<Described, AwsError> {
    let mut changes = Vec::new();
    let mut next = None;
    loop {
        let page = aws
            .cloudformation()
            .describe_change_set()
            .stack_name(stack)
            .change_set_name(id)
            .set_next_token(next)
            .send()
            .await
            .named("CloudFormation", "DescribeChangeSet")?;
        for change in page.changes.unwrap_or_default().into_iter().filter_map(|c| c.resource_change) {
            changes.push(ResourceChange {
                action: change.action.map(|a| a.as_str().to_owned()).unwrap_or_default(),
                logical_id: change.logical_resource_id.unwrap_or_default(),
                resource_type: change.resource_type.unwrap_or_default(),
                replacement: change.replacement.map(|r| r.as_str().to_owned()),
            });
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(Described {
                status: page.status.unwrap_or(ChangeSetStatus::CreatePending),
                reason: page.status_reason.unwrap_or_default(),
                stack_id: page.stack_id.unwrap_or_default(),
                changes,
            });
        }
    }
}

/// CloudFormation's words for a change set without changes.
fn is_empty(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

/// Executes a change set. One that was executed already, by an earlier try of the same call, is not an error.
pub async fn execute(aws: &Aws, stack: &str, name: &str, token: &str, no_rollback: bool) -> Result<(), AwsError> {
    let answer = aws
        .cloudformation()
        .execute_change_set()
        .stack_name(stack)
        .change_set_name(name)
        .client_request_token(token)
        .set_disable_rollback(no_rollback.then_some(true))
        .send()
        .await
        .named("CloudFormation", "ExecuteChangeSet");
    match answer {
        Ok(_) => Ok(()),
        Err(error) if error.code.contains("InvalidChangeSetStatus") && error.message.contains("EXECUTE") => Ok(()),
        // A change set is gone when it was executed, and the stack is busy with it.
        Err(error) if error.http_status.is_some_and(|status| (400..500).contains(&status)) => {
            super::events::begun_by(aws, stack, token).await.map(|_| ()).ok_or(error)
        }
        Err(error) => Err(error),
    }
}

/// Deletes a change set.
pub async fn discard(aws: &Aws, stack: &str, name: &str) -> Result<(), AwsError> {
    aws.cloudformation()
        .delete_change_set()
        .stack_name(stack)
        .change_set_name(name)
        .send()
        .await
        .named("CloudFormation", "DeleteChangeSet")
        .map(|_| ())
}

/// The newest change set of rlx that waits for its execution.
pub async fn prepared(aws: &Aws, stack: &str) -> Result<Option<String>, AwsError> {
    let page = aws
        .cloudformation()
        .list_change_sets()
        .stack_name(stack)
        .send()
        .await
        .named("CloudFormation", "ListChangeSets")?;
    let mut ready: Vec<_> = page
        .summaries
        .unwrap_or_default()
        .into_iter()
        .filter(|s| s.status == Some(ChangeSetStatus::CreateComplete))
        .filter(|s| s.execution_status.as_ref().is_none_or(|status| *status == ExecutionStatus::Available))
        .filter_map(|s| s.change_set_name)
        .filter(|name| name.starts_with(super::TOKEN_PREFIX))
        .collect();
    // Names begin with their time.
    ready.sort();
    Ok(ready.pop())
}

impl Source {
    /// The two parameters of a call, of which one is set.
    pub(super) fn parts(self) -> (Option<String>, Option<String>) {
        match self {
            Self::Body(body) => (Some(body), None),
            Self::Url(url) => (None, Some(url)),
        }
    }
}

impl Method {
    /// Whether the change is made through a change set.
    pub fn is_change_set(self) -> bool {
        self != Self::Direct
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_wordings_of_no_changes_are_known() {
        assert!(is_empty(
            "The submitted information didn't contain changes. Submit different information to create a change set."
        ));
        assert!(is_empty("No updates are to be performed."));
        assert!(!is_empty("Template format error: unsupported structure."));
    }
}
