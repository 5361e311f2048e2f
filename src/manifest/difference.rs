//! What differs between two trees.

use super::document::{Node, Value};
use serde_json::Value as Json;

/// A value that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it stands, such as `functions.hello.events[0].sqs`.
    pub path: String,
    /// On the one side, where it is there.
    pub from: Option<Json>,
    /// On the other side, where it is there.
    pub to: Option<Json>,
}

/// The differences between two trees, deepest places only, in the order of the first.
pub fn differences(from: &Node, to: &Node) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(Some(from), Some(to), String::new(), &mut found);
    found
}

fn compare(from: Option<&Node>, to: Option<&Node>, path: String, found: &mut Vec<Difference>) {
    match (from.map(|n| &n.value), to.map(|n| &n.value)) {
        (Some(Value::Map(a)), Some(Value::Map(b))) => {
            let added = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(added) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(a.get(key).map(|e| &e.node), b.get(key).map(|e| &e.node), path, found);
            }
        }
        (Some(Value::List(a)), Some(Value::List(b))) => {
            for index in 0..a.len().max(b.len()) {
                compare(a.get(index), b.get(index), format!("{path}[{index}]"), found);
            }
        }
        _ => {
            let (from, to) = (from.map(Node::to_json), to.map(Node::to_json));
            if from != to {
                found.push(Difference { path, from, to });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_name_the_deepest_place() {
        let node = |json| Node::from_json(json, None);
        let from = node(json!({"a": {"b": 1, "c": [1, 2]}, "d": 1}));
        let to = node(json!({"a": {"b": 2, "c": [1]}, "e": {"x": 1}}));
        let found: Vec<_> = differences(&from, &to).into_iter().map(|d| (d.path, d.from, d.to)).collect();
        assert_eq!(
            found,
            [
                ("a.b".to_owned(), Some(json!(1)), Some(json!(2))),
                ("a.c[1]".to_owned(), Some(json!(2)), None),
                ("d".to_owned(), Some(json!(1)), None),
                ("e".to_owned(), None, Some(json!({"x": 1}))),
            ]
        );
    }
}
