//! What one resource of a template needs.

use super::facts::{Facts, Format};
use super::resolve::Resolver;
use super::{Need, Requirements, Scope, arns, gates};
use crate::iam::table::Table;
use crate::iam::wildcard::covers;
use serde_json::Value;
use std::collections::BTreeSet;

/// Type and property (`*`: always), actions that handlers do not list.
const EXTRAS: Table = Table(include_str!("../facts/reviewed/extras.tsv"));

/// More kinds of resources than this in one action are named by the service alone.
const MAX_FORMATS: usize = 4;

/// What tells that an action works on a service-linked role.
const LINKED_ROLE: [&str; 3] = ["ServiceLinkedRole", "iam:AttachRolePolicy", "iam:PutRolePolicy"];

/// Adds what a resource needs.
pub(super) fn add(
    requirements: &mut Requirements,
    logical_id: &str,
    resource: &Value,
    resolver: &Resolver<'_>,
    facts: &mut Facts<'_>,
) {
    let kind = resource["Type"].as_str().unwrap_or_default();
    let need = || Need::Resource(logical_id.to_owned());
    if kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource" {
        let token = resolver.text(&resource["Properties"]["ServiceToken"]);
        let action = if token.contains(":sns:") { "sns:Publish" } else { "lambda:InvokeFunction" };
        let any = resolver.scope.arn("lambda:${Region}:${Account}:function:*");
        requirements.add(action, if token.starts_with("arn:") { &token } else { &any }, None, need());
        return;
    }
    let of_type = facts.of_type(kind);
    if of_type.inferred {
        requirements.inferred.insert(logical_id.to_owned(), kind.to_owned());
    }
    let home = of_type.home;
    let seen = Seen::new(logical_id, resource, *resolver);
    let prefix = format!("{kind} ");
    let asked = |path: &str| gates::has(resource, path);
    let extras = EXTRAS.with_prefix(&prefix).filter(|row| asked(&row.key[prefix.len()..]));
    let extras = extras.flat_map(|row| row.list(0).map(str::to_owned));
    let gates = gates::Gates::new(resource, home);
    // The gate of what a handler calls an action by, and of the action itself.
    let wanted = of_type.wanted.iter().filter(|wanted| gates.open(&wanted.name));
    let gated = wanted.flat_map(|wanted| &wanted.actions).filter(|action| gates.open(action)).cloned();
    for action in gated.chain(extras).collect::<BTreeSet<_>>() {
        match action.as_str() {
            "iam:PassRole" | "iam:GetRole" if kind != "AWS::IAM::Role" => {
                let service = (action == "iam:PassRole").then(|| passed_to(kind)).flatten();
                for role in &seen.roles {
                    requirements.add(&action, role, service.as_deref(), need());
                }
            }
            // Other services give policies to their own linked roles only (IAM User Guide, "Create a service-linked role").
            _ if home != "iam" && LINKED_ROLE.iter().any(|part| action.contains(part)) => {
                let roles = resolver.scope.arn("iam::${Account}:role/aws-service-role/*");
                requirements.add(&action, &roles, None, need());
            }
            _ => {
                let known: BTreeSet<String> =
                    arns::worked_on(logical_id, resource, &action, *resolver).into_iter().collect();
                let arns = if known.is_empty() { seen.resources_of(&action, facts) } else { known };
                for arn in arns {
                    requirements.add(&action, &arn, None, need());
                }
            }
        }
    }
}

/// The service that uses a role which resources of a type are given.
fn passed_to(kind: &str) -> Option<String> {
    const SERVICES: &[(&str, &str)] = &[
        ("AWS::ApiGateway", "apigateway"),
        ("AWS::AppSync", "appsync"),
        ("AWS::ApplicationAutoScaling", "application-autoscaling"),
        ("AWS::Backup", "backup"),
        ("AWS::Batch", "batch"),
        ("AWS::Bedrock", "bedrock"),
        ("AWS::CloudFormation", "cloudformation"),
        ("AWS::CloudTrail", "cloudtrail"),
        ("AWS::CodeBuild", "codebuild"),
        ("AWS::CodeDeploy", "codedeploy"),
        ("AWS::CodePipeline", "codepipeline"),
        ("AWS::Cognito::Identity", "cognito-identity"),
        ("AWS::Cognito", "cognito-idp"),
        ("AWS::Config", "config"),
        ("AWS::DAX", "dax"),
        ("AWS::DynamoDB", "dynamodb"),
        ("AWS::EC2::FlowLog", "vpc-flow-logs"),
        ("AWS::Events", "events"),
        ("AWS::Glue", "glue"),
        ("AWS::IAM::InstanceProfile", "ec2"),
        ("AWS::IoT", "iot"),
        ("AWS::KinesisAnalytics", "kinesisanalytics"),
        ("AWS::KinesisFirehose", "firehose"),
        ("AWS::Lambda", "lambda"),
        ("AWS::Logs", "logs"),
        ("AWS::Pipes", "pipes"),
        ("AWS::RDS::DBProxy", "rds"),
        ("AWS::S3", "s3"),
        ("AWS::SNS", "sns"),
        ("AWS::Scheduler", "scheduler"),
        ("AWS::StepFunctions", "states"),
        ("AWS::Synthetics", "lambda"),
        ("AWS::Transfer", "transfer"),
    ];
    let found = SERVICES.iter().find(|(start, _)| kind.starts_with(start));
    found.map(|(_, service)| format!("{service}.amazonaws.com"))
}

/// What a resource's properties say of itself and of others.
struct Seen<'a> {
    own: Vec<String>,
    /// ARNs of others among the properties.
    references: BTreeSet<String>,
    roles: BTreeSet<String>,
    /// Objects in S3: code, definitions.
    objects: BTreeSet<String>,
    resolver: Resolver<'a>,
}

impl<'a> Seen<'a> {
    fn new(logical_id: &str, resource: &Value, resolver: Resolver<'a>) -> Self {
        let own = arns::own(logical_id, resource, resolver);
        let mut seen =
            Self { own, references: BTreeSet::new(), roles: BTreeSet::new(), objects: BTreeSet::new(), resolver };
        seen.walk("", &resource["Properties"]);
        seen
    }

    fn walk(&mut self, key: &str, value: &Value) {
        // What stands there concerns others than the one who deploys.
        const FOREIGN: &[&str] =
            &["Environment", "Tags", "Policies", "PolicyDocument", "AssumeRolePolicyDocument", "ManagedPolicyArns"];
        if FOREIGN.contains(&key) {
            return;
        }
        let intrinsic = |map: &serde_json::Map<String, Value>| {
            map.len() == 1 && map.keys().all(|k| k == "Ref" || k.starts_with("Fn::"))
        };
        match value {
            Value::Object(map) if !intrinsic(map) => {
                let get = |names: [&str; 2]| names.iter().find_map(|name| map.get(*name));
                if let (Some(bucket), Some(object)) = (get(["S3Bucket", "Bucket"]), get(["S3Key", "Key"])) {
                    self.object(bucket, object);
                }
                for (key, inner) in map {
                    self.walk(key, inner);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(key, item)),
            Value::String(_) | Value::Object(_) => self.text(key, value),
            _ => {}
        }
    }

    fn text(&mut self, key: &str, value: &Value) {
        let text = self.resolver.text(value);
        let key = key.to_ascii_lowercase();
        let named_role = ["role", "credentials", "callerarn"].iter().any(|word| key.contains(word));
        if named_role && (text.contains(":role/") || !text.starts_with("arn:")) {
            let whole = text.starts_with("arn:");
            // A role may be given by its name, which is not known where it is made up.
            self.roles.insert(if whole {
                text
            } else {
                self.resolver.scope.arn(&format!("iam::${{Account}}:role/{text}"))
            });
        } else if text.starts_with("arn:") {
            self.references.insert(text);
        } else if let Some(object) = text.strip_prefix("s3://") {
            self.objects.insert(self.resolver.scope.arn(&format!("s3:::{object}")));
        } else if let Some((bucket, _)) = text.split_once(".s3.") {
            self.references.insert(self.resolver.scope.arn(&format!("s3:::{bucket}")));
        } else if key == "hostedzoneid" {
            self.references.insert(self.resolver.scope.arn(&format!("route53:::hostedzone/{text}")));
        } else {
            self.references.extend(repository(&text, self.resolver.scope));
        }
    }

    /// The folder of an object, since its last part changes with each deploy.
    fn object(&mut self, bucket: &Value, key: &Value) {
        let (bucket, key) = (self.resolver.text(bucket), self.resolver.text(key));
        let folder = key.rfind('/').map_or("", |at| &key[..=at]);
        self.objects.insert(self.resolver.scope.arn(&format!("s3:::{bucket}/{folder}*")));
    }

    /// The ARNs that an action needs: the resource's own, else those that its properties name, else all of the kind;
    /// with other kinds that a request must name too, those as well.
    fn resources_of(&self, name: &str, facts: &mut Facts<'_>) -> BTreeSet<String> {
        let any = || ["*".to_owned()].into();
        let Some(kinds) = facts.of_action(name) else { return any() };
        let prefix = kinds.action.prefix();
        if kinds.action.wants_any_resource() {
            return any();
        }
        // API Gateway authorises by path, and its actions' formats do not list all paths. The facts on load
        // balancers are of the classic ones, which share their prefix with the others.
        let by_path = prefix == "apigateway" && !name.ends_with("Policy");
        if by_path || prefix == "elasticloadbalancing" {
            let of_service = format!(":{prefix}:");
            let own: BTreeSet<String> = self.own.iter().filter(|arn| arn.contains(&of_service)).cloned().collect();
            if !own.is_empty() {
                return own;
            }
        }
        let mut found = fitting(&self.own, &kinds.formats);
        if found.is_empty() && name.starts_with("s3:GetObject") {
            found = self.objects.clone();
        }
        if found.is_empty() {
            found = fitting(&self.references, &kinds.formats);
        }
        if found.is_empty() {
            return match kinds.formats.len() {
                // What need not name a resource is asked for with none.
                1 if !kinds.required => any(),
                _ if prefix == "apigateway" => [self.resolver.scope.arn("apigateway:${Region}::/*")].into(),
                1..=MAX_FORMATS => kinds.formats.iter().map(|format| format.here.clone()).collect(),
                _ => [self.resolver.scope.arn(&format!("{prefix}:${{Region}}:${{Account}}:*"))].into(),
            };
        }
        for part in &kinds.parts {
            let part = std::slice::from_ref(part);
            if fitting(&found, part).is_empty() {
                let named = fitting(&self.references, part);
                found.extend(if named.is_empty() { [part[0].here.clone()].into() } else { named });
            }
        }
        found
    }
}

/// The repository of an image such as `123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:latest`.
fn repository(image: &str, scope: &Scope) -> Option<String> {
    let (account, rest) = image.split_once(".dkr.ecr.")?;
    let (host, name) = rest.split_once('/')?;
    let name = name.split([':', '@']).next().unwrap_or(name);
    Some(format!("arn:{}:ecr:{}:{account}:repository/{name}", scope.partition, host.split('.').next()?))
}

/// The ARNs that are of one of the formats.
fn fitting<'a>(arns: impl IntoIterator<Item = &'a String>, formats: &[Format]) -> BTreeSet<String> {
    arns.into_iter().filter(|arn| formats.iter().any(|format| covers(&format.anywhere, arn))).cloned().collect()
}
