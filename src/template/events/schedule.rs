//! `schedule`: an EventBridge rule, or a schedule of EventBridge Scheduler (`method: scheduler`).
//!
//! Rules: Framework v3 `package/compile/events/schedule.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/schedule>.

use super::Event;
use super::read::truthy;
use super::rule_target::{InputTransformer, as_in_rule, input_text};
use crate::manifest::{Problem, Problems};
use crate::template::value::{get_att, set_some, sub};
use crate::template::{Compilation, EventUse, depend_on_alias, events_of, invoke_permission, naming, target};
use naming::{events as id, function::logical_id};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "schedule", schema, compile };

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Schedule {
    rate: Value,
    enabled: Option<Value>,
    name: Option<Value>,
    description: Option<Value>,
    input: Option<Value>,
    input_path: Option<Value>,
    input_transformer: Option<InputTransformer>,
    method: Method,
    role_arn: Option<Value>,
    group_name: Option<Value>,
    timezone: Option<Value>,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Method {
    /// A rule on the default event bus.
    #[default]
    EventBus,
    /// A schedule of EventBridge Scheduler.
    Scheduler,
}

impl Schedule {
    fn rates(&self) -> Vec<Value> {
        match &self.rate {
            Value::Array(rates) => rates.clone(),
            rate => vec![rate.clone()],
        }
    }

    fn state(&self) -> &'static str {
        if self.enabled == Some(Value::Bool(false)) { "DISABLED" } else { "ENABLED" }
    }
}

fn compile(it: &mut Compilation<'_>) {
    let mut scheduled = Vec::new();
    for function in it.service.functions.values() {
        let mut number = 0;
        let mut uses_scheduler = false;
        for event in events_of(function, EVENT.name) {
            let schedule = match event.value {
                Value::String(rate) => Some(Schedule { rate: rate.clone().into(), ..Schedule::default() }),
                _ => event.read::<Schedule>(&mut it.problems),
            };
            let Some(schedule) = schedule else { continue };
            refuse_mixtures(&schedule, &event, &mut it.problems);
            let Some(input) = input(&schedule, &event, &mut it.problems) else { continue };
            for rate in schedule.rates() {
                number += 1;
                match schedule.method {
                    Method::EventBus => add_rule(it, &event, &schedule, rate, number, input.as_deref()),
                    Method::Scheduler => {
                        uses_scheduler = true;
                        add_schedule(it, &event, &schedule, rate, number, input.as_deref());
                    }
                }
            }
        }
        if uses_scheduler {
            let arn = format!(
                "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{}",
                function.name
            );
            scheduled.extend([sub(&arn), sub(format!("{arn}:*"))]);
        }
    }
    if !scheduled.is_empty() {
        let_scheduler_invoke(it, scheduled);
    }
}

/// The input of the target, if there is one; `None` where it cannot be read.
#[expect(clippy::option_option, reason = "no input and unreadable input differ")]
fn input(schedule: &Schedule, event: &EventUse<'_>, problems: &mut Problems) -> Option<Option<String>> {
    let Some(mut input) = truthy(schedule.input.clone()) else {
        // A schedule keeps an empty text, a rule has none.
        let empty = schedule.input.is_some() && schedule.method == Method::Scheduler;
        return Some(empty.then(String::new));
    };
    if let Some(Value::String(body)) = input.get("body") {
        match serde_json::from_str::<Value>(body) {
            Ok(body) => input["body"] = body,
            Err(error) => {
                problems.push(
                    Problem::at(event.at("input.body"), format!("`body` is not JSON: {error}"))
                        .help("write the body as JSON text or as a mapping"),
                );
                return None;
            }
        }
    }
    let text = input_text(&input);
    Some(Some(match schedule.method {
        Method::EventBus => as_in_rule(&text),
        Method::Scheduler => text,
    }))
}

fn refuse_mixtures(schedule: &Schedule, event: &EventUse<'_>, problems: &mut Problems) {
    if schedule.rates().len() > 1 && schedule.name.is_some() {
        problems.push(
            Problem::at(event.at("name"), "a schedule with several rates cannot have a name")
                .help("each rate becomes a rule of its own: leave out `name`, or write an event for each rate"),
        );
    }
    let mut only_with = |property: &str, is_set: bool, method: Method| {
        if !is_set || schedule.method == method {
            return;
        }
        let (needed, help) = match method {
            Method::EventBus => ("eventBus", format!("leave out `{property}`, or `method: scheduler`")),
            Method::Scheduler => ("scheduler", format!("add `method: scheduler`, or leave out `{property}`")),
        };
        problems.push(
            Problem::at(event.at(property), format!("`{property}` works with `method: {needed}` only")).help(help),
        );
    };
    only_with("inputTransformer", schedule.input_transformer.is_some(), Method::EventBus);
    only_with("inputPath", truthy(schedule.input_path.clone()).is_some(), Method::EventBus);
    only_with("timezone", truthy(schedule.timezone.clone()).is_some(), Method::Scheduler);
    only_with("groupName", truthy(schedule.group_name.clone()).is_some(), Method::Scheduler);
}

fn add_rule(
    it: &mut Compilation<'_>,
    event: &EventUse<'_>,
    schedule: &Schedule,
    rate: Value,
    number: usize,
    input: Option<&str>,
) {
    let function = event.function;
    let rule_id = id::schedule(&function.key, number);

    let mut to = Map::new();
    set_some(&mut to, "Input", input.map(Value::from));
    set_some(&mut to, "InputPath", truthy(schedule.input_path.clone()));
    set_some(&mut to, "InputTransformer", schedule.input_transformer.as_ref().map(InputTransformer::property));
    to.insert("Arn".into(), target(function));
    to.insert("Id".into(), id::schedule_target(&function.key).into());

    let mut properties = Map::new();
    properties.insert("ScheduleExpression".into(), rate);
    properties.insert("State".into(), schedule.state().into());
    set_some(&mut properties, "Name", truthy(schedule.name.clone()));
    set_some(&mut properties, "Description", truthy(schedule.description.clone()));
    properties.insert("Targets".into(), json!([to]));

    let mut rule = json!({ "Type": "AWS::Events::Rule", "Properties": properties });
    depend_on_alias(&mut rule, function);
    let permission = invoke_permission(function, "events.amazonaws.com", Some(get_att(&rule_id, "Arn")));
    it.add_resource(rule_id, rule, &event.path);
    it.add_resource(id::schedule_permission(&function.key, number), permission, &event.path);
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html>
fn add_schedule(
    it: &mut Compilation<'_>,
    event: &EventUse<'_>,
    schedule: &Schedule,
    rate: Value,
    number: usize,
    input: Option<&str>,
) {
    let function = event.function;
    let function_role =
        it.template.resource(&logical_id(&function.key)).and_then(|f| f.pointer("/Properties/Role")).cloned();

    let mut to = Map::new();
    to.insert("Arn".into(), target(function));
    set_some(&mut to, "RoleArn", truthy(schedule.role_arn.clone()).or(function_role));
    set_some(&mut to, "Input", input.map(Value::from));

    let mut properties = Map::new();
    properties.insert("ScheduleExpression".into(), rate);
    properties.insert("State".into(), schedule.state().into());
    properties.insert("Target".into(), to.into());
    properties.insert("FlexibleTimeWindow".into(), json!({ "Mode": "OFF" }));
    set_some(&mut properties, "Name", schedule.name.clone());
    set_some(&mut properties, "GroupName", schedule.group_name.clone());
    set_some(&mut properties, "Description", schedule.description.clone());
    set_some(&mut properties, "ScheduleExpressionTimezone", schedule.timezone.clone());

    let mut resource = json!({ "Type": "AWS::Scheduler::Schedule", "Properties": properties });
    depend_on_alias(&mut resource, function);
    it.add_resource(id::scheduler_schedule(&function.key, number), resource, &event.path);
}

/// Lets EventBridge Scheduler take the execution role, and the role invoke the functions.
///
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role>
fn let_scheduler_invoke(it: &mut Compilation<'_>, functions: Vec<Value>) {
    it.trust("scheduler.amazonaws.com");
    it.allow(json!({ "Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": functions }));
}

/// `rate(...)` or `cron(...)` as EventBridge writes them.
///
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>
const EXPRESSION: &str = concat!(
    r"^rate\((?:1 (?:minute|hour|day)|(?:1\d+|[2-9]\d*) (?:minute|hour|day)s)\)$",
    r"|^cron\(\S+ \S+ \S+ \S+ \S+ \S+\)$"
);

fn schema() -> Value {
    json!({
        "anyOf": [
            { "type": "string", "pattern": EXPRESSION },
            {
                "type": "object",
                "properties": {
                    "rate": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "anyOf": [
                                { "$ref": "#/definitions/awsCfFunction" },
                                { "type": "string", "pattern": EXPRESSION }
                            ]
                        }
                    },
                    "enabled": { "type": "boolean" },
                    "name": { "type": "string", "minLength": 1, "maxLength": 64, "pattern": "[\\.\\-_A-Za-z0-9]+" },
                    "description": { "type": "string", "maxLength": 512 },
                    "input": {
                        "anyOf": [
                            { "type": "string", "maxLength": 8192 },
                            {
                                "type": "object",
                                "oneOf": [
                                    {
                                        "properties": { "body": { "type": "string", "maxLength": 8192 } },
                                        "required": ["body"],
                                        "additionalProperties": false
                                    },
                                    { "not": { "required": ["body"] } }
                                ]
                            }
                        ]
                    },
                    "inputPath": { "type": "string", "maxLength": 256 },
                    "inputTransformer": {
                        "type": "object",
                        "properties": {
                            "inputTemplate": { "type": "string", "minLength": 1, "maxLength": 8192 },
                            "inputPathsMap": { "type": "object" }
                        },
                        "required": ["inputTemplate"],
                        "additionalProperties": false
                    },
                    "method": { "type": "string", "enum": ["eventBus", "scheduler"] },
                    "roleArn": { "anyOf": [{ "type": "string" }, { "$ref": "#/definitions/awsCfFunction" }] },
                    "groupName": {
                        "anyOf": [
                            { "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[0-9a-zA-Z-_.]+$" },
                            { "$ref": "#/definitions/awsCfFunction" }
                        ]
                    },
                    "timezone": { "type": "string", "pattern": "[\\w\\-\\/]+" }
                },
                "required": ["rate"],
                "additionalProperties": false
            }
        ]
    })
}
