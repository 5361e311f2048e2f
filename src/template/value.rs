//! CloudFormation values, and what JavaScript thinks of a value.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// `{"Ref": ...}`.
pub fn reference(logical_id: &str) -> Value {
    json!({ "Ref": logical_id })
}

/// `{"Fn::GetAtt": [...]}`.
pub fn get_att(logical_id: &str, attribute: &str) -> Value {
    json!({ "Fn::GetAtt": [logical_id, attribute] })
}

/// `{"Fn::Join": [separator, [...]]}`.
pub fn join(separator: &str, parts: impl IntoIterator<Item = Value>) -> Value {
    json!({ "Fn::Join": [separator, parts.into_iter().collect::<Vec<_>>()] })
}

/// `{"Fn::Sub": ...}`.
pub fn sub(text: impl Into<String>) -> Value {
    json!({ "Fn::Sub": text.into() })
}

/// Whether JavaScript's `if (value)` takes the branch: the framework asks so in many places,
/// so that `0`, `''`, `false` and `null` count as absent.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64().is_some_and(|n| n != 0.0),
        Value::String(s) => !s.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// A setting as a typed value. Keys whose value is null count as absent where the type has no place for null.
///
/// # Errors
/// It does not fit the type.
pub fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(value).or_else(|error| {
        let mut stripped = value.clone();
        strip_nulls(&mut stripped);
        T::deserialize(stripped).map_err(|_| error)
    })
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, inner| !inner.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// The value under a key where JavaScript finds it truthy.
pub fn get<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.get(key).filter(|v| truthy(v))
}

/// The text under a key where there is some.
pub fn get_str<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str).filter(|s| !s.is_empty())
}

/// Whether a value is a call of a CloudFormation function, such as `{"Fn::GetAtt": ...}`.
pub fn is_intrinsic(value: &Value) -> bool {
    value.as_object().is_some_and(|o| o.len() == 1 && o.keys().all(|k| k == "Ref" || k.starts_with("Fn::")))
}

/// The logical id that a `Ref` or `Fn::GetAtt` names.
pub fn referred(value: &Value) -> Option<&str> {
    let target = match value.get("Ref") {
        Some(target) => target,
        None => match value.get("Fn::GetAtt")? {
            Value::String(path) => return path.split('.').next(),
            list => list.get(0)?,
        },
    };
    target.as_str()
}

/// The entries of a mapping as JavaScript lists them: integer keys first, by number, then the
/// others as written. Where the framework makes a list from a mapping, its order is this.
pub fn entries<'m, V: 'm>(map: impl IntoIterator<Item = (&'m String, V)>) -> Vec<(&'m String, V)> {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by_key(|(key, _)| array_index(key).map_or(u64::MAX, u64::from));
    entries
}

/// A key that JavaScript orders as a number: canonical decimal below 2^32 - 1.
fn array_index(key: &str) -> Option<u32> {
    let index: u32 = key.parse().ok()?;
    (index != u32::MAX && index.to_string() == key).then_some(index)
}

/// Sets a key where there is a value.
pub fn set_some(map: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value);
    }
}

/// `[{"Key": ..., "Value": ...}]` from a mapping of tags.
pub fn tags(tags: &Map<String, Value>) -> Value {
    entries(tags).into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// Merges deeply as the framework merges `resources`: mappings by key, lists by index, all else replaced.
pub fn merge(target: &mut Value, source: Value) {
    match (target, source) {
        (Value::Object(target), Value::Object(source)) => {
            for (key, value) in source {
                match target.get_mut(&key) {
                    Some(existing) => merge(existing, value),
                    None => {
                        target.insert(key, value);
                    }
                }
            }
        }
        (Value::Array(target), Value::Array(source)) => {
            for (index, value) in source.into_iter().enumerate() {
                match target.get_mut(index) {
                    Some(existing) => merge(existing, value),
                    None => target.push(value),
                }
            }
        }
        (target, source) => *target = source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_keys_come_first_and_in_numeric_order() {
        let map = json!({"b": 1, "404": 2, "a": 3, "200": 4, "0200": 5});
        let keys: Vec<_> = entries(map.as_object().into_iter().flatten()).into_iter().map(|(k, _)| k.clone()).collect();
        assert_eq!(keys, ["200", "404", "b", "a", "0200"]);
    }

    #[test]
    fn lists_merge_by_index() {
        let mut target = json!({"a": [{"x": 1}, 2], "b": "old"});
        merge(&mut target, json!({"a": [{"y": 2}, 3, 4], "b": {"new": true}}));
        assert_eq!(target, json!({"a": [{"x": 1, "y": 2}, 3, 4], "b": {"new": true}}));
    }

    #[test]
    fn zero_and_the_empty_text_are_not_truthy() {
        assert!([json!(0), json!(""), json!(null), json!(false)].iter().all(|v| !truthy(v)));
        assert!([json!([]), json!({}), json!("0"), json!(-1)].iter().all(truthy));
    }

    #[test]
    fn both_spellings_of_get_att_name_their_resource() {
        assert_eq!(referred(&json!({"Fn::GetAtt": ["Queue", "Arn"]})), Some("Queue"));
        assert_eq!(referred(&json!({"Fn::GetAtt": "Queue.Arn"})), Some("Queue"));
        assert_eq!(referred(&json!({"Ref": "Topic"})), Some("Topic"));
        assert_eq!(referred(&json!("text")), None);
    }
}
