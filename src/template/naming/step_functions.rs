//! State machines, as serverless-step-functions names them (`lib/naming.js`).

use super::normalize_resource;

/// `getApiToStepFunctionsIamRoleLogicalId`.
pub const API_ROLE: &str = "ApigatewayToStepFunctionsRole";
/// The name of the policy in that role.
pub const API_POLICY: &str = "apigatewaytostepfunctions";

/// `getStateMachineLogicalId`; `own` is `id` or `name` of the state machine.
pub fn machine(key: &str, own: Option<&str>) -> String {
    match own {
        Some(own) => normalize_resource(own),
        None => format!("{}StepFunctionsStateMachine", normalize_resource(key)),
    }
}

/// `getStateMachineOutputLogicalId`.
pub fn machine_output(key: &str, own: Option<&str>) -> String {
    format!("{}Arn", machine(key, own))
}

/// The role of a state machine.
pub fn role(machine: &str) -> String {
    format!("{machine}Role")
}

/// `getActivityLogicalId`.
pub fn activity(name: &str) -> String {
    format!("{}StepFunctionsActivity", normalize_resource(name))
}

/// `getActivityOutputLogicalId`.
pub fn activity_output(name: &str) -> String {
    format!("{}Arn", activity(name))
}

/// `getScheduleId`, the id of a rule's target.
pub fn schedule_target(key: &str) -> String {
    format!("{key}StepFunctionsSchedule")
}

/// `getScheduleLogicalId`; numbers begin with 1.
pub fn schedule_rule(key: &str, number: usize) -> String {
    format!("{}StepFunctionsEventsRuleSchedule{number}", normalize_resource(key))
}

/// `getSchedulerScheduleLogicalId`; numbers begin with 1.
pub fn schedule(key: &str, number: usize) -> String {
    format!("{}StepFunctionsSchedulerSchedule{number}", normalize_resource(key))
}

/// `getScheduleToStepFunctionsIamRoleLogicalId`.
pub fn schedule_role(key: &str) -> String {
    format!("{}ScheduleToStepFunctionsRole", normalize_resource(key))
}

/// `getCloudWatchEventId`, the id of a rule's target.
pub fn rule_target(key: &str) -> String {
    format!("{key}CloudWatchEvent")
}

/// `getCloudWatchEventLogicalId`; numbers begin with 1.
pub fn rule(key: &str, number: usize) -> String {
    format!("{}EventsRuleCloudWatchEvent{number}", normalize_resource(key))
}

/// `getCloudWatchEventToStepFunctionsIamRoleLogicalId`.
pub fn rule_role(key: &str) -> String {
    format!("{}EventToStepFunctionsRole", normalize_resource(key))
}

/// An alarm on a metric of a state machine (`compileAlarms.js`).
pub fn alarm(machine: &str, metric: &str) -> String {
    format!("{machine}{metric}Alarm")
}

/// The rule that tells of a status of executions (`compileNotifications.js`).
pub fn notification_rule(machine: &str, status: &str) -> String {
    format!("{machine}Notifications{}EventRule", status.replacen('_', "", 1))
}

/// The role of those rules.
pub fn notification_role(machine: &str) -> String {
    format!("{machine}NotificationsIamRole")
}

/// What allows a rule to tell a target.
pub fn notification_policy(machine: &str, hash: &str) -> String {
    format!("{machine}ResourcePolicy{hash}")
}
