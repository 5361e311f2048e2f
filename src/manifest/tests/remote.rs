//! Variables that lie in AWS.

use super::Project;
use crate::manifest::variables::{Found, Lookup, Remote, RemoteError, Scope};
use serde_json::json;
use std::sync::Mutex;

/// An AWS that keeps what it was asked, round by round.
#[derive(Default)]
struct Fake {
    rounds: Mutex<Vec<(String, Vec<String>)>>,
}

impl Remote for Fake {
    fn fetch(&self, scope: &Scope, lookups: &[Lookup]) -> Vec<Result<Option<Found>, RemoteError>> {
        let asked = lookups.iter().map(Lookup::to_string).collect();
        self.rounds.lock().expect("not poisoned").push((scope.region.clone(), asked));
        lookups.iter().map(answer).collect()
    }
}

fn answer(lookup: &Lookup) -> Result<Option<Found>, RemoteError> {
    let text = |text: &str| Ok(Some(Found::Text(text.to_owned())));
    match lookup {
        Lookup::AccountId => text("123456789012"),
        Lookup::StackOutput { stack, output, region } => {
            text(&format!("{stack}/{output}/{}", region.as_deref().unwrap_or("own")))
        }
        Lookup::Parameter { name, .. } => match name.as_str() {
            "/list" => Ok(Some(Found::List("a,b".to_owned()))),
            "/secret" => Ok(Some(Found::Secret("{\"k\": \"hunter2\"}".to_owned()))),
            "/next" => text("/list"),
            "/none" => Ok(None),
            "/denied" => Err(RemoteError::Failed("access denied".to_owned())),
            other => text(other),
        },
        Lookup::Object { bucket, key } => text(&format!("{bucket}|{key}")),
        Lookup::Secret { id, .. } if id.contains('.') => Ok(None),
        Lookup::Secret { id, .. } if id == "json" => Ok(Some(Found::Secret("{\"user\": \"ann\"}".to_owned()))),
        Lookup::Secret { id, .. } => Ok(Some(Found::Secret(id.clone()))),
    }
}

/// What `custom` became, what is left, and what was asked: (custom, left, [(scope, addresses)]).
type Asked = (serde_json::Value, Vec<String>, Vec<(String, Vec<String>)>);

fn resolved(custom: &str) -> Asked {
    let fake = Fake::default();
    let project = Project::new(&format!("  region: eu-west-3\ncustom:\n{custom}"));
    let resolved = project.resolve_with(&fake).unwrap_or_else(|f| panic!("{:?}", super::messages(&f)));
    let custom = resolved.config.get("custom").map(crate::manifest::document::Node::to_json).unwrap_or_default();
    (custom, resolved.secrets, fake.rounds.into_inner().expect("not poisoned"))
}

#[test]
fn values_of_aws_are_typed() {
    let (custom, secrets, _) = resolved(
        "  a: ${aws:accountId}\n  b: ${cf:s.O}\n  c: ${cf(us-east-1):s.O}\n  d: ${ssm:/list}\n  e: ${ssm(raw):/list}\n  f: ${ssm:/secret}\n  g: ${s3:bucket/a/b}\n  h: ${secretsmanager:id}\n  i: ${ssm:/none, 'default'}\n",
    );
    assert_eq!(
        custom,
        json!({
            "a": "123456789012", "b": "s/O/own", "c": "s/O/us-east-1", "d": ["a", "b"], "e": "a,b",
            "f": {"k": "hunter2"}, "g": "bucket|a/b", "h": "id", "i": "default",
        })
    );
    assert!(secrets.contains(&"hunter2".to_owned()) && secrets.contains(&"id".to_owned()), "{secrets:?}");
}

#[test]
fn a_part_of_a_secret_may_be_asked_for() {
    let (custom, secrets, _) = resolved("  a: ${secretsmanager:json.user}\n  b: ${secretsmanager:json.none, 'd'}\n");
    assert_eq!(custom, json!({"a": "ann", "b": "d"}));
    assert!(secrets.contains(&"ann".to_owned()));
}

#[test]
fn questions_go_where_the_stage_lives() {
    let fake = Fake::default();
    let manifest = "  region: eu-west-3\nstages: {default: {region: eu-north-1}}\ncustom: ${ssm:/x}\n";
    Project::new(manifest).resolve_with(&fake).expect("resolved");
    let rounds = fake.rounds.into_inner().expect("not poisoned");
    assert_eq!(rounds, [("eu-north-1".to_owned(), vec!["SSM parameter /x".to_owned()])]);
}

#[test]
fn questions_of_a_round_are_asked_together_and_each_once() {
    let (_, _, rounds) = resolved("  a: ${ssm:/x}\n  b: ${ssm:/x}-${ssm:/y}\n  c: ${ssm:${ssm:/next}}\n");
    let asked: Vec<_> = rounds.into_iter().map(|(region, asked)| (region, asked.join(", "))).collect();
    assert_eq!(
        asked,
        [
            ("eu-west-3".to_owned(), "SSM parameter /x, SSM parameter /y, SSM parameter /next".to_owned()),
            ("eu-west-3".to_owned(), "SSM parameter /list".to_owned()),
        ]
    );
}

#[test]
fn nothing_is_asked_that_nothing_uses() {
    let (_, _, rounds) = resolved("  a: ${opt:x, 'y', }\n".replace(", }", "}").as_str());
    assert_eq!(rounds, []);
}

#[test]
fn what_aws_refuses_is_an_error() {
    let failure = Project::new("custom: ${ssm:/denied, 'x'}\n").resolve_with(&Fake::default()).expect_err("refused");
    assert_eq!(super::messages(&failure), ["cannot read SSM parameter /denied: access denied"]);
}

#[test]
fn offline_the_rest_is_resolved_and_the_left_is_named() {
    let project = Project::new("custom:\n  a: ${ssm:/x, 'd'}\n  b: x-${self:custom.a}\n  c: ${self:service}\n");
    let resolved = project.resolved();
    assert_eq!(
        resolved.config.get("custom").map(crate::manifest::document::Node::to_json),
        Some(json!({"a": "${ssm:/x, 'd'}", "b": "x-${self:custom.a}", "c": "shop"}))
    );
    let left: Vec<_> = resolved.unresolved.iter().map(|left| left.path.as_str()).collect();
    assert_eq!(left, ["custom.a", "custom.b"]);
    assert_eq!(
        project.refusal(),
        [
            "`${ssm:/x, 'd'}` has no value: SSM parameter /x: it needs AWS",
            "`x-${self:custom.a}` has no value: SSM parameter /x: it needs AWS",
        ]
    );
}
