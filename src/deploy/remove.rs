//! Takes a stack away.

use super::after::After;
use super::bucket::Bucket;
use super::hotswap::deployed_template;
use super::interrupt::{Doing, Stoppable};
use super::monitor::{self, Operation};
use super::progress::{Progress, Watch};
use super::repository::Repository;
use super::settle::token;
use super::stack::{Stack, State};
use super::{DeployError, TOKEN_PREFIX, api_stage};
use crate::aws::{Aws, AwsError, Named};
use crate::manifest::Service;
use crate::template::Template;
use crate::template::naming::{DEPLOYMENT_BUCKET, Naming};
use crate::template::value::truthy;

/// Something that is gone after a removal, and not made again by a deploy.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// Logical id.
    pub logical_id: String,
    /// Such as `AWS::DynamoDB::Table`.
    pub resource_type: String,
    /// Its name in AWS.
    pub physical_id: String,
}

/// Types whose resources hold data.
const HOLD_DATA: [&str; 14] = [
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::Kinesis::Stream",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Cognito::UserPool",
    "AWS::SecretsManager::Secret",
    "AWS::OpenSearchService::Domain",
    "AWS::Timestream::Table",
];

/// What of a stack holds data and would be lost: not what its template says is kept.
pub async fn losses(aws: &Aws, stack: &Stack) -> Result<Vec<Loss>, AwsError> {
    let mut found = resources(aws, &stack.id).await?;
    found.retain(|r| HOLD_DATA.contains(&r.resource_type.as_str()) && r.logical_id != DEPLOYMENT_BUCKET);
    if !found.is_empty()
        && let Some(template) = deployed_template(aws, &stack.id).await?
    {
        found.retain(|r| !is_kept(&template, &r.logical_id));
    }
    Ok(found)
}

/// Whether a resource stays when its stack is deleted
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html>).
fn is_kept(template: &Template, logical_id: &str) -> bool {
    let policy = template.resource(logical_id).and_then(|r| r.get("DeletionPolicy")?.as_str());
    matches!(policy, Some("Retain" | "RetainExceptOnCreate"))
}

/// Every resource of a stack that is there.
pub(super) async fn resources(aws: &Aws, stack: &str) -> Result<Vec<Loss>, AwsError> {
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let page = aws
            .cloudformation()
            .list_stack_resources()
            .stack_name(stack)
            .set_next_token(next)
            .send()
            .await
            .named("CloudFormation", "ListStackResources")?;
        for resource in page.stack_resource_summaries.unwrap_or_default() {
            if resource.resource_status.as_ref().is_some_and(|s| s.as_str() == "DELETE_COMPLETE") {
                continue;
            }
            found.push(Loss {
                logical_id: resource.logical_resource_id.unwrap_or_default(),
                resource_type: resource.resource_type.unwrap_or_default(),
                physical_id: resource.physical_resource_id.unwrap_or_default(),
            });
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// The stack of a service, about to be removed.
pub struct Removal<'a> {
    /// AWS.
    pub aws: &'a Aws,
    /// The service.
    pub service: &'a Service,
    /// Resources that are left behind, by logical id; only of a stack in DELETE_FAILED.
    pub retain: &'a [String],
    /// `user@host`.
    pub who: &'a str,
    /// Told what goes on.
    pub watch: Watch<'a>,
}

impl Removal<'_> {
    /// Empties the buckets of the stack, deletes it, waits for the end. `found` is what [`losses`] told of it.
    ///
    /// # Errors
    /// The stack is protected, AWS refused or failed, or the user stopped waiting.
    pub async fn run(&self, stack: Stack, found: Vec<Loss>) -> Result<(), DeployError> {
        if stack.termination_protection {
            return Err(DeployError::TerminationProtection { stack: stack.name });
        }
        if !self.retain.is_empty() && stack.status != "DELETE_FAILED" {
            return Err(DeployError::NotRetained { stack: stack.name, status: stack.status });
        }
        let name = stack.name.clone();
        let stoppable = Stoppable::new(&name, Doing::Removing);
        let tell = |progress: Progress<'_>| stoppable.tell(progress, self.watch);
        let told = Removal { watch: &tell, ..*self };
        stoppable.run(told.remove(stack, found)).await
    }

    async fn remove(&self, stack: Stack, found: Vec<Loss>) -> Result<(), DeployError> {
        let Self { aws, service, watch, .. } = *self;
        let (stack, found) = match stack.state() {
            // Whatever goes on must end first, unless it is a removal already.
            State::Busy => {
                watch(Progress::Step("waiting for what goes on"));
                match monitor::follow(aws, &stack.id, Operation::Last, watch).await?.stack {
                    Some(stack) => {
                        let found = losses(aws, &stack).await?;
                        (stack, found)
                    }
                    None => return Ok(()),
                }
            }
            _ => (stack, found),
        };
        if let Some(bucket) = Bucket::of(aws, service, &stack).await? {
            watch(Progress::Step("emptying the deployment bucket"));
            empty(service, &bucket).await?;
        }
        self.empty_own(&found).await?;
        if has_usage_plans(service) {
            api_stage::leave_usage_plans(aws, &stack).await?;
        }
        After::undo(aws, service, &stack, watch).await?;
        self.delete(&stack).await?;
        if !crate::build::docker::of(service).is_empty() {
            watch(Progress::Step("removing the container images"));
            Repository::remove(aws, &Naming::new(service).ecr_repository()).await?;
        }
        Ok(())
    }

    /// Empties the buckets that go with the stack: CloudFormation deletes empty ones only.
    async fn empty_own(&self, losses: &[Loss]) -> Result<(), AwsError> {
        let kept = |loss: &&Loss| self.retain.contains(&loss.logical_id);
        for loss in losses.iter().filter(|loss| loss.resource_type == "AWS::S3::Bucket" && !kept(loss)) {
            (self.watch)(Progress::Step(&format!("emptying the bucket {}", loss.physical_id)));
            match Bucket::new(self.aws, self.service, &loss.physical_id).empty().await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    async fn delete(&self, stack: &Stack) -> Result<(), DeployError> {
        let Self { aws, watch, .. } = *self;
        watch(Progress::Step("deleting the stack"));
        let id = format!("{TOKEN_PREFIX}{}", super::bucket::hex(&fastrand::u64(..).to_be_bytes()));
        let token = token(&id, self.who);
        aws.cloudformation()
            .delete_stack()
            .stack_name(&stack.id)
            .client_request_token(&token)
            .set_retain_resources((!self.retain.is_empty()).then(|| self.retain.to_vec()))
            .send()
            .await
            .named("CloudFormation", "DeleteStack")?;
        let end = monitor::follow(aws, &stack.id, Operation::Token(&token), watch).await?;
        match end.stack {
            None => Ok(()),
            Some(_) => Err(end.error(aws, &stack.name).await),
        }
    }
}

/// Whether the service's API has usage plans, which must lose their stages before the stack is deleted.
pub fn has_usage_plans(service: &Service) -> bool {
    let api = service.provider.api_gateway.as_ref();
    ["apiKeys", "usagePlan"].iter().any(|key| api.and_then(|api| api.get(key)).is_some_and(truthy))
}

/// A bucket of the stack's own is emptied whole; one that other services use too, only of this stage's objects.
async fn empty(service: &Service, bucket: &Bucket) -> Result<(), AwsError> {
    let result = match crate::template::deployment_bucket_name(service) {
        None => bucket.empty().await.map(|_| ()),
        Some(_) => {
            let mut keys: Vec<String> = bucket.list("").await?.into_keys().collect();
            keys.extend(bucket.list("deploys/").await?.into_keys());
            bucket.delete(&keys).await
        }
    };
    match result {
        Err(error) if error.is_not_found() => Ok(()),
        result => result,
    }
}
