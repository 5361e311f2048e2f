//! One `alb` event, checked.
//!
//! Framework v3 `alb/lib/validate.js`.

use super::authorizer::Authorizer;
use crate::manifest::service::Function;
use crate::manifest::{Problem, Problems};
use crate::template::value::{truthy, typed};
use crate::template::{Compilation, EventUse};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// A rule of a listener that forwards to a function.
pub(super) struct Rule<'a> {
    pub function: &'a Function,
    /// Where it stands, such as `functions.hello.events[0].alb`.
    pub place: String,
    pub listener: Listener,
    pub listener_arn: Value,
    pub priority: Value,
    pub conditions: Conditions,
    pub multi_value_headers: bool,
    pub target_group_name: Option<String>,
    /// Keys of `provider.alb.authorizers`, in order.
    pub authorizers: Vec<String>,
    pub health_check: Option<HealthCheck>,
}

/// A listener, by the parts of its ARN; by its logical id where it is referred to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listener {
    pub load_balancer: String,
    id: String,
}

/// What a request must be like. Every condition that is given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Conditions {
    pub path: Option<Value>,
    pub host: Option<Value>,
    pub method: Option<Value>,
    pub header: Option<Value>,
    pub query: Option<IndexMap<String, Value>>,
    pub ip: Option<Value>,
}

/// How the load balancer asks whether the function is well.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HealthCheck {
    pub interval_seconds: Option<Value>,
    pub path: Option<String>,
    pub timeout_seconds: Option<Value>,
    pub healthy_threshold_count: Option<Value>,
    pub unhealthy_threshold_count: Option<Value>,
    pub matcher: Matcher,
}

/// Which answers are well.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Matcher {
    pub http_code: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    listener_arn: Value,
    priority: Value,
    conditions: IndexMap<String, Value>,
    multi_value_headers: bool,
    target_group_name: Option<String>,
    authorizer: Option<Value>,
    health_check: Option<Value>,
}

/// Reads all `alb` events; what is wrong becomes a problem.
pub(super) fn read<'a>(it: &mut Compilation<'a>, authorizers: &IndexMap<String, Authorizer>) -> Vec<Rule<'a>> {
    let events = it.events(super::EVENT.name);
    let rules: Vec<_> = events
        .into_iter()
        .filter(|event| event.value.is_object())
        .filter_map(|event| read_one(event, authorizers, it))
        .collect();
    check_priorities(&rules, &mut it.problems);
    rules
}

fn read_one<'a>(
    event: EventUse<'a>,
    authorizers: &IndexMap<String, Authorizer>,
    it: &mut Compilation<'a>,
) -> Option<Rule<'a>> {
    let settings: Settings = event.read(&mut it.problems)?;
    let listener = listener(&settings.listener_arn, &event.at("listenerArn"), &mut it.problems)?;
    if settings.conditions.is_empty() {
        it.problems.push(
            Problem::at(event.at("conditions"), "a rule needs at least one condition")
                .help("add one, such as `path: /boats/*`; `path: '*'` takes every request"),
        );
    }
    let target_group_name = settings.target_group_name.filter(|name| !name.is_empty());
    let prefix = it.service.provider.raw.pointer("/alb/targetGroupPrefix");
    if target_group_name.is_some() && prefix.is_some_and(truthy) {
        it.problems.push(
            Problem::at(
                event.at("targetGroupName"),
                "a target group has either a name of its own or the prefix of all",
            )
            .help("remove `targetGroupName` here or `provider.alb.targetGroupPrefix`"),
        );
    }
    let conditions = Value::Object(settings.conditions.into_iter().collect());
    Some(Rule {
        function: event.function,
        listener,
        listener_arn: settings.listener_arn,
        priority: settings.priority,
        conditions: read_part(&conditions, &event.at("conditions"), &mut it.problems)?,
        multi_value_headers: settings.multi_value_headers,
        target_group_name,
        authorizers: names(settings.authorizer, authorizers, &event.at("authorizer"), &mut it.problems),
        health_check: match settings.health_check.filter(truthy) {
            None => None,
            Some(Value::Bool(_)) => Some(HealthCheck::default()),
            Some(object) => Some(read_part(&object, &event.at("healthCheck"), &mut it.problems)?),
        },
        place: event.path,
    })
}

fn read_part<T: serde::de::DeserializeOwned>(value: &Value, place: &str, problems: &mut Problems) -> Option<T> {
    typed::<T>(value)
        .map_err(|error| {
            problems.push(
                Problem::at(place, format!("this cannot be read: {error}"))
                    .help("compare it with https://www.serverless.com/framework/docs/providers/aws/events/alb"),
            );
        })
        .ok()
}

/// `arn:aws:elasticloadbalancing:<region>:<account>:listener/app/<name>/<load balancer>/<listener>`,
/// or a reference to a listener of this stack.
fn listener(arn: &Value, place: &str, problems: &mut Problems) -> Option<Listener> {
    if let Some(logical_id) = arn.get("Ref").and_then(Value::as_str) {
        return Some(Listener { load_balancer: logical_id.to_owned(), id: logical_id.to_owned() });
    }
    let found = arn.as_str().and_then(|text| {
        let (service, resource) = text.split_once(":listener/app/")?;
        let mut service = service.splitn(4, ':');
        let known = service.next() == Some("arn")
            && service.next().is_some_and(|partition| partition.starts_with("aws"))
            && service.next() == Some("elasticloadbalancing")
            && service.next().is_some_and(|rest| !rest.is_empty());
        let parts: Vec<&str> = resource.split('/').collect();
        let word =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        match parts.as_slice() {
            [_, load_balancer, id] if known && parts.iter().all(|part| word(part)) => {
                Some(Listener { load_balancer: (*load_balancer).to_owned(), id: (*id).to_owned() })
            }
            _ => None,
        }
    });
    if found.is_none() {
        problems.push(
            Problem::at(place, "this is not the ARN of a listener of an application load balancer").help(
                "it looks like `arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/<name>/<id>/<id>`; a listener of this stack is named by `Ref`",
            ),
        );
    }
    found
}

/// `authorizer`: a key of `provider.alb.authorizers`, or several.
fn names(
    setting: Option<Value>,
    known: &IndexMap<String, Authorizer>,
    place: &str,
    problems: &mut Problems,
) -> Vec<String> {
    let names: Vec<String> = match setting.filter(truthy) {
        None => Vec::new(),
        Some(Value::Array(list)) => list.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        Some(one) => one.as_str().map(str::to_owned).into_iter().collect(),
    };
    for name in names.iter().filter(|name| !known.contains_key(*name)) {
        let keys: Vec<String> = known.keys().map(|key| format!("`{key}`")).collect();
        let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
        problems.push(
            Problem::at(place, format!("there is no authorizer `{name}`"))
                .help(format!("define it in `provider.alb.authorizers`, which has: {keys}")),
        );
    }
    names
}

/// A priority is used once per listener; and once per function, because it names the rule in the template.
fn check_priorities(rules: &[Rule<'_>], problems: &mut Problems) {
    for (index, rule) in rules.iter().enumerate() {
        let clash = rules[..index].iter().find(|other| {
            let same_function = other.function.key == rule.function.key;
            other.priority == rule.priority && (other.listener.id == rule.listener.id || same_function)
        });
        let Some(other) = clash else { continue };
        let why = if other.listener.id == rule.listener.id {
            "a listener uses a priority once"
        } else {
            "a function uses a priority once, whatever the listener, because it names the rule in the template"
        };
        problems.push(
            Problem::at(
                format!("{}.priority", rule.place),
                format!("the priority {} is taken by `{}`", rule.priority, other.place),
            )
            .help(format!("choose another one: {why}")),
        );
    }
}
