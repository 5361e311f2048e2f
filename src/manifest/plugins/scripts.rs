//! serverless-plugin-scripts and serverless-scriptable-plugin: commands that run at moments of a command's work,
//! and commands of their own (READMEs of versions 1 and 1.3).

use crate::manifest::document::{Node, Value};
use crate::manifest::schema::build::*;
use crate::manifest::{Problem, Problems, Service};
use serde_json::Value as Json;

/// Its package name.
pub const SCRIPTS: &str = "serverless-plugin-scripts";
/// Its package name.
pub const SCRIPTABLE: &str = "serverless-scriptable-plugin";

/// A moment at which rlx runs commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing is built yet.
    BeforePackage,
    /// The archives and the template are there.
    AfterPackage,
    /// Nothing of the stack has changed yet.
    BeforeDeploy,
    /// The stack is what it should be.
    AfterDeploy,
    /// The stack is still whole.
    BeforeRemove,
    /// The stack is gone.
    AfterRemove,
}

/// The framework's lifecycle events, in its order, and rlx's moments.
const EVENTS: [(&str, Moment); 20] = [
    ("package:cleanup", Moment::BeforePackage),
    ("package:initialize", Moment::BeforePackage),
    ("package:setupProviderConfiguration", Moment::BeforePackage),
    ("before:package:createDeploymentArtifacts", Moment::BeforePackage),
    ("package:createDeploymentArtifacts", Moment::BeforePackage),
    ("deploy:cleanup", Moment::BeforePackage),
    ("deploy:initialize", Moment::BeforePackage),
    ("deploy:createDeploymentArtifacts", Moment::BeforePackage),
    ("after:package:createDeploymentArtifacts", Moment::AfterPackage),
    ("after:deploy:createDeploymentArtifacts", Moment::AfterPackage),
    ("package:compileLayers", Moment::AfterPackage),
    ("package:compileFunctions", Moment::AfterPackage),
    ("package:compileEvents", Moment::AfterPackage),
    ("package:finalize", Moment::AfterPackage),
    ("before:deploy:deploy", Moment::BeforeDeploy),
    ("after:deploy:deploy", Moment::AfterDeploy),
    ("deploy:finalize", Moment::AfterDeploy),
    ("deploy:deploy", Moment::AfterDeploy),
    ("before:remove:remove", Moment::BeforeRemove),
    ("remove:remove", Moment::AfterRemove),
];

/// The schema of `custom.scripts`.
pub fn scripts_schema() -> Json {
    object([
        ("hooks", doc(map(text()), "Commands by lifecycle event.")),
        ("commands", doc(map(text()), "Commands that `rlx run NAME` runs.")),
    ])
}

/// The schema of `custom.scriptable`.
pub fn scriptable_schema() -> Json {
    let commands = || map(any_of([text(), list(text())]));
    object([
        ("hooks", doc(commands(), "Commands by lifecycle event.")),
        ("commands", doc(commands(), "Commands that `rlx run NAME` runs.")),
        ("showCommands", doc(boolean(), "Of no effect.")),
        ("showStdoutOutput", doc(boolean(), "Of no effect: output goes to stderr.")),
        ("showStderrOutput", doc(boolean(), "Of no effect: output goes to stderr.")),
    ])
}

/// The moment of a lifecycle event: an event between `before:` and `after:` of one that is known counts as that one.
fn moment(event: &str) -> Option<Moment> {
    let of = |name: &str| EVENTS.iter().find(|(known, _)| *known == name).map(|(_, moment)| *moment);
    of(event).or_else(|| of(event.strip_prefix("before:").or_else(|| event.strip_prefix("after:"))?))
}

/// A command, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The lifecycle event, or the command's name.
    pub name: String,
    /// What a shell runs.
    pub command: String,
}

/// The commands of a moment, in the order of the manifest.
pub fn hooks(service: &Service, at: Moment) -> Vec<Script> {
    scripts(service, "hooks").into_iter().filter(|script| moment(&script.name) == Some(at)).collect()
}

/// The commands of the service's own.
pub fn commands(service: &Service) -> Vec<Script> {
    scripts(service, "commands")
}

fn scripts(service: &Service, part: &str) -> Vec<Script> {
    let of = |plugin: &str, key: &str| -> Vec<Script> {
        if !super::uses(&service.plugins, plugin) {
            return Vec::new();
        }
        let all = service.custom.get(key).and_then(|key| key.get(part)).and_then(Json::as_object);
        all.into_iter().flatten().flat_map(|(name, value)| of_value(name, value)).collect()
    };
    of(SCRIPTS, "scripts").into_iter().chain(of(SCRIPTABLE, "scriptable")).collect()
}

fn of_value(name: &str, value: &Json) -> Vec<Script> {
    let texts: Vec<&str> = match value {
        Json::String(one) => vec![one],
        Json::Array(list) => list.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    let script = |command: &str| Script { name: name.to_owned(), command: command.to_owned() };
    texts.into_iter().filter(|text| !is_javascript(text)).map(script).collect()
}

/// A file that serverless-scriptable-plugin runs inside of the framework.
fn is_javascript(command: &str) -> bool {
    command.ends_with(".js") && !command.contains(char::is_whitespace)
}

/// Hooks that do not run: events without a counterpart, and JavaScript of the framework's own.
pub(super) fn unread(config: &Node, plugin: &str) -> Problems {
    let key = if plugin == SCRIPTS { "scripts" } else { "scriptable" };
    let mut problems = Problems::default();
    let Some(Value::Map(hooks)) = config.at(&format!("custom.{key}.hooks")).map(|node| &node.value) else {
        return problems;
    };
    for (event, entry) in hooks {
        let path = format!("custom.{key}.hooks");
        let place = |message: String| match entry.key_span {
            Some(span) => Problem::span(span, message),
            None => Problem::at(path.clone(), message),
        };
        if moment(event).is_none() {
            let message = format!("`{event}` has no counterpart in rlx: this command is not run");
            problems.push(place(message).help(
                "there are the events of package, deploy and remove, such as `before:package:initialize`, \
                 `before:deploy:deploy` and `after:deploy:deploy`",
            ));
        } else if of_value(event, &entry.node.to_json()).is_empty() && entry.node.value != Value::Null {
            let message = format!("the script of `{event}` is run inside of the framework, and not by rlx");
            problems.push(place(message).help("run it as a command: `node script.js`"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::service;

    const MANIFEST: &str = "service: quay\nprovider: { name: aws }\nplugins: [serverless-plugin-scripts]\ncustom:\n  \
        scripts:\n    commands: { hello: echo hello }\n    hooks:\n      'before:package:initialize': make\n      \
        'after:deploy:deploy': ./tell\n      'before:offline:start': never\n";

    #[test]
    fn hooks_run_at_the_moment_of_their_event() {
        let service = service(MANIFEST);
        let commands = |at| hooks(&service, at).into_iter().map(|script| script.command).collect::<Vec<_>>();
        assert_eq!(commands(Moment::BeforePackage), ["make"]);
        assert_eq!(commands(Moment::AfterDeploy), ["./tell"]);
        assert!(commands(Moment::BeforeDeploy).is_empty());
        assert_eq!(super::commands(&service)[0].command, "echo hello");
    }

    #[test]
    fn an_event_without_a_counterpart_is_named() {
        let problems = unread(&service(MANIFEST).config, SCRIPTS);
        assert_eq!(problems.0.len(), 1);
        assert!(problems.0[0].message.starts_with("`before:offline:start` has no counterpart"));
    }
}
