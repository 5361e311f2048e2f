//! What HTTP APIs must not say, and how that is told.

use crate::template::events::gateway::tests::manifest;
use crate::template::testing::problems;

/// The problems of a service whose function `a` has these events, with further lines of `provider`.
fn refusal(provider: &str, events: &str) -> String {
    problems(&manifest(provider, events))
}

#[test]
fn an_external_api_has_its_settings_elsewhere() {
    insta::assert_snapshot!(refusal(
        "httpApi: { id: x, cors: true, authorizers: { j: { identitySource: a, issuerUrl: b, audience: c } } }\nlogs: { httpApi: true }",
        "- httpApi: GET /a"
    ));
}

#[test]
fn an_external_api_has_no_authorizers_here_not_even_none() {
    assert!(
        refusal("httpApi: { id: x, authorizers: {} }", "- httpApi: GET /a").contains("provider.httpApi.authorizers")
    );
    assert_eq!(refusal("httpApi: { id: x, authorizers: null }", "- httpApi: GET /a"), "");
}

#[test]
fn a_request_authorizer_names_its_function() {
    insta::assert_snapshot!(refusal("httpApi: { authorizers: { r: { type: request } } }", "- httpApi: GET /a"));
}

#[test]
fn a_request_authorizer_names_its_function_once() {
    insta::assert_snapshot!(refusal(
        "httpApi: { authorizers: { r: { type: request, functionName: guard, functionArn: arn } } }",
        "- httpApi: GET /a"
    ));
}

#[test]
fn a_request_authorizer_whose_function_is_not_there() {
    insta::assert_snapshot!(refusal(
        "httpApi: { authorizers: { r: { type: request, functionName: gard } } }",
        "- httpApi: GET /a"
    ));
}

#[test]
fn answers_are_kept_by_identity() {
    insta::assert_snapshot!(refusal(
        "httpApi: { authorizers: { r: { type: request, functionName: guard, resultTtlInSeconds: 10 } } }",
        "- httpApi: GET /a"
    ));
}

#[test]
fn the_default_route_has_no_method() {
    insta::assert_snapshot!(refusal("", "- httpApi: { path: '*', method: get }"));
}

#[test]
fn a_route_needs_a_method() {
    insta::assert_snapshot!(refusal("", "- httpApi: { path: /a }"));
}

#[test]
fn one_route_twice() {
    insta::assert_snapshot!(refusal("", "- httpApi: GET /a\n- httpApi: { path: /a, method: get }"));
}

#[test]
fn two_default_routes() {
    insta::assert_snapshot!(refusal("", "- httpApi: '*'\n- httpApi: { path: '*' }"));
}

#[test]
fn routes_that_differ_in_punctuation_only() {
    insta::assert_snapshot!(refusal("", "- httpApi: GET /ab\n- httpApi: GET /a_b"));
}

#[test]
fn an_authorizer_without_a_name() {
    insta::assert_snapshot!(refusal("", "- httpApi: { path: /a, method: get, authorizer: { type: jwt } }"));
}

#[test]
fn iam_needs_no_settings() {
    insta::assert_snapshot!(refusal(
        "",
        "- httpApi: { path: /a, method: get, authorizer: { type: aws_iam, scopes: [x] } }"
    ));
}

#[test]
fn an_external_authorizer_of_an_own_api() {
    insta::assert_snapshot!(refusal("", "- httpApi: { path: /a, method: get, authorizer: { id: x } }"));
}

#[test]
fn an_authorizer_that_is_not_there() {
    insta::assert_snapshot!(refusal(
        "httpApi: { authorizers: { j: { identitySource: a, issuerUrl: b, audience: c } } }",
        "- httpApi: { path: /a, method: get, authorizer: x }"
    ));
}

#[test]
fn a_function_that_outlives_the_api() {
    insta::assert_snapshot!(refusal("timeout: 30", "- httpApi: GET /a"));
}
