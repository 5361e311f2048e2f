//! serverless-dotenv-plugin: variables of `.env` files become environment variables of all functions, from
//! `custom.dotenv` (README of its version 6).
//!
//! As with the plugin, they are not there for `${env:NAME}`: variables are resolved before.

use crate::manifest::document::{Entry, Node, Value};
use crate::manifest::schema::build::*;
use crate::manifest::{Problem, Problems, dotenv, read};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

/// Its package name.
pub const NAME: &str = "serverless-dotenv-plugin";
/// What stands for the stage where none is given on the command line.
const DEFAULT: &str = "development";

/// What the files depend on beside the manifest.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The service directory.
    pub dir: &'a Path,
    /// The stage where it was given on the command line.
    pub stage: Option<&'a str>,
    /// The process environment; its values win over those of the files.
    pub env: &'a BTreeMap<String, String>,
}

/// The schema of `custom.dotenv`.
pub fn schema() -> Json {
    object([
        ("path", doc(any_of([text(), list(text())]), "The files, instead of those found by stage.")),
        ("basePath", doc(text(), "What stands before the names of the files found by stage.")),
        ("include", doc(any_of([constant("*"), list(text())]), "Variables that functions get [default: all].")),
        ("exclude", doc(list(text()), "Variables that functions do not get; not with `include`.")),
        (
            "required",
            doc(
                object([("env", list(text())), ("file", boolean())]),
                "What must be there: variables, some file at all.",
            ),
        ),
        ("variableExpansion", doc(boolean(), "Replace `$NAME` in values [default: true].")),
        ("dotenvParser", doc(text(), "Not read: it is JavaScript of the plugin's own.")),
        ("logging", doc(boolean(), "Of no effect.")),
        ("v4BreakingChanges", doc(boolean(), "Of no effect.")),
    ])
}

/// Puts the variables into `provider.environment` of a resolved manifest, over what stands there.
pub fn load(config: &mut Node, around: Surroundings<'_>) -> Problems {
    let mut problems = Problems::default();
    let none = Node::new(Value::Null);
    let settings = config.at("custom.dotenv").cloned().unwrap_or(none);
    let mut env = around.env.clone();
    let expand = !matches!(settings.get("variableExpansion"), Some(Node { value: Value::Bool(false), .. }));
    let mut found: Vec<(String, String)> = Vec::new();
    let mut files = 0;
    for (name, named) in names(&settings, around) {
        match read::bytes(&around.dir.join(&name)) {
            Ok(bytes) => {
                files += 1;
                found.extend(dotenv::read_into(&String::from_utf8_lossy(&bytes), &mut env, expand));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => {}
            Err(error) => problems.push(
                Problem::at("custom.dotenv.path", format!("cannot read `{name}`: {error}"))
                    .help("its variables are left out")
                    .warning(),
            ),
        }
    }
    if files == 0 && matches!(settings.at("required.file"), Some(Node { value: Value::Bool(true), .. })) {
        problems.push(
            Problem::at("custom.dotenv.required.file", "there is no `.env` file")
                .help("add `.env` beside the manifest, or name a file in `custom.dotenv.path`"),
        );
    }
    let has = |name: &str| env.get(name).is_some_and(|value| !value.is_empty());
    for (index, name) in texts(settings.at("required.env")).iter().enumerate().filter(|(_, name)| !has(name)) {
        let path = format!("custom.dotenv.required.env[{index}]");
        problems.push(
            Problem::at(path, format!("the environment variable `{name}` is required, and not set"))
                .help("set it in a `.env` file or in the environment"),
        );
    }
    found.retain(|(name, _)| is_wanted(&settings, name));
    insert(config, found);
    problems
}

/// The files, the first of which wins, and whether the manifest names them.
fn names(settings: &Node, around: Surroundings<'_>) -> Vec<(String, bool)> {
    let given = texts(settings.get("path"));
    if !given.is_empty() {
        return given.into_iter().map(|name| (name, true)).collect();
    }
    let set = around.env.get("NODE_ENV").map(String::as_str).or(around.stage).filter(|name| !name.is_empty());
    let stage = set.unwrap_or(DEFAULT);
    let base = settings.get("basePath").and_then(Node::as_str).unwrap_or_default();
    let mut names = vec![format!(".env.{stage}.local"), format!(".env.{stage}")];
    // Tests give the same results for everyone.
    if stage != "test" {
        names.push(".env.local".to_owned());
    }
    names.push(".env".to_owned());
    names.into_iter().map(|name| (format!("{base}{name}"), false)).collect()
}

fn is_wanted(settings: &Node, name: &str) -> bool {
    match settings.get("include") {
        None | Some(Node { value: Value::Null, .. }) => {
            !texts(settings.get("exclude")).iter().any(|excluded| excluded == name)
        }
        Some(node) if node.as_str() == Some("*") => {
            !texts(settings.get("exclude")).iter().any(|excluded| excluded == name)
        }
        included => texts(included).iter().any(|included| included == name),
    }
}

fn insert(config: &mut Node, variables: Vec<(String, String)>) {
    let Value::Map(root) = &mut config.value else { return };
    let Some(Value::Map(provider)) = root.get_mut("provider").map(|entry| &mut entry.node.value) else { return };
    let empty = || Entry { key_span: None, node: Node::new(Value::Map(Default::default())) };
    if variables.is_empty() {
        return;
    }
    let environment = &mut provider.entry("environment".to_owned()).or_insert_with(empty).node;
    if environment.value == Value::Null {
        environment.value = Value::Map(Default::default());
    }
    let Value::Map(environment) = &mut environment.value else { return };
    for (name, value) in variables {
        environment.insert(name, Entry { key_span: None, node: Node::new(Value::String(value)) });
    }
}

/// A text or a list of texts.
fn texts(node: Option<&Node>) -> Vec<String> {
    match node.map(|node| &node.value) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::List(list)) => list.iter().filter_map(Node::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The environment that functions get, and what is wrong.
    fn loaded(files: &[(&str, &str)], stage: Option<&str>, dotenv: Json, env: &[(&str, &str)]) -> (Json, Problems) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let manifest = json!({ "provider": { "environment": { "A": "own" } }, "custom": { "dotenv": dotenv } });
        let mut config = Node::from_json(manifest, None);
        let problems = load(&mut config, Surroundings { dir: dir.path(), stage, env: &env });
        (config.at("provider.environment").unwrap().to_json(), problems)
    }

    #[test]
    fn the_most_special_file_wins_and_the_environment_over_all() {
        let files = [
            (".env", "A=1\nB=1\nC=1\nD=${B}/x\nE=1"),
            (".env.local", "B=2\nC=2"),
            (".env.prod", "C=3"),
            (".env.prod.local", "F=4"),
        ];
        let (environment, problems) = loaded(&files, Some("prod"), Json::Null, &[("E", "outer")]);
        assert_eq!(environment, json!({ "A": "1", "F": "4", "C": "3", "B": "2", "D": "2/x", "E": "outer" }));
        assert_eq!(problems, Problems::default());
    }

    #[test]
    fn without_a_stage_on_the_command_line_it_is_development_and_node_env_wins() {
        let files =
            [(".env.development", "B=dev"), (".env.prod", "B=prod"), (".env.test", "B=test"), (".env.local", "C=1")];
        assert_eq!(loaded(&files, None, Json::Null, &[]).0["B"], "dev");
        assert_eq!(loaded(&files, Some("prod"), Json::Null, &[]).0["B"], "prod");
        let (environment, _) = loaded(&files, Some("prod"), Json::Null, &[("NODE_ENV", "test")]);
        assert_eq!(environment, json!({ "A": "own", "B": "test" }));
    }

    #[test]
    fn files_can_be_named_and_variables_chosen() {
        let files = [("one.env", "B=1\nC=$B"), ("two.env", "B=2\nD=2")];
        let settings = json!({ "path": ["one.env", "two.env"], "exclude": ["D"], "variableExpansion": false });
        assert_eq!(loaded(&files, None, settings, &[]).0, json!({ "A": "own", "B": "2", "C": "$B" }));
        let settings = json!({ "path": "one.env", "include": ["C"] });
        assert_eq!(loaded(&files, None, settings, &[]).0, json!({ "A": "own", "C": "1" }));
        let (environment, _) = loaded(&[("x.env", "B=1")], None, json!({ "basePath": "x" }), &[]);
        assert_eq!(environment, json!({ "A": "own", "B": "1" }));
    }

    #[test]
    fn what_is_required_and_missing_is_an_error() {
        let settings = json!({ "required": { "file": true, "env": ["B", "C"] } });
        let messages = |(_, problems): (Json, Problems)| {
            assert!(problems.has_errors());
            problems.iter().map(|p| p.message.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            messages(loaded(&[], None, settings.clone(), &[("C", "1")])),
            ["there is no `.env` file", "the environment variable `B` is required, and not set"]
        );
        assert_eq!(
            messages(loaded(&[(".env", "B=1")], None, settings, &[])),
            ["the environment variable `C` is required, and not set"]
        );
        let (_, problems) = loaded(&[], None, json!({ "path": "gone.env" }), &[]);
        assert!(!problems.has_errors());
        assert!(problems.0[0].message.starts_with("cannot read `gone.env`"));
    }
}
