//! A rule as a resource of the stack.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html>

use super::{RetryPolicy, Rule, default_name, name_in_arn, within_limit};
use crate::manifest::Problem;
use crate::template::events::json_text::json_text;
use crate::template::events::read::truthy;
use crate::template::naming::events as id;
use crate::template::value::{join, reference, set_some};
use crate::template::{Compilation, EventUse, TargetAlias, invoke_permission, target};
use serde_json::{Map, Value, json};

/// The bus that a rule stands on.
struct Bus {
    /// `EventBusName`; `None` for the default bus.
    name: Option<Value>,
    /// The logical id of the bus, where this stack makes it.
    made: Option<String>,
}

impl Bus {
    fn of(event_bus: Option<&Value>) -> Self {
        let (name, made) = match event_bus {
            Some(Value::String(arn)) if arn.starts_with("arn") => (Some(name_in_arn(arn).into()), None),
            Some(Value::String(name)) => (Some(name.as_str().into()), Some(id::event_bus(name))),
            reference => (reference.cloned(), None),
        };
        if name.as_ref().is_some_and(|name| name == "default") {
            return Self { name: None, made: None };
        }
        Self { name, made }
    }
}

/// Adds a rule, its bus where that is to be made, and the permission.
pub(super) fn add(it: &mut Compilation<'_>, event: &EventUse<'_>, rule: Rule) {
    let function = event.function;
    let bus = Bus::of(rule.event_bus.as_ref());
    if let (Some(bus_id), Some(bus_name)) = (&bus.made, &bus.name) {
        let resource = json!({ "Type": "AWS::Events::EventBus", "Properties": { "Name": bus_name } });
        it.add_resource(bus_id, resource, &event.path);
        warn_of_name(it, event, bus_name, bus_id);
    }
    let permission = invoke_permission(function, "events.amazonaws.com", Some(rule_arn(&bus, &rule.name(event))));

    // A rule that outlives its bus keeps the stack from being removed.
    let alias = TargetAlias::of(function).map(|alias| alias.logical_id);
    let depends_on: Vec<String> = alias.into_iter().chain(bus.made).collect();
    let mut resource = json!({ "Type": "AWS::Events::Rule", "Properties": properties(event, rule, bus.name) });
    match depends_on.as_slice() {
        [] => {}
        [one] => resource["DependsOn"] = one.as_str().into(),
        _ => resource["DependsOn"] = depends_on.into(),
    }
    it.add_resource(id::event_bridge_rule(&default_name(event)), resource, &event.path);
    it.add_resource(id::event_bridge_permission(&function.key, event.index + 1), permission, &event.path);
}

/// The framework takes a bus's name into its logical id as it is, which CloudFormation refuses for names
/// with dots and slashes, such as those of partners.
fn warn_of_name(it: &mut Compilation<'_>, event: &EventUse<'_>, bus_name: &Value, bus_id: &str) {
    if bus_id.chars().all(|character| character.is_ascii_alphanumeric()) {
        return;
    }
    it.problems.push(
        Problem::at(
            event.at("eventBus"),
            format!("CloudFormation will refuse the logical id of the new bus {bus_name}: `{bus_id}`"),
        )
        .help("if the bus exists, give its ARN; if not, declare it under `resources` and refer to it")
        .warning(),
    );
}

fn properties(event: &EventUse<'_>, rule: Rule, bus: Option<Value>) -> Map<String, Value> {
    let name = rule.name(event);
    let mut to = Map::new();
    to.insert("Arn".into(), target(event.function));
    to.insert("Id".into(), within_limit(&format!("{name}-target"), "target").into());
    set_some(&mut to, "Input", rule.input.as_ref().map(|input| json_text(input).into()));
    set_some(&mut to, "InputPath", rule.input_path.clone());
    set_some(&mut to, "InputTransformer", rule.transformer());

    let mut properties = Map::new();
    properties.insert("Name".into(), name.into());
    properties.insert("State".into(), rule.state().into());
    set_some(&mut to, "RetryPolicy", rule.retry_policy.map(RetryPolicy::into_property));
    set_some(&mut to, "DeadLetterConfig", truthy(rule.dead_letter_queue_arn).map(|arn| json!({ "Arn": arn })));
    set_some(&mut properties, "Description", rule.description);
    set_some(&mut properties, "EventBusName", bus);
    set_some(&mut properties, "EventPattern", rule.pattern);
    set_some(&mut properties, "ScheduleExpression", rule.schedule);
    properties.insert("Targets".into(), json!([to]));
    properties
}

impl RetryPolicy {
    fn into_property(self) -> Value {
        let mut property = Map::new();
        set_some(&mut property, "MaximumEventAgeInSeconds", self.maximum_event_age);
        set_some(&mut property, "MaximumRetryAttempts", self.maximum_retry_attempts);
        Value::Object(property)
    }
}

fn rule_arn(bus: &Bus, name: &str) -> Value {
    let path = [json!("rule")].into_iter().chain(bus.name.clone()).chain([json!(name)]);
    join(
        ":",
        [
            json!("arn"),
            reference("AWS::Partition"),
            json!("events"),
            reference("AWS::Region"),
            reference("AWS::AccountId"),
            join("/", path),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_is_made_only_when_it_is_named() {
        let made = |bus: Value| Bus::of(Some(&bus)).made;
        assert_eq!(made(json!("quay")), Some("QuayEventBridgeEventBus".to_owned()));
        assert_eq!(made(json!("default")), None);
        assert_eq!(made(json!("arn:aws:events:us-east-1:1:event-bus/quay")), None);
        assert_eq!(made(json!({"Ref": "Quay"})), None);
    }
}
