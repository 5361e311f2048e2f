//! Events that push: buckets, topics, rules, logs, user pools, IoT, Alexa. Indexes count from 1.

use super::{normalize_alphanumeric, normalize_resource};
use std::fmt::Display;

/// `getBucketLogicalId`.
pub fn bucket(bucket: &str) -> String {
    format!("S3Bucket{}", normalize_alphanumeric(bucket))
}

/// `getLambdaS3PermissionLogicalId`.
pub fn bucket_permission(function: &str, bucket: &str) -> String {
    format!("{}LambdaPermission{}S3", normalize_resource(function), normalize_alphanumeric(bucket))
}

/// `getTopicLogicalId`.
pub fn topic(topic: &str) -> String {
    format!("SNSTopic{}", normalize_alphanumeric(topic))
}

/// `getTopicDLQPolicyLogicalId`.
pub fn topic_dead_letter_policy(function: &str, topic: &str) -> String {
    format!("{}To{}DLQPolicy", normalize_alphanumeric(topic), normalize_resource(function))
}

/// `getLambdaSnsPermissionLogicalId`.
pub fn topic_permission(function: &str, topic: &str) -> String {
    format!("{}LambdaPermission{}SNS", normalize_resource(function), normalize_alphanumeric(topic))
}

/// `getLambdaSnsSubscriptionLogicalId`.
pub fn topic_subscription(function: &str, topic: &str) -> String {
    format!("{}SnsSubscription{}", normalize_resource(function), normalize_alphanumeric(topic))
}

/// `getScheduleId`: the target's id inside a rule.
pub fn schedule_target(function: &str) -> String {
    format!("{function}Schedule")
}

/// `getScheduleLogicalId`.
pub fn schedule(function: &str, index: impl Display) -> String {
    format!("{}EventsRuleSchedule{index}", normalize_resource(function))
}

/// `getSchedulerScheduleLogicalId`.
pub fn scheduler_schedule(function: &str, index: impl Display) -> String {
    format!("{}SchedulerSchedule{index}", normalize_resource(function))
}

/// `getLambdaSchedulePermissionLogicalId`.
pub fn schedule_permission(function: &str, index: impl Display) -> String {
    format!("{}LambdaPermissionEventsRuleSchedule{index}", normalize_resource(function))
}

/// `getIotLogicalId`.
pub fn iot_rule(function: &str, index: impl Display) -> String {
    format!("{}IotTopicRule{index}", normalize_resource(function))
}

/// `getLambdaIotPermissionLogicalId`.
pub fn iot_permission(function: &str, index: impl Display) -> String {
    format!("{}LambdaPermissionIotTopicRule{index}", normalize_resource(function))
}

/// `getIotFleetProvisioningLogicalId`.
pub fn iot_provisioning_template(function: &str) -> String {
    format!("{}IotProvisioningTemplate", normalize_resource(function))
}

/// `getLambdaIotFleetProvisioningPermissionLogicalId`.
pub fn iot_provisioning_permission(function: &str) -> String {
    format!("{}LambdaPermissionIotProvisioningTemplate", normalize_resource(function))
}

/// `getCloudWatchEventId`: the target's id inside a rule.
pub fn cloud_watch_event_target(function: &str) -> String {
    format!("{function}CloudWatchEvent")
}

/// `getCloudWatchEventLogicalId`.
pub fn cloud_watch_event(function: &str, index: impl Display) -> String {
    format!("{}EventsRuleCloudWatchEvent{index}", normalize_resource(function))
}

/// `getLambdaCloudWatchEventPermissionLogicalId`.
pub fn cloud_watch_event_permission(function: &str, index: impl Display) -> String {
    format!("{}LambdaPermissionEventsRuleCloudWatchEvent{index}", normalize_resource(function))
}

/// `getCloudWatchLogLogicalId`.
pub fn cloud_watch_log(function: &str, index: impl Display) -> String {
    format!("{}LogsSubscriptionFilterCloudWatchLog{index}", normalize_resource(function))
}

/// `getLambdaCloudWatchLogPermissionLogicalId`.
pub fn cloud_watch_log_permission(function: &str) -> String {
    format!("{}LambdaPermissionLogsSubscriptionFilterCloudWatchLog", normalize_resource(function))
}

/// `getCognitoUserPoolLogicalId`.
pub fn user_pool(pool: &str) -> String {
    format!("CognitoUserPool{}", normalize_alphanumeric(pool))
}

/// `getLambdaCognitoUserPoolPermissionLogicalId`.
pub fn user_pool_permission(function: &str, pool: &str, trigger: &str) -> String {
    format!(
        "{}LambdaPermissionCognitoUserPool{}TriggerSource{}",
        normalize_resource(function),
        normalize_alphanumeric(pool),
        normalize_alphanumeric(trigger)
    )
}

/// `getLambdaAlexaSkillPermissionLogicalId`.
pub fn alexa_skill_permission(function: &str, index: impl Display) -> String {
    format!("{}LambdaPermissionAlexaSkill{index}", normalize_resource(function))
}

/// `getLambdaAlexaSmartHomePermissionLogicalId`.
pub fn alexa_smart_home_permission(function: &str, index: impl Display) -> String {
    format!("{}LambdaPermissionAlexaSmartHome{index}", normalize_resource(function))
}

/// `getEventBridgeEventBusLogicalId`.
pub fn event_bus(bus: &str) -> String {
    format!("{}EventBridgeEventBus", normalize_resource(bus))
}

/// `getEventBridgeRuleLogicalId`; takes the rule's name.
pub fn event_bridge_rule(rule: &str) -> String {
    format!("{}EventBridgeRule", normalize_alphanumeric(rule))
}

/// `getEventBridgeLambdaPermissionLogicalId`.
pub fn event_bridge_permission(function: &str, index: impl Display) -> String {
    format!("{}EventBridgeLambdaPermission{index}", normalize_resource(function))
}
