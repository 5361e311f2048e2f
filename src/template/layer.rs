//! Layers, who else may use them, and their outputs (Framework v3 `compileLayers`).

use super::Compilation;
use super::naming::layer as naming;
use super::value::{reference, set_some};
use crate::build::REQUIREMENTS_LAYER;
use crate::manifest::Problem;
use crate::manifest::service::Layer;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Adds all layers.
pub fn compile(it: &mut Compilation<'_>) {
    let service = it.service;
    for layer in service.layers.values() {
        compile_layer(it, layer);
    }
}

fn compile_layer(it: &mut Compilation<'_>, layer: &Layer) {
    let path = format!("layers.{}", layer.key);
    let given = |setting: &Option<String>| setting.as_ref().is_some_and(|text| !text.is_empty());
    if !given(&layer.path) && !given(&layer.package.artifact) && layer.key != REQUIREMENTS_LAYER {
        let message = format!("the layer `{}` has no content", layer.key);
        it.problems.push(
            Problem::at(&path, message)
                .help("set `path` to the folder that it consists of, or `package.artifact` to a finished archive"),
        );
        return;
    }
    let key = it.layer_s3_key(&layer.key);
    let properties = properties(it, layer, &key);
    let hash = hash(it, layer, &properties);

    let mut logical_id = naming::logical_id(&layer.key);
    let mut resource = json!({ "Type": "AWS::Lambda::LayerVersion", "Properties": properties });
    let retain = layer.retain == Some(true);
    if retain {
        logical_id.push_str(&hash);
        resource["DeletionPolicy"] = json!("Retain");
    }
    it.add_resource(&logical_id, resource, &path);

    for account in layer.allowed_accounts.iter().flatten() {
        let mut permission = json!({
            "Type": "AWS::Lambda::LayerVersionPermission",
            "Properties": {
                "Action": "lambda:GetLayerVersion",
                "LayerVersionArn": reference(&logical_id),
                "Principal": account,
            },
        });
        // An account's root may be given as an ARN, whose colons and slashes no logical id can have.
        let account: String = account.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '*').collect();
        let mut permission_id = naming::permission(&layer.key, &account);
        if retain {
            permission_id.push_str(&hash);
            permission["DeletionPolicy"] = json!("Retain");
        }
        it.set_resource(permission_id, permission, &path);
    }

    let output = |description: &str, value: Value| json!({ "Description": description, "Value": value });
    it.template.set_output(naming::output(&layer.key), output("Current Lambda layer version", reference(&logical_id)));
    it.template.set_output(naming::hash_output(&layer.key), output("Current Lambda layer hash", json!(hash)));
    it.template.set_output(naming::s3_key_output(&layer.key), output("Current Lambda layer S3Key", json!(key)));
}

fn properties(it: &Compilation<'_>, layer: &Layer, key: &str) -> Map<String, Value> {
    let text = |text: &Option<String>| text.as_ref().filter(|t| !t.is_empty()).map(|t| json!(t));
    let mut properties = Map::new();
    properties.insert("Content".into(), it.code(key));
    properties.insert("LayerName".into(), text(&layer.name).unwrap_or_else(|| json!(layer.key)));
    set_some(&mut properties, "Description", text(&layer.description));
    set_some(&mut properties, "LicenseInfo", text(&layer.license_info));
    set_some(&mut properties, "CompatibleRuntimes", layer.compatible_runtimes.as_ref().map(|r| json!(r)));
    set_some(&mut properties, "CompatibleArchitectures", layer.compatible_architectures.as_ref().map(|a| json!(a)));
    properties
}

/// Changes exactly when the content or the settings of a layer change.
fn hash(it: &Compilation<'_>, layer: &Layer, properties: &Map<String, Value>) -> String {
    let mut settings = properties.clone();
    settings.remove("Content");
    let mut hash = Sha256::new();
    hash.update(Value::Object(settings).to_string());
    hash.update(it.artifacts.of_layer(&layer.key).map_or("", |a| a.sha256.as_str()));
    // As many characters as the framework's SHA-1.
    hash.finalize().iter().take(20).map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use crate::template::testing::problems;

    #[test]
    fn a_layer_has_a_folder_or_an_archive() {
        let refused = problems("service: quay\nprovider: { name: aws }\nlayers: { empty: { description: Nothing } }");
        assert!(refused.contains("the layer `empty` has no content"), "{refused}");
    }
}
