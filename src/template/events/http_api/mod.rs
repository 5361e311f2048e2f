//! `httpApi`: routes of an HTTP API (API Gateway v2).
//!
//! Rules: Framework v3 `package/compile/events/http-api.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/http-api>.

mod config;
mod cors;
mod route;
mod schema;
#[cfg(test)]
mod tests;

use super::Event;
use super::gateway::{PRINCIPAL, endpoint, execute_api_arn, invocation_uri, log_group, resource, without_nulls};
use crate::manifest::service::Function;
use crate::template::naming::http_api as naming;
use crate::template::value::{get_att, join, reference};
use crate::template::{Compilation, depend_on_alias, invoke_permission, target};
use config::{Authorizer, AuthorizerKind, Callee, Config};
use route::{Guard, Route};
use serde_json::{Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "httpApi", schema: schema::schema, compile };

/// How long the API waits for a function, in milliseconds: the longest that it can.
const TIMEOUT_IN_MILLIS: u64 = 30_000;

const DEFAULT_PAYLOAD: &str = "2.0";

fn compile(it: &mut Compilation<'_>) {
    let Some(config) = config::read(it) else { return };
    let routes = route::read(it, &config);
    if routes.is_empty() {
        return;
    }
    if config.id.is_none() {
        api(it, &config, &routes);
        access_log_group(it, &config);
        stage(it, &config);
        outputs(it);
    }
    for (key, guard) in &config.authorizers {
        authorizer(it, guard, &config, &format!("provider.httpApi.authorizers.{key}"));
    }
    for route in &routes {
        endpoint_of(it, route, &config);
    }
}

/// The id of the API made here, or `provider.httpApi.id`.
fn api_id(config: &Config<'_>) -> Value {
    config.id.clone().unwrap_or_else(|| reference(naming::API))
}

/// `provider.tags`, as a mapping.
fn tags(it: &Compilation<'_>) -> Option<Value> {
    it.service.provider.raw.get("tags").filter(|tags| tags.is_object()).cloned()
}

fn api(it: &mut Compilation<'_>, config: &Config<'_>, routes: &[Route<'_>]) {
    let properties = json!({
        "Name": it.names().http_api(),
        "Description": it.names().http_api_description(),
        "ProtocolType": "HTTP",
        "DisableExecuteApiEndpoint": config.disable_default_endpoint,
        "Tags": tags(it),
        "CorsConfiguration": config.cors.as_ref().map(|cors| cors.configuration(routes)),
    });
    it.set_resource(naming::API, resource("AWS::ApiGatewayV2::Api", properties), "provider.httpApi");
}

fn access_log_group(it: &mut Compilation<'_>, config: &Config<'_>) {
    if config.access_log_format.is_some() {
        let group = log_group(it.service, it.names().http_api_log_group());
        it.set_resource(naming::LOG_GROUP, group, "provider.logs.httpApi");
    }
}

fn stage(it: &mut Compilation<'_>, config: &Config<'_>) {
    let logs = config
        .access_log_format
        .as_ref()
        .map(|format| json!({ "DestinationArn": get_att(naming::LOG_GROUP, "Arn"), "Format": format }));
    let has_logs = logs.is_some();
    let mut stage = resource(
        "AWS::ApiGatewayV2::Stage",
        json!({
            "ApiId": reference(naming::API),
            "StageName": "$default",
            "AutoDeploy": true,
            "DefaultRouteSettings": { "DetailedMetricsEnabled": config.metrics },
            "Tags": tags(it),
            "AccessLogSettings": logs,
        }),
    );
    if has_logs {
        stage["DependsOn"] = json!(naming::LOG_GROUP);
    }
    it.set_resource(naming::STAGE, stage, "provider.httpApi");
}

fn outputs(it: &mut Compilation<'_>) {
    let id = reference(naming::API);
    it.template.set_output("HttpApiId", json!({ "Description": "Id of the HTTP API", "Value": id }));
    it.template
        .set_output("HttpApiUrl", json!({ "Description": "URL of the HTTP API", "Value": endpoint("https", id, "") }));
}

/// An authorizer, and the right of the API to call its function.
fn authorizer(it: &mut Compilation<'_>, authorizer: &Authorizer<'_>, config: &Config<'_>, place: &str) {
    let mut properties = json!({
        "ApiId": api_id(config),
        "Name": authorizer.name,
        "IdentitySource": authorizer.identity_source,
    });
    let mut own = None;
    match &authorizer.kind {
        AuthorizerKind::Jwt { issuer, audience } => {
            properties["AuthorizerType"] = json!("JWT");
            properties["JwtConfiguration"] = without_nulls(json!({ "Audience": audience, "Issuer": issuer }));
        }
        AuthorizerKind::Request { function, managed_externally, ttl, simple_responses, payload_version } => {
            let arn = match function {
                Callee::Own(function) => {
                    own = Some(*function);
                    target(function)
                }
                Callee::Arn(arn) => arn.clone(),
            };
            properties["AuthorizerType"] = json!("REQUEST");
            properties["EnableSimpleResponses"] = json!(simple_responses);
            properties["AuthorizerResultTtlInSeconds"] = json!(ttl);
            properties["AuthorizerPayloadFormatVersion"] = json!(payload_version);
            properties["AuthorizerUri"] = invocation_uri(arn.clone());
            if !managed_externally {
                let mut permission = resource(
                    "AWS::Lambda::Permission",
                    json!({
                        "FunctionName": arn,
                        "Action": "lambda:InvokeFunction",
                        "Principal": PRINCIPAL,
                        "SourceArn": execute_api_arn(api_id(config), "/*"),
                    }),
                );
                wait_for_alias(&mut permission, own);
                it.add_resource(naming::authorizer_permission(&authorizer.name), permission, place);
            }
        }
    }
    let mut resource = resource("AWS::ApiGatewayV2::Authorizer", properties);
    wait_for_alias(&mut resource, own);
    it.add_resource(naming::authorizer(&authorizer.name), resource, place);
}

fn wait_for_alias(resource: &mut Value, function: Option<&Function>) {
    if let Some(function) = function {
        depend_on_alias(resource, function);
    }
}

/// A route, with the integration and the permission that all routes of its function share.
fn endpoint_of(it: &mut Compilation<'_>, route: &Route<'_>, config: &Config<'_>) {
    let function = route.function;
    let permission = invoke_permission(function, PRINCIPAL, Some(execute_api_arn(api_id(config), "/*")));
    it.add_resource(naming::permission(&function.key), permission, &route.place);
    let integration = naming::integration(&function.key);
    it.add_resource(&integration, integration_of(function, config), &route.place);

    let mut properties = json!({
        "ApiId": api_id(config),
        "RouteKey": if route.key == route::DEFAULT { "$default" } else { &route.key },
        "Target": join("/", [json!("integrations"), reference(&integration)]),
    });
    match &route.authorizer {
        None => {}
        Some(Guard::Iam) => properties["AuthorizationType"] = json!("AWS_IAM"),
        Some(Guard::External { id, kind }) => {
            let custom = kind.as_deref() == Some("request");
            properties["AuthorizationType"] = json!(if custom { "CUSTOM" } else { "JWT" });
            properties["AuthorizerId"] = id.clone();
        }
        Some(Guard::Named(key)) => {
            if let Some(authorizer) = config.authorizers.get(key) {
                let custom = matches!(authorizer.kind, AuthorizerKind::Request { .. });
                properties["AuthorizationType"] = json!(if custom { "CUSTOM" } else { "JWT" });
                properties["AuthorizerId"] = reference(&naming::authorizer(&authorizer.name));
            }
        }
    }
    properties["AuthorizationScopes"] = json!(route.scopes);
    let mut resource = resource("AWS::ApiGatewayV2::Route", properties);
    resource["DependsOn"] = json!(integration);
    it.add_resource(naming::route(&route.key), resource, &route.place);
}

fn integration_of(function: &Function, config: &Config<'_>) -> Value {
    let own = function.raw.pointer("/httpApi/payload").and_then(Value::as_str).filter(|payload| !payload.is_empty());
    let mut integration = resource(
        "AWS::ApiGatewayV2::Integration",
        json!({
            "ApiId": api_id(config),
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": target(function),
            "PayloadFormatVersion": own.or(config.payload.as_deref()).unwrap_or(DEFAULT_PAYLOAD),
            "TimeoutInMillis": TIMEOUT_IN_MILLIS,
        }),
    );
    depend_on_alias(&mut integration, function);
    integration
}
