use super::*;
use crate::iam::evaluate::{Caller, NamedPolicy, Policies, Request, evaluate};
use crate::iam::policy::Policy;
use serde_json::{Value, json};

fn template(resources: Value) -> Template {
    let Value::Object(root) = json!({ "Resources": resources }) else { unreachable!() };
    Template { root }
}

fn scope() -> Scope {
    Scope::new("orders-dev", "eu-west-1", Some("123456789012".into()))
}

fn function() -> Value {
    json!({
        "Role": { "Type": "AWS::IAM::Role", "Properties": { "RoleName": "orders-dev-role",
            "Policies": [{ "PolicyName": "p", "PolicyDocument": {} }], "AssumeRolePolicyDocument": {} } },
        "Hello": { "Type": "AWS::Lambda::Function", "Properties": {
            "FunctionName": "orders-dev-hello", "Role": { "Fn::GetAtt": ["Role", "Arn"] },
            "Code": { "S3Bucket": { "Ref": "Bucket" }, "S3Key": "rlx/orders/dev/abc.zip" },
            "Layers": ["arn:aws:lambda:eu-west-1:210987654321:layer:powertools:1"] } },
        "Bucket": { "Type": "AWS::S3::Bucket", "Properties": {} },
    })
}

/// The resources that an action is allowed on, by requirement.
fn resources(template: &Template, action: &str) -> Vec<String> {
    let requirements = Requirements::of_resources(template, &scope());
    requirements.iter().filter(|(p, _)| p.action == action).map(|(p, _)| p.resource.clone()).collect()
}

#[test]
fn a_function_is_named_by_its_very_arn() {
    let template = template(function());
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders-dev-hello";
    for action in ["lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:DeleteFunction", "lambda:TagResource"]
    {
        assert_eq!(resources(&template, action), [arn], "{action}");
    }
}

#[test]
fn what_properties_do_not_ask_for_is_not_required() {
    let template = template(function());
    for action in ["kms:Decrypt", "ec2:DescribeVpcs", "lambda:PutFunctionConcurrency", "s3:GetObjectVersion"] {
        assert_eq!(resources(&template, action), Vec::<String>::new(), "{action}");
    }
    let mut resources_value = function();
    resources_value["Hello"]["Properties"]["VpcConfig"] = json!({ "SubnetIds": ["s"], "SecurityGroupIds": ["g"] });
    resources_value["Hello"]["Properties"]["KmsKeyArn"] = json!("arn:aws:kms:eu-west-1:123456789012:key/k");
    let template = super::tests::template(resources_value);
    assert_eq!(resources(&template, "ec2:DescribeVpcs"), ["*"]);
    assert_eq!(resources(&template, "kms:Decrypt"), ["arn:aws:kms:eu-west-1:123456789012:key/k"]);
}

#[test]
fn what_properties_name_is_what_is_allowed() {
    let template = template(function());
    assert_eq!(
        resources(&template, "lambda:GetLayerVersion"),
        ["arn:aws:lambda:eu-west-1:210987654321:layer:powertools:1"]
    );
    assert_eq!(resources(&template, "s3:GetObject"), ["arn:aws:s3:::orders-dev-bucket-*/rlx/orders/dev/*"]);
    assert_eq!(resources(&template, "s3:CreateBucket"), ["arn:aws:s3:::orders-dev-bucket-*"]);
}

#[test]
fn a_role_is_passed_to_its_service_only() {
    let requirements = Requirements::of_resources(&template(function()), &scope());
    let (pass, needs) = requirements.iter().find(|(p, _)| p.action == "iam:PassRole").unwrap();
    assert_eq!(pass.resource, "arn:aws:iam::123456789012:role/orders-dev-role");
    assert_eq!(pass.passed_to.as_deref(), Some("lambda.amazonaws.com"));
    assert_eq!(needs, &[Need::Resource("Hello".into())].into());
}

#[test]
fn an_unknown_account_is_a_wildcard_in_that_place_alone() {
    let scope = Scope::new("orders-dev", "cn-north-1", None);
    let requirements = Requirements::of_resources(&template(function()), &scope);
    let found: Vec<&str> = requirements
        .iter()
        .filter(|(p, _)| p.action == "lambda:GetFunction")
        .map(|(p, _)| p.resource.as_str())
        .collect();
    assert_eq!(found, ["arn:aws-cn:lambda:cn-north-1:*:function:orders-dev-hello"]);
}

#[test]
fn names_that_cloudformation_cuts_are_matched_by_their_beginning() {
    let long = "a-service-with-a-very-long-name-indeed-production";
    let scope = Scope::new(long, "eu-west-1", None);
    let requirements = Requirements::of_resources(&template(function()), &scope);
    let bucket = requirements.iter().find(|(p, _)| p.action == "s3:CreateBucket").unwrap().0;
    assert_eq!(bucket.resource, "arn:aws:s3:::a-service-with-a-very*");
}

#[test]
fn a_custom_resource_needs_its_function_invoked() {
    let template = template(json!({
        "Handler": { "Type": "AWS::Lambda::Function", "Properties": { "FunctionName": "h" } },
        "Own": { "Type": "Custom::S3", "Properties": { "ServiceToken": { "Fn::GetAtt": ["Handler", "Arn"] } } },
    }));
    assert_eq!(resources(&template, "lambda:InvokeFunction"), ["arn:aws:lambda:eu-west-1:123456789012:function:h"]);
}

#[test]
fn dynamic_references_need_what_they_read() {
    let template = template(json!({ "Q": { "Type": "AWS::SQS::Queue", "Properties": {
        "QueueName": "{{resolve:ssm:/orders/queue:1}}",
        "KmsMasterKeyId": "{{resolve:secretsmanager:orders/key:SecretString:id}}" } } }));
    assert_eq!(
        resources(&template, "ssm:GetParameters"),
        ["arn:aws:ssm:eu-west-1:123456789012:parameter/orders/queue"]
    );
    assert_eq!(
        resources(&template, "secretsmanager:GetSecretValue"),
        ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders/key-*"]
    );
}

#[test]
fn a_type_without_handlers_is_inferred_and_reported() {
    let template = template(json!({ "Channel": { "Type": "AWS::MediaLive::Channel", "Properties": {} } }));
    let requirements = Requirements::of_resources(&template, &scope());
    assert!(requirements.iter().any(|(p, _)| p.action == "medialive:CreateChannel"));
    assert_eq!(requirements.inferred.get("Channel").map(String::as_str), Some("AWS::MediaLive::Channel"));
}

#[test]
fn every_reviewed_table_speaks_of_types_and_actions_that_exist() {
    for (table, text) in [
        ("arns", include_str!("../facts/reviewed/arns.tsv")),
        ("gates", include_str!("../facts/reviewed/gates.tsv")),
        ("extras", include_str!("../facts/reviewed/extras.tsv")),
    ] {
        let keys: Vec<&str> = text.lines().filter_map(|line| line.split('\t').next()).collect();
        let mut sorted = keys.clone();
        sorted.sort_by_key(|key| key.to_ascii_lowercase());
        assert_eq!(keys, sorted, "{table}");
        for key in keys {
            let kind = key.split(' ').next().unwrap();
            let handlers = crate::iam::catalogue::handlers(kind);
            assert!(handlers.is_some() || kind == "AWS::IoT::Policy", "{table}: {kind}");
        }
    }
}

#[test]
fn documents_keep_within_the_limit_and_lose_nothing() {
    let functions: serde_json::Map<String, Value> = (0..60)
        .map(|n| {
            let name = format!("orders-dev-function-with-a-rather-long-name-{n}");
            (format!("F{n}"), json!({ "Type": "AWS::Lambda::Function", "Properties": { "FunctionName": name } }))
        })
        .collect();
    let requirements = Requirements::of_resources(&template(Value::Object(functions)), &scope());
    let documents = requirements.documents(&DocumentOptions::default());
    assert!(documents.len() > 1);
    let identity: Vec<NamedPolicy> = documents
        .iter()
        .map(|document| {
            let json = document.to_json();
            assert!(json.to_string().len() <= MAX_LENGTH);
            NamedPolicy { name: "p".into(), policy: Policy::from_value(&json).unwrap() }
        })
        .collect();
    let policies = Policies { identity, ..Policies::default() };
    let caller = Caller::from_arn("arn:aws:iam::123456789012:user/deployer").unwrap();
    for (permission, _) in requirements.iter() {
        let request = Request::new(caller.clone(), &permission.action, &permission.resource);
        assert!(evaluate(&request, &policies).is_allowed(), "{permission:?}");
    }
}

#[test]
fn compact_documents_are_shorter_and_allow_the_same() {
    let functions = json!({
        "A": { "Type": "AWS::Lambda::Function", "Properties": { "FunctionName": "orders-dev-a" } },
        "B": { "Type": "AWS::Lambda::Function", "Properties": { "FunctionName": "orders-dev-b" } },
    });
    let requirements = Requirements::of_resources(&template(functions), &scope());
    let options = DocumentOptions { compact: true, own_names: vec!["orders-dev".into()] };
    let text = |options: &DocumentOptions| requirements.documents(options)[0].to_json().to_string();
    assert!(text(&options).len() < text(&DocumentOptions::default()).len());
    assert!(text(&options).contains("function:orders-dev-*"));
}

#[test]
fn an_api_is_allowed_within_its_own_tree_only() {
    let template = template(json!({
        "Api": { "Type": "AWS::ApiGateway::RestApi", "Properties": {} },
        "Method": { "Type": "AWS::ApiGateway::Method", "Properties": {} },
    }));
    for arn in resources(&template, "apigateway:PUT").into_iter().chain(resources(&template, "apigateway:PATCH")) {
        let path = arn.strip_prefix("arn:aws:apigateway:eu-west-1::").unwrap();
        assert!(path.starts_with("/restapis") || path == "/tags/*", "{arn}");
    }
}

#[test]
fn statement_ids_are_unique_and_tell_what_needs_them() {
    let requirements = Requirements::of_resources(&template(function()), &scope());
    let documents = requirements.documents(&DocumentOptions::default());
    let mut sids: Vec<String> = documents.iter().flat_map(|d| &d.statements).filter_map(|s| s.sid.clone()).collect();
    assert!(sids.iter().any(|sid| sid == "Hello"), "{sids:?}");
    let all = sids.len();
    sids.sort();
    sids.dedup();
    assert_eq!(sids.len(), all);
}
