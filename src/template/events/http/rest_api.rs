//! `AWS::ApiGateway::RestApi`, unless `provider.apiGateway.restApiId` names one of another stack.
//!
//! Framework v3 `api-gateway/lib/rest-api.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/apigateway>.

use super::Api;
use crate::manifest::{Problem, Problems, Service, plugins};
use crate::template::Compilation;
use crate::template::events::gateway::resource;
use crate::template::naming::api_gateway;
use crate::template::value::{tags, truthy};
use serde_json::{Value, json};

/// Adds the API.
pub(super) fn compile(it: &mut Compilation<'_>, api: &Api) {
    if api.is_external() {
        return;
    }
    let service = it.service;
    let config = &api.config;
    let endpoint_type = endpoint_type(service);
    let vpc_endpoint_ids = vpc_endpoint_ids(service, &endpoint_type, &mut it.problems);
    let mut endpoint = json!({ "Types": [endpoint_type] });
    if let Some(ids) = vpc_endpoint_ids {
        endpoint["VpcEndpointIds"] = ids;
    }
    let upper = |text: &Option<String>| text.as_ref().filter(|text| !text.is_empty()).map(|text| text.to_uppercase());
    let properties = json!({
        "Name": it.names().rest_api(),
        "BinaryMediaTypes": config.binary_media_types.as_ref().or(by_plugin(service)),
        "DisableExecuteApiEndpoint": config.disable_default_endpoint,
        "EndpointConfiguration": endpoint,
        "SecurityPolicy": config.endpoint.security_policy.as_ref().filter(|policy| !policy.is_empty()),
        "EndpointAccessMode": config.endpoint.access_mode.as_ref().map(|mode| mode.to_uppercase()),
        "Tags": service.provider.raw.get("tags").and_then(Value::as_object).map(tags),
        "Policy": policy(config.resource_policy.as_ref()),
        "ApiKeySourceType": upper(&config.api_key_source_type),
        "MinimumCompressionSize": config.minimum_compression_size,
        "Description": config.description.as_ref().filter(|text| truthy(text)),
    });
    it.set_resource(api_gateway::REST_API, resource("AWS::ApiGateway::RestApi", properties), "provider.apiGateway");
}

/// `custom.apigwBinary.types` of serverless-apigw-binary, which sets them by a call after each deploy.
fn by_plugin(service: &Service) -> Option<&Value> {
    service.custom.pointer("/apigwBinary/types").filter(|_| plugins::uses(&service.plugins, "serverless-apigw-binary"))
}

/// `provider.endpointType`; `EDGE` unless set.
fn endpoint_type(service: &Service) -> String {
    let setting = service.provider.raw.get("endpointType").and_then(Value::as_str).filter(|text| !text.is_empty());
    setting.unwrap_or("EDGE").to_uppercase()
}

/// `provider.vpcEndpointIds`, which counts only beside an `endpointType`, and only for private APIs.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html>
fn vpc_endpoint_ids(service: &Service, endpoint_type: &str, problems: &mut Problems) -> Option<Value> {
    service.provider.raw.get("endpointType").filter(|kind| truthy(kind))?;
    let ids = service.provider.raw.get("vpcEndpointIds").filter(|ids| truthy(ids))?;
    if endpoint_type != "PRIVATE" {
        problems.push(
            Problem::at("provider.vpcEndpointIds", "VPC endpoints belong to private APIs only")
                .help("set `endpointType: PRIVATE`, or remove `vpcEndpointIds`"),
        );
    }
    Some(ids.clone())
}

/// The resource policy. The empty text is the absence of one: it takes an earlier policy away.
fn policy(statements: Option<&Value>) -> Value {
    let empty = |statements: &Value| match statements {
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        other => !truthy(other),
    };
    match statements {
        Some(statements) if !empty(statements) => json!({ "Version": "2012-10-17", "Statement": statements }),
        _ => json!(""),
    }
}
