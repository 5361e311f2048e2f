//! The deployment bucket: which one it is, what lies in it, putting more into it.

use super::multipart::{self, Upload};
use super::progress::{Progress, Watch};
use super::{
    DeployError,
    stack::{Stack, time},
};
use crate::aws::{Aws, AwsError, Named};
use crate::manifest::Service;
use crate::template::naming::{DEPLOYMENT_BUCKET, DEPLOYMENT_BUCKET_OUTPUT};
use crate::template::{deployment_bucket_name, deployment_prefix};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, Delete, ObjectIdentifier};
use base64::Engine;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::PathBuf;
use tokio::task::JoinSet;

/// Objects that are put at the same time.
const PARALLEL: usize = 8;

/// How often an object's body is asked for that breaks off.
const BODY_TRIES: u32 = 4;

/// A stage's part of a deployment bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    aws: Aws,
    /// The bucket's name.
    pub name: String,
    /// The stage's folder in it, with the closing `/`.
    pub folder: String,
}

/// Something to be put into the bucket.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// What it holds.
    pub content: Content,
    /// SHA-256 of the content, lower-case hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// What an object holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// The bytes of a file.
    File(PathBuf),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// Something that lies in the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Bytes.
    pub size: u64,
    /// When it was put there, where the endpoint says so.
    pub put: Option<jiff::Timestamp>,
}

impl Object {
    /// Bytes under a key.
    pub fn bytes(key: String, bytes: Vec<u8>) -> Self {
        Self { key, size: bytes.len() as u64, sha256: hex(&Sha256::digest(&bytes)), content: Content::Bytes(bytes) }
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The folder of a stage in whatever bucket, with the closing `/`.
pub fn folder(service: &Service) -> String {
    format!("{}/{}/{}/", deployment_prefix(service), service.name, service.stage)
}

impl Bucket {
    /// A bucket by its name.
    pub fn new(aws: &Aws, service: &Service, name: impl Into<String>) -> Self {
        Self { aws: aws.clone(), name: name.into(), folder: folder(service) }
    }

    /// The address of an object, as CloudFormation takes it.
    pub fn url(&self, key: &str) -> String {
        let bucket = &self.name;
        match self.aws.endpoint().url() {
            Some(url) => format!("{url}/{bucket}/{key}"),
            None => {
                let region = self.aws.region();
                let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
                format!("https://s3.{region}.{suffix}/{bucket}/{key}")
            }
        }
    }

    /// The bucket of a stack: the one that the manifest names, else the one that the stack made.
    pub async fn of(aws: &Aws, service: &Service, stack: &Stack) -> Result<Option<Self>, AwsError> {
        if let Some(name) = deployment_bucket_name(service).and_then(|n| n.as_str()) {
            return Ok(Some(Self::new(aws, service, name)));
        }
        if let Some(name) = stack.output(DEPLOYMENT_BUCKET_OUTPUT) {
            return Ok(Some(Self::new(aws, service, name)));
        }
        // A stack of somebody else's making may have the bucket without the output.
        let answer = aws
            .cloudformation()
            .describe_stack_resource()
            .stack_name(&stack.name)
            .logical_resource_id(DEPLOYMENT_BUCKET)
            .send()
            .await
            .named("CloudFormation", "DescribeStackResource");
        match answer {
            Ok(answer) => Ok(answer
                .stack_resource_detail
                .and_then(|detail| detail.physical_resource_id)
                .filter(|name| !name.is_empty())
                .map(|name| Self::new(aws, service, name))),
            Err(error) if error.is_not_found() || error.code == "ValidationError" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the bucket exists and may be used.
    pub async fn check(&self) -> Result<(), DeployError> {
        let problem = |problem: String| DeployError::Bucket { bucket: self.name.clone(), problem };
        match self.aws.s3().head_bucket().bucket(&self.name).send().await.named("S3", "HeadBucket") {
            Ok(answer) => match answer.bucket_region {
                Some(region) if region != self.aws.region() => {
                    Err(problem(format!("is in {region}, but Lambda in {} reads only from there", self.aws.region())))
                }
                _ => Ok(()),
            },
            Err(error) if error.http_status == Some(404) => Err(problem("does not exist".to_owned())),
            Err(error) if matches!(error.http_status, Some(301 | 400)) => {
                Err(problem("is in another region".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The objects under a folder of the stage's, by key.
    pub async fn list(&self, folder: &str) -> Result<HashMap<String, Listed>, AwsError> {
        let mut found = HashMap::new();
        let mut next = None;
        loop {
            let page = self
                .aws
                .s3()
                .list_objects_v2()
                .bucket(&self.name)
                .prefix(format!("{}{folder}", self.folder))
                .delimiter("/")
                .set_continuation_token(next)
                .send()
                .await
                .named("S3", "ListObjectsV2")?;
            for object in page.contents.unwrap_or_default() {
                let size = u64::try_from(object.size.unwrap_or_default()).unwrap_or_default();
                let put = object.last_modified.map(|at| time(&at));
                found.extend(object.key.map(|key| (key, Listed { size, put })));
            }
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// Puts what is not `there` yet, several at once. Answers how many were put.
    pub async fn put_missing(
        &self,
        objects: Vec<Object>,
        there: &HashMap<String, Listed>,
        watch: Watch<'_>,
    ) -> Result<usize, DeployError> {
        // Keys are content hashes: the same key with the same length is the same content.
        let mut missing: Vec<Object> =
            objects.into_iter().filter(|o| there.get(&o.key).is_none_or(|old| old.size != o.size)).collect();
        let of = missing.len();
        if of > 0 {
            watch(Progress::Step("uploading"));
        }
        let mut running = JoinSet::new();
        let mut done = 0;
        loop {
            while running.len() < PARALLEL
                && let Some(object) = missing.pop()
            {
                let bucket = self.clone();
                running.spawn(async move { bucket.put(&object).await.map(|()| object) });
            }
            match running.join_next().await {
                None => return Ok(of),
                Some(Ok(put)) => {
                    let object = put?;
                    done += 1;
                    watch(Progress::Uploaded { key: &object.key, done, of, bytes: object.size });
                }
                Some(Err(stopped)) => {
                    return Err(DeployError::io("upload", "")(std::io::Error::other(stopped.to_string())));
                }
            }
        }
    }

    /// Puts one object; S3 checks that it got the right bytes.
    pub async fn put(&self, object: &Object) -> Result<(), DeployError> {
        if object.size > multipart::PART {
            return multipart::put(&self.aws, &self.name, object).await;
        }
        let body = match &object.content {
            Content::Bytes(bytes) => ByteStream::from(bytes.clone()),
            Content::File(path) => ByteStream::from_path(path)
                .await
                .map_err(|e| DeployError::io("read", path)(std::io::Error::other(e.to_string())))?,
        };
        self.aws
            .s3()
            .put_object()
            .bucket(&self.name)
            .key(&object.key)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .checksum_sha256(base64_of_hex(&object.sha256))
            .body(body)
            .send()
            .await
            .named("S3", "PutObject")?;
        Ok(())
    }

    /// The text under a key; `None` where there is none.
    pub async fn get(&self, key: &str) -> Result<Option<String>, AwsError> {
        let mut tries = 1;
        loop {
            // The SDK tries calls again, but not bodies that break off.
            match self.get_once(key).await {
                Err(error) if error.code == crate::aws::error::BAD_ANSWER && tries < BODY_TRIES => tries += 1,
                result => return result,
            }
        }
    }

    async fn get_once(&self, key: &str) -> Result<Option<String>, AwsError> {
        let answer = self.aws.s3().get_object().bucket(&self.name).key(key).send().await.named("S3", "GetObject");
        let body = match answer {
            Ok(answer) => answer.body,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let bytes = body.collect().await.map_err(|e| AwsError {
            service: "S3".to_owned(),
            operation: "GetObject".to_owned(),
            code: crate::aws::error::BAD_ANSWER.to_owned(),
            message: e.to_string(),
            request_id: None,
            http_status: None,
        })?;
        Ok(Some(String::from_utf8_lossy(&bytes.into_bytes()).into_owned()))
    }

    /// Deletes objects by key.
    pub async fn delete(&self, keys: &[String]) -> Result<(), AwsError> {
        for chunk in keys.chunks(1000) {
            let objects = chunk.iter().filter_map(|key| ObjectIdentifier::builder().key(key).build().ok()).collect();
            self.delete_objects(objects).await?;
        }
        Ok(())
    }

    /// Uploads of the stage's objects that were begun and not finished.
    ///
    /// # Errors
    /// The bucket cannot be read; a caller who may not list uploads is told of none.
    pub async fn unfinished(&self) -> Result<Vec<Upload>, AwsError> {
        multipart::unfinished(&self.aws, &self.name, &self.folder).await
    }

    /// Gives up an upload.
    ///
    /// # Errors
    /// S3 refused; one that is gone already is no error.
    pub async fn abort(&self, upload: &Upload) -> Result<(), AwsError> {
        multipart::abort(&self.aws, &self.name, upload).await
    }

    async fn delete_objects(&self, objects: Vec<ObjectIdentifier>) -> Result<(), AwsError> {
        let Ok(delete) = Delete::builder().set_objects(Some(objects)).quiet(true).build() else { return Ok(()) };
        let answer = self
            .aws
            .s3()
            .delete_objects()
            .bucket(&self.name)
            .delete(delete)
            .send()
            .await
            .named("S3", "DeleteObjects")?;
        // The call succeeds where single objects are refused.
        match answer.errors.unwrap_or_default().into_iter().next() {
            None => Ok(()),
            Some(error) => Err(AwsError {
                service: "S3".to_owned(),
                operation: "DeleteObjects".to_owned(),
                code: error.code.unwrap_or_default(),
                message: format!("{}: {}", error.key.unwrap_or_default(), error.message.unwrap_or_default()),
                request_id: None,
                http_status: None,
            }),
        }
    }

    /// Deletes everything in the bucket, earlier versions included: CloudFormation deletes empty buckets only.
    pub async fn empty(&self) -> Result<usize, AwsError> {
        let mut count = 0;
        loop {
            let page = self
                .aws
                .s3()
                .list_object_versions()
                .bucket(&self.name)
                .send()
                .await
                .named("S3", "ListObjectVersions")?;
            let versions = page.versions.unwrap_or_default().into_iter().map(|v| (v.key, v.version_id));
            let marks = page.delete_markers.unwrap_or_default().into_iter().map(|m| (m.key, m.version_id));
            let objects: Vec<_> = versions
                .chain(marks)
                .filter_map(|(key, version)| ObjectIdentifier::builder().key(key?).set_version_id(version).build().ok())
                .collect();
            count += objects.len();
            if !objects.is_empty() {
                self.delete_objects(objects).await?;
            }
            if !page.is_truncated.unwrap_or_default() {
                return Ok(count);
            }
        }
    }
}

/// The form that S3 wants checksums in.
pub(super) fn base64_of_hex(hex: &str) -> String {
    let bytes: Vec<u8> =
        (0..hex.len() / 2).filter_map(|i| u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_changes_its_form_and_not_its_value() {
        // SHA-256 of the empty text.
        let object = Object::bytes("k".into(), Vec::new());
        assert_eq!(object.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(base64_of_hex(&object.sha256), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
