//! The tree of values with their places.

use super::source::Span;
use indexmap::IndexMap;

/// What a document, and a manifest with its variables resolved, may weigh (see [`Node::weight`]). A value takes some 200
/// bytes while it is read and some 600 while its variables are resolved; the largest stacks have some 50,000 values.
pub const MAX_WEIGHT: usize = 400_000;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What stands there.
    pub value: Value,
    /// Where it stands; `None` for values made by rlx (defaults).
    pub span: Option<Span>,
}

/// What JavaScript would hold after js-yaml has read the same text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Integers and floats.
    Number(serde_json::Number),
    /// Text.
    String(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in source order.
    Map(Map),
}

/// A mapping in source order.
pub type Map = IndexMap<String, Entry>;

/// The value of a key, and the key's place.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where the key stands.
    pub key_span: Option<Span>,
    /// The value.
    pub node: Node,
}

impl Node {
    /// A value without a place.
    pub fn new(value: Value) -> Self {
        Self { value, span: None }
    }

    /// The value under a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(map) => map.get(key).map(|e| &e.node),
            _ => None,
        }
    }

    /// The value at a path such as `functions.hello.events[0].sqs` or `functions.hello.events.0`.
    pub fn at(&self, path: &str) -> Option<&Node> {
        path.split(['.', '[']).map(|s| s.trim_end_matches(']')).filter(|s| !s.is_empty()).try_fold(
            self,
            |node, step| match &node.value {
                Value::Map(map) => map.get(step).map(|e| &e.node),
                Value::List(list) => step.parse::<usize>().ok().and_then(|i| list.get(i)),
                _ => None,
            },
        )
    }

    /// The span of a path: of the deepest existing ancestor where the path itself is absent.
    pub fn locate(&self, path: &str) -> Option<Span> {
        let mut path = path;
        loop {
            if let Some(span) = self.at(path).and_then(|node| node.span) {
                return Some(span);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    /// The value under these keys of mappings in mappings.
    pub fn at_keys(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The value under these keys of mappings in mappings, to change.
    pub fn at_keys_mut(&mut self, keys: &[&str]) -> Option<&mut Node> {
        keys.iter().try_fold(self, |node, key| match &mut node.value {
            Value::Map(map) => map.get_mut(*key).map(|entry| &mut entry.node),
            _ => None,
        })
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(s) => Some(s),
            _ => None,
        }
    }

    /// The entries, if it is a mapping.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, if it is a sequence.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// How much room it takes: one for each value in it, and one for every 64 bytes of text.
    pub fn weight(&self) -> usize {
        1 + match &self.value {
            Value::String(text) => text.len() / 64,
            Value::List(list) => list.iter().map(Node::weight).sum(),
            Value::Map(map) => map.values().map(|entry| entry.node.weight()).sum(),
            _ => 0,
        }
    }

    /// The same tree without places.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => (*b).into(),
            Value::Number(n) => n.clone().into(),
            Value::String(s) => s.clone().into(),
            Value::List(list) => list.iter().map(Node::to_json).collect(),
            Value::Map(map) => {
                serde_json::Value::Object(map.iter().map(|(k, e)| (k.clone(), e.node.to_json())).collect())
            }
        }
    }

    /// A tree without places from plain JSON; `span` is given to every value of it.
    pub fn from_json(json: serde_json::Value, span: Option<Span>) -> Self {
        let value = match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(b),
            serde_json::Value::Number(n) => Value::Number(n),
            serde_json::Value::String(s) => Value::String(s),
            serde_json::Value::Array(a) => Value::List(a.into_iter().map(|v| Node::from_json(v, span)).collect()),
            serde_json::Value::Object(o) => Value::Map(
                o.into_iter().map(|(k, v)| (k, Entry { key_span: span, node: Node::from_json(v, span) })).collect(),
            ),
        };
        Self { value, span }
    }
}
