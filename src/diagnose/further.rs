//! What the deploy will need beyond what was denied, so that the next run succeeds.

use super::Diagnosis;
use crate::iam::wildcard;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The permissions of a deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Further {
    /// Whether these are just the ones that the caller lacks; else all that the deploy needs.
    pub narrowed: bool,
    /// Policy statements, without what the diagnoses already name.
    pub statements: Vec<Value>,
}

impl Further {
    /// The statements of policies beyond those of the diagnoses; `None` where there is nothing more.
    pub fn of(documents: &[Value], narrowed: bool, diagnoses: &[Diagnosis]) -> Option<Self> {
        let named: Vec<&Value> = diagnoses.iter().flat_map(|diagnosis| &diagnosis.statements).collect();
        let all = documents.iter().filter_map(|document| document.get("Statement").and_then(Value::as_array));
        let statements = all.flatten().filter(|statement| !named.iter().any(|named| covers(named, statement)));
        let statements: Vec<Value> = statements.cloned().collect();
        (!statements.is_empty()).then_some(Self { narrowed, statements })
    }

    /// Their actions, each once, in order.
    pub fn actions(&self) -> BTreeSet<&str> {
        self.statements.iter().flat_map(|statement| list(statement, "Action")).collect()
    }
}

/// Actions in lines, one per service: `sqs: CreateQueue, TagQueue`.
pub fn by_service<'a>(actions: impl IntoIterator<Item = &'a str>) -> String {
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (service, name) in actions.into_iter().filter_map(|action| action.split_once(':')) {
        services.entry(service).or_default().push(name);
    }
    let lines: Vec<String> =
        services.iter().map(|(service, names)| format!("{service}: {}", names.join(", "))).collect();
    lines.join("\n")
}

/// Whether a statement has all of another one.
pub fn covers(statement: &Value, other: &Value) -> bool {
    let (actions, resources) = (list(statement, "Action"), list(statement, "Resource"));
    list(other, "Action").iter().all(|a| actions.iter().any(|own| wildcard::matches_ignoring_case(own, a)))
        && list(other, "Resource").iter().all(|r| resources.iter().any(|own| wildcard::covers(own, r)))
}

fn list<'a>(statement: &'a Value, name: &str) -> Vec<&'a str> {
    match statement.get(name) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Evidence, diagnose};
    use serde_json::json;

    #[test]
    fn what_the_diagnosis_names_is_not_told_again() {
        let found = diagnose(&Evidence::text(
            "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sqs:CreateQueue on resource: \
             arn:aws:sqs:eu-west-1:123456789012:jobs",
        ));
        let policy = |statements: Value| json!({ "Version": "2012-10-17", "Statement": statements });
        let same = json!({ "Effect": "Allow", "Action": ["sqs:CreateQueue"],
                           "Resource": ["arn:aws:sqs:eu-west-1:123456789012:jobs"] });
        let more = json!({ "Effect": "Allow", "Action": ["sqs:TagQueue", "sqs:DeleteQueue"], "Resource": ["*"] });
        let further = Further::of(&[policy(json!([same.clone(), more.clone()]))], false, &found).unwrap();
        assert_eq!(further.statements, [more]);
        assert_eq!(further.actions(), ["sqs:DeleteQueue", "sqs:TagQueue"].into());
        assert_eq!(Further::of(&[policy(json!([same]))], false, &found), None);
    }
}
