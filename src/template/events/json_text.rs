//! JSON text inside a template (filter patterns, rule inputs), as JavaScript writes it.
//!
//! The text is compared by CloudFormation character by character, so a stack that
//! moves from the framework keeps it only when numbers and keys look the same.

use crate::template::value::entries;
use serde_json::{Map, Number, Value};

/// Compact JSON: whole numbers without `.0`, integer keys first in their order.
pub(super) fn json_text(value: &Value) -> String {
    as_javascript(value).to_string()
}

fn as_javascript(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole(number)),
        Value::Array(items) => items.iter().map(as_javascript).collect(),
        Value::Object(map) => {
            let entries = entries(map).into_iter();
            Value::Object(entries.map(|(key, value)| (key.clone(), as_javascript(value))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// The largest whole number up to which a double is exact.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

fn whole(number: &Number) -> Number {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= MAX_SAFE_INTEGER => {
            Number::from(float as i64)
        }
        _ => number.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_floats_lose_their_fraction() {
        assert_eq!(json_text(&json!({"a": [1.0, 2.5, -3.0]})), r#"{"a":[1,2.5,-3]}"#);
    }

    #[test]
    fn integer_keys_come_first_in_numeric_order() {
        assert_eq!(json_text(&json!({"b": 1, "10": 2, "9": 3, "01": 4})), r#"{"9":3,"10":2,"b":1,"01":4}"#);
    }

    #[test]
    fn text_outside_ascii_is_not_escaped() {
        assert_eq!(json_text(&json!("é\n\u{2028}")), "\"é\\n\u{2028}\"");
    }
}
