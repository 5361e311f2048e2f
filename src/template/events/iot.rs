//! `iot`: an AWS IoT rule calls a function.
//!
//! Rules: Framework v3 `package/compile/events/iot.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/iot>.

use super::Event;
use super::rule_target::on_one_line;
use crate::template::value::{join, reference, set_some};
use crate::template::{
    Compilation, EventUse, depend_on_alias, events_of, invoke_permission, naming::events as id, target,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "iot", schema, compile };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    sql: String,
    sql_version: Option<String>,
    name: Option<String>,
    enabled: Option<Value>,
    description: Option<String>,
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "sql": { "type": "string" },
            "sqlVersion": { "type": "string", "enum": ["2015-10-08", "2016-03-23", "beta"] },
            "name": { "type": "string" },
            "enabled": { "type": "boolean" },
            "description": { "type": "string" }
        },
        "required": ["sql"],
        "additionalProperties": false
    })
}

fn compile(it: &mut Compilation<'_>) {
    for function in it.service.functions.values() {
        for (number, event) in events_of(function, EVENT.name).iter().enumerate() {
            if let Some(rule) = event.read::<Rule>(&mut it.problems) {
                add_rule(it, event, rule, number + 1);
            }
        }
    }
}

fn add_rule(it: &mut Compilation<'_>, event: &EventUse<'_>, rule: Rule, number: usize) {
    let function = event.function;
    let rule_id = id::iot_rule(&function.key, number);
    let line =
        |text: Option<String>| text.map(|text| on_one_line(&text)).filter(|text| !text.is_empty()).map(Value::from);

    let mut payload = Map::new();
    payload.insert("RuleDisabled".into(), (rule.enabled == Some(Value::Bool(false))).into());
    payload.insert("Sql".into(), on_one_line(&rule.sql).into());
    payload.insert("Actions".into(), json!([{ "Lambda": { "FunctionArn": target(function) } }]));
    set_some(&mut payload, "Description", line(rule.description));
    set_some(&mut payload, "AwsIotSqlVersion", line(rule.sql_version));
    let mut properties = Map::new();
    properties.insert("TopicRulePayload".into(), payload.into());
    set_some(&mut properties, "RuleName", line(rule.name));

    let mut resource = json!({ "Type": "AWS::IoT::TopicRule", "Properties": properties });
    depend_on_alias(&mut resource, function);
    let source = join(
        "",
        [
            json!("arn:"),
            reference("AWS::Partition"),
            json!(":iot:"),
            reference("AWS::Region"),
            json!(":"),
            reference("AWS::AccountId"),
            json!(":rule/"),
            reference(&rule_id),
        ],
    );
    let permission = invoke_permission(function, "iot.amazonaws.com", Some(source));
    it.add_resource(rule_id, resource, &event.path);
    it.add_resource(id::iot_permission(&function.key, number), permission, &event.path);
}
