//! The end of a deploy: its record, in `.rlx` and in the bucket.

use super::super::bucket::{Bucket, Object, hex};
use super::{Applied, Deployed, Run};
use crate::deploy::progress::Progress;
use crate::deploy::record::{ArtifactUse, DeployRecord, Operation, Outcome};
use crate::deploy::{DeployError, TOKEN_PREFIX};
use crate::template::deployment_prefix;
use std::sync::atomic::Ordering;

async fn put_record(bucket: &Bucket, record: &DeployRecord) -> Result<(), DeployError> {
    let key = format!("{}deploys/{}.json", bucket.folder, record.id);
    bucket.put(&Object::bytes(key, record.to_json().into_bytes())).await
}

impl Run<'_> {
    pub(super) fn record(&self) -> DeployRecord {
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
            only_local: false,
        }
    }

    pub(super) fn save(&self, record: &DeployRecord) -> Result<(), DeployError> {
        let dir = &self.request.service.dir;
        record.write(dir).map_err(DeployError::io("write", DeployRecord::path(dir, &record.stage)))
    }

    pub(super) async fn finish(
        &self,
        mut record: DeployRecord,
        result: Result<Applied, DeployError>,
    ) -> Result<Deployed, DeployError> {
        record.finished = Some((self.request.now)());
        let result = match result {
            Ok(Applied::Unchanged(stack)) => return Ok(Deployed::Unchanged(Box::new(stack))),
            Ok(Applied::Ended(mut end)) => {
                record.durations = end.durations();
                record.stack_status = Some(end.status.clone());
                match end.stack.take() {
                    Some(stack) if end.is_good() => Ok(stack),
                    _ => Err(self.failed(end).await),
                }
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
                self.keep(&mut record).await;
                self.save(&record)?;
                Ok(Deployed::Done(Box::new(stack), Box::new(record)))
            }
            // What somebody else does, or what an earlier run of rlx left going on, is not this deploy's to record.
            Err(error) if !self.begun.load(Ordering::Relaxed) && !self.is_worth_a_record(&error) => Err(error),
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
                if !matches!(error, DeployError::Interrupted { .. }) {
                    self.keep(&mut record).await;
                }
                self.save(&record)?;
                Err(error)
            }
        }
    }

    /// Whether a diagnosis has something to find out about a deploy that did not begin. What an earlier one left going
    /// on must stay known, though, unless the caller was refused something.
    fn is_worth_a_record(&self, error: &DeployError) -> bool {
        let service = self.request.service;
        let last = || DeployRecord::read(&service.dir, &service.stage);
        let needed = || last().is_some_and(|last| last.is_unfinished() || last.is_owed());
        matches!(error, DeployError::Aws(call) if call.is_denied() || !needed())
    }

    /// Puts the record into the bucket, before `.rlx` says that there is nothing more to do. The deploy is done by
    /// then, whether or not this works: where it does not, the next deploy puts it there.
    async fn keep(&self, record: &mut DeployRecord) {
        let Some(name) = &record.bucket else { return };
        let bucket = Bucket::new(self.aws, self.request.service, name);
        if let Err(error) = put_record(&bucket, record).await {
            record.only_local = true;
            (self.watch)(Progress::Warning(&format!(
                "the record of this deploy is only in .rlx until the next one: {error}"
            )));
        }
    }

    /// Puts a record into the bucket that an earlier run could not put there, or was cut off before it did: else
    /// nobody would know of what that run uploaded. A bucket that is gone has nothing to be known of.
    pub(super) async fn keep_late(&self, mut record: DeployRecord) -> Result<(), DeployError> {
        record.only_local = false;
        if record.outcome == Outcome::Running {
            record.outcome = Outcome::Interrupted;
        }
        let Some(name) = &record.bucket else { return Ok(()) };
        match put_record(&Bucket::new(self.aws, self.request.service, name), &record).await {
            Err(DeployError::Aws(error)) if error.is_not_found() => Ok(()),
            result => result,
        }
    }
}
