//! Values as text, as JavaScript turns them into text.

use super::{Node, Value, number};

/// What a value becomes inside a text; `None` for what cannot be part of one (null, mappings).
pub(in crate::manifest) fn coerce(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Map(_) => None,
        other => Some(js_text(other)),
    }
}

/// What `String(value)` gives in JavaScript; null is empty, as in a joined list.
pub fn js_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => number::js_string(n),
        Value::String(s) => s.clone(),
        Value::List(list) => list.iter().map(|item| js_text(&item.value)).collect::<Vec<_>>().join(","),
        Value::Map(_) => "[object Object]".to_owned(),
    }
}

/// What a list or a text has under a key in JavaScript (`Object.hasOwn`): an item, a UTF-16 unit, or `length`.
/// Keys of mappings are not looked up.
pub(in crate::manifest) fn own_property(value: &Value, key: &str) -> Option<Node> {
    let index = || key.parse::<usize>().ok().filter(|index| index.to_string() == key);
    match (value, key) {
        (Value::List(list), "length") => Some(Node::new(Value::Number(list.len().into()))),
        (Value::List(list), _) => index().and_then(|index| list.get(index).cloned()),
        (Value::String(text), "length") => Some(Node::new(Value::Number(text.encode_utf16().count().into()))),
        (Value::String(text), _) => {
            let unit = text.encode_utf16().nth(index()?)?;
            Some(Node::new(Value::String(String::from_utf16_lossy(&[unit]))))
        }
        _ => None,
    }
}

/// The kind of a value, for messages.
pub(in crate::manifest) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    }
}

/// JSON as it is written in a variable: text without quotes.
pub(in crate::manifest) fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}
