//! Templates and refusals of whole manifests.

use crate::template::testing::{problems, resources, template};
use serde_json::{Map, Value};

/// A service whose function `a` has these events, with further lines of `provider`.
fn manifest(provider: &str, events: &str) -> String {
    let indented = |text: &str, by: usize| text.lines().map(|line| format!("{:by$}{line}\n", "")).collect::<String>();
    format!(
        "service: quay\nprovider:\n  name: aws\n  runtime: nodejs22.x\n{}functions:\n  guard:\n    handler: h.guard\n  a:\n    handler: h.a\n    events:\n{}",
        indented(provider, 2),
        indented(events, 6)
    )
}

/// The API's resources and permissions, with the deployment's id cut to `ApiGatewayDeployment<id>`.
fn api(provider: &str, events: &str) -> Value {
    api_of(&manifest(provider, events))
}

fn api_of(manifest: &str) -> Value {
    let template = template(manifest);
    let wanted = ["AWS::ApiGateway::", "AWS::Lambda::Permission", "AWS::Logs::", "Custom::"];
    let mut found = Map::new();
    for (id, resource) in template.resources() {
        let kind = resource["Type"].as_str().unwrap_or_default();
        if wanted.iter().any(|prefix| kind.starts_with(prefix))
            && !id.ends_with("LambdaLogGroup")
            && !matches!(id.as_str(), "ALogGroup" | "GuardLogGroup")
        {
            found.insert(id.clone(), resource.clone());
        }
    }
    let text = Value::Object(found).to_string();
    let id = regex::Regex::new("ApiGatewayDeployment[0-9a-f]{32}").expect("a pattern");
    serde_json::from_str(&id.replace_all(&text, "ApiGatewayDeployment<id>")).expect("JSON")
}

fn deployment_id(manifest: &str) -> String {
    let deployments = resources(manifest, "AWS::ApiGateway::Deployment");
    deployments.as_object().and_then(|all| all.keys().next()).cloned().expect("a deployment")
}

#[test]
fn a_route_in_short_form() {
    insta::assert_yaml_snapshot!(api("", "- http: GET /boats"));
}

#[test]
fn an_unchanged_api_keeps_its_deployment_and_a_changed_one_has_a_new() {
    let before = deployment_id(&manifest("", "- http: GET /boats"));
    assert_eq!(before, deployment_id(&manifest("memorySize: 512", "- http: GET /boats")));
    assert_ne!(before, deployment_id(&manifest("", "- http: GET /ships")));
    assert_ne!(before, deployment_id(&manifest("apiGateway: {binaryMediaTypes: ['image/png']}", "- http: GET /boats")));
}

#[test]
fn a_function_of_another_name_is_deployed_anew() {
    let one = manifest("", "- http: GET /boats");
    let other = one.replace("handler: h.a", "handler: h.a\n    name: other");
    assert_ne!(deployment_id(&one), deployment_id(&other));
}

#[test]
fn a_gateway_response_in_resources_is_deployed_anew() {
    let with = |status: &str| {
        manifest("", "- http: GET /boats")
            + "resources:\n  Resources:\n    Refusal:\n      Type: AWS::ApiGateway::GatewayResponse\n      Properties:\n        RestApiId: {Ref: ApiGatewayRestApi}\n        ResponseType: DEFAULT_4XX\n        StatusCode: '"
            + status
            + "'\n"
    };
    assert_ne!(deployment_id(&with("400")), deployment_id(&with("401")));
    assert_eq!(deployment_id(&with("400")), deployment_id(&with("400")));
}

#[test]
fn a_path_without_a_method_is_refused() {
    insta::assert_snapshot!(problems(&manifest("", "- http: '*'")));
}
