//! API keys, the usage plans that limit them, and what ties both.
//!
//! Framework v3 `api-gateway/lib/{api-keys,usage-plan,usage-plan-keys}.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/apigateway#setting-api-keys-for-your-rest-api>.

use super::Api;
use crate::manifest::{Problem, Problems};
use crate::template::Compilation;
use crate::template::events::gateway::{resource, without_nulls};
use crate::template::naming::api_gateway;
use crate::template::value::{reference, truthy, typed};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The name of the plan that a service without named plans has.
const DEFAULT_PLAN: &str = "default";

/// One key, and the number that tells it from the others of its plan.
struct Key {
    number: usize,
    /// The plan, where the manifest names several.
    plan: Option<String>,
    settings: KeySettings,
    place: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct KeySettings {
    name: Option<String>,
    value: Option<String>,
    description: Option<String>,
    customer_id: Option<String>,
    enabled: Option<bool>,
}

/// One usage plan.
struct Plan {
    /// `None` where the service has one plan without a name.
    name: Option<String>,
    limits: Limits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Limits {
    quota: Option<Quota>,
    throttle: Option<Throttle>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Quota {
    limit: Option<Value>,
    offset: Option<Value>,
    period: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Throttle {
    burst_limit: Option<Value>,
    rate_limit: Option<Value>,
}

/// Adds keys and plans. They wait for the deployment, because they name its stage.
pub(super) fn compile(it: &mut Compilation<'_>, deployment: &str, api: &Api) {
    let setting = api.config.usage_plan.as_ref().filter(|plan| truthy(plan));
    if api.config.api_keys.is_empty() && setting.is_none() {
        return;
    }
    let plans = read_plans(setting, &mut it.problems);
    let keys = read_keys(&api.config.api_keys, &plans, &mut it.problems);
    for key in &keys {
        let logical_id = api_gateway::api_key(key.number, key.plan.as_deref());
        it.add_resource(logical_id, key_resource(key, &it.service.stage.clone(), deployment, api), &key.place);
    }
    for plan in &plans {
        let logical_id = api_gateway::usage_plan(plan.name.as_deref());
        let plan = plan_resource(plan, it.service, deployment, api);
        it.add_resource(logical_id, plan, "provider.apiGateway.usagePlan");
    }
    for key in &keys {
        let plan = key.plan.as_deref();
        let tie = resource(
            "AWS::ApiGateway::UsagePlanKey",
            json!({
                "KeyId": reference(&api_gateway::api_key(key.number, plan)),
                "KeyType": "API_KEY",
                "UsagePlanId": reference(&api_gateway::usage_plan(plan)),
            }),
        );
        it.add_resource(api_gateway::usage_plan_key(key.number, plan), tie, &key.place);
    }
}

/// One plan, or a list of `{name: plan}`.
fn read_plans(setting: Option<&Value>, problems: &mut Problems) -> Vec<Plan> {
    let mut limits = |value: &Value, place: String| {
        typed::<Limits>(value)
            .map_err(|error| {
                problems.push(Problem::at(place, format!("this usage plan cannot be read: {error}")).help(
                    "write `quota:` with `limit` and `period`, and `throttle:` with `burstLimit` and `rateLimit`",
                ));
            })
            .unwrap_or_default()
    };
    let place = "provider.apiGateway.usagePlan";
    match setting {
        None => vec![Plan { name: None, limits: Limits::default() }],
        Some(Value::Array(list)) => list
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let (name, plan) = item.as_object()?.iter().next()?;
                Some(Plan { name: Some(name.clone()), limits: limits(plan, format!("{place}[{index}].{name}")) })
            })
            .collect(),
        Some(one) => vec![Plan { name: None, limits: limits(one, place.to_owned()) }],
    }
}

/// Keys are numbered from 1 in each plan; a key outside of named plans
/// would have none, and is refused.
fn read_keys(settings: &[Value], plans: &[Plan], problems: &mut Problems) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut number = 0;
    for (index, definition) in settings.iter().enumerate() {
        let place = format!("provider.apiGateway.apiKeys[{index}]");
        match group(definition) {
            Some((plan, members)) => {
                if !plans.iter().any(|known| known.name.as_deref() == Some(plan)) {
                    problems.push(
                        Problem::at(&place, format!("the API keys `{plan}` have no usage plan of that name"))
                            .help(format!("add `- {plan}:` to `provider.apiGateway.usagePlan`, which is a list then")),
                    );
                    continue;
                }
                number = 0;
                for (inner, member) in members.iter().enumerate() {
                    number += 1;
                    let place = format!("{place}.{plan}[{inner}]");
                    let Some(settings) = read_key(member, &place, problems) else { continue };
                    keys.push(Key { number, plan: Some(plan.to_owned()), settings, place });
                }
            }
            None if definition
                .as_str()
                .map_or_else(|| definition.as_object().is_none_or(Map::is_empty), str::is_empty) =>
            {
                problems.push(
                    Problem::at(&place, "this API key says nothing of itself")
                        .help("write its name, or `name` or `value`"),
                );
            }
            None => {
                number += 1;
                let Some(settings) = read_key(definition, &place, problems) else { continue };
                if plans.iter().any(|plan| plan.name.is_some()) {
                    problems.push(
                        Problem::at(&place, "this API key is in no usage plan, so that API Gateway would refuse it")
                            .help("put it under the name of a plan, such as `- gold: [my-key]`"),
                    );
                    continue;
                }
                keys.push(Key { number, plan: None, settings, place });
            }
        }
    }
    keys
}

/// `{plan: [keys]}`.
fn group(definition: &Value) -> Option<(&str, &[Value])> {
    let (name, members) = definition.as_object()?.iter().next()?;
    Some((name, members.as_array()?))
}

/// A name, or an object with a name or a value.
fn read_key(value: &Value, place: &str, problems: &mut Problems) -> Option<KeySettings> {
    if let Some(name) = value.as_str() {
        return Some(KeySettings { name: Some(name.to_owned()), ..KeySettings::default() });
    }
    typed::<KeySettings>(value)
        .map_err(|error| {
            problems.push(
                Problem::at(place, format!("this API key cannot be read: {error}"))
                    .help("write its name, or `name`, `value`, `description`, `customerId` and `enabled`"),
            );
        })
        .ok()
}

fn key_resource(key: &Key, stage: &str, deployment: &str, api: &Api) -> Value {
    let settings = &key.settings;
    let mut resource = resource(
        "AWS::ApiGateway::ApiKey",
        json!({
            "Enabled": settings.enabled.unwrap_or(true),
            "Name": settings.name,
            "Value": settings.value.as_ref().filter(|value| !value.is_empty()),
            "Description": settings.description,
            "CustomerId": settings.customer_id,
            "StageKeys": [{ "RestApiId": api.id, "StageName": stage }],
        }),
    );
    resource["DependsOn"] = json!(deployment);
    resource
}

fn plan_resource(plan: &Plan, service: &crate::manifest::Service, deployment: &str, api: &Api) -> Value {
    let (service, stage) = (&service.name, &service.stage);
    let (name, description) = match plan.name.as_deref() {
        None | Some(DEFAULT_PLAN) => (format!("{service}-{stage}"), format!("Usage plan for {service} {stage} stage")),
        Some(plan) => {
            (format!("{service}-{plan}-{stage}"), format!("Usage plan \"{plan}\" for {service} {stage} stage"))
        }
    };
    let quota =
        plan.limits.quota.as_ref().map(|quota| {
            without_nulls(json!({ "Limit": quota.limit, "Offset": quota.offset, "Period": quota.period }))
        });
    let throttle =
        plan.limits.throttle.as_ref().map(|throttle| {
            without_nulls(json!({ "BurstLimit": throttle.burst_limit, "RateLimit": throttle.rate_limit }))
        });
    let mut resource = resource(
        "AWS::ApiGateway::UsagePlan",
        json!({
            "ApiStages": [{ "ApiId": api.id, "Stage": stage }],
            "Description": description,
            "UsagePlanName": name,
            "Quota": quota,
            "Throttle": throttle,
        }),
    );
    resource["DependsOn"] = json!(deployment);
    resource
}
