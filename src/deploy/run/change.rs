//! The middle of a deploy: uploads, and the change of the stack.

use super::super::direct::{Direct, OnFailure};
use super::{Applied, Run};
use crate::aws::{AwsError, Named};
use crate::deploy::bucket::{Bucket, Content, Listed, Object};
use crate::deploy::change_set::{self, BODY_LIMIT, Change, Made, Source};
use crate::deploy::monitor::{self, Operation as Followed};
use crate::deploy::record::{DeployRecord, record_key};
use crate::deploy::settle::token;
use crate::deploy::stack::{Stack, State};
use crate::deploy::{DeployError, Method};
use std::collections::HashMap;

impl Run<'_> {
    /// Uploads what is not `there` yet.
    pub(super) async fn upload(
        &self,
        bucket: &Bucket,
        there: HashMap<String, Listed>,
        record: &mut DeployRecord,
    ) -> Result<(), DeployError> {
        let mut objects: Vec<Object> = Vec::new();
        for (artifact, used) in self.request.artifacts.artifacts.iter().zip(&record.artifacts) {
            objects.push(Object {
                key: used.key.clone(),
                content: Content::File(artifact.path.clone()),
                sha256: artifact.sha256.clone(),
                size: artifact.size,
            });
        }
        let template = Object::bytes(String::new(), self.text.clone().into_bytes());
        let key = format!("{}{}.template.json", bucket.folder, template.sha256);
        record.template = Some(key.clone());
        objects.push(Object { key, ..template });
        // Whatever becomes of this process, the next one knows what was uploaded.
        self.save(record)?;
        // Archives that have the same bytes have the same key.
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        objects.dedup_by(|a, b| a.key == b.key);
        bucket.put_missing(objects, &there, self.watch).await.map(|_| ())
    }

    fn source(&self, bucket: &Bucket, record: &DeployRecord) -> Source {
        match &record.template {
            Some(key) if self.text.len() > BODY_LIMIT => Source::Url(bucket.url(key)),
            _ => Source::Body(self.text.clone()),
        }
    }

    pub(super) async fn change(
        &self,
        stack: Option<Stack>,
        bucket: &Bucket,
        record: &mut DeployRecord,
    ) -> Result<Applied, DeployError> {
        let options = &self.request.options;
        let token = token(&record.id, &record.by);
        let source = self.source(bucket, record);
        let no_rollback = self.keeps_what_succeeded(stack.as_ref());
        let name = &self.settings.name;
        let stack_id = match options.method {
            Method::Direct => {
                let on_failure = if no_rollback { OnFailure::Keep } else { OnFailure::Rollback };
                let call = self.direct(source, &token, on_failure);
                match &stack {
                    None => call.create(self.aws).await?,
                    Some(stack) => match call.update(self.aws).await {
                        Err(error) if error.message.contains("No updates are to be performed") => {
                            return Ok(Applied::Empty(stack.clone()));
                        }
                        id => id?,
                    },
                }
            }
            Method::ChangeSet | Method::PrepareOnly | Method::Execute => {
                let change = Change {
                    settings: &self.settings,
                    source,
                    exists: stack.is_some(),
                    token: &token,
                    express: options.express,
                    import_existing: options.import_existing,
                    import: Vec::new(),
                };
                match change_set::make(self.aws, &change, self.watch).await? {
                    Made::Empty => {
                        let stack = Stack::describe(self.aws, name).await?;
                        return stack.map(Applied::Empty).ok_or_else(|| self.no_stack());
                    }
                    Made::Ready { name: change_set, changes, .. } if options.method == Method::PrepareOnly => {
                        return Ok(Applied::Prepared { change_set, changes });
                    }
                    Made::Ready { name: change_set, stack_id, changes } => {
                        self.step(&format!("changing {} resources", changes.len()));
                        change_set::execute(self.aws, name, &change_set, &token, no_rollback).await?;
                        stack_id
                    }
                }
            }
        };
        self.followed(stack_id, &token, record).await
    }

    /// Executes the change set that waits. What it deploys is what was built when it was made.
    pub(super) async fn execute(
        &self,
        stack: Option<Stack>,
        last: Option<DeployRecord>,
        record: &mut DeployRecord,
    ) -> Result<Applied, DeployError> {
        let stack = stack.ok_or_else(|| self.no_stack())?;
        let name = &stack.name;
        let change_set = change_set::prepared(self.aws, name)
            .await?
            .ok_or_else(|| DeployError::NoChangeSet { stack: name.clone() })?;
        let bucket = Bucket::of(self.aws, self.request.service, &stack).await?;
        record.bucket = bucket.as_ref().map(|bucket| bucket.name.clone());
        match self.prepared_by(&change_set, last, bucket.as_ref()).await? {
            Some(prepared) => record.deploys_what(prepared),
            // Nobody knows what is in it: the next deploy lets CloudFormation compare.
            None => record.fingerprint = String::new(),
        }
        self.save(record)?;
        let token = token(&record.id, &record.by);
        let no_rollback = self.keeps_what_succeeded(Some(&stack));
        self.step(&format!("executing {change_set}"));
        change_set::execute(self.aws, name, &change_set, &token, no_rollback).await?;
        self.followed(stack.id, &token, record).await
    }

    /// The record of the run that made a change set.
    async fn prepared_by(
        &self,
        change_set: &str,
        last: Option<DeployRecord>,
        bucket: Option<&Bucket>,
    ) -> Result<Option<DeployRecord>, AwsError> {
        let made = |record: &DeployRecord| token(&record.id, &record.by) == change_set;
        if let Some(last) = last.filter(made) {
            return Ok(Some(last));
        }
        let (Some(bucket), Some((id, _))) = (bucket, change_set.split_once("-by-")) else { return Ok(None) };
        let text = bucket.get(&record_key(&bucket.folder, id)).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).filter(made))
    }

    /// Whether what succeeded stays where something fails: as asked for, and where an earlier deploy was left so.
    fn keeps_what_succeeded(&self, stack: Option<&Stack>) -> bool {
        let stopped = stack.is_some_and(|stack| stack.state() == State::Stopped);
        self.request.options.no_rollback || self.settings.disable_rollback || stopped
    }

    /// Waits until the change that was begun has ended.
    async fn followed(&self, stack_id: String, token: &str, record: &mut DeployRecord) -> Result<Applied, DeployError> {
        record.stack_id = Some(stack_id.clone());
        // From here on the record can find the operation again, whatever becomes of this process.
        self.save(record)?;
        let end = monitor::follow(self.aws, &stack_id, Followed::Token(token), self.watch).await?;
        if end.is_good() && !self.settings.policy.is_empty() {
            self.set_policy().await?;
        }
        Ok(Applied::Ended(end))
    }

    /// A call that makes or changes the stack.
    pub(super) fn direct<'c>(&'c self, source: Source, token: &'c str, on_failure: OnFailure) -> Direct<'c> {
        Direct { settings: &self.settings, source, token, on_failure, express: self.request.options.express }
    }

    /// After the change, since the policy may speak of resources that it made
    /// (Framework v3 `updateStack`).
    async fn set_policy(&self) -> Result<(), AwsError> {
        let body = serde_json::json!({ "Statement": self.settings.policy }).to_string();
        self.aws
            .cloudformation()
            .set_stack_policy()
            .stack_name(&self.settings.name)
            .stack_policy_body(body)
            .send()
            .await
            .named("CloudFormation", "SetStackPolicy")
            .map(|_| ())
    }
}
