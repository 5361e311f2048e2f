//! The words that schemas are written with. Each gives a JSON Schema as a value.
//!
//! Parts are moved into the whole: `json!` would copy each of them at every level.

use serde_json::{Map, Value, json};

/// A schema of these keywords.
pub fn schema<const N: usize>(keywords: [(&str, Value); N]) -> Value {
    Value::Object(keys(keywords))
}

/// Any text.
pub fn text() -> Value {
    json!({ "type": "string" })
}

/// Text that a regular expression matches somewhere.
pub fn pattern(regex: &str) -> Value {
    json!({ "type": "string", "pattern": regex })
}

/// Text of at most so many characters.
pub fn text_up_to(length: u64) -> Value {
    json!({ "type": "string", "maxLength": length })
}

/// `true` or `false`.
pub fn boolean() -> Value {
    json!({ "type": "boolean" })
}

/// A whole number from `minimum`.
pub fn integer(minimum: i64) -> Value {
    json!({ "type": "integer", "minimum": minimum })
}

/// A whole number between two, both included.
pub fn between(minimum: i64, maximum: i64) -> Value {
    json!({ "type": "integer", "minimum": minimum, "maximum": maximum })
}

/// One of these values.
pub fn one_of<const N: usize>(values: [&str; N]) -> Value {
    json!({ "enum": values.as_slice() })
}

/// One of these words in whatever case.
pub fn any_case<const N: usize>(words: [&str; N]) -> Value {
    any_of(words.map(|word| {
        let letters: String =
            word.chars().map(|c| format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase())).collect();
        pattern(&format!("^{letters}$"))
    }))
}

/// This value and no other.
pub fn constant(value: impl Into<Value>) -> Value {
    json!({ "const": value.into() })
}

/// A list.
pub fn list(items: Value) -> Value {
    schema([("type", "array".into()), ("items", items)])
}

/// A mapping with any keys and any values.
pub fn any_object() -> Value {
    json!({ "type": "object" })
}

/// A mapping of any keys to values of one schema.
pub fn map(values: Value) -> Value {
    schema([("type", "object".into()), ("additionalProperties", values)])
}

/// A mapping with these keys and no others.
pub fn object<const N: usize>(properties: [(&str, Value); N]) -> Value {
    let properties = Value::Object(keys(properties));
    schema([("type", "object".into()), ("properties", properties), ("additionalProperties", false.into())])
}

/// `properties` of a schema.
pub fn keys<const N: usize>(properties: [(&str, Value); N]) -> Map<String, Value> {
    properties.into_iter().map(|(key, schema)| (key.to_owned(), schema)).collect()
}

/// A mapping below `custom` of which unknown keys are errors, as they are for its plugin.
pub fn strict(schema: Value) -> Value {
    with(schema, "strict", true)
}

/// At least one of these; the first that fits is taken.
pub fn any_of<const N: usize>(schemas: [Value; N]) -> Value {
    schema([("anyOf", Value::Array(schemas.into()))])
}

/// One of the shared definitions.
pub fn shared(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// A value, or a call of a CloudFormation function that gives it.
pub fn or_cloud_formation(schema: Value) -> Value {
    any_of([schema, shared("awsCfFunction"), shared("awsCfIf")])
}

/// The schema with one more keyword.
pub fn with(mut schema: Value, keyword: &str, value: impl Into<Value>) -> Value {
    if let Value::Object(schema) = &mut schema {
        schema.insert(keyword.to_owned(), value.into());
    }
    schema
}

/// The schema of a mapping that must have these keys.
pub fn required<const N: usize>(schema: Value, keys: [&str; N]) -> Value {
    with(schema, "required", json!(keys.as_slice()))
}

/// The schema with what it is for, shown by editors and in the reference.
pub fn doc(schema: Value, description: &str) -> Value {
    with(schema, "description", description)
}
