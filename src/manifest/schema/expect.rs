//! What is wrong and what was expected, in people's words.

use super::moved;
use super::pattern_name::pattern_name;
use super::retired_runtime;
use super::validate::{Kind, Path, Violation, violation};
use crate::manifest::document::{Node, Value};
use serde_json::{Map, Value as Json};

/// A value as it is shown in messages; long texts are cut.
pub fn value(node: &Node) -> String {
    match &node.value {
        Value::Null => "nothing".into(),
        Value::Bool(b) => format!("`{b}`"),
        Value::Number(n) => format!("`{n}`"),
        Value::String(s) if s.is_empty() => "an empty text".into(),
        Value::String(s) if s.chars().count() > 60 => {
            format!("`{}…`", s.chars().take(60).collect::<String>().replace('\n', " "))
        }
        Value::String(s) => format!("`{}`", s.replace('\n', " ")),
        Value::List(_) => "a list".into(),
        Value::Map(map) => match map.keys().next() {
            Some(key) if map.len() == 1 && (key == "Ref" || key.starts_with("Fn::")) => format!("`{key}`"),
            _ => "a mapping".into(),
        },
    }
}

/// A JSON value without quotes.
pub fn json(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `a`, `b` and `c`, in backquotes.
pub fn words(words: &[&str], conjunction: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} {conjunction} {last}", rest.join(", ")),
    }
}

/// Types for people.
pub fn types(types: &[&str]) -> String {
    let named: Vec<&str> = types
        .iter()
        .map(|t| match *t {
            "string" => "a text",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "`true` or `false`",
            "array" => "a list",
            "object" => "a mapping",
            _ => "empty",
        })
        .collect();
    named.join(" or ")
}

/// The forms that a value may have.
pub fn forms<'s>(branches: &[&'s Json], resolve: impl Fn(&'s Json) -> Option<&'s Map<String, Json>> + Copy) -> String {
    let mut found: Vec<String> = Vec::new();
    for branch in branches {
        for form in form(branch, resolve) {
            if !found.contains(&form) {
                found.push(form);
            }
        }
    }
    match found.as_slice() {
        [] => "something else".into(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

fn form<'s>(schema: &'s Json, resolve: impl Fn(&'s Json) -> Option<&'s Map<String, Json>> + Copy) -> Vec<String> {
    if schema["$ref"].as_str().is_some_and(|name| name.starts_with("#/definitions/awsCf")) {
        return vec!["a CloudFormation function such as `Ref` or `Fn::GetAtt`".into()];
    }
    let Some(schema) = resolve(schema) else { return Vec::new() };
    if let Some(Json::Array(branches)) = schema.get("anyOf").or_else(|| schema.get("oneOf")) {
        return branches.iter().flat_map(|branch| form(branch, resolve)).collect();
    }
    if let Some(Json::Array(values)) = schema.get("enum") {
        let values: Vec<String> = values.iter().map(json).collect();
        return vec![words(&values.iter().map(String::as_str).collect::<Vec<_>>(), "or")];
    }
    if let Some(constant) = schema.get("const") {
        return vec![if constant == "" { "an empty text".into() } else { format!("`{}`", json(constant)) }];
    }
    if let Some(Json::String(pattern)) = schema.get("pattern") {
        return vec![pattern_name(pattern)];
    }
    match schema.get("type").and_then(Json::as_str) {
        Some(name) => vec![types(&[name])],
        None => Vec::new(),
    }
}

/// A text that a pattern refuses.
pub fn not_matching(node: &Node, pattern: &str, path: &Path) -> Violation {
    let message = format!("`{}` must be {}, not {}", path.name(), pattern_name(pattern), value(node));
    violation(Kind::Value, node, path, message)
}

/// A value that is none of those allowed.
pub fn not_one_of(node: &Node, allowed: &[Json], path: &Path) -> Violation {
    let allowed: Vec<String> = allowed.iter().map(json).collect();
    let names: Vec<&str> = allowed.iter().map(String::as_str).collect();
    let mut found = violation(Kind::Value, node, path, format!("`{}` cannot be {}", path.name(), value(node)));
    if let Some(advice) = node.as_str().filter(|_| path.name().ends_with("runtime")).and_then(retired_runtime::advice) {
        found.help = Some(advice);
        return found;
    }
    let near = node.as_str().and_then(|text| nearest(text, names.iter().copied()));
    let list = words(&names, "or");
    found.help = Some(match near {
        Some(near) => format!("did you mean `{near}`? It must be {list}"),
        None => format!("it must be {list}"),
    });
    found
}

/// A number that is too small or too large.
pub fn out_of_bounds(node: &Node, schema: &Map<String, Json>, path: &Path) -> Violation {
    let bounds = match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => format!("between {least} and {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, most) => format!("at most {}", most.map(json).unwrap_or_default()),
    };
    let message = format!("`{}` must be {bounds}, not {}", path.name(), value(node));
    violation(Kind::Value, node, path, message)
}

/// A key that the schema does not have.
pub fn unknown_key<'k>(node: &Node, key: &str, known: impl Iterator<Item = &'k str>, path: &Path) -> Violation {
    let known: Vec<&str> = known.collect();
    let message = match path.text.as_str() {
        "functions" => format!("a function cannot be named `{key}`: letters, digits, `-` and `_` are allowed"),
        "" => format!("`{key}` is not a setting of a service"),
        path => format!("`{key}` is not a setting of `{path}`"),
    };
    let mut found = violation(Kind::UnknownKey, node, path, message);
    found.depth = path.depth + 1;
    let advice = moved::advice(&path.text, key);
    found.help = match nearest(key, known.iter().copied()) {
        _ if advice.is_some() => advice.map(str::to_owned),
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if !known.is_empty() && known.len() <= 12 => Some(format!("there are {}", words(&known, "and"))),
        None => None,
    };
    found
}

/// An event that is no mapping.
pub fn not_a_kind<'k>(node: &Node, known: impl Iterator<Item = &'k str>, path: &Path) -> Violation {
    let message = format!("`{}` must be a mapping such as `- http: GET /users`, not {}", path.name(), value(node));
    let mut found = violation(Kind::Type, node, path, message);
    if let Some(near) = node.as_str().and_then(|text| nearest(text, known)) {
        found.help = Some(format!("did you mean `- {near}: ...`?"));
    }
    found
}

/// An event that rlx does not know.
pub fn unknown_kind<'k>(node: &Node, known: impl Iterator<Item = &'k str>, path: &Path) -> Violation {
    let known: Vec<&str> = known.collect();
    let first = node.as_map().and_then(|map| map.iter().next());
    let (name, span) = first.map_or(("", None), |(key, entry)| (key.as_str(), entry.key_span));
    let message = if name.is_empty() {
        format!("`{}` says no event", path.name())
    } else {
        format!("`{name}` is not an event that rlx knows")
    };
    let mut found = violation(Kind::UnknownKey, node, path, message);
    found.span = span.or(found.span);
    found.help = Some(match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", words(&known, "and")),
    });
    found
}

/// An event without settings: most often they stand at the wrong indentation.
pub fn empty_kind(node: &Node, name: &str, others: bool, path: &Path) -> Violation {
    let mut found = violation(Kind::Value, node, path, format!("the event `{name}` has no settings"));
    found.help = others.then(|| format!("indent them below `{name}:`"));
    found
}

/// A key beside an event's name.
pub fn beside_kind(node: &Node, name: &str, key: &str, path: &Path) -> Violation {
    let message = format!("`{key}` stands beside the event `{name}`");
    let mut found = violation(Kind::UnknownKey, node, path, message);
    found.help = Some(format!("indent it below `{name}:`, or begin another event with `- {key}:`"));
    found
}

/// The word that was most likely meant.
fn nearest<'k>(text: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let score = |word: &str| strsim::damerau_levenshtein(&text.to_lowercase(), &word.to_lowercase());
    let (distance, word) = known.map(|word| (score(word), word)).min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + word.len().min(text.len()) / 4).then_some(word)
}
