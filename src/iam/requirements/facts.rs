//! What the catalogue says of resource types and actions, looked up once a run: the resources of a type share it.

use super::Scope;
use crate::iam::catalogue::{self, Action, Operation};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The facts that one run has asked for.
pub(super) struct Facts<'a> {
    scope: &'a Scope,
    types: BTreeMap<String, Rc<OfType>>,
    actions: BTreeMap<String, Option<Rc<Kinds>>>,
}

/// What the handlers of a resource type call.
pub(super) struct OfType {
    pub wanted: Vec<Wanted>,
    /// Whether that follows from the type's name only.
    pub inferred: bool,
    /// The prefix of the service that the type belongs to.
    pub home: &'static str,
}

/// What a handler calls.
pub(super) struct Wanted {
    /// As the handler names it.
    pub name: String,
    /// The actions behind the name.
    pub actions: Vec<String>,
}

/// What an action works on.
pub(super) struct Kinds {
    pub action: Action,
    pub formats: Vec<Format>,
    /// Whether a request must name one of them.
    pub required: bool,
    /// The kinds of its own service that it needs all of, not one of.
    pub parts: Vec<Format>,
}

/// An ARN format as a pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Format {
    /// In the scope of the stack.
    pub here: String,
    /// In any region and account, since what properties name may lie elsewhere.
    pub anywhere: String,
}

impl<'a> Facts<'a> {
    pub fn new(scope: &'a Scope) -> Self {
        Self { scope, types: BTreeMap::new(), actions: BTreeMap::new() }
    }

    pub fn of_type(&mut self, kind: &str) -> Rc<OfType> {
        if let Some(known) = self.types.get(kind) {
            return Rc::clone(known);
        }
        let (names, inferred) = actions(kind);
        let wanted = names.into_iter().map(|name| Wanted { actions: known(&name), name }).collect();
        let found = Rc::new(OfType { wanted, inferred, home: home(kind) });
        self.types.insert(kind.to_owned(), Rc::clone(&found));
        found
    }

    /// None where there is no such action.
    pub fn of_action(&mut self, name: &str) -> Option<Rc<Kinds>> {
        if let Some(known) = self.actions.get(name) {
            return known.clone();
        }
        let found = catalogue::action(name).map(|action| Rc::new(self.kinds(action)));
        self.actions.insert(name.to_owned(), found.clone());
        found
    }

    fn kinds(&self, action: Action) -> Kinds {
        const JOINING: [&str; 6] = ["Associate", "Attach", "Create", "Modify", "Register", "Run"];
        let name = action.name().split_once(':').map_or("", |(_, name)| name);
        // Only what makes or joins something needs several kinds at once.
        let joins = JOINING.iter().any(|verb| name.starts_with(verb));
        let own = format!(":{}:", action.prefix());
        let (mut formats, mut parts, mut required) = (BTreeSet::new(), Vec::new(), false);
        for kind in action.resource_types() {
            required |= kind.required;
            for arn in kind.arns() {
                let format = self.format(arn);
                if joins && kind.required && arn.contains(&own) {
                    parts.push(format.clone());
                }
                formats.insert(format);
            }
        }
        Kinds { action, formats: formats.into_iter().collect(), required, parts }
    }

    fn format(&self, arn: &str) -> Format {
        let arn = arn.replace("${Partition}", &self.scope.partition);
        let mut here = arn.replace("${Region}", &self.scope.region).replace("${Account}", self.scope.account());
        while let Some((start, end)) = here.find("${").and_then(|s| Some((s, s + here[s..].find('}')?))) {
            here.replace_range(start..=end, "*");
        }
        Format { anywhere: wider(&here), here }
    }
}

/// The actions of a type's handlers; inferred from its name where there are none on record.
fn actions(kind: &str) -> (BTreeSet<String>, bool) {
    const ALL: [Operation; 4] = [Operation::Create, Operation::Read, Operation::Update, Operation::Delete];
    if let Some(handlers) = catalogue::handlers(kind) {
        return (ALL.iter().flat_map(|operation| handlers.actions(*operation)).collect(), false);
    }
    let mut parts = kind.split("::").skip(1);
    let (Some(service), Some(name)) = (parts.next(), parts.next()) else { return (BTreeSet::new(), true) };
    let Some(prefix) = catalogue::prefix_of_service(service) else { return (BTreeSet::new(), true) };
    const VERBS: [&str; 9] = ["Create", "Delete", "Update", "Modify", "Describe", "Get", "List", "Put", "Tag"];
    let speaks = |action: &Action| {
        let rest = action.name().split_once(':').map_or("", |(_, n)| n);
        VERBS.iter().any(|verb| rest.strip_prefix(verb).is_some_and(|r| r.trim_end_matches('s') == name))
    };
    (catalogue::actions_of(prefix).into_iter().filter(speaks).map(|a| a.name().to_owned()).collect(), true)
}

/// The prefix of the service that a type belongs to.
fn home(kind: &str) -> &'static str {
    kind.split("::").nth(1).and_then(catalogue::prefix_of_service).unwrap_or_default()
}

/// The actions that exist behind a name from a handler: itself, a pattern, or the actions of an API operation.
fn known(name: &str) -> Vec<String> {
    if let Some(action) = catalogue::action(name) {
        return vec![action.name().to_owned()];
    }
    if name.contains('*') {
        return vec![name.to_owned()];
    }
    let (prefix, operation) = name.split_once(':').unwrap_or((name, ""));
    catalogue::actions_of_operation(prefix, operation).into_iter().map(str::to_owned).collect()
}

/// A pattern for any region and account, since what properties name may lie elsewhere.
fn wider(pattern: &str) -> String {
    let mut parts: Vec<&str> = pattern.splitn(6, ':').collect();
    for index in [3, 4] {
        if parts.get(index).is_some_and(|part| !part.is_empty()) {
            parts[index] = "*";
        }
    }
    parts.join(":")
}
