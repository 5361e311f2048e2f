//! The stage of the REST API: logs, tracing, metrics, tags.
//!
//! Framework v3 keeps the stage out of the template, because a stage that a deployment has made
//! (`StageName`) cannot be adopted by an `AWS::ApiGateway::Stage`
//! (<https://github.com/serverless/serverless/pull/5692>). The template has only the log group and
//! the account's CloudWatch role (`api-gateway/lib/stage.js`); the rest is sent to API Gateway
//! after the stack is updated (`api-gateway/lib/hack/update-stage.js`): that is [`StageUpdate`],
//! which the deploy room carries out. Before a stack is removed, its usage plans must let go of the
//! stage (`hack/disassociate-usage-plan.js`): `UpdateUsagePlan` with `remove /apiStages
//! <api>:<stage>` for each plan that has the API, or CloudFormation fails to delete the plan.

use super::config::ApiGateway;
use crate::manifest::Service;
use crate::template::Compilation;
use crate::template::events::gateway::{cloud_watch_role, log_group};
use crate::template::naming::{Naming, api_gateway};
use crate::template::plugins::step_functions;
use crate::template::value::{truthy, typed};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `provider.logs.restApi`, where it is an object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Logs {
    access_logging: Option<bool>,
    execution_logging: Option<bool>,
    format: Option<String>,
    full_execution_data: Option<bool>,
    level: Option<String>,
}

const DEFAULT_LEVEL: &str = "INFO";

const DEFAULT_FORMAT: &str = "requestId: $context.requestId, ip: $context.identity.sourceIp, \
    caller: $context.identity.caller, user: $context.identity.user, requestTime: $context.requestTime, \
    httpMethod: $context.httpMethod, resourcePath: $context.resourcePath, status: $context.status, \
    protocol: $context.protocol, responseLength: $context.responseLength";

/// Adds what access logs need.
pub(super) fn compile(it: &mut Compilation<'_>) {
    let Some(logs) = logs(it.service).flatten() else { return };
    if logs.access_logging.unwrap_or(true) {
        let group = log_group(it.service, log_group_name(it.service));
        it.set_resource(api_gateway::LOG_GROUP, group, "provider.logs.restApi");
        cloud_watch_role(it);
    }
}

fn log_group_name(service: &Service) -> String {
    format!("/aws/api-gateway/{}-{}", service.name, service.stage)
}

/// `None` where the manifest is silent, `Some(None)` where it turns logs off.
fn logs(service: &Service) -> Option<Option<Logs>> {
    let setting = service.provider.logs.as_ref()?.get("restApi").filter(|logs| !logs.is_null())?;
    if !truthy(setting) {
        return Some(None);
    }
    Some(Some(typed::<Logs>(setting).unwrap_or_default()))
}

/// What the stage must be told after the stack is updated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageUpdate {
    /// The name of the API Gateway stage.
    pub stage: String,
    /// `UpdateStage` patch operations, in order.
    pub patches: Vec<Patch>,
    /// All tags that the stage has; others (but `aws:*`) are taken away. `None` leaves tags alone.
    pub tags: Option<IndexMap<String, String>>,
    /// The log group of access logs that the manifest turns off, to be deleted if it exists: the stage may
    /// have made it anew after CloudFormation deleted it, and its name would be taken when logs come back.
    pub unused_log_group: Option<String>,
}

/// One operation of `UpdateStage`.
///
/// <https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// `replace` or `remove`.
    pub op: &'static str,
    /// What is changed, such as `/tracingEnabled`.
    pub path: &'static str,
    /// The new value; that of [`Patch::LOG_DESTINATION`] is the name of a log group, whose ARN is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Patch {
    /// Where access logs go.
    pub const LOG_DESTINATION: &'static str = "/accessLogSettings/destinationArn";
}

impl StageUpdate {
    /// The update that a service asks for; `None` where it says nothing about its stage,
    /// has no `http` event, or uses an API of another stack.
    pub fn of(service: &Service) -> Option<Self> {
        let config = service.provider.api_gateway.as_ref();
        let config: ApiGateway = config.and_then(|c| typed::<ApiGateway>(c).ok()).unwrap_or_default();
        let has_routes =
            service.functions.values().flat_map(|f| &f.events).any(|event| event.get("http").is_some_and(truthy));
        let has_routes = has_routes || !step_functions::http_events(service).is_empty();
        if !has_routes || config.rest_api_id.is_some() {
            return None;
        }
        let raw = &service.provider.raw;
        let setting = |pointer: &str| raw.pointer(pointer).filter(|v| !v.is_null()).map(truthy);
        let switch = |path, on: bool| Patch { op: "replace", path, value: Some(on.to_string()) };
        let mut patches = Vec::new();
        patches.extend(setting("/tracing/apiGateway").map(|on| switch("/tracingEnabled", on)));
        patches.extend(setting("/apiGateway/metrics").map(|on| switch("/*/*/metrics/enabled", on)));
        let logs = logs(service);
        if let Some(logs) = &logs {
            patches.extend(log_patches(logs.as_ref(), &log_group_name(service)));
        }
        let tags = tags(raw);
        if patches.is_empty() && tags.is_none() {
            return None;
        }
        let access_logs = logs.map(|logs| logs.is_some_and(|logs| logs.access_logging.unwrap_or(true)));
        Some(Self {
            stage: Naming::new(service).rest_api_stage(),
            patches,
            tags,
            unused_log_group: (access_logs == Some(false)).then(|| log_group_name(service)),
        })
    }
}

fn log_patches(logs: Option<&Logs>, group: &str) -> Vec<Patch> {
    let replace = |path, value: &str| Patch { op: "replace", path, value: Some(value.to_owned()) };
    let (data_trace, level) = ("/*/*/logging/dataTrace", "/*/*/logging/loglevel");
    let no_access_log = Patch { op: "remove", path: "/accessLogSettings", value: None };
    let Some(logs) = logs else { return vec![no_access_log, replace(data_trace, "false"), replace(level, "OFF")] };
    let mut patches = Vec::new();
    if logs.access_logging.unwrap_or(true) {
        let format = logs.format.as_deref().filter(|format| !format.is_empty()).unwrap_or(DEFAULT_FORMAT);
        patches.push(replace(Patch::LOG_DESTINATION, group));
        patches.push(replace("/accessLogSettings/format", format));
    } else {
        patches.push(no_access_log);
    }
    let traces = logs.full_execution_data.unwrap_or(true);
    let wanted = logs.level.as_deref().filter(|level| !level.is_empty()).unwrap_or(DEFAULT_LEVEL);
    patches.push(replace(data_trace, &traces.to_string()));
    patches.push(replace(level, if logs.execution_logging.unwrap_or(true) { wanted } else { "OFF" }));
    patches
}

/// `provider.stackTags`, then `provider.tags`.
fn tags(raw: &Value) -> Option<IndexMap<String, String>> {
    let given: Vec<_> = ["stackTags", "tags"].iter().filter_map(|key| raw.get(key)?.as_object()).collect();
    if given.is_empty() {
        return None;
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(given.into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::service;

    fn update(provider: &str) -> Option<StageUpdate> {
        let service = service(&format!(
            "service: quay\nprovider:\n  name: aws\n{provider}\nfunctions:\n  a:\n    handler: h.a\n    events:\n      - http: GET /a\n"
        ));
        StageUpdate::of(&service)
    }

    fn patch(update: &StageUpdate, path: &str) -> Option<String> {
        update.patches.iter().find(|p| p.path == path)?.value.clone()
    }

    #[test]
    fn a_service_that_says_nothing_of_its_stage_asks_for_no_update() {
        assert_eq!(update(""), None);
    }

    #[test]
    fn tracing_that_is_turned_off_is_told_too() {
        let update = update("  tracing:\n    apiGateway: false").expect("an update");
        assert_eq!(patch(&update, "/tracingEnabled").as_deref(), Some("false"));
    }

    #[test]
    fn logs_without_access_logging_remove_the_access_log() {
        let update =
            update("  logs:\n    restApi:\n      accessLogging: false\n      level: ERROR").expect("an update");
        assert_eq!(update.patches[0], Patch { op: "remove", path: "/accessLogSettings", value: None });
        assert_eq!(patch(&update, "/*/*/logging/loglevel").as_deref(), Some("ERROR"));
        assert_eq!(update.unused_log_group.as_deref(), Some("/aws/api-gateway/quay-dev"));
    }

    #[test]
    fn tags_of_the_provider_win_over_those_of_the_stack() {
        let update = update("  stackTags: {a: one, b: two}\n  tags: {a: three}").expect("an update");
        let tags = update.tags.expect("tags");
        assert_eq!(tags.get("a").map(String::as_str), Some("three"));
        assert_eq!(tags.get("b").map(String::as_str), Some("two"));
    }
}
