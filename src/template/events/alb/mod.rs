//! `alb`: rules of an application load balancer.
//!
//! Rules: Framework v3 `package/compile/events/alb`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/alb>.

mod authorizer;
mod rule;
mod schema;
#[cfg(test)]
mod tests;

use super::Event;
use super::gateway::resource;
use crate::template::naming::alb as naming;
use crate::template::value::{entries, reference, truthy};
use crate::template::{Compilation, TargetAlias, target};
use authorizer::Authorizer;
use indexmap::IndexMap;
use rule::{Conditions, HealthCheck, Rule};
use serde_json::{Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "alb", schema: schema::schema, compile };

/// The principal as which load balancers call functions.
const PRINCIPAL: &str = "elasticloadbalancing.amazonaws.com";

fn compile(it: &mut Compilation<'_>) {
    let authorizers = authorizer::read(it);
    for rule in rule::read(it, &authorizers) {
        add_target_group(it, &rule);
        add_listener_rule(it, &rule, &authorizers);
        add_permissions(it, &rule);
    }
}

fn target_group(rule: &Rule<'_>) -> String {
    naming::target_group(&rule.function.key, &rule.listener.load_balancer, rule.multi_value_headers)
}

/// The target group of a function at a load balancer; rules share it, and the last rule's settings stand.
fn add_target_group(it: &mut Compilation<'_>, rule: &Rule<'_>) {
    let key = &rule.function.key;
    let load_balancer = &rule.listener.load_balancer;
    let names = it.names();
    let name = rule
        .target_group_name
        .clone()
        .unwrap_or_else(|| names.alb_target_group(key, load_balancer, rule.multi_value_headers));
    let mut properties = json!({
        "TargetType": "lambda",
        "Targets": [{ "Id": target(rule.function) }],
        "Name": name,
        "Tags": [{ "Key": "Name", "Value": names.alb_target_group_tag(key, load_balancer, false) }],
        "TargetGroupAttributes": [{ "Key": "lambda.multi_value_headers.enabled", "Value": rule.multi_value_headers }],
    });
    crate::template::value::merge(&mut properties, health_check(rule.health_check.as_ref()));
    let mut depends_on = vec![naming::register_target_permission(key)];
    depends_on.extend(TargetAlias::of(rule.function).map(|alias| alias.logical_id));
    let mut group = resource("AWS::ElasticLoadBalancingV2::TargetGroup", properties);
    group["DependsOn"] = json!(depends_on);
    it.set_resource(target_group(rule), group, &rule.place);
}

/// The health check, with the defaults of the framework; off unless given.
fn health_check(check: Option<&HealthCheck>) -> Value {
    let Some(check) = check else { return json!({ "HealthCheckEnabled": false }) };
    let or = |given: &Option<Value>, default: u64| given.clone().unwrap_or_else(|| json!(default));
    let unhealthy = check.unhealthy_threshold_count.clone().filter(truthy);
    json!({
        "HealthCheckEnabled": true,
        "HealthCheckPath": check.path.as_deref().unwrap_or("/"),
        "HealthCheckIntervalSeconds": or(&check.interval_seconds, 35),
        "HealthCheckTimeoutSeconds": or(&check.timeout_seconds, 30),
        "HealthyThresholdCount": or(&check.healthy_threshold_count, 5),
        "UnhealthyThresholdCount": or(&unhealthy, 5),
        "Matcher": { "HttpCode": check.matcher.http_code.as_deref().filter(|c| !c.is_empty()).unwrap_or("200") },
    })
}

/// The rule: log in by each authorizer, then forward.
fn add_listener_rule(it: &mut Compilation<'_>, rule: &Rule<'_>, authorizers: &IndexMap<String, Authorizer>) {
    let known = rule.authorizers.iter().filter_map(|name| authorizers.get(name));
    let mut actions: Vec<Value> = known.zip(1..).map(|(authorizer, order)| authorizer.action(order)).collect();
    let mut forward = json!({ "Type": "forward", "TargetGroupArn": reference(&target_group(rule)) });
    if !actions.is_empty() {
        forward["Order"] = json!(actions.len() + 1);
    }
    actions.push(forward);
    let properties = json!({
        "Actions": actions,
        "Conditions": conditions(&rule.conditions),
        "ListenerArn": rule.listener_arn,
        "Priority": rule.priority,
    });
    let logical_id = naming::listener_rule(&rule.function.key, &rule.priority);
    it.set_resource(logical_id, resource("AWS::ElasticLoadBalancingV2::ListenerRule", properties), &rule.place);
}

/// One value or a list of them, as a list.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-elasticloadbalancingv2-listenerrule-rulecondition.html>
fn conditions(conditions: &Conditions) -> Vec<Value> {
    let mut found = Vec::new();
    let given = |value: &'_ Option<Value>| value.clone().filter(truthy);
    if let Some(paths) = given(&conditions.path) {
        found.push(json!({ "Field": "path-pattern", "Values": list(&paths) }));
    }
    let mut push = |field: &str, config: &str, values: Value| {
        found.push(json!({ "Field": field, config: values }));
    };
    if let Some(hosts) = given(&conditions.host) {
        push("host-header", "HostHeaderConfig", json!({ "Values": list(&hosts) }));
    }
    if let Some(methods) = given(&conditions.method) {
        push("http-request-method", "HttpRequestMethodConfig", json!({ "Values": list(&methods) }));
    }
    for header in given(&conditions.header).iter().flat_map(list) {
        let config = json!({ "HttpHeaderName": header["name"], "Values": header["values"] });
        push("http-header", "HttpHeaderConfig", config);
    }
    if let Some(query) = &conditions.query {
        let pairs: Vec<Value> =
            entries(query).into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        push("query-string", "QueryStringConfig", json!({ "Values": pairs }));
    }
    if let Some(addresses) = given(&conditions.ip) {
        push("source-ip", "SourceIpConfig", json!({ "Values": list(&addresses) }));
    }
    found
}

/// Two permissions: one to call the function for the target group, and one that the registration of
/// the target needs before that group exists.
fn add_permissions(it: &mut Compilation<'_>, rule: &Rule<'_>) {
    let permission = |source: Option<Value>| {
        let mut permission = resource(
            "AWS::Lambda::Permission",
            json!({
                "FunctionName": target(rule.function),
                "Action": "lambda:InvokeFunction",
                "Principal": PRINCIPAL,
                "SourceArn": source,
            }),
        );
        if let Some(alias) = TargetAlias::of(rule.function) {
            permission["DependsOn"] = json!([alias.logical_id]);
        }
        permission
    };
    let key = &rule.function.key;
    it.set_resource(naming::permission(key), permission(Some(reference(&target_group(rule)))), &rule.place);
    it.set_resource(naming::register_target_permission(key), permission(None), &rule.place);
}
