//! `cloudwatchLog`: a subscription filter of a log group pushes to a function.
//!
//! Rules: Framework v3 `package/compile/events/cloud-watch-log.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/cloudwatch-log>.

use super::Event;
use super::rule_target::on_one_line;
use crate::manifest::Problem;
use crate::template::value::{join, reference};
use crate::template::{Compilation, EventUse, TargetAlias, events_of, invoke_permission, naming::events as id, target};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The event type.
pub const EVENT: Event = Event { name: "cloudwatchLog", schema, compile };

/// Subscription filters that CloudWatch Logs allows per log group.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const FILTERS_PER_LOG_GROUP: usize = 2;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    log_group: String,
    #[serde(default)]
    filter: Option<String>,
}

fn schema() -> Value {
    json!({
        "anyOf": [
            { "$ref": "#/definitions/awsLogGroupName" },
            {
                "type": "object",
                "properties": {
                    "logGroup": { "$ref": "#/definitions/awsLogGroupName" },
                    "filter": { "type": "string" }
                },
                "required": ["logGroup"],
                "additionalProperties": false
            }
        ]
    })
}

fn compile(it: &mut Compilation<'_>) {
    let mut filters: HashMap<String, usize> = HashMap::new();
    for function in it.service.functions.values() {
        let mut log_groups = Vec::new();
        for event in events_of(function, EVENT.name) {
            let subscription = match event.value {
                Value::String(log_group) => Some(Subscription { log_group: log_group.clone(), filter: None }),
                _ => event.read::<Subscription>(&mut it.problems),
            };
            let Some(subscription) = subscription else { continue };
            let log_group = on_one_line(&subscription.log_group);
            let count = filters.entry(log_group.clone()).or_default();
            *count += 1;
            if *count > FILTERS_PER_LOG_GROUP {
                it.problems.push(
                    Problem::at(
                        &event.path,
                        format!(
                            "the log group `{log_group}` has more than {FILTERS_PER_LOG_GROUP} subscription filters"
                        ),
                    )
                    .help("CloudWatch Logs allows no more: let one function pass the events on, or filter by prefix"),
                );
                continue;
            }
            log_groups.push(log_group);
            add_filter(it, &event, &log_groups, subscription.filter.as_deref().unwrap_or_default());
        }
    }
}

/// Adds the filter for the last of the function's log groups; the permission is for all of them.
fn add_filter(it: &mut Compilation<'_>, event: &EventUse<'_>, log_groups: &[String], filter: &str) {
    let function = event.function;
    let permission_id = id::cloud_watch_log_permission(&function.key);
    let alias = TargetAlias::of(function).map(|alias| alias.logical_id);
    let filter_resource = json!({
        "Type": "AWS::Logs::SubscriptionFilter",
        "DependsOn": std::iter::once(permission_id.clone()).chain(alias.clone()).collect::<Vec<_>>(),
        "Properties": {
            "LogGroupName": log_groups.last(),
            "FilterPattern": unescaped(&on_one_line(filter)),
            "DestinationArn": target(function),
        },
    });
    let source = join(
        "",
        [
            json!("arn:"),
            reference("AWS::Partition"),
            json!(":logs:"),
            reference("AWS::Region"),
            json!(":"),
            reference("AWS::AccountId"),
            json!(":log-group:"),
            json!(common_prefix(log_groups)),
            json!(":*"),
        ],
    );
    let principal = join("", [json!("logs."), reference("AWS::Region"), json!(".amazonaws.com")]);
    let mut permission = invoke_permission(function, principal, Some(source));
    if let Some(alias) = alias {
        permission["DependsOn"] = json!([alias]);
    }
    it.add_resource(id::cloud_watch_log(&function.key, log_groups.len()), filter_resource, &event.path);
    it.set_resource(permission_id, permission, &event.path);
}

/// What all names begin with, and a `*` for the rest where there are several.
fn common_prefix(names: &[String]) -> String {
    let Some((first, others)) = names.split_first() else { return String::new() };
    let mut prefix: Vec<char> = first.chars().collect();
    for name in others {
        let common = prefix.iter().zip(name.chars()).take_while(|(a, b)| **a == *b).count();
        prefix.truncate(common);
    }
    let mut prefix: String = prefix.into_iter().collect();
    if !others.is_empty() && !prefix.ends_with('*') {
        prefix.push('*');
    }
    prefix
}

/// A pattern whose quotes were escaped (`\"`), with one level of escapes taken away.
fn unescaped(filter: &str) -> String {
    let is_escaped = matches!((filter.find('\\'), filter.find('"')), (Some(slash), Some(quote)) if slash < quote);
    if !is_escaped {
        return filter.to_owned();
    }
    let mut text = String::with_capacity(filter.len());
    let mut characters = filter.chars().peekable();
    while let Some(character) = characters.next() {
        match characters.peek() {
            Some(&escaped @ ('"' | '\\' | '\'')) if character == '\\' => {
                text.push(escaped);
                characters.next();
            }
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(names: &[&str]) -> String {
        common_prefix(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn one_log_group_is_permitted_by_its_name() {
        assert_eq!(prefix(&["/app/one"]), "/app/one");
    }

    #[test]
    fn several_log_groups_are_permitted_by_what_they_share() {
        assert_eq!(prefix(&["/app/one", "/app/other"]), "/app/o*");
        assert_eq!(prefix(&["/app", "/app/x"]), "/app*");
        assert_eq!(prefix(&["/app*", "/app*"]), "/app*");
    }

    #[test]
    fn escaped_quotes_lose_one_level() {
        assert_eq!(unescaped(r#"{$.a = \"b\"}"#), r#"{$.a = "b"}"#);
        assert_eq!(unescaped(r#"{$.a = "\d"}"#), r#"{$.a = "\d"}"#);
        assert_eq!(unescaped(r"\d"), r"\d");
    }
}
