//! `schedule` events of a state machine: a rule, or a schedule of EventBridge Scheduler
//! (`compileScheduledEvents.js`).

use super::{Machine, retry_policy, rule_input, starter_policy, starter_role};
use crate::manifest::Problem;
use crate::template::Compilation;
use crate::template::naming::step_functions as naming;
use crate::template::value::{get, get_att, reference, set_some};
use serde_json::{Map, Value, json};

/// Adds them, with the role that they take.
pub fn compile(it: &mut Compilation<'_>, machine: &Machine<'_>) {
    for (index, (event, path)) in machine.events(&["schedule"]).into_iter().enumerate() {
        let short = json!({ "rate": event });
        let event = if event.is_string() { &short } else { event };
        compile_one(it, machine, event, index + 1, &path);
    }
}

fn compile_one(it: &mut Compilation<'_>, machine: &Machine<'_>, event: &Value, number: usize, path: &str) {
    let Some(rate) = get(event, "rate") else {
        it.problems
            .push(Problem::at(path, "this schedule has no `rate`").help("write such as `schedule: rate(10 minutes)`"));
        return;
    };
    let scheduler = event.get("method") == Some(&json!("scheduler"));
    for (key, wrong) in [("inputTransformer", scheduler), ("inputPath", scheduler), ("timezone", !scheduler)] {
        if wrong && get(event, key).is_some() {
            let (with, help) = match scheduler {
                true => ("`method: scheduler`", "remove it, or `method: scheduler`"),
                false => ("a rule", "add `method: scheduler`, or remove it"),
            };
            let message = format!("`{key}` is not there with {with}");
            it.problems.push(Problem::at(format!("{path}.{key}"), message).help(help));
        }
    }
    let own_role = get(event, "role");
    let role_id = naming::schedule_role(machine.key);
    let role_arn = own_role.cloned().unwrap_or_else(|| get_att(&role_id, "Arn"));
    let mut properties = Map::new();
    properties.insert("ScheduleExpression".into(), rate.clone());
    let off = event.get("enabled") == Some(&Value::Bool(false));
    properties.insert("State".into(), json!(if off { "DISABLED" } else { "ENABLED" }));
    set_some(&mut properties, "Name", get(event, "name").cloned());
    set_some(&mut properties, "Description", get(event, "description").cloned());
    let input = rule_input(it, event, path);
    let (logical_id, kind) = if scheduler {
        set_some(&mut properties, "ScheduleExpressionTimezone", get(event, "timezone").cloned());
        let mut target = Map::new();
        target.insert("Arn".into(), reference(&machine.logical_id));
        target.insert("RoleArn".into(), role_arn);
        set_some(&mut target, "Input", input.get("Input").cloned());
        properties.insert("Target".into(), Value::Object(target));
        properties.insert("FlexibleTimeWindow".into(), json!({ "Mode": "OFF" }));
        (naming::schedule(machine.key, number), "AWS::Scheduler::Schedule")
    } else {
        let mut target = input;
        target.insert("Arn".into(), reference(&machine.logical_id));
        target.insert("Id".into(), json!(naming::schedule_target(machine.key)));
        set_some(&mut target, "RetryPolicy", retry_policy(event));
        target.insert("RoleArn".into(), role_arn);
        properties.insert("Targets".into(), json!([target]));
        (naming::schedule_rule(machine.key, number), "AWS::Events::Rule")
    };
    it.add_resource(logical_id, json!({ "Type": kind, "Properties": properties }), path);
    if own_role.is_none() {
        let principal = if scheduler { "scheduler.amazonaws.com" } else { "events.amazonaws.com" };
        let role = starter_role(it, principal, starter_policy(it, machine, "schedule"), machine, true);
        add_role(it, &role_id, role, principal, path);
    }
}

/// One role for all schedules of a state machine; where rules and schedules share it, both may take it. (The plugin
/// leaves it to the last of them alone.)
fn add_role(it: &mut Compilation<'_>, role_id: &str, mut role: Value, principal: &str, path: &str) {
    const SERVICE: &str = "/Properties/AssumeRolePolicyDocument/Statement/0/Principal/Service";
    let before = it.template.resource(role_id).and_then(|role| role.pointer(SERVICE)).cloned();
    if let (Some(before), Some(service)) = (before, role.pointer_mut(SERVICE))
        && before != *principal
    {
        *service = match before {
            both @ Value::Array(_) => both,
            other => json!([other, principal]),
        };
    }
    it.set_resource(role_id, role, path);
}
