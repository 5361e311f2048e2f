//! Functions, their versions, aliases, URLs and log groups.

use super::normalize_resource;

/// The target alias of a function with provisioned concurrency (`getLambdaProvisionedConcurrencyAliasName`).
pub const PROVISIONED_ALIAS: &str = "provisioned";
/// The target alias of a function with SnapStart (`getLambdaSnapStartEnabledAliasName`).
pub const SNAP_START_ALIAS: &str = "snapstart";
/// The target alias of a durable function (`getLambdaDurableAliasName`).
pub const DURABLE_ALIAS: &str = "durable";

/// `getLambdaLogicalId`.
pub fn logical_id(function: &str) -> String {
    format!("{}LambdaFunction", normalize_resource(function))
}

/// `getLogGroupLogicalId`.
pub fn log_group(function: &str) -> String {
    format!("{}LogGroup", normalize_resource(function))
}

/// `getLogGroupName`: where Lambda writes by itself; takes the deployed name.
pub fn log_group_name(deployed_name: &str) -> String {
    format!("/aws/lambda/{deployed_name}")
}

/// `getLambdaFunctionUrlLogicalId`, also the output's name.
pub fn url(function: &str) -> String {
    format!("{}LambdaFunctionUrl", normalize_resource(function))
}

/// `getLambdaFnUrlPermissionLogicalId`: `lambda:InvokeFunctionUrl` for everybody.
pub fn url_permission(function: &str) -> String {
    format!("{}LambdaPermissionFnUrl", normalize_resource(function))
}

/// `getLambdaFnPermissionLogicalId`: `lambda:InvokeFunction` through the URL for everybody.
pub fn url_invoke_permission(function: &str) -> String {
    format!("{}LambdaPermissionFn", normalize_resource(function))
}

/// `getLambdaEventConfigLogicalId`.
pub fn event_invoke_config(function: &str) -> String {
    format!("{}LambdaEvConf", normalize_resource(function))
}

/// `getLambdaVersionLogicalId`; only letters and digits of the hash are kept.
pub fn version(function: &str, hash: &str) -> String {
    let hash: String = hash.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{}LambdaVersion{hash}", normalize_resource(function))
}

/// `getLambdaVersionOutputLogicalId`.
pub fn version_output(function: &str) -> String {
    format!("{}QualifiedArn", logical_id(function))
}

/// `getLambdaProvisionedConcurrencyAliasLogicalId`.
pub fn provisioned_alias(function: &str) -> String {
    format!("{}ProvConcLambdaAlias", normalize_resource(function))
}

/// `getLambdaSnapStartAliasLogicalId`.
pub fn snap_start_alias(function: &str) -> String {
    format!("{}SnapStartLambdaAlias", normalize_resource(function))
}

/// `getLambdaDurableAliasLogicalId`.
pub fn durable_alias(function: &str) -> String {
    format!("{}DurableLambdaAlias", normalize_resource(function))
}

/// The role of one function, as serverless-iam-roles-per-function names it.
pub fn own_role(function: &str) -> String {
    format!("{}IamRoleLambdaExecution", normalize_resource(function))
}

/// `extractLambdaNameFromArn`: what stands after the last colon.
pub fn name_from_arn(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}
