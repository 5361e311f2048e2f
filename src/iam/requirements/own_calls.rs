//! What rlx itself calls, apart from what CloudFormation calls for it.

use super::references::parameter_arn;
use super::resolve::Resolver;
use super::{Need, Requirements, Scope, arns};
use crate::manifest::variables::Lookup;
use crate::template::naming::DEPLOYMENT_BUCKET;
use serde_json::Value;

/// How a service is deployed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployment {
    /// The deployment bucket, as the template refers to it.
    pub bucket: Value,
    /// The folder of all uploads in it.
    pub prefix: String,
    /// The role that CloudFormation works with, if one is set.
    pub service_role: Option<Value>,
    /// SNS topics that are told of the stack's events.
    pub notification_arns: Vec<Value>,
    /// Whether a stack policy is set.
    pub stack_policy: bool,
    /// Repositories of ECR that images are pushed to, by name.
    pub repositories: Vec<String>,
    /// What the manifest's variables ask AWS for.
    pub variables: Vec<Lookup>,
    /// What is called beside the stack.
    pub beside: Vec<OwnCall>,
}

/// A call that rlx makes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCall {
    /// Such as `lambda:DeleteFunction`.
    pub action: &'static str,
    /// `*`, or an ARN behind `arn:<partition>:`, with `${Region}` and `${Account}` in it.
    pub resource: String,
    /// What for.
    pub why: &'static str,
}

const STACK: &[&str] = &[
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResource",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DescribeStacks",
    "cloudformation:DetectStackDrift",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetTemplate",
    "cloudformation:ListChangeSets",
    "cloudformation:ListStackResources",
    "cloudformation:TagResource",
    "cloudformation:UntagResource",
    "cloudformation:UpdateStack",
];

/// Adds it.
pub(super) fn add(requirements: &mut Requirements, resolver: &Resolver<'_>, deployment: &Deployment) {
    let scope = resolver.scope;
    let stack = scope.arn(&format!("cloudformation:${{Region}}:${{Account}}:stack/{}/*", scope.stack));
    for action in STACK {
        requirements.add(action, &stack, None, Need::Rlx("stack"));
    }
    // A detection is named by an id of its own, and what is imported is asked by the template's text.
    for action in ["cloudformation:DescribeStackDriftDetectionStatus", "cloudformation:GetTemplateSummary"] {
        requirements.add(action, "*", None, Need::Rlx("stack"));
    }
    if deployment.stack_policy {
        requirements.add("cloudformation:SetStackPolicy", &stack, None, Need::Rlx("stack policy"));
    }
    if let Some(role) = &deployment.service_role {
        let role = resolver.text(role);
        let role = if role.starts_with("arn:") { role } else { scope.arn("iam::${Account}:role/*") };
        requirements.add("iam:PassRole", &role, Some("cloudformation.amazonaws.com"), Need::Rlx("service role"));
    }
    let bucket = resolver.text(&deployment.bucket);
    let bucket = if bucket.is_empty() { "*".to_owned() } else { bucket };
    for action in ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"] {
        requirements.add(action, &scope.arn(&format!("s3:::{bucket}")), None, Need::Rlx("deployment bucket"));
    }
    // Removing a stack empties its bucket, also of what an older tool left outside the prefix.
    let objects = scope.arn(&format!("s3:::{bucket}/*"));
    for action in [
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    ] {
        requirements.add(action, &objects, None, Need::Rlx("deployment bucket"));
    }
    own_buckets(requirements, resolver);
    for topic in &deployment.notification_arns {
        requirements.add("sns:Publish", &resolver.text(topic), None, Need::Rlx("notifications"));
    }
    for call in &deployment.beside {
        let resource = if call.resource == "*" { call.resource.clone() } else { scope.arn(&call.resource) };
        requirements.add(call.action, &resource, None, Need::Rlx(call.why));
    }
    images(requirements, resolver, &deployment.repositories);
    variables(requirements, resolver, &deployment.variables);
}

/// What empties the buckets of the stack before it is removed, since CloudFormation deletes empty ones only.
fn own_buckets(requirements: &mut Requirements, resolver: &Resolver<'_>) {
    let goes = |resource: &Value| {
        let kept = resource["DeletionPolicy"].as_str().is_some_and(|policy| policy.starts_with("Retain"));
        resource["Type"] == "AWS::S3::Bucket" && !kept
    };
    let own = resolver.template.resources().filter(|(id, resource)| *id != DEPLOYMENT_BUCKET && goes(resource));
    for bucket in own.flat_map(|(id, resource)| arns::own(id, resource, *resolver)) {
        requirements.add("s3:ListBucketVersions", &bucket, None, Need::Rlx("bucket of the stack"));
        for action in ["s3:DeleteObject", "s3:DeleteObjectVersion"] {
            requirements.add(action, &format!("{bucket}/*"), None, Need::Rlx("bucket of the stack"));
        }
    }
}

/// Amazon ECR User Guide, "IAM permissions for pushing an image".
fn images(requirements: &mut Requirements, resolver: &Resolver<'_>, repositories: &[String]) {
    const PUSH: [&str; 10] = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:CreateRepository",
        "ecr:DeleteRepository",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    ];
    for repository in repositories {
        requirements.add("ecr:GetAuthorizationToken", "*", None, Need::Rlx("images"));
        let arn = resolver.scope.arn(&format!("ecr:${{Region}}:${{Account}}:repository/{repository}"));
        for action in PUSH {
            requirements.add(action, &arn, None, Need::Rlx("images"));
        }
    }
}

fn variables(requirements: &mut Requirements, resolver: &Resolver<'_>, lookups: &[Lookup]) {
    for lookup in lookups {
        let scope = match lookup {
            Lookup::StackOutput { region, .. } | Lookup::Parameter { region, .. } | Lookup::Secret { region, .. } => {
                let region = region.clone().unwrap_or_else(|| resolver.scope.region.clone());
                Scope { region, ..resolver.scope.clone() }
            }
            _ => resolver.scope.clone(),
        };
        let (action, arn) = match lookup {
            // Whoever has credentials may ask for their account.
            Lookup::AccountId => continue,
            Lookup::Parameter { name, .. } => ("ssm:GetParameter", parameter_arn(name, &scope)),
            Lookup::Secret { id, .. } if id.starts_with("arn:") => ("secretsmanager:GetSecretValue", id.clone()),
            Lookup::Secret { id, .. } => {
                let secret = scope.arn(&format!("secretsmanager:${{Region}}:${{Account}}:secret:{id}-*"));
                ("secretsmanager:GetSecretValue", secret)
            }
            Lookup::StackOutput { stack, .. } => {
                let arn = scope.arn(&format!("cloudformation:${{Region}}:${{Account}}:stack/{stack}/*"));
                ("cloudformation:DescribeStacks", arn)
            }
            Lookup::Object { bucket, key } => ("s3:GetObject", scope.arn(&format!("s3:::{bucket}/{key}"))),
        };
        requirements.add(action, &arn, None, Need::Rlx("variables"));
    }
}
