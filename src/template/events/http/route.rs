//! One `http` event, checked and with its defaults.
//!
//! Framework v3 `api-gateway/lib/validate.js`.

use super::authorizer::Authorizer;
use super::cors::Cors;
use super::integration::{Connection, Integration};
use super::request::Request;
use super::resources::trim;
use super::response::Response;
use crate::manifest::service::Function;
use crate::manifest::{Problem, Problems};
use crate::template::Compilation;
use crate::template::EventUse;
use crate::template::value::{truthy, typed};
use serde::Deserialize;
use serde_json::Value;

/// A method of a path, and what answers it.
#[derive(Debug)]
pub(super) struct Route<'a> {
    pub function: &'a Function,
    /// Where it stands, such as `functions.hello.events[0].http`.
    pub place: String,
    /// Without leading and trailing slash.
    pub path: String,
    /// In capitals.
    pub method: String,
    pub integration: Integration,
    pub authorizer: Option<Authorizer<'a>>,
    pub cors: Option<Cors>,
    pub request: Option<Request>,
    pub response: Option<Response>,
    /// The caller does not wait for the function (`X-Amz-Invocation-Type: Event`).
    pub is_async: bool,
    /// Callers need an API key.
    pub private: bool,
    pub connection: Option<Connection>,
    pub operation_id: Option<String>,
    pub timeout_in_millis: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    path: String,
    method: String,
    r#async: bool,
    authorizer: Option<Value>,
    connection_id: Option<Value>,
    connection_type: Option<String>,
    cors: Option<Value>,
    integration: Option<String>,
    operation_id: Option<String>,
    private: bool,
    request: Option<Request>,
    response: Option<Response>,
    timeout_in_millis: Option<Value>,
}

/// Reads all `http` events; what is wrong becomes a problem.
pub(super) fn read<'a>(it: &mut Compilation<'a>) -> Vec<Route<'a>> {
    let events = it.events(super::EVENT.name);
    let routes: Vec<_> =
        events.into_iter().filter(|event| truthy(event.value)).filter_map(|event| read_one(event, it)).collect();
    if !routes.is_empty() {
        check_stage_name(&it.service.stage, &mut it.problems);
    }
    without_twins(routes, &mut it.problems)
}

fn read_one<'a>(event: EventUse<'a>, it: &mut Compilation<'a>) -> Option<Route<'a>> {
    let place = event.path;
    let settings = parse(event.value, &place, &mut it.problems)?;
    let method = match settings.method.to_uppercase() {
        any if any == "*" => "ANY".to_owned(),
        method => method,
    };
    let integration = Integration::read(settings.integration.as_deref(), settings.r#async, &place, &mut it.problems)?;
    let authorizer =
        Authorizer::read(settings.authorizer.as_ref(), integration == Integration::LambdaProxy, &place, it);
    let cors = Cors::read(settings.cors.as_ref(), &method, &place, &mut it.problems);
    check_transfer_mode(settings.response.as_ref(), integration, &place, &mut it.problems);
    let mut route = Route {
        function: event.function,
        path: trim(&settings.path).to_owned(),
        method,
        integration,
        authorizer,
        cors,
        request: settings.request,
        response: settings.response,
        is_async: settings.r#async,
        private: settings.private,
        connection: None,
        operation_id: settings.operation_id,
        timeout_in_millis: settings.timeout_in_millis.filter(truthy),
        place,
    };
    if matches!(integration, Integration::Http | Integration::HttpProxy) {
        route.connection = connection(settings.connection_type, settings.connection_id, &route.place, &mut it.problems);
        let uri = route.request.as_ref().and_then(|request| request.uri.as_ref());
        if !uri.is_some_and(truthy) {
            it.problems.push(
                Problem::at(
                    format!("{}.request", route.place),
                    format!("the {} integration needs to know its back end", integration.name()),
                )
                .help("add `request:` with `uri:`, such as `uri: https://example.com/{id}`"),
            );
        }
    }
    match integration {
        Integration::Lambda => {
            let request = route.request.get_or_insert_default();
            request.pass_through.get_or_insert_with(|| "NEVER".to_owned());
            route.response = Some(route.response.unwrap_or_default().with_defaults());
        }
        Integration::Http => route.response = route.response.map(Response::with_defaults),
        Integration::Mock => {}
        Integration::LambdaProxy | Integration::HttpProxy => drop_what_a_proxy_ignores(&mut route, event.value, it),
    }
    Some(route)
}

/// The text form `GET /path` or the object form.
fn parse(value: &Value, place: &str, problems: &mut Problems) -> Option<Settings> {
    if let Some(text) = value.as_str() {
        let Some((method, path)) = text.split_once(' ') else {
            problems.push(
                Problem::at(place, format!("`{text}` is not a method and a path"))
                    .help("write both, such as `GET /boats/{id}`; `ANY /{proxy+}` takes every request"),
            );
            return None;
        };
        return Some(Settings { method: method.to_owned(), path: path.to_owned(), ..Settings::default() });
    }
    typed::<Settings>(value)
        .map_err(|error| {
            problems.push(
                Problem::at(place, format!("this `http` event cannot be read: {error}"))
                    .help("write `http: GET /path`, or `http:` with `path`, `method` and further settings"),
            );
        })
        .ok()
}

/// `connectionType` and `connectionId`; a VPC link needs both.
fn connection(kind: Option<String>, id: Option<Value>, place: &str, problems: &mut Problems) -> Option<Connection> {
    let kind = kind.filter(|kind| !kind.is_empty())?.to_uppercase().replacen('-', "_", 1);
    let id = id.filter(truthy);
    if kind == "VPC_LINK" && id.is_none() {
        problems.push(
            Problem::at(format!("{place}.connectionId"), "a VPC link is named by `connectionId`, which is missing")
                .help("add `connectionId:` with the id of the link, or `Ref:` to its resource"),
        );
    }
    Some(Connection { kind, id })
}

/// `response.transferMode` is one of two, and of proxy integrations only.
fn check_transfer_mode(response: Option<&Response>, integration: Integration, place: &str, problems: &mut Problems) {
    let Some(mode) = response.and_then(|response| response.transfer_mode.as_deref()).filter(|mode| !mode.is_empty())
    else {
        return;
    };
    let place = format!("{place}.response.transferMode");
    if !["BUFFERED", "STREAM"].iter().any(|known| known.eq_ignore_ascii_case(mode)) {
        problems
            .push(Problem::at(place, format!("`{mode}` is not a transfer mode")).help("write `BUFFERED` or `STREAM`"));
    } else if !integration.is_proxy() {
        problems.push(
            Problem::at(place, format!("the {} integration has no transfer mode", integration.name()))
                .help("remove `transferMode`, or use `integration: lambda-proxy` or `http-proxy`"),
        );
    }
}

/// Settings that a proxy integration has no use for are dropped, with a warning.
fn drop_what_a_proxy_ignores(route: &mut Route<'_>, event: &Value, it: &mut Compilation<'_>) {
    let mut used = vec!["parameters", "schema", "schemas"];
    if route.integration == Integration::HttpProxy {
        used.push("uri");
    }
    let keys = |name: &str| event.get(name).and_then(Value::as_object).into_iter().flat_map(|map| map.keys());
    let name = route.integration.name();
    for key in keys("request").filter(|key| !used.contains(&key.as_str())) {
        it.problems.push(
            Problem::at(format!("{}.request.{key}", route.place), format!("the {name} integration ignores `{key}`"))
                .help("remove it, or use `integration: lambda` or `http`")
                .warning(),
        );
    }
    for key in keys("response").filter(|key| *key != "transferMode") {
        it.problems.push(
            Problem::at(format!("{}.response.{key}", route.place), format!("the {name} integration ignores `{key}`"))
                .help("remove it: the back end makes the whole response")
                .warning(),
        );
    }
    if let Some(request) = &mut route.request {
        *request = Request {
            parameters: std::mem::take(&mut request.parameters),
            schemas: std::mem::take(&mut request.schemas),
            uri: request.uri.take(),
            ..Request::default()
        };
    }
    if let Some(response) = &mut route.response {
        *response = Response::passed_through(response.transfer_mode.take());
    }
}

/// API Gateway takes letters, digits, `-` and `_` in a stage's name.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
fn check_stage_name(stage: &str, problems: &mut Problems) {
    if !stage.is_empty() && stage.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return;
    }
    problems.push(
        Problem::at("provider.stage", format!("`{stage}` cannot name a stage of a REST API"))
            .help("use letters, digits, `-` and `_` only in the stage's name"),
    );
}

/// Two events for one method of one path: only one of them can answer.
fn without_twins<'a>(routes: Vec<Route<'a>>, problems: &mut Problems) -> Vec<Route<'a>> {
    let mut kept: Vec<Route<'a>> = Vec::new();
    for route in routes {
        let Some(twin) = kept.iter().find(|other| other.path == route.path && other.method == route.method) else {
            kept.push(route);
            continue;
        };
        problems.push(
            Problem::at(
                &route.place,
                format!("`{} /{}` is routed twice: here and at `{}`", route.method, route.path, twin.place),
            )
            .help("remove one of them, or change its path or method"),
        );
    }
    kept
}
