//! A whole manifest: rounds of resolution with the questions to AWS between them.

use super::explain::Explanation;
use super::remote::{Remote, Scope};
use super::resolver::{Resolver, Stop};
use super::sources;
use super::tree::{CellId, State};
use crate::manifest::document::{Node, Sources, Value};
use crate::manifest::problem::Place;
use crate::manifest::{Problem, Problems};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The stack of the thread that resolves: references may go through many values.
const STACK_BYTES: usize = 256 << 20;
/// Rounds of questions to AWS: each asks what the answers of the round before led to.
const MAX_ROUNDS: usize = 20;

/// What variables can see of the world.
pub struct World<'a> {
    /// The service directory, absolute.
    pub dir: PathBuf,
    /// Options of the command line, for `opt`.
    pub options: BTreeMap<String, serde_json::Value>,
    /// `--param`, for `param`.
    pub params: BTreeMap<String, String>,
    /// Environment variables, those of `.env` files included.
    pub env: BTreeMap<String, String>,
    /// Names this run, for `${sls:instanceId}`.
    pub instance_id: String,
    /// Whoever answers for AWS.
    pub remote: &'a dyn Remote,
    /// The path of a value whose origin is wanted.
    pub explain: Option<String>,
}

/// What the SDKs of AWS read of an environment.
pub fn aws_env(env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let own = env.iter().filter(|(name, _)| name.starts_with("AWS_"));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A value that could not be resolved because nobody could be asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// Where it stands.
    pub path: String,
    /// The text with its variables.
    pub text: String,
    /// What is missing.
    pub why: String,
}

/// A manifest with its variables resolved.
#[derive(Debug)]
pub struct Resolution {
    /// The values; what is unresolved keeps its text.
    pub config: Node,
    /// All files that were read.
    pub documents: Sources,
    /// What is wrong.
    pub problems: Problems,
    /// What is left.
    pub unresolved: Vec<Unresolved>,
    /// Values that must not be shown.
    pub secrets: Vec<String>,
    /// How the value came about that [`World::explain`] names.
    pub explanation: Vec<Explanation>,
}

/// Resolves the values at `paths`, or all where `paths` is empty.
pub fn resolve(world: &World<'_>, config: Node, documents: Sources, paths: &[&str]) -> Resolution {
    let fallback = documents.clone();
    on_a_large_stack(move || Resolver::new(world, config, documents).run(paths)).unwrap_or_else(|problem| Resolution {
        config: Node { value: Value::Null, span: None },
        documents: fallback,
        problems: Problems(vec![problem]),
        unresolved: Vec::new(),
        secrets: Vec::new(),
        explanation: Vec::new(),
    })
}

/// What a text with variables stands for. Variables inside that value stay, so that they are resolved later, in a
/// manifest that has changed meanwhile. `config` is what `self` refers to now.
///
/// # Errors
/// A variable is wrong, or nobody can be asked for it.
pub fn expand(
    world: &World<'_>,
    config: Node,
    node: &Node,
    documents: &mut Sources,
    secrets: &mut Vec<String>,
) -> Result<Node, Problems> {
    let known = documents.clone();
    let expansion = on_a_large_stack(move || Resolver::new(world, config, known).expand(node));
    let (result, (read, secret)) = expansion.map_err(|problem| Problems(vec![problem]))?;
    *documents = read;
    secrets.extend(secret);
    result
}

/// References may go through many values, and each takes its part of the stack.
fn on_a_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Problem> {
    std::thread::scope(|scope| {
        match std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work).map(|t| t.join()) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => Err(Problem::nowhere(format!("cannot start a thread to resolve variables: {error}"))),
        }
    })
}

impl Resolver<'_> {
    fn run(mut self, paths: &[&str]) -> Resolution {
        for _ in 0..MAX_ROUNDS {
            let _ = self.round(paths);
            if self.wanted.is_empty() {
                break;
            }
            self.ask();
        }
        let unresolved = self.unresolved();
        let explanation = self.world.explain.as_deref().map_or_else(Vec::new, |path| self.explain(path));
        Resolution {
            config: self.tree.export(self.root),
            documents: self.documents,
            problems: self.problems,
            unresolved,
            secrets: self.secrets,
            explanation,
        }
    }

    fn expand(mut self, node: &Node) -> (Result<Node, Problems>, (Sources, Vec<String>)) {
        for _ in 0..MAX_ROUNDS {
            let result = self.resolve_shallow(node);
            match result {
                Ok(node) => return (Ok(node), (self.documents, self.secrets)),
                Err(Stop::Waiting) if !self.wanted.is_empty() => self.ask(),
                Err(_) => break,
            }
        }
        if self.problems.0.is_empty() {
            let text = node.as_str().unwrap_or_default();
            let message = format!("`{text}` must be known before a stage's settings are applied: {}", self.why());
            self.problems.push(Problem::nowhere(message));
        }
        if let Some(span) = node.span {
            for problem in self.problems.0.iter_mut().filter(|problem| problem.place == Place::Nowhere) {
                problem.place = Place::Span(span);
            }
        }
        (Err(self.problems), (self.documents, self.secrets))
    }

    /// Resolves what can be resolved now. Obstacles are kept with the cells.
    fn round(&mut self, paths: &[&str]) -> Result<(), Stop> {
        if paths.is_empty() {
            let stage = sources::stage(self).unwrap_or_default();
            let root = self.root;
            return self.complete_but_other_stages(root, &stage);
        }
        for path in paths {
            let keys: Vec<&str> = path.split('.').collect();
            self.configuration(&keys)?.ok();
        }
        Ok(())
    }

    /// Everything but the params and settings of other stages, which may refer to what this stage has not
    /// (Framework v3 leaves `params.<other stage>` alone too).
    fn complete_but_other_stages(&mut self, root: CellId, stage: &str) -> Result<(), Stop> {
        self.settle(root)?;
        for id in self.tree.children(root) {
            let per_stage = matches!(self.tree.path(id).as_str(), "params" | "stages");
            if !per_stage {
                let _ = self.complete(id);
                continue;
            }
            if self.settle(id).is_ok() {
                for name in [stage, "default"] {
                    if let Some(child) = self.tree.child(id, name) {
                        let _ = self.complete(child);
                    }
                }
            }
        }
        Ok(())
    }

    /// Asks all open questions at once, and wakes the values that wait.
    fn ask(&mut self) {
        let lookups: Vec<_> = std::mem::take(&mut self.wanted).into_iter().collect();
        let scope = self.scope();
        let answers = self.world.remote.fetch(&scope, &lookups);
        self.answers.extend(lookups.into_iter().zip(answers));
        for (id, _) in std::mem::take(&mut self.waiting) {
            self.tree.get_mut(id).state = State::Fresh;
        }
    }

    /// Where the questions go. A stage's own settings count before they are laid over the provider, too.
    fn scope(&mut self) -> Scope {
        let stage = sources::stage(self).unwrap_or_default();
        let mut text = |path: &[&str]| match self.configuration(path) {
            Ok(Ok(Node { value: Value::String(text), .. })) if !text.is_empty() => Some(text),
            _ => None,
        };
        let mut of_stage = |key: &str| text(&["stages", &stage, key]).or_else(|| text(&["stages", "default", key]));
        let (region, profile, endpoint) = (of_stage("region"), of_stage("profile"), of_stage("endpoint"));
        let profile = profile.or_else(|| text(&["provider", "profile"]));
        let configured = region.or_else(|| text(&["provider", "region"]));
        let given = self.world.options.get("region").and_then(serde_json::Value::as_str).map(str::to_owned);
        let region = given.or(configured).unwrap_or_else(|| crate::manifest::DEFAULT_REGION.to_owned());
        let aws_env = aws_env(&self.world.env);
        Scope { region, profile, endpoint, stage, aws_env }
    }

    fn unresolved(&self) -> Vec<Unresolved> {
        let mut left: Vec<_> = self
            .waiting
            .iter()
            .map(|(id, why)| Unresolved {
                path: self.tree.path(*id),
                text: self.tree.export(*id).as_str().unwrap_or_default().to_owned(),
                why: why.clone(),
            })
            .collect();
        left.sort_by(|a, b| a.path.cmp(&b.path));
        left
    }

    /// Notes the texts of a value that must not be shown.
    pub(super) fn secret(&mut self, node: &Node) {
        match &node.value {
            Value::String(text) if !text.is_empty() => self.secrets.push(text.clone()),
            Value::List(list) => list.iter().for_each(|item| self.secret(item)),
            Value::Map(map) => map.values().for_each(|entry| self.secret(&entry.node)),
            _ => {}
        }
    }
}
