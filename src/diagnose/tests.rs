//! The labelled messages of `tests/data/denials.jsonl`, and what must hold for any text.
//!
//! A row has `text` and labels: `kind`, `principal`, `action`, `resource` (null where the text does not tell),
//! `inferred` where the action is not in the words. Rows with `held` were kept back while the readers were written.

use super::{Evidence, diagnose};
use proptest::prelude::*;
use serde_json::Value;

struct Row {
    id: String,
    text: String,
    labels: Value,
}

fn rows() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/denials.jsonl");
    let file = std::fs::read_to_string(path).unwrap();
    file.lines()
        .map(|line| {
            let labels: Value = serde_json::from_str(line).unwrap();
            Row { id: labels["id"].as_str().unwrap().into(), text: labels["text"].as_str().unwrap().into(), labels }
        })
        .collect()
}

fn same(want: &Value, got: Option<&str>) -> bool {
    want.as_str().is_some_and(|want| got.is_some_and(|got| want.eq_ignore_ascii_case(got)))
}

#[test]
fn labelled_messages_are_read_as_labelled() {
    let rows = rows();
    assert!(rows.len() >= 150);
    let mut wrong = Vec::new();
    for row in &rows {
        let found = diagnose(&Evidence::text(row.text.clone()));
        let Some(first) = found.first() else {
            wrong.push(format!("{}: nothing found", row.id));
            continue;
        };
        let kind = serde_json::to_value(first.kind).unwrap();
        for (field, got) in [
            ("kind", kind.as_str()),
            ("principal", first.principal.as_deref()),
            ("action", first.action.as_deref()),
            ("resource", first.resource.as_deref()),
        ] {
            if !row.labels[field].is_null() && !same(&row.labels[field], got) {
                wrong.push(format!("{}: {field}: {} is read as {got:?}", row.id, row.labels[field]));
            }
        }
        if row.labels["action"].is_null() && first.action.is_some() {
            assert!(first.action_inferred, "{}: {:?} is claimed, and the text does not say it", row.id, first.action);
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn statements_shown_are_policies_that_can_be_attached() {
    for row in rows() {
        for diagnosis in diagnose(&Evidence::text(row.text.clone())) {
            let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": diagnosis.statements });
            assert!(
                diagnosis.statements.is_empty() || crate::iam::policy::Policy::from_value(&policy).is_ok(),
                "{}: {policy}",
                row.id
            );
            assert_ne!(diagnosis.verified, Some(false), "{}: {policy}", row.id);
        }
    }
}

/// `docs/diagnose.md` shows a message and the answer per kind, in fences `message` and `answer`.
#[test]
fn the_documentation_shows_every_kind_with_what_rlx_really_answers() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnose.md");
    let page = std::fs::read_to_string(path).unwrap();
    let report = crate::report::Report {
        format: crate::options::OutputFormat::Text,
        interactive: false,
        can_ask: false,
        color: false,
        verbosity: 0,
        hidden: Default::default(),
    };
    let fence = |part: &str, name: &str| -> Option<String> {
        let (_, rest) = part.split_once(&format!("```{name}\n"))?;
        rest.split_once("\n```").map(|(text, _)| text.to_owned())
    };
    for kind in super::Kind::ALL {
        let name = serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned();
        let part = page.split("\n## ").find(|part| part.starts_with(&format!("`{name}`"))).unwrap_or_default();
        let (message, answer) = (fence(part, "message").expect(&name), fence(part, "answer").expect(&name));
        let found = diagnose(&Evidence::text(message));
        assert_eq!(found[0].kind, kind, "{name}");
        let really: Vec<String> = found.iter().map(|diagnosis| report.diagnosis(diagnosis)).collect();
        assert_eq!(really.join("\n").trim_end(), answer, "{name}");
    }
}

/// Bytes that are changed, doubled and cut in labelled messages; the changes are the same in every run.
#[test]
fn mutated_messages_are_read_without_a_panic() {
    let rows = rows();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap()
    };
    for _ in 0..400 {
        let mut bytes = rows[next(rows.len())].text.clone().into_bytes();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes[at..].iter_mut().take(1).for_each(|byte| *byte ^= 0x5a),
                1 => bytes.truncate(at),
                2 => bytes.splice(at..at, rows[next(rows.len())].text.bytes().take(next(200))).for_each(drop),
                _ => bytes.insert(at, [0, 0xff, b'\\', b'<', b'\n', b'{'][next(6)]),
            }
        }
        let _ = diagnose(&Evidence::text(String::from_utf8_lossy(&bytes)));
    }
}

/// Words that the readers look for, in any order and with any junk between.
fn telling_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("User: ".to_owned()),
        Just("arn:aws:iam::123456789012:user/ann".to_owned()),
        Just(" is not authorized to perform: ".to_owned()),
        Just("s3:PutObject".to_owned()),
        Just(" on resource: ".to_owned()),
        Just(" because no identity-based policy allows the ".to_owned()),
        Just(" with an explicit deny in a ".to_owned()),
        Just("Encoded authorization failure message: ".to_owned()),
        Just("CREATE_FAILED   AWS::S3::Bucket   ".to_owned()),
        Just("Role ".to_owned()),
        Just(" is invalid or cannot be assumed".to_owned()),
        Just("\n".to_owned()),
        Just("`".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        "\\PC{0,12}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_the_readers_panic(text in any::<String>()) {
        let _ = diagnose(&Evidence::text(text));
    }

    #[test]
    fn no_mix_of_telling_words_makes_the_readers_panic(text in telling_text()) {
        let _ = diagnose(&Evidence::text(text));
    }

    #[test]
    fn an_action_that_is_not_inferred_stands_in_the_text(text in telling_text()) {
        for found in diagnose(&Evidence::text(text.clone())) {
            if let (Some(action), false) = (&found.action, found.action_inferred) {
                // What is behind an escape belongs to it, and not to the text.
                let squeezed: String = super::message::clean::clean(&text).split_whitespace().collect();
                prop_assert!(squeezed.to_lowercase().contains(&action.to_lowercase()), "{action} in {text:?}");
            }
        }
    }

    #[test]
    fn a_message_is_found_at_any_width_of_the_terminal(width in 24usize..140) {
        let text = "User: arn:aws:sts::123456789012:assumed-role/ci/run is not authorized to perform: \
                    lambda:UpdateFunctionCode on resource: arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-cart \
                    because no identity-based policy allows the lambda:UpdateFunctionCode action";
        let wrapped: Vec<String> =
            text.chars().collect::<Vec<_>>().chunks(width).map(|line| line.iter().collect()).collect();
        let found = diagnose(&Evidence::text(wrapped.join("\n")));
        prop_assert_eq!(found[0].action.as_deref(), Some("lambda:UpdateFunctionCode"));
        prop_assert_eq!(found[0].kind, super::Kind::ImplicitDenyIdentity);
    }
}
