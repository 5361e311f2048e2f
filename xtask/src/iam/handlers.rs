//! cfn-lint's bundled resource schemas → what CloudFormation's handlers call.

use super::actions::Tables;
use super::fetch::Files;
use super::sorted;
use crate::AnyError;
use serde_json::Value;
use std::collections::BTreeMap;

const SCHEMAS: &str = "cfnlint/data/schemas/";
/// Column order of the operations.
const OPERATIONS: [&str; 5] = ["create", "read", "update", "delete", "list"];

/// Type, properties of the primary identifier, tag property, then the actions of each operation
/// (`prefix:A,B other:C`). Types without handlers are left out.
pub fn table(files: &Files, actions: &Tables) -> Result<String, AnyError> {
    let mut lines = Vec::new();
    for (path, text) in files {
        if !path.starts_with(&format!("{SCHEMAS}resources/")) {
            continue;
        }
        let schema: Value = serde_json::from_str(text)?;
        let Some(handlers) = schema["handlers"].as_object().filter(|h| !h.is_empty()) else { continue };
        let mut columns = vec![
            schema["typeName"].as_str().ok_or("a schema has no typeName")?.to_owned(),
            schema["primaryIdentifier"].as_array().into_iter().flatten().map(property).collect::<Vec<_>>().join(","),
            tag_property(&schema),
        ];
        for operation in OPERATIONS {
            let mut permissions: Vec<&str> = strings(handlers.get(operation).unwrap_or(&Value::Null)).collect();
            // Handlers that tag do not always list the actions for it among their own.
            if operation == "create" && schema["tagging"]["tagOnCreate"] == true || operation == "update" {
                permissions.extend(strings(&schema["tagging"]));
            }
            columns.push(compact(permissions, actions));
        }
        lines.push(columns.join("\t").trim_end().to_owned());
    }
    if lines.is_empty() { Err(format!("{SCHEMAS} is missing").into()) } else { Ok(sorted(lines)) }
}

/// The day of the schemas.
pub fn date(files: &Files) -> Result<String, AnyError> {
    let path = format!("{SCHEMAS}version.json");
    let version: Value = serde_json::from_str(files.get(&path).ok_or(format!("{path} is missing"))?)?;
    Ok(version["schema_date"].as_str().unwrap_or_default().chars().take(10).collect())
}

fn strings(handler: &Value) -> impl Iterator<Item = &str> {
    handler["permissions"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn property(pointer: &Value) -> String {
    pointer.as_str().unwrap_or_default().trim_start_matches("/properties/").to_owned()
}

fn tag_property(schema: &Value) -> String {
    if schema["tagging"]["taggable"] == false {
        return String::new();
    }
    let named = property(&schema["tagging"]["tagProperty"]);
    if named.is_empty() && schema["properties"]["Tags"].is_object() { "Tags".to_owned() } else { named }
}

fn compact(permissions: Vec<&str>, actions: &Tables) -> String {
    let mut grouped = BTreeMap::<&str, Vec<&str>>::new();
    for permission in permissions {
        if let Some((prefix, name)) = actions.canonical(permission.trim()).split_once(':') {
            grouped.entry(prefix).or_default().push(name);
        }
    }
    let groups = grouped.into_iter().map(|(prefix, mut names)| {
        names.sort_unstable();
        names.dedup();
        format!("{prefix}:{}", names.join(","))
    });
    groups.collect::<Vec<_>>().join(" ")
}
