//! `AWS::ApiGateway::Method` of each route, and the right of the API to call its function.
//!
//! Framework v3 `api-gateway/lib/method/index.js` and `permissions.js`.

use super::Api;
use super::resources::Resources;
use super::route::Route;
use super::{authorizer, integration};
use crate::template::Compilation;
use crate::template::events::gateway::{PRINCIPAL, execute_api_arn, without_nulls};
use crate::template::naming::api_gateway;
use crate::template::{TargetAlias, invoke_permission};
use serde_json::{Map, Value, json};

/// Adds the methods; gives their logical ids.
pub(super) fn compile(it: &mut Compilation<'_>, routes: &[Route<'_>], resources: &Resources, api: &Api) -> Vec<String> {
    let mut logical_ids = Vec::new();
    for route in routes {
        let logical_id = api_gateway::method(&Resources::name(&route.path), &route.method);
        it.add_resource(&logical_id, method(route, resources, api), &route.place);
        logical_ids.push(logical_id);
    }
    logical_ids
}

fn method(route: &Route<'_>, resources: &Resources, api: &Api) -> Value {
    let parameters = route.request.as_ref().map(|request| request.method_parameters()).unwrap_or_default();
    let responses = route
        .response
        .as_ref()
        .filter(|_| !route.integration.is_proxy())
        .map(|response| response.method_responses(route.cors.as_ref()))
        .unwrap_or_default();
    let mut properties = match without_nulls(json!({
        "HttpMethod": route.method,
        "RequestParameters": parameters,
        "ResourceId": resources.id(&route.path),
        "RestApiId": api.id,
        "OperationName": route.operation_id,
        "ApiKeyRequired": route.private,
    })) {
        Value::Object(properties) => properties,
        _ => Map::new(),
    };
    // The authorizer takes the place of the permission in this list, because the framework
    // merges the two lists by index.
    let mut depends_on = vec![api_gateway::permission(&route.function.key)];
    match &route.authorizer {
        Some(authorizer) => {
            authorizer.set_on(&mut properties);
            if let Some(logical_id) = authorizer.logical_id() {
                depends_on = vec![logical_id];
            }
        }
        None => {
            properties.insert("AuthorizationType".to_owned(), json!("NONE"));
        }
    }
    depends_on.extend(TargetAlias::of(route.function).map(|alias| alias.logical_id));
    properties.insert("Integration".to_owned(), integration::of(route, api));
    properties.insert("MethodResponses".to_owned(), json!(responses));
    json!({ "Type": "AWS::ApiGateway::Method", "Properties": properties, "DependsOn": depends_on })
}

/// Lets the API call the functions of all routes and of their authorizers.
pub(super) fn permit(it: &mut Compilation<'_>, routes: &[Route<'_>], api: &Api) {
    for route in routes {
        let source = execute_api_arn(api.id.clone(), "/*/*");
        let permission = invoke_permission(route.function, PRINCIPAL, Some(source));
        it.set_resource(api_gateway::permission(&route.function.key), permission, &route.place);
        if let Some(authorizer) = &route.authorizer {
            authorizer::permit(it, authorizer, &route.place, api);
        }
    }
}
