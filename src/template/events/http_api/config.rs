//! `provider.httpApi` and `provider.logs.httpApi`: what all routes of the HTTP API share.

use super::cors::Cors;
use crate::manifest::Problem;
use crate::manifest::service::Function;
use crate::template::Compilation;
use crate::template::value::{truthy, typed};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};

/// The settings, checked.
pub(super) struct Config<'a> {
    /// An API that another stack owns.
    pub id: Option<Value>,
    pub metrics: bool,
    pub disable_default_endpoint: Option<bool>,
    pub payload: Option<String>,
    pub cors: Option<Cors>,
    /// By the key that routes name.
    pub authorizers: IndexMap<String, Authorizer<'a>>,
    pub access_log_format: Option<String>,
}

/// One entry of `provider.httpApi.authorizers`.
#[derive(Debug, Clone)]
pub(super) struct Authorizer<'a> {
    pub name: String,
    pub identity_source: Vec<Value>,
    pub kind: AuthorizerKind<'a>,
}

/// Who checks the caller.
#[derive(Debug, Clone)]
pub(super) enum AuthorizerKind<'a> {
    /// API Gateway checks a token.
    Jwt { issuer: Option<Value>, audience: Vec<Value> },
    /// A function answers.
    Request {
        function: Callee<'a>,
        managed_externally: bool,
        ttl: Option<Value>,
        simple_responses: Option<bool>,
        payload_version: String,
    },
}

/// The function of an authorizer.
#[derive(Debug, Clone)]
pub(super) enum Callee<'a> {
    /// One of the service.
    Own(&'a Function),
    /// Any other.
    Arn(Value),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    id: Option<Value>,
    metrics: bool,
    disable_default_endpoint: Option<bool>,
    payload: Option<String>,
    cors: Option<Value>,
    authorizers: Option<IndexMap<String, AuthorizerSettings>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AuthorizerSettings {
    r#type: Option<String>,
    name: Option<String>,
    identity_source: Option<Value>,
    issuer_url: Option<Value>,
    audience: Option<Value>,
    function_name: Option<String>,
    function_arn: Option<Value>,
    managed_externally: bool,
    result_ttl_in_seconds: Option<Value>,
    enable_simple_responses: Option<bool>,
    payload_version: Option<String>,
}

/// Reads and checks the settings; what is wrong becomes a problem.
pub(super) fn read<'a>(it: &mut Compilation<'a>) -> Option<Config<'a>> {
    let place = "provider.httpApi";
    let settings =
        match it.service.provider.http_api.as_ref().filter(|s| !s.is_null()) {
            None => Settings::default(),
            Some(value) => match typed::<Settings>(value) {
                Ok(settings) => settings,
                Err(error) => {
                    it.problems.push(Problem::at(place, format!("`httpApi` cannot be read: {error}")).help(
                        "compare it with https://www.serverless.com/framework/docs/providers/aws/events/http-api",
                    ));
                    return None;
                }
            },
        };
    let id = settings.id.filter(truthy);
    let logs = it.service.provider.raw.pointer("/logs/httpApi").filter(|logs| truthy(logs));
    let cors = settings.cors.filter(truthy);
    if id.is_some() {
        let others = [
            (cors.is_some(), "provider.httpApi.cors", "CORS rules"),
            (settings.authorizers.is_some(), "provider.httpApi.authorizers", "authorizers"),
            (logs.is_some(), "provider.logs.httpApi", "access logs"),
        ];
        for (_, path, what) in others.into_iter().filter(|(given, ..)| *given) {
            it.problems.push(
                Problem::at(path, format!("{what} belong to the stack that owns the HTTP API, which is not this one"))
                    .help("remove them here and set them there, or remove `provider.httpApi.id` to make an API of this stack"),
            );
        }
    }
    let cors = cors.and_then(|cors| Cors::read(&cors, &mut it.problems));
    let authorizers = settings
        .authorizers
        .into_iter()
        .flatten()
        .filter_map(|(key, settings)| {
            let place = format!("{place}.authorizers.{key}");
            Some((key.clone(), authorizer(key, settings, &place, it)?))
        })
        .collect();
    Some(Config {
        id,
        metrics: settings.metrics,
        disable_default_endpoint: settings.disable_default_endpoint,
        payload: settings.payload.filter(|payload| !payload.is_empty()),
        cors,
        authorizers,
        access_log_format: logs.map(log_format),
    })
}

/// `provider.logs.httpApi.format`, else JSON with what a request is known by.
fn log_format(logs: &Value) -> String {
    let format = logs.get("format").and_then(Value::as_str).filter(|format| !format.is_empty());
    format.map_or_else(
        || {
            json!({
                "requestId": "$context.requestId",
                "ip": "$context.identity.sourceIp",
                "requestTime": "$context.requestTime",
                "httpMethod": "$context.httpMethod",
                "routeKey": "$context.routeKey",
                "status": "$context.status",
                "protocol": "$context.protocol",
                "responseLength": "$context.responseLength",
            })
            .to_string()
        },
        str::to_owned,
    )
}

fn authorizer<'a>(
    key: String,
    settings: AuthorizerSettings,
    place: &str,
    it: &mut Compilation<'a>,
) -> Option<Authorizer<'a>> {
    let kind = if settings.r#type.as_deref() == Some("request") {
        request_authorizer(&key, &settings, place, it)?
    } else {
        AuthorizerKind::Jwt { issuer: settings.issuer_url, audience: list(settings.audience) }
    };
    Some(Authorizer {
        name: settings.name.filter(|name| !name.is_empty()).unwrap_or(key),
        identity_source: list(settings.identity_source.filter(truthy)),
        kind,
    })
}

fn request_authorizer<'a>(
    key: &str,
    settings: &AuthorizerSettings,
    place: &str,
    it: &mut Compilation<'a>,
) -> Option<AuthorizerKind<'a>> {
    let name = settings.function_name.as_deref().filter(|name| !name.is_empty());
    let arn = settings.function_arn.clone().filter(truthy);
    let function = match (name, arn) {
        (Some(name), None) => Callee::Own(it.function_or_problem(name, &format!("{place}.functionName"))?),
        (None, Some(arn)) => Callee::Arn(arn),
        (given, _) => {
            let message = match given {
                Some(_) => format!("the authorizer `{key}` names its function twice"),
                None => format!("the authorizer `{key}` does not name its function"),
            };
            it.problems.push(
                Problem::at(place, message)
                    .help("give either `functionName` (a function of this service) or `functionArn`"),
            );
            return None;
        }
    };
    let ttl = settings.result_ttl_in_seconds.clone();
    if ttl.as_ref().is_some_and(truthy) && !settings.identity_source.as_ref().is_some_and(truthy) {
        it.problems.push(
            Problem::at(
                format!("{place}.resultTtlInSeconds"),
                format!("the authorizer `{key}` keeps its answers, but has no `identitySource` to know callers by"),
            )
            .help("add `identitySource:`, such as `$request.header.Authorization`, or set `resultTtlInSeconds: 0`"),
        );
    }
    Some(AuthorizerKind::Request {
        function,
        managed_externally: settings.managed_externally,
        ttl,
        simple_responses: settings.enable_simple_responses,
        payload_version: settings.payload_version.clone().filter(|v| !v.is_empty()).unwrap_or_else(|| "2.0".to_owned()),
    })
}

/// One value or a list, without repetition.
pub(super) fn list(value: Option<Value>) -> Vec<Value> {
    let mut unique = Vec::new();
    let items = match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(one) => vec![one],
    };
    for item in items {
        if !unique.contains(&item) {
            unique.push(item);
        }
    }
    unique
}
