//! CloudFront and Lambda@Edge.

use super::{normalize_alphanumeric, normalize_resource};
use serde_json::Value;

/// `getCloudFrontDistributionLogicalId`.
pub const DISTRIBUTION: &str = "CloudFrontDistribution";
/// `getCloudFrontDistributionDomainNameLogicalId`.
pub const DISTRIBUTION_DOMAIN_NAME: &str = "CloudFrontDistributionDomainName";

/// `getLambdaAtEdgeInvokePermissionLogicalId`.
pub fn invoke_permission(function: &str) -> String {
    format!("{}InvokePermission", super::function::logical_id(function))
}

/// `getCloudFrontCachePolicyLogicalId`.
pub fn cache_policy(name: &str) -> String {
    format!("CloudFrontCachePolicy{}", normalize_resource(name))
}

/// `getCloudFrontOriginId`: kind, domain and path of an origin.
pub fn origin_id(origin: &Value) -> String {
    let kind = if origin.get("S3OriginConfig").is_some_and(|v| !v.is_null()) { "s3" } else { "custom" };
    let domain = match origin.get("DomainName") {
        Some(Value::String(domain)) => domain.clone(),
        Some(other) => normalize_alphanumeric(&other.to_string()),
        None => String::new(),
    };
    let path = origin.get("OriginPath").and_then(Value::as_str).unwrap_or_default();
    format!("{kind}/{domain}{path}")
}
