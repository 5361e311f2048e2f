//! Golden tests: each manifest under `tests/golden` compiles to its snapshot.
//!
//! A snapshot has the resources that the manifest is about, not those that every service has.
//! `tools/compare-with-osls` compares the same manifests with what the framework makes of them.

use super::testing::template;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The kinds of resources that the snapshots of an area show.
fn is_shown(kind: &str) -> bool {
    let prefixes = ["AWS::ApiGateway", "AWS::ElasticLoadBalancing", "AWS::Lambda::Permission", "Custom::"];
    prefixes.iter().any(|prefix| kind.starts_with(prefix))
}

fn shown(manifest: &str) -> Value {
    let mut template = template(manifest);
    let resources: Map<String, Value> = template
        .resources()
        .filter(|(id, resource)| {
            is_shown(resource["Type"].as_str().unwrap_or_default())
                || matches!(id.as_str(), "ApiGatewayLogGroup" | "HttpApiLogGroup" | "WebsocketsLogGroup")
        })
        .map(|(id, resource)| (id.clone(), resource.clone()))
        .collect();
    let outputs = template.section("Outputs").clone();
    json!({ "Resources": resources, "Outputs": outputs })
}

/// What events add: no bucket of archives, no functions with their versions and log groups, unless
/// a custom resource has them or CloudFront changes them.
fn events(manifest: &str) -> Value {
    let template = template(manifest);
    let common = ["AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Logs::LogGroup"];
    let is_shown = |id: &str, resource: &Value| {
        let kind = resource["Type"].as_str().unwrap_or_default();
        let at_edge = kind == "AWS::Lambda::Function" && resource["DeletionPolicy"] == "Retain";
        id.starts_with("Custom") || at_edge || !(common.contains(&kind) || id.starts_with("ServerlessDeploymentBucket"))
    };
    let shown = template.resources().filter(|(id, resource)| is_shown(id, resource));
    let mut resources = Value::Object(shown.map(|(id, resource)| (id.clone(), resource.clone())).collect());
    shorten(&mut resources);
    for resource in resources.as_object_mut().into_iter().flat_map(Map::values_mut) {
        // The archive of custom resources is named by its content.
        if let Some(key) = resource.pointer_mut("/Properties/Code/S3Key") {
            *key = json!("<key>");
        }
    }
    resources
}

/// The whole template, with hashes of content cut short.
fn whole(manifest: &str) -> Value {
    let mut root = Value::Object(template(manifest).root);
    shorten(&mut root);
    root
}

fn shorten(value: &mut Value) {
    let short = |text: &str| match text.find("LambdaVersion").map(|at| at + "LambdaVersion".len()) {
        Some(end) if text.len() > end + 20 => format!("{}<hash>", &text[..end]),
        _ => text.to_owned(),
    };
    match value {
        Value::String(text) => *text = short(text),
        Value::Array(list) => list.iter_mut().for_each(shorten),
        Value::Object(map) => {
            *map = std::mem::take(map).into_iter().map(|(key, value)| (short(&key), value)).collect();
            map.values_mut().for_each(shorten);
        }
        _ => {}
    }
}

fn manifests(area: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(area);
    let mut found: Vec<PathBuf> = std::fs::read_dir(&dir)
        .expect("the area has a folder")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{} has no manifest", dir.display());
    found
}

fn compile_area(area: &str, shown: fn(&str) -> Value) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(area).join("snapshots"));
    for manifest in manifests(area) {
        let name = manifest.file_stem().and_then(|stem| stem.to_str()).expect("a plain file name").to_owned();
        let text = std::fs::read_to_string(&manifest).expect("the manifest can be read");
        settings.bind(|| insta::assert_yaml_snapshot!(name, shown(&text)));
    }
}

#[test]
fn rest_apis_compile_to_their_snapshots() {
    compile_area("http", shown);
}

#[test]
fn http_apis_compile_to_their_snapshots() {
    compile_area("http-api", shown);
}

#[test]
fn websocket_apis_compile_to_their_snapshots() {
    compile_area("websocket", shown);
}

#[test]
fn load_balancer_rules_compile_to_their_snapshots() {
    compile_area("alb", shown);
}

#[test]
fn functions_compile_to_their_snapshots() {
    compile_area("function", whole);
}

#[test]
fn roles_compile_to_their_snapshots() {
    compile_area("role", whole);
}

#[test]
fn layers_compile_to_their_snapshots() {
    compile_area("layer", whole);
}

#[test]
fn buckets_names_and_own_resources_compile_to_their_snapshots() {
    compile_area("stack", whole);
}

#[test]
fn events_compile_to_their_snapshots() {
    compile_area("events", events);
}

#[test]
fn state_machines_compile_to_their_snapshots() {
    compile_area("step-functions", events);
}

#[test]
fn what_plugins_add_compiles_to_its_snapshots() {
    compile_area("plugins", whole);
}
