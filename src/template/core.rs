//! What every template begins with: its head, the deployment bucket, the output that names it.

use super::Compilation;
use super::naming::{DEPLOYMENT_BUCKET, DEPLOYMENT_BUCKET_OUTPUT, DEPLOYMENT_BUCKET_POLICY};
use super::value::{get, join, reference};
use crate::manifest::Service;
use serde_json::{Map, Value, json};

/// Where the framework's text stands in a deployed template; kept so that an existing stack does not change.
const DESCRIPTION: &str = "The AWS CloudFormation template for this Serverless application";

/// The folder of all uploads in the deployment bucket, unless `provider.deploymentPrefix` names another.
const PREFIX: &str = "rlx";

/// The folder of all uploads in the deployment bucket: `provider.deploymentPrefix`, else `rlx`.
pub fn deployment_prefix(service: &Service) -> &str {
    service.provider.deployment_prefix.as_deref().unwrap_or(PREFIX)
}

/// The deployment bucket that exists outside the stack: `provider.deploymentBucket`, a text or its `name`.
pub fn deployment_bucket_name(service: &Service) -> Option<&Value> {
    let bucket = get(&service.provider.raw, "deploymentBucket")?;
    if bucket.is_object() { get(bucket, "name") } else { Some(bucket) }
}

/// The bucket of archives as templates refer to it: the named one, else the one of this stack.
pub fn deployment_bucket(service: &Service) -> Value {
    deployment_bucket_name(service).cloned().unwrap_or_else(|| reference(DEPLOYMENT_BUCKET))
}

/// Writes the head, the bucket, its policy and its output (Framework v3 `generateCoreTemplate`).
pub fn compile(it: &mut Compilation<'_>) {
    it.template.root.insert("AWSTemplateFormatVersion".into(), json!("2010-09-09"));
    it.template.root.insert("Description".into(), json!(DESCRIPTION));
    it.template.section("Resources");
    if deployment_bucket_name(it.service).is_none() {
        let settings = it.service.provider.raw.get("deploymentBucket");
        it.template.set_resource(DEPLOYMENT_BUCKET, bucket(settings));
        if settings.and_then(|s| get(s, "skipPolicySetup")).is_none() {
            it.template.set_resource(DEPLOYMENT_BUCKET_POLICY, bucket_policy());
        }
    }
    it.template.set_output(DEPLOYMENT_BUCKET_OUTPUT, json!({ "Value": deployment_bucket(it.service) }));
}

fn bucket(settings: Option<&Value>) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "BucketEncryption".into(),
        json!({ "ServerSideEncryptionConfiguration": [{ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } }] }),
    );
    let setting = |key: &str| settings.and_then(|s| get(s, key));
    if let Some(Value::Object(tags)) = setting("tags")
        && !tags.is_empty()
    {
        properties.insert("Tags".into(), super::value::tags(tags));
    }
    if setting("blockPublicAccess").is_some() {
        properties.insert(
            "PublicAccessBlockConfiguration".into(),
            json!({
                "BlockPublicAcls": true,
                "BlockPublicPolicy": true,
                "IgnorePublicAcls": true,
                "RestrictPublicBuckets": true,
            }),
        );
    }
    if setting("versioning").is_some() {
        properties.insert("VersioningConfiguration".into(), json!({ "Status": "Enabled" }));
    }
    json!({ "Type": "AWS::S3::Bucket", "Properties": properties })
}

/// Refuses plain HTTP.
fn bucket_policy() -> Value {
    let arn = |suffix: Option<&str>| {
        let head = [json!("arn:"), reference("AWS::Partition"), json!(":s3:::"), reference(DEPLOYMENT_BUCKET)];
        join("", head.into_iter().chain(suffix.map(|s| json!(s))))
    };
    json!({
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": reference(DEPLOYMENT_BUCKET),
            "PolicyDocument": {
                "Statement": [{
                    "Action": "s3:*",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Resource": [arn(Some("/*")), arn(None)],
                    "Condition": { "Bool": { "aws:SecureTransport": false } },
                }],
            },
        },
    })
}
