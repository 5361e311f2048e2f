//! Published versions and the aliases that point to them.
//!
//! A version's logical id holds a hash of the code and of all settings that a version freezes, so that a new
//! version is published exactly when one of them changes.

use super::image::Image;
use crate::manifest::service::Function;
use crate::template::events::cloud_front;
use crate::template::naming::{function as naming, layer};
use crate::template::value::{get, get_att, reference};
use crate::template::{Compilation, TargetAlias, apply_condition};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Adds the version, its output and its alias, where the function is versioned.
pub fn compile(it: &mut Compilation<'_>, function: &Function, properties: &Map<String, Value>, image: Option<&Image>) {
    let own = &function.raw;
    let set = |key: &str| get(own, key).is_some();
    let versioned = set("durableConfig")
        || cloud_front::at_edge(function)
        || match own.get("versionFunction") {
            None | Some(Value::Null) => it.service.provider.version_functions != Some(false),
            Some(value) => crate::template::value::truthy(value),
        };
    if !versioned && !set("provisionedConcurrency") && !set("snapStart") {
        return;
    }
    let path = format!("functions.{}", function.key);
    let function_id = naming::logical_id(&function.key);
    let version_id = naming::version(&function.key, &hash(it, function, properties, image));

    let mut version = json!({
        "Type": "AWS::Lambda::Version",
        "Properties": { "FunctionName": reference(&function_id) },
    });
    if let Some(sha) = code_sha(it, function, image) {
        version["Properties"]["CodeSha256"] = json!(sha);
    }
    if let Some(description) = get(own, "description") {
        version["Properties"]["Description"] = description.clone();
    }
    // A version that exists only for its alias goes with it; others stay for rollbacks.
    if versioned {
        version["DeletionPolicy"] = json!("Retain");
    }
    apply_condition(&mut version, function);
    it.add_resource(&version_id, version, &path);

    let mut output = json!({ "Description": "Current Lambda function version", "Value": reference(&version_id) });
    apply_condition(&mut output, function);
    it.template.set_output(naming::version_output(&function.key), output);

    if let Some(alias) = TargetAlias::of(function) {
        let mut resource = json!({
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": reference(&function_id),
                "FunctionVersion": get_att(&version_id, "Version"),
                "Name": alias.name,
            },
            "DependsOn": function_id,
        });
        if let Some(executions) = get(own, "provisionedConcurrency") {
            resource["Properties"]["ProvisionedConcurrencyConfig"] =
                json!({ "ProvisionedConcurrentExecutions": executions });
        }
        apply_condition(&mut resource, function);
        it.add_resource(alias.logical_id, resource, &path);
    }
}

/// `CodeSha256` as Lambda has it: Base64 for archives, hex for images.
fn code_sha(it: &Compilation<'_>, function: &Function, image: Option<&Image>) -> Option<String> {
    if let Some(image) = image {
        return image.sha256().map(str::to_owned);
    }
    let hex = &it.artifacts.of_function(&function.key)?.sha256;
    let bytes: Option<Vec<u8>> =
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(hex.get(i..i + 2)?, 16).ok()).collect();
    Some(STANDARD.encode(bytes?))
}

fn hash(it: &Compilation<'_>, function: &Function, properties: &Map<String, Value>, image: Option<&Image>) -> String {
    let mut frozen = properties.clone();
    // Code is hashed by content; concurrency and tags belong to the function, not to its versions.
    for key in ["Code", "ReservedConcurrentExecutions", "Tags"] {
        frozen.remove(key);
    }
    let mut hash = Sha256::new();
    let code = it.artifacts.of_function(&function.key).map(|a| a.sha256.clone());
    hash.update(code.or_else(|| image.map(|i| i.uri.to_string())).unwrap_or_default());
    for id in properties.get("Layers").and_then(Value::as_array).into_iter().flatten().filter_map(|l| l.get("Ref")) {
        for own in it.service.layers.values().filter(|l| *id == layer::logical_id(&l.key)) {
            hash.update(it.artifacts.of_layer(&own.key).map_or("", |a| a.sha256.as_str()));
            if let Some(resource) = it.template.resource(&layer::logical_id(&own.key)) {
                let mut settings = resource["Properties"].clone();
                settings.as_object_mut().map(|s| s.remove("Content"));
                hash.update(sorted(&settings).to_string());
            }
        }
    }
    hash.update(sorted(&Value::Object(frozen)).to_string());
    STANDARD.encode(hash.finalize())
}

/// The same value with all keys in order, so that moving a line in the manifest publishes nothing.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(k, v)| (k.clone(), sorted(v))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(list) => list.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
