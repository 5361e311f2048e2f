//! The evaluator against those of the emulator and of moto, on random requests.
//!
//! The emulator's comes with rlx; moto is installed once, beside the emulator's cache. What they do
//! otherwise on purpose is left out of the cases and told in `docs/iam-evaluation.md`.

use crate::harness::emulator;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rlx::iam::evaluate::{Caller, Decision, NamedPolicy, Policies, Request, evaluate};
use rlx::iam::policy::Policy;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ACCOUNT: &str = "123456789012";
const CASES: usize = 4_000;

/// moto at a pinned version, and what its evaluator imports besides what comes with the emulator.
const MOTO: &[&str] = &[
    "moto==5.2.5",
    "certifi",
    "cffi",
    "charset-normalizer",
    "cryptography",
    "idna",
    "jinja2",
    "markupsafe",
    "requests",
    "responses",
    "werkzeug",
    "xmltodict",
];

fn words(from: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::subsequence(from, 1..=2).prop_map(|words| match words.as_slice() {
        [one] => json!(one),
        many => json!(many),
    })
}

fn condition() -> impl Strategy<Value = Value> {
    let operators: &[&str] = &[
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "StringEqualsIgnoreCase",
        "StringEqualsIfExists",
        "StringNotEqualsIfExists",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringLike",
        "ForAllValues:StringNotEquals",
    ];
    let text = (prop::sample::select(operators), prop::sample::select(&["my:team", "aws:TagKeys"][..])).prop_flat_map(
        |(operator, key)| {
            // An operator without a quantifier is not meant for a key with several values.
            let key = if operator.contains(':') { key } else { "my:team" };
            words(&["red", "r*", "Blue", "b?ue", "green"]).prop_map(move |values| json!({ operator: { key: values } }))
        },
    );
    let number = (
        prop::sample::select(&["NumericEquals", "NumericLessThan", "NumericGreaterThanEquals", "NumericNotEquals"][..]),
        prop::sample::select(&["5", "10", "7.5"][..]),
    )
        .prop_map(|(operator, value)| json!({ operator: { "my:count": value } }));
    let date = (
        prop::sample::select(&["DateLessThan", "DateGreaterThan", "DateEquals"][..]),
        prop::sample::select(&["2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z"][..]),
    )
        .prop_map(|(operator, value)| json!({ operator: { "my:when": value } }));
    let address = (
        prop::sample::select(&["IpAddress", "NotIpAddress"][..]),
        words(&["10.0.0.0/8", "192.168.1.0/24", "2001:db8::/32"]),
    )
        .prop_map(|(operator, values)| json!({ operator: { "my:address": values } }));
    let null = prop::sample::select(&["true", "false"][..]).prop_map(|value| json!({ "Null": { "my:team": value } }));
    let yes = prop::sample::select(&["true", "false"][..]).prop_map(|value| json!({ "Bool": { "my:flag": value } }));
    prop_oneof![4 => text, 1 => number, 1 => date, 1 => address, 1 => null, 1 => yes]
}

fn statement(principal: bool) -> impl Strategy<Value = Value> {
    (
        prop_oneof![3 => Just("Allow"), 1 => Just("Deny")],
        (
            prop_oneof![4 => Just("Action"), 1 => Just("NotAction")],
            words(&["*", "s3:*", "S3:get*", "s3:GetObject", "sqs:SendMessage"]),
        ),
        (
            prop_oneof![4 => Just("Resource"), 1 => Just("NotResource")],
            words(&["*", "arn:aws:s3:::data/*", "arn:aws:s3:::data/a?", "arn:aws:sqs:*:*:q"]),
        ),
        prop::option::weighted(0.5, condition()),
        prop::sample::select(&["*", "user", "role", "session", "account", "other"][..]),
    )
        .prop_map(move |(effect, (action, actions), (resource, resources), condition, who)| {
            let mut statement = json!({ "Effect": effect, action: actions, resource: resources });
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            if principal {
                let arn = match who {
                    "user" => "arn:aws:iam::123456789012:user/ann",
                    "role" => "arn:aws:iam::123456789012:role/deployer",
                    "session" => "arn:aws:sts::123456789012:assumed-role/deployer/ci",
                    "account" => ACCOUNT,
                    "other" => "arn:aws:iam::123456789012:user/bob",
                    _ => "*",
                };
                statement["Principal"] = json!({ "AWS": arn });
            }
            statement
        })
}

fn policy(principal: bool) -> impl Strategy<Value = Value> {
    prop::collection::vec(statement(principal), 1..4)
        .prop_map(|statements| json!({ "Version": "2012-10-17", "Statement": statements }))
}

fn context() -> impl Strategy<Value = Value> {
    let one = |values: &'static [&'static str]| prop::option::of(prop::sample::select(values));
    (
        one(&["red", "Blue", "blue", "green"]),
        prop::option::of(prop::sample::subsequence(&["red", "blue", "green"][..], 2..=3)),
        one(&["5", "10", "7.5"]),
        one(&["2025-06-01T00:00:00Z", "2030-01-01T00:00:00Z"]),
        one(&["10.1.2.3", "192.168.1.9", "2001:db8::1"]),
        one(&["true", "false"]),
    )
        .prop_map(|(team, tags, count, when, address, flag)| {
            let mut context = json!({});
            for (key, value) in
                [("my:team", team), ("my:count", count), ("my:when", when), ("my:address", address), ("my:flag", flag)]
            {
                if let Some(value) = value {
                    context[key] = json!([value]);
                }
            }
            if let Some(tags) = tags {
                context["aws:TagKeys"] = json!(tags);
            }
            context
        })
}

fn case() -> impl Strategy<Value = Value> {
    (
        prop::sample::select(
            &["arn:aws:iam::123456789012:user/ann", "arn:aws:sts::123456789012:assumed-role/deployer/ci"][..],
        ),
        prop::sample::select(&["s3:GetObject", "s3:PutObject", "sqs:SendMessage"][..]),
        prop::sample::select(
            &["arn:aws:s3:::data/a1", "arn:aws:s3:::data/b", "arn:aws:sqs:eu-west-1:123456789012:q", "*"][..],
        ),
        prop::collection::vec(policy(false), 1..3),
        prop::option::weighted(0.3, policy(false)),
        prop::option::weighted(0.3, policy(false)),
        prop::option::weighted(0.4, policy(true)),
        (any::<bool>(), prop::bool::weighted(0.2), context()),
    )
        .prop_map(
            |(caller, action, resource, identity, boundary, session, resource_policy, (foreign, required, context))| {
                json!({
                    "caller": caller, "account": ACCOUNT, "action": action, "resource": resource, "context": context,
                    "identity": identity, "boundary": boundary, "session": session, "resource_policy": resource_policy,
                    "resource_account": if foreign { "210987654321" } else { ACCOUNT }, "required": required,
                })
            },
        )
}

fn ours(case: &Value) -> &'static str {
    let read = |value: &Value| NamedPolicy { name: "p".into(), policy: Policy::from_value(value).unwrap() };
    let some = |key: &str| case.get(key).filter(|v| !v.is_null()).map(&read);
    let text = |key: &str| case[key].as_str().unwrap();
    let mut request = Request::new(Caller::from_arn(text("caller")).unwrap(), text("action"), text("resource"));
    for (key, values) in case["context"].as_object().unwrap() {
        request.context.set(key, values.as_array().unwrap().iter().filter_map(Value::as_str));
    }
    let resource = some("resource_policy");
    if resource.is_some() {
        request.resource_account = Some(text("resource_account").to_owned());
    }
    let policies = Policies {
        identity: case["identity"].as_array().unwrap().iter().map(&read).collect(),
        boundary: some("boundary"),
        session: some("session").map(|policy| vec![policy]),
        resource_must_allow: resource.is_some() && case["required"] == true,
        resource,
        ..Policies::default()
    };
    match evaluate(&request, &policies).decision {
        Decision::Allow => "Allow",
        Decision::ExplicitDeny => "Deny",
        Decision::ImplicitDeny => "ImplicitDeny",
    }
}

/// The case as far as moto's evaluator goes: identity policies without conditions, `NotResource` and `?`.
fn plain(case: &Value) -> Value {
    let mut plain = case.clone();
    for key in ["boundary", "session", "resource_policy"] {
        plain[key] = Value::Null;
    }
    for statement in
        plain["identity"].as_array_mut().unwrap().iter_mut().flat_map(|p| p["Statement"].as_array_mut().unwrap())
    {
        let statement = statement.as_object_mut().unwrap();
        statement.remove("Condition");
        if let Some(resources) = statement.remove("NotResource") {
            statement.insert("Resource".into(), resources);
        }
    }
    serde_json::from_str(&plain.to_string().replace('?', "*")).unwrap()
}

/// The decisions of another evaluator.
fn theirs(name: &str, python: &Path, packages: &Path, cases: &[Value]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/evaluate.py");
    let mut command = Command::new(python);
    command.arg(script).arg(name).env("PYTHONPATH", packages).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(json!(cases).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn compare(name: &str, cases: &[Value], theirs: &Value) {
    let decisions = theirs.as_array().unwrap();
    assert_eq!(decisions.len(), cases.len());
    for (case, decision) in cases.iter().zip(decisions) {
        assert_eq!(ours(case), decision, "{name} on {case:#}");
    }
}

/// The emulator's interpreter.
fn python() -> PathBuf {
    let tools = emulator().cache.join("tools");
    let installed = std::fs::read_dir(&tools).unwrap().flatten().map(|e| e.path().join("bin/python"));
    installed.into_iter().find(|python| python.exists()).unwrap()
}

/// A folder with moto in it; installed where it is not there yet.
fn moto(python: &Path) -> PathBuf {
    let folder = emulator().cache.join(MOTO[0]);
    if !folder.join("moto/iam/access_control.py").exists() {
        let mut installer = match Command::new("uv").arg("--version").output() {
            Ok(_) => Command::new("uv"),
            Err(_) => Command::new(python),
        };
        match installer.get_program() == "uv" {
            true => installer.args(["pip", "install", "--quiet", "--python"]).arg(python),
            false => installer.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]),
        };
        let status = installer.args(["--no-deps", "--target"]).arg(&folder).args(MOTO).status().unwrap();
        assert!(status.success(), "moto could not be installed");
    }
    folder
}

fn cases() -> Vec<Value> {
    let rng = proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..CASES).map(|_| case().new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn the_evaluator_agrees_with_ministack_on_random_requests() {
    let cases = cases();
    compare("ministack", &cases, &theirs("ministack", &python(), Path::new(""), &cases));
}

#[test]
fn the_evaluator_agrees_with_moto_on_random_requests() {
    let python = python();
    let cases: Vec<Value> = cases().iter().map(plain).collect();
    compare("moto", &cases, &theirs("moto", &python, &moto(&python), &cases));
}
