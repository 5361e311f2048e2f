//! `request`: parameters, templates, and the schemas that API Gateway validates bodies with.
//!
//! Framework v3 `api-gateway/lib/request-validator.js` and `getRequest`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/apigateway#request-schema-validators>.

use super::Api;
use super::config::ApiGateway;
use super::resources::Resources;
use super::route::Route;
use crate::template::Compilation;
use crate::template::events::gateway::resource;
use crate::template::naming::api_gateway;
use crate::template::value::{reference, truthy};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The settings of one route.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Request {
    pub content_handling: Option<String>,
    /// The method of the HTTP back end, where it differs from the route's.
    pub method: Option<String>,
    pub parameters: Parameters,
    pub pass_through: Option<String>,
    /// A schema, an object around one, or the name of one in the provider, by content type.
    pub schemas: IndexMap<String, Value>,
    /// Mapping templates by content type; `null` takes away a default one.
    pub template: IndexMap<String, Option<String>>,
    /// The HTTP back end.
    pub uri: Option<Value>,
}

/// `request.parameters`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Parameters {
    querystrings: IndexMap<String, Value>,
    paths: IndexMap<String, Value>,
    headers: IndexMap<String, Value>,
}

/// One parameter, by its mapping expression.
pub(super) struct Parameter {
    /// `method.request.<location>.<name>`.
    pub expression: String,
    /// Whether API Gateway refuses requests without it.
    pub required: Value,
    /// What the integration gets in its place.
    mapped: Option<Value>,
}

impl Request {
    /// All parameters, with their mapping expressions.
    pub fn parameters(&self) -> Vec<Parameter> {
        let Parameters { querystrings, paths, headers } = &self.parameters;
        let located = [("querystring", querystrings), ("path", paths), ("header", headers)];
        located
            .into_iter()
            .flat_map(|(location, named)| named.iter().map(move |(name, value)| (location, name, value)))
            .map(|(location, name, value)| Parameter {
                expression: format!("method.request.{location}.{name}"),
                required: match value {
                    Value::Object(settings) => {
                        settings.get("required").filter(|r| !r.is_null()).cloned().unwrap_or(json!(true))
                    }
                    plain => plain.clone(),
                },
                mapped: value.get("mappedValue").filter(|v| truthy(v)).cloned(),
            })
            .collect()
    }

    /// `RequestParameters` of the method.
    pub fn method_parameters(&self) -> Map<String, Value> {
        self.parameters().into_iter().map(|p| (p.expression, p.required)).collect()
    }

    /// `RequestParameters` of the integration.
    pub fn integration_parameters(&self) -> Map<String, Value> {
        self.parameters()
            .into_iter()
            .map(|p| {
                let name = p.expression.replacen("method.", "integration.", 1);
                (name, p.mapped.unwrap_or_else(|| json!(p.expression)))
            })
            .collect()
    }
}

/// Sets the validator and the models on the methods whose requests are validated.
pub(super) fn compile(it: &mut Compilation<'_>, routes: &[Route<'_>], api: &Api) {
    for route in routes {
        if let Some(request) = &route.request {
            validate(it, request, (&route.path, &route.method, &route.place), api);
        }
    }
}

/// The same for one method, given by its path, its name and its place in the manifest.
pub(super) fn validate(it: &mut Compilation<'_>, request: &Request, route: (&str, &str, &str), api: &Api) {
    let (path, method, place) = route;
    let required = request.parameters().iter().any(|p| truthy(&p.required));
    if !required && request.schemas.is_empty() {
        return;
    }
    let resource_name = Resources::name(path);
    let validator = add_validator(it, api);
    let mut models = Map::new();
    for (content_type, schema) in &request.schemas {
        let place = format!("{place}.request.schemas.{content_type}");
        let (logical_id, model) = match shared_schema(schema, &api.config) {
            Some((name, shared)) => (api_gateway::model(name), model("application/json", shared, api)),
            None => {
                let logical_id = api_gateway::endpoint_model(&resource_name, method, content_type);
                (logical_id, model(content_type, schema, api))
            }
        };
        it.add_resource(&logical_id, model, &place);
        models.insert(content_type.clone(), reference(&logical_id));
    }
    let method = api_gateway::method(&resource_name, method);
    let properties = it.template.resources_mut().get_mut(&method).and_then(|m| m.pointer_mut("/Properties"));
    if let Some(Value::Object(properties)) = properties {
        properties.insert("RequestValidatorId".to_owned(), reference(&validator));
        if !models.is_empty() {
            properties.insert("RequestModels".to_owned(), Value::Object(models));
        }
    }
}

/// A schema of `provider.apiGateway.request.schemas` that a route refers to by name.
fn shared_schema<'c>(schema: &Value, config: &'c ApiGateway) -> Option<(&'c str, &'c Value)> {
    let (name, shared) = config.request.schemas.get_key_value(schema.as_str()?)?;
    Some((name, shared))
}

/// `AWS::ApiGateway::Model` of a schema, or of an object with `schema`, `name` and `description`.
fn model(content_type: &str, schema: &Value, api: &Api) -> Value {
    let explicit = schema.get("schema").filter(|s| truthy(s));
    let text = |key: &str| explicit.and(schema.get(key)).filter(|v| truthy(v));
    resource(
        "AWS::ApiGateway::Model",
        json!({
            "RestApiId": api.id,
            "ContentType": content_type,
            "Schema": explicit.unwrap_or(schema),
            "Name": text("name"),
            "Description": text("description"),
        }),
    )
}

/// The one validator of the service: body and parameters.
fn add_validator(it: &mut Compilation<'_>, api: &Api) -> String {
    let logical_id = it.names().request_validator();
    let name = format!("{} | Validate request body and querystring parameters", it.names().prefix());
    let validator = resource(
        "AWS::ApiGateway::RequestValidator",
        json!({
            "RestApiId": api.id,
            "ValidateRequestBody": true,
            "ValidateRequestParameters": true,
            "Name": name,
        }),
    );
    it.template.set_resource(&logical_id, validator);
    logical_id
}
