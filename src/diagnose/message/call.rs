//! What stands around a bare refusal: the API call, its service, the CloudFormation resource.

use super::Prepared;
use super::forms;
use crate::iam::catalogue;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// How far before and behind a refusal its call is looked for, in bytes.
const BEFORE: usize = 900;
const BEHIND: usize = 600;
/// How far a stack trace is followed beyond that, in bytes.
const FRAMES: usize = 4000;
/// How far a form reaches that was wrapped, in bytes.
const WRAPPED: usize = 160;

/// How a title of Ansible begins.
const TASK: &str = "TASK [";

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
pub(super) const LIKELY: &[&str] = &[
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
    "sagemaker",
    "redshift",
    "elasticmapreduce",
    "kafka",
    "kinesisvideo",
    "backup",
    "transfer",
    "aoss",
    "servicediscovery",
    "budgets",
    "autoscaling",
];

/// What API Gateway's operations are about; its actions are HTTP methods, which every operation would fit.
const API_GATEWAY: [&str; 5] = ["Deployment", "ApiKey", "Authorizer", "DomainName", "Api"];
/// The same, where no other service is as likely.
const ONLY_API_GATEWAY: [&str; 7] =
    ["RestApi", "Stage", "Method", "Integration", "UsagePlan", "BasePathMapping", "GatewayResponse"];

/// The call that a refusal at `range` of a text speaks of.
pub fn near(prepared: &Prepared, range: &Range<usize>) -> Call {
    let text = &prepared.text;
    let line = prepared.line_at(range.start);
    let mut call = Call::default();
    // The same line first, then what led to it, then what follows; then what was wrapped around the line's ends.
    let before = boundary(text, line.start.saturating_sub(BEFORE))..line.start;
    let title =
        text[before.clone()].rfind(TASK).map_or(before.end..before.end, |at| prepared.line_at(before.start + at));
    let windows = [
        line.clone(),
        before,
        line.end..behind_frames(text, boundary(text, line.end.saturating_add(BEHIND))),
        boundary(text, line.start.saturating_sub(WRAPPED))..boundary(text, line.end.saturating_add(WRAPPED)),
        title,
    ];
    let refusal = range.start - line.start;
    for (number, window) in windows.into_iter().enumerate() {
        let part = cut_at_neighbours(text, window, number);
        for form in forms::all().filter(|form| form.may_be_in(part)) {
            let Some(regex) = form.regex.as_ref() else { continue };
            // What names no call is passed over; before the refusal the last one counts, behind it the first.
            let (mut before, behind): (Vec<_>, Vec<_>) = regex.captures_iter(part).partition(|found| {
                number == 1 || (number == 0 && found.get(0).is_some_and(|all| all.start() < refusal))
            });
            before.reverse();
            for found in before.into_iter().chain(behind) {
                (form.read)(&found, &mut call);
            }
        }
        stack_event(part, number, &mut call);
    }
    call
}

/// The call of words such as `invoke the Lambda function`.
pub fn of_prose(text: &str) -> Option<Call> {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| !word.is_empty());
    let verb = words.next()?.to_ascii_lowercase();
    let object: Vec<&str> = words.skip_while(|word| ["the", "a", "an", "your"].contains(word)).take(4).collect();
    let mut call = Call::default();
    super::prose::read(verb.strip_suffix('e').unwrap_or(&verb), &object.join(" "), &mut call);
    call.operation.is_some().then_some(call)
}

/// A window that does not reach into another failure: a blank line followed by one, or another event's row.
fn cut_at_neighbours(text: &str, window: Range<usize>, number: usize) -> &str {
    let part = &text[window];
    match number {
        // What Ansible calls a task says less than its traceback.
        1 if part.contains(TASK) => {
            let at = part.rfind(TASK).map_or(0, |at| at + part[at..].find('\n').unwrap_or(0));
            &part[at..]
        }
        1 => part.rfind("_FAILED").and_then(|at| part[..at].rfind('\n')).map_or(part, |at| &part[at..]),
        2 => part.find("_FAILED").and_then(|at| part[..at].rfind('\n')).map_or(part, |at| &part[..at]),
        _ => part,
    }
}

/// Where the stack trace ends that goes on at a byte of the text; the byte itself where there is none.
fn behind_frames(text: &str, at: usize) -> usize {
    const MARKS: [&str; 8] = ["at ", "File \"", "from /", "in com.", "in '", "Caused by", "...", ". . . ."];
    let mut end = at;
    for line in text[at..].split_inclusive('\n').skip(1) {
        let body = line.trim_start_matches([' ', '\t', '|']);
        // Groovy puts the method before the class.
        let is_frame =
            MARKS.iter().any(|mark| body.starts_with(mark)) || body.contains(" in com.") || body.contains(" . in ");
        if !is_frame || end > at + FRAMES {
            break;
        }
        end += line.len() + if end == at { text[at..].find('\n').map_or(0, |rest| rest + 1) } else { 0 };
    }
    end
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
        Regex::new(r"(?-u)((?:AWS|Custom|Alexa)::[A-Za-z0-9]+(?:::[A-Za-z0-9]+)*)(?:\s*\|)?\s*([A-Za-z][A-Za-z0-9]*)?")
            .ok()
    });
    static VERB: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?-u)\b(CREATE|UPDATE|DELETE|IMPORT)_|Event Type: (create|update|delete)|\b([Cc]reate|[Uu]pdate|[Dd]elete) failed")
            .ok()
    });
    static LOGICAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?-u)An error occurred: ([A-Za-z0-9]+) - |([A-Za-z0-9]+) \((?:AWS|Custom)::|LogicalResourceId[[:punct:][:space:]]+([A-Za-z0-9]+)").ok()
    });
    let is_reason_for_another = number == 2;
    // To make an expression takes longer than to read a short text.
    let speaks = |words: &[&str]| words.iter().any(|word| part.contains(word));
    if call.resource_type.is_none()
        && !is_reason_for_another
        && speaks(&["::"])
        && let Some(found) = TYPE.as_ref().and_then(|regex| regex.captures_iter(part).last())
    {
        call.resource_type = Some(found[1].to_owned());
    }
    if call.handler.is_none()
        && speaks(&["TE_", "IMPORT_", "Event Type: ", "te failed"])
        && let Some(found) = VERB.as_ref().and_then(|regex| regex.captures_iter(part).last())
    {
        let verb = found.iter().skip(1).flatten().next().map_or("", |verb| verb.as_str());
        call.handler = Some(match verb.to_ascii_uppercase().as_str() {
            "UPDATE" => catalogue::Operation::Update,
            "DELETE" => catalogue::Operation::Delete,
            _ => catalogue::Operation::Create,
        });
    }
    if call.logical_id.is_none()
        && !is_reason_for_another
        && speaks(&["An error occurred: ", "::", "LogicalResourceId"])
        && let Some(found) = LOGICAL.as_ref().and_then(|regex| regex.captures_iter(part).last())
    {
        call.logical_id = found.iter().skip(1).flatten().next().map(|id| id.as_str().to_owned());
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
