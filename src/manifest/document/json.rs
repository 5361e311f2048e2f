//! JSON → tree, as `JSON.parse` reads it: the last of two equal keys counts.

use super::{Entry, MAX_WEIGHT, Map, Node, ReadError, SourceId, Span, Value, number};
use crate::manifest::Problem;
use jsonc_parser::ast;
use jsonc_parser::common::Range;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};

/// Strict JSON: no comments, no trailing commas.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// How many values a document holds, at most: empty collections count one too many. What is no JSON may count anything.
pub fn values(text: &str) -> usize {
    let (mut values, mut quoted, mut escaped) = (1, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b',' | b'[' | b'{' if !quoted => values += 1,
            _ => {}
        }
    }
    values
}

/// Reads a document.
pub fn read(text: &str, source: SourceId) -> Result<Node, ReadError> {
    if values(text) > MAX_WEIGHT {
        return Err(super::too_many(Span { source, start: 0, end: 0 }));
    }
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    let parsed = parse_to_ast(text, &collect, &STRICT).map_err(|error| {
        let message = format!("not valid JSON: {}", super::lower_first(&error.kind().to_string()));
        ReadError::from(Problem::span(span(error.range(), source), message))
    })?;
    match parsed.value {
        Some(value) => Ok(node(value, source)),
        None => {
            let start = Span { source, start: 0, end: 0 };
            Err(Problem::span(start, "not valid JSON: the file is empty").into())
        }
    }
}

fn span(range: Range, source: SourceId) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { source, start: offset(range.start), end: offset(range.end) }
}

fn node(value: ast::Value<'_>, source: SourceId) -> Node {
    use jsonc_parser::common::Ranged;
    let span = Some(span(value.range(), source));
    let value = match value {
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::BooleanLit(lit) => Value::Bool(lit.value),
        ast::Value::NumberLit(lit) => {
            lit.value.parse::<f64>().ok().and_then(number::from_f64).map_or(Value::Null, Value::Number)
        }
        ast::Value::StringLit(lit) => Value::String(lit.value.into_owned()),
        ast::Value::Array(array) => Value::List(array.elements.into_iter().map(|v| node(v, source)).collect()),
        ast::Value::Object(object) => {
            let mut map = Map::new();
            for property in object.properties {
                let key_span = Some(self::span(property.name.range(), source));
                let entry = Entry { key_span, node: node(property.value, source) };
                map.insert(property.name.into_string(), entry);
            }
            Value::Map(map)
        }
    };
    Node { value, span }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_read_as_javascript_reads_it() {
        let text = r#"{"a": [1.0, 1e3, "\u00e4\ud83d\ude00"], "b": {"c": null}, "b": true}"#;
        let node = read(text, SourceId(0)).expect("valid");
        assert_eq!(node.to_json(), json!({"a": [1, 1000, "ä😀"], "b": true}));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["{a: 1}", "{\"a\": 1,}", "[1 2]", "// x\n1", "", "'a'", "[NaN]"] {
            assert!(read(text, SourceId(0)).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let error = read(&"[".repeat(100_000), SourceId(0)).expect_err("too deep");
        assert_eq!(error.0.len(), 1);
    }
}
