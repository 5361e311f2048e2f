//! A deploy, from begin to end.

mod begin;
mod change;
mod finish;

use super::after::After;
use super::bucket::{Bucket, hex};
use super::change_set::{self, ResourceChange};
use super::interrupt::{Doing, Stoppable};
use super::monitor::End;
use super::progress::{Progress, Watch};
use super::record::{DeployRecord, Operation, Outcome};
use super::settings::StackSettings;
use super::settle::{Ask, Question, overtaken, settle, token};
use super::stack::{Stack, State};
use super::{DeployError, Method, Options, api_stage};
use crate::aws::{Aws, AwsError, Identity};
use crate::manifest::Service;
use crate::package::Artifacts;
use crate::template::events::http::StageUpdate;
use crate::template::{Template, deployment_bucket_name};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinHandle;

/// What to deploy, and in whose name.
pub struct Request<'a> {
    /// The service.
    pub service: &'a Service,
    /// Its template.
    pub template: &'a Template,
    /// Its archives.
    pub artifacts: &'a Artifacts,
    /// How.
    pub options: Options,
    /// The earlier deploy whose template this is, where it is a rollback.
    pub back_to: Option<&'a DeployRecord>,
    /// `user@host`.
    pub who: String,
    /// The git commit, asked for only where something is deployed.
    pub commit: &'a (dyn Fn() -> Option<String> + Sync),
    /// The time.
    pub now: fn() -> jiff::Timestamp,
    /// Whoever answers what comes up on the way.
    pub ask: Ask<'a>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Deployed {
    /// The stack was what it should be.
    Unchanged(Box<Stack>),
    /// The stack is now what it should be.
    Done(Box<Stack>, Box<DeployRecord>),
    /// A change set waits for its execution.
    Prepared { change_set: String, changes: Vec<ResourceChange> },
}

/// What a look at the stack found.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// It already is what a deploy would make of it.
    Unchanged(Box<Stack>),
    /// A deploy has something to do; the stack, where there is one.
    Changed(Option<Box<Stack>>),
}

/// Brings the stack to what the template says. `look` is what was found a moment ago; without it rlx looks first.
///
/// # Errors
/// AWS refused, did not answer, or could not do it.
pub async fn deploy(
    aws: &Aws,
    request: &Request<'_>,
    look: Option<Look>,
    watch: Watch<'_>,
) -> Result<Deployed, DeployError> {
    let name = request.service.stack_name();
    let stoppable = Stoppable::new(&name, Doing::Changing);
    let tell = |progress: Progress<'_>| stoppable.tell(progress, watch);
    let ask = |question: &Question<'_>| stoppable.ask(question, request.ask);
    let run = Run { ask: &ask, ..Run::new(aws, request, &tell) };
    let mut record = run.record();
    let result = stoppable.run(run.go(look, &mut record)).await;
    run.finish(record, result).await
}

struct Run<'a> {
    aws: &'a Aws,
    request: &'a Request<'a>,
    watch: Watch<'a>,
    ask: Ask<'a>,
    settings: StackSettings,
    /// What the REST API's stage is told after the stack has changed.
    stage: Option<StageUpdate>,
    /// What is done beside the stack; nothing in a rollback, as with the framework.
    after: After,
    text: String,
    fingerprint: String,
    /// Whether anything was changed in AWS, so that the record must not be lost.
    begun: AtomicBool,
}

/// Whether the stack already is what a deploy would make of it: mostly one read, and nothing is changed.
///
/// # Errors
/// AWS could not be asked.
pub async fn look(aws: &Aws, request: &Request<'_>) -> Result<Look, DeployError> {
    let last = DeployRecord::read(&request.service.dir, &request.service.stage);
    Run::new(aws, request, &|_| ()).look(last.as_ref()).await
}

/// How a change of the stack ended.
enum Applied {
    Unchanged(Stack),
    Ended(End),
    Empty(Stack),
    Prepared { change_set: String, changes: Vec<ResourceChange> },
}

impl Applied {
    /// The stack, where it now is what the template says.
    fn good(&self) -> Option<&Stack> {
        match self {
            Self::Ended(end) if end.is_good() => end.stack.as_ref(),
            Self::Empty(stack) => Some(stack),
            _ => None,
        }
    }
}

impl<'a> Run<'a> {
    fn new(aws: &'a Aws, request: &'a Request<'a>, watch: Watch<'a>) -> Self {
        let settings = StackSettings::new(request.service, request.template);
        let text = request.template.to_json();
        let mut digest = Sha256::new();
        digest.update(text.as_bytes());
        // Settings are part of what is deployed: a changed tag is a change.
        digest.update(serde_json::to_vec(&settings).unwrap_or_default());
        let stage = StageUpdate::of(request.service);
        if let Some(stage) = &stage {
            digest.update(serde_json::to_vec(stage).unwrap_or_default());
        }
        let after = if request.back_to.is_none() { After::of(request.service) } else { After::default() };
        if !after.is_nothing() {
            digest.update(serde_json::to_vec(&after).unwrap_or_default());
        }
        Self {
            aws,
            request,
            watch,
            ask: request.ask,
            settings,
            stage,
            after,
            text,
            fingerprint: hex(&digest.finalize()),
            begun: AtomicBool::new(false),
        }
    }

    async fn look(&self, last: Option<&DeployRecord>) -> Result<Look, DeployError> {
        match Stack::describe(self.aws, &self.settings.name).await?.map(Box::new) {
            Some(stack) if self.is_unchanged(&stack, last).await? => Ok(Look::Unchanged(stack)),
            stack => Ok(Look::Changed(stack)),
        }
    }

    async fn go(&self, look: Option<Look>, record: &mut DeployRecord) -> Result<Applied, DeployError> {
        let service = self.request.service;
        let last = DeployRecord::read(&service.dir, &service.stage);
        let look = match look {
            Some(look) => look,
            None => self.look(last.as_ref()).await?,
        };
        let stack = match look {
            Look::Unchanged(stack) => return Ok(Applied::Unchanged(*stack)),
            Look::Changed(stack) => stack.map(|stack| *stack),
        };
        let identity: JoinHandle<Result<Identity, AwsError>> = {
            let aws = self.aws.clone();
            tokio::spawn(async move { aws.identity().await })
        };
        record.commit = (self.request.commit)();
        record.hotswapped = last.as_ref().is_some_and(|last| last.hotswapped);
        if stack.is_some() {
            record.operation = Operation::Update;
        }
        if let Some(earlier) = self.request.back_to {
            record.operation = Operation::Rollback;
            record.artifacts = earlier.artifacts.clone();
            record.commit = earlier.commit.clone();
        }
        let open = last.clone().and_then(DeployRecord::into_open);
        let own = open.as_ref().map(|r| r.id.as_str());
        let options = &self.request.options;
        let executes = options.method == Method::Execute;
        let stack = match stack {
            // The change set that waits is all there is of it.
            Some(stack) if executes && stack.state() == State::Empty => Some(stack),
            stack => {
                let name = &self.settings.name;
                settle(self.aws, name, stack, own, options.wait, self.ask, self.watch).await?
            }
        };
        if let (Some(stack), Some(open)) = (&stack, open.as_ref().filter(|open| open.is_unfinished())) {
            // Made by a run that was cut off before it could execute it.
            change_set::discard(self.aws, &stack.name, &token(&open.id, &open.by)).await?;
            self.give_up_uploads(open, record).await?;
        }
        if let Some(open) = open.filter(DeployRecord::is_owed) {
            // It is about to be overwritten here.
            self.keep_late(open).await?;
        }
        self.begun.store(true, Ordering::Relaxed);
        self.save(record)?;
        let result = match executes {
            true => self.execute(stack, last, record).await,
            false => self.apply(stack, record).await,
        };
        if let Ok(Ok(identity)) = identity.await {
            record.principal = Some(identity.arn);
            record.account = Some(identity.account);
        }
        let applied = match result {
            Ok(applied) => applied,
            Err(error) => return Err(overtaken(self.aws, &self.settings.name, error).await),
        };
        self.update_stage(&applied).await?;
        self.after(&applied).await?;
        Ok(applied)
    }

    /// Gives up what a run that was cut off was putting into the bucket in parts, and this one will not put there.
    async fn give_up_uploads(&self, open: &DeployRecord, record: &DeployRecord) -> Result<(), AwsError> {
        let uses = |record: &DeployRecord, key: &str| record.artifacts.iter().any(|artifact| artifact.key == key);
        let Some(name) = &open.bucket else { return Ok(()) };
        let bucket = Bucket::new(self.aws, self.request.service, name);
        let found = match bucket.unfinished().await {
            Err(error) if error.is_not_found() => return Ok(()),
            found => found?,
        };
        for upload in found.iter().filter(|upload| uses(open, &upload.key) && !uses(record, &upload.key)) {
            bucket.abort(upload).await?;
        }
        Ok(())
    }

    /// Tells the stage of the REST API what the template does not.
    async fn update_stage(&self, applied: &Applied) -> Result<(), AwsError> {
        let (Some(stack), Some(update)) = (applied.good(), &self.stage) else { return Ok(()) };
        self.step("setting logs, tracing, metrics and tags of the API's stage");
        api_stage::update(self.aws, stack, update).await
    }

    /// Does what is done beside the stack.
    async fn after(&self, applied: &Applied) -> Result<(), DeployError> {
        let Some(stack) = applied.good() else { return Ok(()) };
        self.after.run(self.aws, stack, self.watch).await
    }

    fn step(&self, text: &str) {
        (self.watch)(Progress::Step(text));
    }

    /// Whether the stack is what the last deploy made of it, and that is what this one would make.
    async fn is_unchanged(&self, stack: &Stack, last: Option<&DeployRecord>) -> Result<bool, DeployError> {
        let options = &self.request.options;
        if stack.state() != State::Good || options.force || !options.method.may_skip() || !self.after.holds(stack) {
            return Ok(false);
        }
        // A run that was cut off is cleared away before its record is overwritten.
        if last.is_some_and(|last| last.outcome != Outcome::Succeeded && last.is_open()) {
            return Ok(false);
        }
        let describes = |record: &DeployRecord| {
            record.outcome == Outcome::Succeeded
                && !record.hotswapped
                && record.stack_id.as_deref() == Some(stack.id.as_str())
                && record.stack_changed.as_deref() == Some(stack.changed.as_str())
        };
        if let Some(last) = last.filter(|last| describes(last)) {
            let same = last.fingerprint == self.fingerprint;
            if same && last.only_local {
                self.keep_late(last.clone()).await?;
                self.save(&DeployRecord { only_local: false, ..last.clone() })?;
            }
            return Ok(same);
        }
        // Another machine may have deployed last: its record is in the bucket.
        let Some(bucket) = Bucket::of(self.aws, self.request.service, stack).await? else { return Ok(false) };
        let newest = match newest_record(&bucket).await {
            Ok(newest) => newest,
            // Without a record, CloudFormation finds out whether anything changed.
            Err(error) if error.is_unanswered() => return Err(error.into()),
            Err(_) => None,
        };
        let Some(record) = newest.filter(|r| describes(r) && r.fingerprint == self.fingerprint) else {
            return Ok(false);
        };
        self.save(&record)?;
        Ok(true)
    }

    async fn apply(&self, stack: Option<Stack>, record: &mut DeployRecord) -> Result<Applied, DeployError> {
        let named = self.named_bucket();
        if let Some(bucket) = &named {
            self.after.prepare(self.aws, self.watch).await?;
            bucket.check().await?;
        }
        let is_new = stack.is_none() && named.is_none();
        let stack = match stack {
            Some(stack) => Some(stack),
            // The bucket must be there before anything can lie in it.
            None if named.is_none() => Some(self.create_core(record).await?),
            None => None,
        };
        record.stack_id = stack.as_ref().map(|s| s.id.clone());
        let bucket = match (named, &stack) {
            (Some(bucket), _) => bucket,
            (None, Some(stack)) => match Bucket::of(self.aws, self.request.service, stack).await? {
                Some(bucket) => bucket,
                None => self.add_bucket(stack, record).await?,
            },
            (None, None) => return Err(self.no_bucket()),
        };
        record.bucket = Some(bucket.name.clone());
        // A new bucket need not be asked what lies in it.
        let there =
            if is_new { HashMap::new() } else { bucket.list("").await.map_err(|e| no_such_bucket(&bucket, e))? };
        self.upload(&bucket, there, record).await?;
        self.change(stack, &bucket, record).await
    }

    fn named_bucket(&self) -> Option<Bucket> {
        let name = deployment_bucket_name(self.request.service)?.as_str()?;
        Some(Bucket::new(self.aws, self.request.service, name))
    }

    fn no_bucket(&self) -> DeployError {
        DeployError::Bucket { bucket: self.settings.name.clone(), problem: "is not in the stack".to_owned() }
    }

    fn no_stack(&self) -> DeployError {
        DeployError::NoStack { stack: self.settings.name.clone(), region: self.aws.region().to_owned() }
    }

    async fn failed(&self, end: End) -> DeployError {
        self.step("looking for the cause");
        end.error(self.aws, &self.settings.name).await
    }
}

fn no_such_bucket(bucket: &Bucket, error: AwsError) -> DeployError {
    if error.code != "NoSuchBucket" {
        return error.into();
    }
    let problem = "was deleted by hand; make it again under the same name, or remove the service".to_owned();
    DeployError::Bucket { bucket: bucket.name.clone(), problem }
}

/// The newest record in a bucket.
pub(super) async fn newest_record(bucket: &Bucket) -> Result<Option<DeployRecord>, AwsError> {
    let keys = bucket.list("deploys/").await?;
    let Some(key) = keys.into_keys().max() else { return Ok(None) };
    Ok(bucket.get(&key).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

impl Method {
    /// Whether nothing needs to be done where nothing changed.
    fn may_skip(self) -> bool {
        self != Self::Execute
    }
}
