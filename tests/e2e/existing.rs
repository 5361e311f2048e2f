//! Functions in front of what exists outside of their stack: custom resources with real runs of their handlers.

use crate::harness::{Project, emulator, until};
use serde_json::{Value, json};

/// What other stacks own.
const BASE: &str = "
provider: {name: aws, runtime: python3.12}
resources:
  Resources:
    Photos: {Type: 'AWS::S3::Bucket', Properties: {BucketName: NAME-photos}}
    People: {Type: 'AWS::Cognito::UserPool', Properties: {UserPoolName: NAME-people}}
    Harbour: {Type: 'AWS::Events::EventBus', Properties: {Name: NAME-harbour}}
";

const SERVICE: &str = "
provider:
  name: aws
  runtime: python3.12
  eventBridge: {useCloudFormation: false}
  logs: {restApi: true}
functions:
  arrive:
    handler: app.main
    events:
      - s3: {bucket: NAME-photos, event: 's3:ObjectCreated:*', existing: true, rules: [{prefix: in/}]}
      - cognitoUserPool: {pool: NAME-people, trigger: PreSignUp, existing: true}
      - eventBridge: {eventBus: NAME-harbour, pattern: {source: [tide]}}
      - http: GET /ships
";

const APP: &str = "
def main(event, context):
    print('arrived', [r['s3']['object']['key'] for r in event.get('Records', [])])
";

/// A call of a JSON protocol.
fn call(target: &str, body: &Value) -> Value {
    let mut answer = ureq::post(emulator().endpoint.as_str())
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.1")
        .send(body.to_string())
        .unwrap();
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
}

fn triggers(base: &str) -> Value {
    let pools = call("AWSCognitoIdentityProviderService.ListUserPools", &json!({ "MaxResults": 60 }));
    let pools = pools["UserPools"].as_array().unwrap().clone();
    let pool = pools.iter().find(|pool| pool["Name"] == format!("{base}-people")).unwrap();
    let pool = call("AWSCognitoIdentityProviderService.DescribeUserPool", &json!({ "UserPoolId": pool["Id"] }));
    pool["UserPool"]["LambdaConfig"].clone()
}

fn rules(base: &str) -> usize {
    let rules = call("AWSEvents.ListRules", &json!({ "EventBusName": format!("{base}-harbour") }));
    rules["Rules"].as_array().map_or(0, Vec::len)
}

fn notifications(base: &str) -> String {
    let url = format!("{}/{base}-photos?notification", emulator().endpoint);
    ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()
}

#[test]
fn functions_are_attached_to_what_exists_and_detached_from_it_again() {
    let base = Project::new("");
    base.manifest(&BASE.replace("NAME", &base.name));
    base.ok(&["deploy"]);
    let service = Project::new("");
    service.manifest(&SERVICE.replace("NAME", &base.name));
    service.file("app.py", APP);
    service.ok(&["deploy"]);

    assert!(
        triggers(&base.name)["PreSignUp"].as_str().unwrap_or_default().ends_with("-arrive"),
        "{}",
        triggers(&base.name)
    );
    assert_eq!(rules(&base.name), 1);
    assert!(notifications(&base.name).contains("-arrive"), "{}", notifications(&base.name));
    ureq::put(format!("{}/{}-photos/in/sloop.jpg", emulator().endpoint, base.name)).send("x").unwrap();
    until("the function's log of the picture", || {
        service.ok(&["logs", "-f", "arrive"]).contains("arrived ['in/sloop.jpg']").then_some(())
    });

    service.ok(&["remove", "--yes"]);
    assert_eq!(triggers(&base.name).get("PreSignUp"), None);
    assert_eq!(rules(&base.name), 0);
    assert!(!notifications(&base.name).contains("-arrive"), "{}", notifications(&base.name));
}
