//! Layers.

use super::normalize_resource;

/// `getLambdaLayerLogicalId`; a retained layer has its hash appended.
pub fn logical_id(layer: &str) -> String {
    format!("{}LambdaLayer", normalize_resource(layer))
}

/// `getLambdaLayerPermissionLogicalId`.
pub fn permission(layer: &str, account: &str) -> String {
    format!("{}{}LambdaLayerPermission", normalize_resource(layer), account.replacen('*', "Wild", 1))
}

/// `getLambdaLayerOutputLogicalId`.
pub fn output(layer: &str) -> String {
    format!("{}QualifiedArn", logical_id(layer))
}

/// `getLambdaLayerHashOutputLogicalId`.
pub fn hash_output(layer: &str) -> String {
    format!("{}Hash", logical_id(layer))
}

/// `getLambdaLayerS3KeyOutputLogicalId`.
pub fn s3_key_output(layer: &str) -> String {
    format!("{}S3Key", logical_id(layer))
}
