//! A denied deploy, explained and mended, where IAM is enforced.

use crate::harness::{Project, strict_emulator};
use crate::users::User;
use serde_json::Value;

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
