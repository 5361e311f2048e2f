//! The forms in which SDKs, tools and prose name the call that was refused.

use super::call::{Call, action_of, capitalized};
use super::{cli, s3_command, s3_tools};
use crate::iam::catalogue;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// A form that names a call.
pub(super) struct Form {
    /// Without one of these words, parted by `|`, in the text the expression is not made.
    pub(super) needle: &'static str,
    pub(super) regex: LazyLock<Option<Regex>>,
    pub(super) read: fn(&Captures, &mut Call),
}

impl Form {
    /// Whether the form can be in a text.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        self.needle.split('|').any(|needle| text.contains(needle))
    }
}

/// A form, whose expression is made when it is first used.
macro_rules! form {
    ($needle:literal, $regex:literal, $read:expr $(,)?) => {
        // Blanks and words of ASCII: an expression for those of Unicode takes several times as long to make.
        Form { needle: $needle, regex: LazyLock::new(|| Regex::new(concat!("(?-u)", $regex)).ok()), read: $read }
    };
}

pub(super) use form;

/// All forms; a field that an earlier one filled stays. Those of the SDKs come first, then the words of tools, then prose.
pub(super) fn all() -> impl Iterator<Item = &'static Form> {
    CALLS.iter().chain(&super::s3_tools::FORMS).chain(&super::sayings::FORMS)
}

/// The forms that name a call.
static CALLS: [Form; 61] = [
    // CloudFormation, and Serverless Framework v1: `API: s3:CreateBucket Access Denied`
    form!("API:", r"API:\s+([a-z0-9-]+):([A-Za-z0-9]+)", |c, call| {
        let operation = capitalized(&c[2]);
        call.action.get_or_insert(format!("{}:{operation}", &c[1]));
        set_service(call, &c[1]);
        call.operation.get_or_insert(operation);
    }),
    // boto3, AWS CLI
    form!("calling", r"when\s+calling\s+(?:the\s+)?([A-Za-z0-9]+)\s+operation", |c, call| set_operation(call, &c[1])),
    form!("calling", r"\bcalling\s+([A-Z][A-Za-z0-9]+)\s+(?:on|of|in)\s+([a-zA-Z0-9-]+)", |c, call| {
        set_known_call(call, &c[2], &c[1]);
    }),
    // Agents and tools: `CreateLogStream API responded with`
    form!(
        "API|operation|request|call",
        r"\b([A-Z][a-z]+(?:[A-Z][A-Za-z0-9]+)+)\s+(?:API|operation|request|call)\b",
        |c, call| {
            // `GraphQL API` is a thing.
            if &c[1] != "GraphQL" && action_of(call.service, &c[1]).is_some() {
                set_operation(call, &c[1]);
            }
        }
    ),
    form!(
        " request | operation | call | action ",
        r"\b(?:in|for|during) (?:request|operation|call|action) ([A-Z][a-z]+(?:[A-Z][A-Za-z0-9]+)+)\b",
        |c, call| {
            set_known_operation(call, &c[1]);
        }
    ),
    // The agent of Systems Manager: `GetMessages Error: AccessDenied`, `error calling RequestManagedInstanceRoleToken:`
    form!(
        "rror: ",
        r"\b([A-Z][a-z]+(?:[A-Z][A-Za-z0-9]+)+) (?:E|e)rror: [A-Za-z]*(?:Denied|Unauthorized)",
        |c, call| {
            set_known_operation(call, &c[1]);
        }
    ),
    form!("calling ", r"\b[Ee]rror (?:when )?calling ([A-Z][A-Za-z0-9]+):", |c, call| set_known_operation(call, &c[1])),
    form!("operation: ", r"\bservice: ([A-Za-z0-9 ]+?), operation: ([A-Z][A-Za-z0-9]+)", |c, call| {
        set_service(call, &c[1]);
        set_known_operation(call, &c[2]);
    }),
    // Go SDK v2, Terraform: `operation error S3: PutObject`
    form!("operation error", r"operation error ([A-Za-z0-9 ]+): ([A-Z][A-Za-z0-9]+)", |c, call| {
        set_service(call, &c[1]);
        set_operation(call, &c[2]);
    }),
    // CloudTrail
    form!("eventSource", r#"\beventSource["']?\s*[:=]\s*["']?([a-z0-9.-]+)"#, |c, call| set_service(call, &c[1])),
    form!("eventName", r#"\beventName["']?\s*[:=]\s*["']?([A-Za-z0-9]+)"#, |c, call| set_operation(
        call,
        c[1].trim_end_matches("20150331v2")
    )),
    form!(
        "userIdentity|user_identity|userArn",
        r#"\b(?:user_?[iI]dentity[._]arn|userArn)["']?\s*[:=]\s*["']?(arn:(?u:[^\s"',;])+)"#,
        |c, call| {
            call.principal.get_or_insert(c[1].to_owned());
        }
    ),
    form!("userIdentity", r#""userIdentity"\s*:\s*\{(?u:[^}]){0,400}?"arn"\s*:\s*"((?u:[^"])+)""#, |c, call| {
        call.principal.get_or_insert(c[1].to_owned());
    }),
    // A row of CloudTrail's console
    form!(
        ".amazonaws.com",
        r"(?:\b(arn:aws[a-z-]*:(?:iam|sts):(?u:[^\s|,;])+)[ \t|,;]+(?:[0-9a-f-]{36}[ \t|,;]+)?)?\b([a-z0-9-]+)\.amazonaws\.com[ \t|,;]+([A-Z][A-Za-z0-9]+)[ \t|,;]+(?:[A-Za-z]+\.)?(?:AccessDenied|Unauthorized)",
        |c, call| {
            if let Some(arn) = c.get(1) {
                call.principal.get_or_insert(arn.as_str().to_owned());
            }
            set_service(call, &c[2]);
            set_operation(call, &c[3]);
        }
    ),
    // The same with the name first, as queries on CloudTrail print it
    form!(
        ".amazonaws.com",
        r#"\b([A-Z][a-z]+[A-Z][A-Za-z0-9]+)["\t |,;]+([a-z0-9-]+)\.amazonaws\.com["\t |,;]+(?:(arn:aws[a-z-]*:(?:iam|sts):(?u:[^\s|,;"])+)["\t |,;]+)?(?:[A-Za-z]+\.)?(?:AccessDenied|Unauthorized)"#,
        |c, call| {
            if let Some(arn) = c.get(3) {
                call.principal.get_or_insert(arn.as_str().to_owned());
            }
            set_service(call, &c[2]);
            set_operation(call, &c[1]);
        }
    ),
    // PHP SDK: `Error executing "PutObject" on "https://..."`
    form!("Error executing", r#"Error executing "([A-Za-z0-9]+)""#, |c, call| set_operation(call, &c[1])),
    // CDK: `Call failed: getParameter({`
    form!("Call failed", r"Call failed:\s*([A-Za-z0-9]+)\(", |c, call| set_operation(call, &c[1])),
    // `S3::putObject()`, `iam.createRole(`
    form!("(", r"\b([A-Za-z][A-Za-z0-9]+)(?:::|\.)([a-z][A-Za-z0-9]+)\(", |c, call| {
        set_known_call(call, &c[1], &c[2]);
    }),
    // A command line: `aws s3api put-object`
    form!(
        "aws ",
        r"\baws\s+(?:--(?:debug|no-[a-z-]+)\s+|--[a-z-]+[ =][!-~]+\s+)*([a-z][a-z0-9-]+)\s+([a-z][a-z0-9-]+)",
        |c, call| cli::read(&c[1], &c[2], call)
    ),
    form!(
        "s3",
        r"(?:\baws[ \t](?:[!-~]+[ \t]+){0,6}?s3|\bs[345]cmd)[ \t]+(?:[!-~]+[ \t]+){0,6}?(ls|la|du|cp|mv|sync|get|put|rm|del|mb|rb|setpolicy|delpolicy)\b([ -~]{0,400})",
        |c, call| s3_command::read(&c[1], &c[2], call)
    ),
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
            set_known_operation(call, &camel(&c[2]));
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
    // Crates of the SDK for Rust: `aws_sdk_sqs::operation::send_message`
    form!("aws_sdk_", r"\baws_sdk_([a-z0-9]+)\b(?:::operation::([a-z0-9_]+))?", |c, call| {
        set_service(call, &c[1]);
        if let Some(name) = c.get(2) {
            set_known_operation(call, &camel(name.as_str()));
        }
    }),
    // A frame or a plugin that is named like the operation: `at putObject (`, `plugin: create_log_group`
    form!("at ", r"\bat (?:async )?(?:[A-Za-z0-9_$]+\.)?([a-z]+[A-Z][A-Za-z0-9]+) \(", |c, call| {
        set_known_operation(call, &c[1]);
    }),
    form!("Errors::", r"\b(?:plugin|method|operation|call): ?:?([a-z]+(?:_[a-z0-9]+)+)", |c, call| {
        set_known_operation(call, &camel(&c[1]));
    }),
    // A client of boto3
    form!("client(|resource(", r#"\b(?:client|resource)\(\s*["']([a-z0-9-]+)["']"#, |c, call| set_service(call, &c[1])),
    // An endpoint
    form!("amazonaws.com", r"https?://([A-Za-z0-9_.-]+)\.amazonaws\.com", |c, call| {
        if let Some(service) = host_service(&c[1]) {
            set_service(call, service);
        }
    }),
    // Terraform's state in a bucket
    form!(
        " state",
        r"(?i-u)\b(loading|refreshing|reading|load|save|saving|upload|uploading|persist|persisting) (?:the |remote )?state(?::| file| from| snapshot)",
        |c, call| {
            let writes = ["sav", "upload", "persist"].iter().any(|verb| c[1].to_ascii_lowercase().starts_with(verb));
            set_service(call, "s3");
            set_operation(call, if writes { "PutObject" } else { "GetObject" });
        }
    ),
    // Pulumi's state in a bucket
    form!("checkpoint", r"(?i-u)\b(load|sav|writ)(?:ing|e)? (?:the )?checkpoint", |c, call| {
        set_service(call, "s3");
        set_operation(call, if c[1].eq_ignore_ascii_case("load") { "GetObject" } else { "PutObject" });
    }),
    form!("OperationDeserializer", r"\b([A-Z][A-Za-z0-9]+?)OperationDeserializer", |c, call| set_known_operation(
        call, &c[1]
    )),
    form!("in", r"existing workspaces|[Ii]nspecting states in", |_, call| {
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
    // Controllers of Kubernetes name their API group: `cluster.kafka.aws.crossplane.io`, `kafka.services.k8s.aws`
    form!("aws", r"\b([a-z0-9]+)\.(?:aws\.(?:[a-z]+\.)?(?:crossplane|upbound)\.io|services\.k8s\.aws)\b", |c, call| {
        set_service(call, &c[1])
    }),
    // Debug logs of botocore, ebcli and the JavaScript SDK
    form!("api call: (", r"api call: \(([a-z0-9-]+), ([a-z0-9_]+)\)", |c, call| {
        set_service(call, &c[1]);
        set_operation(call, &camel(&c[2]));
    }),
    form!("OperationModel(", r"OperationModel\(name=([A-Za-z0-9]+)\)", |c, call| set_operation(call, &c[1])),
    form!(
        "before-|after-call|needs-retry|request-created|choose-signer|response-received",
        r"\b(?:before-(?:call|send|sign|parameter-build)|after-call(?:-error)?|needs-retry|request-created|choose-signer|response-received)\.([a-z0-9-]+)\.([A-Z][A-Za-z0-9]+)",
        |c, call| {
            set_service(call, &c[1]);
            set_operation(call, &c[2]);
        }
    ),
    form!(
        "aws-sdk-go",
        r"\b(?:Request|Response|Send|Sign) ([a-z0-9-]+)/([A-Z][A-Za-z0-9]+) (?:Details|[Ff]ailed)",
        |c, call| {
            set_service(call, &c[1]);
            set_operation(call, &c[2]);
        }
    ),
    form!("[AWS ", r"\[AWS ([a-z0-9]+) 40[0-9] [ -Z^-~]*\] ([a-z][A-Za-z0-9]+)\(", |c, call| {
        set_service(call, &c[1]);
        set_operation(call, &c[2]);
    }),
    // The line of the program: `client.put_object(`, `new PutObjectCommand(`, `svc.PutObject(`
    form!("_", r"[.$]([a-z]+(?:_[a-z0-9]+)+)\(", |c, call| set_known_operation(call, &camel(&c[1]))),
    form!("Command(", r"\b([A-Z][A-Za-z0-9]+)Command\(", |c, call| set_known_operation(call, &c[1])),
    form!("(", r"\.([A-Z][a-z]+(?:[A-Z][A-Za-z0-9]*)+)\(", |c, call| set_known_operation(call, &c[1])),
    // Frames of boto 2: `self.get_list('DescribeSubnets', params`
    form!("get_", r"\bget_(?:list|object|status)\('([A-Z][A-Za-z0-9]+)'", |c, call| set_operation(call, &c[1])),
    // Frames of boto 2, and its errors: `boto/ec2/connection.py", line 1, in run_instances`, `S3ResponseError`
    form!("boto/", r#"\bboto/([a-z0-9]+)/[a-z0-9_/]+\.py", line [0-9]+, in _?([a-z0-9_]+)"#, |c, call| {
        match (&c[1], c[2].strip_prefix("get_all_")) {
            ("s3", _) => s3_tools::boto(&c[2], call),
            (service, Some(noun)) => {
                for verb in ["Describe", "List"] {
                    set_known_call(call, service, &format!("{verb}{}", camel(noun)));
                }
            }
            (service, None) => set_known_call(call, service, &camel(&c[2])),
        }
    }),
    form!("ResponseError", r"\b([A-Z][A-Za-z0-9]+)ResponseError\b", |c, call| set_service(call, &c[1])),
    // Methods of .NET: `ListBucketsAsync(`
    form!("Async(", r"\b([A-Z][A-Za-z0-9]+?)Async\(", |c, call| set_known_operation(call, &c[1])),
    // A stack as Groovy prints it: `describeInstances . . in com.amazonaws.services.ec2.AmazonEC2Client`
    form!(
        "com.amazonaws.services.",
        r"(?:\| )?([a-z]+[A-Z][A-Za-z0-9]+)[ .]+in +(?:com\.amazonaws\.services\.[a-z0-9]+\.[A-Za-z]*Client|'')",
        |c, call| set_known_operation(call, &c[1])
    ),
    // Frames of Ruby: ``in `get_object'``
    form!("in ", r"in [`'](?:[A-Za-z0-9:]+#)?([a-z]+(?:_[a-z0-9]+)+)'", |c, call| set_known_operation(
        call,
        &camel(&c[1])
    )),
    // Cloud Custodian: `Access denied api:AssumeRole`
    form!("api", r"\bapi[:=] ?([A-Z][A-Za-z0-9]+)\b", |c, call| set_known_operation(call, &c[1])),
    // `to call s3.putObject`
    form!("call ", r"\bcall ([a-z0-9-]+)[.:]([A-Za-z][A-Za-z0-9]+)\b", |c, call| {
        set_known_call(call, &c[1], &c[2]);
    }),
];

/// The service of a host: `shop.s3.eu-west-1`, `123456789012.dkr.ecr.us-east-1`, `s3-us-west-2`.
fn host_service(host: &str) -> Option<&str> {
    host.rsplit('.').find_map(|label| {
        let label = label.strip_suffix("-fips").unwrap_or(label);
        // The region was once a part of the label.
        let bare = label.strip_prefix("s3-").map_or(label, |_| "s3");
        catalogue::prefix_of_service(bare).map(|_| bare)
    })
}

/// `put_object` → `PutObject`.
pub(super) fn camel(name: &str) -> String {
    name.split('_').map(capitalized).collect()
}

pub(super) fn set_service(call: &mut Call, name: &str) {
    if call.service.is_none() {
        call.service = catalogue::prefix_of_service(name);
    }
}

pub(super) fn set_operation(call: &mut Call, name: &str) {
    call.operation.get_or_insert_with(|| capitalized(name));
}

/// The same where the name is an operation of the service, or of a likely one.
pub(super) fn set_known_operation(call: &mut Call, name: &str) {
    if action_of(call.service, name).is_some() {
        set_operation(call, name);
    }
}

/// Service and operation, where the service has such an operation.
pub(super) fn set_known_call(call: &mut Call, service: &str, operation: &str) {
    if let Some(prefix) = catalogue::prefix_of_service(service)
        && !catalogue::actions_of_operation(prefix, &capitalized(operation)).is_empty()
    {
        call.service.get_or_insert(prefix);
        set_operation(call, operation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_an_expression() {
        for form in all() {
            assert!(form.regex.is_some(), "{}", form.needle);
        }
    }
}
