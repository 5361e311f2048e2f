//! The check before a deploy, against answers in IAM's own form.

use crate::scripted::{Answer, Call, Shop, done, refused};
use serde_json::Value;
use std::collections::BTreeMap;

/// What IAM says of actions that are not simply allowed: the decision, and what else stands in the result.
const SAID: [(&str, &str, &str); 5] = [
    ("s3:PutObject", "implicitDeny", ""),
    ("cloudformation:DeleteStack", "explicitDeny", ""),
    (
        "sqs:CreateQueue",
        "implicitDeny",
        "<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations>\
         </OrganizationsDecisionDetail>",
    ),
    (
        "sqs:TagQueue",
        "implicitDeny",
        "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary>\
         </PermissionsBoundaryDecisionDetail>",
    ),
    ("sqs:DeleteQueue", "implicitDeny", "<MissingContextValues><member>aws:SourceIp</member></MissingContextValues>"),
];

/// The parameters of a call of the query protocol whose names begin so.
fn parameters(call: &Call, name: &str) -> Vec<String> {
    let body = call.text.rsplit("\r\n\r\n").next().unwrap_or_default();
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.filter(|(key, _)| key.starts_with(name));
    found.map(|(_, value)| value.replace("%3A", ":").replace("%2F", "/")).collect()
}

/// The answer to a simulation, in two pages.
fn simulation(call: &Call, said: &BTreeMap<&str, (&str, &str)>) -> Answer {
    let actions = parameters(call, "ActionNames.");
    let first = parameters(call, "Marker").is_empty();
    let (head, tail) = actions.split_at(actions.len() / 2);
    let results: String = (if first { head } else { tail })
        .iter()
        .map(|action| {
            let (decision, more) = said.get(action.as_str()).copied().unwrap_or(("allowed", ""));
            format!(
                "<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision>\
                 <MatchedStatements/>{more}</member>"
            )
        })
        .collect();
    let page = if first { "<IsTruncated>true</IsTruncated><Marker>half</Marker>" } else { "" };
    done("SimulatePrincipalPolicy", &format!("<EvaluationResults>{results}</EvaluationResults>{page}"))
}

fn preflight(shop: &Shop) -> (i32, Value) {
    let (code, out, words) = shop.ran(&["diagnose", "--preflight", "--output", "json"]);
    let answer: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}\n{words}"));
    (code, answer["preflight"].clone())
}

#[test]
fn all_that_a_simulation_denies_is_told_at_once_with_who_says_no() {
    let said: BTreeMap<_, _> = SAID.iter().map(|(action, decision, more)| (*action, (*decision, *more))).collect();
    let shop = Shop::new(move |call| match call.operation.as_str() {
        "iam SimulatePrincipalPolicy" => Some(simulation(call, &said)),
        other if other.starts_with("iam ") => Some(refused("AccessDenied", "not authorized")),
        _ => None,
    });
    let (code, found) = preflight(&shop);
    assert_eq!((code, found["method"].as_str()), (3, Some("simulated")));
    let limit = |d: &Value| (d["action"].as_str().unwrap().to_owned(), d["limit"].as_str().map(str::to_owned));
    let denied: BTreeMap<_, _> = found["denied"].as_array().unwrap().iter().map(limit).collect();
    let expected = [
        ("cloudformation:DeleteStack", Some("deny")),
        ("s3:PutObject", None),
        ("sqs:CreateQueue", Some("organization")),
        ("sqs:TagQueue", Some("boundary")),
    ];
    let expected = expected.map(|(action, limit)| (action.to_owned(), limit.map(str::to_owned)));
    assert_eq!(denied, expected.into());
    assert_eq!(found["open"][0]["action"], "sqs:DeleteQueue");
    // A Deny is not mended by a further statement.
    let statements = found["statements"].to_string();
    assert!(statements.contains("s3:PutObject") && !statements.contains("cloudformation:DeleteStack"), "{statements}");

    let (_, text, _) = shop.ran(&["diagnose", "--preflight"]);
    for words in [
        "forbidden by a Deny of the caller's policies, which must change: cloudformation:DeleteStack\n",
        "kept out by the permissions boundary, whose owner must let it in: sqs:TagQueue\n",
        "kept out by the organization (SCP), whose administrators must let it in: sqs:CreateQueue\n",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn resources_that_are_simulated_together_are_told_apart() {
    let shop = Shop::new(|call| match call.operation.as_str() {
        "iam SimulatePrincipalPolicy" => {
            let of = |action: &String| {
                let of_resource = |arn: &String| {
                    let decision = if arn.ends_with(":shop-b") { "implicitDeny" } else { "allowed" };
                    format!(
                        "<member><EvalResourceName>{arn}</EvalResourceName>\
                         <EvalResourceDecision>{decision}</EvalResourceDecision></member>"
                    )
                };
                let each: String = parameters(call, "ResourceArns.").iter().map(of_resource).collect();
                let decision = if each.contains("implicitDeny") { "implicitDeny" } else { "allowed" };
                format!(
                    "<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision>\
                     <ResourceSpecificResults>{each}</ResourceSpecificResults></member>"
                )
            };
            let results: String = parameters(call, "ActionNames.").iter().map(of).collect();
            Some(done("SimulatePrincipalPolicy", &format!("<EvaluationResults>{results}</EvaluationResults>")))
        }
        other if other.starts_with("iam ") => Some(refused("AccessDenied", "not authorized")),
        _ => None,
    });
    shop.file(
        "rlx.yml",
        "service: shop
provider: {name: aws, region: eu-west-1, runtime: python3.12}
resources: {Resources: {A: {Type: AWS::SQS::Queue, Properties: {QueueName: shop-a}},
  B: {Type: AWS::SQS::Queue, Properties: {QueueName: shop-b}}}}
",
    );
    let (code, found) = preflight(&shop);
    assert_eq!((code, found["method"].as_str()), (3, Some("simulated")));
    let denied = found["denied"].as_array().unwrap();
    let queue = "arn:aws:sqs:eu-west-1:123456789012:shop-b";
    assert!(!denied.is_empty() && denied.iter().all(|denied| denied["resource"] == queue), "{found:#}");
    let together = shop.requests("iam SimulatePrincipalPolicy").into_iter().filter(|text| text.contains("shop-b"));
    assert!(together.clone().count() == 1 && together.clone().all(|text| text.contains("shop-a")));
}

#[test]
fn a_role_with_a_path_is_found_by_its_name() {
    const ROLE: &str = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Deploy_1";
    let shop = Shop::new(|call| match call.operation.as_str() {
        "sts GetCallerIdentity" => Some(done(
            "GetCallerIdentity",
            "<Arn>arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Deploy_1/ada</Arn><Account>123456789012</Account>",
        )),
        "iam SimulatePrincipalPolicy" if parameters(call, "PolicySourceArn") == [ROLE] => {
            Some(simulation(call, &BTreeMap::new()))
        }
        "iam SimulatePrincipalPolicy" => Some(refused("NoSuchEntity", "there is no such role")),
        "iam GetRole" => Some(done(
            "GetRole",
            &format!(
                "<Role><Path>/</Path><RoleName>AWSReservedSSO_Deploy_1</RoleName><RoleId>AROA</RoleId><Arn>{ROLE}</Arn>\
                 <CreateDate>2026-01-31T12:00:00Z</CreateDate></Role>"
            ),
        )),
        other if other.starts_with("iam ") => Some(refused("AccessDenied", "not authorized")),
        _ => None,
    });
    let (code, found) = preflight(&shop);
    assert_eq!((code, found["method"].as_str()), (0, Some("simulated")), "{found}");
}

#[test]
fn policies_on_several_pages_are_all_read() {
    let policy = |action: &str| {
        format!(
            "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22{action}%22%2C%22Resource%22%3A%22*%22%7D%7D"
        )
    };
    let shop = Shop::new(move |call| match call.operation.as_str() {
        "iam GetUser" => Some(done(
            "GetUser",
            "<User><Path>/</Path><UserName>ada</UserName><UserId>AIDA</UserId><Arn>arn:aws:iam::123456789012:user/ada</Arn>\
             <CreateDate>2026-01-31T12:00:00Z</CreateDate></User>",
        )),
        "iam ListUserPolicies" if parameters(call, "Marker").is_empty() => Some(done(
            "ListUserPolicies",
            "<PolicyNames><member>queues</member></PolicyNames><IsTruncated>true</IsTruncated><Marker>m</Marker>",
        )),
        "iam ListUserPolicies" => Some(done(
            "ListUserPolicies",
            "<PolicyNames><member>rest</member></PolicyNames><IsTruncated>false</IsTruncated>",
        )),
        "iam GetUserPolicy" => {
            let name = parameters(call, "PolicyName").remove(0);
            let document = policy(if name == "queues" { "sqs%3A*" } else { "s3%3A*" });
            Some(done(
                "GetUserPolicy",
                &format!(
                    "<UserName>ada</UserName><PolicyName>{name}</PolicyName><PolicyDocument>{document}</PolicyDocument>"
                ),
            ))
        }
        "iam ListAttachedUserPolicies" => Some(done("ListAttachedUserPolicies", "<AttachedPolicies/>")),
        "iam ListGroupsForUser" => Some(done("ListGroupsForUser", "<Groups/>")),
        other if other.starts_with("iam ") => Some(refused("AccessDenied", "not authorized")),
        _ => None,
    });
    let (code, found) = preflight(&shop);
    assert_eq!((code, found["method"].as_str()), (3, Some("evaluated")), "{found}");
    let denied = found["denied"].as_array().unwrap();
    assert!(denied.iter().all(|d| d["action"].as_str().unwrap().starts_with("cloudformation:")), "{found:#}");
}

#[test]
fn a_deploy_is_not_held_up_by_what_cannot_be_learned() {
    let shop = Shop::new(|call| match call.operation.as_str() {
        other if other.starts_with("iam ") => Some((503, String::new())),
        "cloudformation DescribeStacks" => Some(crate::scripted::stack("UPDATE_COMPLETE")),
        _ => None,
    });
    let (_, _, words) = shop.ran(&["deploy", "-v"]);
    assert!(words.contains("pre-flight: not known what the caller may do: "), "{words}");
    assert!(!words.contains("would be denied"), "{words}");
}
