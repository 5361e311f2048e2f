//! What `alb` events must not say, and how that is told.

use crate::template::events::gateway::tests::manifest;
use crate::template::testing::problems;

/// The problems of a service whose function `a` has these events, with further lines of `provider`.
fn refusal(provider: &str, events: &str) -> String {
    problems(&manifest(provider, events))
}

#[test]
fn a_rule_needs_a_condition() {
    insta::assert_snapshot!(refusal(
        "",
        "- alb: { listenerArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/quay/0123456789abcdef/fedcba9876543210', priority: 1, conditions: {} }"
    ));
}

#[test]
fn a_target_group_has_a_name_or_a_prefix() {
    insta::assert_snapshot!(refusal(
        "alb: { targetGroupPrefix: x }",
        "- alb: { listenerArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/quay/0123456789abcdef/fedcba9876543210', priority: 1, conditions: { path: /a }, targetGroupName: y }"
    ));
}

#[test]
fn an_authorizer_that_is_not_there() {
    insta::assert_snapshot!(refusal(
        "",
        "- alb: { listenerArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/quay/0123456789abcdef/fedcba9876543210', priority: 1, conditions: { path: /a }, authorizer: x }"
    ));
}

#[test]
fn a_priority_is_used_once_per_listener() {
    insta::assert_snapshot!(refusal(
        "",
        "- alb: { listenerArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/quay/0123456789abcdef/fedcba9876543210', priority: 1, conditions: { path: /a } }\n- alb: { listenerArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/quay/0123456789abcdef/fedcba9876543210', priority: 1, conditions: { path: /b } }"
    ));
}

#[test]
fn a_priority_is_used_once_per_function() {
    insta::assert_snapshot!(refusal(
        "",
        "- alb: { listenerArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/quay/0123456789abcdef/fedcba9876543210', priority: 1, conditions: { path: /a } }\n- alb: { listenerArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/quay/0123456789abcdef/aaaaba9876543210', priority: 1, conditions: { path: /b } }"
    ));
}

#[test]
fn a_listener_of_a_network_load_balancer() {
    insta::assert_snapshot!(refusal(
        "",
        "- alb: { listenerArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/net/quay/0123456789abcdef/fedcba9876543210', priority: 1, conditions: { path: /a } }"
    ));
}
