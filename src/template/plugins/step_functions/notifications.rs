//! `notifications` of a state machine: rules that tell targets of the status of executions
//! (`compileNotifications.js`).

use super::{Machine, translated};
use crate::manifest::Problem;
use crate::template::Compilation;
use crate::template::naming::{md5_hex, step_functions as naming};
use crate::template::plugins::step_functions::definition::is_function;
use crate::template::value::{get_att, reference};
use serde_json::{Map, Value, json};

/// Statuses of executions.
pub const STATUSES: [&str; 5] = ["ABORTED", "FAILED", "RUNNING", "SUCCEEDED", "TIMED_OUT"];
/// Kinds of targets.
pub const TARGETS: [&str; 6] = ["sns", "sqs", "kinesis", "firehose", "lambda", "stepFunctions"];
/// Digits of a hash in names.
const HASH: usize = 5;

/// A target of a status.
struct Target {
    status: &'static str,
    kind: &'static str,
    arn: Value,
    raw: Value,
}

/// Adds rules, and what allows them to tell their targets.
pub fn compile(it: &mut Compilation<'_>, machine: &Machine<'_>) {
    let Some(notifications) = machine.raw.get("notifications").filter(|n| n.is_object()) else { return };
    let path = format!("{}.notifications", machine.path);
    if machine.raw.get("type") == Some(&json!("EXPRESS")) {
        it.problems.push(
            Problem::at(&path, "express state machines tell nobody of their executions; this has no effect")
                .help("remove `notifications`, or `type: EXPRESS`")
                .warning(),
        );
        return;
    }
    let mut targets = Vec::new();
    for status in STATUSES {
        for raw in notifications[status].as_array().into_iter().flatten() {
            let raw = with_functions(it, raw);
            let Some(kind) = TARGETS.into_iter().find(|kind| raw.get(*kind).is_some()) else { continue };
            let arn = raw[kind].get("arn").unwrap_or(&raw[kind]).clone();
            targets.push(Target { status, kind, arn, raw });
        }
    }
    let role_id = naming::notification_role(&machine.logical_id);
    let needs_role = add_permissions(it, machine, &targets, &role_id, &path);
    for status in STATUSES {
        let of_status = targets.iter().filter(|target| target.status == status);
        let compiled: Vec<Value> =
            of_status.enumerate().map(|(index, target)| compile_target(machine, target, index, &role_id)).collect();
        if compiled.is_empty() {
            continue;
        }
        let mut rule = json!({
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": format!("[{status}] status notification for state machine [{}]", machine.name),
                "EventPattern": {
                    "source": ["aws.states"],
                    "detail-type": ["Step Functions Execution Status Change"],
                    "detail": { "status": [status], "stateMachineArn": [reference(&machine.logical_id)] },
                },
                "Name": format!("{}-{status}-notification", machine.name),
                "Targets": compiled,
            },
        });
        if needs_role {
            rule["Properties"]["RoleArn"] = get_att(&role_id, "Arn");
        }
        it.add_resource(naming::notification_rule(&machine.logical_id, status), rule, &path);
    }
}

/// References to functions by key become those to their resources.
fn with_functions(it: &Compilation<'_>, value: &Value) -> Value {
    match value {
        other if is_function(other) => translated(it, other),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), with_functions(it, value))).collect(),
        Value::Array(list) => list.iter().map(|value| with_functions(it, value)).collect(),
        other => other.clone(),
    }
}

fn compile_target(machine: &Machine<'_>, target: &Target, index: usize, role_id: &str) -> Value {
    let id = json!({ "target": { "Arn": target.arn }, "index": index });
    let mut made = Map::new();
    made.insert("Arn".into(), target.arn.clone());
    made.insert("Id".into(), json!(format!("{}-{}-{}", machine.name, target.status, short_hash(&id))));
    let inner = &target.raw[target.kind];
    match target.kind {
        "sqs" if inner.get("arn").is_some() => {
            made.insert("SqsParameters".into(), json!({ "MessageGroupId": inner["messageGroupId"] }));
        }
        "kinesis" if inner.get("arn").is_some() => {
            made.insert("KinesisParameters".into(), json!({ "PartitionKeyPath": inner["partitionKeyPath"] }));
        }
        "stepFunctions" => {
            made.insert("RoleArn".into(), get_att(role_id, "Arn"));
        }
        _ => {}
    }
    if let Some(path) = target.raw.get("inputPath") {
        made.insert("InputPath".into(), path.clone());
    }
    if let Some(transformer) = target.raw.get("inputTransformer") {
        let input = json!({
            "InputPathsMap": transformer["inputPathsMap"],
            "InputTemplate": transformer["inputTemplate"],
        });
        made.insert("InputTransformer".into(), input);
    }
    Value::Object(made)
}

/// Resource policies of topics, queues and functions, and a role for the others; tells whether there is one.
fn add_permissions(
    it: &mut Compilation<'_>,
    machine: &Machine<'_>,
    targets: &[Target],
    role_id: &str,
    path: &str,
) -> bool {
    let mut policies = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        let arn = &target.arn;
        let resource = match target.kind {
            "sns" => policy("AWS::SNS::TopicPolicy", target, "sns:Publish", ("Topics", arn.clone())),
            "sqs" => match queue_url(arn) {
                Some(url) => policy("AWS::SQS::QueuePolicy", target, "sqs:SendMessage", ("Queues", url)),
                None => {
                    it.problems.push(
                        Problem::at(path, "the URL of this queue does not follow from its ARN")
                            .help("name the queue by `Fn::GetAtt`, or by its ARN as a text"),
                    );
                    continue;
                }
            },
            "lambda" => json!({
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": arn,
                    "Principal": "events.amazonaws.com",
                },
            }),
            kind => {
                let action = match kind {
                    "kinesis" => "kinesis:PutRecord",
                    "firehose" => "firehose:PutRecord",
                    _ => "states:StartExecution",
                };
                policies.push(json!({
                    "PolicyName": policy_name(target, action),
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{ "Effect": "Allow", "Action": action, "Resource": arn }],
                    },
                }));
                continue;
            }
        };
        let hash = short_hash(&json!({ "index": index, "resource": resource }));
        it.add_resource(naming::notification_policy(&machine.logical_id, &hash), resource, path);
    }
    if policies.is_empty() {
        return false;
    }
    let mut properties = json!({
        "AssumeRolePolicyDocument": {
            "Statement": {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": { "Service": "events.amazonaws.com" },
            },
        },
        "Policies": policies,
    });
    if let Some(role_path) = it.service.provider.raw.pointer("/iam/role/path") {
        properties["Path"] = role_path.clone();
    }
    it.add_resource(role_id, json!({ "Type": "AWS::IAM::Role", "Properties": properties }), path);
    true
}

fn policy(kind: &str, target: &Target, action: &str, (list, member): (&str, Value)) -> Value {
    json!({
        "Type": kind,
        "Properties": {
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": {
                    "Sid": policy_name(target, action),
                    "Principal": { "Service": "events.amazonaws.com" },
                    "Effect": "Allow",
                    "Action": action,
                    "Resource": target.arn,
                },
            },
            list: [member],
        },
    })
}

fn policy_name(target: &Target, action: &str) -> String {
    let hash = short_hash(&json!({ "action": action, "resource": target.arn }));
    format!("{}-{}-{hash}", target.status, target.kind)
}

fn queue_url(arn: &Value) -> Option<Value> {
    if let Some(arn) = arn.as_str() {
        let name = arn.rsplit(':').next().unwrap_or(arn);
        let url = "https://sqs.${AWS::Region}.amazonaws.com/${AWS::AccountId}/${QueueName}";
        return Some(json!({ "Fn::Sub": [url, { "QueueName": name }] }));
    }
    arn.pointer("/Fn::GetAtt/0").and_then(Value::as_str).map(reference)
}

/// The first digits of the MD5 of its JSON, in the order of keys that the plugin has.
fn short_hash(value: &Value) -> String {
    md5_hex(&value.to_string())[..HASH].to_owned()
}
