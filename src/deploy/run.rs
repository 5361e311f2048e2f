//! A deploy, from begin to end.

use super::bucket::{Bucket, Content, Object, hex};
use super::change_set::{self, BODY_LIMIT, Change, Made, ResourceChange, Source};
use super::monitor::{self, End, Operation as Followed};
use super::progress::{Progress, Watch};
use super::record::{ArtifactUse, DeployRecord, Operation, Outcome};
use super::settings::StackSettings;
use super::settle::{settle, token};
use super::stack::{Stack, State};
use super::{DeployError, Method, Options, TOKEN_PREFIX, api_stage, events};
use crate::aws::{Aws, AwsError, Identity, Named};
use crate::manifest::Service;
use crate::package::Artifacts;
use crate::template::events::http::StageUpdate;
use crate::template::naming::{DEPLOYMENT_BUCKET, DEPLOYMENT_BUCKET_OUTPUT, DEPLOYMENT_BUCKET_POLICY};
use crate::template::{Template, deployment_bucket_name, deployment_prefix};
use aws_sdk_cloudformation::types::OnFailure;
use serde_json::Value;
use sha2::{Digest, Sha256};
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

/// Brings the stack to what the template says.
pub async fn deploy(aws: &Aws, request: &Request<'_>, watch: Watch<'_>) -> Result<Deployed, DeployError> {
    let run = Run::new(aws, request, watch);
    let mut record = run.record();
    let result = tokio::select! {
        result = run.go(&mut record) => result,
        () = interrupted() => Err(DeployError::Interrupted {
            stack: run.settings.name.clone(),
            going_on: "what was begun goes on in AWS".to_owned(),
        }),
    };
    run.finish(record, result).await
}

/// The first Ctrl-C. A second one ends the process at once.
pub(super) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        return std::future::pending().await;
    }
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
}

struct Run<'a> {
    aws: &'a Aws,
    request: &'a Request<'a>,
    watch: Watch<'a>,
    settings: StackSettings,
    /// What the REST API's stage is told after the stack has changed.
    stage: Option<StageUpdate>,
    text: String,
    fingerprint: String,
    /// Whether anything was changed in AWS, so that the record must not be lost.
    begun: AtomicBool,
}

/// The stack, if it already is what a deploy would make of it: one read, and nothing else to do.
///
/// # Errors
/// AWS could not be asked.
pub async fn unchanged(aws: &Aws, request: &Request<'_>) -> Result<Option<Stack>, DeployError> {
    let run = Run::new(aws, request, &|_| ());
    let Some(stack) = Stack::describe(aws, &run.settings.name).await? else { return Ok(None) };
    let last = DeployRecord::read(&request.service.dir, &request.service.stage);
    Ok(run.is_unchanged(&stack, last.as_ref()).await?.then_some(stack))
}

/// How a change of the stack ended.
enum Applied {
    Unchanged(Stack),
    Ended(End),
    Empty(Stack),
    Prepared { change_set: String, changes: Vec<ResourceChange> },
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
        Self {
            aws,
            request,
            watch,
            settings,
            stage,
            text,
            fingerprint: hex(&digest.finalize()),
            begun: AtomicBool::new(false),
        }
    }

    async fn go(&self, record: &mut DeployRecord) -> Result<Applied, DeployError> {
        let stack = Stack::describe(self.aws, &self.settings.name).await?;
        let service = self.request.service;
        let last = DeployRecord::read(&service.dir, &service.stage);
        if let Some(stack) = &stack
            && self.is_unchanged(stack, last.as_ref()).await?
        {
            return Ok(Applied::Unchanged(stack.clone()));
        }
        let identity: JoinHandle<Result<Identity, AwsError>> = {
            let aws = self.aws.clone();
            tokio::spawn(async move { aws.identity().await })
        };
        record.commit = (self.request.commit)();
        if stack.is_some() {
            record.operation = Operation::Update;
        }
        if let Some(earlier) = self.request.back_to {
            record.operation = Operation::Rollback;
            record.artifacts = earlier.artifacts.clone();
            record.commit = earlier.commit.clone();
        }
        let own = last.as_ref().map(|r| r.id.as_str());
        let stack = settle(self.aws, &self.settings.name, stack, own, self.request.options.wait, self.watch).await?;
        self.begun.store(true, Ordering::Relaxed);
        self.save(record)?;
        let result = self.apply(stack, record).await;
        if let Ok(Ok(identity)) = identity.await {
            record.principal = Some(identity.arn);
            record.account = Some(identity.account);
        }
        let applied = result?;
        self.update_stage(&applied).await?;
        Ok(applied)
    }

    /// Tells the stage of the REST API what the template does not.
    async fn update_stage(&self, applied: &Applied) -> Result<(), AwsError> {
        let stack = match applied {
            Applied::Ended(end) if end.is_good() => end.stack.as_ref(),
            Applied::Empty(stack) => Some(stack),
            _ => None,
        };
        let (Some(stack), Some(update)) = (stack, &self.stage) else { return Ok(()) };
        self.step("setting logs, tracing, metrics and tags of the API's stage");
        api_stage::update(self.aws, stack, update).await
    }

    fn step(&self, text: &str) {
        (self.watch)(Progress::Step(text));
    }

    /// Whether the stack is what the last deploy made of it, and that is what this one would make.
    async fn is_unchanged(&self, stack: &Stack, last: Option<&DeployRecord>) -> Result<bool, DeployError> {
        let options = &self.request.options;
        if stack.state() != State::Good || options.force || !options.method.may_skip() {
            return Ok(false);
        }
        let describes = |record: &DeployRecord| {
            record.outcome == Outcome::Succeeded
                && record.operation != Operation::Hotswap
                && record.stack_id.as_deref() == Some(stack.id.as_str())
                && record.stack_changed.as_deref() == Some(stack.changed.as_str())
        };
        if let Some(last) = last.filter(|last| describes(last)) {
            return Ok(last.fingerprint == self.fingerprint);
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

    fn record(&self) -> DeployRecord {
        let service = self.request.service;
        let now = (self.request.now)();
        let artifacts = self.request.artifacts.artifacts.iter();
        DeployRecord {
            version: 1,
            id: format!("{TOKEN_PREFIX}{}-{}", now.strftime("%Y%m%dt%H%M%S%3f"), hex(&fastrand::u32(..).to_be_bytes())),
            service: service.name.clone(),
            stage: service.stage.clone(),
            region: self.aws.region().to_owned(),
            account: None,
            stack: self.settings.name.clone(),
            stack_id: None,
            operation: Operation::Create,
            outcome: Outcome::Running,
            started: now,
            finished: None,
            principal: None,
            by: self.request.who.clone(),
            commit: None,
            rlx: env!("CARGO_PKG_VERSION").to_owned(),
            fingerprint: self.fingerprint.clone(),
            bucket: None,
            template: None,
            artifacts: artifacts
                .map(|a| ArtifactUse {
                    name: a.name.clone(),
                    sha256: a.sha256.clone(),
                    key: a.s3_key(deployment_prefix(service), &service.name, &service.stage),
                })
                .collect(),
            stack_changed: None,
            stack_status: None,
            durations: Default::default(),
            failing_events: Vec::new(),
            call_error: None,
        }
    }

    fn save(&self, record: &DeployRecord) -> Result<(), DeployError> {
        let dir = &self.request.service.dir;
        record.write(dir).map_err(DeployError::io("write", DeployRecord::path(dir, &record.stage)))
    }

    async fn apply(&self, stack: Option<Stack>, record: &mut DeployRecord) -> Result<Applied, DeployError> {
        let named = self.named_bucket();
        if let Some(bucket) = &named {
            bucket.check().await?;
        }
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
        self.upload(&bucket, record).await?;
        self.change(stack, &bucket, record).await
    }

    fn named_bucket(&self) -> Option<Bucket> {
        let name = deployment_bucket_name(self.request.service)?.as_str()?;
        Some(Bucket::new(self.aws, self.request.service, name))
    }

    fn no_bucket(&self) -> DeployError {
        DeployError::Bucket { bucket: self.settings.name.clone(), problem: "is not in the stack".to_owned() }
    }

    /// Makes the stack with nothing but the deployment bucket (Framework v3 `generateCoreTemplate`). A failure
    /// leaves nothing behind, so that no ROLLBACK_COMPLETE has to be cleared away.
    async fn create_core(&self, record: &DeployRecord) -> Result<Stack, DeployError> {
        self.step("making the stack and its deployment bucket");
        let settings = &self.settings;
        let core = Template { root: core_sections(self.request.template) };
        let token = token(&format!("{}-core", record.id), &record.by);
        let answer = self
            .aws
            .cloudformation()
            .create_stack()
            .stack_name(&settings.name)
            .template_body(core.to_json())
            .client_request_token(&token)
            .on_failure(OnFailure::Delete)
            .set_capabilities(Some(settings.capabilities()))
            .set_tags(Some(settings.sdk_tags()))
            .set_role_arn(settings.role_arn.clone())
            .set_notification_arns(Some(settings.notification_arns.clone()))
            .send()
            .await
            .named("CloudFormation", "CreateStack")?;
        let id = answer.stack_id.unwrap_or_else(|| settings.name.clone());
        let end = monitor::follow(self.aws, &id, Followed::Token(&token), self.watch).await?;
        match end.stack {
            Some(stack) if stack.state() == State::Good => Ok(stack),
            _ => Err(self.failed(end).await),
        }
    }

    /// Adds the deployment bucket to a stack that has none, such as one that used a bucket of its own before
    /// (Framework v3 `ensureValidBucketExists`).
    async fn add_bucket(&self, stack: &Stack, record: &DeployRecord) -> Result<Bucket, DeployError> {
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
        self.update_direct(Source::Body(template.to_string()), &token).await?;
        let end = monitor::follow(self.aws, &stack.id, Followed::Token(&token), self.watch).await?;
        match &end.stack {
            Some(stack) if stack.state() == State::Good => {
                Bucket::of(self.aws, self.request.service, stack).await?.ok_or_else(|| self.no_bucket())
            }
            _ => Err(self.failed(end).await),
        }
    }

    async fn upload(&self, bucket: &Bucket, record: &mut DeployRecord) -> Result<(), DeployError> {
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
        // Archives that have the same bytes have the same key.
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        objects.dedup_by(|a, b| a.key == b.key);
        match bucket.put_missing(objects, self.watch).await {
            Err(DeployError::Aws(error)) if error.code == "NoSuchBucket" => Err(DeployError::Bucket {
                bucket: bucket.name.clone(),
                problem: "was deleted by hand; make it again under the same name, or remove the service".to_owned(),
            }),
            result => result.map(|_| ()),
        }
    }

    fn source(&self, bucket: &Bucket, record: &DeployRecord) -> Source {
        match &record.template {
            Some(key) if self.text.len() > BODY_LIMIT => Source::Url(bucket.url(key)),
            _ => Source::Body(self.text.clone()),
        }
    }

    async fn change(
        &self,
        stack: Option<Stack>,
        bucket: &Bucket,
        record: &mut DeployRecord,
    ) -> Result<Applied, DeployError> {
        let options = &self.request.options;
        let token = token(&record.id, &record.by);
        let source = self.source(bucket, record);
        let stopped = stack.as_ref().is_some_and(|s| s.state() == State::Stopped);
        let no_rollback = options.no_rollback || self.settings.disable_rollback || stopped;
        let name = &self.settings.name;
        let stack_id = match options.method {
            Method::Direct => match (&stack, self.update_or_create(source, &token, &stack).await) {
                (_, Ok(id)) => id,
                (Some(stack), Err(error)) if error.message.contains("No updates are to be performed") => {
                    return Ok(Applied::Empty(stack.clone()));
                }
                (_, Err(error)) => return Err(error.into()),
            },
            Method::Execute => {
                let prepared = change_set::prepared(self.aws, name).await?.ok_or_else(|| {
                    DeployError::NoDeployment(format!("stack {name} has no change set of rlx that waits"))
                })?;
                change_set::execute(self.aws, name, &prepared, &token, no_rollback).await?;
                stack.as_ref().map_or_else(|| name.clone(), |s| s.id.clone())
            }
            Method::ChangeSet | Method::PrepareOnly => {
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
        record.stack_id = Some(stack_id.clone());
        // From here on the record can find the operation again, whatever becomes of this process.
        self.save(record)?;
        let end = monitor::follow(self.aws, &stack_id, Followed::Token(&token), self.watch).await?;
        if end.is_good() && !self.settings.policy.is_empty() {
            self.set_policy().await?;
        }
        Ok(Applied::Ended(end))
    }

    async fn update_or_create(&self, source: Source, token: &str, stack: &Option<Stack>) -> Result<String, AwsError> {
        if stack.is_some() {
            return self.update_direct(source, token).await;
        }
        let settings = &self.settings;
        let (body, url) = source.parts();
        let answer = self
            .aws
            .cloudformation()
            .create_stack()
            .stack_name(&settings.name)
            .set_template_body(body)
            .set_template_url(url)
            .client_request_token(token)
            .set_disable_rollback((self.request.options.no_rollback || settings.disable_rollback).then_some(true))
            .set_capabilities(Some(settings.capabilities()))
            .set_parameters(Some(settings.sdk_parameters()))
            .set_tags(Some(settings.sdk_tags()))
            .set_role_arn(settings.role_arn.clone())
            .set_notification_arns(Some(settings.notification_arns.clone()))
            .set_rollback_configuration(settings.sdk_rollback())
            .send()
            .await
            .named("CloudFormation", "CreateStack")?;
        Ok(answer.stack_id.unwrap_or_default())
    }

    async fn update_direct(&self, source: Source, token: &str) -> Result<String, AwsError> {
        let settings = &self.settings;
        let (body, url) = source.parts();
        let answer = self
            .aws
            .cloudformation()
            .update_stack()
            .stack_name(&settings.name)
            .set_template_body(body)
            .set_template_url(url)
            .client_request_token(token)
            .set_disable_rollback((self.request.options.no_rollback || settings.disable_rollback).then_some(true))
            .set_capabilities(Some(settings.capabilities()))
            .set_parameters(Some(settings.sdk_parameters()))
            .set_tags(Some(settings.sdk_tags()))
            .set_role_arn(settings.role_arn.clone())
            .set_notification_arns(Some(settings.notification_arns.clone()))
            .set_rollback_configuration(settings.sdk_rollback())
            .send()
            .await
            .named("CloudFormation", "UpdateStack")?;
        Ok(answer.stack_id.unwrap_or_else(|| settings.name.clone()))
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

    fn no_stack(&self) -> DeployError {
        DeployError::NoStack { stack: self.settings.name.clone(), region: self.aws.region().to_owned() }
    }

    async fn failed(&self, end: End) -> DeployError {
        self.step("looking for the cause");
        DeployError::Failed {
            stack: self.settings.name.clone(),
            causes: events::causes(self.aws, &end.events).await,
            status: end.status,
        }
    }

    async fn finish(
        &self,
        mut record: DeployRecord,
        result: Result<Applied, DeployError>,
    ) -> Result<Deployed, DeployError> {
        record.finished = Some((self.request.now)());
        let result = match result {
            Ok(Applied::Unchanged(stack)) => return Ok(Deployed::Unchanged(Box::new(stack))),
            Ok(Applied::Ended(end)) if end.is_good() && end.stack.is_some() => {
                record.durations = end.durations();
                Ok(end.stack.unwrap_or_else(|| unreachable!("the guard says that there is one")))
            }
            Ok(Applied::Ended(end)) => {
                record.durations = end.durations();
                record.stack_status = Some(end.status.clone());
                Err(self.failed(end).await)
            }
            Ok(Applied::Empty(stack)) => Ok(stack),
            Ok(Applied::Prepared { change_set, changes }) => {
                record.outcome = Outcome::Prepared;
                self.save(&record)?;
                return Ok(Deployed::Prepared { change_set, changes });
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(stack) => {
                record.outcome = Outcome::Succeeded;
                record.stack_id = Some(stack.id.clone());
                record.stack_changed = Some(stack.changed.clone());
                record.stack_status = Some(stack.status.clone());
                self.save(&record)?;
                self.keep(&record).await;
                Ok(Deployed::Done(Box::new(stack), Box::new(record)))
            }
            // What somebody else does, or what an earlier run of rlx left going on, is not this deploy's to record.
            Err(error) if !self.begun.load(Ordering::Relaxed) && !matches!(error, DeployError::Aws(_)) => Err(error),
            Err(error) => {
                record.outcome = match &error {
                    DeployError::Interrupted { .. } => Outcome::Interrupted,
                    _ => Outcome::Failed,
                };
                record.failing_events = error.causes().to_vec();
                // Whoever was refused something is whom a diagnosis speaks of.
                if record.principal.is_none()
                    && matches!(&error, DeployError::Aws(call) if call.is_denied())
                    && let Ok(identity) = self.aws.identity().await
                {
                    record.principal = Some(identity.arn);
                    record.account = Some(identity.account);
                }
                if let DeployError::Aws(call) = &error {
                    record.call_error = Some(call.clone());
                }
                self.save(&record)?;
                if !matches!(error, DeployError::Interrupted { .. }) {
                    self.keep(&record).await;
                }
                Err(error)
            }
        }
    }

    /// Puts the record into the bucket. The deploy is done by then, whether or not this works.
    async fn keep(&self, record: &DeployRecord) {
        let Some(name) = &record.bucket else { return };
        let bucket = Bucket::new(self.aws, self.request.service, name);
        let object =
            Object::bytes(format!("{}deploys/{}.json", bucket.folder, record.id), record.to_json().into_bytes());
        if let Err(error) = bucket.put(&object).await {
            (self.watch)(Progress::Warning(&format!("the record of this deploy is only in .rlx: {error}")));
        }
    }
}

/// The newest record in a bucket.
pub(super) async fn newest_record(bucket: &Bucket) -> Result<Option<DeployRecord>, AwsError> {
    let keys = bucket.list("deploys/").await?;
    let Some(key) = keys.into_keys().max() else { return Ok(None) };
    Ok(bucket.get(&key).await?.and_then(|text| serde_json::from_str(&text).ok()))
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

impl Method {
    /// Whether nothing needs to be done where nothing changed.
    fn may_skip(self) -> bool {
        self != Self::Execute
    }
}
