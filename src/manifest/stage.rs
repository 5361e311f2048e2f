//! Per-stage configuration and its guards.

use super::document::{Entry, Map, Node, ReadError, Sources, Value};
use super::{Problem, dotenv, merge, read};
use std::collections::BTreeSet;
use std::path::Path;

/// The stage of the emulator on this machine.
pub const LOCAL: &str = "local";

/// The parts of a manifest that a stage may override.
const OVERRIDABLE: &[&str] = &["provider", "functions", "resources", "custom"];

/// What `stages:` says of one stage, `default` inherited.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StageSettings {
    /// The only account that may be deployed to.
    #[serde(deserialize_with = "account")]
    pub account: Option<String>,
    /// The region, where the stage sets one.
    pub region: Option<String>,
    /// The AWS profile used for the stage.
    pub profile: Option<String>,
    /// The endpoint used for all AWS services.
    pub endpoint: Option<String>,
    /// Destructive and changing commands ask for the stage's name.
    pub protected: bool,
}

/// An account id may stand without quotes.
fn account<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    use serde::Deserialize;
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(id) => Some(id),
        serde_json::Value::Number(id) => Some(format!("{:0>12}", super::document::number::js_string(&id))),
        _ => None,
    })
}

/// Refuses names that cannot be part of AWS names (Framework v3 `validateStage`). `Err` says why.
pub fn check_name(name: &str) -> Result<(), String> {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(());
    }
    Err(format!("`{name}` is no name for a stage: it may hold ASCII letters, digits and hyphens only"))
}

/// Applies `stages:` and `rlx.<stage>.yml` to a manifest that is not resolved yet: overrides are laid over it, and
/// what `default` says is inherited. Returns the environment variables that the stage sets.
pub(super) fn apply(
    config: &mut Node,
    stage: &str,
    dir: &Path,
    sources: &mut Sources,
) -> Result<Vec<(String, String)>, ReadError> {
    let mut settings = Node { value: Value::Map(Map::new()), span: None };
    let mut params = None;
    for name in ["default", stage] {
        if let Some(node) = config.at_keys(&["stages", name]) {
            let mut node = node.clone();
            let own = take(&mut node, "params");
            if name == stage {
                params = own;
            }
            merge::overlay(&mut settings, node);
        }
    }
    if let Some(mut node) = beside(stage, dir, sources)? {
        if let Some(over) = take(&mut node, "params") {
            match &mut params {
                Some(params) => merge::overlay(params, over),
                None => params = Some(over),
            }
        }
        merge::overlay(&mut settings, node);
    }
    if let Some(overrides) = take(&mut settings, "overrides") {
        override_config(config, overrides)?;
    }
    for key in ["region", "profile"] {
        if let Some(node) = settings.get(key)
            && node.value != Value::Null
        {
            let over = mapping("provider", mapping(key, node.clone()));
            merge::overlay(config, over);
        }
    }
    let variables = environment(&settings, dir)?;
    if let (Some(params), Value::Map(map)) = (params, &mut settings.value) {
        map.insert("params".to_owned(), Entry { key_span: None, node: params });
    }
    if settings.as_map().is_some_and(|map| !map.is_empty()) {
        merge::overlay(config, mapping("stages", mapping(stage, settings)));
        if let Some(Value::Map(map)) = config.at_keys_mut(&["stages", stage]).map(|node| &mut node.value) {
            map.shift_remove("overrides");
        }
    }
    Ok(variables)
}

/// `rlx.<stage>.yml`: a value of `stages`; what stands beside its own keys counts as overrides.
fn beside(stage: &str, dir: &Path, sources: &mut Sources) -> Result<Option<Node>, ReadError> {
    let names = [format!("rlx.{stage}.yml"), format!("rlx.{stage}.yaml")];
    let Some(name) = names.iter().find(|name| dir.join(name).is_file()) else { return Ok(None) };
    let mut node = read::file(&dir.join(name), Path::new(name), sources)?;
    let Value::Map(map) = &mut node.value else {
        return match node.value {
            Value::Null => Ok(None),
            _ => Err(Problem::nowhere(format!("{name} must be a mapping")).into()),
        };
    };
    let mut overrides = Map::new();
    for key in OVERRIDABLE {
        if let Some(entry) = map.shift_remove(*key) {
            overrides.insert((*key).to_owned(), entry);
        }
    }
    if !overrides.is_empty() {
        let over = Node { value: Value::Map(overrides), span: node.span };
        merge::overlay(&mut node, mapping("overrides", over));
    }
    Ok(Some(node))
}

fn override_config(config: &mut Node, overrides: Node) -> Result<(), ReadError> {
    let Value::Map(overrides) = overrides.value else { return Ok(()) };
    let mut problems = Vec::new();
    for (key, entry) in overrides {
        if !OVERRIDABLE.contains(&key.as_str()) {
            // The schema does not see this part any more.
            let problem = Problem {
                severity: super::Severity::Error,
                message: format!("`overrides` may hold {}, not `{key}`", OVERRIDABLE.join(", ")),
                place: entry.key_span.map_or(super::problem::Place::Nowhere, super::problem::Place::Span),
                help: None,
            };
            problems.push(problem);
            continue;
        }
        let Value::Map(map) = &mut config.value else { continue };
        match map.get_mut(&key).map(|below| &mut below.node) {
            Some(below) if below.as_map().is_some() => merge::overlay(below, entry.node),
            // Lists are merged after their variables are resolved.
            Some(Node { value: Value::List(list), .. }) => list.push(entry.node),
            Some(below) if below.as_str().is_some() && matches!(key.as_str(), "functions" | "resources") => {
                let first = below.clone();
                below.value = Value::List(vec![first, entry.node]);
            }
            Some(Node { value: Value::String(text), span }) => {
                let message = format!("`{key}` is `{text}`: an override cannot be laid over a variable");
                let place = span.map_or(super::problem::Place::Nowhere, super::problem::Place::Span);
                problems.push(Problem { severity: super::Severity::Error, message, place, help: None });
            }
            _ => {
                map.insert(key, entry);
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(ReadError(problems)) }
}

/// `env`: files of variables, or the variables themselves.
fn environment(settings: &Node, dir: &Path) -> Result<Vec<(String, String)>, ReadError> {
    let mut variables = Vec::new();
    match settings.get("env").map(|node| &node.value) {
        Some(Value::List(files)) => {
            for file in files {
                let Some(name) = file.as_str() else { continue };
                let found = dotenv::file(&dir.join(name), name, &Default::default())
                    .map_err(|message| ReadError::from(Problem::nowhere(message)))?;
                let Some(found) = found else {
                    let message = format!("there is no file {name}");
                    return Err(file.span.map_or(Problem::nowhere(&message), |s| Problem::span(s, &message)).into());
                };
                variables.extend(found);
            }
        }
        Some(Value::Map(map)) => {
            for (name, entry) in map {
                let json = entry.node.to_json();
                variables.push((name.clone(), json.as_str().map_or_else(|| json.to_string(), str::to_owned)));
            }
        }
        _ => {}
    }
    Ok(variables)
}

/// Refuses a stage that `custom.stages` does not list, with the words of serverless-stage-manager 1.0.5.
/// The emulator's stage needs no listing.
pub(super) fn check_listed(config: &Node, stage: &str) -> Result<(), Problem> {
    let Some(listed) = config.at("custom.stages") else { return Ok(()) };
    let Some(list) = listed.as_list() else { return Ok(()) };
    let names: Vec<&str> = list.iter().filter_map(Node::as_str).collect();
    if names.is_empty() || names.contains(&stage) || stage == LOCAL {
        return Ok(());
    }
    let message =
        format!("'{stage}' is not a valid deployment stage. Add it to your serverless.yml's \"custom.stages\" section");
    let problem = listed.span.map_or(Problem::nowhere(&message), |span| Problem::span(span, &message));
    Err(match super::nearest(stage, names.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!("it lists {}; choose one of them with --stage", names.join(", "))),
    })
}

/// The stages that a service knows of, by name: those of `stages`, `params`, `custom.stages`, of `rlx.<stage>.yml` files
/// and the one that is worked on.
pub fn names(config: &Node, dir: &Path, current: &str) -> Vec<String> {
    let mut names = BTreeSet::from([current.to_owned()]);
    for key in ["stages", "params"] {
        let keys = config.get(key).and_then(Node::as_map).into_iter().flat_map(Map::keys);
        names.extend(keys.filter(|key| *key != "default").cloned());
    }
    let listed = config.at("custom.stages").and_then(Node::as_list).unwrap_or_default();
    names.extend(listed.iter().filter_map(|node| node.as_str().map(str::to_owned)));
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let stage = name.to_str().and_then(|name| {
            name.strip_prefix("rlx.")?.strip_suffix(".yml").or_else(|| name.strip_prefix("rlx.")?.strip_suffix(".yaml"))
        });
        names.extend(stage.filter(|stage| check_name(stage).is_ok()).map(str::to_owned));
    }
    names.into_iter().collect()
}

impl StageSettings {
    /// Refuses another account than the one that the stage is bound to. `Err` says why.
    pub fn check_account(&self, stage: &str, account: &str) -> Result<(), String> {
        match &self.account {
            Some(own) if own != account => {
                Err(format!("stage `{stage}` belongs to account {own}, but the credentials are of account {account}"))
            }
            _ => Ok(()),
        }
    }
}

fn mapping(key: &str, node: Node) -> Node {
    let span = node.span;
    Node { value: Value::Map(Map::from_iter([(key.to_owned(), Entry { key_span: span, node })])), span }
}

fn take(node: &mut Node, key: &str) -> Option<Node> {
    match &mut node.value {
        Value::Map(map) => map.shift_remove(key).map(|entry| entry.node),
        _ => None,
    }
}
