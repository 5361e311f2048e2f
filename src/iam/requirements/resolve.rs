//! Values of a template → text, with `*` for what only the deploy will know.

use super::{Scope, arns};
use crate::template::Template;
use serde_json::Value;

/// Nothing useful is nested deeper, and references could be circular.
const MAX_DEPTH: u8 = 12;

/// Reads a template's values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolver<'a> {
    pub template: &'a Template,
    pub scope: &'a Scope,
    depth: u8,
}

impl<'a> Resolver<'a> {
    pub fn new(template: &'a Template, scope: &'a Scope) -> Self {
        Self { template, scope, depth: 0 }
    }

    /// The text of a value.
    pub fn text(self, value: &Value) -> String {
        let Some(inner) = self.deeper() else { return "*".into() };
        match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Object(map) if map.len() == 1 => {
                let (name, argument) = match map.iter().next() {
                    Some(entry) => entry,
                    None => return "*".into(),
                };
                match name.as_str() {
                    "Ref" => inner.reference(argument.as_str().unwrap_or_default()),
                    "Fn::GetAtt" => match attribute(argument) {
                        Some((logical_id, attribute)) => inner.attribute(&logical_id, &attribute),
                        None => "*".into(),
                    },
                    "Fn::Sub" => inner.substitute(argument),
                    "Fn::Join" => inner.join(argument),
                    _ => "*".into(),
                }
            }
            _ => "*".into(),
        }
    }

    /// The texts of a list, or the one of a single value.
    pub fn texts(self, value: &Value) -> Vec<String> {
        match value {
            Value::Array(items) => items.iter().map(|item| self.text(item)).collect(),
            one => vec![self.text(one)],
        }
    }

    fn deeper(self) -> Option<Self> {
        (self.depth < MAX_DEPTH).then_some(Self { depth: self.depth + 1, ..self })
    }

    fn reference(self, name: &str) -> String {
        match name {
            "AWS::Region" => self.scope.region.clone(),
            "AWS::AccountId" => self.scope.account().to_owned(),
            "AWS::Partition" => self.scope.partition.clone(),
            "AWS::StackName" => self.scope.stack.clone(),
            "AWS::StackId" => {
                self.scope.arn(&format!("cloudformation:${{Region}}:${{Account}}:stack/{}/*", self.scope.stack))
            }
            "AWS::URLSuffix" => {
                if self.scope.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }.into()
            }
            _ => match self.template.resource(name) {
                Some(resource) => arns::reference(name, resource, self),
                None => self.parameter(name),
            },
        }
    }

    fn parameter(self, name: &str) -> String {
        let parameter = self.template.root.get("Parameters").and_then(|p| p.get(name));
        let kind = parameter.and_then(|p| p["Type"].as_str()).unwrap_or("String");
        match parameter.and_then(|p| p.get("Default")) {
            Some(default) if kind == "String" => self.text(default),
            _ => "*".into(),
        }
    }

    fn attribute(self, logical_id: &str, attribute: &str) -> String {
        match self.template.resource(logical_id) {
            Some(resource) => arns::attribute(logical_id, resource, attribute, self),
            None => "*".into(),
        }
    }

    fn substitute(self, argument: &Value) -> String {
        let (text, own) = match argument {
            Value::String(text) => (text.as_str(), None),
            Value::Array(parts) => (parts.first().and_then(Value::as_str).unwrap_or("*"), parts.get(1)),
            _ => return "*".into(),
        };
        let mut result = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(length) = rest[start..].find('}') else { break };
            result.push_str(&rest[..start]);
            let name = &rest[start + 2..start + length];
            let value = match (own.and_then(|map| map.get(name)), name.split_once('.')) {
                (Some(value), _) => self.text(value),
                (None, _) if name.starts_with('!') => format!("${{{}}}", &name[1..]),
                (None, Some((logical_id, attribute))) => self.attribute(logical_id, attribute),
                (None, None) => self.reference(name),
            };
            result.push_str(&value);
            rest = &rest[start + length + 1..];
        }
        result + rest
    }

    fn join(self, argument: &Value) -> String {
        let separator = argument[0].as_str().unwrap_or_default();
        match &argument[1] {
            Value::Array(parts) => parts.iter().map(|part| self.text(part)).collect::<Vec<_>>().join(separator),
            _ => "*".into(),
        }
    }
}

fn attribute(argument: &Value) -> Option<(String, String)> {
    match argument {
        Value::String(text) => text.split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())),
        Value::Array(parts) => Some((parts.first()?.as_str()?.to_owned(), parts.get(1)?.as_str()?.to_owned())),
        _ => None,
    }
}
