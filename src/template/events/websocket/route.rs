//! One `websocket` event, checked.
//!
//! Framework v3 `websockets/lib/validate.js`.

use crate::manifest::Problem;
use crate::manifest::service::Function;
use crate::template::value::{truthy, typed};
use crate::template::{Compilation, EventUse, target};
use serde::Deserialize;
use serde_json::{Value, json};

/// Where the token is looked for unless the manifest tells.
const DEFAULT_IDENTITY_SOURCE: &str = "route.request.header.Auth";

/// A route and the function that answers it.
pub(super) struct Route<'a> {
    pub function: &'a Function,
    /// Where it stands, such as `functions.hello.events[0].websocket`.
    pub place: String,
    /// The route key, such as `$connect`.
    pub key: String,
    /// Set where the function's result goes back to the caller.
    pub response_selection: Option<String>,
    pub authorizer: Option<Authorizer<'a>>,
}

/// Who lets callers in.
pub(super) struct Authorizer<'a> {
    /// Names the authorizer, and its logical id.
    pub name: String,
    pub callee: Callee<'a>,
    pub identity_source: Value,
}

/// The function of an authorizer.
pub(super) enum Callee<'a> {
    /// One of the service.
    Own(&'a Function),
    /// Any other.
    Arn(Value),
}

impl Callee<'_> {
    /// What API Gateway calls.
    pub fn arn(&self) -> Value {
        match self {
            Self::Own(function) => target(function),
            Self::Arn(arn) => arn.clone(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    route: String,
    route_response_selection_expression: Option<String>,
    authorizer: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AuthorizerSettings {
    name: Option<String>,
    arn: Option<Value>,
    identity_source: Option<Value>,
}

/// Reads all `websocket` events; what is wrong becomes a problem.
pub(super) fn read<'a>(it: &mut Compilation<'a>) -> Vec<Route<'a>> {
    let mut routes: Vec<Route<'a>> = Vec::new();
    for event in it.events(super::EVENT.name).into_iter().filter(|event| truthy(event.value)) {
        let Some(route) = read_one(event, it) else { continue };
        if let Some(earlier) = routes.iter().find(|earlier| earlier.key == route.key) {
            it.problems.push(
                Problem::at(&earlier.place, format!("the route `{}` is taken over by `{}`", route.key, route.place))
                    .help("a route has one function: remove one of the two events")
                    .warning(),
            );
        }
        routes.push(route);
    }
    routes
}

fn read_one<'a>(event: EventUse<'a>, it: &mut Compilation<'a>) -> Option<Route<'a>> {
    let settings = match event.value.as_str() {
        Some(route) => Settings { route: route.to_owned(), ..Settings::default() },
        None => event.read::<Settings>(&mut it.problems)?,
    };
    let authorizer = match settings.authorizer.filter(truthy) {
        None => None,
        Some(value) => Some(read_authorizer(&value, &event.at("authorizer"), it)?),
    };
    Some(Route {
        function: event.function,
        place: event.path,
        key: settings.route,
        response_selection: settings.route_response_selection_expression.filter(|text| !text.is_empty()),
        authorizer,
    })
}

/// A function's key, an ARN, or an object with one of both.
fn read_authorizer<'a>(value: &Value, place: &str, it: &mut Compilation<'a>) -> Option<Authorizer<'a>> {
    let settings = match value {
        Value::String(arn) if arn.contains(':') => {
            AuthorizerSettings { arn: Some(json!(arn)), ..AuthorizerSettings::default() }
        }
        Value::String(name) => AuthorizerSettings { name: Some(name.clone()), ..AuthorizerSettings::default() },
        object => match typed::<AuthorizerSettings>(object) {
            Ok(settings) => settings,
            Err(error) => {
                it.problems.push(
                    Problem::at(place, format!("`authorizer` cannot be read: {error}"))
                        .help("write the key of a function, an ARN, or a mapping with `name` or `arn`"),
                );
                return None;
            }
        },
    };
    let identity_source = settings.identity_source.filter(truthy).unwrap_or_else(|| json!([DEFAULT_IDENTITY_SOURCE]));
    let name = settings.name.filter(|name| !name.is_empty());
    let (name, callee) = match (settings.arn.filter(truthy), name) {
        (Some(Value::String(arn)), _) => {
            (arn.rsplit(':').next().unwrap_or_default().to_owned(), Callee::Arn(json!(arn)))
        }
        (Some(arn), Some(name)) => (name, Callee::Arn(arn)),
        (None, Some(name)) => {
            let function = it.function_or_problem(&name, place)?;
            (name, Callee::Own(function))
        }
        (Some(_), None) => {
            it.problems.push(
                Problem::at(place, "this authorizer needs a `name`: its `arn` is not a text to take it from")
                    .help("add `name:` beside `arn:`; it names the authorizer in the template"),
            );
            return None;
        }
        (None, None) => {
            it.problems.push(
                Problem::at(place, "this authorizer has neither a name nor an ARN")
                    .help("give `name` (the key of a function) or `arn`"),
            );
            return None;
        }
    };
    Some(Authorizer { name, callee, identity_source })
}
