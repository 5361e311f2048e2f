//! WebSocket APIs.

use super::normalize_resource;

/// `getWebsocketsApiLogicalId`.
pub const API: &str = "WebsocketsApi";
/// `getWebsocketsStageLogicalId`.
pub const STAGE: &str = "WebsocketsDeploymentStage";
/// `getWebsocketsLogGroupLogicalId`.
pub const LOG_GROUP: &str = "WebsocketsLogGroup";

/// `getWebsocketsIntegrationLogicalId`.
pub fn integration(function: &str) -> String {
    format!("{}WebsocketsIntegration", normalize_resource(function))
}

/// `getLambdaWebsocketsPermissionLogicalId`.
pub fn permission(function: &str) -> String {
    format!("{}LambdaPermissionWebsockets", normalize_resource(function))
}

/// `getNormalizedWebsocketsRouteKey`.
fn route_key(route: &str) -> String {
    route.replace('$', "S").replace('/', "Slash").replace('-', "Dash").replace('_', "Underscore").replace('.', "Period")
}

/// `getWebsocketsRouteLogicalId`.
pub fn route(route: &str) -> String {
    format!("{}WebsocketsRoute", route_key(route))
}

/// `getWebsocketsRouteResponseLogicalId`.
pub fn route_response(key: &str) -> String {
    format!("{}Response", route(key))
}

/// `getWebsocketsDeploymentLogicalId`; only letters and digits of the hash are kept.
pub fn deployment(hash: &str) -> String {
    format!("WebsocketsDeployment{}", hash.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
}

/// `getWebsocketsAuthorizerLogicalId`.
pub fn authorizer(name: &str) -> String {
    format!("{}WebsocketsAuthorizer", normalize_resource(name))
}
