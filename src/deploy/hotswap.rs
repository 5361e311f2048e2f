//! Changes the code of functions past CloudFormation: seconds instead of a change set, for stages in development.

use super::DeployError;
use super::bucket::{Bucket, Content, Object};
use super::progress::{Progress, Watch};
use crate::aws::{Aws, AwsError, Named};
use crate::package::Artifact;
use crate::template::Template;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long Lambda may take to bring new code into a function.
const PATIENCE: Duration = Duration::from_secs(120);

/// A function whose code is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// Its deployed name.
    pub function: String,
    /// Key of its new code in the deployment bucket.
    pub key: String,
}

/// Whether the code of functions is all that differs between the deployed template and the new one.
pub fn code_only(deployed: &Template, wanted: &Template) -> bool {
    let strip = |template: &Template| {
        let mut template = template.clone();
        // A new code makes a new version, of another logical id, and outputs and aliases follow it.
        template.resources_mut().retain(|_, r| kind(r) != "AWS::Lambda::Version");
        template.section("Outputs").retain(|name, _| !name.ends_with("LambdaFunctionQualifiedArn"));
        for (_, resource) in template.resources_mut() {
            if kind(resource) == "AWS::Lambda::Function"
                && let Some(code) = resource.pointer_mut("/Properties/Code")
            {
                *code = Value::Null;
            }
        }
        template
    };
    strip(deployed) == strip(wanted)
}

fn kind(resource: &Value) -> &str {
    resource.get("Type").and_then(Value::as_str).unwrap_or_default()
}

/// The template that a stack has.
pub async fn deployed_template(aws: &Aws, stack: &str) -> Result<Option<Template>, AwsError> {
    let answer =
        aws.cloudformation().get_template().stack_name(stack).send().await.named("CloudFormation", "GetTemplate")?;
    Ok(match serde_json::from_str(&answer.template_body.unwrap_or_default()) {
        Ok(Value::Object(root)) => Some(Template { root }),
        _ => None,
    })
}

/// Uploads archives and gives them to functions.
pub async fn swap(
    aws: &Aws,
    bucket: &Bucket,
    swaps: &[Swap],
    artifacts: &[(String, &Artifact)],
    watch: Watch<'_>,
) -> Result<(), DeployError> {
    let wanted = artifacts.iter().filter(|(key, _)| swaps.iter().any(|swap| swap.key == *key));
    let objects = wanted.map(|(key, artifact)| Object {
        key: key.clone(),
        content: Content::File(artifact.path.clone()),
        sha256: artifact.sha256.clone(),
        size: artifact.size,
    });
    let there = bucket.list("").await?;
    bucket.put_missing(objects.collect(), &there, watch).await?;
    for swap in swaps {
        watch(Progress::Step(&format!("changing the code of {}", swap.function)));
        aws.lambda()
            .update_function_code()
            .function_name(&swap.function)
            .s3_bucket(&bucket.name)
            .s3_key(&swap.key)
            .send()
            .await
            .named("Lambda", "UpdateFunctionCode")?;
    }
    for swap in swaps {
        settled(aws, &swap.function).await?;
    }
    Ok(())
}

/// Whether a function runs the code of an archive (`CodeSha256`).
pub async fn runs(aws: &Aws, function: &str, artifact: &Artifact) -> Result<bool, AwsError> {
    let now = aws
        .lambda()
        .get_function_configuration()
        .function_name(function)
        .send()
        .await
        .named("Lambda", "GetFunctionConfiguration")?;
    Ok(now.code_sha256.as_deref() == Some(super::bucket::base64_of_hex(&artifact.sha256).as_str()))
}

/// Waits until a change of a function is done
/// (<https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>).
pub async fn settled(aws: &Aws, function: &str) -> Result<(), DeployError> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(if aws.endpoint().is_loopback() { 30 } else { 400 });
    loop {
        let now = aws
            .lambda()
            .get_function_configuration()
            .function_name(function)
            .send()
            .await
            .named("Lambda", "GetFunctionConfiguration")?;
        match now.last_update_status.as_ref().map(|s| s.as_str()) {
            Some("InProgress") if begun.elapsed() < PATIENCE => {}
            Some("Failed") => {
                return Err(DeployError::Refused {
                    reason: now.last_update_status_reason.unwrap_or_else(|| format!("{function} could not be changed")),
                    causes: Vec::new(),
                });
            }
            _ => return Ok(()),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_secs(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn template(key: &str, memory: u64, version: &str) -> Template {
        let root = json!({
            "Resources": {
                "F": {"Type": "AWS::Lambda::Function", "Properties": {
                    "FunctionName": "s-dev-f", "MemorySize": memory, "Code": {"S3Bucket": {"Ref": "B"}, "S3Key": key},
                }},
                version: {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}},
            },
            "Outputs": {"FLambdaFunctionQualifiedArn": {"Value": {"Ref": version}}},
        });
        match root {
            Value::Object(root) => Template { root },
            _ => unreachable!(),
        }
    }

    #[test]
    fn new_code_alone_can_be_swapped() {
        assert!(code_only(&template("old", 128, "V1"), &template("new", 128, "V2")));
        assert!(code_only(&template("old", 128, "V1"), &template("old", 128, "V1")));
    }

    #[test]
    fn a_changed_setting_needs_cloudformation() {
        assert!(!code_only(&template("old", 128, "V1"), &template("new", 256, "V2")));
    }
}
