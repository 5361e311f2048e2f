//! Per-stage configuration and its guards.

use super::Problem;
use super::document::{Map, Node, Value};
use super::plugins;
use super::variables::grammar;
use std::collections::BTreeSet;
use std::path::Path;

/// The stage of the emulator on this machine.
pub const LOCAL: &str = "local";

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

/// Refuses a stage that `custom.stages` does not list, with the words of serverless-stage-manager 1.0.5.
/// The emulator's stage needs no listing.
///
/// # Errors
/// The stage is not listed, or the plugin has no list.
pub fn check_listed(config: &Node, stage: &str) -> Result<(), Problem> {
    let managed = plugins::uses(&plugins::names(config), plugins::STAGE_MANAGER);
    let listed = config.at("custom.stages").filter(|listed| listed.value != Value::Null);
    let (listed, list) = match listed.map(|listed| (listed, listed.as_list())) {
        Some((listed, Some(list))) => (listed, list),
        // Its variables may not be resolved yet.
        Some((listed, None)) if !managed || holds_variables(listed) => return Ok(()),
        None if !managed => return Ok(()),
        other => {
            let message = "a \"stages\" array must be defined in your serverless.yml's \"custom\" section";
            let place = other.and_then(|(listed, _)| listed.span);
            let problem = place.map_or(Problem::at("custom", message), |span| Problem::span(span, message));
            return Err(problem.help(format!(
                "list the stages that there are, as in `stages: [{stage}]`, or remove {}",
                plugins::STAGE_MANAGER
            )));
        }
    };
    let names: Vec<&str> = list.iter().filter_map(Node::as_str).collect();
    if (names.is_empty() && !managed) || names.contains(&stage) || stage == LOCAL {
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

/// Takes out what other stages say with variables: those are not resolved on this stage, so that nothing can be said
/// about their values.
pub(super) fn park_others(config: &mut Node, stage: &str) -> Vec<(&'static str, String, Value)> {
    let mut parked = Vec::new();
    for key in ["stages", "params"] {
        let Some(Value::Map(stages)) = config.at_keys_mut(&[key]).map(|node| &mut node.value) else { continue };
        for (name, entry) in stages.iter_mut().filter(|(name, _)| *name != stage && *name != "default") {
            if holds_variables(&entry.node) {
                parked.push((key, name.clone(), std::mem::replace(&mut entry.node.value, Value::Null)));
            }
        }
    }
    parked
}

/// Puts back what [`park_others`] took out.
pub(super) fn unpark(config: &mut Node, parked: Vec<(&'static str, String, Value)>) {
    for (key, name, value) in parked {
        if let Some(node) = config.at_keys_mut(&[key, &name]) {
            node.value = value;
        }
    }
}

/// Whether a value has variables in it.
pub(super) fn holds_variables(node: &Node) -> bool {
    match &node.value {
        Value::String(text) => grammar::may_hold_variables(text),
        Value::List(list) => list.iter().any(holds_variables),
        Value::Map(map) => map.values().any(|entry| holds_variables(&entry.node)),
        _ => false,
    }
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
