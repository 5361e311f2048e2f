//! IAM statements of roles and policies that allow more than those before them.

use super::{Broadening, Kind};
use crate::iam::wildcard::covers;
use crate::template::Template;
use serde_json::Value;
use std::collections::BTreeMap;

/// Statements, attached policies and trust that the new template has and the deployed one does not cover.
pub fn broader(deployed: &Template, next: &Template) -> Vec<Broadening> {
    let old = policies(deployed);
    let mut found = Vec::new();
    for (id, statements) in policies(next) {
        let before = old.get(&id).map(Vec::as_slice).unwrap_or_default();
        for message in wider(before, &statements) {
            found.push(Broadening {
                kind: Kind::Statement,
                logical_id: id.clone(),
                message: format!("{id} {message}"),
            });
        }
    }
    for (id, resource) in next.resources() {
        let before = deployed.resource(id);
        let list = |resource: Option<&Value>| -> Vec<String> {
            let arns = resource.and_then(|r| r["Properties"]["ManagedPolicyArns"].as_array());
            arns.into_iter().flatten().map(shown).collect()
        };
        let attached = list(before);
        for arn in list(Some(resource)).into_iter().filter(|arn| !attached.contains(arn)) {
            let message = format!("{id} gets everything that the policy {arn} allows");
            found.push(Broadening { kind: Kind::ManagedPolicy, logical_id: id.clone(), message });
        }
        let trusted = before.map(principals).unwrap_or_default();
        for principal in principals(resource).into_iter().filter(|p| !trusted.contains(p)) {
            let message = format!("{principal} may act as {id}");
            found.push(Broadening { kind: Kind::Trust, logical_id: id.clone(), message });
        }
    }
    found
}

/// The statements of every role and policy, by logical id.
fn policies(template: &Template) -> BTreeMap<String, Vec<Value>> {
    let mut found = BTreeMap::new();
    for (id, resource) in template.resources() {
        let properties = &resource["Properties"];
        let documents: Vec<&Value> = match resource["Type"].as_str() {
            Some("AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group") => {
                properties["Policies"].as_array().into_iter().flatten().map(|p| &p["PolicyDocument"]).collect()
            }
            Some("AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" | "AWS::IAM::RolePolicy") => {
                vec![&properties["PolicyDocument"]]
            }
            _ => continue,
        };
        found.insert(id.clone(), documents.into_iter().flat_map(|d| list(&d["Statement"])).cloned().collect());
    }
    found
}

/// What the new statements allow and the old ones did not, and what is no longer denied.
fn wider(before: &[Value], after: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    for statement in after.iter().filter(|s| s["Effect"] == "Allow" && !before.contains(s)) {
        let under = if statement["Condition"].is_object() { " under a condition" } else { "" };
        if statement.get("Action").is_none() || statement.get("Resource").is_none() {
            found.push(format!("may do everything but {}{under}", excepted(statement)));
            continue;
        }
        for resource in list(&statement["Resource"]) {
            let new: Vec<String> = list(&statement["Action"])
                .into_iter()
                .map(shown)
                .filter(|action| {
                    !before.iter().any(|old| allows(old, action, &shown(resource), &statement["Condition"]))
                })
                .collect();
            if !new.is_empty() {
                found.push(format!("may {} on {}{under}", new.join(", "), shown(resource)));
            }
        }
    }
    for denial in before.iter().filter(|s| s["Effect"] == "Deny" && !after.contains(s)) {
        found.push(format!(
            "is no longer denied {}",
            list(&denial["Action"]).into_iter().map(shown).collect::<Vec<_>>().join(", ")
        ));
    }
    found
}

fn excepted(statement: &Value) -> String {
    let names: Vec<String> =
        ["NotAction", "NotResource"].iter().flat_map(|key| list(&statement[*key])).map(shown).collect();
    names.join(", ")
}

fn allows(statement: &Value, action: &str, resource: &str, condition: &Value) -> bool {
    statement["Effect"] == "Allow"
        && (statement["Condition"].is_null() || statement["Condition"] == *condition)
        && list(&statement["Action"]).into_iter().any(|a| covers(&shown(a).to_lowercase(), &action.to_lowercase()))
        && list(&statement["Resource"]).into_iter().any(|r| covers(&shown(r), resource))
}

/// Who may assume a role.
fn principals(role: &Value) -> Vec<String> {
    let statements = list(&role["Properties"]["AssumeRolePolicyDocument"]["Statement"]);
    let mut found: Vec<String> = Vec::new();
    for statement in statements.into_iter().filter(|s| s["Effect"] == "Allow") {
        for principal in principals_of(&statement["Principal"]) {
            if !found.contains(&principal) {
                found.push(principal);
            }
        }
    }
    found
}

/// The principals of a statement, one by one; `*` is everybody.
pub fn principals_of(principal: &Value) -> Vec<String> {
    let name = |p: &Value| if *p == "*" { "everybody".to_owned() } else { shown(p) };
    match principal {
        Value::Null => Vec::new(),
        Value::Object(kinds) if kinds.keys().all(|k| !k.starts_with("Fn::") && k != "Ref") => {
            kinds.values().flat_map(list).map(name).collect()
        }
        one => list(one).into_iter().map(name).collect(),
    }
}

/// A value as a list; one value is a list of one.
pub fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

/// A value as text, with `${...}` where it is known during the deploy only.
pub fn shown(value: &Value) -> String {
    if let Value::String(text) = value {
        return text.clone();
    }
    if let Some(id) = value["Ref"].as_str() {
        return format!("${{{id}}}");
    }
    if let Some([id, attribute]) = value["Fn::GetAtt"].as_array().map(Vec::as_slice) {
        return format!("${{{}.{}}}", shown(id), shown(attribute));
    }
    if let Some(text) = value["Fn::Sub"].as_str().or_else(|| value["Fn::Sub"][0].as_str()) {
        return text.to_owned();
    }
    if let (Some(separator), Some(parts)) = (value["Fn::Join"][0].as_str(), value["Fn::Join"][1].as_array()) {
        return parts.iter().map(shown).collect::<Vec<_>>().join(separator);
    }
    value.to_string()
}
