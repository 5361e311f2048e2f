//! The schema as editors need it: they see a manifest before its variables have values and before texts are taken for
//! numbers, so what rlx accepts must not be underlined.

use super::build::*;
use serde_json::{Map, Value, json};

/// The name of the definition that stands for what may be anywhere.
const ANYWHERE: &str = "variableOrNothing";

/// A schema of manifests that also accepts, in the place of any value, a variable or nothing, in the place of a
/// number, truth value or list a text that becomes one, and `resources` and `functions` as lists.
pub fn for_editors(schema: Value) -> Value {
    let Value::Object(mut schema) = inside(schema) else { return Value::Null };
    let variable = doc(pattern(r"\$\{"), "Contains a variable.");
    let mut further = keys([(ANYWHERE, any_of([variable, json!({ "type": "null" })]))]);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for key in ["functions", "resources"] {
            if let Some(value) = properties.get_mut(key) {
                further.insert(key.to_owned(), std::mem::take(value));
                *value = any_of([shared(key), list(shared(key))]);
            }
        }
        if let Some(custom) = properties.get_mut("custom") {
            open(custom);
        }
    }
    if let Some(Value::Object(definitions)) = schema.get_mut("definitions") {
        definitions.extend(further);
    }
    Value::Object(schema)
}

/// A schema whose parts accept more; itself it is about the same kind of value.
fn inside(schema: Value) -> Value {
    let Value::Object(schema) = schema else { return schema };
    let all = |value: Value, change: fn(Value) -> Value| match value {
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, change(value))).collect()),
        other => other,
    };
    let each = |value: Value, change: fn(Value) -> Value| match value {
        Value::Array(list) => Value::Array(list.into_iter().map(change).collect()),
        other => other,
    };
    let changed = schema.into_iter().map(|(keyword, value)| match keyword.as_str() {
        "properties" | "patternProperties" => (keyword, all(value, anything_like)),
        "definitions" => (keyword, all(value, inside)),
        "additionalProperties" if value.is_object() => (keyword, anything_like(value)),
        "items" if value.is_array() => (keyword, each(value, anything_like)),
        "items" => (keyword, anything_like(value)),
        // A text with a variable fits several of them.
        "oneOf" => ("anyOf".to_owned(), each(value, inside)),
        "anyOf" | "allOf" => (keyword, each(value, inside)),
        "then" | "else" => (keyword, inside(value)),
        _ => (keyword, value),
    });
    coerced(changed.collect())
}

/// The same for a value that has a place of its own: a variable or nothing may stand there.
fn anything_like(schema: Value) -> Value {
    let mut inner = inside(schema);
    let description = inner.as_object_mut().and_then(|schema| schema.remove("description"));
    let whole = match inner.as_object().is_none_or(Map::is_empty) {
        true => inner,
        false => any_of([inner, shared(ANYWHERE)]),
    };
    match description {
        Some(description) => with(whole, "description", description),
        None => whole,
    }
}

/// What becomes such a value when the manifest is read (`schema::coerce`).
fn coerced(schema: Map<String, Value>) -> Value {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let constant = schema.get("const").is_some_and(Value::is_boolean);
    let items = schema.get("items").filter(|items| items.is_object()).cloned();
    let whole = Value::Object(schema);
    match (kind.as_str(), items) {
        ("boolean", _) => any_of([whole, one_of(["true", "false"])]),
        _ if constant => any_of([whole.clone(), json!({ "const": whole["const"].to_string() })]),
        ("integer" | "number", _) => any_of([whole, pattern(r"^-?[0-9]+(\.[0-9]+)?$")]),
        ("string", _) if ["pattern", "enum", "const"].iter().all(|word| whole.get(word).is_none()) => {
            with(whole, "type", json!(["string", "number", "boolean"]))
        }
        // Mappings in place of lists are rare, and their schemas would stand there twice.
        ("array", Some(items)) if items.to_string().len() < 300 => any_of([whole, items]),
        _ => whole,
    }
}

/// Keys that a plugin does not read are no errors, but for mappings that their plugin refuses with them.
fn open(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            if keywords.get("strict") != Some(&Value::Bool(true))
                && keywords.get("additionalProperties") == Some(&Value::Bool(false))
            {
                keywords.remove("additionalProperties");
            }
            keywords.values_mut().for_each(open);
        }
        Value::Array(list) => list.iter_mut().for_each(open),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::document::Node;
    use crate::manifest::schema::{complete, validate};
    use serde_json::{Value, json};

    fn problems(part: Value) -> Vec<String> {
        let mut config = json!({ "service": "shop", "provider": { "name": "aws" } });
        config.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        let found = validate(&mut Node::from_json(config, None), &complete(), false);
        found.iter().map(|problem| problem.message.clone()).collect()
    }

    #[test]
    fn a_variable_or_nothing_may_stand_anywhere() {
        for part in [
            json!({ "functions": "${file(functions.yml)}" }),
            json!({ "functions": { "a": "${file(a.yml)}" } }),
            json!({ "functions": { "a": { "handler": "a.b", "events": ["${file(event.yml)}"], "environment": null } } }),
            json!({ "functions": { "a": { "handler": "a.b", "memorySize": "${param:memory}", "vpc": "${self:custom.vpc}" } } }),
            json!({ "resources": null, "package": "${file(package.yml)}", "plugins": "${file(plugins.yml)}" }),
            json!({ "custom": { "prune": "${file(prune.yml)}" } }),
        ] {
            assert_eq!(problems(part.clone()), [""; 0], "{part}");
        }
    }

    #[test]
    fn lists_of_resources_and_of_functions_are_accepted() {
        let queue = json!({ "Resources": { "Jobs": { "Type": "AWS::SQS::Queue" } } });
        assert_eq!(problems(json!({ "resources": [queue, "${file(tables.yml)}"] })), [""; 0]);
        assert_eq!(problems(json!({ "functions": [{ "a": { "handler": "a.b" } }, "${file(more.yml)}"] })), [""; 0]);
    }

    #[test]
    fn what_is_wrong_stays_wrong() {
        for part in [
            json!({ "functions": { "a": { "handlr": "a.b" } } }),
            json!({ "functions": { "a": { "handler": "a.b", "timeout": "long" } } }),
            json!({ "resources": { "Resources": { "Jobs": {} } } }),
            json!({ "functoins": {} }),
        ] {
            assert_ne!(problems(part.clone()), [""; 0], "{part}");
        }
    }
}
