//! serverless-deployment-bucket: the bucket that `provider.deploymentBucket` names is made where it is missing, with
//! the settings of `custom.deploymentBucket` (README of its version 1).
//!
//! Only what is set is set: other than with the plugin, a bucket that exists keeps what the manifest does not speak of.

use crate::aws::{Aws, AwsError, Named};
use crate::deploy::progress::{Progress, Watch};
use crate::iam::requirements::OwnCall;
use crate::manifest::schema::build::*;
use crate::manifest::{Service, plugins};
use crate::template::deployment_bucket_name;
use aws_sdk_s3::types::{
    AccelerateConfiguration, BucketAccelerateStatus, BucketLocationConstraint, BucketLoggingStatus,
    BucketVersioningStatus, CreateBucketConfiguration, LoggingEnabled, PublicAccessBlockConfiguration,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    Tag, Tagging, VersioningConfiguration,
};
use serde::Serialize;
use serde_json::Value;

/// Its package name.
pub const NAME: &str = "serverless-deployment-bucket";
/// Where buckets are made without naming the region
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>).
const FIRST_REGION: &str = "us-east-1";

/// The schema of `custom.deploymentBucket`.
pub fn schema() -> Value {
    let log = object([("bucket", text()), ("prefix", text())]);
    let tag = object([("Key", text()), ("Value", text())]);
    object([
        ("enabled", doc(boolean(), "Whether the bucket is made and changed [default: true].")),
        ("versioning", doc(boolean(), "Keep earlier versions of objects.")),
        ("accelerate", doc(boolean(), "Use edge locations for uploads.")),
        ("accessLog", doc(log, "Where requests are logged.")),
        ("policy", doc(any_of([any_object(), text()]), "The bucket's policy.")),
        ("tags", doc(list(tag), "The bucket's tags.")),
        ("blockPublicAccess", doc(boolean(), "Refuse public access of all kinds.")),
    ])
}

/// The bucket and what it shall be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeploymentBucket {
    name: String,
    /// `AES256` or `aws:kms`, and the key.
    encryption: Option<(String, Option<String>)>,
    versioning: Option<bool>,
    accelerate: Option<bool>,
    log: Option<(String, String)>,
    policy: Option<String>,
    tags: Vec<(String, String)>,
    block_public_access: Option<bool>,
}

impl DeploymentBucket {
    /// `None` where the service leaves the bucket alone.
    pub fn of(service: &Service) -> Option<Self> {
        let settings = &service.custom["deploymentBucket"];
        if !plugins::uses(&service.plugins, NAME) || settings["enabled"] == Value::Bool(false) {
            return None;
        }
        let name = deployment_bucket_name(service)?.as_str()?.to_owned();
        let of_provider = service.provider.raw.get("deploymentBucket").cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let log = &settings["accessLog"];
        let tags = settings["tags"].as_array().into_iter().flatten();
        Some(Self {
            name,
            encryption: text(&of_provider["serverSideEncryption"]).map(|kind| (kind, text(&of_provider["kmsKeyID"]))),
            versioning: settings["versioning"].as_bool(),
            accelerate: settings["accelerate"].as_bool(),
            log: text(&log["bucket"]).map(|bucket| (bucket, text(&log["prefix"]).unwrap_or_default())),
            policy: match &settings["policy"] {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                policy => Some(policy.to_string()),
            },
            tags: tags.filter_map(|tag| Some((text(&tag["Key"])?, text(&tag["Value"])?))).collect(),
            block_public_access: settings["blockPublicAccess"].as_bool(),
        })
    }

    /// The calls that it makes.
    pub fn calls(&self) -> Vec<OwnCall> {
        let arn = format!("s3:::{}", self.name);
        let mut actions = vec!["s3:CreateBucket"];
        let mut add = |set: bool, action| actions.extend(set.then_some(action));
        add(self.encryption.is_some(), "s3:PutEncryptionConfiguration");
        add(self.versioning.is_some(), "s3:PutBucketVersioning");
        add(self.accelerate.is_some(), "s3:PutAccelerateConfiguration");
        add(self.log.is_some(), "s3:PutBucketLogging");
        add(self.policy.is_some(), "s3:PutBucketPolicy");
        add(!self.tags.is_empty(), "s3:PutBucketTagging");
        add(self.block_public_access.is_some(), "s3:PutBucketPublicAccessBlock");
        let call = |action| OwnCall { action, resource: arn.clone(), why: "deployment bucket" };
        actions.into_iter().map(call).collect()
    }

    /// Makes the bucket where it is missing, and sets what the manifest says of it.
    pub async fn ensure(&self, aws: &Aws, watch: Watch<'_>) -> Result<(), AwsError> {
        match aws.s3().head_bucket().bucket(&self.name).send().await.named("S3", "HeadBucket") {
            Ok(_) => {}
            Err(error) if error.is_not_found() => {
                watch(Progress::Step(&format!("making the deployment bucket {}", self.name)));
                self.create(aws).await?;
            }
            Err(error) => return Err(error),
        }
        self.set_protection(aws).await?;
        self.set_features(aws).await
    }

    async fn create(&self, aws: &Aws) -> Result<(), AwsError> {
        let place = (aws.region() != FIRST_REGION).then(|| {
            let region = BucketLocationConstraint::from(aws.region());
            CreateBucketConfiguration::builder().location_constraint(region).build()
        });
        let call = aws.s3().create_bucket().bucket(&self.name).set_create_bucket_configuration(place);
        call.send().await.named("S3", "CreateBucket").map(|_| ())
    }

    async fn set_protection(&self, aws: &Aws) -> Result<(), AwsError> {
        if let Some((kind, key)) = &self.encryption {
            let default = ServerSideEncryptionByDefault::builder()
                .sse_algorithm(ServerSideEncryption::from(kind.as_str()))
                .set_kms_master_key_id(key.clone().filter(|_| kind == "aws:kms"))
                .build();
            let rules = default.ok().map(|default| {
                let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default);
                rule.build()
            });
            let whole = ServerSideEncryptionConfiguration::builder().set_rules(rules.map(|rule| vec![rule])).build();
            if let Ok(whole) = whole {
                let call = aws.s3().put_bucket_encryption().bucket(&self.name);
                let call = call.server_side_encryption_configuration(whole).send().await;
                call.named("S3", "PutBucketEncryption")?;
            }
        }
        if let Some(block) = self.block_public_access {
            let all = PublicAccessBlockConfiguration::builder()
                .block_public_acls(block)
                .block_public_policy(block)
                .ignore_public_acls(block)
                .restrict_public_buckets(block)
                .build();
            let call = aws.s3().put_public_access_block().bucket(&self.name);
            let call = call.public_access_block_configuration(all).send().await;
            call.named("S3", "PutPublicAccessBlock")?;
        }
        if let Some(policy) = &self.policy {
            let call = aws.s3().put_bucket_policy().bucket(&self.name).policy(policy).send().await;
            call.named("S3", "PutBucketPolicy")?;
        }
        Ok(())
    }

    async fn set_features(&self, aws: &Aws) -> Result<(), AwsError> {
        if let Some(on) = self.versioning {
            let status = if on { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
            let versioning = VersioningConfiguration::builder().status(status).build();
            let call = aws.s3().put_bucket_versioning().bucket(&self.name);
            call.versioning_configuration(versioning).send().await.named("S3", "PutBucketVersioning")?;
        }
        if let Some(on) = self.accelerate {
            let status = if on { BucketAccelerateStatus::Enabled } else { BucketAccelerateStatus::Suspended };
            let accelerate = AccelerateConfiguration::builder().status(status).build();
            let call = aws.s3().put_bucket_accelerate_configuration().bucket(&self.name);
            let call = call.accelerate_configuration(accelerate).send().await;
            call.named("S3", "PutBucketAccelerateConfiguration")?;
        }
        if let Some((bucket, prefix)) = &self.log {
            let target = LoggingEnabled::builder().target_bucket(bucket).target_prefix(prefix).build();
            let status = BucketLoggingStatus::builder().set_logging_enabled(target.ok()).build();
            let call = aws.s3().put_bucket_logging().bucket(&self.name).bucket_logging_status(status).send().await;
            call.named("S3", "PutBucketLogging")?;
        }
        if !self.tags.is_empty() {
            let tags = self.tags.iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok());
            if let Ok(tagging) = Tagging::builder().set_tag_set(Some(tags.collect())).build() {
                let call = aws.s3().put_bucket_tagging().bucket(&self.name).tagging(tagging).send().await;
                call.named("S3", "PutBucketTagging")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::service;

    #[test]
    fn only_what_the_manifest_sets_is_set() {
        let of = |custom: &str| {
            let manifest = format!(
                "service: quay\nprovider: {{ name: aws, deploymentBucket: {{ name: archives, serverSideEncryption: AES256 }} }}\n\
                 plugins: [{NAME}]\ncustom: {{ deploymentBucket: {custom} }}"
            );
            DeploymentBucket::of(&service(&manifest))
        };
        let bucket = of("{ versioning: true, tags: [{ Key: team, Value: pilots }] }").expect("a bucket");
        assert_eq!((bucket.versioning, bucket.accelerate, bucket.block_public_access), (Some(true), None, None));
        let actions: Vec<_> = bucket.calls().iter().map(|call| call.action).collect();
        assert_eq!(
            actions,
            ["s3:CreateBucket", "s3:PutEncryptionConfiguration", "s3:PutBucketVersioning", "s3:PutBucketTagging"]
        );
        assert_eq!(of("{ enabled: false }"), None);
    }
}
