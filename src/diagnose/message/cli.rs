//! Command lines of the AWS CLI → the call that such a command makes.

use super::call::{Call, capitalized};
use super::forms::{set_known_call, set_operation, set_service};

/// Commands that are named unlike the operation that they call.
const COMMANDS: [(&str, &str, &str); 12] = [
    ("cloudformation", "deploy", "CreateChangeSet"),
    ("cloudformation", "package", "s3:PutObject"),
    ("codeartifact", "login", "GetAuthorizationToken"),
    ("ecr", "get-login", "GetAuthorizationToken"),
    ("ecr", "get-login-password", "GetAuthorizationToken"),
    ("ecr-public", "get-login-password", "GetAuthorizationToken"),
    ("ecs", "deploy", "RegisterTaskDefinition"),
    ("eks", "update-kubeconfig", "DescribeCluster"),
    ("emr", "create-cluster", "RunJobFlow"),
    ("emr", "terminate-clusters", "TerminateJobFlows"),
    ("emr", "add-steps", "AddJobFlowSteps"),
    ("logs", "tail", "FilterLogEvents"),
];

/// Reads `aws SERVICE COMMAND`.
pub(super) fn read(service: &str, command: &str, call: &mut Call) {
    if let Some((service, _, operation)) = COMMANDS.iter().find(|(of, name, _)| *of == service && *name == command) {
        let (service, operation) = operation.split_once(':').unwrap_or((service, operation));
        set_service(call, service);
        set_operation(call, operation);
        return;
    }
    let operation: String = command.split('-').map(capitalized).collect();
    // `s3api` is S3.
    set_known_call(call, if service == "s3api" { "s3" } else { service }, &operation);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_lead_to_actions() {
        for (service, command, wanted) in [
            ("s3api", "put-bucket-policy", "s3:PutBucketPolicy"),
            ("logs", "tail", "logs:FilterLogEvents"),
            ("cloudformation", "package", "s3:PutObject"),
            ("eks", "update-kubeconfig", "eks:DescribeCluster"),
            ("elbv2", "describe-load-balancers", "elasticloadbalancing:DescribeLoadBalancers"),
        ] {
            let mut call = Call::default();
            read(service, command, &mut call);
            assert_eq!(call.inferred_action().as_deref(), Some(wanted));
        }
    }
}
