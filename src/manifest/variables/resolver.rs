//! One value at a time: parse, look up, put in place.

use super::remote::{Found, Lookup, RemoteError};
use super::resolve::World;
use super::sources::FileCache;
use super::tree::{Ancestry, CellId, Content, State, Tree};
use crate::manifest::document::{MAX_WEIGHT, Node, Sources, Span, Value, text};
use crate::manifest::{Problem, Problems};
use indexmap::IndexSet;
use std::collections::HashMap;

/// Values that come out of variables and hold variables again (Framework v3 stops there too).
pub(super) const MAX_DEPTH: u8 = 10;
/// References through references.
const MAX_CHAIN: usize = 1_000;
/// Params and addresses whose variables are being resolved, each for the one before.
const MAX_NESTING: usize = 2_000;
/// Functions in files that ask for the values of functions in files.
const MAX_SCRIPTS: usize = 20;

/// Why a value has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A problem, which is reported.
    Failed,
    /// A remote source that was not asked yet, or cannot be.
    Waiting,
}

/// What a source says.
pub(super) enum Answer {
    /// The value.
    Found(Node),
    /// There is none, and why; the next source is tried.
    Missing { why: String, help: Option<String> },
}

impl Answer {
    pub fn missing(why: impl Into<String>) -> Self {
        Self::Missing { why: why.into(), help: None }
    }
}

/// Why a source says nothing.
pub(super) enum Halt {
    Stop(Stop),
    /// The variable is wrong.
    Wrong {
        message: String,
        help: Option<String>,
    },
}

impl Halt {
    pub fn wrong(message: impl Into<String>) -> Self {
        Self::Wrong { message: message.into(), help: None }
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// A file lookup that values came out of.
pub(super) struct Inclusion {
    pub what: String,
    pub outer: Option<usize>,
}

/// One step of how a value came about, for `--explain`.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The source, such as `self:custom.a`.
    pub expression: String,
    pub outcome: Outcome,
}

#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// It had no value: why.
    Missing(String),
    /// Another value of the manifest.
    Reference(String),
    /// Something else, which may stand in a file.
    Value(Option<Span>),
}

pub(super) struct Resolver<'a> {
    pub world: &'a World<'a>,
    pub tree: Tree,
    pub root: CellId,
    pub files: FileCache,
    pub documents: Sources,
    pub problems: Problems,
    pub secrets: Vec<String>,
    pub steps: HashMap<CellId, Vec<Step>>,
    /// The texts that values came out of, and where these stood.
    pub origins: HashMap<CellId, (String, Option<Span>)>,
    /// Why a cell waits.
    pub waiting: HashMap<CellId, String>,
    /// Questions that were not asked yet.
    pub wanted: IndexSet<Lookup>,
    pub answers: HashMap<Lookup, Result<Option<Found>, RemoteError>>,
    pub inclusions: Vec<Inclusion>,
    /// The values that are being resolved, each for the one before.
    stack: Vec<CellId>,
    pub waits_for: String,
    pub weight: usize,
    chain_cut: bool,
    nesting: usize,
    /// The files that are being evaluated, each for the one before.
    scripts: Vec<String>,
    /// Problems of a question that whoever asks it may live without.
    aside: Option<Aside>,
}

/// Problems that are not reported yet.
struct Aside {
    /// How many values were being resolved when the question was asked. What is wrong with further ones is reported.
    depth: usize,
    problems: Problems,
}

impl<'a> Resolver<'a> {
    pub fn new(world: &'a World<'a>, config: Node, documents: Sources) -> Self {
        let mut tree = Tree::default();
        let root = tree.import(config, None, Ancestry::default());
        let weight = tree.len();
        Self {
            world,
            tree,
            root,
            files: FileCache::default(),
            documents,
            problems: Problems::default(),
            secrets: Vec::new(),
            steps: HashMap::new(),
            origins: HashMap::new(),
            waiting: HashMap::new(),
            wanted: IndexSet::new(),
            answers: HashMap::new(),
            inclusions: Vec::new(),
            stack: Vec::new(),
            waits_for: String::new(),
            weight,
            chain_cut: false,
            nesting: 0,
            scripts: Vec::new(),
            aside: None,
        }
    }

    /// Resolves a value and everything below it. The first obstacle is returned; the rest is tried all the same.
    pub fn complete(&mut self, id: CellId) -> Result<(), Stop> {
        self.settle(id)?;
        if self.tree.get(id).complete {
            return Ok(());
        }
        let mut result = Ok(());
        for child in self.tree.children(id) {
            if let Err(stop) = self.complete(child) {
                result = result.and(Err(stop));
            }
        }
        self.tree.get_mut(id).complete = result.is_ok();
        result
    }

    /// Resolves a value itself, not what is below it.
    pub fn settle(&mut self, id: CellId) -> Result<(), Stop> {
        match self.tree.get(id).state {
            State::Ready => return Ok(()),
            State::Failed => return Err(Stop::Failed),
            State::Waiting => {
                self.waits_for = self.waiting.get(&id).cloned().unwrap_or_default();
                return Err(Stop::Waiting);
            }
            State::Running => return Err(self.circle(id)),
            State::Fresh => {}
        }
        if self.stack.len() >= MAX_CHAIN {
            // Where a chain is cut, so are all the others through it: one is enough to tell.
            if std::mem::replace(&mut self.chain_cut, true) {
                return Err(Stop::Failed);
            }
            self.aside = None;
            return Err(self.fail(format!("references go through more than {MAX_CHAIN} other values"), None));
        }
        self.tree.get_mut(id).state = State::Running;
        self.stack.push(id);
        let result = self.evaluate(id);
        self.stack.pop();
        match result {
            Ok(()) => {}
            Err(Stop::Failed) => self.tree.get_mut(id).state = State::Failed,
            Err(Stop::Waiting) => {
                self.tree.get_mut(id).state = State::Waiting;
                self.waiting.insert(id, self.waits_for.clone());
            }
        }
        result
    }

    fn evaluate(&mut self, id: CellId) -> Result<(), Stop> {
        let cell = self.tree.get(id);
        let Node { value: Value::String(text), span } = self.tree.export(id) else { return Ok(()) };
        let depth = cell.depth + 1;
        let outer = cell.inclusion;
        if self.world.explain.is_some() {
            self.steps.remove(&id);
            self.origins.insert(id, (text.clone(), span));
        }
        if depth > MAX_DEPTH + 1 {
            let message = format!("variables lead to variables more than {MAX_DEPTH} levels deep");
            return Err(self.fail(message, Some("most likely they lead back to themselves".to_owned())));
        }
        let inclusions = self.inclusions.len();
        let node = self.resolve_text(text, span)?;
        self.weigh(&node)?;
        let inclusion = if self.inclusions.len() > inclusions { Some(self.inclusions.len() - 1) } else { outer };
        self.tree.replace(id, node, Ancestry { depth, inclusion });
        // A text that came through an escape may look like a variable; it is none.
        self.tree.get_mut(id).state = State::Ready;
        Ok(())
    }

    /// Counts a value that is about to be added.
    pub(super) fn weigh(&mut self, node: &Node) -> Result<(), Stop> {
        self.weight = self.weight.saturating_add(node.weight());
        if self.weight <= MAX_WEIGHT {
            return Ok(());
        }
        // Enough is said when it is said once.
        if self.weight == usize::MAX {
            return Err(Stop::Failed);
        }
        self.weight = usize::MAX;
        self.aside = None;
        Err(self.fail(
            "the manifest grows too large when its variables are resolved",
            Some("a variable copies what it names; copies of copies multiply".to_owned()),
        ))
    }

    /// What the last value that waits waits for.
    pub fn why(&self) -> &str {
        &self.waits_for
    }

    /// The resolved value at a path of the manifest; `Err(k)` in the inner result names the key that is not there.
    pub fn configuration(&mut self, path: &[&str]) -> Result<Result<Node, usize>, Stop> {
        let mut id = self.root;
        for (depth, key) in path.iter().enumerate() {
            self.settle(id)?;
            match self.tree.child(id, key) {
                Some(child) => id = child,
                None => return Ok(self.own_property(id, &path[depth..]).ok_or(depth)),
            }
        }
        self.complete(id)?;
        let node = self.tree.export(id);
        self.weigh(&node)?;
        Ok(Ok(node))
    }

    /// What lists and texts have beside what the manifest says.
    fn own_property(&self, id: CellId, path: &[&str]) -> Option<Node> {
        let mut value = match &self.tree.get(id).content {
            // Its length is all that is asked of it here.
            Content::List(list) => Value::List(vec![Node::new(Value::Null); list.len()]),
            Content::Text(text) => Value::String(text.clone()),
            _ => return None,
        };
        for key in path {
            value = text::own_property(&value, key)?.value;
        }
        Some(Node { value, span: self.tree.get(id).span })
    }

    /// The keys at a path, as far as it stands by now.
    pub fn keys(&self, path: &[&str]) -> Vec<String> {
        let id = path.iter().try_fold(self.root, |id, key| self.tree.child(id, key));
        match id.map(|id| &self.tree.get(id).content) {
            Some(Content::Map(map)) => map.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// Asks for a value from AWS: the answer, or a stop until the questions are asked.
    pub fn remote(&mut self, lookup: Lookup) -> Result<Option<Found>, Halt> {
        match self.answers.get(&lookup) {
            Some(Ok(found)) => Ok(found.clone()),
            Some(Err(RemoteError::Unavailable(why))) => {
                self.waits_for = format!("{lookup}: {why}");
                Err(Halt::Stop(Stop::Waiting))
            }
            Some(Err(RemoteError::Failed(why))) => Err(Halt::wrong(format!("cannot read {lookup}: {why}"))),
            None => {
                self.waits_for = lookup.to_string();
                self.wanted.insert(lookup);
                Err(Halt::Stop(Stop::Waiting))
            }
        }
    }

    /// Notes that the value comes out of a file; a file that includes itself is refused.
    pub fn include(&mut self, what: String) -> Result<(), Halt> {
        let outer = self.stack.last().and_then(|id| self.tree.get(*id).inclusion);
        let mut chain = vec![what.as_str()];
        let mut at = outer;
        while let Some(index) = at {
            let inclusion = &self.inclusions[index];
            chain.push(&inclusion.what);
            if inclusion.what == what {
                chain.reverse();
                return Err(Halt::wrong(format!("a file includes itself: {}", chain.join(" → "))));
            }
            at = inclusion.outer;
        }
        self.inclusions.push(Inclusion { what, outer });
        Ok(())
    }

    /// Resolves what stands in a param or an address.
    pub(super) fn nested<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        if self.nesting >= MAX_NESTING {
            self.aside = None;
            let message = format!("variables lead to variables more than {MAX_NESTING} times in params and addresses");
            return Err(self.fail(message, Some("most likely they lead back to themselves".to_owned())));
        }
        self.nesting += 1;
        let result = work(self);
        self.nesting -= 1;
        result
    }

    /// Evaluates a file; one that asks for itself is refused.
    pub(super) fn evaluating<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Self) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        let again = self.scripts.iter().position(|other| other == what);
        if let Some(start) = again.or_else(|| (self.scripts.len() >= MAX_SCRIPTS).then_some(0)) {
            let chain = self.scripts[start..].iter().map(String::as_str).chain([what]).collect::<Vec<_>>();
            return Err(Halt::wrong(format!("a file asks for itself: {}", chain.join(" → "))));
        }
        self.scripts.push(what.to_owned());
        let result = work(self);
        self.scripts.pop();
        result
    }

    fn circle(&mut self, id: CellId) -> Stop {
        let start = self.stack.iter().position(|other| *other == id).unwrap_or_default();
        let mut chain: Vec<String> = self.stack[start..].iter().map(|id| self.tree.path(*id)).collect();
        chain.extend(chain.first().cloned());
        let message = format!("variables refer to each other in a circle: {}", chain.join(" → "));
        self.fail(message, Some("one of these values must stand without referring to the next".to_owned()))
    }

    pub(super) fn step(&mut self, expression: String, outcome: Outcome) {
        if let (Some(id), true) = (self.stack.last(), self.world.explain.is_some()) {
            self.steps.entry(*id).or_default().push(Step { expression, outcome });
        }
    }

    /// Reports a problem of the value that is being resolved.
    pub fn fail(&mut self, message: impl Into<String>, help: Option<String>) -> Stop {
        let span = self.stack.last().and_then(|id| self.tree.get(*id).span);
        self.fail_at(span, message, help)
    }

    pub(super) fn fail_at(&mut self, span: Option<Span>, message: impl Into<String>, help: Option<String>) -> Stop {
        let mut message = message.into();
        if let (Some(span), Some(id)) = (span, self.stack.last())
            && span.start == span.end
        {
            // The place is a whole file: say which value it is.
            message = format!("{}: {message}", self.tree.path(*id));
        }
        let mut problem = match (span, self.stack.last()) {
            (Some(span), _) => Problem::span(span, message),
            (None, Some(id)) => Problem::at(self.tree.path(*id), message),
            (None, None) => Problem::nowhere(message),
        };
        problem.help = help;
        self.report(problem);
        Stop::Failed
    }

    pub(super) fn report(&mut self, problem: Problem) {
        match &mut self.aside {
            Some(aside) if aside.depth == self.stack.len() => aside.problems.push(problem),
            _ => self.problems.push(problem),
        }
    }

    /// Does what may fail without harm, and gives the problems of it.
    pub(super) fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, Problems) {
        let aside = Aside { depth: self.stack.len(), problems: Problems::default() };
        let outer = self.aside.replace(aside);
        let result = work(self);
        let aside = std::mem::replace(&mut self.aside, outer);
        (result, aside.map(|aside| aside.problems).unwrap_or_default())
    }

    /// The part of a span where this text stands.
    pub(super) fn narrow(&self, span: Option<Span>, part: &str) -> Option<Span> {
        let span = span?;
        let text = self.documents.get(span.source)?.text.get(span.start as usize..span.end as usize)?;
        let Some(at) = text.find(part).filter(|_| !part.is_empty()) else { return Some(span) };
        let offset = |x: usize| u32::try_from(x).unwrap_or(u32::MAX);
        Some(Span { source: span.source, start: span.start + offset(at), end: span.start + offset(at + part.len()) })
    }
}
