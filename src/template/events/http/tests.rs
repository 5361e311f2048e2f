//! Templates and refusals of whole manifests.

use crate::template::events::gateway::tests::manifest;
use crate::template::testing::{problems, resources, template};
use serde_json::{Map, Value};

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

fn refusal(provider: &str, events: &str) -> String {
    problems(&manifest(provider, events))
}

#[test]
fn a_path_without_a_method() {
    insta::assert_snapshot!(refusal("", "- http: '*'"));
}

#[test]
fn an_external_api_needs_its_root_resource() {
    insta::assert_snapshot!(refusal("apiGateway: { restApiId: abc }", "- http: GET /a"));
}

#[test]
fn an_external_api_has_its_tracing_and_logs_elsewhere() {
    insta::assert_snapshot!(refusal(
        "apiGateway: { restApiId: abc, restApiRootResourceId: r }\ntracing: { apiGateway: false }\nlogs: { restApi: true }",
        "- http: GET /a"
    ));
}

#[test]
fn a_path_above_an_existing_one_must_be_given() {
    insta::assert_snapshot!(refusal(
        "apiGateway: { restApiId: abc, restApiRootResourceId: r, restApiResources: { a/b: x } }",
        "- http: GET /a/c"
    ));
}

#[test]
fn vpc_endpoints_belong_to_private_apis() {
    insta::assert_snapshot!(refusal("endpointType: EDGE\nvpcEndpointIds: [vpce-1]", "- http: GET /a"));
}

#[test]
fn a_transfer_mode_needs_a_proxy() {
    insta::assert_snapshot!(refusal(
        "",
        "- http: { path: a, method: get, integration: mock, response: { transferMode: STREAM } }"
    ));
}

#[test]
fn an_http_back_end_needs_its_uri() {
    insta::assert_snapshot!(refusal("", "- http: { path: a, method: get, integration: http-proxy }"));
}

#[test]
fn a_vpc_link_needs_its_id() {
    insta::assert_snapshot!(refusal(
        "",
        "- http: { path: a, method: get, integration: http_proxy, connectionType: vpc-link, request: { uri: 'http://x' } }"
    ));
}

#[test]
fn claims_are_not_filtered_for_a_proxy() {
    insta::assert_snapshot!(refusal(
        "",
        "- http: { path: a, method: get, authorizer: { arn: 'arn:aws:cognito-idp:us-east-1:123456789012:userpool/x', claims: [email] } }"
    ));
}

#[test]
fn an_authorizer_function_that_is_not_there() {
    insta::assert_snapshot!(refusal("", "- http: { path: a, method: get, authorizer: gard }"));
}

#[test]
fn an_authorizer_without_a_name() {
    insta::assert_snapshot!(refusal("", "- http: { path: a, method: get, authorizer: { type: token } }"));
}

#[test]
fn an_authorizer_by_reference_needs_a_name() {
    insta::assert_snapshot!(refusal("", "- http: { path: a, method: get, authorizer: { arn: { Ref: X } } }"));
}

#[test]
fn a_user_pool_by_the_name_of_a_function() {
    insta::assert_snapshot!(refusal(
        "",
        "- http: { path: a, method: get, authorizer: { name: guard, type: cognito_user_pools } }"
    ));
}

#[test]
fn settings_that_are_null_are_not_there() {
    let event = "- http: { path: a, method: get, authorizer: { name: guard, type: cognito_user_pools, arn: 'arn:aws:cognito-idp:us-east-1:123456789012:userpool/x', scopes: null, claims: null } }";
    assert_eq!(refusal("", event), "");
}

#[test]
fn an_api_key_that_says_nothing() {
    insta::assert_snapshot!(refusal("apiGateway: { apiKeys: [{}, null, one] }", "- http: GET /a"));
}

#[test]
fn two_authorizers_of_one_name() {
    insta::assert_snapshot!(refusal(
        "",
        "- http: { path: a, method: get, authorizer: 'arn:aws:lambda:us-east-1:123456789012:function:one-check' }\n- http: { path: b, method: get, authorizer: 'arn:aws:lambda:us-east-1:123456789012:function:two-check' }"
    ));
}

#[test]
fn keys_without_their_plan() {
    insta::assert_snapshot!(refusal(
        "apiGateway: { apiKeys: [{ gold: [a] }], usagePlan: [{ tin: {} }] }",
        "- http: GET /a"
    ));
}

#[test]
fn a_key_outside_of_named_plans() {
    insta::assert_snapshot!(refusal("apiGateway: { apiKeys: [loose], usagePlan: [{ tin: {} }] }", "- http: GET /a"));
}

#[test]
fn a_stage_name_that_api_gateway_refuses() {
    insta::assert_snapshot!(refusal("stage: a.b", "- http: GET /a"));
}

#[test]
fn no_origin_at_all() {
    insta::assert_snapshot!(refusal("", "- http: { path: a, method: get, cors: { origins: [] } }"));
}

#[test]
fn one_route_twice() {
    insta::assert_snapshot!(refusal("", "- http: GET /a\n- http: { path: a/, method: get }"));
}

#[test]
fn paths_that_differ_in_punctuation_only() {
    insta::assert_snapshot!(refusal("", "- http: GET /foo.bar\n- http: POST /foo_bar"));
}

#[test]
fn two_names_for_one_path_variable() {
    insta::assert_snapshot!(refusal("", "- http: GET /boats/{id}\n- http: GET /boats/{boatId}/crew"));
}

#[test]
fn settings_that_a_proxy_ignores() {
    insta::assert_snapshot!(refusal(
        "",
        "- http: { path: a, method: get, request: { template: { a/b: c } }, response: { template: x, transferMode: stream } }"
    ));
}
