//! Laws that hold for all policies and requests, checked on random ones.

use super::*;
use crate::iam::policy::{Condition, Listed, Operator, Principal, Statement};
use proptest::prelude::*;

const USER: &str = "arn:aws:iam::123456789012:user/ann";
const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/deployer/ci";

fn some_of(words: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(words, 1..=2).prop_map(|v| v.into_iter().map(str::to_owned).collect())
}

fn condition() -> impl Strategy<Value = Condition> {
    const OPERATORS: &[&str] =
        &["StringEquals", "StringNotLike", "StringEqualsIfExists", "ForAllValues:StringLike", "Null", "Bool"];
    const KEYS: &[&str] = &["aws:username", "aws:TagKeys", "aws:SourceVpc"];
    (prop::sample::select(OPERATORS), prop::sample::select(KEYS), some_of(&["ann", "a*", "true", "false"])).prop_map(
        |(spelled, key, values)| Condition {
            spelled: spelled.into(),
            operator: Operator::parse(spelled).unwrap(),
            key: key.into(),
            values,
        },
    )
}

fn statement(effect: Option<Effect>) -> impl Strategy<Value = Statement> {
    let actions = some_of(&["*", "s3:*", "s3:Get*", "s3:GetObject", "sqs:SendMessage"]);
    let resources = some_of(&["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/x", "arn:aws:sqs:*"]);
    let principals = prop::sample::select(vec![
        Principal::Anyone,
        Principal::Aws(USER.into()),
        Principal::Aws("arn:aws:iam::123456789012:role/deployer".into()),
        Principal::Aws("123456789012".into()),
    ]);
    let effect = match effect {
        Some(effect) => Just(effect).boxed(),
        None => prop_oneof![3 => Just(Effect::Allow), 1 => Just(Effect::Deny)].boxed(),
    };
    (effect, actions, any::<bool>(), resources, any::<bool>(), principals, prop::collection::vec(condition(), 0..2))
        .prop_map(|(effect, actions, not_action, resources, not_resource, principal, conditions)| Statement {
            sid: None,
            effect,
            principals: Some(Listed { negated: false, items: vec![principal] }),
            actions: Listed { negated: not_action && conditions.len() == 1, items: actions },
            resources: Some(Listed { negated: not_resource && conditions.len() == 1, items: resources }),
            conditions,
        })
}

fn named(with_principal: bool) -> impl Strategy<Value = NamedPolicy> {
    prop::collection::vec(statement(None), 1..4).prop_map(move |mut statements| {
        if !with_principal {
            statements.iter_mut().for_each(|s| s.principals = None);
        }
        NamedPolicy { name: "p".into(), policy: Policy { has_variables: true, statements } }
    })
}

prop_compose! {
    fn policies()(
        identity in prop::collection::vec(named(false), 0..3),
        boundary in prop::option::of(named(false)),
        session in prop::option::of(prop::collection::vec(named(false), 0..2)),
        resource in prop::option::of(named(true)),
        resource_must_allow in any::<bool>(),
        scp in prop::collection::vec(prop::collection::vec(named(false), 0..2), 0..2),
        endpoint in prop::option::of(named(true)),
    ) -> Policies {
        Policies { identity, boundary, session, resource, resource_must_allow, scp, rcp: Vec::new(), endpoint }
    }
}

fn request() -> impl Strategy<Value = Request> {
    (
        prop::sample::select(vec![USER, SESSION, "arn:aws:iam::123456789012:root"]),
        prop::sample::select(vec!["s3:GetObject", "s3:PutObject", "sqs:SendMessage"]),
        prop::sample::select(vec!["arn:aws:s3:::b/x", "arn:aws:s3:::b/y", "arn:aws:sqs:eu-west-1:123456789012:q", "*"]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(caller, action, resource, foreign, tags)| {
            let mut request = Request::new(Caller::from_arn(caller).unwrap(), action, resource);
            request.resource_account = foreign.then(|| "210987654321".to_owned());
            if tags {
                request.context.set("aws:TagKeys", ["a", "ann"]);
            }
            request
        })
}

/// Puts a statement into every policy of every layer.
fn everywhere(policies: &Policies, statement: &Statement) -> Policies {
    let mut more = policies.clone();
    let without = Statement { principals: None, ..statement.clone() };
    let one = || NamedPolicy {
        name: "added".into(),
        policy: Policy { has_variables: true, statements: vec![without.clone()] },
    };
    more.identity.push(one());
    more.scp.iter_mut().for_each(|level| level.push(one()));
    if let Some(session) = &mut more.session {
        session.push(one());
    }
    if let Some(boundary) = &mut more.boundary {
        boundary.policy.statements.push(without.clone());
    }
    for policy in [&mut more.resource, &mut more.endpoint].into_iter().flatten() {
        policy.policy.statements.push(statement.clone());
    }
    more
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn another_allow_never_turns_allow_into_deny(p in policies(), r in request(), s in statement(Some(Effect::Allow))) {
        if evaluate(&r, &p).is_allowed() {
            prop_assert!(evaluate(&r, &everywhere(&p, &s)).is_allowed());
        }
    }

    #[test]
    fn another_deny_never_turns_deny_into_allow(p in policies(), r in request(), s in statement(Some(Effect::Deny))) {
        if !evaluate(&r, &p).is_allowed() {
            prop_assert!(!evaluate(&r, &everywhere(&p, &s)).is_allowed());
        }
    }

    #[test]
    fn a_deny_of_everything_wins(p in policies(), r in request(), layer in 0..4usize) {
        let deny = Statement {
            sid: None,
            effect: Effect::Deny,
            principals: Some(Listed { negated: false, items: vec![Principal::Anyone] }),
            actions: Listed { negated: false, items: vec!["*".into()] },
            resources: Some(Listed { negated: false, items: vec!["*".into()] }),
            conditions: Vec::new(),
        };
        let mut p = p;
        let policy = |statement| NamedPolicy { name: "deny".into(), policy: Policy { has_variables: true, statements: vec![statement] } };
        let bare = Statement { principals: None, ..deny.clone() };
        match layer {
            0 => p.identity.push(policy(bare)),
            1 => p.scp.push(vec![policy(bare)]),
            2 => p.resource = Some(policy(deny)),
            _ => p.session = Some(vec![policy(bare)]),
        }
        let answer = evaluate(&r, &p);
        prop_assert_eq!(answer.decision, Decision::ExplicitDeny);
        prop_assert_eq!(answer.deciding.len(), 1);
    }

    #[test]
    fn the_order_of_statements_and_policies_does_not_matter(p in policies(), r in request()) {
        let mut turned = p.clone();
        turned.identity.reverse();
        turned.scp.reverse();
        for policy in turned.identity.iter_mut().chain(turned.boundary.as_mut()).chain(turned.resource.as_mut()) {
            policy.policy.statements.reverse();
        }
        prop_assert_eq!(evaluate(&r, &p).decision, evaluate(&r, &turned).decision);
    }

    #[test]
    fn a_limit_taken_away_never_turns_allow_into_deny(p in policies(), r in request()) {
        if evaluate(&r, &p).is_allowed() {
            let free = Policies { boundary: None, session: None, scp: Vec::new(), endpoint: None, ..p };
            prop_assert!(evaluate(&r, &free).is_allowed());
        }
    }

    #[test]
    fn a_denial_always_names_its_layer(p in policies(), r in request()) {
        let answer = evaluate(&r, &p);
        prop_assert_eq!(answer.is_allowed(), answer.denying_layer().is_none());
    }
}
