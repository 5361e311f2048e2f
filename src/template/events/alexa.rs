//! `alexaSkill` and `alexaSmartHome`: Alexa calls a function for one skill.
//!
//! Rules: Framework v3 `package/compile/events/alexa-{skill,smart-home}.js`; guides
//! <https://www.serverless.com/framework/docs/providers/aws/events/alexa-skill> and
//! <https://www.serverless.com/framework/docs/providers/aws/events/alexa-smart-home>.

use super::Event;
use crate::template::{Compilation, events_of, invoke_permission, naming::events as id};
use serde::Deserialize;
use serde_json::{Value, json};

/// The event type of custom skills.
pub const SKILL: Event = Event {
    name: "alexaSkill",
    schema,
    compile: |it| compile(it, "alexaSkill", "alexa-appkit.amazon.com", id::alexa_skill_permission),
};

/// The event type of smart home skills.
pub const SMART_HOME: Event = Event {
    name: "alexaSmartHome",
    schema,
    compile: |it| compile(it, "alexaSmartHome", "alexa-connectedhome.amazon.com", id::alexa_smart_home_permission),
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Skill {
    app_id: String,
    enabled: Option<Value>,
}

fn schema() -> Value {
    json!({
        "anyOf": [
            { "$ref": "#/definitions/awsAlexaEventToken" },
            {
                "type": "object",
                "properties": {
                    "appId": { "$ref": "#/definitions/awsAlexaEventToken" },
                    "enabled": { "type": "boolean" }
                },
                "required": ["appId"],
                "additionalProperties": false
            }
        ]
    })
}

fn compile(it: &mut Compilation<'_>, name: &str, principal: &str, permission_id: fn(&str, usize) -> String) {
    for function in it.service.functions.values() {
        for (number, event) in events_of(function, name).iter().enumerate() {
            let skill = match event.value {
                Value::String(app_id) => Some(Skill { app_id: app_id.clone(), enabled: None }),
                _ => event.read::<Skill>(&mut it.problems),
            };
            let Some(skill) = skill else { continue };
            let mut permission = invoke_permission(function, principal, None);
            if skill.enabled == Some(Value::Bool(false)) {
                permission["Properties"]["Action"] = json!("lambda:DisableInvokeFunction");
            }
            permission["Properties"]["EventSourceToken"] = json!(skill.app_id);
            it.add_resource(permission_id(&function.key, number + 1), permission, &event.path);
        }
    }
}
