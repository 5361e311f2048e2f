//! `stages:` and `rlx.<stage>.yml`.

use super::Project;
use serde_json::json;

const MANIFEST: &str = "
  region: eu-west-1
functions: {hello: {handler: a.b, memorySize: 128, timeout: 9}}
stages:
  default:
    params: {domain: d.example, only: default}
    profile: common
  prod:
    region: eu-central-1
    protected: true
    account: '012345678901'
    params: {domain: prod.example}
    overrides:
      functions: {hello: {memorySize: 2048, timeout: 10}}
      provider: {stackName: '${self:service}-live'}
custom: {domain: '${param:domain}', only: '${param:only}', region: '${aws:region}'}
";

#[test]
fn a_stage_overrides_and_inherits() {
    let project = Project::new(MANIFEST).stage("prod");
    assert_eq!(project.value("functions.hello"), json!({"handler": "a.b", "memorySize": 2048, "timeout": 10}));
    assert_eq!(project.value("provider.stackName"), json!("shop-live"));
    assert_eq!(project.value("custom"), json!({"domain": "prod.example", "only": "default", "region": "eu-central-1"}));
    let service = project.load().expect("valid").service;
    assert_eq!(service.region, "eu-central-1");
    let settings = service.stage_settings;
    assert_eq!(
        (settings.account.as_deref(), settings.profile.as_deref(), settings.protected),
        (Some("012345678901"), Some("common"), true)
    );
}

#[test]
fn other_stages_are_as_the_manifest_says() {
    let project = Project::new(MANIFEST);
    assert_eq!(project.value("functions.hello.memorySize"), json!(128));
    assert_eq!(project.value("custom"), json!({"domain": "d.example", "only": "default", "region": "eu-west-1"}));
    assert!(!project.load().expect("valid").service.stage_settings.protected);
}

#[test]
fn a_file_beside_the_manifest_goes_over_its_stages() {
    let file = "params: {domain: file.example}\noverrides: {custom: {extra: 1}}\nprovider: {memorySize: 512}\nprotected: false\n";
    let project = Project::new(MANIFEST).file("rlx.prod.yml", file).stage("prod");
    assert_eq!(
        project.value("custom"),
        json!({"domain": "file.example", "only": "default", "region": "eu-central-1", "extra": 1})
    );
    assert_eq!(project.value("provider.memorySize"), json!(512));
    assert!(!project.load().expect("valid").service.stage_settings.protected);
}

#[test]
fn the_environment_of_a_stage_is_seen_by_variables() {
    let manifest = "stages:\n  dev: {env: [dev.env]}\n  prod: {env: {A: inline}}\ncustom: ${env:A}\n";
    let project = |stage| Project::new(manifest).file("dev.env", "A=file").stage(stage);
    assert_eq!(project("dev").value("custom"), json!("file"));
    assert_eq!(project("prod").value("custom"), json!("inline"));
    assert_eq!(project("prod").env("A", "outer").value("custom"), json!("outer"));
}

#[test]
fn overrides_are_merged_into_lists_of_functions() {
    let manifest =
        "functions:\n  - ${file(./f.yml)}\nstages:\n  dev:\n    overrides: {functions: {hello: {timeout: 9}}}\n";
    let project = Project::new(manifest).file("f.yml", "hello: {handler: a.b}");
    let service = project.load().expect("valid").service;
    assert_eq!(service.functions["hello"].timeout, Some(9));
}

#[test]
fn what_cannot_be_overridden_is_refused() {
    let project = Project::new("stages:\n  dev:\n    overrides: {service: x}\n");
    assert_eq!(project.refusal(), ["`overrides` may hold provider, functions, resources, custom, not `service`"]);
}

#[test]
fn a_stage_name_that_aws_would_not_take_is_refused() {
    let refusal = Project::new("").stage("a_b").refusal();
    assert_eq!(refusal, ["`a_b` is no name for a stage: it may hold ASCII letters, digits and hyphens only"]);
}

#[test]
fn stages_are_named_by_all_that_knows_them() {
    let project = Project::new("params: {qa: {x: 1}}\nstages: {prod: {}, default: {}}\ncustom: {stages: [beta]}\n")
        .file("rlx.test.yml", "protected: true");
    let resolved = project.resolved();
    let names = crate::manifest::stage::names(&resolved.config, project.dir.path(), &resolved.stage);
    assert_eq!(names, ["beta", "dev", "prod", "qa", "test"]);
}
