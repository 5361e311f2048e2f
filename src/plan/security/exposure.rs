//! What lets others in, resource by resource: public endpoints, resource policies, open networks.

use super::statements::{list, principals_of, shown};
use super::{Broadening, Kind};
use crate::template::Template;
use serde_json::Value;

/// Resources with a policy of their own, and where it stands.
const POLICIES: &[(&str, &str)] = &[
    ("AWS::ApiGateway::RestApi", "/Properties/Policy"),
    ("AWS::ECR::Repository", "/Properties/RepositoryPolicyText"),
    ("AWS::KMS::Key", "/Properties/KeyPolicy"),
    ("AWS::S3::BucketPolicy", "/Properties/PolicyDocument"),
    ("AWS::SecretsManager::ResourcePolicy", "/Properties/ResourcePolicy"),
    ("AWS::SNS::TopicPolicy", "/Properties/PolicyDocument"),
    ("AWS::SQS::QueuePolicy", "/Properties/PolicyDocument"),
];

/// Everything in a template that lets others in.
pub fn exposures(template: &Template) -> Vec<Broadening> {
    let mut found = Vec::new();
    for (id, resource) in template.resources() {
        let mut add = |kind: Kind, message: String| found.push(Broadening { kind, logical_id: id.clone(), message });
        endpoint(id, resource, &mut add);
        policy(id, resource, &mut add);
        network(id, resource, &mut add);
    }
    found
}

fn endpoint(id: &str, resource: &Value, add: &mut impl FnMut(Kind, String)) {
    let properties = &resource["Properties"];
    let open = || matches!(properties["AuthorizationType"].as_str(), None | Some("NONE"));
    let message = match resource["Type"].as_str() {
        Some("AWS::Lambda::Url") if properties["AuthType"] == "NONE" => {
            format!("the function URL {id} answers everybody")
        }
        Some("AWS::ApiGateway::Method")
            if open() && properties["ApiKeyRequired"] != true && properties["HttpMethod"] != "OPTIONS" =>
        {
            format!("the route {id} answers everybody, without authorizer or key")
        }
        Some("AWS::ApiGatewayV2::Route") if open() && !is_later_message(properties) => {
            format!("the route {} answers everybody, without authorizer", shown(&properties["RouteKey"]))
        }
        _ => return,
    };
    add(Kind::PublicEndpoint, message);
}

/// A route of a WebSocket API behind `$connect`, which is the one that authorizes.
fn is_later_message(route: &Value) -> bool {
    let of_websocket = route["ApiId"]["Ref"] == crate::template::naming::websocket::API;
    of_websocket && route["RouteKey"] != "$connect"
}

fn policy(id: &str, resource: &Value, add: &mut impl FnMut(Kind, String)) {
    let properties = &resource["Properties"];
    let kind = resource["Type"].as_str().unwrap_or_default();
    match kind {
        "AWS::Lambda::Permission" => {
            let principal = &properties["Principal"];
            let by_url = properties["InvokedViaFunctionUrl"] == true || properties.get("FunctionUrlAuthType").is_some();
            if *principal == "*" && !by_url {
                add(Kind::ResourcePolicy, format!("everybody may call {} ({id})", shown(&properties["FunctionName"])));
            } else if is_account(principal) {
                let message = format!("{} may call {} ({id})", shown(principal), shown(&properties["FunctionName"]));
                add(Kind::ResourcePolicy, message);
            }
        }
        "AWS::Lambda::LayerVersionPermission" => {
            let who =
                if properties["Principal"] == "*" { "everybody".to_owned() } else { shown(&properties["Principal"]) };
            add(
                Kind::ResourcePolicy,
                format!("{who} may use the layer version {}", shown(&properties["LayerVersionArn"])),
            );
        }
        _ => {}
    }
    let Some((_, pointer)) = POLICIES.iter().find(|(name, _)| *name == kind) else { return };
    let statements = resource.pointer(pointer).map(|policy| list(&policy["Statement"])).unwrap_or_default();
    for statement in statements.into_iter().filter(|s| s["Effect"] == "Allow") {
        let under = if statement["Condition"].is_object() { " under a condition" } else { "" };
        let actions: Vec<String> = list(&statement["Action"]).into_iter().map(shown).collect();
        for principal in principals_of(&statement["Principal"]) {
            add(Kind::ResourcePolicy, format!("{principal} may {} through {id}{under}", actions.join(", ")));
        }
    }
}

fn is_account(principal: &Value) -> bool {
    principal
        .as_str()
        .is_some_and(|p| p.starts_with("arn:") || (p.len() == 12 && p.bytes().all(|b| b.is_ascii_digit())))
}

fn network(id: &str, resource: &Value, add: &mut impl FnMut(Kind, String)) {
    let properties = &resource["Properties"];
    let rules = match resource["Type"].as_str() {
        Some("AWS::EC2::SecurityGroup") => list(&properties["SecurityGroupIngress"]),
        Some("AWS::EC2::SecurityGroupIngress") => vec![properties],
        Some("AWS::RDS::DBInstance") if properties["PubliclyAccessible"] == true => {
            add(Kind::Network, format!("the database {id} has a public address"));
            return;
        }
        Some("AWS::S3::Bucket") => {
            if let Some(access) = properties["AccessControl"].as_str().filter(|a| a.starts_with("PublicRead")) {
                add(Kind::ResourcePolicy, format!("everybody may read the bucket {id} ({access})"));
            }
            for setting in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] {
                if properties["PublicAccessBlockConfiguration"][setting] == false {
                    add(Kind::ResourcePolicy, format!("the bucket {id} may be made public ({setting} is off)"));
                }
            }
            return;
        }
        _ => return,
    };
    for rule in rules {
        if rule["CidrIp"] == "0.0.0.0/0" || rule["CidrIpv6"] == "::/0" {
            let ports = match (&rule["FromPort"], &rule["ToPort"]) {
                (Value::Null, _) => "all ports".to_owned(),
                (from, to) if from == to => format!("port {from}"),
                (from, to) => format!("ports {from} to {to}"),
            };
            add(Kind::Network, format!("{id} lets the whole internet in on {ports}"));
        }
    }
}
