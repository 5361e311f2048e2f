//! The functions behind custom resources, and the resources that they serve.

use super::{function, normalize_resource};

/// `getCustomResourcesRoleLogicalId`.
pub const ROLE: &str = "IamRoleCustomResourcesLambdaExecution";
/// `getCustomResourcesArtifactName`.
pub const ARTIFACT: &str = "custom-resources.zip";

/// Handler of `s3` events on existing buckets.
pub const S3: &str = "custom-resource-existing-s3";
/// Handler of `cognitoUserPool` events on existing pools.
pub const COGNITO_USER_POOL: &str = "custom-resource-existing-cup";
/// Handler of `eventBridge` events.
pub const EVENT_BRIDGE: &str = "custom-resource-event-bridge";
/// Sets the account's CloudWatch role for API Gateway.
pub const API_GATEWAY_CLOUD_WATCH_ROLE: &str = "custom-resource-apigw-cw-role";
/// `getCustomResourceApiGatewayAccountCloudWatchRoleResourceLogicalId`.
pub const API_GATEWAY_ACCOUNT_ROLE: &str = "CustomApiGatewayAccountCloudWatchRole";

/// The logical id of a handler's function; `name` is one of the constants above.
pub fn handler(name: &str) -> String {
    function::logical_id(&normalize_resource(name))
}

/// `getCustomResourceS3ResourceLogicalId`; the 1 stems from a time of several per function.
pub fn s3_resource(function: &str) -> String {
    format!("{}CustomS31", normalize_resource(function))
}

/// `getCustomResourceCognitoUserPoolResourceLogicalId`.
pub fn cognito_user_pool_resource(function: &str) -> String {
    format!("{}CustomCognitoUserPool1", normalize_resource(function))
}

/// `getCustomResourceEventBridgeResourceLogicalId`.
pub fn event_bridge_resource(function: &str, index: impl std::fmt::Display) -> String {
    format!("{}CustomEventBridge{index}", normalize_resource(function))
}
