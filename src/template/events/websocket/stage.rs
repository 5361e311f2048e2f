//! The stage of the websocket API, with its logs.
//!
//! Framework v3 `websockets/lib/stage.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/websocket#logs>.

use super::Api;
use crate::manifest::Problem;
use crate::template::Compilation;
use crate::template::events::gateway::{cloud_watch_role, log_group, resource};
use crate::template::naming::websocket as naming;
use crate::template::value::{sub, truthy, typed};
use serde::Deserialize;
use serde_json::{Value, json};

const DEFAULT_LEVEL: &str = "INFO";
const LEVELS: [&str; 2] = ["INFO", "ERROR"];

const DEFAULT_FORMAT: &str = "$context.identity.sourceIp $context.identity.caller $context.identity.user \
    [$context.requestTime] \"$context.eventType $context.routeKey $context.connectionId\" $context.requestId";

/// `provider.logs.websocket`, where it is an object.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Logs {
    access_logging: Option<bool>,
    execution_logging: Option<bool>,
    format: Option<String>,
    full_execution_data: Option<bool>,
    level: Option<String>,
}

/// Adds the stage of the API made here, still without its deployment, and what its logs need.
pub(super) fn compile(it: &mut Compilation<'_>, api: &Api) {
    let mut properties = json!({
        "ApiId": api.id,
        "StageName": it.service.stage,
        "Description": api.description,
    });
    let logs = it.service.provider.raw.pointer("/logs/websocket").filter(|logs| truthy(logs)).cloned();
    if let Some(logs) = &logs {
        set_logs(it, logs, &mut properties);
    }
    it.set_resource(naming::STAGE, resource("AWS::ApiGatewayV2::Stage", properties), "provider.websocket");
    if logs.is_some() {
        let group = log_group(it.service, format!("/aws/websocket/{}-{}", it.service.name, it.service.stage));
        it.set_resource(naming::LOG_GROUP, group, "provider.logs.websocket");
        cloud_watch_role(it);
    }
}

fn set_logs(it: &mut Compilation<'_>, setting: &Value, properties: &mut Value) {
    let logs = typed::<Logs>(setting).unwrap_or_default();
    let level = logs.level.as_deref().filter(|level| !level.is_empty()).unwrap_or(DEFAULT_LEVEL);
    let level = if logs.execution_logging.unwrap_or(true) { level } else { "OFF" };
    if level != "OFF" && !LEVELS.contains(&level) {
        it.problems.push(
            Problem::at("provider.logs.websocket.level", format!("`{level}` is not a log level of API Gateway"))
                .help("write `INFO` or `ERROR`; `executionLogging: false` turns execution logs off"),
        );
    }
    properties["DefaultRouteSettings"] =
        json!({ "DataTraceEnabled": logs.full_execution_data.unwrap_or(true), "LoggingLevel": level });
    if logs.access_logging.unwrap_or(true) {
        let group = format!(
            "arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{{}}}",
            naming::LOG_GROUP
        );
        let format = logs.format.as_deref().filter(|format| !format.is_empty()).unwrap_or(DEFAULT_FORMAT);
        properties["AccessLogSettings"] = json!({ "DestinationArn": sub(group), "Format": format });
    }
}
