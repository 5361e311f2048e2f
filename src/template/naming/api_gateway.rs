//! REST APIs.

use super::{camel_case, normalize_name, normalize_path, normalize_resource, start_case, upper_first};

/// `getRestApiLogicalId`.
pub const REST_API: &str = "ApiGatewayRestApi";
/// `getStageLogicalId`.
pub const STAGE: &str = "ApiGatewayStage";
/// `getApiGatewayLogGroupLogicalId`.
pub const LOG_GROUP: &str = "ApiGatewayLogGroup";

/// `generateApiGatewayDeploymentLogicalId`.
pub fn deployment(id: &str) -> String {
    format!("ApiGatewayDeployment{id}")
}

/// `getResourceLogicalId`.
pub fn resource(path: &str) -> String {
    format!("ApiGatewayResource{}", normalize_path(path))
}

/// `extractResourceId`: what names a resource inside a method's logical id.
pub fn resource_id(resource_logical_id: &str) -> &str {
    resource_logical_id.strip_prefix("ApiGatewayResource").unwrap_or(resource_logical_id)
}

/// `normalizeMethodName`.
pub fn normalize_method(method: &str) -> String {
    normalize_name(&method.to_lowercase())
}

/// `getMethodLogicalId`.
pub fn method(resource_id: &str, method: &str) -> String {
    format!("ApiGatewayMethod{resource_id}{}", normalize_method(method))
}

/// `getAuthorizerLogicalId`.
pub fn authorizer(name: &str) -> String {
    format!("{}ApiGatewayAuthorizer", normalize_resource(name))
}

/// `extractAuthorizerNameFromArn`: the last part of the function's deployed name.
pub fn authorizer_name_from_arn(arn: &str) -> &str {
    super::function::name_from_arn(arn).rsplit('-').next().unwrap_or(arn)
}

/// `getModelLogicalId`: a model that the provider names.
pub fn model(schema: &str) -> String {
    format!("ApiGateway{}Model", upper_first(&camel_case(schema)))
}

/// `getEndpointModelLogicalId`: a model that one endpoint has for itself.
pub fn endpoint_model(resource_id: &str, method_name: &str, content_type: &str) -> String {
    format!("{}{}Model", method(resource_id, method_name), start_case(content_type))
}

/// `getApiKeyLogicalId`.
pub fn api_key(number: usize, usage_plan: Option<&str>) -> String {
    format!("ApiGatewayApiKey{}{number}", usage_plan.map(normalize_name).unwrap_or_default())
}

/// `getUsagePlanLogicalId`.
pub fn usage_plan(name: Option<&str>) -> String {
    format!("ApiGatewayUsagePlan{}", name.map(normalize_name).unwrap_or_default())
}

/// `getUsagePlanKeyLogicalId`.
pub fn usage_plan_key(number: usize, usage_plan: Option<&str>) -> String {
    format!("ApiGatewayUsagePlanKey{}{number}", usage_plan.map(normalize_name).unwrap_or_default())
}

/// `getLambdaApiGatewayPermissionLogicalId`.
pub fn permission(function: &str) -> String {
    format!("{}LambdaPermissionApiGateway", normalize_resource(function))
}
