//! The aftermath: true, and not the cause.

use super::{Cause, Kind, Weight};

pub(super) const ROWS: &[Cause] = &[
    Cause::new(
        "cancelled",
        Kind::RollbackNoise,
        &[
            "Resource creation cancelled",
            "Resource update cancelled",
            "Resource deletion cancelled",
            "Resource creation Initiated",
            "Resource creation cancelled by",
        ],
    )
    .weight(Weight::Noise)
    .says("CloudFormation cancelled this resource because another one failed")
    .fix("Look for the first event that failed for a reason of its own: `rlx diagnose --stack NAME` finds it."),
    Cause::new(
        "rolled-back",
        Kind::RollbackNoise,
        &[
            "The following resource(s) failed to create",
            "Cancelled since failure tolerance has exceeded",
            "Cancelled since",
            "for stack set * failed",
            "StackSet operation * failed",
            "failed waiting for successful resource state",
            "exceeded wait attempts",
            "exceeded max wait time for",
            "waiter state transitioned to Failure",
            "Waiter * failed: Max attempts exceeded",
            "The following resource(s) failed to update",
            "The following resource(s) failed to delete",
            "Rollback requested by user",
            "Failed to create/update the stack",
            "Waiter StackCreateComplete failed",
            "Waiter StackUpdateComplete failed",
            "Waiter StackDeleteComplete failed",
            "Waiter ChangeSetCreateComplete failed",
            "Waiter encountered a terminal failure state",
            "Resource is not in the state stack",
            "ROLLBACK_IN_PROGRESS",
            "rollback in progress",
            "rollback complete",
            "UPDATE_ROLLBACK_COMPLETE",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "The stack rolled back",
            "stack failed to deploy",
            "failed creation, it may need to be manually deleted",
            "ROLLBACK_COMPLETE",
            "ROLLBACK_FAILED",
            "Stack creation failed",
            "Stack update failed",
            "fetch the list of events leading up to the failure",
            "Embedded stack * was not successfully created",
            "Embedded stack * was not successfully updated",
            "Embedded stack * was not successfully deleted",
            "The stack named * failed",
            "An error occurred when pushing the resources to the cloud",
            "Deployment failed",
            "Operation failed!",
            "Deploy failed",
        ],
    )
    .weight(Weight::Noise)
    .says("The stack rolled back; the cause is in an earlier event")
    .fix("Read the events of the stack and its nested stacks from the first failure on: `rlx diagnose --stack NAME` does that."),
    Cause::new(
        "stack-gone",
        Kind::RollbackNoise,
        &["Stack with id {name} does not exist", "Stack '{name}' does not exist", "Stack [{name}] does not exist", "Stack {name} does not exist"],
    )
    .weight(Weight::Noise)
    .says("There is no stack {name}: mostly because its first deploy failed and was deleted")
    .fix("Read the events of the deleted stack (by its id, `aws cloudformation list-stacks --stack-status-filter DELETE_COMPLETE`); check region and account if it should be there."),
    Cause::new(
        "unrecoverable-change-set",
        Kind::RollbackNoise,
        &["ChangeSet * is in FAILED state", "change set * cannot be executed in its current", "Failed to create changeset for the stack"],
    )
    .weight(Weight::Noise)
    .says("The change set failed; its status reason says why")
    .fix("Read the reason of the change set: `aws cloudformation describe-change-set`."),
];
