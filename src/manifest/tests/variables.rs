//! What variables resolve to.

use super::Project;
use serde_json::{Value, json};

fn custom(text: &str) -> Value {
    Project::new(&format!("custom:\n  n: 3\n  s: text\n  list: [1, {{a: 2}}]\n  map: {{k: v}}\n  it: {text}\n"))
        .value("custom.it")
}

fn refusal(text: &str) -> Vec<String> {
    Project::new(&format!("custom:\n  n: 3\n  map: {{k: v}}\n  it: {text}\n")).refusal()
}

#[test]
fn a_whole_value_keeps_its_type_and_a_part_becomes_text() {
    assert_eq!(custom("${self:custom.n}"), json!(3));
    assert_eq!(custom("${self:custom.map}"), json!({"k": "v"}));
    assert_eq!(custom("${self:custom.list.1.a}"), json!(2));
    assert_eq!(custom("${self:custom.list.length}"), json!(2));
    assert_eq!(custom("${self:custom.s.length}${self:custom.s.2}"), json!("4x"));
    assert_eq!(custom("${self:custom.list.00, 'none'}"), json!("none"));
    assert_eq!(custom("a${self:custom.n}b${self:custom.s}"), json!("a3btext"));
    assert_eq!(custom("\"x ${self:custom.list.0, 'y'}\""), json!("x 1"));
}

#[test]
fn fallbacks_are_tried_in_order_and_keep_their_types() {
    assert_eq!(custom("\"${opt:x, env:Y, self:custom.nope, 'd'}\""), json!("d"));
    assert_eq!(custom("${opt:x, 12}"), json!(12));
    assert_eq!(custom("${opt:x, true}"), json!(true));
    assert_eq!(custom("${opt:x, null}"), json!(null));
    assert_eq!(custom("${opt:x, ''}"), json!(""));
    assert_eq!(custom("${self:custom.n, 1e400}"), json!(3));
    assert_eq!(custom("${opt:x, -Infinity}"), json!(null));
    assert_eq!(custom("${opt:x, self:custom.map}"), json!({"k": "v"}));
}

#[test]
fn addresses_and_params_hold_variables() {
    let project = Project::new("custom:\n  which: b\n  it: ${file(./${self:custom.which}.yml):x.${sls:stage}}\n")
        .file("b.yml", "x: {dev: '${self:service}'}");
    assert_eq!(project.value("custom.it"), json!("shop"));
    let whole = Project::new("custom: \"${file(./b.yml):${opt:none, ''}}\"\n").file("b.yml", "x: 1");
    assert_eq!(whole.value("custom"), json!({"x": 1}));
}

#[test]
fn options_are_had_one_by_one_or_all_at_once() {
    let project = |it: &str| Project::new(&format!("custom: {it}\n")).param("a=1").stage("qa");
    assert_eq!(project("${opt:param}").value("custom"), json!(["a=1"]));
    assert_eq!(project("${opt:}").value("custom"), json!({"param": ["a=1"], "stage": "qa"}));
    assert_eq!(project("${opt:${opt:none, null}}").value("custom.stage"), json!("qa"));
}

#[test]
fn escapes_and_foreign_variables_stay_text() {
    assert_eq!(custom("\\${self:custom.n}"), json!("${self:custom.n}"));
    assert_eq!(custom("${AWS::Region}-${self:custom.n}"), json!("${AWS::Region}-3"));
    assert_eq!(custom("\"a\\\\${self:custom.n}\""), json!("a${self:custom.n}"));
}

#[test]
fn values_that_hold_variables_are_resolved_again() {
    let project = Project::new("custom:\n  a: '${self:custom.b}'\n  b: {c: '${self:custom.d}'}\n  d: 'x-${env:E}'\n")
        .env("E", "1");
    assert_eq!(project.value("custom.a.c"), json!("x-1"));
}

#[test]
fn joining_makes_no_new_variable() {
    let project = Project::new("custom:\n  it: '${self:custom.a}{self:service}'\n  a: $\n");
    assert_eq!(project.value("custom.it"), json!("${self:service}"));
}

#[test]
fn str_to_bool_makes_booleans() {
    assert_eq!(custom("${strToBool(TRUE)}"), json!(true));
    assert_eq!(custom("${strToBool(${opt:x, '0'})}"), json!(false));
    assert_eq!(custom("${strToBool(true)}"), json!(true));
    assert_eq!(custom("${strToBool(${opt:x, 1})}"), json!(true));
    assert_eq!(refusal("${strToBool(yes)}"), ["`strToBool` makes no boolean of `yes`"]);
}

#[test]
fn files_are_read_by_what_they_are() {
    let project = Project::new(
        "custom:\n  j: ${file(./a.json):x.0}\n  t: ${file(./a.txt)}\n  s: ${file(./a.tfstate):outputs.v.value}\n  o: ${file(./a.toml):b.c}\n  n: ${file(./none.yml), 'none'}\n  e: ${file(./empty.yml), 'empty'}\n  tf: ${terraform(a.tfstate):v}\n",
    )
    .file("a.json", "{\"x\": [7]}")
    .file("a.txt", "line ${self:service}\n")
    .file("a.tfstate", "{\"outputs\": {\"v\": {\"value\": \"V\"}}}")
    .file("a.toml", "[b]\nc = 1\n")
    .file("empty.yml", "# nothing\n");
    assert_eq!(
        project.value("custom"),
        json!({"j": 7, "t": "line shop\n", "s": "V", "o": 1, "n": "none", "e": "empty", "tf": "V"})
    );
}

#[test]
fn params_come_from_flags_the_stage_and_the_default() {
    let manifest = "params:\n  default: {a: 1, b: 1, c: 1}\n  prod: {b: 2, x: '${ssm:/never}'}\n  dev: {b: '${self:service}'}\ncustom: ['${param:a}', '${param:b}', '${param:c}']\n";
    assert_eq!(Project::new(manifest).param("c=9").value("custom"), json!([1, "shop", "9"]));
    assert_eq!(Project::new(manifest).param("c=a=b ").value("custom.2"), json!("a=b"));
}

#[test]
fn params_of_other_stages_are_left_alone() {
    let project = Project::new("params:\n  prod: {x: '${env:MISSING}'}\ncustom: 1\n");
    assert_eq!(project.value("params.prod.x"), json!("${env:MISSING}"));
}

#[test]
fn dotenv_files_are_read_where_the_manifest_says_so() {
    let manifest = "custom: ['${env:A}', '${env:B, \"none\"}']\nuseDotenv: true\n";
    let project = |m| Project::new(m).file(".env", "A=common\nB=common").file(".env.prod", "A=prod");
    assert_eq!(project(manifest).value("custom"), json!(["common", "common"]));
    assert_eq!(project(manifest).stage("prod").value("custom"), json!(["prod", "none"]));
    assert_eq!(project(manifest).env("A", "outer").value("custom.0"), json!("outer"));
    assert_eq!(project("custom: '${env:A, 1}'\n").value("custom"), json!(1));
}

#[test]
fn circles_are_reported_with_their_chain() {
    let project =
        Project::new("custom:\n  a: ${self:custom.b}\n  b: x-${self:custom.c.d}\n  c: {d: '${self:custom.a}'}\n");
    assert_eq!(
        project.refusal(),
        ["variables refer to each other in a circle: custom.a → custom.b → custom.c.d → custom.a"]
    );
    let own = Project::new("custom:\n  a: ${self:custom}\n");
    assert_eq!(own.refusal(), ["variables refer to each other in a circle: custom.a → custom.a"]);
}

#[test]
fn all_wrong_variables_are_reported_at_once() {
    let project = Project::new(
        "custom:\n  a: ${opt:x}\n  b: ${slef:x}\n  c: ${self:custom.mapp}\n  map: 1\n  d: ${self:service\n",
    );
    let failure = project.load().expect_err("refused");
    let told: Vec<_> =
        failure.problems.iter().map(|p| (p.message.as_str(), p.help.as_deref().unwrap_or_default())).collect();
    assert_eq!(
        told,
        [
            ("`${opt:x}` has no value: option --x is not given", "give it a default, as in `${opt:x, 'value'}`"),
            ("there is no variable source `slef`", "did you mean `self`?"),
            ("`${self:custom.mapp}` has no value: `custom` has no `mapp`", "did you mean `map`?"),
            ("variable syntax: the variable has no closing `}`", ""),
        ]
    );
}

#[test]
fn a_misplaced_region_or_state_is_answered_with_the_right_form() {
    let project = Project::new("custom:\n  a: ${cf.eu-west-1:core.Vpc}\n  b: ${terraform:./net.tfstate:vpc}\n");
    let failure = project.load().expect_err("refused");
    let told: Vec<_> =
        failure.problems.iter().map(|p| (p.message.as_str(), p.help.as_deref().unwrap_or_default())).collect();
    assert_eq!(
        told,
        [
            ("there is no variable source `cf.eu-west-1`", "write `${cf(eu-west-1):...}`"),
            ("`terraform:./net.tfstate:vpc` names no output", "write `${terraform(./net.tfstate):vpc}`"),
        ]
    );
}

#[test]
fn a_variable_as_a_whole_fallback_is_a_syntax_error() {
    assert_eq!(
        refusal("\"${self:custom.a, ${self:custom.n}}\""),
        ["variable syntax: a fallback is written without its own `${`: `${a:b, c:d}`"]
    );
}

#[test]
fn a_mapping_cannot_be_part_of_a_text() {
    assert_eq!(refusal("x${self:custom.map}"), ["`${self:custom.map}` is a mapping, which cannot be part of a text"]);
}

/// The story of a value, a line each.
fn story(project: &Project) -> Vec<String> {
    let resolved = project.resolved();
    let told = resolved.explanation.iter().map(|step| {
        let place = step.place.map(|span| resolved.sources.describe(span)).unwrap_or_default();
        format!("{}{place} {}", " ".repeat(step.depth), step.text)
    });
    told.collect()
}

#[test]
fn an_explanation_goes_through_every_variable() {
    let project = Project::new("custom:\n  a: ${opt:x, self:custom.b}\n  b: ${file(./f.yml):k}\n")
        .file("f.yml", "k: ${self:service}\n")
        .explain("custom.a");
    assert_eq!(
        story(&project),
        [
            "serverless.yml:5:6 custom.a: ${opt:x, self:custom.b}",
            "  opt:x has no value: option --x is not given",
            " serverless.yml:6:6 custom.b: ${file(./f.yml):k}",
            "  f.yml:1:4 file(./f.yml):k",
            "  serverless.yml:1:10 service: shop",
        ]
    );
}

#[test]
fn an_explanation_tells_variables_that_a_stage_was_laid_over() {
    let manifest =
        "custom:\n  a: ${file(./f.yml)}\nstages:\n  dev:\n    overrides:\n      custom:\n        a: ${file(./g.yml)}\n";
    let project =
        |path| Project::new(manifest).file("f.yml", "k: 1\nm: 2\n").file("g.yml", "k: ${self:service}\n").explain(path);
    assert_eq!(story(&project("custom.a.m")), ["serverless.yml:5:6 ${file(./f.yml)}", " f.yml:2:4 custom.a.m: 2"]);
    assert_eq!(
        story(&project("custom.a.k")),
        [
            "serverless.yml:5:6 ${file(./f.yml)}",
            " serverless.yml:10:12 ${file(./g.yml)}",
            "  g.yml:1:4 custom.a.k: ${self:service}",
            "   serverless.yml:1:10 service: shop",
        ]
    );
}
