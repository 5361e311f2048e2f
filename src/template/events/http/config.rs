//! `provider.apiGateway`: what all routes of the REST API share.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// The settings, as the manifest gives them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::template::events) struct ApiGateway {
    /// Keys: a name, `{name, value, ...}`, or `{plan: [keys]}`.
    pub api_keys: Vec<Value>,
    /// `HEADER` or `AUTHORIZER`, in any case.
    pub api_key_source_type: Option<String>,
    pub binary_media_types: Option<Value>,
    pub description: Option<Value>,
    pub disable_default_endpoint: Option<bool>,
    pub endpoint: Endpoint,
    pub minimum_compression_size: Option<Value>,
    /// Statements of the resource policy.
    pub resource_policy: Option<Value>,
    /// An API that another stack owns.
    pub rest_api_id: Option<Value>,
    /// The `/` resource of that API.
    pub rest_api_root_resource_id: Option<Value>,
    /// Resources of that API that are there already: a map path → id, or a list of `{path, resourceId}`.
    pub rest_api_resources: Option<Value>,
    pub request: SharedRequest,
    /// Names the API `<service>-<stage>` instead of `<stage>-<service>`.
    pub should_start_name_with_service: bool,
    /// Deploys to an API Gateway stage of another name than the service's stage.
    pub stage: Option<String>,
    /// Milliseconds, for routes without their own.
    pub timeout_in_millis: Option<Value>,
    /// One plan, or a list of `{name: plan}`.
    pub usage_plan: Option<Value>,
    /// A websocket API that another stack owns.
    pub websocket_api_id: Option<Value>,
}

/// `provider.apiGateway.endpoint`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::template::events) struct Endpoint {
    /// The TLS policy of the endpoint.
    pub security_policy: Option<String>,
    /// `BASIC` or `STRICT`, in any case.
    pub access_mode: Option<String>,
}

/// `provider.apiGateway.request`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::template::events) struct SharedRequest {
    /// Models that routes refer to by name.
    pub schemas: IndexMap<String, Value>,
}
