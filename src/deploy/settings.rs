//! What a service says of its stack beside the template.

use crate::manifest::Service;
use crate::template::Template;
use crate::template::value::truthy;
use aws_sdk_cloudformation::types::{
    Capability, DeploymentConfig, DeploymentConfigMode, Parameter, RollbackConfiguration, RollbackTrigger, Tag,
};
use serde::Serialize;
use serde_json::Value;

/// What goes with a template when a stack is made or changed
/// (Framework v3 `getSharedStackActionParams`, `getCreateChangeSetParams`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StackSettings {
    /// The stack's name.
    pub name: String,
    /// `provider.stackParameters`.
    pub parameters: Vec<(String, String)>,
    /// `STAGE`, and `provider.stackTags` over it.
    pub tags: Vec<(String, String)>,
    /// The template uses macros, so that CloudFormation must be allowed to expand it.
    pub transforms: bool,
    /// `provider.iam.deploymentRole`, else `provider.cfnRole`.
    pub role_arn: Option<String>,
    /// `provider.notificationArns`.
    pub notification_arns: Vec<String>,
    /// `provider.rollbackConfiguration`.
    pub rollback: Option<Value>,
    /// `provider.disableRollback`.
    pub disable_rollback: bool,
    /// `provider.stackPolicy`.
    pub policy: Vec<Value>,
}

impl StackSettings {
    /// Of a service and its template.
    pub fn new(service: &Service, template: &Template) -> Self {
        let provider = &service.provider;
        let mut tags = vec![("STAGE".to_owned(), service.stage.clone())];
        // A tag of the service that differs from the default one in case only replaces it.
        tags.retain(|(key, _)| !provider.stack_tags.keys().any(|own| own.eq_ignore_ascii_case(key)));
        tags.extend(provider.stack_tags.iter().map(|(key, value)| (key.clone(), text(value))));
        let role = provider.iam.as_ref().and_then(|iam| iam.get("deploymentRole")).or(provider.cfn_role.as_ref());
        Self {
            name: service.stack_name(),
            parameters: provider.stack_parameters.iter().filter_map(parameter).collect(),
            tags,
            transforms: template.root.get("Transform").is_some_and(truthy),
            role_arn: role.and_then(Value::as_str).map(str::to_owned),
            notification_arns: provider.notification_arns.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            rollback: provider.rollback_configuration.clone(),
            disable_rollback: provider.disable_rollback.unwrap_or_default(),
            policy: provider.stack_policy.clone(),
        }
    }
}

impl StackSettings {
    pub(super) fn capabilities(&self) -> Vec<Capability> {
        let mut all = vec![Capability::CapabilityIam, Capability::CapabilityNamedIam];
        if self.transforms {
            all.push(Capability::CapabilityAutoExpand);
        }
        all
    }

    pub(super) fn sdk_parameters(&self) -> Vec<Parameter> {
        self.parameters.iter().map(|(k, v)| Parameter::builder().parameter_key(k).parameter_value(v).build()).collect()
    }

    pub(super) fn sdk_tags(&self) -> Vec<Tag> {
        self.tags.iter().map(|(k, v)| Tag::builder().key(k).value(v).build()).collect()
    }

    pub(super) fn sdk_rollback(&self) -> Option<RollbackConfiguration> {
        let rollback = self.rollback.as_ref()?;
        let minutes = rollback.get("MonitoringTimeInMinutes").and_then(Value::as_i64);
        let triggers = rollback.get("RollbackTriggers").and_then(Value::as_array).into_iter().flatten();
        let text = |trigger: &Value, key: &str| trigger.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(
            RollbackConfiguration::builder()
                .set_monitoring_time_in_minutes(minutes.and_then(|m| i32::try_from(m).ok()))
                .set_rollback_triggers(Some(
                    triggers
                        .map(|t| RollbackTrigger::builder().set_arn(text(t, "Arn")).set_type(text(t, "Type")).build())
                        .collect(),
                ))
                .build(),
        )
    }
}

/// CloudFormation's express mode, where it is asked for: done is told before every resource has settled.
pub(super) fn deployment(express: bool) -> Option<DeploymentConfig> {
    express.then(|| DeploymentConfig::builder().mode(DeploymentConfigMode::Express).build())
}

fn parameter(value: &Value) -> Option<(String, String)> {
    let key = value.get("ParameterKey")?.as_str()?.to_owned();
    Some((key, value.get("ParameterValue").map(text).unwrap_or_default()))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Gives a call that makes or changes a stack what the service says of it. A macro, since the SDK has a builder
/// of its own for each of these calls.
macro_rules! with_settings {
    ($call:expr, $settings:expr) => {
        $call
            .stack_name(&$settings.name)
            .set_capabilities(Some($settings.capabilities()))
            .set_parameters(Some($settings.sdk_parameters()))
            .set_tags(Some($settings.sdk_tags()))
            .set_role_arn($settings.role_arn.clone())
            .set_notification_arns(Some($settings.notification_arns.clone()))
            .set_rollback_configuration($settings.sdk_rollback())
    };
}

pub(super) use with_settings;
