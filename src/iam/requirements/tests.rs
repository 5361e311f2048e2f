use super::*;
use crate::iam::catalogue::{self, Operation};
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
fn an_event_source_mapping_is_made_on_any_resource_and_changed_on_mappings() {
    let template = template(json!({ "Jobs": { "Type": "AWS::Lambda::EventSourceMapping", "Properties": {
        "FunctionName": "orders-dev-hello", "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:jobs" } } }));
    // Its ARN does not exist before it is made (Service Authorization Reference: no resource type).
    assert_eq!(resources(&template, "lambda:CreateEventSourceMapping"), ["*"]);
    for action in ["lambda:UpdateEventSourceMapping", "lambda:DeleteEventSourceMapping"] {
        assert_eq!(resources(&template, action), ["arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:*"]);
    }
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
fn the_buckets_that_go_with_the_stack_are_emptied_and_no_others() {
    let bucket = |name: &str, policy: &str| json!({ "Type": "AWS::S3::Bucket", "DeletionPolicy": policy, "Properties": { "BucketName": name } });
    let template = template(json!({ "Inbox": bucket("inbox", "Delete"), "Archive": bucket("archive", "Retain") }));
    let requirements = Requirements::of_calls(&template, &scope(), &Deployment::default());
    let on = |action: &str, bucket: &str| {
        let mut found = requirements.iter().filter(|(p, _)| p.action == action);
        found.any(|(p, _)| p.resource == format!("arn:aws:s3:::{bucket}"))
    };
    assert!(on("s3:ListBucketVersions", "inbox") && on("s3:DeleteObjectVersion", "inbox/*"));
    assert!(!on("s3:ListBucketVersions", "archive") && !on("s3:DeleteObjectVersion", "archive/*"));
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
fn a_request_that_names_several_kinds_of_things_needs_all_of_them() {
    let template = template(json!({
        "Vpc": { "Type": "AWS::EC2::VPC", "Properties": {} },
        "Subnet": { "Type": "AWS::EC2::Subnet", "Properties": { "VpcId": { "Ref": "Vpc" } } },
        "Redis": { "Type": "AWS::ElastiCache::CacheCluster", "Properties": { "ClusterName": "orders-redis",
            "CacheSubnetGroupName": "orders-subnets" } },
    }));
    let subnet = resources(&template, "ec2:CreateSubnet");
    for kind in ["subnet", "vpc"] {
        assert!(subnet.contains(&format!("arn:aws:ec2:eu-west-1:123456789012:{kind}/*")), "{subnet:?}");
    }
    let redis = resources(&template, "elasticache:CreateCacheCluster");
    for name in ["cluster:orders-redis", "subnetgroup:orders-subnets", "parametergroup:*"] {
        assert!(redis.contains(&format!("arn:aws:elasticache:eu-west-1:123456789012:{name}")), "{redis:?}");
    }
}

#[test]
fn services_give_policies_to_their_linked_roles_only() {
    let gives = |action: &String| ["iam:PutRolePolicy", "iam:AttachRolePolicy"].contains(&action.as_str());
    let types = catalogue::all_handlers().filter(|handlers| handlers.actions(Operation::Create).any(|a| gives(&a)));
    for kind in types.map(|handlers| handlers.resource_type()).filter(|kind| !kind.starts_with("AWS::IAM::")) {
        let template = template(json!({ "X": { "Type": kind, "Properties": {} } }));
        for action in ["iam:PutRolePolicy", "iam:AttachRolePolicy"] {
            let found = resources(&template, action);
            assert!(found.iter().all(|arn| arn.contains(":role/aws-service-role/")), "{kind}: {found:?}");
        }
    }
}

#[test]
fn a_role_that_an_api_calls_with_is_passed_to_it() {
    let mut value = function();
    let credentials = json!({ "Fn::GetAtt": ["Role", "Arn"] });
    value["Integration"] =
        json!({ "Type": "AWS::ApiGatewayV2::Integration", "Properties": { "CredentialsArn": credentials } });
    let template = template(value);
    let requirements = Requirements::of_resources(&template, &scope());
    let passed = requirements.iter().find(|(p, _)| p.passed_to.as_deref() == Some("apigateway.amazonaws.com"));
    assert_eq!(passed.unwrap().0.resource, "arn:aws:iam::123456789012:role/orders-dev-role");
}

#[test]
fn an_image_is_read_from_its_own_repository() {
    let template = template(json!({ "F": { "Type": "AWS::Lambda::Function", "Properties": { "Code": {
        "ImageUri": "210987654321.dkr.ecr.eu-central-1.amazonaws.com/tools/report@sha256:00" } } } }));
    assert_eq!(
        resources(&template, "ecr:BatchGetImage"),
        ["arn:aws:ecr:eu-central-1:210987654321:repository/tools/report"]
    );
}

#[test]
fn a_web_acl_is_looked_for_where_it_is_put_only() {
    let template = template(json!({ "Acl": { "Type": "AWS::WAFv2::WebACLAssociation", "Properties": {
        "ResourceArn": { "Fn::Sub": "arn:aws:apigateway:${AWS::Region}::/restapis/a/stages/dev" },
        "WebACLArn": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/orders/1" } } }));
    assert!(!resources(&template, "apigateway:SetWebACL").is_empty());
    for action in ["cognito-idp:AssociateWebACL", "elasticloadbalancing:SetWebAcl", "appsync:SetWebACL"] {
        assert_eq!(resources(&template, action), Vec::<String>::new(), "{action}");
    }
}

#[test]
fn what_a_handler_does_to_things_of_a_known_name_is_allowed_on_these() {
    let target = |namespace: &str, id: &str| {
        json!({ "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": { "ServiceNamespace": namespace, "ResourceId": id } })
    };
    let of = |namespace: &str, id: &str, action: &str| {
        resources(&template(json!({ "Target": target(namespace, id) })), action)
    };
    let provisioned = "lambda:PutProvisionedConcurrencyConfig";
    let alias = "arn:aws:lambda:eu-west-1:123456789012:function:orders:live";
    assert_eq!(of("lambda", "function:orders:live", provisioned), [alias]);
    assert_eq!(of("dynamodb", "table/orders", provisioned), Vec::<String>::new());
    let alarms = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:TargetTracking-*";
    assert_eq!(of("dynamodb", "table/orders", "cloudwatch:PutMetricAlarm"), [alarms]);
}

#[test]
fn a_type_with_two_arns_is_named_by_the_one_that_fits() {
    let template = template(json!({ "Acl": { "Type": "AWS::WAFv2::WebACLAssociation", "Properties": {
        "ResourceArn": { "Fn::Sub": "arn:aws:apigateway:${AWS::Region}::/restapis/a/stages/dev" },
        "WebACLArn": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/orders/1" } } }));
    let stage = "arn:aws:apigateway:eu-west-1::/restapis/a/stages/dev";
    assert_eq!(resources(&template, "apigateway:SetWebACL"), [stage]);
}

#[test]
fn zones_objects_and_layers_that_properties_name_are_what_is_allowed() {
    let template = template(json!({
        "Cert": { "Type": "AWS::CertificateManager::Certificate", "Properties": { "DomainName": "a.example",
            "DomainValidationOptions": [{ "DomainName": "a.example", "HostedZoneId": "Z1" }] } },
        "Domain": { "Type": "AWS::ApiGateway::DomainName", "Properties": { "DomainName": "a.example",
            "MutualTlsAuthentication": { "TruststoreUri": "s3://trust/store.pem" } } },
        "Layer": { "Type": "AWS::Lambda::LayerVersion", "Properties": { "LayerName": "common", "Content": {} } },
        "Hello": { "Type": "AWS::Lambda::Function", "Properties": { "FunctionName": "hello",
            "Layers": [{ "Ref": "Layer" }] } },
    }));
    assert_eq!(resources(&template, "route53:ChangeResourceRecordSets"), ["arn:aws:route53:::hostedzone/Z1"]);
    assert_eq!(resources(&template, "s3:GetObject"), ["arn:aws:s3:::trust/store.pem"]);
    assert!(!resources(&template, "apigateway:AddCertificateToDomain").is_empty());
    let layer = "arn:aws:lambda:eu-west-1:123456789012:layer:common:*";
    assert_eq!(resources(&template, "lambda:GetLayerVersion"), [layer]);
}

#[test]
fn a_function_at_the_edge_is_replicated_by_its_version() {
    let mut value = function();
    value["Version"] = json!({ "Type": "AWS::Lambda::Version", "Properties": { "FunctionName": { "Ref": "Hello" } } });
    let association = json!([{ "EventType": "viewer-request", "LambdaFunctionARN": { "Ref": "Version" } }]);
    value["Shop"] = json!({ "Type": "AWS::CloudFront::Distribution", "Properties": { "DistributionConfig": {
        "DefaultCacheBehavior": { "LambdaFunctionAssociations": association } } } });
    let version = "arn:aws:lambda:eu-west-1:123456789012:function:orders-dev-hello:*";
    let template = template(value);
    assert_eq!(resources(&template, "lambda:EnableReplication"), [version]);
    assert!(resources(&template, "lambda:GetFunction").contains(&version.to_owned()));
}

#[test]
fn a_distribution_needs_its_web_acl_and_the_bucket_of_its_log() {
    let acl = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/orders/1";
    let template = template(json!({
        "Logs": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": "orders-logs" } },
        "Shop": { "Type": "AWS::CloudFront::Distribution", "Properties": { "DistributionConfig": {
            "WebACLId": acl, "Logging": { "Bucket": { "Fn::GetAtt": ["Logs", "DomainName"] } } } } },
    }));
    assert_eq!(resources(&template, "wafv2:GetWebACL"), [acl]);
    assert_eq!(resources(&template, "s3:PutBucketAcl"), ["arn:aws:s3:::orders-logs"]);
}

#[test]
fn every_reviewed_table_speaks_of_types_and_actions_that_exist() {
    for (table, text) in [
        ("arns", include_str!("../facts/reviewed/arns.tsv")),
        ("gates", include_str!("../facts/reviewed/gates.tsv")),
        ("extras", include_str!("../facts/reviewed/extras.tsv")),
        ("scopes", include_str!("../facts/reviewed/scopes.tsv")),
    ] {
        let keys: Vec<&str> = text.lines().filter_map(|line| line.split('\t').next()).collect();
        let mut sorted = keys.clone();
        sorted.sort_by_key(|key| key.to_ascii_lowercase());
        assert_eq!(keys, sorted, "{table}");
        for key in keys {
            let kind = key.split(' ').next().unwrap();
            let handlers = catalogue::handlers(kind);
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
fn documents_are_filled_in_any_order_of_what_is_needed() {
    // First the long statements, then the short ones: in that order a document of long ones would have room left.
    let mut requirements = Requirements::default();
    for number in 0..8 {
        for name in 0..(if number < 4 { 60 } else { 30 }) {
            let resource = format!("arn:aws:sqs:eu-west-1:123456789012:a-queue-with-a-name-{number}-{name:02}");
            let action = format!("sqs:Action{number}");
            requirements.add(&action, &resource, None, Need::Resource(format!("Queue{number}")));
        }
    }
    let documents = requirements.documents(&DocumentOptions::default());
    let total: usize = documents.iter().map(|document| document.to_json().to_string().len()).sum();
    assert_eq!(documents.len(), total.div_ceil(MAX_LENGTH));
    let first: Vec<_> = documents.iter().map(|document| document.statements[0].sid.clone()).collect();
    assert!(first.is_sorted(), "{first:?}");
    assert_eq!(documents, requirements.documents(&DocumentOptions::default()));
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

#[test]
fn statement_ids_stay_the_same_when_only_code_changes() {
    let sids = |version: &str| {
        let template = template(json!({ (format!("HelloLambdaVersion{version}")): {
            "Type": "AWS::Lambda::Version", "Properties": { "FunctionName": "hello" } } }));
        let documents = Requirements::of_resources(&template, &scope()).documents(&DocumentOptions::default());
        documents.iter().flat_map(|d| &d.statements).filter_map(|s| s.sid.clone()).collect::<Vec<_>>()
    };
    assert_eq!(sids("Wv4kKNR6W2"), sids("o82o5HGUCk"));
}
