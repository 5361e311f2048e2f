//! Plans of small templates.

use super::*;
use serde_json::{Value, json};

fn template(resources: Value) -> Template {
    let mut template = Template::default();
    template.root.insert("Resources".into(), resources);
    template
}

fn plan(before: Value, after: Value) -> Plan {
    Plan::new(Some(&template(before)), &template(after), &[])
}

fn role(statement: Value) -> Value {
    json!({ "Role": { "Type": "AWS::IAM::Role", "Properties": { "Policies": [{ "PolicyDocument": { "Statement": [statement] } }] } } })
}

fn security(before: Value, after: Value) -> Vec<String> {
    plan(before, after).security.into_iter().map(|b| b.message).collect()
}

#[test]
fn an_unchanged_template_is_an_empty_plan() {
    let resources = json!({ "A": { "Type": "T", "DependsOn": ["X", "Y"], "Properties": { "N": 1 } } });
    let same = json!({ "A": { "Type": "T", "DependsOn": ["Y", "X"], "Properties": { "N": "1" } } });
    assert!(plan(resources, same).is_empty());
}

#[test]
fn a_change_names_its_property_with_both_values() {
    let function = |level: &str| json!({ "F": { "Type": "AWS::Lambda::Function", "Properties": { "Environment": { "Variables": { "LEVEL": level } } } } });
    let plan = plan(function("info"), function("debug"));
    assert_eq!(
        plan.changes[0].properties,
        [PropertyChange {
            path: "Properties.Environment.Variables.LEVEL".into(),
            before: Some(json!("info")),
            after: Some(json!("debug")),
        }]
    );
    assert_eq!(plan.changes[0].replacement, Replacement::Never);
}

#[test]
fn a_table_with_another_name_is_made_anew_and_loses_its_items() {
    let table = |name: &str, policy: Value| json!({ "Orders": { "Type": "AWS::DynamoDB::Table", "UpdateReplacePolicy": policy, "Properties": { "TableName": name } } });
    let lost = plan(table("a", Value::Null), table("b", Value::Null));
    assert_eq!(lost.changes[0].replacement, Replacement::Always);
    assert_eq!(
        lost.losses[0].message,
        "Orders is made anew because of TableName: all items of the table would be gone"
    );
    assert_eq!(plan(table("a", json!("Retain")), table("b", json!("Retain"))).losses, []);
}

#[test]
fn a_removed_bucket_is_a_loss_unless_it_is_retained() {
    let bucket = |policy: Value| json!({ "Files": { "Type": "AWS::S3::Bucket", "DeletionPolicy": policy } });
    assert_eq!(plan(bucket(Value::Null), json!({})).losses.len(), 1);
    let kept = plan(bucket(json!("Retain")), json!({}));
    assert_eq!(kept.losses, []);
    assert!(kept.changes[0].retained);
}

#[test]
fn what_a_change_set_says_goes_over_what_is_known() {
    let function =
        |name: Value| json!({ "F": { "Type": "AWS::Lambda::Function", "Properties": { "FunctionName": name } } });
    let (before, after) = (template(function(json!("a"))), template(function(json!({ "Ref": "Name" }))));
    assert_eq!(Plan::new(Some(&before), &after, &[]).changes[0].replacement, Replacement::Conditional);
    let verdict = Verdict { logical_id: "F".into(), replacement: Replacement::Never };
    assert_eq!(Plan::new(Some(&before), &after, &[verdict]).changes[0].replacement, Replacement::Never);
}

#[test]
fn a_statement_within_an_older_one_is_not_broader() {
    let narrow = json!({ "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::shop/a/*" });
    let wide = json!({ "Effect": "Allow", "Action": "s3:Get*", "Resource": ["arn:aws:s3:::shop/*"] });
    assert_eq!(security(role(wide.clone()), role(narrow.clone())), [""; 0]);
    assert_eq!(security(role(narrow), role(wide)), ["Role may s3:Get* on arn:aws:s3:::shop/*"]);
}

#[test]
fn a_lifted_condition_or_denial_is_broader() {
    let guarded = json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": { "Bool": { "aws:MultiFactorAuthPresent": true } } });
    let bare = json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" });
    let denied = json!({ "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*" });
    assert_eq!(security(role(guarded), role(bare.clone())), ["Role may s3:* on *"]);
    assert_eq!(security(role(denied), role(bare)), ["Role may s3:* on *", "Role is no longer denied s3:DeleteObject"]);
}

#[test]
fn public_endpoints_open_networks_and_trust_are_reported_once_they_are_new() {
    let after = json!({
        "Url": { "Type": "AWS::Lambda::Url", "Properties": { "AuthType": "NONE" } },
        "Open": { "Type": "AWS::ApiGateway::Method", "Properties": { "AuthorizationType": "NONE", "HttpMethod": "GET" } },
        "Keyed": { "Type": "AWS::ApiGateway::Method", "Properties": { "AuthorizationType": "NONE", "ApiKeyRequired": true, "HttpMethod": "GET" } },
        "Route": { "Type": "AWS::ApiGatewayV2::Route", "Properties": { "ApiId": { "Ref": "HttpApi" }, "RouteKey": "GET /a" } },
        "Message": { "Type": "AWS::ApiGatewayV2::Route", "Properties": { "ApiId": { "Ref": "WebsocketsApi" }, "RouteKey": "send" } },
        "Group": { "Type": "AWS::EC2::SecurityGroup", "Properties": { "SecurityGroupIngress": [{ "CidrIp": "0.0.0.0/0", "FromPort": 22, "ToPort": 22 }] } },
        "Other": { "Type": "AWS::IAM::Role", "Properties": { "AssumeRolePolicyDocument": { "Statement": { "Effect": "Allow", "Principal": { "AWS": "*" } } } } },
    });
    assert_eq!(security(after.clone(), after.clone()), [""; 0]);
    assert_eq!(
        security(json!({}), after),
        [
            "everybody may act as Other",
            "the function URL Url answers everybody",
            "the route Open answers everybody, without authorizer or key",
            "the route GET /a answers everybody, without authorizer",
            "Group lets the whole internet in on port 22",
        ]
    );
}
