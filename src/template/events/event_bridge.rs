//! `eventBridge`: a rule on any event bus; a bus that is named is made.
//!
//! Rules: Framework v3 `package/compile/events/event-bridge` with
//! `provider.eventBridge.useCloudFormation`, the only way of its maintained fork; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/event-bridge>.

use super::Event;
use super::json_text::json_text;
use super::read::truthy;
use super::rule_target::{input_transformer_schema, one_input};
use crate::template::naming::{self, events as id};
use crate::template::value::{join, reference, set_some};
use crate::template::{Compilation, EventUse, TargetAlias, invoke_permission, target};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "eventBridge", schema, compile };

/// The longest name of a rule and the longest id of a target.
///
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
const NAME_LIMIT: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    event_bus: Option<Value>,
    schedule: Option<Value>,
    name: Option<String>,
    description: Option<Value>,
    enabled: Option<Value>,
    pattern: Option<Value>,
    input: Option<Value>,
    input_path: Option<Value>,
    input_transformer: Option<Map<String, Value>>,
    retry_policy: Option<RetryPolicy>,
    dead_letter_queue_arn: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RetryPolicy {
    maximum_event_age: Option<Value>,
    maximum_retry_attempts: Option<Value>,
}

/// The bus that a rule stands on.
struct Bus {
    /// `EventBusName`; `None` for the default bus.
    name: Option<Value>,
    /// The logical id of the bus, where this stack makes it.
    made: Option<String>,
}

impl Bus {
    fn of(event_bus: Option<&Value>) -> Self {
        match event_bus {
            None => Self { name: None, made: None },
            Some(Value::String(name)) if name == "default" => Self { name: None, made: None },
            Some(Value::String(arn)) if arn.starts_with("arn") => {
                let name = arn.split_once('/').map_or(arn.as_str(), |(_, name)| name);
                Self { name: Some(name.into()), made: None }
            }
            Some(Value::String(name)) => Self { name: Some(name.as_str().into()), made: Some(id::event_bus(name)) },
            Some(reference) => Self { name: Some(reference.clone()), made: None },
        }
    }
}

fn compile(it: &mut Compilation<'_>) {
    for event in it.events(EVENT.name) {
        if let Some(rule) = event.read::<Rule>(&mut it.problems) {
            add_rule(it, &event, rule);
        }
    }
}

fn add_rule(it: &mut Compilation<'_>, event: &EventUse<'_>, rule: Rule) {
    let function = event.function;
    let number = event.index + 1;
    let default_name = format!("{}-rule-{number}", function.name);
    let name = rule.name.filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| within_limit(&default_name, &format!("rule-{number}")));
    let input = truthy(rule.input);
    let input_path = truthy(rule.input_path);
    one_input(event, [input.is_some(), input_path.is_some(), rule.input_transformer.is_some()], &mut it.problems);

    let bus = Bus::of(truthy(rule.event_bus).as_ref());
    if let (Some(bus_id), Some(bus_name)) = (&bus.made, &bus.name) {
        let resource = json!({ "Type": "AWS::Events::EventBus", "Properties": { "Name": bus_name } });
        it.add_resource(bus_id, resource, &event.path);
    }

    let mut to = Map::new();
    to.insert("Arn".into(), target(function));
    to.insert("Id".into(), within_limit(&format!("{name}-target"), "target").into());
    set_some(&mut to, "RetryPolicy", rule.retry_policy.map(RetryPolicy::into_property));
    set_some(&mut to, "DeadLetterConfig", truthy(rule.dead_letter_queue_arn).map(|arn| json!({ "Arn": arn })));
    set_some(&mut to, "Input", input.map(|input| json_text(&input).into()));
    set_some(&mut to, "InputPath", input_path);
    set_some(
        &mut to,
        "InputTransformer",
        rule.input_transformer.map(|transformer| {
            transformer.into_iter().map(|(key, value)| (naming::upper_first(&key), value)).collect()
        }),
    );

    let mut properties = Map::new();
    set_some(&mut properties, "Description", rule.description);
    set_some(&mut properties, "EventBusName", bus.name.clone());
    set_some(&mut properties, "EventPattern", rule.pattern);
    properties.insert("Name".into(), name.clone().into());
    set_some(&mut properties, "ScheduleExpression", rule.schedule);
    properties
        .insert("State".into(), if rule.enabled == Some(Value::Bool(false)) { "DISABLED" } else { "ENABLED" }.into());
    properties.insert("Targets".into(), json!([to]));

    let mut resource = json!({ "Type": "AWS::Events::Rule", "Properties": properties });
    // A rule that outlives its bus keeps the stack from being removed.
    let mut depends_on: Vec<String> =
        TargetAlias::of(function).map(|alias| alias.logical_id).into_iter().chain(bus.made).collect();
    match depends_on.len() {
        0 => {}
        1 => resource["DependsOn"] = depends_on.remove(0).into(),
        _ => resource["DependsOn"] = depends_on.into(),
    }
    it.add_resource(id::event_bridge_rule(&default_name), resource, &event.path);

    let path = std::iter::once(json!("rule")).chain(bus.name).chain([json!(name)]);
    let source = join(
        ":",
        [
            json!("arn"),
            reference("AWS::Partition"),
            json!("events"),
            reference("AWS::Region"),
            reference("AWS::AccountId"),
            join("/", path),
        ],
    );
    let permission = invoke_permission(function, "events.amazonaws.com", Some(source));
    it.add_resource(id::event_bridge_permission(&function.key, number), permission, &event.path);
}

impl RetryPolicy {
    fn into_property(self) -> Value {
        let mut property = Map::new();
        set_some(&mut property, "MaximumEventAgeInSeconds", self.maximum_event_age);
        set_some(&mut property, "MaximumRetryAttempts", self.maximum_retry_attempts);
        Value::Object(property)
    }
}

/// A name, cut and hashed where it is over the limit (Framework v3 `hashName`).
fn within_limit(name: &str, suffix: &str) -> String {
    if name.encode_utf16().count() <= NAME_LIMIT {
        return name.to_owned();
    }
    let head: String = name.chars().take(31_usize.saturating_sub(suffix.len())).collect();
    format!("{head}{}-{suffix}", naming::md5_hex(name))
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "eventBus": {
                "anyOf": [
                    { "type": "string", "minLength": 1 },
                    { "$ref": "#/definitions/awsArnString" },
                    { "$ref": "#/definitions/awsCfImport" },
                    { "$ref": "#/definitions/awsCfRef" },
                    {
                        "type": "object",
                        "properties": {
                            "Fn::GetAtt": {
                                "type": "array",
                                "minItems": 2,
                                "maxItems": 2,
                                "items": [
                                    { "type": "string", "minLength": 1 },
                                    { "type": "string", "enum": ["Name"] }
                                ]
                            }
                        },
                        "required": ["Fn::GetAtt"],
                        "additionalProperties": false
                    }
                ]
            },
            "schedule": { "pattern": "^(?:cron|rate)\\(.+\\)$", "type": "string" },
            "name": { "type": "string", "pattern": "[a-zA-Z0-9-_.]+", "minLength": 1, "maxLength": 64 },
            "description": { "type": "string", "maxLength": 512 },
            "enabled": { "type": "boolean" },
            "pattern": {
                "type": "object",
                "properties": {
                    "version": {}, "id": {}, "detail-type": {}, "source": {}, "account": {}, "time": {},
                    "region": {}, "resources": {}, "detail": {}, "$or": { "type": "array" }
                },
                "additionalProperties": false
            },
            "input": { "type": "object" },
            "inputPath": { "type": "string", "minLength": 1, "maxLength": 256 },
            "inputTransformer": input_transformer_schema(),
            "retryPolicy": {
                "type": "object",
                "properties": {
                    "maximumEventAge": { "type": "integer", "minimum": 60, "maximum": 86400 },
                    "maximumRetryAttempts": { "type": "integer", "minimum": 0, "maximum": 185 }
                }
            },
            "deadLetterQueueArn": { "$ref": "#/definitions/awsArn" }
        },
        "anyOf": [{ "required": ["pattern"] }, { "required": ["schedule"] }]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_64_characters_stays() {
        let name = "n".repeat(64);
        assert_eq!(within_limit(&name, "rule-1"), name);
    }

    #[test]
    fn a_longer_name_is_cut_and_hashed() {
        let name = within_limit(&"n".repeat(65), "rule-1");
        assert_eq!(name, format!("{}{}-rule-1", "n".repeat(25), naming::md5_hex(&"n".repeat(65))));
        assert_eq!(name.len(), 64);
    }

    #[test]
    fn a_bus_is_made_only_when_it_is_named() {
        let made = |bus: Value| Bus::of(Some(&bus)).made;
        assert_eq!(made(json!("quay")), Some("QuayEventBridgeEventBus".to_owned()));
        assert_eq!(made(json!("default")), None);
        assert_eq!(made(json!("arn:aws:events:us-east-1:1:event-bus/quay")), None);
        assert_eq!(made(json!({"Ref": "Quay"})), None);
    }
}
