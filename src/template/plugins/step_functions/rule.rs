//! `cloudwatchEvent` and `eventBridge` events of a state machine (`compileCloudWatchEventEvents.js`).

use super::{Machine, retry_policy, rule_input, starter_policy, starter_role};
use crate::manifest::Problem;
use crate::template::Compilation;
use crate::template::naming::step_functions as naming;
use crate::template::value::{get, get_att, reference, set_some};
use serde_json::{Map, Value, json};

/// Adds rules, with the role that they take.
pub fn compile(it: &mut Compilation<'_>, machine: &Machine<'_>) {
    for (index, (event, path)) in machine.events(&["cloudwatchEvent", "eventBridge"]).into_iter().enumerate() {
        compile_one(it, machine, event, index + 1, &path);
    }
}

fn compile_one(it: &mut Compilation<'_>, machine: &Machine<'_>, event: &Value, number: usize, path: &str) {
    let Some(pattern) = get(event, "event") else {
        it.problems.push(
            Problem::at(path, "this event has no pattern")
                .help("add `event:` with `source`, `detail-type` or the like"),
        );
        return;
    };
    let own_role = get(event, "iamRole");
    let role_id = naming::rule_role(machine.key);
    let mut target = rule_input(it, event, path);
    target.insert("Arn".into(), reference(&machine.logical_id));
    target.insert("Id".into(), json!(naming::rule_target(machine.key)));
    set_some(&mut target, "DeadLetterConfig", get(event, "deadLetterConfig").map(|arn| json!({ "Arn": arn })));
    set_some(&mut target, "RetryPolicy", retry_policy(event));
    target.insert("RoleArn".into(), own_role.cloned().unwrap_or_else(|| get_att(&role_id, "Arn")));
    let mut properties = Map::new();
    set_some(&mut properties, "EventBusName", get(event, "eventBusName").cloned());
    properties.insert("EventPattern".into(), pattern.clone());
    let off = event.get("enabled") == Some(&Value::Bool(false));
    properties.insert("State".into(), json!(if off { "DISABLED" } else { "ENABLED" }));
    set_some(&mut properties, "Description", get(event, "description").cloned());
    set_some(&mut properties, "Name", get(event, "name").cloned());
    properties.insert("Targets".into(), json!([target]));
    let rule = json!({ "Type": "AWS::Events::Rule", "Properties": properties });
    it.add_resource(naming::rule(machine.key, number), rule, path);
    if own_role.is_none() {
        let policy = starter_policy(it, machine, "event");
        let role = starter_role(it, "events.amazonaws.com", policy, machine, false);
        it.set_resource(role_id, role, path);
    }
}
