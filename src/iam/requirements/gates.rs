//! Which actions of a handler depend on the resource's properties (`facts/reviewed/gates.tsv`).

use crate::iam::table::{Row, Table};
use crate::iam::wildcard::matches;
use serde_json::Value;

const GATES: Table = Table(include_str!("../facts/reviewed/gates.tsv"));

/// Services that handlers of other services turn to only where a property speaks of them: prefix, words
/// of which one stands in a property's name.
const FOREIGN: &[(&str, &[&str])] = &[
    ("ec2", &["vpc", "subnet", "securitygroup"]),
    ("ecr", &["image", "repository"]),
    ("elasticfilesystem", &["filesystem"]),
    ("firehose", &["firehose", "deliverystream", "loggingconfig", "logdestination"]),
    ("kinesis", &["kinesis", "stream"]),
    ("kms", &["kms", "encrypt", "ssespecification"]),
    ("logs", &["log"]),
    ("s3", &["s3", "bucket"]),
    ("s3files", &["filesystem"]),
];

/// The gates of a resource.
pub(super) struct Gates<'a> {
    resource: &'a Value,
    /// The prefix of the resource's own service.
    home: &'a str,
    /// Patterns of actions, and the paths of which one must lead to something.
    of_type: Vec<(&'static str, Row)>,
}

impl<'a> Gates<'a> {
    pub(super) fn new(resource: &'a Value, home: &'a str) -> Self {
        let prefix = format!("{} ", resource["Type"].as_str().unwrap_or_default());
        let of_type = GATES.with_prefix(&prefix).map(|row| (&row.key[prefix.len()..], row)).collect();
        Self { resource, home, of_type }
    }

    /// Whether the resource calls for an action of its handlers.
    pub(super) fn open(&self, action: &str) -> bool {
        if let Some((_, gate)) = self.of_type.iter().find(|(pattern, _)| matches(pattern, action)) {
            return gate.list(0).any(|path| has(self.resource, path));
        }
        let service = action.split(':').next().unwrap_or_default();
        match FOREIGN.iter().find(|(foreign, _)| *foreign == service && service != self.home) {
            Some((_, words)) => mentions(&self.resource["Properties"], words),
            None => true,
        }
    }
}

/// Whether a path such as `Code.S3Bucket` leads to something, in the properties or among the attributes.
/// `*` always does, `-` never. Lists are looked through. `ResourceArn~apigateway` asks for a value with that word, as
/// far as it can be read.
pub(super) fn has(resource: &Value, path: &str) -> bool {
    if let Some((path, word)) = path.split_once('~') {
        let value = &resource["Properties"][path];
        let text = value.to_string();
        return has(resource, path) && (text.contains(word) || value.is_object() && !text.contains("arn:"));
    }
    fn walk(value: &Value, path: &str) -> bool {
        let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
        match (value, rest) {
            (Value::Array(items), _) => items.iter().any(|item| walk(item, path)),
            (Value::Object(map), None) => map.get(head).is_some_and(|v| !v.is_null()),
            (Value::Object(map), Some(rest)) => map.get(head).is_some_and(|v| walk(v, rest)),
            _ => false,
        }
    }
    path == "*" || walk(&resource["Properties"], path) || walk(resource, path)
}

fn mentions(value: &Value, words: &[&str]) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, inner)| {
            let key = key.to_ascii_lowercase();
            words.iter().any(|word| key.contains(word)) || key != "environment" && mentions(inner, words)
        }),
        Value::Array(items) => items.iter().any(|item| mentions(item, words)),
        _ => false,
    }
}
