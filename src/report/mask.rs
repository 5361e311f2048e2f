//! Secret values are shown as stars.

use crate::manifest::document::{Node, Value};
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, RwLock};

/// What stands in place of a secret.
const STARS: &str = "****";
/// Shorter secrets are only masked where they are the whole of a value: they would blank out ordinary words.
const MIN_PART: usize = 6;

/// Knows the values that must not be shown.
#[derive(Clone, Default)]
pub struct Mask(Vec<String>);

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mask of {}", self.0.len())
    }
}

/// What a command learns to hide while it runs; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Hidden(Arc<RwLock<Mask>>);

impl Hidden {
    /// Hides these too.
    pub fn add(&self, secrets: &[String]) {
        if let Ok(mut mask) = self.0.write() {
            let all: Vec<String> = mask.0.iter().chain(secrets).cloned().collect();
            *mask = Mask::new(&all);
        }
    }

    /// A text without them.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.0.read() {
            Ok(mask) if !mask.0.is_empty() => Cow::Owned(mask.text(text)),
            _ => Cow::Borrowed(text),
        }
    }

    /// A value without them.
    pub fn json<'a>(&self, value: &'a serde_json::Value) -> Cow<'a, serde_json::Value> {
        match self.0.read() {
            Ok(mask) if !mask.0.is_empty() => {
                let mut value = value.clone();
                mask.json(&mut value);
                Cow::Owned(value)
            }
            _ => Cow::Borrowed(value),
        }
    }
}

impl Mask {
    /// Masks these values, also as parts of others.
    pub fn new(secrets: &[String]) -> Self {
        let mut secrets: Vec<_> = secrets.iter().filter(|s| !s.is_empty()).cloned().collect();
        // The longest first, so that no rest of it is left.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// A text without secrets.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            if text == *secret || secret.len() >= MIN_PART && text.contains(secret) {
                text = text.replace(secret, STARS);
            }
        }
        text
    }

    /// Takes the secrets out of a JSON value.
    pub fn json(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => *text = self.text(text),
            serde_json::Value::Array(list) => list.iter_mut().for_each(|item| self.json(item)),
            serde_json::Value::Object(map) => map.values_mut().for_each(|item| self.json(item)),
            _ => {}
        }
    }

    /// Takes the secrets out of a value.
    pub fn node(&self, node: &mut Node) {
        match &mut node.value {
            Value::String(text) => *text = self.text(text),
            Value::List(list) => list.iter_mut().for_each(|item| self.node(item)),
            Value::Map(map) => map.values_mut().for_each(|entry| self.node(&mut entry.node)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_hidden_is_hidden_from_clones_too() {
        let hidden = Hidden::default();
        let other = hidden.clone();
        hidden.add(&["hunter22".to_owned()]);
        other.add(&["letmein".to_owned()]);
        assert_eq!(hidden.text("hunter22, letmein"), "****, ****");
        assert_eq!(*other.json(&json!({ "a": ["hunter22"] })), json!({ "a": ["****"] }));
        assert!(!format!("{hidden:?}").contains("hunter22"));
    }

    #[test]
    fn secrets_are_masked_whole_and_as_parts() {
        let mask = Mask::new(&["hunter22".to_owned(), "1".to_owned()]);
        let mut node = Node::from_json(json!({"a": "hunter22", "b": ["x:hunter22@y"], "c": "1", "d": "10"}), None);
        mask.node(&mut node);
        assert_eq!(node.to_json(), json!({"a": "****", "b": ["x:****@y"], "c": "****", "d": "10"}));
    }
}
