//! Roles of functions, tasks and pipelines that lack what the service does in their name.

use super::{Acts, Cause, Kind};

pub(super) const ROWS: &[Cause] = &[
    Cause::new(
        "execution-role-lacks",
        Kind::ExecutionRoleLacks,
        &[
            "provided execution role does not have permissions to call {operation} on {service}",
            "execution role does not have permissions to call {operation} on {service}",
            "execution role does not have permission to call {operation} on {service}",
            "execution role doesn't have permissions to call {operation} on {service}",
            "execution role doesn't have permission to call {operation} on {service}",
            "make sure your function execution role have permission to {operation}",
            "make sure your function execution role has permission to {operation}",
            "role does not have permissions to call {operation} on {service}",
            "Please ensure the role can perform the {operation}, ",
            "ensure the role can perform the {operation} ",
            "provided execution role does not have permissions to {operation}",
        ],
    )
    .acts(Acts::Operation)
    .says("The function's execution role lacks {action}, which the service calls in its name")
    .fix("Add the action to the function's role (`provider.iam.role.statements`), not to the user that deploys."),
    Cause::new(
        "sms-role-lacks",
        Kind::ExecutionRoleLacks,
        &["InvalidSmsRoleAccessPolicyException", "Role does not have permission to publish with SNS"],
    )
    .acts(Acts::Always("sns:Publish"))
    .says("The role with which the user pool sends text messages lacks sns:Publish")
    .fix("Allow sns:Publish on * in that role (SmsConfiguration.SnsCallerArn)."),
    Cause::new(
        "pass-role-refused",
        Kind::Passrole,
        &[
            "cannot pass role {resource}",
            "cannot pass the role {resource}",
            "not authorized to pass role {resource}",
            "not authorized to pass the role {resource}",
            "does not have permission to pass the role {resource}",
            "not have permission to pass role",
            "not allowed to pass role {resource}",
            "not allowed to pass role",
            "not allowed to pass the role {resource}",
            "not allowed to pass this role",
            "not authorized to pass this role",
            "permission to pass this role",
            "permission to pass role {resource}",
            "permissions to pass role {resource}",
            "permissions to pass the role {resource}",
            "privileges to pass role {resource}",
            "privileges to pass the role {resource}",
        ],
    )
    .acts(Acts::Always("iam:PassRole"))
    .says("Whoever calls may not hand the role{ resource} to a service (iam:PassRole)")
    .fix("Allow iam:PassRole on exactly that role, with iam:PassedToService set to the service that gets it."),
    Cause::new(
        "cross-account-pass-role",
        Kind::Passrole,
        &["Cross-account pass role is not allowed"],
    )
    .acts(Acts::Always("iam:PassRole"))
    .says("A role of another account cannot be handed to a service: the credentials are for another account than the role")
    .fix("Use credentials of the role's account (`aws sts get-caller-identity` shows which one you are in), or name a role of this one."),
    Cause::new(
        "stream-role-lacks",
        Kind::ExecutionRoleLacks,
        &["Cannot access stream {resource}. Please ensure the role can perform the {operation}, "],
    )
    .acts(Acts::Operation)
    .says("The function's execution role may not read the stream {resource}")
    .fix("Allow GetRecords, GetShardIterator, DescribeStream and ListShards (and ListStreams) on the stream in the function's role."),
    Cause::new(
        "pipeline-role-lacks-artifact",
        Kind::ExecutionRoleLacks,
        &[
            "Unable to access the artifact with Amazon S3 object key * The provided role does not have sufficient permissions",
            "Unable to access the artifact with Amazon S3 object key",
        ],
    )
    .acts(Acts::Always("s3:GetObject"))
    .says("The role of the pipeline or of its action may not read the artifact in the pipeline's bucket")
    .fix("Allow s3:GetObject and s3:GetObjectVersion on the artifact bucket (and kms:Decrypt on its key) to that role."),
    Cause::new(
        "source-role-lacks",
        Kind::ExecutionRoleLacks,
        &[
            "does not have enough permission to process your event source. Please add {action} permission to role",
            "does not have enough permissions to process your event source. Please add {action} permission to role",
            "Please add {action} permission to role",
            "Please add {action} permission to the role",
            "Please add {action} to the execution role",
        ],
    )
    .acts(Acts::Said)
    .says("The role with which the service reads the event source lacks {action}")
    .fix("Add the action to that role (of the function, the pipe or the pipeline), not to the user that deploys."),
    Cause::new(
        "execution-role-lacks-unnamed",
        Kind::ExecutionRoleLacks,
        &[
            "execution role does not have permission",
            "execution role doesn't have permission",
            "execution role does not have sufficient",
            "execution role does not have the required",
            "execution role is missing",
            "Service role * has insufficient",
            "The provided role does not have sufficient permissions",
            "The provided role does not have the",
            "execution role lacks",
            "Ensure the execution role has",
            "add permissions to the execution role",
            "Please ensure the role has the required permissions",
            "task execution role does not have",
            "Lambda function's execution role",
            "PROBLEM: Function call failed. Please check the execution role",
            "because your function's role doesn't have",
        ],
    )
    .acts(Acts::Call)
    .says("The execution role of the function or task lacks a permission")
    .fix("Add the action to the execution role (`provider.iam.role.statements`), not to the user that deploys."),
    Cause::new(
        "state-machine-log-access",
        Kind::ExecutionRoleLacks,
        &["The state machine IAM Role is not authorized to access the Log Destination"],
    )
    .acts(Acts::Always("logs:CreateLogDelivery"))
    .says("The role of the state machine may not set up its log delivery")
    .fix("Allow logs:CreateLogDelivery, logs:GetLogDelivery, logs:UpdateLogDelivery, logs:PutResourcePolicy, logs:DescribeResourcePolicies in the role of the state machine."),
    Cause::new(
        "state-machine-rule",
        Kind::ExecutionRoleLacks,
        &["{principal} is not authorized to create managed-rule"],
    )
    .acts(Acts::Always("events:PutRule"))
    .says("The role of the state machine may not make the rule that tells it of finished jobs")
    .fix("Allow events:PutRule, events:PutTargets and events:DescribeRule on that rule in the role of the state machine."),
    Cause::new(
        "role-not-authorized-to-access",
        Kind::ExecutionRoleLacks,
        &[
            "IAM Role * is not authorized to access",
            "service role or action role doesn't have the permissions required to access",
            "Service role {principal} does not allow AWS CodeBuild to",
        ],
    )
    .acts(Acts::Call)
    .says("The role that the service uses lacks a permission")
    .fix("Add the action that the message speaks of to that role, not to the user that deploys."),
];
