//! HTTP APIs.

use super::{normalize_path, normalize_resource};

/// `getHttpApiLogicalId`.
pub const API: &str = "HttpApi";
/// `getHttpApiStageLogicalId`.
pub const STAGE: &str = "HttpApiStage";
/// `getHttpApiLogGroupLogicalId`.
pub const LOG_GROUP: &str = "HttpApiLogGroup";

/// `getHttpApiIntegrationLogicalId`.
pub fn integration(function: &str) -> String {
    format!("HttpApiIntegration{}", normalize_resource(function))
}

/// `getHttpApiRouteLogicalId`; the route key is `METHOD /path` or `*`.
pub fn route(route_key: &str) -> String {
    if route_key == "*" {
        return "HttpApiRouteDefault".to_owned();
    }
    format!("HttpApiRoute{}", normalize_path(route_key))
}

/// `getHttpApiAuthorizerLogicalId`.
pub fn authorizer(name: &str) -> String {
    format!("HttpApiAuthorizer{}", normalize_resource(name))
}

/// `getLambdaHttpApiPermissionLogicalId`.
pub fn permission(function: &str) -> String {
    format!("{}LambdaPermissionHttpApi", normalize_resource(function))
}

/// `getLambdaAuthorizerHttpApiPermissionLogicalId`.
pub fn authorizer_permission(authorizer: &str) -> String {
    format!("{}LambdaAuthorizerPermissionHttpApi", normalize_resource(authorizer))
}
