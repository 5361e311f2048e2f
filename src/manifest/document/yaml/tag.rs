//! What a tag makes of a node: CloudFormation's short forms and YAML's core types.

use super::scalar;
use crate::manifest::document::{Entry, Map, Node, Span, Value};
use saphyr_parser::Tag;

/// CloudFormation's functions (AWS CloudFormation User Guide, "Intrinsic function reference").
const FUNCTIONS: &[&str] = &[
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "GetStackOutput",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];

/// A scalar with a tag. `Err` says what is wrong with the tag.
pub(super) fn scalar(tag: &Tag, text: &str, plain: bool, span: Span) -> Result<Value, String> {
    if tag.is_yaml_core_schema() {
        let value = match tag.suffix.as_str() {
            "null" => scalar::null(text),
            "bool" => scalar::bool(text),
            "int" => scalar::int(text),
            "float" => scalar::float(text),
            "str" | "binary" | "timestamp" => Some(Value::String(text.to_owned())),
            "seq" if text.is_empty() => Some(Value::List(Vec::new())),
            "map" | "set" if text.is_empty() => Some(Value::Map(Map::new())),
            _ => return Err(unknown(tag)),
        };
        return value.ok_or_else(|| format!("{text:?} is no !!{}", tag.suffix));
    }
    if is_non_specific(tag) {
        return Ok(Value::String(text.to_owned()));
    }
    let argument = if plain && text.is_empty() { Value::Null } else { Value::String(text.to_owned()) };
    function(tag, Node { value: argument, span: Some(span) })
}

/// A sequence or mapping with a tag. `Err` says what is wrong with the tag.
pub(super) fn collection(tag: &Tag, node: Node) -> Result<Value, String> {
    if tag.is_yaml_core_schema() {
        return match (tag.suffix.as_str(), &node.value) {
            ("map" | "set", Value::Map(_)) | ("seq" | "omap" | "pairs", Value::List(_)) => Ok(node.value),
            _ => Err(unknown(tag)),
        };
    }
    if is_non_specific(tag) {
        return Ok(node.value);
    }
    function(tag, node)
}

fn is_non_specific(tag: &Tag) -> bool {
    tag.handle.is_empty() && tag.suffix == "!" || tag.handle == "!" && tag.suffix.is_empty()
}

/// `!Sub x` → `{Fn::Sub: x}`; `Ref` and `Condition` have no prefix.
fn function(tag: &Tag, argument: Node) -> Result<Value, String> {
    let name = tag.suffix.as_str();
    let key = match name {
        _ if tag.handle != "!" => return Err(unknown(tag)),
        "Ref" | "Condition" => name.to_owned(),
        _ if FUNCTIONS.contains(&name) => format!("Fn::{name}"),
        _ => return Err(unknown(tag)),
    };
    let argument = if name == "GetAtt" { attribute(argument) } else { argument };
    let span = argument.span;
    Ok(Value::Map(Map::from_iter([(key, Entry { key_span: span, node: argument })])))
}

/// `!GetAtt Resource.Nested.Attribute` → `[Resource, Nested.Attribute]`.
fn attribute(argument: Node) -> Node {
    let Value::String(text) = &argument.value else { return argument };
    let (resource, attribute) = text.split_once('.').unwrap_or((text, ""));
    let item = |text: &str| Node { value: Value::String(text.to_owned()), span: argument.span };
    Node { value: Value::List(vec![item(resource), item(attribute)]), span: argument.span }
}

fn unknown(tag: &Tag) -> String {
    let name = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { format!("!{}", tag.suffix) };
    format!("unknown tag {name}")
}
