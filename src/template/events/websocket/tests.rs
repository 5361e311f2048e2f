//! What websocket APIs must not say, and how that is told.

use crate::template::events::gateway::tests::manifest;
use crate::template::testing::{problems, resources};

/// The problems of a service whose function `a` has these events, with further lines of `provider`.
fn refusal(provider: &str, events: &str) -> String {
    problems(&manifest(provider, events))
}

#[test]
fn an_authorizer_by_reference_needs_a_name() {
    insta::assert_snapshot!(refusal("", "- websocket: { route: a, authorizer: { arn: { Ref: X } } }"));
}

#[test]
fn an_authorizer_function_that_is_not_there() {
    insta::assert_snapshot!(refusal("", "- websocket: { route: a, authorizer: gard }"));
}

#[test]
fn one_route_of_two_functions() {
    insta::assert_snapshot!(refusal("", "- websocket: a\n- websocket: { route: a }"));
}

fn deployment(manifest: &str) -> String {
    let deployments = resources(manifest, "AWS::ApiGatewayV2::Deployment");
    deployments.as_object().and_then(|all| all.keys().next()).cloned().expect("a deployment")
}

#[test]
fn a_deployment_has_the_id_that_the_framework_gives_it() {
    let service = "service: ws-basic\nprovider:\n  name: aws\n  runtime: nodejs22.x\nfunctions:\n  main:\n    handler: src/main.run\n    events:\n      - websocket: $connect\n      - websocket: $disconnect\n      - websocket: $default\n";
    assert_eq!(deployment(service), "WebsocketsDeploymentduFliX7aYeT2iDa76wKMhvgPy09FPGEIs2GPi6KeE");
}

#[test]
fn a_function_of_another_name_is_deployed_anew() {
    let one = manifest("", "- websocket: $connect");
    let other = one.replace("handler: h.a", "handler: h.a\n    name: other");
    assert_ne!(deployment(&one), deployment(&other));
}
