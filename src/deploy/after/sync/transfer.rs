//! Objects: listed, put, deleted.

use super::{File, Folder};
use crate::aws::{Aws, AwsError, Named};
use crate::deploy::DeployError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectCannedAcl, ObjectIdentifier, StorageClass};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use tokio::task::JoinSet;

/// Files on the way at the same time.
const AT_ONCE: usize = 8;
/// Objects of one deletion, at most (`DeleteObjects`).
const AT_A_TIME: usize = 1000;

/// Puts what differs, then deletes what the folder does not have.
pub async fn copy(aws: &Aws, bucket: &str, folder: &Folder) -> Result<(), DeployError> {
    let there = list(aws, bucket, &folder.prefix).await?;
    // Settings cannot be read from a list: files that have some of their own are put again.
    let same = |file: &&File| file.settings.len() <= 1 && there.get(&file.key) == Some(&file.md5);
    let mut wanted = folder.files.iter().filter(|file| !same(file));
    let mut running: JoinSet<Result<(), DeployError>> = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(file) = wanted.next()
        {
            let (aws, bucket, file) = (aws.clone(), bucket.to_owned(), file.clone());
            running.spawn(async move { put(&aws, &bucket, &file).await });
        }
        match running.join_next().await {
            None => break,
            Some(Ok(put)) => put?,
            Some(Err(stopped)) => return Err(DeployError::io("copy", "")(std::io::Error::other(stopped.to_string()))),
        }
    }
    if folder.delete_removed {
        let kept: HashSet<&String> = folder.files.iter().map(|file| &file.key).collect();
        let gone: Vec<String> = there.into_keys().filter(|key| !kept.contains(key)).collect();
        delete(aws, bucket, gone).await?;
    }
    Ok(())
}

/// Deletes all objects below a prefix.
pub async fn clear(aws: &Aws, bucket: &str, prefix: &str) -> Result<(), AwsError> {
    match list(aws, bucket, prefix).await {
        Ok(there) => delete(aws, bucket, there.into_keys().collect()).await,
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Keys and ETags below a prefix.
async fn list(aws: &Aws, bucket: &str, prefix: &str) -> Result<BTreeMap<String, String>, AwsError> {
    let prefix = (!prefix.is_empty()).then(|| format!("{prefix}/"));
    let mut found = BTreeMap::new();
    let mut next = None;
    loop {
        let page = aws
            .s3()
            .list_objects_v2()
            .bucket(bucket)
            .set_prefix(prefix.clone())
            .set_continuation_token(next)
            .send()
            .await
            .named("S3", "ListObjectsV2")?;
        for object in page.contents.unwrap_or_default() {
            let etag = object.e_tag.unwrap_or_default().trim_matches('"').to_owned();
            found.extend(object.key.map(|key| (key, etag)));
        }
        next = page.next_continuation_token;
        if next.is_none() {
            return Ok(found);
        }
    }
}

async fn put(aws: &Aws, bucket: &str, file: &File) -> Result<(), DeployError> {
    let body = ByteStream::from_path(&file.path)
        .await
        .map_err(|error| DeployError::io("read", &file.path)(std::io::Error::other(error.to_string())))?;
    let text = |name: &str| file.settings.get(name).and_then(Value::as_str).map(str::to_owned);
    let metadata = file.settings.get("Metadata").and_then(Value::as_object);
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    aws.s3()
        .put_object()
        .bucket(bucket)
        .key(&file.key)
        .body(body)
        .set_cache_control(text("CacheControl"))
        .set_content_disposition(text("ContentDisposition"))
        .set_content_encoding(text("ContentEncoding"))
        .set_content_language(text("ContentLanguage"))
        .set_content_type(text("ContentType"))
        .set_storage_class(text("StorageClass").map(|class| StorageClass::from(class.as_str())))
        .set_website_redirect_location(text("WebsiteRedirectLocation"))
        .set_acl(text("ACL").map(|acl| ObjectCannedAcl::from(acl.as_str())))
        .set_metadata(metadata.map(|map| map.iter().map(|(key, value)| (key.clone(), plain(value))).collect()))
        .send()
        .await
        .named("S3", "PutObject")?;
    Ok(())
}

async fn delete(aws: &Aws, bucket: &str, keys: Vec<String>) -> Result<(), AwsError> {
    for keys in keys.chunks(AT_A_TIME) {
        let objects = keys.iter().filter_map(|key| ObjectIdentifier::builder().key(key).build().ok()).collect();
        let Ok(objects) = Delete::builder().set_objects(Some(objects)).quiet(true).build() else { continue };
        let answer = aws.s3().delete_objects().bucket(bucket).delete(objects).send().await;
        answer.named("S3", "DeleteObjects")?;
    }
    Ok(())
}
