//! How two events of the same origin or behaviour become one.

use serde_json::Value;

/// Adds to `target` what it does not have: entries of mappings at any depth, items of lists.
/// A value that both have stays that of `target`.
pub(super) fn complete(target: &mut Value, more: Value) {
    match (target, more) {
        (Value::Object(target), Value::Object(more)) => {
            for (key, value) in more {
                match target.get_mut(&key) {
                    Some(existing) => complete(existing, value),
                    None => {
                        target.insert(key, value);
                    }
                }
            }
        }
        (Value::Array(target), Value::Array(more)) => {
            for item in std::mem::take(target).into_iter().chain(more) {
                if !target.contains(&item) {
                    target.push(item);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_is_added_and_what_is_there_stays() {
        let mut target = json!({"a": 1, "list": [1, 2], "deep": {"x": 1}});
        complete(&mut target, json!({"a": 2, "b": 3, "list": [2, 3], "deep": {"x": 2, "y": 3}}));
        assert_eq!(target, json!({"a": 1, "list": [1, 2, 3], "deep": {"x": 1, "y": 3}, "b": 3}));
    }
}
