//! What CloudFormation refuses or cannot undo, as it says it.

use crate::scripted::{STACK, Shop, change_set, done, event, events, of_stack, refused, stack};

/// The ARN of a stack below the service's.
const NESTED: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-dev-Nested-1ABC/4e5f";

const SOMEBODY: &str = "rlx-20260131t115900000-0a1b2c3d-by-bob-laptop";

#[test]
fn a_deploy_of_somebody_else_is_named_and_left_alone() {
    let shop = Shop::new(|call| match call.operation.as_str() {
        "cloudformation DescribeStacks" => Some(stack("UPDATE_IN_PROGRESS")),
        "cloudformation DescribeStackEvents" => {
            Some(events(STACK, SOMEBODY, &[of_stack(STACK, "UPDATE_IN_PROGRESS", "User Initiated")]))
        }
        _ => None,
    });
    let (code, words) = shop.fails(&["deploy", "--no-preflight"]);
    assert_eq!(code, 1);
    let busy = "stack shop-dev is being changed by somebody else: UPDATE_IN_PROGRESS, begun by bob-laptop at";
    assert!(words.contains(busy), "{words}");
    assert!(words.contains("--wait"), "{words}");
    assert!(shop.requests("cloudformation CreateChangeSet").is_empty());
}

#[test]
fn a_deploy_of_somebody_else_is_waited_for_where_that_is_asked_for() {
    let shop = Shop::new(|call| match call.operation.as_str() {
        "cloudformation DescribeStacks" if call.nth == 0 => Some(stack("UPDATE_IN_PROGRESS")),
        "cloudformation DescribeStacks" => Some(stack("UPDATE_COMPLETE")),
        "cloudformation DescribeStackEvents" => {
            let mut all = vec![of_stack(STACK, "UPDATE_IN_PROGRESS", "User Initiated")];
            if call.nth > 1 {
                all.push(of_stack(STACK, "UPDATE_COMPLETE", ""));
            }
            Some(events(STACK, if call.token.is_empty() { SOMEBODY } else { &call.token }, &all))
        }
        _ => None,
    });
    let (code, out, words) = shop.ran(&["deploy", "--no-preflight", "--wait"]);
    assert_eq!(code, 0, "{words}");
    assert!(words.contains("waiting for the deploy that goes on"), "{words}");
    assert!(out.contains("Deployed shop to stage dev"), "{out}");
}

/// What a deploy says that AWS refuses at `operation`, since somebody else changes the stack.
fn overtaken(operation: &'static str, code: &'static str, message: &'static str) -> String {
    let shop = Shop::new(move |call| match call.operation.as_str() {
        "cloudformation DescribeStacks" => Some(stack("UPDATE_COMPLETE")),
        "cloudformation DescribeStackEvents" => {
            Some(events(STACK, SOMEBODY, &[of_stack(STACK, "UPDATE_IN_PROGRESS", "User Initiated")]))
        }
        asked if asked == operation => Some(refused(code, message)),
        _ => None,
    });
    let (code, words) = shop.fails(&["deploy", "--no-preflight"]);
    assert_eq!(code, 1, "{words}");
    words
}

#[test]
fn who_was_faster_is_named_where_the_change_set_is_refused() {
    let message = "Stack:arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-dev/1 is in UPDATE_IN_PROGRESS state \
                   and can not be updated.";
    let words = overtaken("cloudformation CreateChangeSet", "ValidationError", message);
    assert!(words.contains("somebody else deploys stack shop-dev at the same time, begun by bob-laptop"), "{words}");
    assert!(words.contains("rlx deploy --wait"), "{words}");
}

#[test]
fn who_was_faster_is_named_where_the_change_set_is_out_of_date() {
    let message = "ChangeSet [arn:aws:cloudformation:eu-west-1:123456789012:changeSet/rlx/1] cannot be executed in its \
                   current execution status of [OBSOLETE]";
    let words = overtaken("cloudformation ExecuteChangeSet", "InvalidChangeSetStatus", message);
    assert!(words.contains("begun by bob-laptop"), "{words}");
}

#[test]
fn early_validation_names_the_resource_and_the_property() {
    let shop = Shop::new(|call| match call.operation.as_str() {
        "cloudformation DescribeStacks" => Some(stack("UPDATE_COMPLETE")),
        "cloudformation DescribeChangeSet" => Some(change_set(
            "FAILED",
            "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early \
             Validation errors, use the DescribeEvents API for detailed failure information.",
        )),
        "cloudformation DescribeEvents" => {
            let warned = "<EventType>VALIDATION_ERROR</EventType><LogicalResourceId>Topic</LogicalResourceId>\
                          <ValidationFailureMode>WARN</ValidationFailureMode><ValidationStatus>FAILED</ValidationStatus>\
                          <ValidationStatusReason>a mere warning</ValidationStatusReason>";
            let failed = "<EventType>VALIDATION_ERROR</EventType><LogicalResourceId>Queue</LogicalResourceId>\
                          <ResourceType>AWS::SQS::Queue</ResourceType><Timestamp>2026-01-31T12:00:00Z</Timestamp>\
                          <ValidationFailureMode>FAIL</ValidationFailureMode><ValidationStatus>FAILED</ValidationStatus>\
                          <ValidationStatusReason>#/DelaySeconds: 9999 is not less or equal to 900</ValidationStatusReason>\
                          <ValidationPath>/Resources/Queue/Properties/DelaySeconds</ValidationPath>";
            let members: String = [warned, failed].map(|event| format!("<member>{event}</member>")).concat();
            Some(done("DescribeEvents", &format!("<OperationEvents>{members}</OperationEvents>")))
        }
        _ => None,
    });
    let (code, words) = shop.fails(&["deploy", "--no-preflight"]);
    assert_eq!(code, 1);
    let told = "error: CloudFormation refused the change: Queue (AWS::SQS::Queue): #/DelaySeconds: 9999 is not less or \
                equal to 900 (at /Resources/Queue/Properties/DelaySeconds)";
    assert!(words.contains(told), "{words}");
    assert!(!words.contains("a mere warning"), "{words}");
    // What failed blocks nothing, but it is litter.
    assert_eq!(shop.requests("cloudformation DeleteChangeSet").len(), 1);
    let (_, out, _) = shop.ran(&["diagnose"]);
    assert!(out.contains("DelaySeconds"), "{out}");
}

#[test]
fn a_change_set_that_failed_is_still_known_to_diagnose() {
    let shop = Shop::new(|call| match call.operation.as_str() {
        "cloudformation DescribeStacks" => Some(stack("UPDATE_COMPLETE")),
        "cloudformation DescribeChangeSet" => {
            Some(change_set("FAILED", "Transform Macro failed with: Template format error: Unresolved name [Tabel]."))
        }
        _ => None,
    });
    let (_, words) = shop.fails(&["deploy", "--no-preflight"]);
    assert!(words.contains("Unresolved name [Tabel]"), "{words}");
    let (_, out, _) = shop.ran(&["diagnose"]);
    assert!(out.contains("Unresolved name [Tabel]"), "{out}");
}

/// A deploy whose change set is executed, with these events after its begin.
fn deployed(after: impl Fn() -> Vec<crate::scripted::Event> + Send + Sync + 'static, end: &'static str) -> Shop {
    Shop::new(move |call| match call.operation.as_str() {
        "cloudformation DescribeStacks" if call.nth < 1 => Some(stack("UPDATE_COMPLETE")),
        "cloudformation DescribeStacks" => Some(stack(end)),
        "cloudformation DescribeStackEvents" if call.text.contains("Nested-1ABC") => {
            let reason =
                "Resource handler returned message: \"Unknown attribute Delay. (Service: Sqs, Status Code: 400)\"";
            Some(events(
                NESTED,
                &call.token,
                &[
                    of_stack(NESTED, "UPDATE_IN_PROGRESS", "User Initiated"),
                    event("Other", "AWS::SQS::Queue", "UPDATE_FAILED", "Resource update cancelled"),
                    event("Inner", "AWS::SQS::Queue", "UPDATE_FAILED", reason),
                    of_stack(
                        NESTED,
                        "UPDATE_ROLLBACK_IN_PROGRESS",
                        "The following resource(s) failed to update: [Inner].",
                    ),
                    of_stack(NESTED, "UPDATE_ROLLBACK_COMPLETE", ""),
                ],
            ))
        }
        "cloudformation DescribeStackEvents" => {
            let mut all = vec![of_stack(STACK, "UPDATE_IN_PROGRESS", "User Initiated")];
            all.extend(after());
            all.push(of_stack(STACK, end, ""));
            Some(events(STACK, &call.token, &all))
        }
        _ => None,
    })
}

#[test]
fn the_root_cause_is_found_in_the_nested_stack() {
    let shop = deployed(
        || {
            let reason = format!(
                "Embedded stack {NESTED} was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS with \
                 reason: The following resource(s) failed to update: [Inner]."
            );
            vec![
                event("Queue", "AWS::SQS::Queue", "UPDATE_FAILED", "Resource update cancelled"),
                event("Nested", "AWS::CloudFormation::Stack", "UPDATE_FAILED", &reason)
                    .with("PhysicalResourceId", NESTED),
                of_stack(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Nested]."),
            ]
        },
        "UPDATE_ROLLBACK_COMPLETE",
    );
    let (code, words) = shop.fails(&["deploy", "--no-preflight"]);
    assert_eq!(code, 1);
    assert!(words.contains("error: Nested/Inner (AWS::SQS::Queue): Resource handler returned message"), "{words}");
    assert!(words.contains("it runs what it ran before"), "{words}");
    assert_eq!(shop.record()["failingEvents"].as_array().unwrap().len(), 1);
}

#[test]
fn a_hook_that_refuses_is_named_with_its_reason() {
    let shop = deployed(
        || {
            vec![
                event("Queue", "AWS::SQS::Queue", "UPDATE_IN_PROGRESS", "")
                    .with("HookType", "Acme::Encryption::Hook")
                    .with("HookStatus", "HOOK_COMPLETE_FAILED")
                    .with("HookStatusReason", "queues must be encrypted with the key of the team"),
                event(
                    "Queue",
                    "AWS::SQS::Queue",
                    "UPDATE_FAILED",
                    "The following hook(s) failed: [Acme::Encryption::Hook]",
                ),
                of_stack(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Queue]."),
            ]
        },
        "UPDATE_ROLLBACK_COMPLETE",
    );
    let (_, words) = shop.fails(&["deploy", "--no-preflight"]);
    let told = "error: Queue (AWS::SQS::Queue): The following hook(s) failed: [Acme::Encryption::Hook] \
                Acme::Encryption::Hook: queues must be encrypted with the key of the team";
    assert!(words.contains(told), "{words}");
    assert!(words.contains("hook of the account refused the change"), "{words}");
}

#[test]
fn a_role_that_is_not_known_everywhere_yet_is_explained() {
    let reason = "Resource handler returned message: \"The role defined for the function cannot be assumed by Lambda. \
                  (Service: Lambda, Status Code: 400, Request ID: 6c2a)\" (RequestToken: 1d2e, HandlerErrorCode: \
                  InvalidRequest)";
    let shop = deployed(
        move || vec![event("F", "AWS::Lambda::Function", "CREATE_FAILED", reason)],
        "UPDATE_ROLLBACK_COMPLETE",
    );
    let (_, words) = shop.fails(&["deploy", "--no-preflight"]);
    assert!(words.contains("not known everywhere yet"), "{words}");
}

#[test]
fn an_export_in_use_is_told_though_no_resource_failed() {
    let reason = "Export shop-dev-QueueArn cannot be updated as it is in use by billing-dev";
    let shop =
        deployed(move || vec![of_stack(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", reason)], "UPDATE_ROLLBACK_COMPLETE");
    let (_, words) = shop.fails(&["deploy", "--no-preflight"]);
    assert!(words.contains(reason), "{words}");
    assert!(words.contains("Take the Fn::ImportValue out of the importing stacks first"), "{words}");
}

/// A stack whose rollback stopped at a resource of its own and at one of a nested stack; continued, it ends well.
fn stuck() -> Shop {
    Shop::new(|call| match call.operation.as_str() {
        "cloudformation DescribeStacks" => Some(match call.token.is_empty() {
            true => stack("UPDATE_ROLLBACK_FAILED"),
            false => stack("UPDATE_ROLLBACK_COMPLETE"),
        }),
        "cloudformation ContinueUpdateRollback" => Some(done("ContinueUpdateRollback", "")),
        "cloudformation DescribeStackEvents" if call.text.contains("Nested-1ABC") => Some(events(
            NESTED,
            SOMEBODY,
            &[
                of_stack(NESTED, "UPDATE_IN_PROGRESS", "User Initiated"),
                event("Cause", "AWS::SQS::Queue", "UPDATE_FAILED", "what began it all"),
                of_stack(NESTED, "UPDATE_ROLLBACK_IN_PROGRESS", ""),
                event("Inner", "AWS::SQS::Queue", "UPDATE_FAILED", "The queue was deleted by hand"),
                of_stack(NESTED, "UPDATE_ROLLBACK_FAILED", ""),
            ],
        )),
        "cloudformation DescribeStackEvents" if call.token.is_empty() => Some(events(
            STACK,
            SOMEBODY,
            &[
                of_stack(STACK, "UPDATE_IN_PROGRESS", "User Initiated"),
                of_stack(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", ""),
                event("Table", "AWS::DynamoDB::Table", "UPDATE_FAILED", "Table shop is being restored"),
                event("Gone", "AWS::SQS::Queue", "UPDATE_FAILED", "Resource update cancelled"),
                event("Nested", "AWS::CloudFormation::Stack", "UPDATE_FAILED", "").with("PhysicalResourceId", NESTED),
                of_stack(
                    STACK,
                    "UPDATE_ROLLBACK_FAILED",
                    "The following resource(s) failed to update: [Table, Nested].",
                ),
            ],
        )),
        "cloudformation DescribeStackEvents" => Some(events(
            STACK,
            &call.token,
            &[of_stack(STACK, "UPDATE_ROLLBACK_IN_PROGRESS", ""), of_stack(STACK, "UPDATE_ROLLBACK_COMPLETE", "")],
        )),
        _ => None,
    })
}

#[test]
fn a_stack_that_is_stuck_is_not_deployed_to_and_the_way_out_is_named() {
    let shop = stuck();
    let (code, words) = shop.fails(&["deploy", "--no-preflight"]);
    assert_eq!(code, 1);
    assert!(words.contains("stack shop-dev is stuck in UPDATE_ROLLBACK_FAILED"), "{words}");
    assert!(words.contains("rlx continue"), "{words}");
}

#[test]
fn what_stopped_a_rollback_is_shown_before_anything_is_skipped() {
    let shop = stuck();
    let (code, words) = shop.fails(&["unlock"]);
    assert_eq!(code, 2);
    assert!(words.contains("Table (AWS::DynamoDB::Table): Table shop is being restored"), "{words}");
    assert!(words.contains("shop-dev-Nested-1ABC.Inner (AWS::SQS::Queue): The queue was deleted by hand"), "{words}");
    assert!(!words.contains("what began it all") && !words.contains("cancelled"), "{words}");
    assert!(shop.requests("cloudformation ContinueUpdateRollback").is_empty());
}

#[test]
fn a_rollback_is_continued_past_what_stopped_it_in_nested_stacks_too() {
    let shop = stuck();
    let (code, out, words) = shop.ran(&["continue", "--yes", "--output", "json"]);
    assert_eq!(code, 0, "{words}");
    let result: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(result["status"], "continued");
    assert_eq!(result["stack"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(result["skipped"], serde_json::json!(["Table", "shop-dev-Nested-1ABC.Inner"]));
    let request = &shop.requests("cloudformation ContinueUpdateRollback")[0];
    assert!(request.contains("ResourcesToSkip.member.2=shop-dev-Nested-1ABC.Inner"), "{request}");
}

#[test]
fn a_stack_that_can_only_be_deleted_is_left_alone_until_that_is_agreed_to() {
    let shop = Shop::new(|call| match call.operation.as_str() {
        "cloudformation DescribeStacks" => Some(stack("DELETE_FAILED")),
        _ => None,
    });
    let (code, words) = shop.fails(&["deploy", "--no-preflight"]);
    assert_eq!(code, 1);
    assert!(
        words.contains("stack shop-dev is in DELETE_FAILED, which can only be deleted; it was left as it is"),
        "{words}"
    );
    assert!(words.contains("rlx deploy --yes"), "{words}");
    assert!(shop.requests("cloudformation DeleteStack").is_empty());
}

#[test]
fn express_mode_is_asked_for_by_either_way_and_not_on_a_protected_stage() {
    for (method, call) in [("change-set", "CreateChangeSet"), ("direct", "UpdateStack")] {
        let shop = deployed(Vec::new, "UPDATE_COMPLETE");
        let (code, out, words) = shop.ran(&["deploy", "--no-preflight", "--express", "--method", method]);
        assert_eq!(code, 0, "{out}{words}");
        let requests = shop.requests(&format!("cloudformation {call}"));
        assert!(requests[0].contains("DeploymentConfig.Mode=EXPRESS"), "{requests:?}");
    }
    let shop = deployed(Vec::new, "UPDATE_COMPLETE");
    shop.file("rlx.dev.yml", "protected: true\n");
    let (code, words) = shop.fails(&["deploy", "--express", "--yes", "--confirm", "dev"]);
    assert_eq!(code, 2);
    assert!(words.contains("stage `dev` is protected, and --express is not for it"), "{words}");
}

#[test]
fn resources_that_exist_are_taken_in_by_the_change_set() {
    let shop = deployed(Vec::new, "UPDATE_COMPLETE");
    let (code, out, words) = shop.ran(&["deploy", "--no-preflight", "--import-existing"]);
    assert_eq!(code, 0, "{out}{words}");
    assert!(shop.requests("cloudformation CreateChangeSet")[0].contains("ImportExistingResources=true"));
}

/// A stack whose security group cannot be deleted, until it is left behind.
fn undeletable(before: &'static str) -> Shop {
    Shop::new(move |call| match call.operation.as_str() {
        "cloudformation DescribeStacks" if call.token.is_empty() => Some(stack(before)),
        "cloudformation DescribeStacks" => Some(stack("DELETE_FAILED")),
        "cloudformation DeleteStack" => Some(done("DeleteStack", "")),
        "cloudformation ListStackResources" => Some(done("ListStackResources", "")),
        "s3 GET bucket" if call.text.contains("versions") => Some((200, "<ListVersionsResult/>".to_owned())),
        "cloudformation DescribeStackEvents" => {
            let reason = "resource sg-0123456789abcdef0 has a dependent object (Service: AmazonEC2; Status Code: 400; \
                          Error Code: DependencyViolation; Request ID: 6c2a; Proxy: null)";
            let end = match before {
                "DELETE_FAILED" => vec![of_stack(STACK, "DELETE_COMPLETE", "")],
                _ => vec![
                    event("Group", "AWS::EC2::SecurityGroup", "DELETE_FAILED", reason),
                    of_stack(STACK, "DELETE_FAILED", "The following resource(s) failed to delete: [Group]."),
                ],
            };
            let begin = of_stack(STACK, "DELETE_IN_PROGRESS", "User Initiated");
            Some(events(STACK, &call.token, &std::iter::once(begin).chain(end).collect::<Vec<_>>()))
        }
        _ => None,
    })
}

#[test]
fn a_removal_that_fails_says_why_and_how_to_leave_behind_what_cannot_go() {
    let shop = undeletable("UPDATE_COMPLETE");
    let (code, words) = shop.fails(&["remove", "--yes"]);
    assert_eq!(code, 1);
    assert!(words.contains("error: Group (AWS::EC2::SecurityGroup): resource sg-0123456789abcdef0"), "{words}");
    assert!(words.contains("Lambda gives its interfaces back within some 20 to 40 minutes"), "{words}");
    assert!(words.contains("rlx remove --retain Group"), "{words}");
}

#[test]
fn what_could_not_be_deleted_is_left_behind_and_nothing_else() {
    let shop = undeletable("DELETE_FAILED");
    let (code, out, words) = shop.ran(&["remove", "--yes", "--retain", "Group"]);
    assert_eq!(code, 0, "{words}");
    assert!(out.contains("Removed stack shop-dev"), "{out}");
    assert!(shop.requests("cloudformation DeleteStack")[0].contains("RetainResources.member.1=Group"));
    let (code, words) = undeletable("UPDATE_COMPLETE").fails(&["remove", "--yes", "--retain", "Group"]);
    assert_eq!(code, 2);
    assert!(words.contains("only once it is in DELETE_FAILED"), "{words}");
}
