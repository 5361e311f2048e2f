//! Removes what no deployment needs any more: old versions of functions, archives and records in the bucket.

use super::bucket::Bucket;
use super::history;
use super::record::Outcome;
use crate::aws::{Aws, AwsError, Named};
use std::collections::HashSet;

/// What is, or would be, removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pruned {
    /// `function:version`.
    pub versions: Vec<String>,
    /// Keys in the deployment bucket.
    pub objects: Vec<String>,
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

/// Objects of a stage that none of the newest `keep` good deploys uses. A rollback to one of those still works.
pub async fn objects(bucket: &Bucket, keep: usize) -> Result<Vec<String>, AwsError> {
    let records = history::records(bucket, usize::MAX).await?;
    let mut kept = HashSet::new();
    let mut good = 0;
    let mut old = Vec::new();
    for record in &records {
        if good >= keep.max(1) {
            old.push(format!("{}deploys/{}.json", bucket.folder, record.id));
            continue;
        }
        if record.outcome == Outcome::Succeeded {
            good += 1;
        }
        kept.extend(record.artifacts.iter().map(|a| a.key.clone()));
        kept.extend(record.template.clone());
    }
    if records.is_empty() {
        // Nothing says what is in use.
        return Ok(Vec::new());
    }
    let mut unused: Vec<String> = bucket.list("").await?.into_keys().filter(|key| !kept.contains(key)).collect();
    unused.extend(old);
    unused.sort();
    Ok(unused)
}
