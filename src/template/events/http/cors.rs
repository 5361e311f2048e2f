//! `cors`: the preflight method of a path, and the headers of non-proxy responses.
//!
//! Framework v3 `api-gateway/lib/cors.js` and `getCors`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/apigateway#enabling-cors>.

use super::Api;
use super::resources::Resources;
use super::route::Route;
use crate::manifest::{Problem, Problems};
use crate::template::Compilation;
use crate::template::naming::api_gateway;
use crate::template::value::typed;
use indexmap::{IndexMap, IndexSet};
use serde::Deserialize;
use serde_json::{Map, Value, json};

const DEFAULT_HEADERS: [&str; 7] = [
    "Content-Type",
    "X-Amz-Date",
    "Authorization",
    "X-Api-Key",
    "X-Amz-Security-Token",
    "X-Amz-User-Agent",
    "X-Amzn-Trace-Id",
];

/// What `ANY` stands for in `Access-Control-Allow-Methods`.
const ANY: &str = "DELETE,GET,HEAD,PATCH,POST,PUT";

/// The settings of one route, with defaults.
#[derive(Debug, Clone)]
pub(super) struct Cors {
    origin: Option<String>,
    origins: Vec<String>,
    headers: Vec<String>,
    methods: Vec<String>,
    allow_credentials: bool,
    max_age: Option<Value>,
    cache_control: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    origin: Option<String>,
    origins: Option<Vec<String>>,
    headers: Option<Vec<String>>,
    methods: Option<Vec<String>>,
    allow_credentials: bool,
    max_age: Option<Value>,
    cache_control: Option<String>,
}

impl Cors {
    /// Reads `cors: true` or `cors: {...}`; `None` where it is off.
    pub fn read(value: Option<&Value>, method: &str, place: &str, problems: &mut Problems) -> Option<Self> {
        let place = format!("{place}.cors");
        let settings = match value? {
            Value::Bool(false) | Value::Null => return None,
            Value::Bool(true) => Settings::default(),
            object => match typed::<Settings>(object) {
                Ok(settings) => settings,
                Err(error) => {
                    problems.push(
                        Problem::at(place, format!("`cors` cannot be read: {error}"))
                            .help("write `cors: true`, or `cors:` with `origins`, `headers` and the like"),
                    );
                    return None;
                }
            },
        };
        let origins = settings.origins.clone().unwrap_or_default();
        if settings.origins.is_some() && origins.is_empty() && settings.origin.is_none() {
            problems.push(
                Problem::at(format!("{place}.origins"), "`origins` names no origin")
                    .help("name at least one origin, or leave `origins` out to allow every origin"),
            );
        }
        let origin = match (settings.origin, &settings.origins) {
            (None, None) => Some("*".to_owned()),
            (origin, _) => origin,
        };
        let mut methods = settings.methods.unwrap_or_default();
        for own in ["OPTIONS", method] {
            if !methods.iter().any(|m| m == own) {
                methods.push(own.to_owned());
            }
        }
        Some(Self {
            origin,
            origins,
            headers: settings.headers.unwrap_or_else(|| DEFAULT_HEADERS.map(str::to_owned).to_vec()),
            methods,
            allow_credentials: settings.allow_credentials,
            max_age: settings.max_age.filter(crate::template::value::truthy),
            cache_control: settings.cache_control.filter(|text| !text.is_empty()),
        })
    }

    /// The headers that a response of a non-proxy integration carries, quoted as mapping expressions.
    pub fn response_headers(&self) -> Vec<(&'static str, String)> {
        let origin =
            if self.origins.is_empty() { self.origin.clone().unwrap_or_default() } else { self.origins.join(",") };
        let mut headers = vec![("Access-Control-Allow-Origin", format!("'{origin}'"))];
        if self.allow_credentials {
            headers.push(("Access-Control-Allow-Credentials", "true".to_owned()));
        }
        headers
    }

    /// Adds what a later route of the same path says: lists are united, the later one first;
    /// of single values the later one wins.
    fn join(&mut self, later: &Self) {
        self.headers = union(&later.headers, &self.headers);
        self.methods = union(&later.methods, &self.methods);
        self.origins = union(&later.origins, &self.origins);
        self.origin.clone_from(&later.origin);
        self.allow_credentials |= later.allow_credentials;
        if later.max_age.is_some() {
            self.max_age.clone_from(&later.max_age);
        }
        if later.cache_control.is_some() {
            self.cache_control.clone_from(&later.cache_control);
        }
    }

    /// The origins among which the answer picks: the list, or a text with commas.
    fn choices(&self) -> Vec<String> {
        match &self.origin {
            Some(origin) if origin.contains(',') => origin.split(',').map(|o| o.trim().to_owned()).collect(),
            _ => self.origins.clone(),
        }
    }

    fn preflight_headers(&self, choices: &[String]) -> Vec<(&'static str, String)> {
        let origin = choices.first().or(self.origin.as_ref()).map_or("", String::as_str);
        let quoted = |text: &str| format!("'{text}'");
        let methods = self.methods.join(",");
        let methods = if self.methods.iter().any(|m| m == "ANY") { methods.replacen("ANY", ANY, 1) } else { methods };
        let mut headers = vec![
            ("Access-Control-Allow-Origin", quoted(origin)),
            ("Access-Control-Allow-Headers", quoted(&self.headers.join(","))),
            ("Access-Control-Allow-Methods", quoted(&methods)),
        ];
        if self.allow_credentials {
            headers.push(("Access-Control-Allow-Credentials", quoted("true")));
        }
        if let Some(seconds) = &self.max_age {
            headers.push(("Access-Control-Max-Age", quoted(&seconds.to_string())));
        }
        if let Some(cache) = &self.cache_control {
            headers.push(("Cache-Control", quoted(cache)));
        }
        headers
    }
}

/// Adds an `OPTIONS` method for each path that has `cors`; gives their logical ids.
pub(super) fn compile(it: &mut Compilation<'_>, routes: &[Route<'_>], resources: &Resources, api: &Api) -> Vec<String> {
    let mut paths: IndexMap<&str, (Cors, &Route<'_>)> = IndexMap::new();
    for route in routes {
        let Some(cors) = &route.cors else { continue };
        match paths.get_mut(route.path.as_str()) {
            Some((joined, _)) => joined.join(cors),
            None => {
                let mut own = cors.clone();
                own.origins = union(&own.origins, &[]);
                own.headers = union(&own.headers, &[]);
                own.methods = union(&own.methods, &[]);
                paths.insert(&route.path, (own, route));
            }
        }
    }
    let mut logical_ids = Vec::new();
    for (path, (cors, first)) in paths {
        let logical_id = api_gateway::method(&Resources::name(path), "options");
        // A route of the manifest for `OPTIONS` takes the place of the preflight method.
        if !routes.iter().any(|route| route.path == path && route.method == "OPTIONS") {
            it.add_resource(&logical_id, method(&cors, resources.id(path), api), &format!("{}.cors", first.place));
        }
        logical_ids.push(logical_id);
    }
    logical_ids
}

fn method(cors: &Cors, resource_id: Value, api: &Api) -> Value {
    let choices = cors.choices();
    let headers = cors.preflight_headers(&choices);
    let parameter = |name: &str| format!("method.response.header.{name}");
    let declared: Map<String, Value> = headers.iter().map(|(name, _)| (parameter(name), json!(true))).collect();
    let values: Map<String, Value> = headers.iter().map(|(name, value)| (parameter(name), json!(value))).collect();
    let template = if choices.is_empty() { String::new() } else { origin_template(&choices) };
    json!({
        "Type": "AWS::ApiGateway::Method",
        "Properties": {
            "AuthorizationType": "NONE",
            "HttpMethod": "OPTIONS",
            "MethodResponses": [{ "StatusCode": "200", "ResponseParameters": declared, "ResponseModels": {} }],
            "RequestParameters": {},
            "Integration": {
                "Type": "MOCK",
                "RequestTemplates": { "application/json": "{statusCode:200}" },
                "ContentHandling": "CONVERT_TO_TEXT",
                "IntegrationResponses": [{
                    "StatusCode": "200",
                    "ResponseParameters": values,
                    "ResponseTemplates": { "application/json": template },
                }],
            },
            "ResourceId": resource_id,
            "RestApiId": api.id,
        }
    })
}

/// A mapping template that answers with the request's origin where it is one of the choices.
/// `*` in a choice stands for any text; the match is a Java regular expression.
fn origin_template(choices: &[String]) -> String {
    let tests: Vec<String> = choices
        .iter()
        .map(|origin| format!("$origin.matches(\"{}\")", origin.replace('.', "[.]").replacen('*', ".+", 1)))
        .collect();
    format!(
        "#set($origin = $input.params(\"Origin\"))\n\
         #if($origin == \"\") #set($origin = $input.params(\"origin\")) #end\n\
         #if({}) #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin) #end",
        tests.join(" || ")
    )
}

fn union(first: &[String], second: &[String]) -> Vec<String> {
    first.iter().chain(second).cloned().collect::<IndexSet<_>>().into_iter().collect()
}
