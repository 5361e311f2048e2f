//! Services and templates for the tests of this room.

use super::{Template, compile};
use crate::manifest::document::{Node, Sources};
use crate::manifest::service::{Function, Layer, Provider, Service};
use crate::manifest::{Problems, Severity, plugins, schema};
use crate::package::Artifacts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// A service from the text of a manifest that the schema accepts, without variables and stages.
pub(crate) fn service(manifest: &str) -> Service {
    let (service, problems) = validated(manifest);
    assert!(!problems.has_errors(), "{}", described(&problems));
    service
}

/// The service, its values made to fit the schema, and what the schema says against it.
fn validated(manifest: &str) -> (Service, Problems) {
    let yaml: Yaml = serde_yaml_ng::from_str(manifest).expect("the test's manifest is YAML");
    let mut config = Node::from_json(to_json(yaml), None);
    let schema = schema::schema(&plugins::names(&config));
    let problems = schema::validate(&mut config, &schema, false);
    (from_json(config.to_json()), problems)
}

/// A service from a manifest that is resolved already.
pub(crate) fn from_json(config: Value) -> Service {
    let text = |pointer: &str| config.pointer(pointer).and_then(Value::as_str);
    let name = text("/service").unwrap_or("quay").to_owned();
    let stage = text("/provider/stage").unwrap_or("dev").to_owned();
    let section = |key: &str| config.get(key).cloned().unwrap_or_else(|| json!({}));
    let provider = Provider { raw: section("provider"), ..typed(section("provider")) };
    let functions = entries(section("functions"))
        .map(|(key, raw)| {
            let mut function: Function = typed(raw.clone());
            if function.name.is_empty() {
                function.name = format!("{name}-{stage}-{key}");
            }
            (key.clone(), Function { key, raw, ..function })
        })
        .collect();
    let layers =
        entries(section("layers")).map(|(key, raw)| (key.clone(), Layer { key, ..typed::<Layer>(raw) })).collect();
    let mut service = Service {
        region: text("/provider/region").unwrap_or("us-east-1").to_owned(),
        aws_env: Default::default(),
        dir: "/service".into(),
        file: None,
        provider,
        functions,
        layers,
        package: typed(section("package")),
        custom: section("custom"),
        resources: section("resources"),
        build: Value::Null,
        step_functions: section("stepFunctions"),
        plugins: plugins::names(&Node::from_json(config.clone(), None)),
        stage_settings: Default::default(),
        config: Node::from_json(config.clone(), None),
        sources: Sources::default(),
        name,
        stage,
    };
    let problems = plugins::complete(&mut service);
    assert!(!problems.has_errors(), "{}", described(&problems));
    service
}

/// The template of a manifest that compiles without errors.
pub(crate) fn template(manifest: &str) -> Template {
    let (template, problems) = compile(&service(manifest), &Artifacts::default());
    assert!(!problems.has_errors(), "{}", described(&problems));
    template
}

/// The resources of a manifest whose type starts with a prefix, with ids that follow content cut short.
pub(crate) fn resources(manifest: &str, kind: &str) -> Value {
    let template = template(manifest);
    let of_kind = template.resources().filter(|(_, r)| r["Type"].as_str().is_some_and(|t| t.starts_with(kind)));
    Value::Object(of_kind.map(|(id, resource)| (id.clone(), resource.clone())).collect())
}

/// The problems of a manifest, of the schema else of the template, one per line: severity, place, message, help.
pub(crate) fn problems(manifest: &str) -> String {
    let (service, problems) = validated(manifest);
    if problems.has_errors() {
        return described(&problems);
    }
    described(&compile(&service, &Artifacts::default()).1)
}

fn described(problems: &Problems) -> String {
    let line = |problem: &crate::manifest::Problem| {
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        let place = match &problem.place {
            crate::manifest::problem::Place::Path(path) => path.clone(),
            other => format!("{other:?}"),
        };
        format!("{severity}: {place}: {} ({})", problem.message, problem.help.as_deref().unwrap_or("no help"))
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn typed<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the test's manifest has the right shape")
}

fn entries(value: Value) -> impl Iterator<Item = (String, Value)> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
    .into_iter()
}

/// YAML → JSON with keys as text.
fn to_json(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Mapping(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| {
                    let key = match to_json(key) {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    (key, to_json(value))
                })
                .collect(),
        ),
        Yaml::Sequence(items) => items.into_iter().map(to_json).collect(),
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            let name = name.trim_start_matches('!');
            let value = to_json(tagged.value);
            match name {
                "Ref" | "Condition" => json!({ name: value }),
                "GetAtt" => json!({ "Fn::GetAtt": value.as_str().map(|v| v.splitn(2, '.').collect::<Vec<_>>()) }),
                _ => json!({ format!("Fn::{name}"): value }),
            }
        }
        other => serde_json::to_value(other).expect("plain YAML is JSON"),
    }
}
