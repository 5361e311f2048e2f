//! What `rlx permissions` prints is enough, and no more than that, where IAM is enforced.

use crate::harness::{Project, strict_emulator};
use crate::users::User;
use serde_json::{Value, json};

const MANIFEST: &str = "
provider:
  name: aws
  runtime: python3.12
  region: eu-west-1
functions:
  hello:
    handler: handler.hello
    url: true
    events:
      - sqs: { arn: !GetAtt [Queue, Arn] }
      - schedule: rate(1 hour)
      - httpApi: GET /hello
resources:
  Resources:
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: '${self:service}-q' } }
";

fn project() -> Project {
    let project = Project::on(strict_emulator(), MANIFEST);
    project.file("handler.py", "def hello(event, context):\n    return {}\n");
    project
}

/// The policies that `rlx permissions` prints.
fn printed(project: &Project) -> Vec<Value> {
    match serde_json::from_str(&project.ok(&["permissions"])).unwrap() {
        Value::Array(documents) => documents,
        one => vec![one],
    }
}

/// The policies without an action.
fn without(policies: &[Value], action: &str) -> Vec<Value> {
    let mut policies = policies.to_vec();
    for statement in policies.iter_mut().flat_map(|p| p["Statement"].as_array_mut().unwrap()) {
        let actions = match &statement["Action"] {
            Value::Array(actions) => actions.clone(),
            one => vec![one.clone()],
        };
        let kept: Vec<Value> = actions.into_iter().filter(|a| a != action).collect();
        statement["Action"] = if kept.is_empty() { json!("sts:GetCallerIdentity") } else { json!(kept) };
    }
    policies
}

#[test]
fn who_holds_what_is_printed_deploys_updates_and_removes_at_the_first_try() {
    let project = project();
    let user = User::new(&format!("{}-full", project.name), &printed(&project));
    user.rlx(&project, &["deploy"]).assert().success();
    project.file("handler.py", "def hello(event, context):\n    return {'changed': True}\n");
    user.rlx(&project, &["deploy"]).assert().success();
    user.rlx(&project, &["remove", "--yes"]).assert().success();
}

#[test]
fn who_lacks_one_action_is_told_just_that_one() {
    let project = project();
    let policies = printed(&project);
    for action in ["cloudformation:CreateStack", "cloudformation:DescribeStackEvents", "s3:PutObject", "s3:ListBucket"]
    {
        let name = format!("{}-{}", project.name, action.replace(':', "-"));
        let user = User::new(&name, &without(&policies, action));
        let output = user.rlx(&project, &["deploy"]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{action}: {told}");
        assert!(told.contains(&format!("perform: {action} ")), "{action}: {told}");
        project.ok(&["remove", "--yes"]);
    }
}

#[test]
fn the_check_before_a_deploy_lists_all_that_is_missing() {
    let project = project();
    let may_look = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Resource": "*",
        "Action": ["iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy", "cloudformation:*"] }] });
    let user = User::new(&format!("{}-look", project.name), &[may_look]);
    let output = user.rlx(&project, &["diagnose", "--preflight", "--output", "json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{found:#}");
    let denied: Vec<&str> =
        found["preflight"]["denied"].as_array().unwrap().iter().filter_map(|d| d["action"].as_str()).collect();
    assert!(denied.contains(&"s3:PutObject") && denied.contains(&"lambda:CreateFunction"), "{denied:?}");
    assert!(!denied.iter().any(|action| action.starts_with("cloudformation:")), "{denied:?}");
}

#[test]
fn who_may_not_look_is_told_that_it_is_not_known() {
    let project = project();
    let user = User::new(&format!("{}-blind", project.name), &printed(&project));
    let output = user.rlx(&project, &["diagnose", "--preflight", "--output", "json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["preflight"]["method"], "unknown");
}
