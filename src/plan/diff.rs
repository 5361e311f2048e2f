//! Two templates → what differs.

use super::replacement::{self, Replacement};
use crate::template::Template;
use serde::Serialize;
use serde_json::Value;

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// It is made.
    Add,
    /// Its properties or attributes change.
    Change,
    /// It is deleted, or left behind by its `DeletionPolicy`.
    Remove,
}

/// A resource that a deploy touches.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Logical id.
    pub logical_id: String,
    /// Such as `AWS::Lambda::Function`.
    pub resource_type: String,
    /// What becomes of it.
    pub action: Action,
    /// Whether a change makes it anew.
    pub replacement: Replacement,
    /// A removed resource that stays in the account (`DeletionPolicy: Retain`).
    pub retained: bool,
    /// What differs.
    pub properties: Vec<PropertyChange>,
}

/// One difference inside a resource, or of an output.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PropertyChange {
    /// Such as `Properties.Environment.Variables.LEVEL`.
    pub path: String,
    /// What stands in the deployed template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What stands in the new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Lists whose order means nothing to AWS.
const SETS: [&str; 7] =
    ["DependsOn", "Action", "NotAction", "Resource", "NotResource", "ManagedPolicyArns", "Statement"];

/// Resources that differ.
pub fn changes(deployed: &Template, next: &Template) -> Vec<Change> {
    let mut changes = Vec::new();
    for (id, resource) in next.resources() {
        match deployed.resource(id) {
            None => changes.push(change(id, resource, Action::Add)),
            Some(old) => {
                let mut properties = Vec::new();
                compare(old, resource, "", &mut properties);
                if !properties.is_empty() {
                    let mut found = change(id, resource, Action::Change);
                    found.replacement = replacement::of(old, resource, &properties);
                    found.properties = properties;
                    changes.push(found);
                }
            }
        }
    }
    for (id, resource) in deployed.resources().filter(|(id, _)| next.resource(id).is_none()) {
        let mut found = change(id, resource, Action::Remove);
        found.retained = resource["DeletionPolicy"] == "Retain";
        changes.push(found);
    }
    changes
}

/// Outputs that differ.
pub fn outputs(deployed: &Template, next: &Template) -> Vec<PropertyChange> {
    let none = Value::Object(Default::default());
    let section = |template: &Template| template.root.get("Outputs").unwrap_or(&none).clone();
    let mut found = Vec::new();
    compare(&section(deployed), &section(next), "", &mut found);
    found
}

fn change(id: &str, resource: &Value, action: Action) -> Change {
    Change {
        logical_id: id.to_owned(),
        resource_type: resource["Type"].as_str().unwrap_or_default().to_owned(),
        action,
        replacement: Replacement::Never,
        retained: false,
        properties: Vec::new(),
    }
}

fn compare(before: &Value, after: &Value, path: &str, found: &mut Vec<PropertyChange>) {
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                match new.get(key) {
                    Some(other) => compare(value, other, &join(key), found),
                    None => {
                        found.push(PropertyChange { path: join(key), before: Some(value.clone()), after: None });
                    }
                }
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                found.push(PropertyChange { path: join(key), before: None, after: Some(value.clone()) });
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() && !same_set(path, before, after) => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(old, new, &format!("{path}[{index}]"), found);
            }
        }
        _ if same(before, after) || same_set(path, before, after) => {}
        _ => {
            let some = |value: &Value| (!value.is_null()).then(|| value.clone());
            found.push(PropertyChange { path: path.to_owned(), before: some(before), after: some(after) });
        }
    }
}

/// Equal, where CloudFormation takes numbers and booleans also as text.
fn same(a: &Value, b: &Value) -> bool {
    let text = |v: &Value| match v {
        Value::String(s) => Some(s.clone()),
        Value::Number(_) | Value::Bool(_) => Some(v.to_string()),
        _ => None,
    };
    a == b || text(a).is_some_and(|a| text(b) == Some(a))
}

/// Equal as sets, where the key says that order means nothing; one value is a set of one.
fn same_set(path: &str, a: &Value, b: &Value) -> bool {
    let key = path.rsplit('.').next().unwrap_or(path);
    if !SETS.contains(&key) {
        return false;
    }
    let items = |v: &Value| {
        let mut items: Vec<String> = match v {
            Value::Array(list) => list.iter().map(Value::to_string).collect(),
            one => vec![one.to_string()],
        };
        items.sort();
        items.dedup();
        items
    };
    items(a) == items(b)
}
