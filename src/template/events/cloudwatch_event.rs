//! `cloudwatchEvent`: a rule on the default event bus.
//!
//! Rules: Framework v3 `package/compile/events/cloud-watch-event.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/cloudwatch-event>.

use super::Event;
use super::read::truthy;
use super::rule_target::{
    InputTransformer, as_in_rule, input_text, input_transformer_schema, on_one_line, one_input, without_escaped_breaks,
};
use crate::manifest::Problem;
use crate::template::value::{get_att, set_some};
use crate::template::{Compilation, EventUse, depend_on_alias, events_of, invoke_permission, naming, target};
use naming::events as id;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "cloudwatchEvent", schema, compile };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    event: Option<Value>,
    enabled: Option<Value>,
    name: Option<Value>,
    description: Option<Value>,
    input: Option<Value>,
    input_path: Option<Value>,
    input_transformer: Option<InputTransformer>,
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "event": { "type": "object" },
            "input": { "anyOf": [{ "type": "string", "maxLength": 8192 }, { "type": "object" }] },
            "inputPath": { "type": "string", "minLength": 1, "maxLength": 256 },
            "inputTransformer": input_transformer_schema(),
            "description": { "type": "string", "maxLength": 512 },
            "name": { "type": "string", "pattern": "[a-zA-Z0-9-_.]+", "minLength": 1, "maxLength": 64 },
            "enabled": { "type": "boolean" }
        },
        "additionalProperties": false
    })
}

fn compile(it: &mut Compilation<'_>) {
    for function in it.service.functions.values() {
        let mut number = 0;
        for event in events_of(function, EVENT.name) {
            number += 1;
            if let Some(rule) = event.read::<Rule>(&mut it.problems) {
                add_rule(it, &event, rule, number);
            }
        }
    }
}

fn add_rule(it: &mut Compilation<'_>, event: &EventUse<'_>, rule: Rule, number: usize) {
    let Some(pattern) = rule.event else {
        it.problems.push(
            Problem::at(&event.path, "this rule has no `event`, the pattern that it waits for")
                .help("add `event:` with at least a `source`, such as `source: [aws.ec2]`"),
        );
        return;
    };
    let input = truthy(rule.input);
    let input_path = truthy(rule.input_path);
    one_input(event, [input.is_some(), input_path.is_some(), rule.input_transformer.is_some()], &mut it.problems);
    let function = event.function;
    let rule_id = id::cloud_watch_event(&function.key, number);

    let mut to = Map::new();
    set_some(&mut to, "Input", input.map(|input| as_in_rule(&without_escaped_breaks(&input_text(&input))).into()));
    set_some(
        &mut to,
        "InputPath",
        input_path.map(|path| path.as_str().map_or(path.clone(), |path| on_one_line(path).into())),
    );
    set_some(&mut to, "InputTransformer", rule.input_transformer.map(|transformer| transformer.property()));
    to.insert("Arn".into(), target(function));
    to.insert("Id".into(), id::cloud_watch_event_target(&function.key).into());

    let mut properties = Map::new();
    properties.insert("EventPattern".into(), without_breaks(pattern));
    properties
        .insert("State".into(), if rule.enabled == Some(Value::Bool(false)) { "DISABLED" } else { "ENABLED" }.into());
    set_some(&mut properties, "Description", truthy(rule.description));
    set_some(&mut properties, "Name", truthy(rule.name));
    properties.insert("Targets".into(), json!([to]));

    let mut resource = json!({ "Type": "AWS::Events::Rule", "Properties": properties });
    depend_on_alias(&mut resource, function);
    let permission = invoke_permission(function, "events.amazonaws.com", Some(get_att(&rule_id, "Arn")));
    it.add_resource(rule_id, resource, &event.path);
    it.add_resource(id::cloud_watch_event_permission(&function.key, number), permission, &event.path);
}

/// A pattern without line breaks in its texts.
fn without_breaks(pattern: Value) -> Value {
    match pattern {
        Value::String(text) => text.replace(['\n', '\r'], "").into(),
        Value::Array(items) => items.into_iter().map(without_breaks).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, without_breaks(value))).collect(),
        other => other,
    }
}
