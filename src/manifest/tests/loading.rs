//! From files to the typed model.

use super::Project;
use serde_json::json;

#[test]
fn functions_get_their_names_and_lists_of_them_are_merged() {
    let service = Project::new(
        "functions:\n  - a: {handler: x.y}\n    gone:\n  - b: {handler: x.y, name: own}\n  - a: {timeout: 7}\n",
    )
    .stage("prod")
    .load()
    .expect("valid")
    .service;
    let names: Vec<_> = service.functions.values().map(|f| (f.key.as_str(), f.name.as_str(), f.timeout)).collect();
    assert_eq!(names, [("a", "shop-prod-a", Some(7)), ("b", "own", None)]);
}

#[test]
fn lists_of_resources_are_merged_after_their_variables_are_resolved() {
    let project = Project::new("resources:\n  - ${file(./r.yml)}\n  - Resources: {B: {Type: T}}\n")
        .file("r.yml", "Resources: {A: {Type: '${self:service}'}}");
    let service = project.load().expect("valid").service;
    assert_eq!(service.resources, json!({"Resources": {"A": {"Type": "shop"}, "B": {"Type": "T"}}}));
}

#[test]
fn a_provider_may_be_only_its_name() {
    let service = Project::raw("service: shop\nprovider: aws\n").load().expect("valid").service;
    assert_eq!((service.region.as_str(), service.stage.as_str()), ("us-east-1", "dev"));
}

#[test]
fn json_and_toml_manifests_are_read() {
    let json = Project::raw("").file("rlx.yml", "{\"service\": \"json\", \"provider\": {\"name\": \"aws\"}}");
    assert_eq!(json.load().expect("valid").service.name, "json");
    let project = Project::raw("x: 1").file("t.toml", "service = \"toml\"\n[provider]\nname = \"aws\"\n");
    let mut request = project.request(&super::Offline);
    request.config = Some("t.toml".into());
    assert_eq!(super::load(&request).expect("valid").service.name, "toml");
}

#[test]
fn a_place_is_found_through_a_variable_in_the_file_that_the_value_came_from() {
    let project = Project::new("custom: ${file(./c.yml)}\n").file("c.yml", "a: 1\nb:\n  c: 2\n");
    let service = project.load().expect("valid").service;
    let span = service.locate(&crate::manifest::problem::Place::Path("custom.b.c".to_owned())).expect("a place");
    assert_eq!(service.sources.describe(span), "c.yml:3:6");
}

#[test]
fn a_manifest_without_a_service_name_is_refused() {
    assert!(!Project::raw("provider: {name: aws}\n").refusal().is_empty());
}

#[test]
fn a_stage_that_is_not_listed_is_refused_with_the_words_of_stage_manager() {
    let project = Project::new("custom: {stages: [dev, prod]}\n").stage("prd");
    assert_eq!(
        project.refusal(),
        ["'prd' is not a valid deployment stage. Add it to your serverless.yml's \"custom.stages\" section"]
    );
    assert_eq!(Project::new("custom: {stages: [dev, prod]}\n").stage("prod").refusal(), Vec::<String>::new());
    assert_eq!(Project::new("custom: {stages: [dev]}\n").stage("local").refusal(), Vec::<String>::new());
}

#[test]
fn stage_manager_without_a_list_of_stages_is_refused() {
    let refused = "a \"stages\" array must be defined in your serverless.yml's \"custom\" section";
    let of = |custom: &str| Project::new(&format!("plugins: [serverless-stage-manager]\n{custom}")).refusal();
    assert_eq!(of(""), [refused]);
    assert_eq!(of("custom: {stages: dev}\n"), [refused]);
    assert_eq!(of("custom: {stages: [dev]}\n"), Vec::<String>::new());
    assert_eq!(Project::new("custom: {stages: {dev: {}}}\n").refusal(), Vec::<String>::new());
}
