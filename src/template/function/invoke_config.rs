//! Asynchronous invocation: destinations, age and retries (Framework v3 `compileFunctionEventInvokeConfig`).

use crate::manifest::Problem;
use crate::manifest::service::Function;
use crate::template::naming::function as naming;
use crate::template::value::{get, reference, sub};
use crate::template::{Compilation, TargetAlias, apply_condition};
use serde_json::{Map, Value, json};

/// Adds `AWS::Lambda::EventInvokeConfig` where one of its settings is there.
pub fn compile<'a>(it: &mut Compilation<'a>, function: &'a Function) {
    let own = &function.raw;
    let destinations = get(own, "destinations");
    let age = get(own, "maximumEventAge");
    let retries = own.get("maximumRetryAttempts").filter(|r| !r.is_null());
    if destinations.is_none() && age.is_none() && retries.is_none() {
        return;
    }
    let path = format!("functions.{}", function.key);
    let mut depends_on: Vec<String> = TargetAlias::of(function).map(|a| a.logical_id).into_iter().collect();
    let mut config = Map::new();
    for (key, name) in [("onSuccess", "OnSuccess"), ("onFailure", "OnFailure")] {
        let Some(to) = destinations.and_then(|d| get(d, key)) else { continue };
        let Some(destination) = Destination::read(it, function, to, &format!("{path}.destinations.{key}")) else {
            continue;
        };
        config.insert(name.into(), json!({ "Destination": destination.arn }));
        if let Some(statement) = destination.statement
            && it.custom_role(function).is_none()
        {
            it.allow(statement);
        }
        depends_on.extend(destination.alias.filter(|a| !depends_on.contains(a)));
    }

    let mut properties = Map::new();
    properties.insert("FunctionName".into(), reference(&naming::logical_id(&function.key)));
    properties.insert("DestinationConfig".into(), Value::Object(config));
    properties.insert("Qualifier".into(), json!(TargetAlias::of(function).map_or("$LATEST", |a| a.name)));
    crate::template::value::set_some(&mut properties, "MaximumEventAgeInSeconds", age.cloned());
    crate::template::value::set_some(&mut properties, "MaximumRetryAttempts", retries.cloned());
    let mut resource = json!({ "Type": "AWS::Lambda::EventInvokeConfig", "Properties": properties });
    match depends_on.as_slice() {
        [] => {}
        [one] => resource["DependsOn"] = json!(one),
        several => resource["DependsOn"] = json!(several),
    }
    apply_condition(&mut resource, function);
    it.add_resource(naming::event_invoke_config(&function.key), resource, &path);
}

/// Where the result of an invocation goes.
pub struct Destination {
    /// Its ARN.
    arn: Value,
    /// What the function's role must allow; `None` where only whoever made the role can know.
    pub statement: Option<Value>,
    /// The alias of a destination function, to wait for.
    alias: Option<String>,
}

impl Destination {
    /// From `{arn, type}`, an ARN, or the key of a function of this service.
    pub fn read<'a>(it: &mut Compilation<'a>, function: &'a Function, to: &Value, path: &str) -> Option<Self> {
        let statement =
            |action: &str, resource: &Value| Some(json!({ "Effect": "Allow", "Action": action, "Resource": resource }));
        if let Some(arn) = to.get("arn") {
            let action = match to.get("type").and_then(Value::as_str)? {
                "function" => "lambda:InvokeFunction",
                "sqs" => "sqs:SendMessage",
                "sns" => "sns:Publish",
                _ => "events:PutEvents",
            };
            return Some(Self { arn: arn.clone(), statement: statement(action, arn), alias: None });
        }
        let text = to.as_str()?;
        if text.starts_with("arn:") {
            let action = if text.contains(":function:") {
                "lambda:InvokeFunction"
            } else if text.contains(":sqs:") {
                "sqs:SendMessage"
            } else if text.contains(":sns:") {
                "sns:Publish"
            } else if text.contains(":event-bus/") {
                "events:PutEvents"
            } else if it.custom_role(function).is_some() {
                return Some(Self { arn: json!(text), statement: None, alias: None });
            } else {
                let message = format!("`{text}` cannot be a destination");
                let help = "a destination is a function, an SQS queue, an SNS topic or an event bus; of another kind only where the function has a `role` of its own, which allows it";
                it.problems.push(Problem::at(path, message).help(help));
                return None;
            };
            return Some(Self { arn: json!(text), statement: statement(action, &json!(text)), alias: None });
        }
        let other = it.function_or_problem(text, path)?;
        if let Some(condition) = get(&other.raw, "condition")
            && get(&function.raw, "condition") != Some(condition)
        {
            let message = format!(
                "function `{}` sends results to `{text}`, which exists only under a condition that `{}` does not have",
                function.key, function.key
            );
            it.problems.push(Problem::at(path, message).help(format!("set `condition: {condition}` here too")));
            return None;
        }
        let alias = TargetAlias::of(other);
        let qualifier = alias.as_ref().map(|a| format!(":{}", a.name)).unwrap_or_default();
        // Not `Fn::GetAtt`: both functions have the same role, which would make a circle.
        let named = sub(format!(
            "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{}{qualifier}",
            other.name
        ));
        Some(Self {
            arn: crate::template::target(other),
            statement: statement("lambda:InvokeFunction", &named),
            alias: alias.map(|a| a.logical_id),
        })
    }
}
