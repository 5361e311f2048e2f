//! Values over values: per-stage overrides, and lists of `resources` or `functions`.

use super::document::{Entry, Map, Node, Value};
use super::problem::{Problem, Problems};

/// Lays `over` on `base`: mappings merge key by key, anything else is replaced.
pub(super) fn overlay(base: &mut Node, over: Node) {
    match (&mut base.value, over.value) {
        (Value::Map(base), Value::Map(over)) => overlay_map(base, over),
        (_, value) => *base = Node { value, span: over.span },
    }
}

fn overlay_map(base: &mut Map, over: Map) {
    for (key, entry) in over {
        match base.get_mut(&key) {
            Some(below) => overlay(&mut below.node, entry.node),
            None => {
                base.insert(key, entry);
            }
        }
    }
}

/// Merges a later document of a list into an earlier one as Framework v3's `mergeArrays` does:
/// mappings key by key, lists item by item.
pub(super) fn merge_documents(base: &mut Node, over: Node) {
    match (&mut base.value, over.value) {
        (Value::Map(base), Value::Map(over)) => {
            for (key, Entry { key_span, node }) in over {
                match base.get_mut(&key) {
                    Some(below) => merge_documents(&mut below.node, node),
                    None => {
                        base.insert(key, Entry { key_span, node });
                    }
                }
            }
        }
        (Value::List(base), Value::List(over)) => {
            for (index, node) in over.into_iter().enumerate() {
                match base.get_mut(index) {
                    Some(below) => merge_documents(below, node),
                    None => base.push(node),
                }
            }
        }
        (_, value) => *base = Node { value, span: over.span },
    }
}

/// Makes one mapping of a list of documents (`functions`, `resources`). Returns what is wrong with the list.
pub(super) fn join_documents(key: &str, node: &mut Node) -> Problems {
    let mut problems = Problems::default();
    let span = node.span;
    let Value::List(list) = &mut node.value else { return problems };
    let mut merged = Node { value: Value::Map(Map::new()), span };
    for (index, item) in std::mem::take(list).into_iter().enumerate() {
        match item.value {
            Value::Map(_) => merge_documents(&mut merged, item),
            Value::Null | Value::Bool(false) => {}
            _ => {
                let message = format!("an item of `{key}` must be a mapping");
                problems.push(match item.span {
                    Some(span) => Problem::span(span, message),
                    None => Problem::at(format!("{key}[{index}]"), message),
                });
            }
        }
    }
    *node = merged;
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn with(merge: fn(&mut Node, Node), base: Json, over: Json) -> Json {
        let mut node = Node::from_json(base, None);
        merge(&mut node, Node::from_json(over, None));
        node.to_json()
    }

    #[test]
    fn an_overlay_replaces_lists_and_keeps_other_keys() {
        let base = json!({"a": {"b": 1, "c": [1, 2]}, "d": 1});
        assert_eq!(with(overlay, base, json!({"a": {"c": [3]}})), json!({"a": {"b": 1, "c": [3]}, "d": 1}));
    }

    #[test]
    fn documents_of_a_list_merge_their_lists_item_by_item() {
        let base = json!({"a": [{"x": 1}, 2, 3]});
        assert_eq!(with(merge_documents, base, json!({"a": [{"y": 2}, 9]})), json!({"a": [{"x": 1, "y": 2}, 9, 3]}));
    }
}
