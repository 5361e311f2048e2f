//! Rules that a custom resource makes, for services that were deployed so.

use super::{Rule, name_in_arn};
use crate::manifest::Problem;
use crate::template::custom_resource::Handler;
use crate::template::naming::{custom_resource as id, function};
use crate::template::value::{get_att, join, reference, set_some};
use crate::template::{Compilation, EventUse};
use serde_json::{Map, Value, json};

/// What has no place in the custom resource's contract can be had with CloudFormation only.
const HELP: &str = "remove `provider.eventBridge.useCloudFormation`: rules are then resources of the stack";

/// Adds the custom resources, the function behind them and what it is allowed.
pub(super) fn compile(it: &mut Compilation<'_>, rules: &[(EventUse<'_>, Rule)]) {
    let mut makes_bus = false;
    for (event, rule) in rules {
        let unsupported = [
            ("retryPolicy", rule.retry_policy.is_some()),
            ("deadLetterQueueArn", rule.dead_letter_queue_arn.is_some()),
            ("eventBus", rule.event_bus.as_ref().is_some_and(Value::is_object)),
        ];
        for (property, _) in unsupported.iter().filter(|(_, is_set)| *is_set) {
            let what = if *property == "eventBus" { "a bus by reference" } else { property };
            it.problems.push(
                Problem::at(event.at(property), format!("{what} does not work with rules of a custom resource"))
                    .help(HELP),
            );
        }
        let bus = rule.event_bus.as_ref().and_then(Value::as_str);
        let bus = bus.map(|bus| if bus.starts_with("arn") { name_in_arn(bus) } else { bus });
        makes_bus |= bus.is_some_and(|bus| bus != "default");
        let logical_id = id::event_bridge_resource(&event.function.key, event.index + 1);
        it.add_resource(logical_id, resource(event, rule), &event.path);
    }
    if rules.is_empty() {
        return;
    }
    let allow =
        |actions: &[&str], resource: Value| json!({ "Effect": "Allow", "Resource": resource, "Action": actions });
    let mut statements = Vec::new();
    if makes_bus {
        statements.push(allow(&["events:CreateEventBus", "events:DeleteEventBus"], arn("events", &["event-bus/*"])));
    }
    statements.push(allow(
        &["events:PutRule", "events:RemoveTargets", "events:PutTargets", "events:DeleteRule"],
        arn("events", &["rule/*"]),
    ));
    let functions = arn("lambda", &["function", "*"]);
    statements.push(allow(&["lambda:AddPermission", "lambda:RemovePermission"], functions));
    it.custom_resource_function(Handler::EventBridge, statements);
}

fn resource(event: &EventUse<'_>, rule: &Rule) -> Value {
    let handler_id = Handler::EventBridge.logical_id();
    let mut config = Map::new();
    config.insert("RuleName".into(), rule.name(event).into());
    config.insert("State".into(), rule.state().into());
    set_some(&mut config, "EventBus", rule.event_bus.clone());
    set_some(&mut config, "Schedule", rule.schedule.clone());
    set_some(&mut config, "Pattern", rule.pattern.clone());
    set_some(&mut config, "Input", rule.input.clone());
    set_some(&mut config, "InputPath", rule.input_path.clone());
    set_some(&mut config, "InputTransformer", rule.transformer());
    json!({
        "Type": "Custom::EventBridge",
        "Version": 1.0,
        "DependsOn": [function::logical_id(&event.function.key), handler_id],
        "Properties": {
            "ServiceToken": get_att(&handler_id, "Arn"),
            "FunctionName": event.function.name,
            "EventBridgeConfig": config,
        },
    })
}

/// An ARN of a service in this account and region.
fn arn(service: &str, resource: &[&str]) -> Value {
    let head = [json!("arn"), reference("AWS::Partition"), json!(service), reference("AWS::Region")];
    let resource = resource.iter().map(|part| json!(part));
    join(":", head.into_iter().chain([reference("AWS::AccountId")]).chain(resource))
}
