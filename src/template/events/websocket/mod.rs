//! `websocket`: routes of a websocket API (API Gateway v2).
//!
//! Rules: Framework v3 `package/compile/events/websockets`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/websocket>.

mod route;
mod schema;
mod stage;
#[cfg(test)]
mod tests;

use super::Event;
use super::content_id::ContentId;
use super::gateway::{PRINCIPAL, endpoint, invocation_uri, resource, without_nulls};
use crate::template::naming::{function, websocket as naming};
use crate::template::value::{join, reference, sub, truthy};
use crate::template::{Compilation, TargetAlias, target};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use indexmap::IndexSet;
use route::{Authorizer, Callee, Route};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The event type.
pub const EVENT: Event = Event { name: "websocket", schema: schema::schema, compile };

const INVOKE: &str = "lambda:InvokeFunction";

const DEFAULT_DESCRIPTION: &str = "Serverless Websockets";

/// Where a message names its route.
const DEFAULT_ROUTE_SELECTION: &str = "$request.body.action";

/// The API as its parts refer to it.
struct Api {
    /// The id: of the API made here, or `provider.apiGateway.websocketApiId`.
    id: Value,
    /// Whether another stack owns the API.
    is_external: bool,
    description: Value,
}

fn compile(it: &mut Compilation<'_>) {
    let routes = route::read(it);
    if routes.is_empty() {
        return;
    }
    let provider = &it.service.provider.raw;
    let external = provider.pointer("/apiGateway/websocketApiId").filter(|id| truthy(id));
    let description = provider.get("websocketsDescription").filter(|text| truthy(text));
    let api = Api {
        id: external.cloned().unwrap_or_else(|| reference(naming::API)),
        is_external: external.is_some(),
        description: description.cloned().unwrap_or_else(|| json!(DEFAULT_DESCRIPTION)),
    };
    if !api.is_external {
        add_api(it, &api);
    }
    // One kind after the other: the deployment's logical id follows from the order (see `content_id`).
    for add in [add_integration, add_route_response, add_authorizer, add_permissions, add_route] {
        routes.iter().for_each(|route| add(it, route, &api));
    }
    if !api.is_external {
        stage::compile(it, &api);
    }
    add_deployment(it, &routes, &api);
}

/// The API, and the right of the functions to send messages to its clients.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html>
fn add_api(it: &mut Compilation<'_>, api: &Api) {
    let provider = &it.service.provider.raw;
    let selection = provider.get("websocketsApiRouteSelectionExpression").filter(|text| truthy(text)).cloned();
    let properties = json!({
        "Name": it.names().websocket_api(),
        "RouteSelectionExpression": selection.unwrap_or_else(|| json!(DEFAULT_ROUTE_SELECTION)),
        "Description": api.description,
        "ProtocolType": "WEBSOCKET",
        "Tags": provider.get("tags").filter(|tags| tags.is_object()),
    });
    it.set_resource(naming::API, resource("AWS::ApiGatewayV2::Api", properties), "provider.websocket");
    it.allow(json!({
        "Effect": "Allow",
        "Action": ["execute-api:ManageConnections"],
        "Resource": [sub("arn:${AWS::Partition}:execute-api:*:*:*/@connections/*")],
    }));
}

fn add_integration(it: &mut Compilation<'_>, route: &Route<'_>, api: &Api) {
    let integration = waiting_resource(
        "AWS::ApiGatewayV2::Integration",
        TargetAlias::of(route.function).map(|alias| json!(alias.logical_id)),
        json!({
            "ApiId": api.id,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": invocation_uri(target(route.function)),
        }),
    );
    it.add_resource(naming::integration(&route.function.key), integration, &route.place);
}

fn add_authorizer(it: &mut Compilation<'_>, route: &Route<'_>, api: &Api) {
    let Some(authorizer) = &route.authorizer else { return };
    // By the name also where an ARN is given: it may be that of the function.
    let alias =
        it.service.functions.get(&authorizer.name).and_then(TargetAlias::of).map(|alias| json!(alias.logical_id));
    let resource = waiting_resource(
        "AWS::ApiGatewayV2::Authorizer",
        alias,
        json!({
            "ApiId": api.id,
            "Name": authorizer.name,
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": invocation_uri(authorizer.callee.arn()),
            "IdentitySource": authorizer.identity_source,
        }),
    );
    it.add_resource(naming::authorizer(&authorizer.name), resource, &format!("{}.authorizer", route.place));
}

/// The rights of API Gateway to call the route's function and its authorizer's.
fn add_permissions(it: &mut Compilation<'_>, route: &Route<'_>, api: &Api) {
    let alias = TargetAlias::of(route.function).map(|alias| alias.logical_id);
    let depends_on = [alias.unwrap_or_else(|| function::logical_id(&route.function.key))];
    let own = json!({ "FunctionName": target(route.function), "Action": INVOKE, "Principal": PRINCIPAL });
    it.set_resource(naming::permission(&route.function.key), permission(own, &depends_on, api), &route.place);
    let Some(Authorizer { name, callee, .. }) = &route.authorizer else { return };
    let depends_on: Vec<String> = match callee {
        Callee::Own(function) => std::iter::once(function::logical_id(&function.key))
            .chain(TargetAlias::of(function).map(|alias| alias.logical_id))
            .collect(),
        Callee::Arn(_) => Vec::new(),
    };
    let theirs = json!({ "Action": INVOKE, "Principal": PRINCIPAL, "FunctionName": callee.arn() });
    let place = format!("{}.authorizer", route.place);
    it.set_resource(naming::permission(name), permission(theirs, &depends_on, api), &place);
}

fn permission(properties: Value, depends_on: &[String], api: &Api) -> Value {
    let api_id = api.id.get("Ref").and_then(Value::as_str).map(str::to_owned);
    let depends_on: Value = api_id.into_iter().chain(depends_on.iter().cloned()).collect();
    waiting_resource("AWS::Lambda::Permission", Some(depends_on), properties)
}

/// A resource that waits for others.
fn waiting_resource(kind: &str, depends_on: Option<Value>, properties: Value) -> Value {
    without_nulls(json!({ "Type": kind, "DependsOn": depends_on, "Properties": properties }))
}

fn add_route_response(it: &mut Compilation<'_>, route: &Route<'_>, api: &Api) {
    if route.response_selection.is_some() {
        let route_id = reference(&naming::route(&route.key));
        let response = resource(
            "AWS::ApiGatewayV2::RouteResponse",
            json!({ "ApiId": api.id, "RouteId": route_id, "RouteResponseKey": "$default" }),
        );
        it.add_resource(naming::route_response(&route.key), response, &route.place);
    }
}

fn add_route(it: &mut Compilation<'_>, route: &Route<'_>, api: &Api) {
    let logical_id = naming::route(&route.key);
    let authorizer = route.authorizer.as_ref().map(|authorizer| reference(&naming::authorizer(&authorizer.name)));
    let integration = reference(&naming::integration(&route.function.key));
    let properties = json!({
        "ApiId": api.id,
        "RouteKey": route.key,
        "AuthorizationType": if authorizer.is_some() { "CUSTOM" } else { "NONE" },
        "Target": join("/", [json!("integrations"), integration]),
        "RouteResponseSelectionExpression": route.response_selection,
        "AuthorizerId": authorizer,
    });
    it.set_resource(&logical_id, resource("AWS::ApiGatewayV2::Route", properties), &route.place);
}

/// The snapshot of the API that its stage serves.
fn add_deployment(it: &mut Compilation<'_>, routes: &[Route<'_>], api: &Api) {
    let logical_id = naming::deployment(&content_id(it, api));
    let depends_on: IndexSet<String> = routes
        .iter()
        .flat_map(|route| {
            let response = route.response_selection.is_some().then(|| naming::route_response(&route.key));
            response.into_iter().chain([naming::route(&route.key)])
        })
        .collect();
    let properties = json!({
        "ApiId": api.id,
        "Description": api.description,
        "StageName": api.is_external.then_some(&it.service.stage),
    });
    let mut deployment = resource("AWS::ApiGatewayV2::Deployment", properties);
    deployment["DependsOn"] = json!(depends_on);
    it.set_resource(&logical_id, deployment, "provider.websocket");
    it.template.set_output(
        "ServiceEndpointWebsocket",
        json!({
            "Description": "URL of the service endpoint",
            "Value": endpoint("wss", api.id.clone(), &format!("/{}", it.service.stage)),
        }),
    );
    if let Some(stage) = it.template.resources_mut().get_mut(naming::STAGE) {
        stage["Properties"]["DeploymentId"] = reference(&logical_id);
    }
}

/// A text that changes when the API does, so that a changed API is deployed anew and an unchanged one is not.
///
/// Of an API made here it is the framework's hash (Framework v3 `websockets/lib/deployment.js`), which a
/// stack that moves to rlx has already: the SHA-256, in base64, of the API's resources as compact JSON.
/// That hash misses what the service adds in `resources` and functions with names of their own; where
/// there are such, their hash is added to it.
fn content_id(it: &Compilation<'_>, api: &Api) -> String {
    let is_part = |logical_id: &str, resource: &Value| {
        logical_id == naming::API || resource.pointer("/Properties/ApiId") == Some(&api.id)
    };
    let mut rest = ContentId::new(it.service);
    for (logical_id, resource) in it.template.resources().filter(|(id, resource)| is_part(id, resource)) {
        rest.add_referred(resource);
        if api.is_external {
            rest.add_resource(logical_id, resource);
        }
    }
    rest.add_user_resources(|logical_id, resource| {
        is_part(logical_id, resource) || it.template.resource(logical_id).is_some_and(|own| is_part(logical_id, own))
    });
    if api.is_external {
        return rest.finish();
    }
    let depends_on_api =
        |resource: &Value| resource["DependsOn"].as_array().is_some_and(|list| list.iter().any(|id| id == naming::API));
    let parts: Map<String, Value> = it
        .template
        .resources()
        .filter(|(id, resource)| is_part(id, resource) || depends_on_api(resource))
        .map(|(id, resource)| (id.clone(), resource.clone()))
        .collect();
    let hash = BASE64.encode(Sha256::digest(Value::Object(parts).to_string().as_bytes()));
    if rest.is_empty() { hash } else { hash + &rest.finish() }
}
