//! One `httpApi` event, checked.

use super::config::{Config, list};
use crate::manifest::service::Function;
use crate::manifest::{Problem, Problems};
use crate::template::value::{truthy, typed};
use crate::template::{Compilation, EventUse};
use serde::Deserialize;
use serde_json::Value;

/// The methods that a route may have, in the framework's order.
pub(super) const METHODS: [&str; 8] = ["ANY", "GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE"];

/// The route key of what no other route takes.
pub(super) const DEFAULT: &str = "*";

/// The longest that an HTTP API waits for a function, in seconds.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const LONGEST_WAIT: u64 = 30;

/// The timeout of a function that has none, in seconds (Framework v3).
const DEFAULT_TIMEOUT: u64 = 6;

/// A route and the function that answers it.
#[derive(Debug)]
pub(super) struct Route<'a> {
    pub function: &'a Function,
    /// Where it stands, such as `functions.hello.events[0].httpApi`.
    pub place: String,
    /// `METHOD /path`, or [`DEFAULT`].
    pub key: String,
    pub authorizer: Option<Guard>,
    pub scopes: Option<Vec<Value>>,
}

/// Who guards a route.
#[derive(Debug)]
pub(super) enum Guard {
    /// Callers that IAM allows.
    Iam,
    /// An authorizer of the API of another stack; `request` or `jwt`.
    External { id: Value, kind: Option<String> },
    /// One of `provider.httpApi.authorizers`, by its key.
    Named(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Settings {
    method: Option<String>,
    path: String,
    authorizer: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GuardSettings {
    id: Option<Value>,
    name: Option<String>,
    scopes: Option<Value>,
    r#type: Option<String>,
}

impl Route<'_> {
    /// The method; of the default route `ANY`.
    pub fn method(&self) -> &str {
        self.key.split_once(' ').map_or("ANY", |(method, _)| method)
    }
}

/// Reads all `httpApi` events; what is wrong becomes a problem.
pub(super) fn read<'a>(it: &mut Compilation<'a>, config: &Config<'_>) -> Vec<Route<'a>> {
    let mut routes: Vec<Route<'a>> = Vec::new();
    for event in it.events(super::EVENT.name).into_iter().filter(|event| truthy(event.value)) {
        let Some(route) = read_one(event, config, &mut it.problems) else { continue };
        if let Some(twin) = routes.iter().find(|other| other.key == route.key) {
            it.problems.push(
                Problem::at(&route.place, format!("`{}` is routed twice: here and at `{}`", route.key, twin.place))
                    .help("remove one of them, or change its path or method"),
            );
            continue;
        }
        if routes.iter().all(|other| other.function.key != route.function.key) {
            warn_of_timeout(&route, it);
        }
        routes.push(route);
    }
    routes
}

fn read_one<'a>(event: EventUse<'a>, config: &Config<'_>, problems: &mut Problems) -> Option<Route<'a>> {
    let place = event.path.clone();
    let settings = match event.value.as_str() {
        Some(text) => from_text(text, &place, problems)?,
        None => event.read::<Settings>(problems)?,
    };
    let key = route_key(&settings, &place, problems)?;
    let (authorizer, scopes) = match settings.authorizer.filter(truthy) {
        None => (None, None),
        Some(value) => guard(value, config, &place, problems)?,
    };
    Some(Route { function: event.function, key, authorizer, scopes, place })
}

/// `*` or `METHOD /path`.
fn from_text(text: &str, place: &str, problems: &mut Problems) -> Option<Settings> {
    if text == DEFAULT {
        return Some(Settings { path: DEFAULT.to_owned(), ..Settings::default() });
    }
    match text.split_once(' ') {
        Some((method, path)) if path.starts_with('/') && is_method(method) => {
            Some(Settings { method: Some(method.to_owned()), path: path.to_owned(), authorizer: None })
        }
        _ => {
            problems.push(
                Problem::at(place, format!("`{text}` is not a method and a path"))
                    .help("write both, such as `GET /boats/{id}`, or `*` for every request"),
            );
            None
        }
    }
}

fn is_method(method: &str) -> bool {
    METHODS.iter().any(|known| known.eq_ignore_ascii_case(method))
}

fn route_key(settings: &Settings, place: &str, problems: &mut Problems) -> Option<String> {
    let method = settings.method.as_deref().filter(|method| !method.is_empty());
    let problem = match (settings.path.as_str(), method) {
        (DEFAULT, None | Some("*")) => return Some(DEFAULT.to_owned()),
        (DEFAULT, Some(method)) => Problem::at(
            format!("{place}.path"),
            format!("`*` takes every request, so it cannot be limited to {method}"),
        )
        .help("remove `method`, or write the path as `/{proxy+}`"),
        (path, None) => Problem::at(place, format!("the route `{path}` has no method"))
            .help("add `method:`, such as `GET`; `*` stands for all"),
        (path, Some("*")) => return Some(format!("ANY {path}")),
        (path, Some(method)) if is_method(method) => return Some(format!("{} {path}", method.to_uppercase())),
        (_, Some(method)) => Problem::at(format!("{place}.method"), format!("`{method}` is not a method"))
            .help("write `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD`, `OPTIONS`, or `*` for all"),
    };
    problems.push(problem);
    None
}

type Guarded = (Option<Guard>, Option<Vec<Value>>);

fn guard(value: Value, config: &Config<'_>, place: &str, problems: &mut Problems) -> Option<Guarded> {
    let place = format!("{place}.authorizer");
    let settings = match value {
        Value::String(name) => GuardSettings { name: Some(name), ..GuardSettings::default() },
        object => match typed::<GuardSettings>(&object) {
            Ok(settings) => settings,
            Err(error) => {
                problems.push(
                    Problem::at(place, format!("`authorizer` cannot be read: {error}"))
                        .help("write its name, or `name` with `scopes`, `id`, or `type: aws_iam`"),
                );
                return None;
            }
        },
    };
    let id = settings.id.filter(truthy);
    let name = settings.name.filter(|name| !name.is_empty());
    let scopes = settings.scopes.filter(truthy);
    let problem = match (settings.r#type.as_deref(), id, name) {
        (Some("aws_iam"), None, None) if scopes.is_none() => return Some((Some(Guard::Iam), None)),
        (Some("aws_iam"), ..) => Problem::at(place, "an `aws_iam` authorizer has no further settings")
            .help("remove `name`, `id` and `scopes`: IAM policies say who may call the route"),
        (kind, Some(id), _) if config.id.is_some() => {
            return Some((Some(Guard::External { id, kind: kind.map(str::to_owned) }), scopes.map(|s| list(Some(s)))));
        }
        (_, Some(_), _) => Problem::at(
            format!("{place}.id"),
            "this names an authorizer of another API, but the HTTP API is made by this stack",
        )
        .help(
            "define the authorizer in `provider.httpApi.authorizers` and give its `name`, or set `provider.httpApi.id`",
        ),
        (kind, None, None) => {
            Problem::at(place, format!("a `{}` authorizer needs a name or an id", kind.unwrap_or("jwt")))
                .help("add `name:` of one of `provider.httpApi.authorizers`, or `id:`")
        }
        (_, None, Some(name)) if config.authorizers.contains_key(&name) => {
            return Some((Some(Guard::Named(name)), scopes.map(|s| list(Some(s)))));
        }
        (_, None, Some(name)) => {
            let known: Vec<String> = config.authorizers.keys().map(|key| format!("`{key}`")).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Problem::at(place, format!("there is no authorizer `{name}`"))
                .help(format!("define it in `provider.httpApi.authorizers`, which has: {known}"))
        }
    };
    problems.push(problem);
    None
}

/// The API gives up before a function does that may run for as long or longer.
fn warn_of_timeout(route: &Route<'_>, it: &mut Compilation<'_>) {
    let own = route.function.timeout.filter(|seconds| *seconds > 0);
    let seconds = own.or(it.service.provider.timeout.filter(|seconds| *seconds > 0)).unwrap_or(DEFAULT_TIMEOUT);
    if seconds < LONGEST_WAIT {
        return;
    }
    let place = match own {
        Some(_) => format!("functions.{}.timeout", route.function.key),
        None => "provider.timeout".to_owned(),
    };
    it.problems.push(
        Problem::at(
            place,
            format!(
                "`{}` may run for {seconds} seconds, but an HTTP API waits for {LONGEST_WAIT} at most",
                route.function.key
            ),
        )
        .help(format!("set a timeout below {LONGEST_WAIT} seconds, so that the caller learns of it"))
        .warning(),
    );
}
