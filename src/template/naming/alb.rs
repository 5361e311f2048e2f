//! Application load balancers.

use super::normalize_resource;
use std::fmt::Display;

/// `getAlbTargetGroupLogicalId`.
pub fn target_group(function: &str, load_balancer: &str, multi_value_headers: bool) -> String {
    let multi = if multi_value_headers { "MultiValue" } else { "" };
    format!("{}Alb{multi}TargetGroup{load_balancer}", normalize_resource(function))
}

/// `getAlbListenerRuleLogicalId`.
pub fn listener_rule(function: &str, index: impl Display) -> String {
    format!("{}AlbListenerRule{index}", normalize_resource(function))
}

/// `getLambdaAlbPermissionLogicalId`.
pub fn permission(function: &str) -> String {
    format!("{}LambdaPermissionAlb", normalize_resource(function))
}

/// `getLambdaRegisterTargetPermissionLogicalId`.
pub fn register_target_permission(function: &str) -> String {
    format!("{}LambdaPermissionRegisterTarget", normalize_resource(function))
}
