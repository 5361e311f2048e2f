//! Whether a request is allowed, and why: the published logic of AWS
//! (IAM User Guide, "Policy evaluation logic" and "Cross-account policy evaluation logic").
//!
//! `docs/iam-evaluation.md` tells the rules and where the documentation leaves a choice.

mod answer;
mod condition;
mod principal;
mod request;
mod statement;
mod variable;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tables;

pub use answer::{Answer, Decision, Layer, NearMiss, StatementRef, Why};
pub use request::{Caller, Context, Request};

use super::policy::{Effect, Policy};
use principal::Named;
use statement::{Match, judge_statement};

/// A policy and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedPolicy {
    /// Name or ARN.
    pub name: String,
    pub policy: Policy,
}

/// All policies that take part in a decision.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policies {
    /// Of the user and its groups, or of the role.
    pub identity: Vec<NamedPolicy>,
    /// `None`: no boundary is set.
    pub boundary: Option<NamedPolicy>,
    /// `None`: the session was started without policies, or is none. Without them a federated user may nothing.
    pub session: Option<Vec<NamedPolicy>>,
    /// The resource's own policy; a role's trust policy for `sts:AssumeRole`.
    pub resource: Option<NamedPolicy>,
    /// Whether the resource's policy must allow within the account too, as for KMS keys and roles.
    pub resource_must_allow: bool,
    /// Service control policies per level (root, organizational units, account); each level must allow.
    pub scp: Vec<Vec<NamedPolicy>>,
    /// Resource control policies per level, each with `RCPFullAWSAccess`.
    pub rcp: Vec<Vec<NamedPolicy>>,
    /// Of the VPC endpoint that the request goes through.
    pub endpoint: Option<NamedPolicy>,
}

/// Decides a request.
pub fn evaluate(request: &Request, policies: &Policies) -> Answer {
    let groups = groups(request, policies);
    if let Some(deny) = groups.iter().find_map(|group| group.denying.clone()) {
        return Answer {
            decision: Decision::ExplicitDeny,
            deciding: vec![deny],
            missing: Vec::new(),
            near: Vec::new(),
        };
    }
    let needed = needed_layers(request, policies, &groups);
    let (mut deciding, mut missing, mut near) = (Vec::new(), Vec::new(), Vec::new());
    for group in groups.into_iter().filter(|group| needed.contains(&group.layer)) {
        match group.allowing {
            Some(allow) => deciding.push(allow),
            None => {
                missing.push(group.layer);
                near.extend(group.near);
            }
        }
    }
    missing.dedup();
    let decision = if missing.is_empty() { Decision::Allow } else { Decision::ImplicitDeny };
    Answer { decision, deciding, missing, near }
}

/// What the policies of one layer, or of one level of it, say.
struct Group {
    layer: Layer,
    denying: Option<StatementRef>,
    allowing: Option<StatementRef>,
    /// How closely the allowing statement names the caller.
    named: Option<Named>,
    near: Vec<NearMiss>,
}

/// All layers in the order of evaluation.
fn groups(request: &Request, policies: &Policies) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut add = |layer, of: &[NamedPolicy]| groups.push(Group::read(layer, of, request));
    // An organization does not limit what services do with their linked roles.
    if !is_service_linked(&request.caller) {
        for level in &policies.rcp {
            add(Layer::Rcp, level);
        }
        for level in policies.scp.iter().filter(|_| is_of_account(&request.caller)) {
            add(Layer::Scp, level);
        }
    }
    if let Some(endpoint) = &policies.endpoint {
        add(Layer::Endpoint, std::slice::from_ref(endpoint));
    }
    add(Layer::Resource, policies.resource.as_slice());
    if is_of_account(&request.caller) {
        add(Layer::Identity, &policies.identity);
        if let Some(boundary) = &policies.boundary {
            add(Layer::Boundary, std::slice::from_ref(boundary));
        }
        match (&policies.session, &request.caller) {
            (Some(session), _) => add(Layer::Session, session),
            // Without policies such a session may nothing (AWS STS API Reference, "GetFederationToken").
            (None, Caller::FederatedUser { .. }) => add(Layer::Session, &[]),
            (None, _) => {}
        }
    }
    groups
}

fn is_of_account(caller: &Caller) -> bool {
    !matches!(caller, Caller::Service { .. } | Caller::Federated { .. } | Caller::Anonymous)
}

/// Whether a caller is the service-linked role of a service; its name tells where its path is not known
/// (AWS Organizations User Guide, "Service control policies" and "Resource control policies").
fn is_service_linked(caller: &Caller) -> bool {
    let Caller::Role { role, .. } = caller else { return false };
    role.contains(":role/aws-service-role/") || role.contains(":role/AWSServiceRoleFor")
}

/// The layers that must allow, given who is asking and how closely the resource's policy names the caller.
fn needed_layers(request: &Request, policies: &Policies, groups: &[Group]) -> Vec<Layer> {
    let mut needed = vec![Layer::Rcp, Layer::Scp, Layer::Endpoint];
    let named = groups.iter().find(|g| g.layer == Layer::Resource).and_then(|g| g.named);
    let granted_here = |named: Option<Named>| named.filter(|_| !request.is_cross_account());
    if !is_of_account(&request.caller) || request.is_cross_account() || policies.resource_must_allow {
        needed.push(Layer::Resource);
    }
    match (&request.caller, granted_here(named)) {
        // Nobody outside an account has policies of its own; the root user may do what its account may.
        (Caller::Service { .. } | Caller::Federated { .. } | Caller::Anonymous | Caller::Root { .. }, _) => {}
        // A grant to the very user or session is not narrowed by boundary and session policies.
        (_, Some(Named::Directly)) => needed.push(Layer::Resource),
        (_, Some(Named::ByOrigin)) => needed.extend([Layer::Resource, Layer::Boundary, Layer::Session]),
        (_, Some(Named::ByAccount) | None) => needed.extend([Layer::Identity, Layer::Boundary, Layer::Session]),
    }
    needed
}

impl Group {
    fn read(layer: Layer, policies: &[NamedPolicy], request: &Request) -> Self {
        let mut group = Self { layer, denying: None, allowing: None, named: None, near: Vec::new() };
        for named in policies {
            for (index, statement) in named.policy.statements.iter().enumerate() {
                let reference = |absent_keys| StatementRef {
                    layer,
                    policy: named.name.clone(),
                    index,
                    sid: statement.sid.clone(),
                    effect: statement.effect,
                    absent_keys,
                };
                let has_variables = named.policy.has_variables;
                let found = judge_statement(statement, request, has_variables, layer == Layer::Resource);
                match (found, statement.effect) {
                    (Match::Yes { absent_keys, .. }, Effect::Deny) => {
                        group.denying.get_or_insert_with(|| reference(absent_keys));
                    }
                    (Match::Yes { named, absent_keys }, Effect::Allow) => {
                        if group.allowing.is_none() || named > group.named {
                            group.allowing = Some(reference(absent_keys));
                            group.named = named;
                        }
                    }
                    (Match::Near(why), Effect::Allow) => {
                        group.near.push(NearMiss { statement: reference(Vec::new()), why });
                    }
                    (Match::Near(_), Effect::Deny) | (Match::No, _) => {}
                }
            }
        }
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const USER: &str = "arn:aws:iam::123456789012:user/ann";
    const ROLE: &str = "arn:aws:iam::123456789012:role/deployer";
    const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/deployer/ci";
    const BUCKET: &str = "arn:aws:s3:::data";

    fn policy(statements: Value) -> NamedPolicy {
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        NamedPolicy { name: "p".into(), policy: Policy::from_value(&document).unwrap() }
    }

    fn allow(action: &str, resource: &str) -> NamedPolicy {
        policy(json!([{"Effect": "Allow", "Action": action, "Resource": resource}]))
    }

    fn grant(principal: &str) -> NamedPolicy {
        policy(json!([{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "s3:*", "Resource": "*"}]))
    }

    fn ask(caller: &str) -> Request {
        Request::new(Caller::from_arn(caller).unwrap(), "s3:ListBucket", BUCKET)
    }

    #[test]
    fn nothing_is_allowed_without_an_allow() {
        let answer = evaluate(&ask(USER), &Policies::default());
        assert_eq!((answer.decision, answer.missing), (Decision::ImplicitDeny, vec![Layer::Identity]));
    }

    #[test]
    fn a_near_miss_tells_what_did_not_fit() {
        let identity = vec![policy(json!([
            {"Sid": "Other", "Effect": "Allow", "Action": "s3:List*", "Resource": "arn:aws:s3:::other"},
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
             "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
            {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
        ]))];
        let answer = evaluate(&ask(USER), &Policies { identity, ..Policies::default() });
        assert_eq!(answer.near.len(), 2);
        assert_eq!(answer.near[0].statement.sid.as_deref(), Some("Other"));
        assert!(matches!(&answer.near[0].why[..], [Why::Resource { stated, .. }] if stated == &["arn:aws:s3:::other"]));
        assert!(matches!(&answer.near[1].why[..], [Why::Condition { actual: None, .. }]));
        assert_eq!(answer.open_keys(), ["aws:RequestedRegion"]);
    }

    #[test]
    fn a_boundary_limits_what_identity_policies_allow() {
        let policies =
            Policies { identity: vec![allow("s3:*", "*")], boundary: Some(allow("sqs:*", "*")), ..Policies::default() };
        let answer = evaluate(&ask(USER), &policies);
        assert_eq!(answer.denying_layer(), Some(Layer::Boundary));
    }

    #[test]
    fn a_session_policy_limits_a_session() {
        let policies = Policies {
            identity: vec![allow("s3:*", "*")],
            session: Some(vec![allow("s3:GetObject", "*")]),
            ..Policies::default()
        };
        assert_eq!(evaluate(&ask(SESSION), &policies).denying_layer(), Some(Layer::Session));
    }

    #[test]
    fn every_level_of_an_organization_must_allow() {
        let mut policies = Policies {
            identity: vec![allow("s3:*", "*")],
            scp: vec![vec![allow("*", "*")], vec![allow("s3:*", "*"), allow("sqs:*", "*")]],
            ..Policies::default()
        };
        assert!(evaluate(&ask(USER), &policies).is_allowed());
        policies.scp.push(Vec::new());
        assert_eq!(evaluate(&ask(USER), &policies).missing, [Layer::Scp]);
    }

    #[test]
    fn a_grant_to_the_very_caller_is_not_limited_by_its_boundary() {
        for (caller, principal, expected) in [
            (USER, USER, true),
            (SESSION, SESSION, true),
            (SESSION, ROLE, false),
            (USER, "*", false),
            (USER, "123456789012", false),
        ] {
            let policies = Policies {
                resource: Some(grant(principal)),
                boundary: Some(allow("sqs:*", "*")),
                ..Policies::default()
            };
            assert_eq!(evaluate(&ask(caller), &policies).is_allowed(), expected, "{caller} {principal}");
        }
    }

    #[test]
    fn within_an_account_a_grant_to_the_role_is_enough_and_one_to_the_account_is_not() {
        let of = |principal| Policies { resource: Some(grant(principal)), ..Policies::default() };
        assert!(evaluate(&ask(SESSION), &of(ROLE)).is_allowed());
        assert_eq!(evaluate(&ask(SESSION), &of("123456789012")).missing, [Layer::Identity]);
    }

    #[test]
    fn across_accounts_both_sides_must_allow() {
        let mut request = ask(USER);
        request.resource_account = Some("210987654321".into());
        let identity = vec![allow("s3:*", "*")];
        let none = Policies { identity: identity.clone(), ..Policies::default() };
        assert_eq!(evaluate(&request, &none).missing, [Layer::Resource]);
        let only_resource = Policies { resource: Some(grant(USER)), ..Policies::default() };
        assert_eq!(evaluate(&request, &only_resource).missing, [Layer::Identity]);
        let both = Policies { identity, resource: Some(grant("123456789012")), ..Policies::default() };
        assert!(evaluate(&request, &both).is_allowed());
    }

    #[test]
    fn a_key_must_allow_its_own_account_too() {
        let mut policies =
            Policies { identity: vec![allow("*", "*")], resource_must_allow: true, ..Policies::default() };
        assert_eq!(evaluate(&ask(USER), &policies).missing, [Layer::Resource]);
        assert!(!evaluate(&ask("arn:aws:iam::123456789012:root"), &policies).is_allowed());
        policies.resource = Some(grant("123456789012"));
        assert!(evaluate(&ask(USER), &policies).is_allowed());
    }

    #[test]
    fn a_role_is_assumed_by_whom_its_trust_policy_names() {
        let trust = policy(json!([{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole"}]));
        let policies = Policies { resource: Some(trust), resource_must_allow: true, ..Policies::default() };
        let by = |caller| evaluate(&Request::new(caller, "sts:AssumeRole", ROLE), &policies).is_allowed();
        assert!(by(Caller::Service { name: "lambda.amazonaws.com".into() }));
        assert!(!by(Caller::Service { name: "ec2.amazonaws.com".into() }));
        assert!(!by(Caller::from_arn(USER).unwrap()));
    }

    #[test]
    fn the_root_user_is_limited_by_the_organization_only() {
        let root = "arn:aws:iam::123456789012:root";
        assert!(evaluate(&ask(root), &Policies::default()).is_allowed());
        let policies = Policies { scp: vec![vec![allow("sqs:*", "*")]], ..Policies::default() };
        assert_eq!(evaluate(&ask(root), &policies).missing, [Layer::Scp]);
    }

    #[test]
    fn an_organization_does_not_limit_service_linked_roles() {
        let nothing = vec![allow("sqs:*", "*")];
        let policies = Policies {
            identity: vec![allow("s3:*", "*")],
            scp: vec![nothing.clone()],
            rcp: vec![nothing],
            ..Policies::default()
        };
        let of = |role: &str| ask(&format!("arn:aws:sts::123456789012:assumed-role/{role}/s"));
        assert!(evaluate(&of("AWSServiceRoleForRDS"), &policies).is_allowed());
        assert!(!evaluate(&of("deployer"), &policies).is_allowed());
    }

    #[test]
    fn an_endpoint_must_allow_what_goes_through_it() {
        let policies = Policies {
            identity: vec![allow("s3:*", "*")],
            endpoint: Some(grant("210987654321")),
            ..Policies::default()
        };
        assert_eq!(evaluate(&ask(USER), &policies).missing, [Layer::Endpoint]);
    }

    #[test]
    fn a_deny_that_rests_on_an_absent_key_says_so() {
        let identity = vec![policy(json!([
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*",
             "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}},
        ]))];
        let answer = evaluate(&ask(USER), &Policies { identity, ..Policies::default() });
        assert_eq!(answer.decision, Decision::ExplicitDeny);
        assert_eq!(answer.open_keys(), ["aws:SourceVpc"]);
    }

    #[test]
    fn variables_work_in_the_newer_version_only() {
        let document = |version| {
            json!({"Version": version, "Statement": {
                "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::${aws:username}"}})
        };
        let request = Request::new(Caller::from_arn(USER).unwrap(), "s3:ListBucket", "arn:aws:s3:::ann");
        for (version, expected) in [("2012-10-17", true), ("2008-10-17", false)] {
            let policy = Policy::from_value(&document(version)).unwrap();
            let identity = vec![NamedPolicy { name: "p".into(), policy }];
            let answer = evaluate(&request, &Policies { identity, ..Policies::default() });
            assert_eq!(answer.is_allowed(), expected, "{version}");
        }
    }
}
