//! AWS's published logic as tables: what is asked, under which policies, and what comes of it.

use super::*;
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";
const USER: &str = "arn:aws:iam::123456789012:user/ann";
const ROLE: &str = "arn:aws:iam::123456789012:role/deployer";
const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/deployer/ci";
const FEDERATED: &str = "arn:aws:sts::123456789012:federated-user/ann";
const ROOT: &str = "arn:aws:iam::123456789012:root";
const OBJECT: &str = "arn:aws:s3:::data/in/a";

fn policy(statements: Value) -> NamedPolicy {
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    NamedPolicy { name: "p".into(), policy: Policy::from_value(&document).unwrap() }
}

fn everything() -> NamedPolicy {
    policy(json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }))
}

fn nothing_of_s3() -> NamedPolicy {
    policy(json!({ "Effect": "Allow", "Action": "sqs:*", "Resource": "*" }))
}

/// A resource's policy that lets a principal in.
fn lets_in(principal: Value) -> NamedPolicy {
    policy(json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*" }))
}

fn ask(caller: &str) -> Request {
    Request::new(Caller::from_arn(caller).unwrap(), "s3:GetObject", OBJECT)
}

/// Whether a statement of an identity policy lets the user in, with condition keys of the request.
fn lets(statement: Value, context: &[(&str, &[&str])]) -> bool {
    let mut request = ask(USER);
    for (key, values) in context {
        request.context.set(key, values.iter().copied());
    }
    evaluate(&request, &Policies { identity: vec![policy(statement)], ..Policies::default() }).is_allowed()
}

/// Whether a condition holds.
fn holds(condition: Value, context: &[(&str, &[&str])]) -> bool {
    lets(json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition }), context)
}

/// "Permissions boundaries for IAM entities" and "Session policies": what an implicit deny in them limits, by whom a
/// policy of the resource names.
#[test]
fn a_grant_by_the_resource_is_limited_by_boundary_and_session_unless_it_names_the_very_caller() {
    for (caller, principal, boundary_limits, session_limits) in [
        (USER, USER, false, false),
        (SESSION, SESSION, false, false),
        (SESSION, ROLE, true, true),
        (FEDERATED, FEDERATED, false, false),
        (FEDERATED, USER, true, true),
    ] {
        let session = (caller == FEDERATED).then(|| vec![everything()]);
        let granted = Policies { resource: Some(lets_in(json!({ "AWS": principal }))), session, ..Policies::default() };
        assert!(evaluate(&ask(caller), &granted).is_allowed(), "{caller} {principal}");
        let boundary = Policies { boundary: Some(nothing_of_s3()), ..granted.clone() };
        assert_eq!(!evaluate(&ask(caller), &boundary).is_allowed(), boundary_limits, "{caller} {principal} boundary");
        let session = Policies { session: Some(vec![nothing_of_s3()]), ..granted };
        assert_eq!(!evaluate(&ask(caller), &session).is_allowed(), session_limits, "{caller} {principal} session");
    }
}

/// "GetFederationToken": the session has what both its policies and the user's allow; without policies of its own,
/// what a resource gives to the very session.
#[test]
fn a_federated_user_has_nothing_but_what_its_session_was_given() {
    let of = |session, principal: Option<&str>| {
        let resource = principal.map(|arn| lets_in(json!({ "AWS": arn })));
        let policies = Policies { identity: vec![everything()], session, resource, ..Policies::default() };
        evaluate(&ask(FEDERATED), &policies).is_allowed()
    };
    assert!(of(Some(vec![everything()]), None));
    assert!(!of(Some(vec![nothing_of_s3()]), None));
    assert!(!of(None, None));
    assert!(!of(None, Some(USER)));
    assert!(of(None, Some(FEDERATED)));
}

/// An explicit deny wins from wherever it comes, also against a grant to the very caller.
#[test]
fn a_deny_wins_from_each_layer() {
    let deny = || policy(json!({ "Effect": "Deny", "Action": "s3:*", "Resource": "*" }));
    let granted = || Policies {
        identity: vec![everything()],
        resource: Some(lets_in(json!({ "AWS": SESSION }))),
        ..Policies::default()
    };
    let denied = [
        (Layer::Identity, Policies { identity: vec![everything(), deny()], ..granted() }),
        (Layer::Boundary, Policies { boundary: Some(deny()), ..granted() }),
        (Layer::Session, Policies { session: Some(vec![deny()]), ..granted() }),
        (Layer::Scp, Policies { scp: vec![vec![everything(), deny()]], ..granted() }),
        (Layer::Rcp, Policies { rcp: vec![vec![everything(), deny()]], ..granted() }),
        (Layer::Endpoint, Policies { endpoint: Some(deny()), ..granted() }),
    ];
    for (layer, policies) in denied {
        let answer = evaluate(&ask(SESSION), &policies);
        assert_eq!((answer.decision, answer.denying_layer()), (Decision::ExplicitDeny, Some(layer)));
    }
}

/// "Service control policies": each level has to let the action through, `FullAWSAccess` or a narrower list.
#[test]
fn an_organization_lets_through_what_each_of_its_levels_allows() {
    let only = |action: &str| policy(json!({ "Effect": "Allow", "Action": action, "Resource": "*" }));
    let but = |action: &str| policy(json!({ "Effect": "Deny", "Action": action, "Resource": "*" }));
    for (levels, expected) in [
        (vec![vec![everything()], vec![everything()], vec![everything()]], true),
        (vec![vec![everything()], vec![only("s3:*")], vec![everything()]], true),
        (vec![vec![everything()], vec![only("sqs:*")], vec![everything()]], false),
        (vec![vec![everything()], vec![only("sqs:*"), only("s3:Get*")], vec![everything()]], true),
        (vec![vec![everything(), but("sqs:*")], vec![everything()]], true),
        (vec![vec![everything(), but("s3:*")], vec![everything()]], false),
        (vec![vec![everything()], vec![]], false),
    ] {
        let scp = Policies { identity: vec![everything()], scp: levels.clone(), ..Policies::default() };
        assert_eq!(evaluate(&ask(USER), &scp).is_allowed(), expected, "{levels:?}");
        // The organization limits the root user too, and grants nothing by itself.
        assert_eq!(evaluate(&ask(ROOT), &scp).is_allowed(), expected, "{levels:?}");
        let nothing = Policies { identity: Vec::new(), ..scp };
        assert!(!evaluate(&ask(USER), &nothing).is_allowed());
        let rcp = Policies { identity: vec![everything()], rcp: levels.clone(), ..Policies::default() };
        assert_eq!(evaluate(&ask(USER), &rcp).is_allowed(), expected, "{levels:?}");
    }
}

/// A resource control policy that keeps strangers out spares services, which it would stop too.
#[test]
fn a_perimeter_of_resources_is_for_services_too() {
    let perimeter = |exception: Value| {
        let mut condition = json!({ "StringNotEqualsIfExists": { "aws:PrincipalAccount": ACCOUNT } });
        condition.as_object_mut().unwrap().extend(exception.as_object().cloned().unwrap_or_default());
        let deny =
            json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": condition });
        vec![vec![everything(), policy(deny)]]
    };
    let service = || Request::new(Caller::Service { name: "cloudtrail.amazonaws.com".into() }, "s3:GetObject", OBJECT);
    let spared = json!({ "BoolIfExists": { "aws:PrincipalIsAWSService": "false" } });
    for (exception, expected) in [(json!({}), false), (spared, true)] {
        let policies = Policies {
            resource: Some(lets_in(json!({ "Service": "cloudtrail.amazonaws.com" }))),
            rcp: perimeter(exception),
            ..Policies::default()
        };
        assert_eq!(evaluate(&service(), &policies).is_allowed(), expected);
    }
}

/// "Control access to VPC endpoints using endpoint policies".
#[test]
fn an_endpoint_limits_who_does_what_through_it() {
    let of = |principal: &str, resource: &str| {
        policy(json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "*", "Resource": resource }))
    };
    for (principal, resource, expected) in [
        ("*", "*", true),
        (ACCOUNT, "arn:aws:s3:::data/*", true),
        (ROLE, "*", true),
        ("arn:aws:iam::123456789012:role/other", "*", false),
        ("*", "arn:aws:s3:::other/*", false),
    ] {
        let endpoint = Some(of(principal, resource));
        let policies = Policies { identity: vec![everything()], endpoint, ..Policies::default() };
        assert_eq!(evaluate(&ask(SESSION), &policies).is_allowed(), expected, "{principal} {resource}");
    }
}

/// "Cross-account policy evaluation logic": both sides have to allow, whatever limits the caller counts too.
#[test]
fn across_accounts_nothing_takes_the_place_of_the_other_side() {
    let mut request = ask(SESSION);
    request.resource_account = Some("210987654321".into());
    let both = || Policies {
        identity: vec![everything()],
        resource: Some(lets_in(json!({ "AWS": SESSION }))),
        ..Policies::default()
    };
    for (policies, expected) in [
        (both(), true),
        (Policies { identity: Vec::new(), ..both() }, false),
        (Policies { resource: None, ..both() }, false),
        (Policies { boundary: Some(nothing_of_s3()), ..both() }, false),
        (Policies { session: Some(vec![nothing_of_s3()]), ..both() }, false),
        (Policies { scp: vec![vec![nothing_of_s3()]], ..both() }, false),
        (Policies { rcp: vec![vec![nothing_of_s3()]], ..both() }, false),
    ] {
        assert_eq!(evaluate(&request, &policies).is_allowed(), expected, "{policies:?}");
    }
}

/// "NotPrincipal": with Deny, who is not listed with all identities is denied.
#[test]
fn a_deny_of_all_but_some_spares_who_is_listed_whole() {
    for (caller, listed, expected) in [
        (USER, vec![USER, ROOT], true),
        (USER, vec![USER, ACCOUNT], true),
        (USER, vec![USER], false),
        (SESSION, vec![SESSION, ROLE, ROOT], true),
        (SESSION, vec![SESSION, "arn:aws:iam::123456789012:role/ops/deployer", ROOT], true),
        (SESSION, vec![ROLE, ROOT], false),
        (SESSION, vec![SESSION, ROOT], false),
        ("arn:aws-cn:iam::123456789012:user/ann", vec!["arn:aws-cn:iam::123456789012:user/ann", ACCOUNT], true),
    ] {
        let deny = json!({ "Effect": "Deny", "NotPrincipal": { "AWS": listed }, "Action": "s3:*", "Resource": "*" });
        let policies =
            Policies { identity: vec![everything()], resource: Some(policy(json!([deny]))), ..Policies::default() };
        assert_eq!(evaluate(&ask(caller), &policies).is_allowed(), expected, "{caller} {listed:?}");
    }
}

/// "Conditions with multiple context keys or values": all operators and keys must hold; values are alternatives, of
/// negated operators none may match.
#[test]
fn operators_and_keys_are_joined_by_and_values_by_or() {
    let request: &[(&str, &[&str])] = &[("k:a", &["1"]), ("k:b", &["2"])];
    for (condition, expected) in [
        (json!({ "StringEquals": { "k:a": ["0", "1"], "k:b": "2" } }), true),
        (json!({ "StringEquals": { "k:a": "1", "k:b": "1" } }), false),
        (json!({ "StringEquals": { "k:a": "1" }, "StringNotEquals": { "k:b": ["1", "3"] } }), true),
        (json!({ "StringNotEquals": { "k:b": ["1", "2"] } }), false),
        (json!({ "StringNotLike": { "k:b": ["1*", "?"] } }), false),
        (json!({ "StringNotEqualsIgnoreCase": { "k:a": ["x", "y"] } }), true),
        (json!({ "NumericNotEquals": { "k:a": [2, 3] } }), true),
        (json!({ "NumericNotEquals": { "k:a": [2, 1.0] } }), false),
        (json!({ "NumericLessThan": { "k:b": [1, 3] } }), true),
        (json!({ "NumericGreaterThan": { "k:b": [2, 3] } }), false),
        (json!({}), true),
    ] {
        assert_eq!(holds(condition.clone(), request), expected, "{condition}");
    }
}

/// "Condition operators": by type.
#[test]
fn values_are_compared_by_their_type() {
    for (operator, actual, wanted, expected) in [
        ("DateNotEquals", "2030-01-01T00:00:00Z", json!("2030-01-01T00:00:00Z"), false),
        ("DateLessThanEquals", "2030-01-01T00:00:00Z", json!(["2029-01-01", "2030-01-01"]), true),
        ("DateGreaterThanEquals", "1893456000", json!("2030-01-01T00:00:00Z"), true),
        ("DateGreaterThan", "2030-01-01T00:00:00+02:00", json!("2029-12-31T22:00:00Z"), false),
        ("NumericGreaterThanEquals", "-1", json!(-1.5), true),
        ("NumericEquals", "1e3", json!(1000), true),
        ("NumericEquals", "many", json!(1), false),
        ("NumericNotEquals", "many", json!(1), true),
        ("Bool", "true", json!(true), true),
        ("Bool", "false", json!("true"), false),
        ("BinaryEquals", "cmx4", json!("cmx4"), true),
        ("BinaryEquals", "cmx4", json!("cmx5"), false),
        ("IpAddress", "10.1.2.3", json!(["192.168.0.0/16", "10.0.0.0/8"]), true),
        ("IpAddress", "10.1.2.3", json!("10.1.2.3"), true),
        ("NotIpAddress", "10.1.2.3", json!(["192.168.0.0/16", "172.16.0.0/12"]), true),
        ("NotIpAddress", "10.1.2.3", json!(["192.168.0.0/16", "10.0.0.0/8"]), false),
        ("NotIpAddress", "2001:db8::1", json!("10.0.0.0/8"), true),
        ("ArnLike", "arn:aws:sns:eu-west-1:123456789012:orders", json!("arn:aws:sns:eu-west-?:*:ord*"), true),
        ("ArnEquals", "arn:aws:iam::123456789012:role/a/b", json!("arn:aws:iam::*:role/*"), true),
        (
            "ArnNotLike",
            "arn:aws:sns:eu-west-1:123456789012:orders",
            json!(["arn:aws:sqs:*:*:*", "arn:aws:sns:*:*:*"]),
            false,
        ),
        ("ArnLike", "no-arn", json!("*"), false),
        ("StringLike", "eu-west-1", json!("eu-????-?"), true),
        ("StringEquals", "a*", json!("a*"), true),
        ("StringEquals", "ab", json!("a*"), false),
    ] {
        assert_eq!(
            holds(json!({ operator: { "k:a": wanted } }), &[("k:a", &[actual])]),
            expected,
            "{operator} {actual}"
        );
    }
}

/// "IfExists", "Null" and the set operators, with the key absent, empty and present.
#[test]
fn absence_is_told_from_a_value() {
    for (operator, absent, empty, other, same) in [
        ("StringEquals", false, false, false, true),
        ("StringNotEquals", true, true, true, false),
        ("StringEqualsIfExists", true, false, false, true),
        ("StringNotEqualsIfExists", true, true, true, false),
        ("ForAllValues:StringEquals", true, true, false, true),
        ("ForAllValues:StringNotEquals", true, true, true, false),
        ("ForAnyValue:StringEquals", false, false, false, true),
        ("ForAnyValue:StringNotEquals", false, true, true, false),
    ] {
        let condition = || json!({ operator: { "k:a": "a" } });
        let found = (
            holds(condition(), &[]),
            holds(condition(), &[("k:a", &[""])]),
            holds(condition(), &[("k:a", &["b"])]),
            holds(condition(), &[("k:a", &["a"])]),
        );
        assert_eq!(found, (absent, empty, other, same), "{operator}");
    }
    for (wanted, absent, present) in
        [(json!("true"), true, false), (json!(false), false, true), (json!(["true", "false"]), true, true)]
    {
        let condition = || json!({ "Null": { "k:a": wanted } });
        assert_eq!((holds(condition(), &[]), holds(condition(), &[("k:a", &["x"])])), (absent, present), "{wanted}");
    }
}

/// "Variables and tags": defaults, special characters, and what a variable without value matches.
#[test]
fn variables_stand_for_what_the_request_carries() {
    let tagged: &[(&str, &[&str])] = &[("aws:PrincipalTag/team", &["in"]), ("k:list", &["in", "out"])];
    for (resource, expected) in [
        ("arn:aws:s3:::data/${aws:PrincipalTag/team}/*", true),
        ("arn:aws:s3:::data/${AWS:principaltag/team}/a", true),
        ("arn:aws:s3:::data/${aws:PrincipalTag/none}/*", false),
        ("arn:aws:s3:::data/${aws:PrincipalTag/none, 'in'}/a", true),
        ("arn:aws:s3:::data/${aws:PrincipalTag/team, 'out'}/a", true),
        ("arn:aws:s3:::data/${k:list}/a", false),
        ("arn:aws:s3:::data/in/${*}", false),
        ("arn:aws:s3:::data/in/${?}", false),
        ("arn:aws:s3:::data/${aws:PrincipalTag/none, '*'}/a", false),
    ] {
        let statement = json!({ "Effect": "Allow", "Action": "s3:*", "Resource": resource });
        assert_eq!(lets(statement, tagged), expected, "{resource}");
    }
    // A variable without a value equals nothing.
    for (operator, expected) in [("StringEquals", false), ("StringLike", false), ("StringNotEquals", true)] {
        let condition = json!({ operator: { "k:a": "${aws:PrincipalTag/none}" } });
        assert_eq!(holds(condition, &[("k:a", &["x"])]), expected, "{operator}");
    }
    let literal = |actual: &str| holds(json!({ "StringLike": { "k:a": "${*}-${$}-*" } }), &[("k:a", &[actual])]);
    assert!(literal("*-$-x") && !literal("x-$-x"));
}
