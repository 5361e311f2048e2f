//! `response`: what a non-proxy integration answers with.
//!
//! Framework v3 `api-gateway/lib/method/responses.js` and `getResponse`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/apigateway#custom-response-headers>.

use super::cors::Cors;
use crate::template::events::gateway::without_nulls;
use crate::template::value::entries;
use crate::template::value::truthy;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The settings of one route.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Response {
    pub content_handling: Option<String>,
    headers: IndexMap<String, Value>,
    template: Option<String>,
    status_codes: Option<IndexMap<String, StatusCode>>,
    /// `BUFFERED` or `STREAM`, in any case; of proxy integrations only.
    pub transfer_mode: Option<String>,
}

/// What leads to a status code, and what it answers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct StatusCode {
    headers: IndexMap<String, Value>,
    /// A regular expression over the function's error message, or the back end's status.
    pattern: Option<String>,
    /// A text for `application/json`, or templates by content type.
    template: Option<Value>,
}

/// The status codes of a Lambda integration, by the error message of the function.
const DEFAULT_STATUS_CODES: [(&str, &str); 9] = [
    ("200", ""),
    ("400", r"[\s\S]*\[400\][\s\S]*"),
    ("401", r"[\s\S]*\[401\][\s\S]*"),
    ("403", r"[\s\S]*\[403\][\s\S]*"),
    ("404", r"[\s\S]*\[404\][\s\S]*"),
    ("422", r"[\s\S]*\[422\][\s\S]*"),
    ("500", r"[\s\S]*(Process\s?exited\s?before\s?completing\s?request|\[500\])[\s\S]*"),
    ("502", r"[\s\S]*\[502\][\s\S]*"),
    ("504", r"([\s\S]*\[504\][\s\S]*)|(.*Task timed out after \d+\.\d+ seconds$)"),
];

fn default_status_codes() -> IndexMap<String, StatusCode> {
    let code = |pattern: &str| StatusCode { pattern: Some(pattern.to_owned()), ..StatusCode::default() };
    DEFAULT_STATUS_CODES.iter().map(|(status, pattern)| ((*status).to_owned(), code(pattern))).collect()
}

impl Response {
    /// The settings that a proxy integration has a use for.
    pub fn passed_through(transfer_mode: Option<String>) -> Self {
        Self { transfer_mode, ..Self::default() }
    }

    /// The same with a code for success: all the defaults where no codes are given, else a plain 200
    /// where none of the codes has the empty pattern, which API Gateway takes as the default.
    #[must_use]
    pub fn with_defaults(mut self) -> Self {
        match &mut self.status_codes {
            None => self.status_codes = Some(default_status_codes()),
            Some(codes) => {
                if !codes.values().any(|code| code.pattern.as_deref() == Some("")) {
                    let success = StatusCode { pattern: Some(String::new()), ..StatusCode::default() };
                    codes.insert("200".to_owned(), success);
                }
            }
        }
        self
    }

    /// Headers that every status code has: those of `cors`, then those of the response.
    fn common_headers(&self, cors: Option<&Cors>) -> IndexMap<String, Value> {
        let mut headers: IndexMap<String, Value> = IndexMap::new();
        if let Some(cors) = cors {
            headers.extend(cors.response_headers().into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
        }
        headers.extend(self.headers.clone());
        headers
    }

    fn codes(&self) -> Vec<(&String, &StatusCode)> {
        entries(self.status_codes.iter().flatten())
    }

    /// `MethodResponses`.
    pub fn method_responses(&self, cors: Option<&Cors>) -> Vec<Value> {
        let common = self.common_headers(cors);
        let declare = |(name, _): (&String, &Value)| (response_header(name), json!(true));
        self.codes()
            .into_iter()
            .map(|(status, code)| {
                let parameters: Map<String, Value> = common.iter().chain(&code.headers).map(declare).collect();
                json!({ "ResponseParameters": parameters, "ResponseModels": {}, "StatusCode": status })
            })
            .collect()
    }

    /// `IntegrationResponses`.
    pub fn integration_responses(&self, cors: Option<&Cors>) -> Vec<Value> {
        let common = self.common_headers(cors);
        let set = |(name, value): (&String, &Value)| (response_header(name), value.clone());
        self.codes()
            .into_iter()
            .map(|(status, code)| {
                let parameters: Map<String, Value> = common.iter().chain(&code.headers).map(set).collect();
                without_nulls(json!({
                    "StatusCode": status,
                    "SelectionPattern": code.pattern.as_deref().unwrap_or_default(),
                    "ResponseParameters": parameters,
                    "ResponseTemplates": self.templates(code),
                    "ContentHandling": self.content_handling.as_ref().filter(|_| status.starts_with('2')),
                }))
            })
            .collect()
    }

    fn templates(&self, code: &StatusCode) -> Map<String, Value> {
        let mut templates = Map::new();
        let json_template = |text: &Value| ("application/json".to_owned(), text.clone());
        if let Some(text) = self.template.as_ref().filter(|text| !text.is_empty()) {
            templates.extend([json_template(&json!(text))]);
        }
        match code.template.as_ref().filter(|template| truthy(template)) {
            Some(Value::Object(by_type)) => templates.extend(by_type.clone()),
            Some(text) => templates.extend([json_template(text)]),
            None => {}
        }
        templates
    }
}

fn response_header(name: &str) -> String {
    format!("method.response.header.{name}")
}
