//! The end of every template: export names, the service's own `resources` and `extensions`, no nulls.

use super::Compilation;
use super::value::merge;
use crate::manifest::Problem;
use serde_json::{Map, Value, json};

/// Gives every output that rlx made a name to import it by (Framework v3 `addExportNameForOutputs`).
pub fn export_outputs(it: &mut Compilation<'_>) {
    let prefix = format!("sls-{}", it.names().prefix());
    for (key, output) in it.template.section("Outputs") {
        if let Value::Object(output) = output {
            output.entry("Export").or_insert_with(|| json!({ "Name": format!("{prefix}-{key}") }));
        }
    }
}

/// Merges `resources` over what was generated, then applies `resources.extensions`
/// (Framework v3 `mergeCustomProviderResources`).
pub fn merge_own(it: &mut Compilation<'_>) {
    let Value::Object(own) = &it.service.resources else { return };
    let mut own = own.clone();
    let extensions = own.shift_remove("extensions");
    for (section, value) in own {
        match it.template.root.get_mut(&section) {
            Some(existing) => merge(existing, value),
            None => {
                it.template.root.insert(section, value);
            }
        }
    }
    if let Some(Value::Object(extensions)) = extensions {
        for (logical_id, extension) in extensions {
            extend(it, &logical_id, extension);
        }
    }
}

fn extend(it: &mut Compilation<'_>, logical_id: &str, extension: Value) {
    let path = format!("resources.extensions.{logical_id}");
    let Value::Object(extension) = extension else { return };
    let ids: Vec<String> = it.template.resources().map(|(id, _)| id.clone()).collect();
    let Some(Value::Object(resource)) = it.template.resources_mut().get_mut(logical_id) else {
        let near = ids
            .iter()
            .max_by(|a, b| strsim::jaro_winkler(a, logical_id).total_cmp(&strsim::jaro_winkler(b, logical_id)));
        let mut problem =
            Problem::at(&path, format!("cannot extend `{logical_id}`: the template has no such resource"));
        if let Some(near) = near {
            problem = problem.help(format!("did you mean `{near}`? `rlx package` lists all of them in template.json"));
        }
        it.problems.push(problem);
        return;
    };
    for (attribute, value) in extension {
        match attribute.as_str() {
            "Condition" | "CreationPolicy" | "DeletionPolicy" | "UpdatePolicy" | "UpdateReplacePolicy" => {
                resource.insert(attribute, value);
            }
            "Properties" | "Metadata" => {
                let target = resource.entry(attribute).or_insert_with(|| Value::Object(Map::new()));
                if let (Value::Object(target), Value::Object(value)) = (target, value) {
                    target.extend(value);
                }
            }
            "DependsOn" => {
                let target = resource.entry(attribute).or_insert_with(|| json!([]));
                if let Value::String(one) = target {
                    *target = json!([one]);
                }
                if let (Value::Array(target), Value::Array(value)) = (target, value) {
                    target.extend(value);
                }
            }
            _ => it.problems.push(
                Problem::at(format!("{path}.{attribute}"), format!("`{attribute}` of a resource cannot be extended"))
                    .help("Properties, Metadata, DependsOn, Condition, CreationPolicy, DeletionPolicy, UpdatePolicy and UpdateReplacePolicy can"),
            ),
        }
    }
}

/// Drops nulls from all properties (Framework v3 `stripNullPropsFromTemplateResources`): what is null in the
/// manifest is absent in the template.
pub fn strip_nulls(it: &mut Compilation<'_>) {
    for resource in it.template.resources_mut().values_mut() {
        let Value::Object(resource) = resource else { continue };
        match resource.get_mut("Properties") {
            Some(Value::Null) => {
                resource.shift_remove("Properties");
            }
            Some(properties) => strip(properties),
            None => {}
        }
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}
