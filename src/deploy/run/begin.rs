//! The first steps of a deploy: a stack with a deployment bucket.

use super::super::direct::{Direct, OnFailure};
use super::Run;
use crate::aws::Named;
use crate::deploy::DeployError;
use crate::deploy::bucket::Bucket;
use crate::deploy::change_set::Source;
use crate::deploy::monitor::{self, Operation as Followed};
use crate::deploy::record::DeployRecord;
use crate::deploy::settings::StackSettings;
use crate::deploy::settle::token;
use crate::deploy::stack::{Stack, State};
use crate::template::Template;
use crate::template::naming::{DEPLOYMENT_BUCKET, DEPLOYMENT_BUCKET_OUTPUT, DEPLOYMENT_BUCKET_POLICY};
use serde_json::Value;

impl Run<'_> {
    /// Makes the stack with nothing but the deployment bucket (Framework v3 `generateCoreTemplate`). A failure
    /// leaves nothing behind, so that no ROLLBACK_COMPLETE has to be cleared away.
    pub(super) async fn create_core(&self, record: &DeployRecord) -> Result<Stack, DeployError> {
        self.step("making the stack and its deployment bucket");
        let token = token(&format!("{}-core", record.id), &record.by);
        // The parameters are those of the whole template.
        let settings = StackSettings { parameters: Vec::new(), rollback: None, ..self.settings.clone() };
        let core = Template { root: core_sections(self.request.template) };
        let call = Direct {
            settings: &settings,
            source: Source::Body(core.to_json()),
            token: &token,
            on_failure: OnFailure::Delete,
            express: false,
        };
        let id = call.create(self.aws).await?;
        let end = monitor::follow(self.aws, &id, Followed::Token(&token), self.watch).await?;
        match end.stack {
            Some(stack) if stack.state() == State::Good => Ok(stack),
            _ => Err(self.failed(end).await),
        }
    }

    /// Adds the deployment bucket to a stack that has none, such as one that used a bucket of its own before
    /// (Framework v3 `ensureValidBucketExists`).
    pub(super) async fn add_bucket(&self, stack: &Stack, record: &DeployRecord) -> Result<Bucket, DeployError> {
        self.step("adding the deployment bucket to the stack");
        let answer = self
            .aws
            .cloudformation()
            .get_template()
            .stack_name(&stack.name)
            .send()
            .await
            .named("CloudFormation", "GetTemplate")?;
        let mut template: Value =
            serde_json::from_str(&answer.template_body.unwrap_or_default()).map_err(|_| self.no_bucket())?;
        crate::template::value::merge(&mut template, Value::Object(core_sections(self.request.template)));
        let token = token(&format!("{}-bucket", record.id), &record.by);
        self.direct(Source::Body(template.to_string()), &token, OnFailure::Rollback).update(self.aws).await?;
        let end = monitor::follow(self.aws, &stack.id, Followed::Token(&token), self.watch).await?;
        match &end.stack {
            Some(stack) if stack.state() == State::Good => {
                Bucket::of(self.aws, self.request.service, stack).await?.ok_or_else(|| self.no_bucket())
            }
            _ => Err(self.failed(end).await),
        }
    }
}

/// The template's head, deployment bucket and the output that names it.
fn core_sections(template: &Template) -> serde_json::Map<String, Value> {
    let mut root = serde_json::Map::new();
    for key in ["AWSTemplateFormatVersion", "Description"] {
        root.extend(template.root.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    let keep = |section: &str, names: &[&str]| {
        let section = template.root.get(section).and_then(Value::as_object);
        let kept = section.into_iter().flatten().filter(|(name, _)| names.contains(&name.as_str()));
        Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    root.insert("Resources".into(), keep("Resources", &[DEPLOYMENT_BUCKET, DEPLOYMENT_BUCKET_POLICY]));
    root.insert("Outputs".into(), keep("Outputs", &[DEPLOYMENT_BUCKET_OUTPUT]));
    root
}
