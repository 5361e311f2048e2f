//! JSON Schema of `stepFunctions` (`compileStateMachines.schema.js` and its kin).

use super::alarms::metric_names;
use super::notifications::STATUSES;
use crate::manifest::schema::build::*;
use serde_json::{Map, Value, json};

/// The schema.
pub fn schema() -> Value {
    required(
        object([
            ("stateMachines", doc(map(machine()), "State machines by name.")),
            ("activities", doc(list(text()), "Names of activities.")),
            ("validate", doc(boolean(), "Check definitions before the deploy [default: false].")),
            ("noOutput", doc(boolean(), "No outputs with the ARNs of state machines.")),
        ]),
        ["stateMachines"],
    )
}

fn any() -> Value {
    json!({})
}

fn machine() -> Value {
    let logging = object([
        ("level", one_of(["ALL", "ERROR", "FATAL", "OFF"])),
        ("includeExecutionData", boolean()),
        ("destinations", list(any())),
    ]);
    let encryption = object([("KmsDataKeyReusePeriodSeconds", integer(0)), ("KmsKeyId", text()), ("Type", text())]);
    let typed = object([
        ("id", doc(text(), "Its logical id.")),
        ("name", doc(text(), "Its name.")),
        ("definition", doc(any_of([any_object(), text()]), "Its states, in Amazon States Language.")),
        ("type", doc(one_of(["STANDARD", "EXPRESS"]), "How it runs [default: STANDARD].")),
        ("events", doc(list(event()), "What starts it.")),
        ("role", doc(any(), "A role that exists, instead of its own.")),
        ("iamRoleStatements", doc(shared("awsIamPolicyStatements"), "What its own role allows further.")),
        ("dependsOn", doc(any_of([text(), list(text())]), "Resources that it waits for.")),
        ("tags", doc(any_object(), "Tags, beside those of the provider.")),
        ("inheritGlobalTags", doc(boolean(), "Whether it gets the tags of the provider [default: true].")),
        ("useExactVersion", doc(boolean(), "Call the functions' versions of this deploy.")),
        ("retain", doc(boolean(), "Keep it when the stack is removed.")),
        ("loggingConfig", doc(logging, "Logs of executions.")),
        ("tracingConfig", doc(object([("enabled", boolean())]), "Traces of executions.")),
        ("encryptionConfig", doc(encryption, "The key that encrypts it.")),
        ("alarms", doc(alarms(), "CloudWatch alarms.")),
        ("notifications", doc(notifications(), "Who is told of the status of executions.")),
    ]);
    required(typed, ["definition"])
}

fn event() -> Value {
    let transformer = || object([("inputPathsMap", any_object()), ("inputTemplate", text())]);
    let retry = || object([("maximumEventAgeInSeconds", integer(0)), ("maximumRetryAttempts", integer(0))]);
    let schedule = object([
        ("rate", any()),
        ("enabled", boolean()),
        ("input", any()),
        ("inputPath", text()),
        ("inputTransformer", transformer()),
        ("name", text()),
        ("description", text()),
        ("method", one_of(["eventBus", "scheduler"])),
        ("timezone", text()),
        ("retryPolicy", retry()),
        ("role", any()),
    ]);
    let rule = || {
        object([
            ("event", any_object()),
            ("enabled", boolean()),
            ("input", any()),
            ("inputPath", text()),
            ("inputTransformer", transformer()),
            ("description", text()),
            ("name", text()),
            ("eventBusName", any()),
            ("iamRole", any()),
            ("deadLetterConfig", any()),
            ("retryPolicy", retry()),
        ])
    };
    let http = any_object();
    object([
        ("http", any_of([text(), http])),
        ("schedule", any_of([text(), schedule])),
        ("cloudwatchEvent", rule()),
        ("eventBridge", rule()),
    ])
}

fn alarms() -> Value {
    let metric = || one_of(metric_names());
    let detailed = object([
        ("metric", metric()),
        ("logicalId", text()),
        ("alarmName", text()),
        ("treatMissingData", text()),
        ("period", integer(1)),
    ]);
    let typed = object([
        ("topics", object([("ok", any()), ("alarm", any()), ("insufficientData", any())])),
        ("metrics", list(any_of([metric(), detailed]))),
        ("nameTemplate", text()),
        ("treatMissingData", text()),
        ("period", integer(1)),
    ]);
    required(typed, ["topics", "metrics"])
}

fn notifications() -> Value {
    let transformer = object([("inputPathsMap", any_object()), ("inputTemplate", text())]);
    let target = object([
        ("sns", any()),
        ("sqs", any()),
        ("kinesis", any()),
        ("firehose", any()),
        ("lambda", any()),
        ("stepFunctions", any()),
        ("inputPath", text()),
        ("inputTransformer", transformer),
    ]);
    let statuses: Map<String, Value> =
        STATUSES.iter().map(|status| ((*status).to_owned(), list(target.clone()))).collect();
    json!({ "type": "object", "properties": statuses, "additionalProperties": false })
}
