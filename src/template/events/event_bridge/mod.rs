//! `eventBridge`: a rule on any event bus; a bus that is named is made.
//!
//! Rule and bus stand in the template, or are made by a custom resource where an
//! old service says so (`provider.eventBridge.useCloudFormation: false`).
//!
//! Rules: Framework v3 `package/compile/events/event-bridge`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/event-bridge>.

mod custom_rule;
mod native_rule;

use super::Event;
use super::read::truthy;
use super::rule_target::{input_transformer_schema, one_input};
use crate::template::{Compilation, EventUse, naming};
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

impl Rule {
    /// `name`, else one made of the deployed function and the event's number.
    fn name(&self, event: &EventUse<'_>) -> String {
        match self.name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => name.to_owned(),
            None => within_limit(&default_name(event), &format!("rule-{}", event.index + 1)),
        }
    }

    fn state(&self) -> &'static str {
        if self.enabled == Some(Value::Bool(false)) { "DISABLED" } else { "ENABLED" }
    }

    /// `inputTransformer` as CloudFormation and the API spell it.
    fn transformer(&self) -> Option<Value> {
        let entries = self.input_transformer.as_ref()?.iter();
        Some(entries.map(|(key, value)| (naming::upper_first(key), value.clone())).collect())
    }
}

/// `<deployed function>-rule-<number>`, the number counted from 1 over all events of the function.
fn default_name(event: &EventUse<'_>) -> String {
    format!("{}-rule-{}", event.function.name, event.index + 1)
}

/// The bus's name in its ARN (`arn:...:event-bus/<name>`).
fn name_in_arn(arn: &str) -> &str {
    arn.split_once('/').map_or(arn, |(_, name)| name)
}

fn compile(it: &mut Compilation<'_>) {
    let mut rules = Vec::new();
    for event in it.events(EVENT.name) {
        let Some(mut rule) = event.read::<Rule>(&mut it.problems) else { continue };
        rule.event_bus = truthy(rule.event_bus);
        rule.input = truthy(rule.input);
        rule.input_path = truthy(rule.input_path);
        let inputs = [rule.input.is_some(), rule.input_path.is_some(), rule.input_transformer.is_some()];
        one_input(&event, inputs, &mut it.problems);
        rules.push((event, rule));
    }
    if it.service.provider.raw.pointer("/eventBridge/useCloudFormation") == Some(&Value::Bool(false)) {
        custom_rule::compile(it, &rules);
    } else {
        for (event, rule) in rules {
            native_rule::add(it, &event, rule);
        }
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
}
