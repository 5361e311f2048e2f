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

const QUEUE: &str = "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n";

#[test]
fn overrides_of_resources_may_be_a_file_or_a_list() {
    let base = "resources: {Resources: {Topic: {Type: AWS::SNS::Topic}}}\n";
    for over in
        ["'${file(./r.yml)}'", "[{Outputs: {}}, '${file(./r.yml)}']", "{Resources: '${file(./r.yml):Resources}'}"]
    {
        let project = Project::new(&format!("{base}stages: {{dev: {{overrides: {{resources: {over}}}}}}}\n"));
        let service = project.file("r.yml", QUEUE).load().expect("valid").service;
        let names: Vec<_> = service.resources["Resources"].as_object().expect("a mapping").keys().collect();
        assert_eq!(names, ["Topic", "Queue"], "{over}");
    }
}

#[test]
fn overrides_are_laid_over_what_a_variable_stands_for() {
    let manifest = "
functions: {hello: '${file(./f.yml):hello}'}
custom: ${file(./c.yml)}
stages: {dev: {region: eu-west-3, overrides: {functions: {hello: {timeout: 9}}, custom: {more: 2}}}}
";
    let project = Project::raw(format!("service: shop\nprovider: ${{file(./p.yml)}}\n{manifest}"))
        .file("p.yml", "{name: aws, memorySize: 256}")
        .file("f.yml", "hello: {handler: a.b, timeout: 3}")
        .file("c.yml", "{one: 1, more: 1, sum: '${self:custom.more}'}");
    assert_eq!(project.value("functions.hello"), json!({"handler": "a.b", "timeout": 9}));
    assert_eq!(project.value("custom"), json!({"one": 1, "more": 2, "sum": 2}));
    assert_eq!(project.value("provider"), json!({"name": "aws", "memorySize": 256, "region": "eu-west-3"}));
}

#[test]
fn stages_may_come_from_files() {
    let stage = "{protected: true, region: eu-west-3, overrides: {custom: {a: 2}}}";
    for stages in ["'${file(./stages.yml)}'", "{dev: '${file(./stages.yml):dev}'}"] {
        let project = Project::new(&format!("custom: {{a: 1}}\nstages: {stages}\n"));
        let service = project.file("stages.yml", format!("dev: {stage}\n")).load().expect("valid").service;
        assert_eq!(service.custom, json!({"a": 2}), "{stages}");
        assert_eq!((service.region.as_str(), service.stage_settings.protected), ("eu-west-3", true), "{stages}");
    }
}

#[test]
fn an_override_of_lists_replaces_them() {
    let manifest = "functions: [{hello: {handler: a.b, layers: ['arn:a', 'arn:b']}}]\n\
        stages: {dev: {overrides: {functions: {hello: {layers: ['arn:c']}}}}}\n";
    assert_eq!(Project::new(manifest).value("functions.hello.layers"), json!(["arn:c"]));
}

#[test]
fn environment_files_may_be_named_by_variables() {
    let manifest = "stages:\n  default: {env: ['${sls:stage}.env']}\ncustom: ${env:A}\n";
    assert_eq!(Project::new(manifest).file("qa.env", "A=file").stage("qa").value("custom"), json!("file"));
}

#[test]
fn what_an_override_needs_and_has_no_value_is_told_once() {
    let project = Project::new("custom: ${env:NONE}\nstages: {dev: {overrides: {custom: {a: 1}}}}\n");
    let refusal = project.refusal();
    assert!(refusal.len() == 1 && refusal[0].contains("NONE"), "{refusal:?}");
}

#[test]
fn what_other_stages_say_with_variables_is_left_alone() {
    let others = "prod: '${file(./none.yml)}', qa: {protected: '${param:p}', overrides: {resources: '${env:NONE}'}}";
    let project =
        Project::new(&format!("stages: {{{others}, beta: {{protectd: true}}}}\nparams: {{prod: '${{env:N}}'}}\n"));
    let refusal = project.refusal();
    assert!(refusal.len() == 1 && refusal[0].contains("protectd"), "{refusal:?}");
}
