//! A denied deploy, explained and mended, where IAM is enforced.

use crate::harness::{Project, strict_emulator};
use crate::users::User;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const MANIFEST: &str = "
provider: { name: aws, runtime: python3.12, region: eu-west-1 }
functions:
  hello: { handler: handler.hello, events: [{ httpApi: GET /hello }] }
";

fn project() -> Project {
    let project = Project::on(strict_emulator(), MANIFEST);
    project.file("handler.py", "def hello(event, context):\n    return {}\n");
    project
}

#[test]
fn a_denied_deploy_is_explained_from_its_record() {
    let project = project();
    let user = User::new(&format!("{}-nobody", project.name), &[]);
    let denied = user.rlx(&project, &["deploy"]).output().unwrap();
    assert_eq!(denied.status.code(), Some(3), "{}", String::from_utf8_lossy(&denied.stderr));

    let output = user.rlx(&project, &["diagnose", "--output", "json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cause = &told["diagnoses"][0];
    let action = cause["action"].as_str().unwrap_or_default();
    assert!(cause["principal"].as_str().unwrap_or_default().ends_with("-nobody"), "{told:#}");
    assert!(action.starts_with("cloudformation:") || action.starts_with("s3:"), "{told:#}");
    assert_eq!(cause["layer"], "identity", "{told:#}");
    assert!(cause["statements"].to_string().contains(action), "{told:#}");
}

#[test]
fn who_holds_nothing_deploys_after_at_most_two_rounds_of_diagnose() {
    let project = project();
    let user = User::new(&format!("{}-newcomer", project.name), &[]);
    user.rlx(&project, &["deploy"]).assert().code(3);
    let mut told = String::new();
    for _round in 0..2 {
        user.rlx(&project, &["diagnose", "--fix", "fix.json"]).assert().success();
        let fix: Value =
            serde_json::from_str(&std::fs::read_to_string(project.path().join("fix.json")).unwrap()).unwrap();
        user.hold(fix.as_array().unwrap_or(&vec![fix.clone()]));
        let output = user.rlx(&project, &["deploy"]).output().unwrap();
        if output.status.success() {
            return;
        }
        told = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    panic!("denied after two rounds: {told}");
}

/// A policy of these statements.
fn policy(statements: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// What `rlx diagnose` tells of the last deploy.
fn told(user: &User, project: &Project, args: &[&str]) -> Value {
    let args = [&["diagnose", "--output", "json"], args].concat();
    serde_json::from_slice(&user.rlx(project, &args).output().unwrap().stdout).unwrap()
}

#[test]
fn the_statement_that_denies_is_found_among_the_policies_of_who_was_denied() {
    let project = project();
    let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let deny = json!({ "Sid": "NoUploads", "Effect": "Deny", "Action": "s3:PutObject", "Resource": "*" });
    let user = User::new(&format!("{}-fenced", project.name), &[policy(json!([all, deny]))]);
    user.rlx(&project, &["deploy"]).assert().code(3);

    let told = told(&user, &project, &[]);
    let cause = &told["diagnoses"][0];
    assert_eq!(cause["kind"], "explicit_deny_identity", "{told:#}");
    assert_eq!(cause["checked"]["decision"], "explicit_deny", "{told:#}");
    assert!(cause["checked"]["caller"].as_str().unwrap().ends_with("-fenced"), "{told:#}");
    assert!(cause["checked"]["reasons"][0].as_str().unwrap().contains("NoUploads"), "{told:#}");
    assert_eq!(cause["statements"], json!([]), "a further Allow changes nothing");
    // No policy mends it, so none is written.
    user.rlx(&project, &["diagnose", "--fix", "fix.json"]).assert().code(1);
    assert!(!project.path().join("fix.json").exists());
}

#[test]
fn the_fix_is_just_what_the_caller_lacks_where_its_policies_may_be_read() {
    let project = project();
    let lacking = ["lambda:CreateFunction", "s3:PutObject"];
    let rest = json!({ "Effect": "Allow", "NotAction": lacking, "Resource": "*" });
    let user = User::new(&format!("{}-nearly", project.name), &[policy(json!([rest]))]);
    user.rlx(&project, &["deploy"]).assert().code(3);

    let told = told(&user, &project, &["--fix", "fix.json"]);
    assert_eq!(told["further"]["narrowed"], true, "{told:#}");
    assert_eq!(told["diagnoses"][0]["verified"], true, "{told:#}");
    let fix: Value = serde_json::from_str(&std::fs::read_to_string(project.path().join("fix.json")).unwrap()).unwrap();
    let statements = fix["Statement"].as_array().unwrap_or_else(|| panic!("{fix:#}\n{told:#}"));
    let actions: BTreeSet<&str> = statements
        .iter()
        .flat_map(|statement| match &statement["Action"] {
            Value::Array(actions) => actions.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
            one => one.as_str().into_iter().collect(),
        })
        .collect();
    assert_eq!(actions, lacking.into(), "{fix:#}");
    assert!(statements.iter().all(|statement| statement["Resource"] != "*"), "{fix:#}");
    user.hold(&[policy(json!([rest])), fix]);
    user.rlx(&project, &["deploy"]).assert().success();
}

/// Runs a command on a terminal of its own, types a line, prints what it shows, ends as it does.
const ON_A_TERMINAL: &str = "
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
os.write(terminal, sys.argv[1].encode() + b'\\n')
shown = b''
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
print(shown.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";

/// What `docs/diagnose.md` shows in a fence of this name.
fn documented(fence: &str) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnose.md")).unwrap();
    let (_, rest) = page.split_once(&format!("```{fence}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn no_policy_is_written_where_none_would_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:CreateRole on resource: \
                arn:aws:iam::123456789012:role/a because no permissions boundary allows the iam:CreateRole action";
    let mut rlx = assert_cmd::Command::cargo_bin("rlx").unwrap();
    let args = ["diagnose", "--fix", "fix.json", "--message", text];
    let output = rlx.current_dir(folder.path()).env("NO_COLOR", "1").args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), documented("unmended"));
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.contains("Ask whoever owns the permissions boundary"), "{answer}");
    assert!(!folder.path().join("fix.json").exists());
}

#[test]
fn apply_changes_a_policy_after_showing_the_change_and_not_before() {
    const POLICY: &str = "rlx-diagnose-fix";
    let project = project();
    let user = User::new(&format!("{}-helped", project.name), &[]);
    user.rlx(&project, &["deploy"]).assert().code(3);
    let answering = |answer: &str| {
        let rlx = assert_cmd::cargo::cargo_bin("rlx");
        let script = "exec python3 -c \"$@\"";
        let mut shell = project.shell(script, &[ON_A_TERMINAL, answer, rlx.to_str().unwrap(), "diagnose", "--apply"]);
        let cache = &strict_emulator().cache;
        let output = shell.env("RLX_CACHE_DIR", cache).env("RLX_STAGE", "local").env("NO_COLOR", "1").output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };

    let (code, text) = project.fails(&["diagnose", "--apply"]);
    assert_eq!((code, user.policy(POLICY)), (1, None), "nobody was asked: {text}");
    assert!(text.contains("what it would put: inline policy rlx-diagnose-fix"), "{text}");
    let (code, shown) = answering("n");
    assert_eq!((code, user.policy(POLICY)), (Some(1), None), "{shown}");
    let action = told(&user, &project, &[])["diagnoses"][0]["action"].as_str().unwrap().to_owned();
    assert!(shown.contains(POLICY) && shown.matches(&action).count() > 1, "the change is shown: {shown}");

    let (code, shown) = answering("y");
    assert_eq!(code, Some(0), "{shown}");
    assert!(user.policy(POLICY).unwrap().contains(&action), "{shown}");
    // The next refusal is another one, and what was put there stays.
    user.rlx(&project, &["deploy"]).assert().code(3);
    let next = told(&user, &project, &[])["diagnoses"][0]["action"].as_str().unwrap().to_owned();
    assert_ne!(next, action);
    let applied = project.rlx(&["diagnose", "--apply", "--yes"]).output().unwrap();
    let applied = String::from_utf8(applied.stderr).unwrap();
    let documented = documented("applied");
    let documented = documented.replace("user ann", &format!("user {}", user.name));
    assert_eq!(applied, documented.replace("stack/shop-local", &format!("stack/{}-local", project.name)));
    let held = user.policy(POLICY).unwrap();
    assert!(held.contains(&action) && held.contains(&next), "{held}");
}

/// A custom resource that answers `FAILED` with what AWS told its function.
const CUSTOM: &str = "
provider: { name: aws, runtime: python3.12, region: eu-west-1 }
functions:
  setup: { handler: setup.setup }
resources:
  Resources:
    Raw:
      Type: Custom::Bucket
      Properties: { ServiceToken: !GetAtt SetupLambdaFunction.Arn }
";

const SETUP: &str = r#"
import json
import urllib.request


def setup(event, context):
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer["PhysicalResourceId"] = "raw"
    answer["Status"] = "SUCCESS" if event["RequestType"] == "Delete" else "FAILED"
    answer["Reason"] = (
        "An error occurred (AccessDenied) when calling the CreateBucket operation: User: "
        "arn:aws:sts::123456789012:assumed-role/shop-setup/shop-setup is not authorized to perform: s3:CreateBucket "
        'on resource: "arn:aws:s3:::shop-raw" because no identity-based policy allows the s3:CreateBucket action '
        "See the details in CloudWatch Log Stream: 2024/05/01/[$LATEST]0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    )
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))
"#;

#[test]
fn what_denied_the_function_of_a_custom_resource_is_the_cause() {
    let project = Project::new(CUSTOM);
    project.file("setup.py", SETUP);
    project.rlx(&["deploy"]).assert().failure();

    let output = project.rlx(&["diagnose", "--output", "json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cause = &told["diagnoses"][0];
    assert_eq!(cause["kind"], "implicit_deny_identity", "{told:#}");
    assert_eq!(cause["action"], "s3:CreateBucket");
    assert_eq!(cause["principal"], "arn:aws:sts::123456789012:assumed-role/shop-setup/shop-setup");
    assert_eq!(cause["resource"], "arn:aws:s3:::shop-raw");
    assert_eq!(cause["logical_id"], "Raw");
    // The function needs nothing of what a deploy needs.
    assert!(told["further"].is_null(), "{told:#}");
    project.ok(&["diagnose", "--fix", "fix.json"]);
    let fix: Value = serde_json::from_str(&std::fs::read_to_string(project.path().join("fix.json")).unwrap()).unwrap();
    assert_eq!(fix["Statement"], cause["statements"]);
    // The events of the stack say the same as the record.
    let stack = format!("{}-local", project.name);
    let output = project.rlx(&["diagnose", "--stack", &stack, "--output", "json"]).output().unwrap();
    let of_stack: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(of_stack["diagnoses"][0]["action"], cause["action"], "{of_stack:#}");
}

#[test]
fn a_text_is_explained_with_and_without_a_service_at_hand() {
    let text = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sqs:CreateQueue on resource: \
                arn:aws:sqs:eu-west-1:123456789012:jobs";
    let folder = tempfile::tempdir().unwrap();
    let told = || -> Value {
        let mut rlx = assert_cmd::Command::cargo_bin("rlx").unwrap();
        let output = rlx.current_dir(folder.path()).args(["diagnose", "--output", "json"]).write_stdin(text).output();
        let told: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        assert_eq!(told["diagnoses"][0]["action"], "sqs:CreateQueue");
        told["further"].clone()
    };
    assert!(told().is_null());
    let manifest = |text: &str| std::fs::write(folder.path().join("rlx.yml"), text).unwrap();
    manifest("service: [");
    assert!(told().is_null());
    manifest("service: shop\nprovider: { name: aws, runtime: python3.12 }\nfunctions: { a: { handler: a.b } }\n");
    assert!(told()["statements"].to_string().contains("lambda:CreateFunction"));
}

#[test]
fn a_stack_is_explained_where_there_is_no_service() {
    let project = project();
    let user = User::new(&format!("{}-elsewhere", project.name), &[]);
    let folder = tempfile::tempdir().unwrap();
    let mut rlx = user.rlx(&project, &["diagnose", "--stack", "billing", "--output", "json"]);
    let output = rlx.current_dir(folder.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("cloudformation:DescribeStacks"), "AWS was asked: {text}");
}
