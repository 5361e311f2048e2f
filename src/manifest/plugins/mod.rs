//! Plugins of the Serverless Framework: what rlx does in their place. rlx runs no plugin; each one that a
//! manifest lists is spoken of, so that nothing is missing in silence.

pub mod domain_manager;
mod dotenv;
mod known;
pub mod scripts;
pub mod warmup;

pub use dotenv::{NAME as DOTENV, Surroundings, load as load_dotenv};
pub use known::{KNOWN, STAGE_MANAGER};

use super::document::{Node, Value};
use super::problem::{Place, Problem, Problems, Severity};
use super::service::Service;
use crate::deploy::after::sync;
use crate::template::pseudo_parameters;
use serde_json::Value as Json;

/// What becomes of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// rlx does what it does, from the same settings. The text says what.
    TakenOver(&'static str),
    /// Nothing is missing without it. The text says why.
    NotNeeded(&'static str),
    /// rlx does not do it. The text says what it would have done.
    Missing(&'static str),
}

/// A key that a plugin adds to the manifest.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Such as `prune`.
    pub name: &'static str,
    /// JSON Schema of its value. A key below `custom` that the schema does not have is a warning, since the
    /// plugin ignores it; a value that does not fit is an error.
    pub schema: fn() -> Json,
}

/// A plugin that rlx knows.
#[derive(Debug, Clone, Copy)]
pub struct Plugin {
    /// Its package name.
    pub name: &'static str,
    /// What becomes of it.
    pub role: Role,
    /// Keys that it adds to functions.
    pub function_keys: &'static [Key],
    /// Keys that it adds beside `functions`.
    pub top_level_keys: &'static [Key],
    /// Keys that it reads below `custom`.
    pub custom_keys: &'static [Key],
    /// Settings that rlx does not read although it stands in for the plugin: where each stands, and what the
    /// plugin would make of it.
    pub unread: &'static [(&'static str, &'static str)],
}

/// The plugin of a name; scoped forks such as `@me/serverless-offline` are not it.
pub fn known(name: &str) -> Option<&'static Plugin> {
    KNOWN.iter().find(|plugin| plugin.name == name)
}

/// What is said about the plugins of a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Plugins that rlx stands in for, a sentence each.
    pub notes: Vec<String>,
    /// The names of those whose work rlx does.
    pub taken_over: Vec<String>,
    /// The names of those that are not needed.
    pub not_needed: Vec<String>,
    /// Plugins whose work is not done.
    pub problems: Problems,
}

impl Verdict {
    /// One line that names every plugin that rlx stands in for.
    pub fn summary(&self) -> Option<String> {
        let part = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
        let parts = [part("rlx does the work of", &self.taken_over), part("not needed:", &self.not_needed)];
        let said = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
        (!said.is_empty()).then(|| format!("plugins: {said} (-v says how)"))
    }
}

/// The entries of `plugins`: a list, or `modules` of a mapping.
pub fn entries(config: &Node) -> Vec<&Node> {
    let plugins = config.get("plugins");
    let list = plugins.and_then(|p| p.as_list().or_else(|| p.get("modules")?.as_list()));
    list.into_iter().flatten().collect()
}

/// The names in `plugins`.
pub fn names(config: &Node) -> Vec<String> {
    entries(config).into_iter().filter_map(|node| node.as_str().map(str::to_owned)).collect()
}

/// Whether a manifest lists a plugin.
pub fn uses(plugins: &[String], name: &str) -> bool {
    plugins.iter().any(|plugin| plugin == name)
}

/// Whether some plugin of a manifest is one that rlx does not know.
pub fn has_foreign(config: &Node) -> bool {
    entries(config).iter().any(|entry| entry.as_str().is_some_and(|name| known(name).is_none()))
}

/// Speaks of every plugin of a manifest. Where `strict` is set, a plugin whose work is not done is an error.
pub fn check(config: &Node, strict: bool) -> Verdict {
    let mut verdict = Verdict::default();
    let severity = if strict { Severity::Error } else { Severity::Warning };
    for entry in entries(config) {
        let Some(name) = entry.as_str() else { continue };
        let (message, help) = match known(name).map(|plugin| plugin.role) {
            Some(Role::TakenOver(what)) => {
                verdict.notes.push(format!("{name}: rlx does this: {what}"));
                verdict.taken_over.push(name.to_owned());
                verdict.problems.extend(unread(config, name, severity));
                verdict.problems.extend(of_severity(further(config, name), severity));
                continue;
            }
            Some(Role::NotNeeded(why)) => {
                verdict.notes.push(format!("{name}: not needed: {why}"));
                verdict.not_needed.push(name.to_owned());
                verdict.problems.extend(unread(config, name, severity));
                continue;
            }
            Some(Role::Missing(what)) => (
                format!("the plugin `{name}` is not run; it would {what}"),
                "do this by other means before you rely on it, then remove the plugin from `plugins`",
            ),
            None => (
                format!("the plugin `{name}` is not run, and rlx does not know what it would do"),
                "rlx runs no plugins: see what it does for you, and remove it from `plugins`",
            ),
        };
        let place = entry.span.map_or_else(|| Place::Path("plugins".into()), Place::Span);
        verdict.problems.push(Problem { severity, message, place, help: Some(help.into()) });
    }
    verdict
}

/// Adds to a service what plugins add to its functions and resources before anything is made of them.
pub fn complete(service: &mut Service) -> Problems {
    warmup::complete(service)
}

/// The settings of a plugin that are given and not read.
fn unread(config: &Node, name: &str, severity: Severity) -> Problems {
    let settings = known(name).map_or(&[][..], |plugin| plugin.unread);
    let found = settings.iter().filter_map(|(path, what)| {
        let node = config.at(path).filter(|node| !matches!(node.value, Value::Null | Value::Bool(false)))?;
        let place = node.span.map_or_else(|| Place::Path((*path).to_owned()), Place::Span);
        let message = format!("`{path}` is not read: {name} would {what}");
        Some(Problem { severity, message, place, help: None })
    });
    Problems(found.collect())
}

/// What of a plugin's settings cannot be named by a path alone.
fn further(config: &Node, name: &str) -> Problems {
    match name {
        pseudo_parameters::PLUGIN => {
            let path = "custom.pseudoParameters.skipRegionReplace";
            let asked = config.at(path).filter(|node| node.value == Value::Bool(false));
            let what = "put the stack's region in the place of every region's name";
            Problems(
                asked
                    .map(|_| Problem::at(path, format!("`{path}` is not read: {name} would {what}")))
                    .into_iter()
                    .collect(),
            )
        }
        scripts::SCRIPTS | scripts::SCRIPTABLE => scripts::unread(config, name),
        sync::NAME | domain_manager::NAME => {
            let custom = config.get("custom").map(Node::to_json).unwrap_or_default();
            let found = if name == sync::NAME { sync::unread(&custom) } else { domain_manager::unread(&custom) };
            let found = found.into_iter();
            let problem =
                |(path, what): (String, &str)| Problem::at(&path, format!("`{path}` is not read: {name} would {what}"));
            Problems(found.map(problem).collect())
        }
        _ => Problems::default(),
    }
}

fn of_severity(problems: Problems, severity: Severity) -> Problems {
    Problems(problems.0.into_iter().map(|problem| Problem { severity, ..problem }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn verdict(plugins: serde_json::Value, strict: bool) -> Verdict {
        check(&Node::from_json(json!({ "plugins": plugins }), None), strict)
    }

    #[test]
    fn every_listed_plugin_is_spoken_of() {
        let verdict = verdict(json!(["serverless-offline", "serverless-esbuild", "serverless-finch", "./own"]), false);
        assert_eq!(verdict.notes.len(), 2);
        assert_eq!(
            verdict.summary().as_deref(),
            Some("plugins: rlx does the work of serverless-esbuild; not needed: serverless-offline (-v says how)")
        );
        assert_eq!(
            verdict.problems.iter().map(|p| p.message.as_str()).collect::<Vec<_>>(),
            [
                "the plugin `serverless-finch` is not run; it would publish a website from a bucket, from `custom.client`",
                "the plugin `./own` is not run, and rlx does not know what it would do",
            ]
        );
        assert!(!verdict.problems.has_errors());
    }

    #[test]
    fn what_a_plugin_is_said_to_read_has_a_schema() {
        for plugin in KNOWN {
            let Role::TakenOver(what) = plugin.role else { continue };
            for key in what.split("`custom.").skip(1).filter_map(|rest| rest.split('`').next()) {
                assert!(plugin.custom_keys.iter().any(|known| known.name == key), "{}: {key}", plugin.name);
            }
        }
    }

    #[test]
    fn what_a_needless_plugin_did_beside_is_spoken_of() {
        let config =
            json!({ "plugins": ["serverless-dynamodb-local"], "custom": { "dynamodb": { "seed": { "a": 1 } } } });
        let told = check(&Node::from_json(config, None), false).problems;
        let expected =
            "`custom.dynamodb.seed` is not read: serverless-dynamodb-local would put these items into its tables";
        assert_eq!(told.0.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn a_region_that_is_not_replaced_is_spoken_of() {
        let config = |skip: bool| {
            let plugins = json!([pseudo_parameters::PLUGIN]);
            json!({ "plugins": plugins, "custom": { "pseudoParameters": { "skipRegionReplace": skip } } })
        };
        let told = |skip| check(&Node::from_json(config(skip), None), false).problems.0.len();
        assert_eq!((told(true), told(false)), (0, 1));
    }

    #[test]
    fn strict_makes_missing_work_an_error() {
        assert!(verdict(json!({ "modules": ["theirs"], "localPath": "x" }), true).problems.has_errors());
        assert!(!verdict(json!(["serverless-offline"]), true).problems.has_errors());
    }
}
