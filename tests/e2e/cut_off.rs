//! Runs that end before what they began: stopped by the user, cut off, without credentials.

use crate::harness::{interrupt, until};
use crate::scripted::{STACK, Shop, change_set, done, events, of_stack, refused, stack};
use std::sync::atomic::{AtomicBool, Ordering};

/// Leaves the record of a run that was cut off while it uploaded; its id.
fn cut_off(shop: &Shop) -> &'static str {
    let id = "rlx-20260131t115900000-0a1b2c3d";
    let record = serde_json::json!({
        "version": 1, "id": id, "service": "shop", "stage": "dev", "region": "eu-west-1", "stack": "shop-dev",
        "stackId": STACK, "operation": "update", "outcome": "running", "started": "2026-01-31T11:59:00Z",
        "by": "ada@laptop", "rlx": "0.1.0", "fingerprint": "f", "bucket": "shop-bucket",
        "artifacts": [{ "name": "a.zip", "sha256": "aa", "key": "rlx/shop/dev/aa.zip" }],
    });
    shop.file(".rlx/dev/deploy.json", &record.to_string());
    id
}

#[test]
fn an_upload_that_was_cut_off_is_given_up_where_the_code_is_another_now() {
    let shop = Shop::new(|call| match call.operation.as_str() {
        "cloudformation DescribeStacks" => Some(stack("UPDATE_COMPLETE")),
        "cloudformation DescribeChangeSet" => {
            Some(change_set("FAILED", "The submitted information didn't contain changes."))
        }
        "s3 GET bucket" if call.text.contains("?uploads") => {
            let upload =
                |key: &str| format!("<Upload><Key>rlx/shop/dev/{key}.zip</Key><UploadId>of-{key}</UploadId></Upload>");
            let uploads = ["aa", "bb"].map(upload).concat();
            Some((200, format!("<ListMultipartUploadsResult>{uploads}</ListMultipartUploadsResult>")))
        }
        "s3 DELETE object" => Some((204, String::new())),
        _ => None,
    });
    cut_off(&shop);
    let (code, _, words) = shop.ran(&["deploy", "--no-preflight"]);
    assert_eq!(code, 0, "{words}");
    let given_up = shop.requests("s3 DELETE object");
    // What no record knows may be somebody else's, and go on.
    assert_eq!(given_up.len(), 1, "{given_up:?}");
    assert!(given_up[0].contains("uploadId=of-aa"), "{given_up:?}");
}

#[test]
fn a_caller_who_is_denied_does_not_forget_the_run_that_was_cut_off_before() {
    let shop = Shop::new(|call| match call.operation.as_str() {
        "cloudformation DescribeStacks" if call.nth < 2 => Some(refused(
            "AccessDenied",
            "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: cloudformation:DescribeStacks",
        )),
        "cloudformation DescribeStacks" => Some(stack("UPDATE_COMPLETE")),
        "cloudformation DescribeChangeSet" => {
            Some(change_set("FAILED", "The submitted information didn't contain changes."))
        }
        _ => None,
    });
    let id = cut_off(&shop);
    assert_eq!(shop.fails(&["deploy", "--no-preflight"]).0, 3);
    assert_eq!(shop.record()["callError"]["operation"], "DescribeStacks");
    assert_eq!(shop.record()["cutOff"]["id"], id);
    let (code, _, words) = shop.ran(&["deploy", "--no-preflight"]);
    assert_eq!(code, 0, "{words}");
    let change_sets = shop.requests("cloudformation DeleteChangeSet");
    assert!(change_sets[0].contains(&format!("ChangeSetName={id}-by-ada-laptop")), "{change_sets:?}");
    let late = shop.requests("s3 PUT object").into_iter().find(|put| put.contains(&format!("deploys/{id}.json")));
    let late = late.expect("the record of the run that was cut off");
    assert!(late.contains("rlx/shop/dev/aa.zip") && late.contains("\"interrupted\""), "{late}");
    assert_eq!(shop.record()["cutOff"], serde_json::Value::Null);
}

/// A stack that is being changed for as long as anybody looks, after a deploy or a removal began.
fn endless(status: &'static str) -> Shop {
    Shop::new(move |call| match call.operation.as_str() {
        "cloudformation DescribeStacks" => Some(stack("UPDATE_COMPLETE")),
        "cloudformation DescribeStackEvents" => Some(events(STACK, &call.token, &[of_stack(STACK, status, "")])),
        "cloudformation ListStackResources" => Some(done("ListStackResources", "")),
        "cloudformation DeleteStack" => Some(done("DeleteStack", "")),
        "s3 GET bucket" if call.text.contains("versions") => Some((200, "<ListVersionsResult/>".to_owned())),
        _ => None,
    })
}

/// Exit code and words of a command that is told to stop, so many times, once it follows the stack.
fn stopped(shop: &Shop, args: &[&str], times: usize) -> (Option<i32>, String) {
    let child = shop.spawn(args);
    until("rlx follows the stack", || (shop.requests("cloudformation DescribeStackEvents").len() > 2).then_some(()));
    (0..times).for_each(|_| interrupt(&child));
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn ctrl_c_says_what_goes_on_and_how_to_follow_or_cancel_it() {
    let shop = endless("UPDATE_IN_PROGRESS");
    let (code, words) = stopped(&shop, &["deploy", "--no-preflight"], 1);
    assert_eq!(code, Some(130), "{words}");
    assert!(
        words.contains("CloudFormation goes on without rlx: stack shop-dev was last seen in UPDATE_IN_PROGRESS"),
        "{words}"
    );
    assert!(words.contains("to follow it, or to go on from there: rlx deploy"), "{words}");
    assert!(words.contains("aws cloudformation cancel-update-stack --stack-name shop-dev"), "{words}");
    assert_eq!(shop.record()["outcome"], "interrupted");
}

#[test]
fn ctrl_c_in_a_removal_says_how_to_follow_that() {
    let (code, words) = stopped(&endless("DELETE_IN_PROGRESS"), &["remove", "--yes"], 1);
    assert_eq!(code, Some(130), "{words}");
    assert!(words.contains("stack shop-dev was last seen in DELETE_IN_PROGRESS"), "{words}");
    assert!(words.contains("rlx remove"), "{words}");
}

#[test]
fn a_second_ctrl_c_leaves_with_the_same_exit_code() {
    let (code, words) = stopped(&endless("UPDATE_IN_PROGRESS"), &["deploy", "--no-preflight"], 2);
    assert_eq!(code, Some(130), "{words}");
}

#[test]
fn credentials_that_nobody_gives_for_a_while_are_waited_for() {
    // Where this file is, no credentials are given, and it is taken away.
    let over = tempfile::tempdir().unwrap();
    let over = over.path().join("over");
    let (file, asked, ended) = (over.clone(), AtomicBool::new(false), AtomicBool::new(false));
    let shop = Shop::new(move |call| match call.operation.as_str() {
        "cloudformation DescribeStacks" => Some(stack("UPDATE_COMPLETE")),
        "sts GetCallerIdentity" => {
            asked.store(true, Ordering::SeqCst);
            None
        }
        "cloudformation DescribeStackEvents" => {
            let mut all = vec![of_stack(STACK, "UPDATE_IN_PROGRESS", "User Initiated")];
            if ended.load(Ordering::SeqCst) {
                all.push(of_stack(STACK, "UPDATE_COMPLETE", ""));
            } else if asked.load(Ordering::SeqCst) {
                // Nothing but following the stack goes on by now.
                std::fs::write(&file, "").unwrap();
                ended.store(true, Ordering::SeqCst);
            }
            Some(events(STACK, &call.token, &all))
        }
        _ => None,
    });
    // What it gives is about to expire, so that it is asked before each call.
    let keys = r#"{"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2026-01-31T00:00:00Z"}"#;
    shop.file(
        "give",
        &format!("if rm '{}' 2>&-; then echo 'no token' >&2; exit 1; fi\necho '{keys}'\n", over.display()),
    );
    shop.file("config", &format!("[profile team]\ncredential_process = sh {}\n", shop.path("give").display()));
    let mut rlx = shop.rlx(&["deploy", "--no-preflight"]);
    let output = rlx.env("AWS_CONFIG_FILE", shop.path("config")).env("AWS_PROFILE", "team").output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    let told = "the credential_process of profile `team` failed: exit status: 1. Stderr: no token";
    assert!(words.contains(told) && words.contains("renew them, rlx goes on by itself"), "{words}");
    assert_eq!(output.status.code(), Some(0), "{words}");
}
