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
use super::gateway::{PRINCIPAL, endpoint, invocation_uri, resource};
use crate::template::naming::{function, websocket as naming};
use crate::template::value::{join, reference, sub, truthy};
use crate::template::{Compilation, TargetAlias, depend_on_alias, target};
use route::{Authorizer, Callee, Route};
use serde_json::{Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "websocket", schema: schema::schema, compile };

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
    for route in &routes {
        add_integration(it, route, &api);
        add_authorizer(it, route, &api);
        add_permissions(it, route, &api);
    }
    for route in &routes {
        add_route(it, route, &api);
    }
    let deployment = add_deployment(it, &routes, &api);
    if !api.is_external {
        stage::compile(it, &deployment, &api);
    }
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
    let mut integration = resource(
        "AWS::ApiGatewayV2::Integration",
        json!({
            "ApiId": api.id,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": invocation_uri(target(route.function)),
        }),
    );
    depend_on_alias(&mut integration, route.function);
    it.add_resource(naming::integration(&route.function.key), integration, &route.place);
}

fn add_authorizer(it: &mut Compilation<'_>, route: &Route<'_>, api: &Api) {
    let Some(authorizer) = &route.authorizer else { return };
    let mut resource = resource(
        "AWS::ApiGatewayV2::Authorizer",
        json!({
            "ApiId": api.id,
            "Name": authorizer.name,
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": invocation_uri(authorizer.callee.arn()),
            "IdentitySource": authorizer.identity_source,
        }),
    );
    if let Callee::Own(function) = &authorizer.callee {
        depend_on_alias(&mut resource, function);
    }
    it.add_resource(naming::authorizer(&authorizer.name), resource, &format!("{}.authorizer", route.place));
}

/// The rights of API Gateway to call the route's function and its authorizer's.
fn add_permissions(it: &mut Compilation<'_>, route: &Route<'_>, api: &Api) {
    let alias = TargetAlias::of(route.function).map(|alias| alias.logical_id);
    let depends_on = [alias.unwrap_or_else(|| function::logical_id(&route.function.key))];
    let own = permission(target(route.function), &depends_on, api);
    it.set_resource(naming::permission(&route.function.key), own, &route.place);
    let Some(Authorizer { name, callee, .. }) = &route.authorizer else { return };
    let depends_on: Vec<String> = match callee {
        Callee::Own(function) => std::iter::once(function::logical_id(&function.key))
            .chain(TargetAlias::of(function).map(|alias| alias.logical_id))
            .collect(),
        Callee::Arn(_) => Vec::new(),
    };
    let theirs = permission(callee.arn(), &depends_on, api);
    it.set_resource(naming::permission(name), theirs, &format!("{}.authorizer", route.place));
}

fn permission(function: Value, depends_on: &[String], api: &Api) -> Value {
    let api_id = api.id.get("Ref").and_then(Value::as_str).map(str::to_owned);
    let mut permission = resource(
        "AWS::Lambda::Permission",
        json!({ "FunctionName": function, "Action": "lambda:InvokeFunction", "Principal": PRINCIPAL }),
    );
    permission["DependsOn"] = api_id.into_iter().chain(depends_on.iter().cloned()).collect();
    permission
}

/// A route, and its response where the function's result goes back to the caller.
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
    it.add_resource(&logical_id, resource("AWS::ApiGatewayV2::Route", properties), &route.place);
    if route.response_selection.is_some() {
        let response = resource(
            "AWS::ApiGatewayV2::RouteResponse",
            json!({ "ApiId": api.id, "RouteId": reference(&logical_id), "RouteResponseKey": "$default" }),
        );
        it.add_resource(naming::route_response(&route.key), response, &route.place);
    }
}

/// The snapshot of the API that its stage serves. Its logical id follows the content, so that
/// a changed API is deployed anew, and an unchanged one is not.
fn add_deployment(it: &mut Compilation<'_>, routes: &[Route<'_>], api: &Api) -> String {
    let logical_id = naming::deployment(&content_id(it, api));
    let depends_on: Vec<String> = routes
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
    logical_id
}

fn content_id(it: &Compilation<'_>, api: &Api) -> String {
    let is_part = |logical_id: &str, resource: &Value| {
        logical_id == naming::API || resource.pointer("/Properties/ApiId") == Some(&api.id)
    };
    let mut content = ContentId::new(it.service);
    content.add("api", &api.id);
    for (logical_id, resource) in it.template.resources().filter(|(id, resource)| is_part(id, resource)) {
        content.add_resource(logical_id, resource);
    }
    content.add_user_resources(is_part);
    content.finish()
}
