//! serverless-stack-termination-protection: a stack of a protected stage refuses to be deleted, from
//! `custom.serverlessTerminationProtection` (README of its version 2).

use crate::aws::{Aws, AwsError, Named};
use crate::deploy::progress::{Progress, Watch};
use crate::deploy::stack::Stack;
use crate::iam::requirements::OwnCall;
use crate::manifest::schema::build::*;
use crate::manifest::{Service, plugins};
use serde_json::Value;

/// Its package name.
pub const NAME: &str = "serverless-stack-termination-protection";

/// The schema of `custom.serverlessTerminationProtection`.
pub fn schema() -> Value {
    // No list by its type: a text would become one, and the plugin protects all stages then.
    let stages =
        doc(serde_json::json!({}), "A list of the protected stages; the others lose protection [default: all].");
    any_of([object([("stages", stages)]), boolean()])
}

/// Whether the stage's stack is to be protected; `None` where nothing is said of it.
pub fn wanted(service: &Service) -> Option<bool> {
    if !plugins::uses(&service.plugins, NAME) {
        return None;
    }
    let stages = service.custom.pointer("/serverlessTerminationProtection/stages").and_then(Value::as_array);
    Some(stages.is_none_or(|stages| stages.is_empty() || stages.iter().any(|stage| *stage == *service.stage)))
}

/// What changing it calls.
pub fn calls(stack: &str) -> Vec<OwnCall> {
    vec![OwnCall {
        action: "cloudformation:UpdateTerminationProtection",
        resource: format!("cloudformation:${{Region}}:${{Account}}:stack/{stack}/*"),
        why: "termination protection",
    }]
}

/// Turns it on or off.
pub async fn set(aws: &Aws, stack: &Stack, protected: bool, watch: Watch<'_>) -> Result<(), AwsError> {
    watch(Progress::Step(match protected {
        true => "protecting the stack against deletion",
        false => "taking the stack's protection against deletion away",
    }));
    aws.cloudformation()
        .update_termination_protection()
        .stack_name(&stack.name)
        .enable_termination_protection(protected)
        .send()
        .await
        .named("CloudFormation", "UpdateTerminationProtection")
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::service;

    fn of(custom: &str) -> Option<bool> {
        let manifest = format!("service: quay\nprovider: {{ name: aws, stage: prod }}\nplugins: [{NAME}]\n{custom}");
        wanted(&service(&manifest))
    }

    #[test]
    fn stages_in_the_list_are_protected_and_all_where_there_is_none() {
        assert_eq!(of("custom: { serverlessTerminationProtection: { stages: [stage, prod] } }"), Some(true));
        assert_eq!(of("custom: { serverlessTerminationProtection: { stages: [stage] } }"), Some(false));
        assert_eq!(of("custom: { serverlessTerminationProtection: true }"), Some(true));
        // The plugin looks for a list.
        assert_eq!(of("custom: { serverlessTerminationProtection: { stages: stage } }"), Some(true));
        assert_eq!(of(""), Some(true));
    }

    #[test]
    fn without_the_plugin_nothing_is_said() {
        assert_eq!(wanted(&service("service: quay\nprovider: { name: aws }")), None);
    }
}
