//! The end of a deploy: its record, in `.rlx` and in the bucket.

use super::super::bucket::{Bucket, Object, hex};
use super::{Applied, Deployed, Run};
use crate::deploy::progress::Progress;
use crate::deploy::record::{ArtifactUse, DeployRecord, FailingEvent, Operation, Outcome, record_key};
use crate::deploy::{DeployError, TOKEN_PREFIX};
use crate::template::deployment_prefix;
use std::sync::atomic::Ordering;

async fn put_record(bucket: &Bucket, record: &DeployRecord) -> Result<(), DeployError> {
    let key = record_key(&bucket.folder, &record.id);
    bucket.put(&Object::bytes(key, record.to_json().into_bytes())).await
}

/// What CloudFormation says of the stack as a whole.
fn of_stack(record: &DeployRecord, reason: &str) -> FailingEvent {
    FailingEvent {
        logical_id: record.stack.clone(),
        resource_type: "AWS::CloudFormation::Stack".to_owned(),
        status: "VALIDATION_FAILED".to_owned(),
        reason: reason.to_owned(),
        time: record.finished.unwrap_or(record.started),
        stack_id: record.stack_id.clone().unwrap_or_default(),
        physical_id: None,
        log: Vec::new(),
    }
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
            hotswapped: false,
            cut_off: None,
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
                // Whoever executes it, on whatever machine, reads there what is in it.
                self.keep(&mut record).await;
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
                let hotswapped = std::mem::take(&mut record.hotswapped);
                self.keep(&mut record).await;
                // Until whoever swapped the code, which is this machine, has put it right.
                record.hotswapped = hotswapped;
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
                if let DeployError::Refused { reason, .. } = &error
                    && record.failing_events.is_empty()
                {
                    record.failing_events.push(of_stack(&record, reason));
                }
                record.call_error = error.call().cloned();
                if !self.begun.load(Ordering::Relaxed) {
                    let last = DeployRecord::read(&self.request.service.dir, &record.stage);
                    record.cut_off = last.and_then(DeployRecord::into_open).map(Box::new);
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
    /// on stays known to the record of a caller who was refused something; no other failure is worth that.
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
