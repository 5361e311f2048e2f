//! What holds for every manifest.

use super::super::document::{Node, Sources};
use super::super::variables::{Offline, World, resolve};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn resolved(config: &Value) -> Result<Value, Vec<String>> {
    let world = World {
        dir: "/".into(),
        options: [("stage".to_owned(), json!("dev"))].into(),
        params: Default::default(),
        env: [("E".to_owned(), "env".to_owned())].into(),
        instance_id: "1".to_owned(),
        remote: &Offline,
        explain: None,
    };
    let resolution = resolve(&world, Node::from_json(config.clone(), None), Sources::default(), &[]);
    match resolution.problems.0.is_empty() {
        true => Ok(resolution.config.to_json()),
        false => Err(resolution.problems.0.into_iter().map(|p| p.message).collect()),
    }
}

/// How a value refers to an earlier one.
fn reference(kind: u8, to: usize) -> String {
    match kind % 4 {
        0 => format!("${{self:v{to}}}"),
        1 => format!("${{opt:none, self:v{to}}}"),
        2 => format!("${{self:v${{self:index{to}}}}}"),
        _ => format!("${{self:none.x, self:v{to}, 'never'}}"),
    }
}

/// Values of which each refers to one before it, and what they must be.
fn chains() -> impl Strategy<Value = (Vec<(String, Value)>, Map<String, Value>)> {
    prop::collection::vec((any::<u8>(), any::<prop::sample::Index>()), 1..20).prop_map(|links| {
        let mut entries = vec![("v0".to_owned(), json!({"leaf": 7})), ("index0".to_owned(), json!("0"))];
        let mut expected: Map<String, Value> = entries.iter().cloned().collect();
        for (at, (kind, to)) in links.into_iter().enumerate() {
            let to = to.index(at + 1);
            entries.push((format!("v{}", at + 1), reference(kind, to).into()));
            entries.push((format!("index{}", at + 1), (at + 1).to_string().into()));
            expected.insert(format!("v{}", at + 1), json!({"leaf": 7}));
            expected.insert(format!("index{}", at + 1), (at + 1).to_string().into());
        }
        (entries, expected)
    })
}

proptest! {
    #[test]
    fn values_do_not_depend_on_their_order((entries, expected) in chains(), seed in any::<u64>()) {
        let mut shuffled = entries;
        let count = shuffled.len() as u64;
        for at in (1..shuffled.len()).rev() {
            let other = (seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(at as u64) % count) as usize % (at + 1);
            shuffled.swap(at, other);
        }
        let config: Map<String, Value> = shuffled.into_iter().collect();
        let resolved = resolved(&Value::Object(config)).map_err(|e| TestCaseError::fail(e.join(", ")))?;
        prop_assert_eq!(resolved, Value::Object(expected));
    }

    #[test]
    fn what_is_resolved_resolves_to_itself((entries, _) in chains(), text in "[a-z$ {}:.-]{0,12}") {
        let mut config: Map<String, Value> = entries.into_iter().collect();
        config.insert("text".to_owned(), format!("{text}${{self:index0}}${{env:E}}").into());
        if let Ok(once) = resolved(&Value::Object(config))
            && !once["text"].as_str().unwrap_or_default().contains("${")
        {
            prop_assert_eq!(resolved(&once), Ok(once));
        }
    }

    #[test]
    fn text_without_variables_stays(text in "[^$\\\\]{0,40}") {
        prop_assert_eq!(resolved(&json!({ "a": text })), Ok(json!({ "a": text })));
    }

    #[test]
    fn any_text_is_resolved_or_refused(text in "(\\$\\{|\\}|self:|opt:|a|b|,| |'|\\(|\\)|env:E|\\\\|:|\\.){0,25}") {
        let _ = resolved(&json!({ "a": text, "b": {"a": 1} }));
    }
}
