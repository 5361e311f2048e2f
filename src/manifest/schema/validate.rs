//! Checks a resolved manifest against the schema, and makes values fit it where they do not quite.
//!
//! Keys whose value is `null` count as absent, as in the framework. A value that fits none of several forms is
//! reported against the form that it was most likely meant as.

use super::coerce::coerce;
use super::expect;
use crate::manifest::document::{Node, Span, Value};
use crate::manifest::framework_version::is_supported;
use crate::manifest::problem::{Place, Problem, Problems, Severity};
use regex::bytes::{Regex, RegexBuilder};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// What `configValidationMode` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// A manifest that is not valid stops the command.
    Error,
    /// It is said and the command goes on.
    Warn,
    /// Nothing is said; values are still made to fit.
    Off,
}

impl Strictness {
    /// From `configValidationMode` of a manifest.
    pub fn of(config: &Node) -> Self {
        match config.get("configValidationMode").and_then(Node::as_str) {
            Some("warn") => Self::Warn,
            Some("off") => Self::Off,
            _ => Self::Error,
        }
    }
}

/// Whether a manifest leaves it open what happens when it is not valid.
pub fn is_unsaid(config: &Node) -> bool {
    config.get("configValidationMode").is_none()
}

/// Checks a manifest, and changes values in place that only have the wrong type.
///
/// Where `foreign_plugins` is set, the service uses plugins that rlx does not know: keys that the schema does
/// not have may be theirs, and are warnings.
pub fn validate(config: &mut Node, schema: &Json, foreign_plugins: bool) -> Problems {
    let strictness = Strictness::of(config);
    let mut validator = Validator { schema, patterns: HashMap::new() };
    let nameless = check_service(config);
    let named_below = name_below(config);
    let mut violations = validator.check(config, schema, &Path::root());
    if let (Some(name), Some(found)) = (named_below, violations.iter_mut().find(|found| found.path == "service")) {
        found.help = Some(format!("version 3 has it as `service: {name}`"));
    }
    violations.extend(nameless);
    violations.extend(check_framework_version(config));
    let mut problems = Problems::default();
    if strictness == Strictness::Off {
        return problems;
    }
    for violation in violations {
        // A key of `custom` that its plugin does not know is ignored by the plugin.
        let ignored = foreign_plugins || (violation.path.starts_with("custom.") && !violation.strict);
        let lenient = violation.kind == Kind::UnknownKey && ignored;
        let severity = if strictness == Strictness::Warn || lenient { Severity::Warning } else { Severity::Error };
        let place = violation.span.map_or(Place::Path(violation.path), Place::Span);
        let problem = Problem { severity, message: violation.message, place, help: violation.help };
        if !problems.0.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not of the type.
    Type,
    /// Not the one value: this form was not meant.
    Constant,
    /// A key is missing.
    Missing,
    /// A key that the schema does not have.
    UnknownKey,
    /// Not one of the values, not in the bounds, not the pattern.
    Value,
}

/// What is wrong at one place.
#[derive(Debug, Clone)]
pub(super) struct Violation {
    pub kind: Kind,
    pub depth: usize,
    pub path: String,
    pub span: Option<Span>,
    pub message: String,
    pub help: Option<String>,
    /// An error even where unknown keys of plugins are none.
    pub strict: bool,
}

/// Where the walk is.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub text: String,
    pub depth: usize,
}

impl Path {
    fn root() -> Self {
        Self { text: String::new(), depth: 0 }
    }

    pub fn key(&self, key: &str) -> Self {
        let text = if self.text.is_empty() { key.to_owned() } else { format!("{}.{key}", self.text) };
        Self { text, depth: self.depth + 1 }
    }

    fn item(&self, index: usize) -> Self {
        Self { text: format!("{}[{index}]", self.text), depth: self.depth + 1 }
    }

    /// As people read it.
    pub fn name(&self) -> &str {
        if self.text.is_empty() { "the manifest" } else { &self.text }
    }
}

pub(super) fn violation(kind: Kind, node: &Node, path: &Path, message: String) -> Violation {
    Violation { kind, depth: path.depth, path: path.text.clone(), span: node.span, message, help: None, strict: false }
}

pub(super) struct Validator<'s> {
    schema: &'s Json,
    /// `None` for a pattern that the regex engine refuses; such a pattern accepts everything.
    patterns: HashMap<&'s str, Option<Regex>>,
}

impl<'s> Validator<'s> {
    pub(super) fn check(&mut self, node: &mut Node, schema: &'s Json, path: &Path) -> Vec<Violation> {
        let Some(schema) = self.resolve(schema) else { return Vec::new() };
        let mut found = Vec::new();
        if let Some(types) = types(schema)
            && !coerce(node, &types)
        {
            let message = format!("{} must be {}, not {}", quoted(path), expect::types(&types), expect::value(node));
            found.push(violation(Kind::Type, node, path, message));
            return found;
        }
        self.check_value(node, schema, path, &mut found);
        match &node.value {
            Value::String(_) | Value::Number(_) => self.check_scalar(node, schema, path, &mut found),
            Value::List(_) => self.check_list(node, schema, path, &mut found),
            Value::Map(_) => self.check_map(node, schema, path, &mut found),
            Value::Null | Value::Bool(_) => {}
        }
        self.check_combinations(node, schema, path, &mut found);
        found
    }

    /// Follows `$ref` to the shared definitions.
    pub(super) fn resolve(&self, schema: &'s Json) -> Option<&'s Map<String, Json>> {
        let mut schema = schema.as_object()?;
        while let Some(Json::String(reference)) = schema.get("$ref") {
            schema = self.schema.pointer(reference.trim_start_matches('#'))?.as_object()?;
        }
        Some(schema)
    }

    fn matches(&mut self, pattern: &'s str, text: &str) -> bool {
        // Bytes and ASCII classes: `\d` and `\w` mean in JSON Schema what they mean in JavaScript.
        let regex =
            self.patterns.entry(pattern).or_insert_with(|| RegexBuilder::new(pattern).unicode(false).build().ok());
        regex.as_ref().is_none_or(|regex| regex.is_match(text.as_bytes()))
    }

    fn check_value(&mut self, node: &Node, schema: &'s Map<String, Json>, path: &Path, found: &mut Vec<Violation>) {
        if let Some(Json::Array(allowed)) = schema.get("enum")
            && !allowed.iter().any(|v| equal(node, v))
        {
            found.push(expect::not_one_of(node, allowed, path));
        }
        if let Some(constant) = schema.get("const")
            && !equal(node, constant)
        {
            let message = format!("{} must be `{}`, not {}", quoted(path), expect::json(constant), expect::value(node));
            found.push(violation(Kind::Constant, node, path, message));
        }
    }

    fn check_scalar(&mut self, node: &Node, schema: &'s Map<String, Json>, path: &Path, found: &mut Vec<Violation>) {
        match &node.value {
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                let bound = |key: &str| schema.get(key).and_then(Json::as_f64);
                if bound("minimum").is_some_and(|least| number < least)
                    || bound("maximum").is_some_and(|most| number > most)
                {
                    found.push(expect::out_of_bounds(node, schema, path));
                }
            }
            Value::String(text) => {
                let length = text.chars().count() as u64;
                let bound = |key: &str| schema.get(key).and_then(Json::as_u64);
                if bound("minLength").is_some_and(|least| length < least) {
                    let message = if text.is_empty() {
                        format!("{} must not be empty", quoted(path))
                    } else {
                        format!("{} is too short: it has {length} characters", quoted(path))
                    };
                    found.push(violation(Kind::Value, node, path, message));
                } else if let Some(most) = bound("maxLength").filter(|most| length > *most) {
                    let message = format!("{} has {length} characters, {most} are allowed", quoted(path));
                    found.push(violation(Kind::Value, node, path, message));
                }
                if let Some(Json::String(pattern)) = schema.get("pattern")
                    && !self.matches(pattern, text)
                {
                    found.push(expect::not_matching(node, pattern, path));
                }
                if let Some(Json::String(format)) = schema.get("format")
                    && !has_format(format, text)
                {
                    let message = format!("{} is not a {format}: {}", quoted(path), expect::value(node));
                    found.push(violation(Kind::Value, node, path, message));
                }
            }
            _ => {}
        }
    }

    fn check_list(&mut self, node: &mut Node, schema: &'s Map<String, Json>, path: &Path, found: &mut Vec<Violation>) {
        let Value::List(list) = &mut node.value else { return };
        match schema.get("items") {
            Some(Json::Array(items)) => {
                for (index, (item, schema)) in list.iter_mut().zip(items).enumerate() {
                    found.extend(self.check(item, schema, &path.item(index)));
                }
            }
            Some(items) => {
                for (index, item) in list.iter_mut().enumerate() {
                    found.extend(self.check(item, items, &path.item(index)));
                }
            }
            None => {}
        }
        let length = list.len() as u64;
        let twice = schema.get("uniqueItems") == Some(&Json::Bool(true)) && {
            let values: Vec<Json> = list.iter().map(Node::to_json).collect();
            values.iter().enumerate().any(|(i, v)| values[..i].contains(v))
        };
        let bound = |key: &str| schema.get(key).and_then(Json::as_u64);
        let message = if let Some(least) = bound("minItems").filter(|least| length < *least) {
            format!("{} has {length} items, at least {least} are needed", quoted(path))
        } else if let Some(most) = bound("maxItems").filter(|most| length > *most) {
            format!("{} has {length} items, at most {most} are allowed", quoted(path))
        } else if twice {
            format!("{} has an item twice", quoted(path))
        } else {
            return;
        };
        found.push(violation(Kind::Value, node, path, message));
    }

    fn check_map(&mut self, node: &mut Node, schema: &'s Map<String, Json>, path: &Path, found: &mut Vec<Violation>) {
        let properties = schema.get("properties").and_then(Json::as_object);
        let patterns = schema.get("patternProperties").and_then(Json::as_object);
        let additional = schema.get("additionalProperties");
        let names = schema.get("propertyNames");
        let mut unknown = Vec::new();
        let Value::Map(map) = &mut node.value else { return };
        for (key, entry) in map.iter_mut().filter(|(_, e)| e.node.value != Value::Null) {
            let here = path.key(key);
            if let Some(names) = names {
                let mut name = Node { value: Value::String(key.clone()), span: entry.key_span };
                if !self.check(&mut name, names, &here).is_empty() {
                    unknown.push((key.clone(), entry.key_span));
                    continue;
                }
            }
            let mut known = false;
            if let Some(schema) = properties.and_then(|p| p.get(key)) {
                known = true;
                found.extend(self.check(&mut entry.node, schema, &here));
            }
            for (pattern, schema) in patterns.into_iter().flatten() {
                if self.matches(pattern, key) {
                    known = true;
                    found.extend(self.check(&mut entry.node, schema, &here));
                }
            }
            match additional {
                Some(Json::Bool(false)) if !known => unknown.push((key.clone(), entry.key_span)),
                Some(schema @ Json::Object(_)) if !known => found.extend(self.check(&mut entry.node, schema, &here)),
                _ => {}
            }
        }
        for (key, span) in unknown {
            let known = properties.into_iter().flat_map(Map::keys).map(String::as_str);
            let mut violation = expect::unknown_key(node, &key, known, path);
            violation.span = span.or(violation.span);
            violation.strict = schema.get("strict") == Some(&Json::Bool(true));
            found.push(violation);
        }
        check_keys(node, schema, path, found);
    }
}

/// `service: false` is no name, though it could be made text.
fn check_service(config: &Node) -> Option<Violation> {
    let service = config.get("service").filter(|service| service.value == Value::Bool(false))?;
    let path = Path::root().key("service");
    let mut found = violation(Kind::Missing, service, &path, "the service has no name".to_owned());
    found.help = Some("name it, as in `service: orders`".into());
    Some(found)
}

/// The name of a service in the form of versions before 3, `service: { name: ... }`.
fn name_below(config: &Node) -> Option<String> {
    config.at("service.name").and_then(Node::as_str).map(str::to_owned)
}

fn check_framework_version(config: &Node) -> Option<Violation> {
    let range = config.get("frameworkVersion")?;
    let text = range.as_str().filter(|text| !is_supported(text))?;
    let path = Path::root().key("frameworkVersion");
    let message = format!("the manifest is written for version {text} of the Serverless Framework");
    let mut found = violation(Kind::Value, range, &path, message);
    found.help =
        Some("rlx reads manifests of version 3: see what changed since, then set `frameworkVersion: '3'`".into());
    Some(found)
}

fn check_keys(node: &Node, schema: &Map<String, Json>, path: &Path, found: &mut Vec<Violation>) {
    let Value::Map(map) = &node.value else { return };
    let present = |key: &str| map.get(key).is_some_and(|e| e.node.value != Value::Null);
    for key in schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
        if !present(key) {
            let message = format!("{} needs `{key}`", quoted(path));
            found.push(violation(Kind::Missing, node, path, message));
        }
    }
    for (key, needed) in schema.get("dependencies").and_then(Json::as_object).into_iter().flatten() {
        for other in needed.as_array().into_iter().flatten().filter_map(Json::as_str) {
            if present(key) && !present(other) {
                let message = format!("{} has `{key}`, which needs `{other}`", quoted(path));
                found.push(violation(Kind::Missing, node, path, message));
            }
        }
    }
    let count = map.values().filter(|e| e.node.value != Value::Null).count() as u64;
    let bound = |key: &str| schema.get(key).and_then(Json::as_u64);
    if let Some(least) = bound("minProperties").filter(|least| count < *least) {
        let message = format!("{} needs at least {least} settings", quoted(path));
        found.push(violation(Kind::Value, node, path, message));
    }
    if let Some(most) = bound("maxProperties").filter(|most| count > *most) {
        let message = format!("{} has {count} keys, at most {most} are allowed", quoted(path));
        found.push(violation(Kind::Value, node, path, message));
    }
}

pub(super) fn quoted(path: &Path) -> String {
    if path.text.is_empty() { path.name().to_owned() } else { format!("`{}`", path.text) }
}

fn types(schema: &Map<String, Json>) -> Option<Vec<&str>> {
    match schema.get("type")? {
        Json::String(one) => Some(vec![one]),
        Json::Array(several) => Some(several.iter().filter_map(Json::as_str).collect()),
        _ => None,
    }
}

fn equal(node: &Node, json: &Json) -> bool {
    match (&node.value, json) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(a), Json::Bool(b)) => a == b,
        (Value::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Json::String(b)) => a == b,
        _ => false,
    }
}

/// `uri` and `date-time` of JSON Schema, as far as a mistake is likely.
fn has_format(format: &str, text: &str) -> bool {
    match format {
        "uri" => {
            let scheme = text.split_once(':').map(|(scheme, _)| scheme);
            scheme.is_some_and(|s| s.starts_with(|c: char| c.is_ascii_alphabetic()))
                && !text.chars().any(|c| c.is_whitespace() || "<>\"{}|\\^`".contains(c))
        }
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        _ => true,
    }
}
