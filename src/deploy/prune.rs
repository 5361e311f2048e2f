//! Removes what no deployment needs any more: old versions of functions, archives and records in the bucket.

use super::bucket::{Bucket, Listed};
use super::history;
use super::multipart::Upload;
use super::record::{DeployRecord, Outcome, record_key};
use crate::aws::{Aws, AwsError, Named};
use std::collections::{HashMap, HashSet};

/// What is, or would be, removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pruned {
    /// `function:version`.
    pub versions: Vec<String>,
    /// Keys in the deployment bucket.
    pub objects: Vec<String>,
    /// Keys of uploads in parts that nobody finished.
    pub uploads: Vec<String>,
}

/// Uploads that were begun too long ago to be going on.
///
/// # Errors
/// The bucket cannot be read.
pub async fn uploads(bucket: &Bucket, now: jiff::Timestamp) -> Result<Vec<Upload>, AwsError> {
    let mut found = bucket.unfinished().await?;
    found.retain(|upload| upload.begun.is_some_and(|begun| now.duration_since(begun) > GRACE));
    Ok(found)
}

/// Versions of a function that may go: of those that no alias names, all but the newest `keep`. The newest of all stays.
pub async fn versions(aws: &Aws, function: &str, keep: usize) -> Result<Vec<String>, AwsError> {
    let mut all: Vec<u64> = Vec::new();
    let mut next = None;
    loop {
        let page = match aws
            .lambda()
            .list_versions_by_function()
            .function_name(function)
            .set_marker(next)
            .send()
            .await
            .named("Lambda", "ListVersionsByFunction")
        {
            Ok(page) => page,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        // `$LATEST` is no number.
        all.extend(page.versions.unwrap_or_default().into_iter().filter_map(|v| v.version?.parse::<u64>().ok()));
        next = page.next_marker;
        if next.is_none() {
            break;
        }
    }
    let aliases = aws.lambda().list_aliases().function_name(function).send().await.named("Lambda", "ListAliases")?;
    let named: HashSet<u64> =
        aliases.aliases.unwrap_or_default().into_iter().filter_map(|a| a.function_version?.parse().ok()).collect();
    all.sort_by(|a, b| b.cmp(a));
    let newest = all.first().copied();
    let free = all.into_iter().filter(|version| !named.contains(version)).skip(keep);
    Ok(free.filter(|version| Some(*version) != newest).map(|version| version.to_string()).collect())
}

/// Versions of a layer that may go: all but the newest `keep`.
pub async fn layer_versions(aws: &Aws, layer: &str, keep: usize) -> Result<Vec<i64>, AwsError> {
    let mut all = Vec::new();
    let mut next = None;
    loop {
        let page = aws.lambda().list_layer_versions().layer_name(layer).set_marker(next).send().await;
        let page = match page.named("Lambda", "ListLayerVersions") {
            Ok(page) => page,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        all.extend(page.layer_versions.unwrap_or_default().into_iter().map(|version| version.version));
        next = page.next_marker;
        if next.is_none() {
            break;
        }
    }
    all.sort_by(|a, b| b.cmp(a));
    Ok(all.into_iter().skip(keep.max(1)).collect())
}

/// Deletes a version of a layer.
pub async fn delete_layer_version(aws: &Aws, layer: &str, version: i64) -> Result<(), AwsError> {
    let answer = aws.lambda().delete_layer_version().layer_name(layer).version_number(version).send().await;
    answer.named("Lambda", "DeleteLayerVersion").map(|_| ())
}

/// Deletes a version of a function.
pub async fn delete_version(aws: &Aws, function: &str, version: &str) -> Result<(), AwsError> {
    let answer = aws
        .lambda()
        .delete_function()
        .function_name(function)
        .qualifier(version)
        .send()
        .await
        .named("Lambda", "DeleteFunction");
    match answer {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// How long an object that no record knows is left alone: it may belong to a deploy that goes on.
const GRACE: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Objects of a stage that none of the newest `keep` good deploys uses. A rollback to one of those still works.
///
/// # Errors
/// The bucket cannot be read.
pub async fn objects(bucket: &Bucket, keep: usize, now: jiff::Timestamp) -> Result<Vec<String>, AwsError> {
    let records = history::records(bucket, usize::MAX).await?;
    if records.is_empty() {
        // Nothing says what is in use.
        return Ok(Vec::new());
    }
    Ok(unused(&records, &bucket.list("").await?, &bucket.folder, keep, now))
}

/// The same, of records (newest first) and of what lies in the bucket beside them.
fn unused(
    records: &[DeployRecord],
    there: &HashMap<String, Listed>,
    folder: &str,
    keep: usize,
    now: jiff::Timestamp,
) -> Vec<String> {
    let mut known = HashSet::new();
    let mut kept = HashSet::new();
    let mut good = 0;
    let mut old = Vec::new();
    for record in records {
        let used = || record.artifacts.iter().map(|a| a.key.as_str()).chain(record.template.as_deref());
        known.extend(used());
        if good >= keep.max(1) {
            old.push(record_key(folder, &record.id));
            continue;
        }
        if record.outcome == Outcome::Succeeded {
            good += 1;
        }
        kept.extend(used());
    }
    let is_old = |object: &Listed| object.put.is_none_or(|put| now.duration_since(put) > GRACE);
    let free = |key: &str, object: &Listed| !kept.contains(key) && (known.contains(key) || is_old(object));
    let mut unused: Vec<String> =
        there.iter().filter(|(key, object)| free(key, object)).map(|(key, _)| key.clone()).collect();
    unused.extend(old);
    unused.sort();
    unused
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(id: &str, outcome: &str) -> DeployRecord {
        let key = format!("s/{id}.zip");
        let artifacts = json!([{ "name": "a.zip", "sha256": id, "key": key }]);
        serde_json::from_value(json!({
            "version": 1, "id": id, "service": "s", "stage": "dev", "region": "us-east-1", "stack": "s-dev",
            "operation": "update", "outcome": outcome, "started": "2026-01-01T00:00:00Z", "by": "ada@laptop",
            "rlx": "0", "fingerprint": id, "template": format!("s/{id}.json"), "artifacts": artifacts,
        }))
        .unwrap()
    }

    #[test]
    fn what_no_record_knows_is_left_alone_for_a_day() {
        let now: jiff::Timestamp = "2026-01-10T12:00:00Z".parse().unwrap();
        let there: HashMap<String, Listed> = [
            ("s/3.zip", "2026-01-10T00:00:00Z"),
            ("s/2.zip", "2026-01-10T00:00:00Z"),
            ("s/1.zip", "2026-01-10T00:00:00Z"),
            ("s/under-way.zip", "2026-01-10T00:00:00Z"),
            ("s/orphan.zip", "2026-01-09T00:00:00Z"),
        ]
        .into_iter()
        .map(|(key, put)| (key.to_owned(), Listed { size: 1, put: put.parse().ok() }))
        .collect();
        // What a failed or interrupted run put there goes with the good one before it.
        let records = [record("3", "succeeded"), record("2", "interrupted"), record("1", "succeeded")];
        let gone = unused(&records, &there, "s/", 1, now);
        assert_eq!(gone, ["s/1.zip", "s/2.zip", "s/deploys/1.json", "s/deploys/2.json", "s/orphan.zip"]);
    }
}
