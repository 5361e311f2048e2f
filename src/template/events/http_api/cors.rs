//! `provider.httpApi.cors`.
//!
//! Guide <https://www.serverless.com/framework/docs/providers/aws/events/http-api#cors-setup>.

use super::route::{METHODS, Route};
use crate::manifest::{Problem, Problems};
use crate::template::events::gateway::without_nulls;
use crate::template::value::typed;
use indexmap::IndexSet;
use serde::Deserialize;
use serde_json::{Value, json};

const DEFAULT_HEADERS: [&str; 7] = [
    "Content-Type",
    "X-Amz-Date",
    "Authorization",
    "X-Api-Key",
    "X-Amz-Security-Token",
    "X-Amz-User-Agent",
    "X-Amzn-Trace-Id",
];

/// The settings. Methods that are not given follow from the routes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Cors {
    allow_credentials: bool,
    allowed_headers: Option<IndexSet<String>>,
    allowed_methods: Option<IndexSet<String>>,
    allowed_origins: Option<IndexSet<String>>,
    exposed_response_headers: Option<IndexSet<String>>,
    max_age: Option<Value>,
}

impl Cors {
    /// Reads `cors: true` or `cors: {...}`.
    pub fn read(value: &Value, problems: &mut Problems) -> Option<Self> {
        if value.is_boolean() {
            return Some(Self::default());
        }
        typed::<Self>(value)
            .map_err(|error| {
                problems.push(
                    Problem::at("provider.httpApi.cors", format!("`cors` cannot be read: {error}"))
                        .help("write `cors: true`, or `cors:` with `allowedOrigins`, `allowedHeaders` and the like"),
                );
            })
            .ok()
    }

    /// `CorsConfiguration` of the API.
    pub fn configuration(&self, routes: &[Route<'_>]) -> Value {
        let or = |given: &Option<IndexSet<String>>, default: &[&str]| match given {
            Some(given) => json!(given),
            None => json!(default),
        };
        let methods = match &self.allowed_methods {
            Some(methods) => json!(methods),
            None => json!(methods_of(routes)),
        };
        without_nulls(json!({
            "AllowCredentials": self.allow_credentials.then_some(true),
            "AllowHeaders": or(&self.allowed_headers, &DEFAULT_HEADERS),
            "AllowMethods": methods,
            "AllowOrigins": or(&self.allowed_origins, &["*"]),
            "ExposeHeaders": self.exposed_response_headers,
            "MaxAge": self.max_age,
        }))
    }
}

/// `OPTIONS`, and the methods of the routes; `ANY` stands for all.
fn methods_of<'r>(routes: &'r [Route<'_>]) -> IndexSet<&'r str> {
    let mut methods = IndexSet::from(["OPTIONS"]);
    for route in routes {
        match route.method() {
            "ANY" => methods.extend(METHODS.iter().copied().filter(|method| *method != "ANY")),
            one => {
                methods.insert(one);
            }
        }
    }
    methods
}
