//! Resolved tree → typed [`Service`].

use super::document::{Node, Sources};
use super::service::{Function, Layer, PackageConfig, Provider, Service};
use super::stage::StageSettings;
use super::{Problem, Problems};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the model is made of beside the tree.
pub(super) struct Frame {
    pub stage: String,
    pub region: String,
    pub aws_env: BTreeMap<String, String>,
    pub dir: PathBuf,
    pub file: PathBuf,
    pub sources: Sources,
}

/// Makes the model of a tree that the schema has accepted.
pub(super) fn service(config: Node, frame: Frame) -> Result<Service, (Problems, Sources)> {
    let mut reader = Reader { problems: Problems::default() };
    let json = config.to_json();
    let part = |key: &str| json.get(key).cloned().unwrap_or(Json::Null);
    let name = match &json["service"] {
        Json::String(name) if !name.is_empty() => name.clone(),
        _ => {
            let help = "add a line such as `service: my-service`";
            reader.problems.push(Problem::at("service", "the manifest names no `service`").help(help));
            String::new()
        }
    };
    let mut provider: Provider = reader.typed("provider", part("provider"));
    provider.raw = part("provider");
    let functions = reader.functions(part("functions"), &name, &frame.stage);
    let layers = reader
        .entries("layers", part("layers"))
        .map(|(key, value)| {
            let mut layer: Layer = reader.typed(&format!("layers.{key}"), value);
            layer.key.clone_from(&key);
            (key, layer)
        })
        .collect();
    let package: PackageConfig = reader.typed("package", part("package"));
    let stage_settings: StageSettings =
        reader.typed(&format!("stages.{}", frame.stage), json["stages"][&frame.stage].clone());
    if reader.problems.has_errors() {
        return Err((reader.problems, frame.sources));
    }
    Ok(Service {
        name,
        stage: frame.stage,
        region: frame.region,
        aws_env: frame.aws_env,
        dir: frame.dir,
        file: Some(frame.file),
        provider,
        functions,
        layers,
        package,
        custom: part("custom"),
        resources: part("resources"),
        build: part("build"),
        step_functions: part("stepFunctions"),
        plugins: super::plugins::names(&config),
        stage_settings,
        config,
        sources: frame.sources,
    })
}

struct Reader {
    problems: Problems,
}

impl Reader {
    /// A typed part; a key that is null counts as absent, as in the framework.
    fn typed<T: DeserializeOwned + Default>(&mut self, path: &str, value: Json) -> T {
        let value = match value {
            Json::Object(map) => Json::Object(without_nulls(map)),
            Json::Null => return T::default(),
            other => other,
        };
        serde_json::from_value(value).unwrap_or_else(|error| {
            self.problems.error(path, format!("`{path}` cannot be used: {error}"));
            T::default()
        })
    }

    fn entries(&mut self, path: &str, value: Json) -> impl Iterator<Item = (String, Json)> + use<> {
        match value {
            Json::Object(map) => without_nulls(map).into_iter(),
            Json::Null => Map::new().into_iter(),
            _ => {
                self.problems.error(path, format!("`{path}` must be a mapping"));
                Map::new().into_iter()
            }
        }
    }

    fn functions(&mut self, value: Json, service: &str, stage: &str) -> IndexMap<String, Function> {
        let entries: Vec<_> = self.entries("functions", value).collect();
        entries
            .into_iter()
            .map(|(key, value)| {
                let mut function: Function = self.typed(&format!("functions.{key}"), value.clone());
                function.key.clone_from(&key);
                if function.name.is_empty() {
                    function.name = format!("{service}-{stage}-{key}");
                }
                function.raw = value;
                (key, function)
            })
            .collect()
    }
}

fn without_nulls(map: Map<String, Json>) -> Map<String, Json> {
    map.into_iter().filter(|(_, value)| !value.is_null()).collect()
}
