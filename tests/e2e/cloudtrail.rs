//! `rlx diagnose --request-id`, against answers in CloudTrail's own form.

use crate::scripted::{Answer, Shop};
use serde_json::{Value, json};

const ID: &str = "0b1c2d3e-1111-2222-3333-444455556666";
const WHO: &str = "arn:aws:sts::123456789012:assumed-role/ci-deploy/build-7";
const ROLE: &str = "arn:aws:iam::123456789012:role/shop-dev-eu-west-1-lambdaRole";

/// An event of a role's session that asked through CloudFormation; `more` overrides what stands in it.
fn event(id: &str, more: &Value) -> Value {
    let issuer = json!({ "type": "Role", "principalId": "AROAEXAMPLE", "userName": "ci-deploy",
        "arn": "arn:aws:iam::123456789012:role/ci-deploy", "accountId": "123456789012" });
    let mut event = json!({
        "eventVersion": "1.10",
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE:build-7", "arn": WHO, "accountId": "123456789012",
            "sessionContext": { "sessionIssuer": issuer, "attributes": { "mfaAuthenticated": "false" } },
            "invokedBy": "cloudformation.amazonaws.com",
        },
        "eventTime": "2026-01-31T12:00:00Z", "eventSource": "iam.amazonaws.com", "eventName": "CreateRole",
        "awsRegion": "us-east-1", "sourceIPAddress": "cloudformation.amazonaws.com",
        "userAgent": "cloudformation.amazonaws.com", "requestParameters": null, "responseElements": null,
        "requestID": id, "eventID": "9a8b7c6d-0000-4444-8888-121212121212", "eventType": "AwsApiCall",
        "managementEvent": true, "recipientAccountId": "123456789012", "eventCategory": "Management",
    });
    let more = more.as_object().cloned().unwrap_or_default();
    event.as_object_mut().unwrap().extend(more);
    event
}

/// An answer of LookupEvents.
fn page(events: &[Value], next: Option<&str>) -> Answer {
    let events: Vec<Value> = events
        .iter()
        .map(|event| json!({ "EventName": event["eventName"], "CloudTrailEvent": event.to_string() }))
        .collect();
    (200, json!({ "Events": events, "NextToken": next }).to_string())
}

/// A shop whose CloudTrail answers so, in the region of the call.
fn shop(answer: impl Fn(&str, bool) -> Answer + Send + Sync + 'static) -> Shop {
    Shop::new(move |call| match call.operation.as_str() {
        "cloudtrail LookupEvents" => {
            let region = if call.text.contains("/us-east-1/cloudtrail/") { "us-east-1" } else { "eu-west-1" };
            Some(answer(region, call.text.contains("NextToken")))
        }
        _ => None,
    })
}

fn denied() -> Value {
    json!({ "errorCode": "AccessDenied", "errorMessage": format!(
        "User: {WHO} is not authorized to perform: iam:CreateRole on resource: {ROLE} because no identity-based policy \
         allows the iam:CreateRole action") })
}

#[test]
fn a_call_of_a_session_is_found_on_the_second_page_where_global_events_are_kept() {
    let shop = shop(|region, second| match (region, second) {
        // Another event speaks of the id without being of it.
        ("eu-west-1", _) => page(&[event("other", &json!({ "requestParameters": { "token": ID } }))], None),
        (_, false) => page(&[event("other", &json!({}))], Some("more")),
        _ => page(&[event(ID, &denied())], None),
    });
    let (code, out, words) = shop.ran(&["diagnose", "--request-id", ID, "--output", "json"]);
    assert_eq!(code, 0, "{words}");
    let found: Value = serde_json::from_str(&out).unwrap();
    let first = &found["diagnoses"][0];
    assert_eq!(first["kind"], "implicit_deny_identity", "{first:#}");
    assert_eq!((&first["principal"], &first["action"]), (&json!(WHO), &json!("iam:CreateRole")));
    assert_eq!((&first["resource"], &first["verified"]), (&json!(ROLE), &json!(true)));
    assert_eq!(first["request_id"], ID);
}

#[test]
fn an_event_with_bare_words_tells_the_action_by_its_call() {
    let bare = json!({ "errorCode": "AccessDenied", "errorMessage": "Access Denied",
        "eventSource": "sqs.amazonaws.com", "eventName": "CreateQueue" });
    let shop = shop(move |_, _| page(&[event(ID, &bare)], None));
    let (_, out, _) = shop.ran(&["diagnose", "--request-id", ID, "--output", "json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    let first = &found["diagnoses"][0];
    assert_eq!((&first["action"], &first["action_inferred"]), (&json!("sqs:CreateQueue"), &json!(true)));
    assert_eq!(first["principal"], WHO);
}

#[test]
fn a_request_that_is_not_there_yet_is_said_to_come_later() {
    let (code, words) = shop(|_, _| page(&[], None)).fails(&["diagnose", "--request-id", ID]);
    assert_eq!(code, 1);
    assert!(words.contains(&format!("CloudTrail knows no request {ID} in eu-west-1 and us-east-1")), "{words}");
    assert!(words.contains("hint: events reach CloudTrail some five minutes later"), "{words}");
}

#[test]
fn a_request_that_succeeded_is_said_to() {
    let shop = shop(|_, _| page(&[event(ID, &json!({}))], None));
    let (code, _, words) = shop.ran(&["diagnose", "--request-id", ID]);
    assert_eq!(code, 0);
    assert!(words.contains(&format!("request {ID}, which succeeded: iam CreateRole by {WHO}")), "{words}");
}

#[test]
fn who_may_not_ask_cloudtrail_is_told_what_is_lacking() {
    let shop = shop(|_, _| {
        let message = "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: cloudtrail:LookupEvents \
                       because no identity-based policy allows the cloudtrail:LookupEvents action";
        (400, json!({ "__type": "AccessDeniedException", "Message": message }).to_string())
    });
    let (code, words) = shop.fails(&["diagnose", "--request-id", ID]);
    assert_eq!(code, 3);
    assert!(words.contains("may not do cloudtrail:LookupEvents"), "{words}");
}
