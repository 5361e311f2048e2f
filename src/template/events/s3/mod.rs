//! `s3`: a bucket tells a function about its objects.
//!
//! A bucket of the stack has its notifications in the template; one that exists
//! (`existing: true`) gets them from a custom resource, because CloudFormation
//! cannot change what it does not own.
//!
//! Rules: Framework v3 `package/compile/events/s3`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/s3>.

mod existing_bucket;
mod new_bucket;

use super::Event;
use crate::template::{Compilation, EventUse};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "s3", schema, compile };

/// What a function is told about where the manifest does not say.
const DEFAULT_NOTIFICATION: &str = "s3:ObjectCreated:*";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    bucket: Value,
    event: Option<Value>,
    #[serde(default)]
    existing: Value,
    #[serde(default)]
    force_deploy: Value,
    rules: Option<Vec<Map<String, Value>>>,
}

impl Notification {
    fn event(&self) -> Value {
        self.event.clone().unwrap_or_else(|| DEFAULT_NOTIFICATION.into())
    }

    /// What the filter rules compare (`prefix`, `suffix`) with which text.
    fn rules(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.rules.iter().flatten().filter_map(|rule| rule.iter().next()).map(|(name, value)| (name.as_str(), value))
    }
}

fn compile(it: &mut Compilation<'_>) {
    let (mut new, mut existing) = (Vec::new(), Vec::new());
    for event in it.events(EVENT.name) {
        if let Some(notification) = read(it, &event) {
            let list = if crate::template::value::truthy(&notification.existing) { &mut existing } else { &mut new };
            list.push((event, notification));
        }
    }
    new_bucket::compile(it, &new);
    existing_bucket::compile(it, &existing);
}

fn read(it: &mut Compilation<'_>, event: &EventUse<'_>) -> Option<Notification> {
    match event.value {
        Value::String(_) => Some(Notification {
            bucket: event.value.clone(),
            event: None,
            existing: Value::Null,
            force_deploy: Value::Null,
            rules: None,
        }),
        _ => event.read(&mut it.problems),
    }
}

fn schema() -> Value {
    let text = json!({ "anyOf": [{ "type": "string" }, { "$ref": "#/definitions/awsCfFunction" }] });
    json!({
        "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": {
                    "bucket": {
                        "anyOf": [
                            { "type": "string" },
                            { "$ref": "#/definitions/awsCfFunction" },
                            { "$ref": "#/definitions/awsCfIf" }
                        ]
                    },
                    "event": { "type": "string", "pattern": "^s3:.+$" },
                    "existing": { "type": "boolean" },
                    "forceDeploy": { "type": "boolean" },
                    "rules": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": { "prefix": text, "suffix": text },
                            "maxProperties": 1,
                            "additionalProperties": false
                        }
                    }
                },
                "required": ["bucket"],
                "additionalProperties": false
            }
        ]
    })
}
