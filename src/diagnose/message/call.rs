//! What stands around a bare refusal: the API call, its service, the CloudFormation resource.

use super::Prepared;
use crate::iam::catalogue;
use regex::{Captures, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// How far before and behind a refusal its call is looked for, in bytes.
const BEFORE: usize = 900;
const BEHIND: usize = 600;
/// How far a form reaches that was wrapped, in bytes.
const WRAPPED: usize = 160;

/// What is known of the call that was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// IAM prefix of the service.
    pub service: Option<&'static str>,
    /// API operation, such as `PutObject`.
    pub operation: Option<String>,
    /// The action, where the text names it as such (`API: s3:CreateBucket`).
    pub action: Option<String>,
    /// CloudFormation resource type.
    pub resource_type: Option<String>,
    /// Logical id of the resource.
    pub logical_id: Option<String>,
    /// What CloudFormation was doing to the resource.
    pub handler: Option<catalogue::Operation>,
    /// Who called, as CloudTrail tells it.
    pub principal: Option<String>,
    /// What was accessed, where the text says.
    pub resource: Option<String>,
}

/// IAM prefixes in which an operation without a service is looked up, likeliest first.
const LIKELY: &[&str] = &[
    "s3",
    "lambda",
    "iam",
    "cloudformation",
    "sts",
    "logs",
    "dynamodb",
    "sqs",
    "sns",
    "events",
    "kms",
    "ssm",
    "secretsmanager",
    "ec2",
    "ecr",
    "ecs",
    "eks",
    "cloudfront",
    "route53",
    "acm",
    "states",
    "kinesis",
    "firehose",
    "cognito-idp",
    "cognito-identity",
    "codebuild",
    "codepipeline",
    "codedeploy",
    "scheduler",
    "pipes",
    "rds",
    "cloudwatch",
    "elasticloadbalancing",
    "wafv2",
    "appsync",
    "ses",
    "glue",
    "athena",
    "servicequotas",
    "organizations",
    "es",
    "elasticfilesystem",
    "elasticache",
    "elasticbeanstalk",
    "amplify",
    "iot",
    "bedrock",
    "batch",
    "transfer",
    "aoss",
    "servicediscovery",
    "budgets",
];

/// What API Gateway's operations are about; its actions are HTTP methods, which every operation would fit.
const API_GATEWAY: [&str; 5] = ["Deployment", "ApiKey", "Authorizer", "DomainName", "Api"];
/// The same, where no other service is as likely.
const ONLY_API_GATEWAY: [&str; 7] =
    ["RestApi", "Stage", "Method", "Integration", "UsagePlan", "BasePathMapping", "GatewayResponse"];

/// A form that names a call.
struct Form {
    /// Without this word the expression is not even made.
    needle: &'static str,
    regex: LazyLock<Option<Regex>>,
    read: fn(&Captures, &mut Call),
}

macro_rules! form {
    ($needle:literal, $regex:expr, $read:expr $(,)?) => {
        Form { needle: $needle, regex: LazyLock::new(|| Regex::new($regex).ok()), read: $read }
    };
}

/// The forms that name a call; a field that an earlier one filled stays.
static FORMS: [Form; 37] = [
    // CloudFormation, and Serverless Framework v1: `API: s3:CreateBucket Access Denied`
    form!("API:", r"API:\s+([a-z0-9-]+):([A-Za-z0-9]+)", |c, call| {
        let operation = capitalized(&c[2]);
        call.action.get_or_insert(format!("{}:{operation}", &c[1]));
        set_service(call, &c[1]);
        call.operation.get_or_insert(operation);
    }),
    // boto3, AWS CLI
    form!("calling", r"when\s+calling\s+(?:the\s+)?([A-Za-z0-9]+)\s+operation", |c, call| set_operation(call, &c[1])),
    // Agents and tools: `CreateLogStream API responded with`
    form!("", r"\b([A-Z][a-z]+(?:[A-Z][A-Za-z0-9]+)+)\s+(?:API|operation|request|call)\b", |c, call| {
        if action_of(call.service, &c[1]).is_some() {
            set_operation(call, &c[1]);
        }
    }),
    // Go SDK v2, Terraform: `operation error S3: PutObject`
    form!("operation error", r"operation error ([A-Za-z0-9 ]+): ([A-Z][A-Za-z0-9]+)", |c, call| {
        set_service(call, &c[1]);
        set_operation(call, &c[2]);
    }),
    // CloudTrail
    form!("eventSource", r#""eventSource"\s*:\s*"([a-z0-9.-]+)""#, |c, call| set_service(call, &c[1])),
    form!("eventName", r#""eventName"\s*:\s*"([A-Za-z0-9]+)""#, |c, call| set_operation(
        call,
        c[1].trim_end_matches("20150331v2")
    )),
    form!("userIdentity", r#""userIdentity"\s*:\s*\{[^}]{0,400}?"arn"\s*:\s*"([^"]+)""#, |c, call| {
        call.principal.get_or_insert(c[1].to_owned());
    }),
    // PHP SDK: `Error executing "PutObject" on "https://..."`
    form!("Error executing", r#"Error executing "([A-Za-z0-9]+)""#, |c, call| set_operation(call, &c[1])),
    // CDK: `Call failed: getParameter({`
    form!("Call failed", r"Call failed:\s*([A-Za-z0-9]+)\(", |c, call| set_operation(call, &c[1])),
    // `S3::putObject()`, `iam.createRole(`
    form!("(", r"\b([A-Za-z][A-Za-z0-9]+)(?:::|\.)([a-z][A-Za-z0-9]+)\(", |c, call| {
        if let Some(prefix) = catalogue::prefix_of_service(&c[1])
            && !catalogue::actions_of_operation(prefix, &capitalized(&c[2])).is_empty()
        {
            call.service.get_or_insert(prefix);
            set_operation(call, &c[2]);
        }
    }),
    // A command line: `aws s3api put-object`
    form!("aws ", r"\baws\s+([a-z][a-z0-9-]+)\s+([a-z][a-z0-9-]+)", |c, call| {
        let operation: String = c[2].split('-').map(capitalized).collect();
        if let Some(prefix) = catalogue::prefix_of_service(c[1].trim_end_matches("api"))
            && !catalogue::actions_of_operation(prefix, &operation).is_empty()
        {
            call.service.get_or_insert(prefix);
            set_operation(call, &operation);
        }
    }),
    // Java SDK, CloudFormation: `(Service: AmazonS3; Status Code: 403; ...`
    form!("Service:", r"\(?Service:\s*([A-Za-z0-9 ]+?)\s*[;,]", |c, call| set_service(call, &c[1])),
    // Ruby, .NET, Java, JavaScript v3 exceptions
    form!("Aws::", r"Aws::([A-Za-z0-9]+)::Errors", |c, call| set_service(call, &c[1])),
    form!("Amazon.", r"Amazon\.([A-Za-z0-9]+)\.(?:Model\.)?[A-Z][A-Za-z0-9]+Exception", |c, call| set_service(
        call, &c[1]
    )),
    form!("services.", r"services\.([a-z0-9]+)\.model\.([A-Z][A-Za-z0-9]+?)Request\b", |c, call| {
        set_service(call, &c[1]);
        set_known_operation(call, &c[2]);
    }),
    form!("services.", r"services\.([a-z0-9]+)\.model\.", |c, call| set_service(call, &c[1])),
    form!("lib/services/", r"lib/services/([a-z0-9]+)\.js", |c, call| set_service(call, &c[1])),
    // Frames of the SDKs: JavaScript v3 (its first releases too), Go v2, Go v1, Ruby, Java, .NET
    form!(
        "deserializeAws_",
        r"deserializeAws_(?:restXml|restJson1?|json1_[01]|query|ec2)([A-Z][A-Za-z0-9]+?)Command",
        |c, call| set_operation(call, &c[1])
    ),
    form!("_deserializeOp", r"_deserializeOp(?:Http)?(?:Error)?([A-Z][A-Za-z0-9]+)", |c, call| set_known_operation(
        call, &c[1]
    )),
    form!(
        "aws-sdk-go/service/",
        r"aws-sdk-go/service/([a-z0-9]+)\.\(\*[A-Za-z0-9]+\)\.([A-Z][A-Za-z0-9]+)",
        |c, call| {
            set_service(call, &c[1]);
            set_known_operation(call, c[2].trim_end_matches("WithContext"));
        }
    ),
    form!(
        "client.rb",
        r"aws-sdk-([a-z0-9]+)/client\.rb:[0-9]+:in\s+[`'](?:[A-Za-z0-9:]+#)?([a-z0-9_]+)'",
        |c, call| {
            set_service(call, &c[1]);
            set_known_operation(call, &c[2].split('_').map(capitalized).collect::<String>());
        }
    ),
    form!("de_", r"\bde_([A-Z][A-Za-z0-9]+?)Command(?:Error)?\b", |c, call| set_operation(call, &c[1])),
    form!(
        "Client.",
        r"\b(?:Default)?(?:Amazon|AWS)?([A-Z][A-Za-z0-9]*?)(?:Async)?Client\.(?:execute)?([A-Za-z][A-Za-z0-9]+)\(",
        |c, call| {
            let name = c[2].strip_suffix("Async").unwrap_or(&c[2]);
            if let Some(prefix) = catalogue::prefix_of_service(&c[1])
                && !catalogue::actions_of_operation(prefix, &capitalized(name)).is_empty()
            {
                call.service.get_or_insert(prefix);
                set_operation(call, name);
            }
        }
    ),
    form!("@aws-sdk/", r"@aws-sdk/client-([a-z0-9-]+)", |c, call| set_service(call, &c[1])),
    // An endpoint
    form!(
        "amazonaws.com",
        r"https?://(?:[^\s/']*\.)?([a-z0-9-]+?)(?:[.-](?:dualstack\.)?[a-z]{2}(?:-[a-z]+)+-[0-9])?\.amazonaws\.com",
        |c, call| set_service(call, &c[1]),
    ),
    // Hadoop's file system: `getFileStatus on s3a://...`, `PUT 0-byte object on`
    form!(
        "s3a",
        r"\b(getFileStatus|open|listStatus|listFiles|innerListStatus|delete|mkdirs?|innerMkdirs|rename|create) (?:on )?s3a?n?://",
        |c, call| {
            set_service(call, "s3");
            set_operation(
                call,
                match &c[1] {
                    "getFileStatus" | "open" => "GetObject",
                    "listStatus" | "listFiles" | "innerListStatus" => "ListObjectsV2",
                    "delete" => "DeleteObject",
                    _ => "PutObject",
                },
            );
        }
    ),
    form!("0-byte object", r"PUT 0-byte object", |_, call| {
        set_service(call, "s3");
        set_operation(call, "PutObject");
    }),
    // Terraform's state in a bucket
    form!(
        " state",
        r"(?i)\b(loading|refreshing|reading|load|save|saving|upload|uploading|persist|persisting) (?:the |remote )?state(?::| file| from| snapshot)",
        |c, call| {
            let writes = ["sav", "upload", "persist"].iter().any(|verb| c[1].to_ascii_lowercase().starts_with(verb));
            set_service(call, "s3");
            set_operation(call, if writes { "PutObject" } else { "GetObject" });
        }
    ),
    // Pulumi's state in a bucket
    form!("checkpoint", r"(?i)\b(load|sav|writ)(?:ing|e)? (?:the )?checkpoint", |c, call| {
        set_service(call, "s3");
        set_operation(call, if c[1].eq_ignore_ascii_case("load") { "GetObject" } else { "PutObject" });
    }),
    form!("OperationDeserializer", r"\b([A-Z][A-Za-z0-9]+?)OperationDeserializer", |c, call| set_known_operation(
        call, &c[1]
    )),
    form!("existing workspaces", r"existing workspaces", |_, call| {
        set_service(call, "s3");
        set_operation(call, "ListObjectsV2");
    }),
    // Git over HTTPS to CodeCommit
    form!("git-codecommit.", r"git-codecommit\.", |_, call| {
        set_service(call, "codecommit");
        set_operation(call, "GitPull");
    }),
    // The error type of a call in Rust: `HeadObjectError {`
    form!("Error {", r"\b([A-Z][a-z]+(?:[A-Z][A-Za-z0-9]+)+?)Error \{", |c, call| set_known_operation(call, &c[1])),
    // Prose: `error creating IAM Role (x):`, `Failed to create the CloudFormation stack`, `Could not create volume`
    form!(
        "",
        r"(?i)\b(creat|updat|delet|describ|list|gett|get|putt|put|read|validat|tagg|tag|attach|detach|start|stopp|stop|invok|publish)(?:e|ing)?[ \t]+(?:(?:the|an?|new|AWS|Amazon)[ \t]+)*([A-Za-z0-9]+(?:[ \t]+[A-Za-z0-9]+){0,4})",
        |c, call| prose(c, call),
    ),
    // Serverless Framework: `Could not locate deployment bucket. Error: Access Denied`
    form!("deployment bucket", r"Could not locate deployment bucket", |_, call| {
        set_service(call, "s3");
        set_operation(call, "GetBucketLocation");
    }),
    // Terraform up to 1.0
    form!("launching", r"Error launching source instance", |_, call| {
        set_service(call, "ec2");
        set_operation(call, "RunInstances");
    }),
    // The reason that a tool gives when it was cut short: `(AWS::S3::BucketPolicy)`
    form!("AWS::", r"AWS::([A-Za-z0-9]+)::[A-Za-z0-9:]+", |c, call| set_service(call, &c[1])),
];

/// The call that a refusal at `range` of a text speaks of.
pub fn near(prepared: &Prepared, range: &Range<usize>) -> Call {
    let text = &prepared.text;
    let line = prepared.line_at(range.start);
    let mut call = Call::default();
    // The same line first, then what led to it, then what follows; then what was wrapped around the line's ends.
    let windows = [
        line.clone(),
        boundary(text, line.start.saturating_sub(BEFORE))..line.start,
        line.end..boundary(text, line.end.saturating_add(BEHIND)),
        boundary(text, line.start.saturating_sub(WRAPPED))..boundary(text, line.end.saturating_add(WRAPPED)),
    ];
    for (number, window) in windows.into_iter().enumerate() {
        let part = cut_at_neighbours(text, window, number);
        for form in FORMS.iter().filter(|form| part.contains(form.needle)) {
            let Some(regex) = form.regex.as_ref() else { continue };
            let found = if number == 1 { regex.captures_iter(part).last() } else { regex.captures(part) };
            if let Some(found) = found {
                (form.read)(&found, &mut call);
            }
        }
        stack_event(part, number, &mut call);
    }
    call
}

/// A window that does not reach into another failure: a blank line followed by one, or another event's row.
fn cut_at_neighbours(text: &str, window: Range<usize>, number: usize) -> &str {
    let part = &text[window];
    match number {
        1 => part.rfind("_FAILED").and_then(|at| part[..at].rfind('\n')).map_or(part, |at| &part[at..]),
        2 => part.find("_FAILED").and_then(|at| part[..at].rfind('\n')).map_or(part, |at| &part[..at]),
        _ => part,
    }
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// Type, logical id and operation of a stack event.
fn stack_event(part: &str, number: usize, call: &mut Call) {
    static TYPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"((?:AWS|Custom|Alexa)::[A-Za-z0-9]+(?:::[A-Za-z0-9]+)*)(?:\s*\|)?\s*([A-Za-z][A-Za-z0-9]*)?").ok()
    });
    static VERB: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\b(CREATE|UPDATE|DELETE|IMPORT)_|Event Type: (create|update|delete)").ok());
    static LOGICAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"An error occurred: ([A-Za-z0-9]+) - |([A-Za-z0-9]+) \((?:AWS|Custom)::|LogicalResourceId\W+([A-Za-z0-9]+)").ok()
    });
    let is_reason_for_another = number == 2;
    if call.resource_type.is_none()
        && !is_reason_for_another
        && let Some(found) = TYPE.as_ref().and_then(|regex| regex.captures_iter(part).last())
    {
        call.resource_type = Some(found[1].to_owned());
    }
    if call.handler.is_none()
        && let Some(found) = VERB.as_ref().and_then(|regex| regex.captures_iter(part).last())
    {
        let verb = found.get(1).or(found.get(2)).map_or("", |verb| verb.as_str());
        call.handler = Some(match verb.to_ascii_uppercase().as_str() {
            "UPDATE" => catalogue::Operation::Update,
            "DELETE" => catalogue::Operation::Delete,
            _ => catalogue::Operation::Create,
        });
    }
    if call.logical_id.is_none()
        && !is_reason_for_another
        && let Some(found) = LOGICAL.as_ref().and_then(|regex| regex.captures_iter(part).last())
    {
        call.logical_id = found.iter().skip(1).flatten().next().map(|id| id.as_str().to_owned());
    }
}

/// Words of prose that name no operation of AWS by themselves.
const EVERYDAY: [&str; 14] = [
    "resource",
    "resources",
    "connection",
    "session",
    "operation",
    "value",
    "item",
    "data",
    "access",
    "token",
    "file",
    "files",
    "deployment",
    "status",
];

/// `creating IAM Role` → `iam:CreateRole`, where there is such an action; without a service the likeliest one that
/// has it.
fn prose(c: &Captures, call: &mut Call) {
    if call.operation.is_some() {
        return;
    }
    let verbs: &[&str] = match c[1].to_ascii_lowercase().as_str() {
        "creat" => &["Create", "Put", "Run", "Register", "Request"],
        "launch" => &["Run"],
        "updat" => &["Update", "Modify", "Put"],
        "delet" => &["Delete"],
        "describ" => &["Describe", "Get"],
        "validat" => &["Validate"],
        "put" | "putt" => &["Put"],
        "list" => &["List", "Describe"],
        "tag" | "tagg" => &["Tag"],
        "attach" => &["Attach"],
        "detach" => &["Detach"],
        "start" => &["Start"],
        "stop" | "stopp" => &["Stop"],
        "invok" => &["Invoke"],
        "publish" => &["Publish"],
        _ => &["Get", "Describe", "List"],
    };
    let words: Vec<&str> = c[2].split_whitespace().collect();
    let nouns = |words: &[&str]| -> Vec<String> {
        (1..=words.len().min(3))
            .rev()
            .map(|length| words[..length].iter().map(|word| capitalized(word)).collect())
            .collect()
    };
    for length in (1..=words.len().min(3)).rev() {
        let Some(prefix) = catalogue::prefix_of_service(&words[..length].join(" ")) else { continue };
        let mut names = nouns(&words[length..]);
        if names.is_empty() && prefix == "apigateway" {
            names.push("RestApi".to_owned());
        }
        let found = names.iter().find_map(|noun| {
            // `S3 policy` is the policy of a bucket.
            let forms =
                |verb: &&str| [format!("{verb}{noun}"), format!("{verb}{noun}s"), format!("{verb}Bucket{noun}")];
            verbs
                .iter()
                .flat_map(forms)
                .find(|operation| !catalogue::actions_of_operation(prefix, operation).is_empty())
        });
        if let Some(operation) = found {
            call.service.get_or_insert(prefix);
            call.operation = Some(operation);
        }
        return;
    }
    if words.first().is_none_or(|word| EVERYDAY.contains(&word.to_ascii_lowercase().as_str())) {
        return;
    }
    let known = |operation: &String| {
        let of = |prefix: &str| !catalogue::actions_of_operation(prefix, operation).is_empty();
        match call.service {
            Some(service) => of(service),
            None => LIKELY.iter().any(|prefix| of(prefix)),
        }
    };
    let names = nouns(&words);
    let forms = names.iter().flat_map(|noun| verbs.iter().take(2).map(move |verb| format!("{verb}{noun}")));
    call.operation = forms.into_iter().find(known);
}

fn set_service(call: &mut Call, name: &str) {
    if call.service.is_none() {
        call.service = catalogue::prefix_of_service(name);
    }
}

fn set_operation(call: &mut Call, name: &str) {
    call.operation.get_or_insert_with(|| capitalized(name));
}

/// The same where the name is an operation of the service, or of a likely one.
fn set_known_operation(call: &mut Call, name: &str) {
    if action_of(call.service, name).is_some() {
        set_operation(call, name);
    }
}

/// With a capital first letter.
pub fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

impl Call {
    /// The action that the call needs, as far as it can be inferred.
    pub fn inferred_action(&self) -> Option<String> {
        if let Some(operation) = &self.operation
            && let Some(action) = action_of(self.service, operation)
        {
            return Some(action);
        }
        self.resource_type.as_deref().and_then(|kind| action_of_type(kind, self.handler?))
    }

    /// The service's prefix, also where only the operation tells it.
    pub fn likely_service(&self) -> Option<String> {
        let of_operation = || self.operation.as_deref().and_then(|operation| action_of(None, operation));
        self.service
            .map(str::to_owned)
            .or_else(|| of_operation().and_then(|action| action.split(':').next().map(str::to_owned)))
    }
}

/// The action of an operation; without a service the likeliest one that has such an operation.
pub fn action_of(service: Option<&str>, operation: &str) -> Option<String> {
    let operation = capitalized(operation);
    let find =
        |prefix: &str| catalogue::actions_of_operation(prefix, &operation).first().map(|name| (*name).to_owned());
    let anywhere = || {
        let mut all = catalogue::actions_like(&format!("*:{operation}")).into_iter();
        // Two services with the same operation: no guess.
        all.next().filter(|_| all.next().is_none()).map(|action| action.name().to_owned())
    };
    let api_gateway =
        |nouns: &[&str]| nouns.iter().any(|noun| operation.contains(noun)).then(|| find("apigateway")).flatten();
    service
        .and_then(find)
        .or_else(|| api_gateway(&ONLY_API_GATEWAY))
        .or_else(|| LIKELY.iter().find_map(|prefix| find(prefix)))
        .or_else(anywhere)
        .or_else(|| api_gateway(&API_GATEWAY))
}

/// The most telling action of a resource type's handler: the one that is named like the resource.
pub fn action_of_type(resource_type: &str, operation: catalogue::Operation) -> Option<String> {
    let handlers = catalogue::handlers(resource_type)?;
    let noun = resource_type.rsplit("::").next()?.to_ascii_lowercase();
    let service = resource_type.split("::").nth(1).and_then(catalogue::prefix_of_service).unwrap_or_default();
    let rank = |action: &str| -> usize {
        let (prefix, name) = action.split_once(':').unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let verbs: &[&str] = match operation {
            catalogue::Operation::Delete => &["delete", "remove"],
            catalogue::Operation::Update => &["update", "modify", "put", "set"],
            _ => &["create", "put", "register", "request", "run"],
        };
        let verb = verbs.iter().position(|verb| name.starts_with(verb)).unwrap_or(9);
        verb + if name.ends_with(&noun) { 0 } else { 20 } + if prefix == service { 0 } else { 40 }
    };
    handlers.actions(operation).min_by_key(|action| rank(action)).filter(|action| rank(action) < 60)
}
