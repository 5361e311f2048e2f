//! `definition` → `DefinitionString`: the text of the state machine, with CloudFormation's functions in it taken
//! out into the variables of one `Fn::Sub`.

use super::{Machine, translated};
use crate::manifest::Problem;
use crate::template::Compilation;
use crate::template::naming::md5_hex;
use crate::template::value::{entries, referred};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// The definition as a value: a mapping, or a text of JSON. A problem where it is neither.
pub fn read(it: &mut Compilation<'_>, machine: &Machine<'_>) -> Option<Value> {
    let path = format!("{}.definition", machine.path);
    match machine.raw.get("definition") {
        Some(Value::Object(map)) => Some(in_order(&Value::Object(map.clone()))),
        Some(Value::String(text)) => match serde_json::from_str::<Value>(text) {
            Ok(value) if value.is_object() => Some(value),
            Ok(_) => {
                it.problems.push(Problem::at(path, "the definition is JSON, but no mapping").help(HELP));
                None
            }
            Err(error) => {
                it.problems.push(Problem::at(path, format!("the definition is no JSON: {error}")).help(HELP));
                None
            }
        },
        _ => {
            it.problems.push(
                Problem::at(&machine.path, format!("state machine `{}` has no `definition`", machine.key)).help(HELP),
            );
            None
        }
    }
}

const HELP: &str = "write the states as a mapping with `StartAt` and `States`, or `definition: ${file(machine.yml)}`";

/// As JavaScript orders keys, which the text follows.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Object(map) => entries(map).into_iter().map(|(key, value)| (key.clone(), in_order(value))).collect(),
        Value::Array(list) => list.iter().map(in_order).collect(),
        other => other.clone(),
    }
}

/// The text, or the `Fn::Sub` that gives it.
pub fn compile(it: &Compilation<'_>, machine: &Machine<'_>, mut definition: Value) -> Value {
    let mut functions: IndexMap<String, (Value, bool)> = IndexMap::new();
    take_out(&mut definition, &mut functions);
    let text = format!("{definition:#}");
    let substituted = substitute_references(&text);
    let has_references = substituted != text;
    let mut text = substituted;
    if functions.is_empty() {
        return if has_references { json!({ "Fn::Sub": text }) } else { json!(text) };
    }
    for (name, _) in functions.iter().filter(|(_, (_, is_number))| *is_number) {
        text = text.replace(&format!("\"${{{name}}}\""), &format!("${{{name}}}"));
    }
    let exact = machine.raw.get("useExactVersion") == Some(&Value::Bool(true));
    let variables: Map<String, Value> = functions
        .into_iter()
        .map(|(name, (value, _))| {
            let value = translated(it, &value);
            (name, if exact { version_of(it, &value).unwrap_or(value) } else { value })
        })
        .collect();
    json!({ "Fn::Sub": [text, variables] })
}

/// Whether a mapping calls a CloudFormation function; further keys beside it do not count.
pub fn is_function(value: &Value) -> bool {
    value.as_object().is_some_and(|map| map.keys().any(|key| key == "Ref" || key.starts_with("Fn::")))
}

/// Replaces each function by a variable that is named by its MD5.
fn take_out(value: &mut Value, functions: &mut IndexMap<String, (Value, bool)>) {
    match value {
        Value::Object(map) => {
            let waits = map.get("Type") == Some(&json!("Wait"));
            for (key, value) in map.iter_mut() {
                take_out_one(value, waits && key == "Seconds", functions);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| take_out_one(value, false, functions)),
        _ => {}
    }
}

fn take_out_one(value: &mut Value, is_number: bool, functions: &mut IndexMap<String, (Value, bool)>) {
    if !is_function(value) {
        return take_out(value, functions);
    }
    let name = md5_hex(&value.to_string());
    let taken = std::mem::replace(value, json!(format!("${{{name}}}")));
    functions.entry(name).and_modify(|(_, number)| *number |= is_number).or_insert((taken, is_number));
}

/// `#{AWS::Region}` → `${AWS::Region}`.
fn substitute_references(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("#{") {
        let inner = &rest[at + 2..];
        match inner.find('}') {
            Some(end) if end > 0 => {
                out.push_str(&rest[..at]);
                out.push_str(&format!("${{{}}}", &inner[..end]));
                rest = &inner[end + 1..];
            }
            _ => {
                out.push_str(&rest[..at + 2]);
                rest = inner;
            }
        }
    }
    out + rest
}

/// The version of this deploy, for a reference to a function.
fn version_of(it: &Compilation<'_>, value: &Value) -> Option<Value> {
    let function = referred(value)?;
    if it.template.resource(function)?["Type"] != "AWS::Lambda::Function" {
        return None;
    }
    let is_version = |resource: &Value| {
        resource["Type"] == "AWS::Lambda::Version"
            && resource.pointer("/Properties/FunctionName/Ref") == Some(&json!(function))
    };
    it.template.resources().find(|(_, resource)| is_version(resource)).map(|(id, _)| json!({ "Ref": id }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_references_become_dollar_ones() {
        assert_eq!(substitute_references("a #{AWS::Region} #{} #x #{b"), "a ${AWS::Region} #{} #x #{b");
    }
}
