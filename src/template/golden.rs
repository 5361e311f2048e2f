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

fn compile_area(area: &str) {
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
    compile_area("http");
}

#[test]
fn http_apis_compile_to_their_snapshots() {
    compile_area("http-api");
}

#[test]
fn websocket_apis_compile_to_their_snapshots() {
    compile_area("websocket");
}

#[test]
fn load_balancer_rules_compile_to_their_snapshots() {
    compile_area("alb");
}
