//! `stages:` and `rlx.<stage>.yml` laid over a manifest that is not resolved yet.

use super::document::{Entry, Map, Node, Origin, ReadError, SourceId, Sources, Span, Value};
use super::problem::{Place, Problem, Problems, Severity};
use super::stage::holds_variables;
use super::variables::{self, World, grammar};
use super::{dotenv, merge, read};
use std::path::Path;

/// The parts of a manifest that a stage may override.
const OVERRIDABLE: &[&str] = &["provider", "functions", "resources", "custom"];

/// Lays what `default`, the stage and its file say over the manifest. Returns the environment variables that the stage
/// sets. `secrets` gains what must not be shown.
pub(super) fn apply(
    config: &mut Node,
    stage: &str,
    world: &World<'_>,
    sources: &mut Sources,
    secrets: &mut Vec<String>,
) -> Result<Vec<(String, String)>, Problems> {
    let file = beside(stage, &world.dir, sources)?;
    if file.is_none() && config.get("stages").is_none() {
        return Ok(Vec::new());
    }
    let before = config.clone();
    let mut layers = Layers { before: &before, world, sources, secrets };
    let settings = layers.settings(config, stage, file)?;
    let variables = layers.environment(config, stage)?;
    if let Some(mut overrides) = settings.overrides {
        layers.open(&mut overrides)?;
        layers.override_config(config, overrides)?;
    }
    for (key, node) in settings.of_provider {
        layers.lay(config, mapping("provider", mapping(key, node)))?;
    }
    Ok(variables)
}

/// What a stage says beside what stays in `stages.<stage>`.
struct Settings {
    overrides: Option<Node>,
    of_provider: Vec<(&'static str, Node)>,
}

struct Layers<'a> {
    /// The manifest as it is written: what `self` refers to in a text that must be known now.
    before: &'a Node,
    world: &'a World<'a>,
    sources: &'a mut Sources,
    secrets: &'a mut Vec<String>,
}

impl Layers<'_> {
    /// Puts all that concerns the stage into `stages.<stage>`, and takes the overrides out of it.
    fn settings(&mut self, config: &mut Node, stage: &str, file: Option<Node>) -> Result<Settings, Problems> {
        let mut settings = Node { value: Value::Map(Map::new()), span: None };
        // Params are inherited one by one where they are looked up.
        let mut params = None;
        if let Some(stages) = config.at_keys_mut(&["stages"]) {
            self.open(stages)?;
        }
        for name in ["default", stage] {
            let Some(node) = config.at_keys_mut(&["stages", name]) else { continue };
            self.open(node)?;
            let mut node = node.clone();
            let own = take(&mut node, "params");
            if name == stage {
                params = own;
            }
            if node.as_map().is_some() {
                self.lay(&mut settings, node)?;
            }
        }
        if let Some(mut node) = file {
            match (take(&mut node, "params"), &mut params) {
                (Some(over), Some(params)) => self.lay(params, over)?,
                (Some(over), None) => params = Some(over),
                (None, _) => {}
            }
            self.lay(&mut settings, node)?;
        }
        let overrides = take(&mut settings, "overrides").filter(|node| node.value != Value::Null);
        let of_provider = ["region", "profile"]
            .into_iter()
            .filter_map(|key| Some((key, settings.get(key).filter(|node| node.value != Value::Null)?.clone())))
            .collect();
        if let (Some(params), Value::Map(map)) = (params, &mut settings.value) {
            map.insert("params".to_owned(), Entry { key_span: None, node: params });
        }
        merge::overlay(config, mapping("stages", mapping(stage, settings)));
        if let Some(node) = config.at_keys_mut(&["stages", stage]) {
            take(node, "overrides");
        }
        Ok(Settings { overrides, of_provider })
    }

    fn override_config(&mut self, config: &mut Node, overrides: Node) -> Result<(), Problems> {
        let Value::Map(overrides) = overrides.value else {
            let message = "`overrides` must be a mapping";
            return Err(one(overrides.span.map_or(Problem::nowhere(message), |span| Problem::span(span, message))));
        };
        let mut problems = Problems::default();
        for (key, Entry { key_span, mut node }) in overrides {
            if !OVERRIDABLE.contains(&key.as_str()) {
                // The schema does not see this part any more.
                problems.push(Problem {
                    severity: Severity::Error,
                    message: format!("`overrides` may hold {}, not `{key}`", OVERRIDABLE.join(", ")),
                    place: key_span.map_or(Place::Nowhere, Place::Span),
                    help: None,
                });
                continue;
            }
            if node.value == Value::Null {
                continue;
            }
            let Value::Map(map) = &mut config.value else { continue };
            let below = map
                .entry(key.clone())
                .or_insert_with(|| Entry { key_span, node: Node { value: Value::Map(Map::new()), span: node.span } });
            if matches!(key.as_str(), "functions" | "resources") {
                for part in [&mut below.node, &mut node] {
                    self.open_documents(part)?;
                    problems.extend(merge::join_documents(&key, part));
                }
            }
            self.lay(&mut below.node, node)?;
        }
        if problems.0.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// A list of documents with each of them known.
    fn open_documents(&mut self, node: &mut Node) -> Result<(), Problems> {
        self.open(node)?;
        if let Value::List(list) = &mut node.value {
            for item in list {
                self.open(item)?;
            }
        }
        Ok(())
    }

    /// Lays `over` on `base`: mappings merge key by key, anything else is replaced. A variable that stands for a
    /// mapping is a mapping.
    fn lay(&mut self, base: &mut Node, mut over: Node) -> Result<(), Problems> {
        if is_variable(&over) && (base.as_map().is_some() || is_variable(base)) {
            // Where it has no value, this is told when all variables are resolved.
            let _ = self.open(&mut over);
        }
        let Value::Map(entries) = over.value else {
            *base = over;
            return Ok(());
        };
        self.open(base)?;
        let Value::Map(below) = &mut base.value else {
            *base = Node { value: Value::Map(entries), span: over.span };
            return Ok(());
        };
        for (key, entry) in entries {
            match below.get_mut(&key) {
                Some(old) => self.lay(&mut old.node, entry.node)?,
                None => {
                    below.insert(key, entry);
                }
            }
        }
        Ok(())
    }

    /// Replaces a text with variables by what it stands for.
    fn open(&mut self, node: &mut Node) -> Result<(), Problems> {
        if is_variable(node) {
            let written = std::mem::replace(node, Node::new(Value::Null));
            *node = match variables::expand(self.world, self.before.clone(), &written, self.sources, self.secrets) {
                Ok(expanded) => expanded,
                Err(problems) => {
                    *node = written;
                    return Err(problems);
                }
            };
            if self.world.explain.is_some()
                && let (Some(text), Some(span)) = (written.as_str(), node.span)
            {
                let origin = Origin { text: text.to_owned(), place: written.span };
                let derived = self.sources.derive(span.source, origin);
                move_to(node, span.source, derived);
            }
        }
        Ok(())
    }

    /// `env`: files of variables, or the variables themselves.
    fn environment(&mut self, config: &Node, stage: &str) -> Result<Vec<(String, String)>, Problems> {
        let path = ["stages", stage, "env"];
        let Some(mut env) = config.at_keys(&path).cloned() else { return Ok(Vec::new()) };
        if holds_variables(&env) {
            let (config, sources) = (config.clone(), self.sources.clone());
            let resolution = variables::resolve(self.world, config, sources, &[&path.join(".")]);
            *self.sources = resolution.documents;
            self.secrets.extend(resolution.secrets);
            if resolution.problems.has_errors() {
                return Err(resolution.problems);
            }
            if let Some(left) = resolution.unresolved.first() {
                return Err(one(Problem::at(&left.path, format!("`{}` has no value: {}", left.text, left.why))));
            }
            let resolved = resolution.config.at_keys(&path).cloned();
            env = resolved.unwrap_or(env);
        }
        let mut variables = Vec::new();
        match &env.value {
            Value::List(files) => {
                for file in files {
                    let Some(name) = file.as_str() else { continue };
                    let found = dotenv::file(&self.world.dir.join(name), name, &Default::default())
                        .map_err(|message| one(Problem::nowhere(message)))?;
                    let Some(found) = found else {
                        let message = format!("there is no file {name}");
                        return Err(one(file.span.map_or(Problem::nowhere(&message), |s| Problem::span(s, &message))));
                    };
                    variables.extend(found);
                }
            }
            Value::Map(map) => {
                for (name, entry) in map {
                    let json = entry.node.to_json();
                    variables.push((name.clone(), json.as_str().map_or_else(|| json.to_string(), str::to_owned)));
                }
            }
            _ => {}
        }
        Ok(variables)
    }
}

/// `rlx.<stage>.yml`: a value of `stages`; what stands beside its own keys counts as overrides.
fn beside(stage: &str, dir: &Path, sources: &mut Sources) -> Result<Option<Node>, ReadError> {
    let names = [format!("rlx.{stage}.yml"), format!("rlx.{stage}.yaml")];
    let Some(name) = names.iter().find(|name| dir.join(name).exists()) else { return Ok(None) };
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

/// Lets values of one file count as values of the other.
fn move_to(node: &mut Node, from: SourceId, to: SourceId) {
    let moved = |span: &mut Option<Span>| {
        if let Some(span) = span.as_mut().filter(|span| span.source == from) {
            span.source = to;
        }
    };
    moved(&mut node.span);
    match &mut node.value {
        Value::List(list) => list.iter_mut().for_each(|item| move_to(item, from, to)),
        Value::Map(map) => {
            for entry in map.values_mut() {
                moved(&mut entry.key_span);
                move_to(&mut entry.node, from, to);
            }
        }
        _ => {}
    }
}

fn one(problem: Problem) -> Problems {
    Problems(vec![problem])
}

fn is_variable(node: &Node) -> bool {
    node.as_str().is_some_and(grammar::may_hold_variables)
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
