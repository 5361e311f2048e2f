//! How a value of one type is taken for another: `memorySize: '512'` is a number, `PORT: 8080` a text, one
//! text a list of one.
//!
//! The rules are those of AJV with `coerceTypes: 'array'`, which the framework validates with
//! (<https://ajv.js.org/coercion.html>): `custom` and `resources` are never touched, because the schema has no
//! types there.

use crate::manifest::document::{Node, Value};
use serde_json::Number;

/// Makes a value fit one of the types where that is possible; says whether it does now.
pub fn coerce(node: &mut Node, types: &[&str]) -> bool {
    if types.iter().any(|t| is_type(&node.value, t)) {
        return true;
    }
    let scalar = |t: &str| matches!(t, "string" | "number" | "integer" | "boolean" | "null");
    if !types.iter().any(|t| scalar(t) || *t == "array") {
        return false;
    }
    // A list of one is that one.
    let only = match &node.value {
        Value::List(list) if list.len() == 1 => Some(list[0].clone()),
        _ => None,
    };
    if let Some(only) = &only
        && types.iter().any(|t| is_type(&only.value, t))
    {
        *node = only.clone();
        return true;
    }
    let value = only.as_ref().map_or(&node.value, |only| &only.value);
    let coerced = types.iter().find_map(|t| to_type(value, t, node));
    if let Some(coerced) = coerced {
        node.value = coerced;
        return true;
    }
    false
}

/// Whether a value is of a JSON Schema type; `1.0` is an integer.
pub fn is_type(value: &Value, name: &str) -> bool {
    match (name, value) {
        ("null", Value::Null)
        | ("boolean", Value::Bool(_))
        | ("number", Value::Number(_))
        | ("string", Value::String(_))
        | ("array", Value::List(_))
        | ("object", Value::Map(_)) => true,
        ("integer", Value::Number(n)) => n.as_f64().is_some_and(|n| n.fract() == 0.0),
        _ => false,
    }
}

fn to_type(value: &Value, to: &str, node: &Node) -> Option<Value> {
    match to {
        "string" => match value {
            Value::Number(n) => Some(Value::String(number_text(n))),
            Value::Bool(b) => Some(Value::String(b.to_string())),
            Value::Null => Some(Value::String(String::new())),
            _ => None,
        },
        "number" | "integer" => {
            let number = match value {
                Value::Bool(b) => f64::from(*b),
                Value::Null => 0.0,
                Value::String(s) if !s.is_empty() => text_number(s)?,
                _ => return None,
            };
            if to == "integer" && number.fract() != 0.0 {
                return None;
            }
            Some(Value::Number(json_number(number)?))
        }
        "boolean" => match value {
            Value::String(s) if s == "true" => Some(Value::Bool(true)),
            Value::String(s) if s == "false" => Some(Value::Bool(false)),
            Value::Number(n) if n.as_f64() == Some(1.0) => Some(Value::Bool(true)),
            Value::Number(n) if n.as_f64() == Some(0.0) => Some(Value::Bool(false)),
            Value::Null => Some(Value::Bool(false)),
            _ => None,
        },
        "null" => match value {
            Value::String(s) if s.is_empty() => Some(Value::Null),
            Value::Number(n) if n.as_f64() == Some(0.0) => Some(Value::Null),
            Value::Bool(false) => Some(Value::Null),
            _ => None,
        },
        "array" => match value {
            Value::List(_) | Value::Map(_) => None,
            scalar => Some(Value::List(vec![Node { value: scalar.clone(), span: node.span }])),
        },
        _ => None,
    }
}

/// As JavaScript writes a number.
fn number_text(number: &Number) -> String {
    if number.is_i64() || number.is_u64() {
        return number.to_string();
    }
    let Some(n) = number.as_f64() else { return number.to_string() };
    let size = n.abs();
    if n.fract() == 0.0 && size < 1e21 {
        return format!("{n:.0}");
    }
    if (1e-6..1e21).contains(&size) {
        return format!("{n}");
    }
    let text = format!("{n:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

/// As JavaScript reads a number from text.
fn text_number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0.0);
    }
    let radix = |prefix: [&str; 2], radix: u32| {
        let digits = prefix.iter().find_map(|p| text.strip_prefix(p))?;
        u64::from_str_radix(digits, radix).ok().map(|n| n as f64)
    };
    radix(["0x", "0X"], 16).or_else(|| radix(["0o", "0O"], 8)).or_else(|| radix(["0b", "0B"], 2)).or_else(|| {
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        plain.then(|| text.parse().ok()).flatten()
    })
}

fn json_number(number: f64) -> Option<Number> {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Some(Number::from(number as i64));
    }
    Number::from_f64(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn coerced(value: serde_json::Value, types: &[&str]) -> Option<serde_json::Value> {
        let mut node = Node::from_json(value, None);
        coerce(&mut node, types).then(|| node.to_json())
    }

    #[test]
    fn a_text_of_digits_is_a_number() {
        assert_eq!(coerced(json!("512"), &["integer"]), Some(json!(512)));
        assert_eq!(coerced(json!("012"), &["integer"]), Some(json!(12)));
        assert_eq!(coerced(json!("0x10"), &["number"]), Some(json!(16)));
        assert_eq!(coerced(json!("1.5"), &["integer"]), None);
        assert_eq!(coerced(json!("12 MB"), &["integer"]), None);
        assert_eq!(coerced(json!(""), &["integer"]), None);
    }

    #[test]
    fn a_number_is_a_text_as_javascript_writes_it() {
        assert_eq!(coerced(json!(8080), &["string"]), Some(json!("8080")));
        assert_eq!(coerced(json!(1.0), &["string"]), Some(json!("1")));
        assert_eq!(coerced(json!(0.5), &["string"]), Some(json!("0.5")));
        assert_eq!(coerced(json!(1e21), &["string"]), Some(json!("1e+21")));
    }

    #[test]
    fn one_value_is_a_list_of_one_and_the_other_way_round() {
        assert_eq!(coerced(json!("a"), &["array"]), Some(json!(["a"])));
        assert_eq!(coerced(json!(["a"]), &["string"]), Some(json!("a")));
        assert_eq!(coerced(json!([8]), &["string"]), Some(json!("8")));
        assert_eq!(coerced(json!(["a", "b"]), &["string"]), None);
        assert_eq!(coerced(json!({"a": 1}), &["array"]), None);
        assert_eq!(coerced(json!([{}]), &["object"]), None);
    }

    #[test]
    fn only_the_words_true_and_false_are_booleans() {
        assert_eq!(coerced(json!("true"), &["boolean"]), Some(json!(true)));
        assert_eq!(coerced(json!(0), &["boolean"]), Some(json!(false)));
        assert_eq!(coerced(json!("yes"), &["boolean"]), None);
    }
}
