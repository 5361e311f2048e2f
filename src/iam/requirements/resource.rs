//! What one resource of a template needs.

use super::resolve::Resolver;
use super::{Need, Requirements, Scope, arns, gates};
use crate::iam::catalogue::{self, Action, Operation};
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
pub(super) fn add(requirements: &mut Requirements, logical_id: &str, resource: &Value, resolver: &Resolver<'_>) {
    let kind = resource["Type"].as_str().unwrap_or_default();
    let need = || Need::Resource(logical_id.to_owned());
    if kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource" {
        let token = resolver.text(&resource["Properties"]["ServiceToken"]);
        let action = if token.contains(":sns:") { "sns:Publish" } else { "lambda:InvokeFunction" };
        let any = resolver.scope.arn("lambda:${Region}:${Account}:function:*");
        requirements.add(action, if token.starts_with("arn:") { &token } else { &any }, None, need());
        return;
    }
    let (wanted, inferred) = actions(kind);
    if inferred {
        requirements.inferred.insert(logical_id.to_owned(), kind.to_owned());
    }
    let home = home(kind);
    let seen = Seen::new(logical_id, resource, *resolver);
    let prefix = format!("{kind} ");
    let asked = |path: &str| gates::has(resource, path);
    let extras = EXTRAS.with_prefix(&prefix).filter(|row| asked(&row.key[prefix.len()..]));
    let extras = extras.flat_map(|row| row.list(0).map(str::to_owned));
    let open = |action: &String| gates::open(action, resource, home);
    // The gate of what a handler calls an action by, and of the action itself.
    let gated = wanted.into_iter().filter(open).flat_map(|name| known(&name)).filter(open);
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
                for resource in seen.resources_of(&action) {
                    requirements.add(&action, &resource, None, need());
                }
            }
        }
    }
}

/// The actions of a type's handlers; inferred from its name where there are none on record.
fn actions(kind: &str) -> (BTreeSet<String>, bool) {
    const ALL: [Operation; 4] = [Operation::Create, Operation::Read, Operation::Update, Operation::Delete];
    if let Some(handlers) = catalogue::handlers(kind) {
        return (ALL.iter().flat_map(|operation| handlers.actions(*operation)).collect(), false);
    }
    let mut parts = kind.split("::").skip(1);
    let (Some(service), Some(name)) = (parts.next(), parts.next()) else { return (BTreeSet::new(), true) };
    let Some(prefix) = catalogue::prefix_of_service(service) else { return (BTreeSet::new(), true) };
    const VERBS: [&str; 9] = ["Create", "Delete", "Update", "Modify", "Describe", "Get", "List", "Put", "Tag"];
    let speaks = |action: &Action| {
        let rest = action.name().split_once(':').map_or("", |(_, n)| n);
        VERBS.iter().any(|verb| rest.strip_prefix(verb).is_some_and(|r| r.trim_end_matches('s') == name))
    };
    (catalogue::actions_of(prefix).into_iter().filter(speaks).map(|a| a.name().to_owned()).collect(), true)
}

/// The prefix of the service that a type belongs to.
fn home(kind: &str) -> &'static str {
    kind.split("::").nth(1).and_then(catalogue::prefix_of_service).unwrap_or_default()
}

/// The actions that exist behind a name from a handler: itself, a pattern, or the actions of an API operation.
fn known(name: &str) -> Vec<String> {
    if let Some(action) = catalogue::action(name) {
        return vec![action.name().to_owned()];
    }
    if name.contains('*') {
        return vec![name.to_owned()];
    }
    let (prefix, operation) = name.split_once(':').unwrap_or((name, ""));
    catalogue::actions_of_operation(prefix, operation).into_iter().map(str::to_owned).collect()
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
    fn resources_of(&self, name: &str) -> BTreeSet<String> {
        let Some(action) = catalogue::action(name) else { return ["*".to_owned()].into() };
        if action.wants_any_resource() {
            return ["*".to_owned()].into();
        }
        // API Gateway authorises by path, and its actions' formats do not list all paths. The facts on load
        // balancers are of the classic ones, which share their prefix with the others.
        let by_path = action.prefix() == "apigateway" && !name.ends_with("Policy");
        if (by_path || action.prefix() == "elasticloadbalancing") && !self.own.is_empty() {
            return self.own.iter().cloned().collect();
        }
        let formats: BTreeSet<String> = action.resource_types().map(|t| self.pattern(t.arn())).collect();
        let mut found = fitting(&self.own, &formats);
        if found.is_empty() && name.starts_with("s3:GetObject") {
            found = self.objects.clone();
        }
        if found.is_empty() {
            found = fitting(&self.references, &formats);
        }
        if found.is_empty() {
            return match formats.len() {
                // What need not name a resource is asked for with none.
                1 if !action.resource_types().any(|t| t.required) => ["*".to_owned()].into(),
                _ if action.prefix() == "apigateway" => [self.resolver.scope.arn("apigateway:${Region}::/*")].into(),
                1..=MAX_FORMATS => formats,
                _ => [self.resolver.scope.arn(&format!("{}:${{Region}}:${{Account}}:*", action.prefix()))].into(),
            };
        }
        for required in self.parts(action).into_iter().map(|pattern| [pattern].into()) {
            if fitting(&found, &required).is_empty() {
                let named = fitting(&self.references, &required);
                found.extend(if named.is_empty() { required } else { named });
            }
        }
        found
    }

    /// The kinds of its own service that an action needs all of, not one of: only what makes or joins something does.
    fn parts(&self, action: Action) -> Vec<String> {
        const JOINING: [&str; 6] = ["Associate", "Attach", "Create", "Modify", "Register", "Run"];
        let name = action.name().split_once(':').map_or("", |(_, name)| name);
        let joins = JOINING.iter().any(|verb| name.starts_with(verb));
        let service = format!(":{}:", action.prefix());
        let needed = action.resource_types().filter(|t| joins && t.required && t.arn().contains(&service));
        needed.map(|t| self.pattern(t.arn())).collect()
    }

    /// An ARN format as a pattern in this scope.
    fn pattern(&self, format: &str) -> String {
        let scope = self.resolver.scope;
        let format = format.replace("${Partition}", &scope.partition);
        let mut text = format.replace("${Region}", &scope.region).replace("${Account}", scope.account());
        while let Some((start, end)) = text.find("${").and_then(|s| Some((s, s + text[s..].find('}')?))) {
            text.replace_range(start..=end, "*");
        }
        text
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
fn fitting<'a>(arns: impl IntoIterator<Item = &'a String>, formats: &BTreeSet<String>) -> BTreeSet<String> {
    let any: Vec<String> = formats.iter().map(|format| wider(format)).collect();
    arns.into_iter().filter(|arn| any.iter().any(|format| covers(format, arn))).cloned().collect()
}

/// A pattern for any region and account, since what properties name may lie elsewhere.
fn wider(pattern: &str) -> String {
    let mut parts: Vec<&str> = pattern.splitn(6, ':').collect();
    for index in [3, 4] {
        if parts.get(index).is_some_and(|part| !part.is_empty()) {
            parts[index] = "*";
        }
    }
    parts.join(":")
}
