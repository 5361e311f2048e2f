//! Validation as a whole: what is accepted, what is refused, and in which words.

use super::{schema, validate};
use crate::manifest::document::Node;
use crate::manifest::problem::{Place, Problem, Severity};
use regex::bytes::RegexBuilder;
use serde_json::{Value, json};

fn check(functions: Value) -> (Value, Vec<Problem>) {
    check_all(json!({ "service": "shop", "provider": { "name": "aws" }, "functions": functions }))
}

fn check_all(config: Value) -> (Value, Vec<Problem>) {
    let mut node = Node::from_json(config, None);
    let problems = validate(&mut node, &schema(&[]), false);
    (node.to_json(), problems.0)
}

fn messages(functions: Value) -> Vec<String> {
    check(functions).1.into_iter().map(|p| p.message).collect()
}

fn patterns(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(pattern)) = map.get("pattern") {
                found.push(pattern.clone());
            }
            if let Some(Value::Object(patterns)) = map.get("patternProperties") {
                found.extend(patterns.keys().cloned());
            }
            map.values().for_each(|v| patterns(v, found));
        }
        Value::Array(list) => list.iter().for_each(|v| patterns(v, found)),
        _ => {}
    }
}

#[test]
fn every_pattern_of_the_schema_is_one_that_the_regex_engine_takes() {
    let mut found = Vec::new();
    patterns(&schema(&[]), &mut found);
    let refused: Vec<_> = found.iter().filter(|p| RegexBuilder::new(p).unicode(false).build().is_err()).collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert!(found.len() > 50);
}

#[test]
fn every_reference_of_the_schema_is_defined() {
    let schema = schema(&[]);
    let text = schema.to_string();
    for name in text.split("\"$ref\":\"#/definitions/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(schema["definitions"].get(name).is_some(), "{name}");
    }
}

#[test]
fn a_service_without_a_name_is_refused() {
    for nothing in [json!(false), json!(null), json!("")] {
        let config = json!({ "service": nothing, "provider": { "name": "aws" } });
        assert_eq!(check_all(config).1.len(), 1, "{nothing}");
    }
}

#[test]
fn numbers_in_quotes_and_texts_without_are_made_to_fit() {
    let functions =
        json!({ "a": { "handler": "a.b", "memorySize": "512", "environment": { "PORT": 8080, "ON": true } } });
    let (config, problems) = check(functions);
    assert_eq!(problems, []);
    assert_eq!(config["functions"]["a"]["memorySize"], json!(512));
    assert_eq!(config["functions"]["a"]["environment"], json!({ "PORT": "8080", "ON": "true" }));
}

#[test]
fn a_key_without_value_counts_as_absent() {
    assert_eq!(messages(json!({ "a": { "handler": "a.b", "timeout": null, "nonsense": null } })), [""; 0]);
    let (config, _) = check(json!({ "a": { "vpc": null } }));
    assert_eq!(config["functions"]["a"]["vpc"], Value::Null);
}

#[test]
fn a_misspelt_key_is_refused_with_the_right_one() {
    let (_, problems) = check(json!({ "a": { "handler": "a.b", "memorysize": 512 } }));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "`memorysize` is not a setting of `functions.a`");
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `memorySize`?"));
    assert_eq!(problems[0].place, Place::Path("functions.a".into()));
}

#[test]
fn bounds_types_and_values_are_said() {
    let functions =
        json!({ "a": { "timeout": 1000, "memorySize": "much", "architecture": "arm", "description": [1, 2] } });
    assert_eq!(
        messages(functions),
        [
            "`functions.a.timeout` must be between 1 and 900, not `1000`",
            "`functions.a.memorySize` must be a whole number, not `much`",
            "`functions.a.architecture` cannot be `arm`",
            "`functions.a.description` must be a text, not a list",
        ]
    );
}

#[test]
fn the_form_that_was_meant_is_reported() {
    let messages = messages(json!({ "a": { "url": { "cors": { "maxAge": -1 } } } }));
    assert_eq!(messages, ["`functions.a.url.cors.maxAge` must be at least 0, not `-1`"]);
}

#[test]
fn a_text_is_compared_with_the_forms_that_are_texts() {
    assert_eq!(
        messages(json!({ "a": { "onError": "queue" } })),
        ["`functions.a.onError` must be the ARN of an SNS topic, not `queue`"]
    );
    assert_eq!(messages(json!({ "a": { "tracing": "on" } })), ["`functions.a.tracing` cannot be `on`"]);
}

#[test]
fn an_unknown_event_is_refused_with_a_near_one() {
    let (_, problems) = check(json!({ "a": { "events": [{ "schedul": "rate(1 minute)" }] } }));
    assert_eq!(problems[0].message, "`schedul` is not an event that rlx knows");
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `schedule`?"));
}

#[test]
fn settings_beside_an_event_are_told_to_be_indented() {
    let (_, problems) = check(json!({ "a": { "events": [{ "sqs": null, "arn": "arn:aws:sqs:::q" }] } }));
    assert_eq!(problems[0].message, "the event `sqs` has no settings");
    assert_eq!(problems[0].help.as_deref(), Some("indent them below `sqs:`"));
}

#[test]
fn a_statement_has_either_action_or_not_action() {
    let statement = json!({ "Effect": "Allow", "Action": "s3:Get*", "NotAction": "s3:Put*", "Resource": "*" });
    let config = json!({
        "service": "shop",
        "provider": { "name": "aws", "iam": { "role": { "statements": [statement] } } },
    });
    let (_, problems) = check_all(config);
    assert_eq!(
        problems.iter().map(|p| p.message.as_str()).collect::<Vec<_>>(),
        ["`provider.iam.role.statements[0]` has both `Action` and `NotAction`: use one of them"]
    );
}

#[test]
fn tags_of_aws_and_buckets_like_addresses_are_refused() {
    let config = json!({
        "service": "shop",
        "provider": { "name": "aws", "tags": { "aws:x": "1" }, "deploymentBucket": "127.0.0.1" },
    });
    assert_eq!(check_all(config).1.len(), 2);
}

#[test]
fn the_mode_decides_what_becomes_of_a_problem() {
    let config = |mode: &str| json!({ "service": "shop", "provider": { "name": "aws" }, "configValidationMode": mode, "functionz": {} });
    assert_eq!(check_all(config("error")).1[0].severity, Severity::Error);
    assert_eq!(check_all(config("warn")).1[0].severity, Severity::Warning);
    assert_eq!(check_all(config("off")).1, []);
}

#[test]
fn keys_may_be_those_of_a_plugin_that_rlx_does_not_know() {
    let config = json!({ "service": "shop", "provider": { "name": "aws" }, "theirs": {} });
    let problems = validate(&mut Node::from_json(config, None), &schema(&[]), true);
    assert_eq!(problems.0[0].severity, Severity::Warning);
}
