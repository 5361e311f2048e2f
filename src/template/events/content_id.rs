//! Logical ids that follow content: equal content, equal id.

use crate::manifest::Service;
use crate::manifest::service::Function;
use crate::template::naming::function;
use crate::template::value;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// Hexadecimal digits of an id: 128 bits.
const LENGTH: usize = 32;

/// Collects what an API deployment serves.
pub(super) struct ContentId<'a> {
    service: &'a Service,
    /// Functions whose deployed name does not follow from their key, by logical id.
    named: HashMap<String, &'a Function>,
    parts: BTreeMap<String, Value>,
}

impl<'a> ContentId<'a> {
    /// Nothing yet.
    pub fn new(service: &'a Service) -> Self {
        let has_own_name = |function: &&Function| function.raw.get("name").is_some_and(value::truthy);
        let named = service.functions.values().filter(has_own_name);
        Self {
            service,
            named: named.map(|named| (function::logical_id(&named.key), named)).collect(),
            parts: BTreeMap::new(),
        }
    }

    /// Adds a value under a name; what the name stood for before is replaced.
    pub fn add(&mut self, name: &str, value: &Value) {
        self.parts.insert(name.to_owned(), value.clone());
    }

    /// Adds a resource of the template.
    pub fn add_resource(&mut self, logical_id: &str, resource: &Value) {
        self.add(&format!("resource {logical_id}"), resource);
    }

    /// Adds what a resource refers to: resources of the service's own, and functions with names of
    /// their own. API Gateway keeps their ids and ARNs in the deployment, so that a replaced one must be deployed anew.
    pub fn add_referred(&mut self, resource: &Value) {
        let mut referred = Vec::new();
        collect_references(resource, &mut referred);
        for target in referred {
            if let Some(own) = self.user_resources().and_then(|resources| resources.get(target)) {
                self.add(&format!("user {target}"), own);
            } else if let Some(function) = self.named.get(target) {
                self.add(&format!("function {}", function.key), &json!(function.name));
            }
        }
    }

    /// Adds the resources that the service writes itself, and what it changes in those made here
    /// (`resources.Resources`, `resources.extensions`).
    pub fn add_user_resources(&mut self, is_part: impl Fn(&str, &Value) -> bool) {
        for (logical_id, resource) in self.user_resources().into_iter().flatten() {
            if is_part(logical_id, resource) {
                self.add(&format!("user {logical_id}"), resource);
            }
        }
        let extensions = self.service.resources.get("extensions").and_then(Value::as_object);
        for (logical_id, extension) in extensions.into_iter().flatten() {
            if is_part(logical_id, extension) {
                self.add(&format!("extension {logical_id}"), extension);
            }
        }
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Letters and digits that differ when the content does; the order of keys does not count.
    pub fn finish(self) -> String {
        let mut text = String::new();
        for (name, value) in &self.parts {
            text.push_str(name);
            write_canonical(value, &mut text);
        }
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>()[..LENGTH]
            .to_owned()
    }

    fn user_resources(&self) -> Option<&'a serde_json::Map<String, Value>> {
        self.service.resources.get("Resources")?.as_object()
    }
}

/// The logical ids that `Ref` and `Fn::GetAtt` name inside a value.
fn collect_references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    found.extend(value::referred(value));
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        Value::Object(map) => map.values().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

/// Compact JSON with sorted keys.
fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            text.push('{');
            let sorted: BTreeMap<_, _> = map.iter().collect();
            for (key, value) in sorted {
                text.push_str(&json!(key).to_string());
                text.push(':');
                write_canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}
