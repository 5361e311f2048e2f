//! Known failures of stacks.

use super::{Cause, Kind, Weight};

pub(super) const ROWS: &[Cause] = &[
    Cause::new(
        "already-exists",
        Kind::AlreadyExists,
        &[
            "{resource} already exists in stack {name}",
            "{resource} already exists",
            "AlreadyExists",
            "EntityAlreadyExists",
            "ResourceAlreadyExistsException",
            "ResourceConflictException * already exist",
            "Function already exist: {resource}",
            "with identifier '{resource}' already exists",
            "with the name {resource} already exists",
            "HandlerErrorCode: AlreadyExists",
            "ConflictException * already exist",
            "QueueAlreadyExists",
            "Table already exists: {resource}",
            "Domain name already exists",
            "ResourceInUseException * already exists",
        ],
    )
    .says("{resource} exists already, outside this stack")
    .fix("Take it into the stack (`rlx import LOGICAL_ID NAME`, or `rlx deploy --import-existing` where its DeletionPolicy is Retain), rename the one in the manifest, or delete the old one if nobody uses it."),
    Cause::new(
        "log-group-left-over",
        Kind::AlreadyExists,
        &[
            "/aws/lambda/{name} already exists",
            "Resource of type 'AWS::Logs::LogGroup' with identifier '{resource}' already exists",
            "The specified log group already exists",
            "log group already exists",
        ],
    )
    .says("The log group is there already: an earlier function of that name wrote logs, or its stack was removed and a late invocation made the group again")
    .fix("Take it in with `rlx import LOGICAL_ID NAME`, or delete it: `aws logs delete-log-group --log-group-name NAME` (its logs are lost)."),
    Cause::new(
        "import-needs-retain",
        Kind::AlreadyExists,
        &["The resources must have the DeletionPolicy attribute set to 'Retain' or 'RetainExceptOnCreate' in the template for successful import. The affected resources are {name}"],
    )
    .says("Resources exist already, and are only taken in where they are kept when the stack goes: {name}")
    .fix("Set `DeletionPolicy: Retain` on each (in `resources.extensions.LOGICAL_ID` for one that rlx makes), or take it in with `rlx import LOGICAL_ID NAME`."),
    Cause::new(
        "rollback-complete",
        Kind::RollbackNoise,
        &[
            "is in ROLLBACK_COMPLETE state and can not be updated",
            "is in ROLLBACK_COMPLETE state and cannot be updated",
            "is in ROLLBACK_FAILED state and can not be updated",
            "is in REVIEW_IN_PROGRESS state and can not be updated",
            "is in DELETE_FAILED state and can not be updated",
        ],
    )
    .says("The first deploy of this stack failed and was rolled back: an empty stack in that state can only be deleted")
    .fix("Run `rlx deploy` again: it offers to delete the empty stack and make it anew; `rlx diagnose --stack NAME` tells why the first deploy failed."),
    Cause::new(
        "update-rollback-failed",
        Kind::RollbackNoise,
        &["is in UPDATE_ROLLBACK_FAILED state", "UPDATE_ROLLBACK_FAILED"],
    )
    .says("An update failed, and so did going back: the stack waits in UPDATE_ROLLBACK_FAILED")
    .fix("Mend what hindered the rollback, then `rlx unlock`: it finds the resources to skip, says what that means, and asks."),
    Cause::new(
        "update-in-progress",
        Kind::StackBusy,
        &[
            "could not be updated due to a concurrent update operation",
            "is in UPDATE_IN_PROGRESS state and can not be updated",
            "_IN_PROGRESS state and can not be updated",
            "_IN_PROGRESS state and cannot be updated",
            "CLEANUP_IN_PROGRESS state and can not be updated",
            "OperationInProgressException",
            "Another operation is in progress on stack",
            "an update is in progress for resource",
            "An update is in progress",
            "is currently in the following state: InProgress",
            "The operation cannot be performed at this time. An update is in progress for resource",
            "OperationStatusCheckFailedException",
            "TokenAlreadyExistsException",
        ],
    )
    .says("Another deploy of this stack, or an update of the same function, is under way")
    .fix("Wait for it (`rlx info` shows it) and run again; in CI, let one deploy per stage run at a time."),
    Cause::new(
        "export-in-use",
        Kind::InUse,
        &[
            "Export {name} cannot be deleted as it is in use by {resource}",
            "Export {name} cannot be updated as it is in use by {resource}",
            "cannot be deleted as it is in use by",
            "cannot be updated as it is in use by",
            "Cannot delete export",
        ],
    )
    .says("The export {name} is imported by {resource}: CloudFormation neither changes nor deletes it")
    .fix("Take the Fn::ImportValue out of the importing stacks first (deploy them with a plain value), then change the export; `aws cloudformation list-imports --export-name NAME` lists them."),
    Cause::new(
        "export-missing",
        Kind::NotFound,
        &["No export named {name} found", "No export named"],
    )
    .says("No stack in this region and account exports {name}")
    .fix("Deploy the stack that exports it first; check stage, region and spelling."),
    Cause::new(
        "bucket-not-empty",
        Kind::InUse,
        &["The bucket you tried to delete is not empty", "BucketNotEmpty", "You must delete all versions in the bucket"],
    )
    .says("The bucket still holds objects or old versions, and CloudFormation deletes only empty ones")
    .fix("`rlx remove` empties the buckets of the stack after asking; else `aws s3 rm s3://BUCKET --recursive` and delete the versions."),
    Cause::new(
        "repository-not-empty",
        Kind::InUse,
        &["RepositoryNotEmptyException", "cannot be deleted because it still contains images"],
    )
    .says("The repository still holds images")
    .fix("Delete the images, or set EmptyOnDelete on the AWS::ECR::Repository."),
    Cause::new(
        "network-interface-in-use",
        Kind::InUse,
        &[
            "has a dependent object",
            "DependencyViolation",
            "is currently in use",
            "network interface * in use",
            "InvalidNetworkInterface.InUse",
            "has dependencies and cannot be deleted",
            "The specified network interface is in use",
            "Network vpc- * has some mapped public address",
        ],
    )
    .says("A network interface, mostly one that Lambda keeps for a function in a VPC, still uses the subnet or security group")
    .fix("Wait: Lambda gives its interfaces back within some 20 to 40 minutes after the last function left the VPC; then delete again. Functions elsewhere that use the group must go first."),
    Cause::new(
        "edge-function-replicated",
        Kind::InUse,
        &["because it is a replicated function", "replicated function"],
    )
    .says("The function is a Lambda@Edge one, and its replicas still exist")
    .fix("Take it off the distribution and wait some hours until CloudFront has removed the replicas; then delete again."),
    Cause::new(
        "delete-conflict",
        Kind::InUse,
        &["DeleteConflict", "Cannot delete entity, must", "must detach all policies first", "must remove roles from instance profile first"],
    )
    .says("Something was attached to the role or policy outside the stack")
    .fix("Detach what was added by hand (policies, instance profiles, access keys), then delete again."),
    Cause::new(
        "termination-protection",
        Kind::StackState,
        &["cannot be deleted while TerminationProtection is enabled", "TerminationProtection is enabled", "deletion protection", "DeletionProtection"],
    )
    .says("The stack or the resource is protected against deletion")
    .fix("Switch the protection off on purpose, then remove again."),
    Cause::new(
        "no-changes",
        Kind::StackState,
        &["No updates are to be performed", "The submitted information didn't contain changes", "didn't contain changes. Submit different information"],
    )
    .weight(Weight::Bare)
    .says("The template says what the stack already is: there is nothing to do")
    .fix("Nothing. To force new versions, change the code or run `rlx deploy --force`."),
    Cause::new(
        "custom-resource-failed",
        Kind::ServiceFailure,
        &[
            "Received response status [FAILED] from custom resource. Message returned: {name}",
            "Received response status [FAILED] from custom resource",
            "Custom Resource failed to stabilize in expected time",
            "CustomResource attribute error",
        ],
    )
    .weight(Weight::Aside)
    .says("The function of a custom resource failed, or never answered")
    .fix("Read the log of that function (the log stream stands in the message): its own error is the cause."),
    Cause::new(
        "did-not-stabilize",
        Kind::ServiceFailure,
        &[
            "failed to stabilize",
            "did not stabilize",
            "Exceeded attempts to wait",
            "HandlerErrorCode: NotStabilized",
            "Resource timed out waiting for",
            "InternalFailure",
            "HandlerErrorCode: ServiceInternalError",
            "Internal Failure",
            "ServiceUnavailable",
            "HandlerErrorCode: InternalFailure",
        ],
    )
    .weight(Weight::Bare)
    .says("The service failed inside or took longer than CloudFormation waits")
    .fix("Run the deploy again; if it fails at the same resource, look at that service's own events (ECS: stopped tasks; CloudFront: distribution state)."),
    Cause::new(
        "hook-failed",
        Kind::ServiceFailure,
        &["The following hook(s) failed: {name}", "Hook failed with message", "hook(s) failed"],
    )
    .says("A CloudFormation hook of the account refused the change: {name}")
    .fix("Read the hook's message and make the resource comply; the hook itself is changed by whoever runs the account."),
];
