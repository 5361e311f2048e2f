//! The failures that deploys meet most, in CloudFormation's own words, and the row that must know them.

use super::{quota, stack, template};
use crate::deploy::FailingEvent;
use crate::diagnose::{Evidence, diagnose};

fn event(resource_type: &str, status: &str, reason: &str) -> FailingEvent {
    FailingEvent {
        logical_id: "Thing".into(),
        resource_type: resource_type.into(),
        status: status.into(),
        reason: reason.into(),
        time: jiff::Timestamp::UNIX_EPOCH,
        stack_id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-dev/0a1b".into(),
        physical_id: None,
        log: Vec::new(),
    }
}

/// Failures of stacks, templates and quotas, as events tell them: row, resource type, status, words.
const EVENTS: &[(&str, &str, &str, &str)] = &[
    (
        "update-rollback-failed",
        "AWS::CloudFormation::Stack",
        "UPDATE_FAILED",
        "Stack:arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-dev/0a1b is in UPDATE_ROLLBACK_FAILED state and \
         can not be updated.",
    ),
    (
        "import-needs-retain",
        "AWS::CloudFormation::Stack",
        "VALIDATION_FAILED",
        "CloudFormation is attempting to import some resources because they already exist in your account. The resources \
         must have the DeletionPolicy attribute set to 'Retain' or 'RetainExceptOnCreate' in the template for successful \
         import. The affected resources are Queue ({QueueName=jobs})",
    ),
    (
        "export-missing",
        "AWS::CloudFormation::Stack",
        "ROLLBACK_IN_PROGRESS",
        "No export named core-dev-VpcId found. Rollback requested by user.",
    ),
    (
        "repository-not-empty",
        "AWS::ECR::Repository",
        "DELETE_FAILED",
        "Resource handler returned message: \"The repository with name 'shop' in registry with id '123456789012' cannot \
         be deleted because it still contains images (Service: Ecr, Status Code: 400, Request ID: 6c2a)\" (RequestToken: \
         1d2e, HandlerErrorCode: GeneralServiceException)",
    ),
    (
        "edge-function-replicated",
        "AWS::Lambda::Version",
        "DELETE_FAILED",
        "Lambda was unable to delete arn:aws:lambda:us-east-1:123456789012:function:shop-edge:3 because it is a \
         replicated function. Please see our documentation for Deleting Lambda@Edge Functions and Replicas. (Service: \
         Lambda, Status Code: 400, Request ID: 6c2a)",
    ),
    (
        "delete-conflict",
        "AWS::IAM::Role",
        "DELETE_FAILED",
        "Cannot delete entity, must detach all policies first. (Service: AmazonIdentityManagement; Status Code: 409; \
         Error Code: DeleteConflict; Request ID: 6c2a; Proxy: null)",
    ),
    (
        "termination-protection",
        "AWS::CloudFormation::Stack",
        "DELETE_FAILED",
        "Stack [shop-dev-Data-1ABC] cannot be deleted while TerminationProtection is enabled",
    ),
    (
        "custom-resource-failed",
        "Custom::Seed",
        "CREATE_FAILED",
        "Received response status [FAILED] from custom resource. Message returned: See the details in CloudWatch Log \
         Stream: 2026/01/31/[$LATEST]0a1b (RequestId: 6c2a)",
    ),
    (
        "did-not-stabilize",
        "AWS::ECS::Service",
        "UPDATE_FAILED",
        "Resource handler returned message: \"Exceeded attempts to wait\" (RequestToken: 1d2e, HandlerErrorCode: \
         NotStabilized)",
    ),
    ("hook-failed", "AWS::S3::Bucket", "CREATE_FAILED", "The following hook(s) failed: [Acme::Encryption::Hook]"),
    (
        "throttled",
        "AWS::ApiGateway::Method",
        "CREATE_FAILED",
        "Resource handler returned message: \"Too Many Requests (Service: ApiGateway, Status Code: 429, Request ID: \
         6c2a)\" (RequestToken: 1d2e, HandlerErrorCode: Throttling)",
    ),
    (
        "package-too-large",
        "AWS::Lambda::Function",
        "UPDATE_FAILED",
        "Resource handler returned message: \"Unzipped size must be smaller than 262144000 bytes (Service: Lambda, Status \
         Code: 400, Request ID: 6c2a)\" (RequestToken: 1d2e, HandlerErrorCode: InvalidRequest)",
    ),
    (
        "unresolved-dependency",
        "AWS::SQS::Queue",
        "CREATE_FAILED",
        "Properties validation failed for resource Queue with message: #: extraneous key [Delay] is not permitted",
    ),
    (
        "replacement-of-named-resource",
        "AWS::DynamoDB::Table",
        "UPDATE_FAILED",
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename orders-dev and \
         update the stack again.",
    ),
    (
        "not-found",
        "AWS::Lambda::EventSourceMapping",
        "CREATE_FAILED",
        "Resource handler returned message: \"Stream not found: arn:aws:kinesis:eu-west-1:123456789012:stream/clicks \
         (Service: Lambda, Status Code: 404, Request ID: 6c2a)\" (RequestToken: 1d2e, HandlerErrorCode: NotFound)",
    ),
];

#[test]
fn each_event_is_known_by_its_row() {
    for (row, resource_type, status, reason) in EVENTS {
        assert_eq!(cause(resource_type, status, reason), *row, "{reason}");
    }
}

#[test]
fn a_template_that_is_what_the_stack_already_is() {
    let text =
        "An error occurred (ValidationError) when calling the UpdateStack operation: No updates are to be performed.";
    assert_eq!(diagnose(&Evidence::text(text))[0].cause, "no-changes");
}

/// The row that an event leads to first.
fn cause(resource_type: &str, status: &str, reason: &str) -> String {
    diagnose(&Evidence::events(vec![event(resource_type, status, reason)]))[0].cause.to_string()
}

#[test]
fn a_name_that_is_taken() {
    let reason = "Resource handler returned message: \"Resource of type 'AWS::SQS::Queue' with identifier 'jobs' already \
                  exists.\" (RequestToken: 3c5a1f1e-0f0e-9d0c-6f8e-0c1d2e3f4a5b, HandlerErrorCode: AlreadyExists)";
    assert_eq!(cause("AWS::SQS::Queue", "CREATE_FAILED", reason), "already-exists");
    assert_eq!(cause("AWS::S3::Bucket", "CREATE_FAILED", "shop-dev-photos already exists"), "already-exists");
}

#[test]
fn a_log_group_that_is_left_over() {
    for reason in [
        "/aws/lambda/shop-dev-list already exists in stack arn:aws:cloudformation:eu-west-1:123456789012:stack/old/0a1b",
        "Resource handler returned message: \"Resource of type 'AWS::Logs::LogGroup' with identifier \
         '{\"/properties/LogGroupName\":\"/aws/lambda/shop-dev-list\"}' already exists.\" (RequestToken: 1d2e, \
         HandlerErrorCode: AlreadyExists)",
        "Resource of type 'AWS::Logs::LogGroup' with identifier '/aws/lambda/shop-dev-list' already exists.",
    ] {
        assert_eq!(cause("AWS::Logs::LogGroup", "CREATE_FAILED", reason), "log-group-left-over", "{reason}");
    }
}

#[test]
fn a_first_deploy_that_failed() {
    let text = "An error occurred (ValidationError) when calling the CreateChangeSet operation: \
                Stack:arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-dev/0a1b is in ROLLBACK_COMPLETE state \
                and can not be updated.";
    assert_eq!(diagnose(&Evidence::text(text))[0].cause, "rollback-complete");
}

#[test]
fn somebody_elses_deploy() {
    let text = "An error occurred (ValidationError) when calling the UpdateStack operation: \
                Stack:arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-dev/0a1b is in UPDATE_IN_PROGRESS state \
                and can not be updated.";
    assert_eq!(diagnose(&Evidence::text(text))[0].cause, "update-in-progress");
}

#[test]
fn an_export_that_another_stack_imports() {
    let reason = "Export shop-dev-TableArn cannot be updated as it is in use by billing-dev";
    assert_eq!(cause("AWS::CloudFormation::Stack", "UPDATE_ROLLBACK_IN_PROGRESS", reason), "export-in-use");
    let reason = "Cannot delete export shop-dev-TableArn as it is in use by billing-dev.";
    assert_eq!(cause("AWS::CloudFormation::Stack", "DELETE_FAILED", reason), "export-in-use");
}

#[test]
fn a_quota_that_is_used_up() {
    let reason = "Resource handler returned message: \"Cannot exceed quota for PoliciesPerRole: 10 (Service: Iam, Status \
                  Code: 409, Request ID: 6c2a0000-0000-4000-8000-000000000000)\" (RequestToken: 1d2e, HandlerErrorCode: \
                  ServiceLimitExceeded)";
    assert_eq!(cause("AWS::IAM::Role", "CREATE_FAILED", reason), "quota-exceeded");
    let reason = "Resource handler returned message: \"Code storage limit exceeded. (Service: Lambda, Status Code: 400, \
                  Request ID: 6c2a)\" (RequestToken: 1d2e, HandlerErrorCode: ServiceLimitExceeded)";
    assert_eq!(cause("AWS::Lambda::Function", "UPDATE_FAILED", reason), "code-storage-exceeded");
}

#[test]
fn a_role_that_lambda_cannot_assume_yet() {
    let reason = "Resource handler returned message: \"The role defined for the function cannot be assumed by Lambda. \
                  (Service: Lambda, Status Code: 400, Request ID: 6c2a)\" (RequestToken: 1d2e, HandlerErrorCode: \
                  InvalidRequest)";
    let found = diagnose(&Evidence::events(vec![event("AWS::Lambda::Function", "CREATE_FAILED", reason)]));
    assert!(found[0].summary.contains("not known everywhere yet"), "{}", found[0].summary);
}

#[test]
fn a_bucket_with_objects_in_it() {
    let reason = "The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: \
                  BucketNotEmpty; Request ID: 0A1B; S3 Extended Request ID: xyz=; Proxy: null)";
    assert_eq!(cause("AWS::S3::Bucket", "DELETE_FAILED", reason), "bucket-not-empty");
}

#[test]
fn network_interfaces_that_lambda_keeps_for_a_while() {
    let reason = "resource sg-0123456789abcdef0 has a dependent object (Service: AmazonEC2; Status Code: 400; Error Code: \
                  DependencyViolation; Request ID: 6c2a; Proxy: null)";
    assert_eq!(cause("AWS::EC2::SecurityGroup", "DELETE_FAILED", reason), "network-interface-in-use");
    let reason = "The subnet 'subnet-0123456789abcdef0' has dependencies and cannot be deleted. (Service: AmazonEC2; \
                  Status Code: 400; Error Code: DependencyViolation; Request ID: 6c2a; Proxy: null)";
    assert_eq!(cause("AWS::EC2::Subnet", "DELETE_FAILED", reason), "network-interface-in-use");
}

#[test]
fn a_runtime_that_the_region_does_not_have() {
    let reason = "Resource handler returned message: \"1 validation error detected: Value 'python3.15' at 'runtime' failed \
                  to satisfy constraint: Member must satisfy enum value set: [nodejs22.x, python3.13, provided.al2023] or \
                  be a valid ARN (Service: Lambda, Status Code: 400, Request ID: 6c2a)\" (RequestToken: 1d2e, \
                  HandlerErrorCode: InvalidRequest)";
    assert_eq!(cause("AWS::Lambda::Function", "CREATE_FAILED", reason), "runtime-unknown");
}

#[test]
fn resources_that_need_each_other() {
    let text = "An error occurred (ValidationError) when calling the CreateChangeSet operation: Template error: Circular \
                dependency between resources: [Topic, TopicPolicy, WorkerLambdaFunction]";
    assert_eq!(diagnose(&Evidence::text(text))[0].cause, "circular-dependency");
}

#[test]
fn what_was_cancelled_is_never_the_root() {
    let cancelled = event("AWS::SQS::Queue", "CREATE_FAILED", "Resource creation cancelled");
    let real = event("AWS::S3::Bucket", "CREATE_FAILED", "shop-dev-photos already exists");
    assert_eq!(diagnose(&Evidence::events(vec![cancelled, real]))[0].cause, "already-exists");
}

#[test]
fn the_log_of_a_custom_resource_goes_before_its_row() {
    let mut failed = event("Custom::Seed", "CREATE_FAILED", "Received response status [FAILED] from custom resource");
    failed.log = vec![
        "botocore.exceptions.ClientError: An error occurred (AccessDeniedException) when calling the \
                       GetParameter operation: User: arn:aws:sts::123456789012:assumed-role/shop-seed/seed is not \
                       authorized to perform: ssm:GetParameter on resource: \
                       arn:aws:ssm:eu-west-1:123456789012:parameter/shop because no identity-based policy allows the \
                       ssm:GetParameter action"
            .to_owned(),
    ];
    let found = diagnose(&Evidence::events(vec![failed]));
    assert_eq!(found[0].action.as_deref(), Some("ssm:GetParameter"));
    assert_eq!(found[0].logical_id.as_deref(), Some("Thing"));
}

#[test]
fn every_row_of_stacks_templates_and_quotas_is_tried_here() {
    let this = include_str!("known.rs");
    for row in [stack::ROWS, template::ROWS, quota::ROWS].into_iter().flatten() {
        assert!(this.contains(&format!("\"{}\"", row.code)), "{}", row.code);
    }
}
