//! The deploys that are kept in the bucket.

use super::DeployError;
use super::bucket::Bucket;
use super::record::{DeployRecord, Operation, Outcome};
use crate::aws::AwsError;
use tokio::task::JoinSet;

/// Records that are read at the same time.
const PARALLEL: usize = 16;

/// The newest records in a bucket, newest first.
pub async fn records(bucket: &Bucket, most: usize) -> Result<Vec<DeployRecord>, AwsError> {
    let mut keys: Vec<String> = bucket.list("deploys/").await?.into_keys().collect();
    // Keys hold the time.
    keys.sort_by(|a, b| b.cmp(a));
    keys.truncate(most);
    let mut keys = keys.into_iter();
    let mut running = JoinSet::new();
    let mut found = Vec::new();
    loop {
        while running.len() < PARALLEL
            && let Some(key) = keys.next()
        {
            let bucket = bucket.clone();
            running.spawn(async move { bucket.get(&key).await });
        }
        match running.join_next().await {
            None => break,
            Some(Ok(text)) => found.extend(text?.and_then(|text| serde_json::from_str::<DeployRecord>(&text).ok())),
            // Records are read, not changed: one that could not be read is one less to show.
            Some(Err(_)) => {}
        }
    }
    found.sort_by(|a: &DeployRecord, b| b.id.cmp(&a.id));
    Ok(found)
}

/// The deploy to go back to, of records, newest first: the one of an id (or its begin), else the last good one before
/// what runs now.
///
/// # Errors
/// There is none, or the begin of an id is that of several.
pub fn target<'r>(records: &'r [DeployRecord], id: Option<&str>) -> Result<&'r DeployRecord, DeployError> {
    let missing = |text: String| DeployError::NoDeployment(text);
    let good: Vec<&DeployRecord> =
        records.iter().filter(|r| r.outcome == Outcome::Succeeded && r.template.is_some()).collect();
    let Some(id) = id else { return before_now(&good) };
    let short = |r: &DeployRecord| r.id.trim_start_matches(super::TOKEN_PREFIX).to_owned();
    if let Some(exact) = good.iter().find(|r| r.id == id || short(r) == id) {
        return Ok(exact);
    }
    let begun: Vec<_> = good.iter().filter(|r| r.id.starts_with(id) || short(r).starts_with(id)).collect();
    match begun.as_slice() {
        [only] => Ok(only),
        [] => Err(missing(format!("no deployment `{id}` that succeeded is kept"))),
        several => {
            let ids: Vec<&str> = several.iter().map(|r| r.id.as_str()).collect();
            Err(missing(format!("several deployments begin with `{id}`: {}", ids.join(", "))))
        }
    }
}

/// The last one that is not what runs now. Where that is a rollback itself, the deploys that it went back over are
/// no way back.
fn before_now<'r>(good: &[&'r DeployRecord]) -> Result<&'r DeployRecord, DeployError> {
    let missing = |text: &str| DeployError::NoDeployment(text.to_owned());
    let now = good.first().ok_or_else(|| missing("no deployment is kept"))?;
    let same = |r: &DeployRecord| r.template == now.template;
    let first = good.iter().position(|r| same(r) && r.operation != Operation::Rollback).unwrap_or_default();
    let earlier = good.iter().skip(first).find(|r| !same(r));
    earlier.copied().ok_or_else(|| missing("no earlier deployment is kept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, template: &str, outcome: Outcome) -> DeployRecord {
        DeployRecord {
            version: 1,
            id: format!("rlx-{id}"),
            service: "s".into(),
            stage: "dev".into(),
            region: "us-east-1".into(),
            account: None,
            stack: "s-dev".into(),
            stack_id: None,
            operation: Operation::Update,
            outcome,
            started: jiff::Timestamp::UNIX_EPOCH,
            finished: None,
            principal: None,
            by: "ada@laptop".into(),
            commit: None,
            rlx: "0".into(),
            fingerprint: template.into(),
            bucket: None,
            template: Some(template.into()),
            artifacts: Vec::new(),
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

    #[test]
    fn without_an_id_the_last_good_one_that_differs_is_taken() {
        let records = [
            record("4", "b", Outcome::Failed),
            record("3", "b", Outcome::Succeeded),
            record("2", "b", Outcome::Succeeded),
            record("1", "a", Outcome::Succeeded),
        ];
        assert_eq!(target(&records, None).unwrap().id, "rlx-1");
    }

    #[test]
    fn after_a_rollback_the_way_goes_further_back() {
        let back = DeployRecord { operation: Operation::Rollback, ..record("4", "b", Outcome::Succeeded) };
        let records = [
            back,
            record("3", "c", Outcome::Succeeded),
            record("2", "b", Outcome::Succeeded),
            record("1", "a", Outcome::Succeeded),
        ];
        assert_eq!(target(&records, None).unwrap().id, "rlx-1");
    }

    #[test]
    fn an_id_may_be_given_without_its_prefix_and_only_begun() {
        let records =
            [record("20261123t2115", "b", Outcome::Succeeded), record("20261122t0000", "a", Outcome::Succeeded)];
        assert_eq!(target(&records, Some("20261122")).unwrap().fingerprint, "a");
        assert!(target(&records, Some("2025")).is_err());
        let error = target(&records, Some("202611")).unwrap_err();
        assert!(error.to_string().starts_with("several deployments begin with `202611`"), "{error}");
    }
}
