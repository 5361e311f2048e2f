//! What a service says of its stack beside the template.

use crate::manifest::Service;
use crate::template::Template;
use crate::template::value::truthy;
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

fn parameter(value: &Value) -> Option<(String, String)> {
    let key = value.get("ParameterKey")?.as_str()?.to_owned();
    Some((key, value.get("ParameterValue").map(text).unwrap_or_default()))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
