//! TOML → tree.

use super::{Entry, MAX_WEIGHT, Map, Node, ReadError, SourceId, Span, Value, number};
use crate::manifest::Problem;
use std::ops::Range;
use toml_edit::{Document, Item};

/// Reads a document. Dates become text, as they are written.
pub fn read(text: &str, source: SourceId) -> Result<Node, ReadError> {
    // A value stands behind one of these at least.
    if text.bytes().filter(|byte| matches!(byte, b'=' | b',' | b'[' | b'{')).count() > MAX_WEIGHT {
        return Err(super::too_many(Span { source, start: 0, end: 0 }));
    }
    let document = Document::parse(text).map_err(|error| {
        let range = error.span().unwrap_or_default();
        ReadError::from(Problem::span(span(range, source), format!("not valid TOML: {}", error.message().trim_end())))
    })?;
    Ok(item(document.as_item(), source))
}

fn span(range: Range<usize>, source: SourceId) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { source, start: offset(range.start), end: offset(range.end) }
}

fn item(item: &Item, source: SourceId) -> Node {
    let place = item.span().map(|range| span(range, source));
    let value = match item {
        Item::None => Value::Null,
        Item::Value(v) => return value(v, source),
        Item::Table(table) => Value::Map(
            table
                .iter()
                .map(|(key, child)| {
                    let key_span = table.key(key).and_then(toml_edit::Key::span).map(|r| span(r, source));
                    (key.to_owned(), Entry { key_span, node: self::item(child, source) })
                })
                .collect(),
        ),
        Item::ArrayOfTables(tables) => {
            Value::List(tables.iter().map(|t| self::item(&Item::Table(t.clone()), source)).collect())
        }
    };
    Node { value, span: place }
}

fn value(value: &toml_edit::Value, source: SourceId) -> Node {
    use toml_edit::Value as Toml;
    let place = value.span().map(|range| span(range, source));
    let number = |x: f64| number::from_f64(x).map_or(Value::Null, Value::Number);
    let value = match value {
        Toml::String(s) => Value::String(s.value().clone()),
        #[allow(clippy::cast_precision_loss, reason = "JavaScript holds the same double")]
        Toml::Integer(i) => number(*i.value() as f64),
        Toml::Float(f) => number(*f.value()),
        Toml::Boolean(b) => Value::Bool(*b.value()),
        Toml::Datetime(d) => Value::String(d.value().to_string()),
        Toml::Array(array) => Value::List(array.iter().map(|v| self::value(v, source)).collect()),
        Toml::InlineTable(table) => Value::Map(
            table
                .iter()
                .map(|(key, v)| {
                    let key_span = table.key(key).and_then(toml_edit::Key::span).map(|r| span(r, source));
                    (key.to_owned(), Entry { key_span, node: self::value(v, source) })
                })
                .collect::<Map>(),
        ),
    };
    Node { value, span: place }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tables_arrays_and_dates_become_a_tree_with_places() {
        let text = "service = \"a\"\n[provider]\nmemorySize = 512\nsince = 2020-01-02\n[[functions.list]]\nx = 1.5\n";
        let node = read(text, SourceId(0)).expect("valid");
        assert_eq!(
            node.to_json(),
            json!({
                "service": "a",
                "provider": {"memorySize": 512, "since": "2020-01-02"},
                "functions": {"list": [{"x": 1.5}]},
            })
        );
        let span = node.at("provider.memorySize").and_then(|n| n.span).expect("a span");
        assert_eq!(&text[span.start as usize..span.end as usize], "512");
    }

    #[test]
    fn what_is_no_toml_is_refused() {
        assert!(read("a = = 1", SourceId(0)).is_err());
    }
}
