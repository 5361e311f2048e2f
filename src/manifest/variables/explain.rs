//! How a value came about: through which variables, from which places.

use super::resolver::{Outcome, Resolver};
use super::tree::{CellId, Content};
use crate::manifest::document::{Origin, SourceId, Span, Value};
use std::collections::HashSet;

/// References that are followed before the story is cut.
const MAX_DEPTH: usize = 20;

/// One line of the story of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// How many references lie between it and the value.
    pub depth: usize,
    /// Where it stands.
    pub place: Option<Span>,
    /// What stands there, or what was tried.
    pub text: String,
}

impl Resolver<'_> {
    /// The story of the value at a path, outermost step first; empty where there is no such value.
    pub(super) fn explain(&self, path: &str) -> Vec<Explanation> {
        let keys = path.split(['.', '[']).map(|key| key.trim_end_matches(']')).filter(|key| !key.is_empty());
        let mut chain = vec![self.root];
        for key in keys {
            match chain.last().and_then(|id| self.tree.child(*id, key)) {
                Some(child) => chain.push(child),
                None => return Vec::new(),
            }
        }
        let mut story = Vec::new();
        // A value inside one that came from a variable has that variable's story before its own.
        let mut depth = 0;
        let mut told = HashSet::new();
        for (index, id) in chain.iter().enumerate() {
            for (source, origin) in self.replaced(*id) {
                if told.insert(source) {
                    story.push(Explanation { depth, place: origin.place, text: origin.text.clone() });
                    depth += 1;
                }
            }
            if index + 1 < chain.len() && self.origins.contains_key(id) {
                self.tell(*id, depth, false, &mut story);
                depth += 1;
            }
        }
        if let Some(id) = chain.last() {
            self.tell(*id, depth, true, &mut story);
        }
        story
    }

    /// The variables that were replaced before all others were resolved, and that a value lies in; outermost first.
    fn replaced(&self, id: CellId) -> Vec<(SourceId, &Origin)> {
        let written = self.origins.get(&id).map_or(self.tree.get(id).span, |(_, place)| *place);
        let mut found = Vec::new();
        let mut source = written.map(|span| span.source);
        while let Some(id) = source
            && let Some(origin) = self.documents.get(id).and_then(|source| source.origin.as_ref())
        {
            found.push((id, origin));
            source = origin.place.map(|span| span.source);
        }
        found.reverse();
        found
    }

    fn tell(&self, id: CellId, depth: usize, with_value: bool, story: &mut Vec<Explanation>) {
        let cell = self.tree.get(id);
        let path = self.tree.path(id);
        let Some((text, place)) = self.origins.get(&id) else {
            if with_value {
                story.push(Explanation { depth, place: cell.span, text: format!("{path}: {}", self.summary(id)) });
            }
            return;
        };
        story.push(Explanation { depth, place: *place, text: format!("{path}: {text}") });
        for step in self.steps.get(&id).into_iter().flatten() {
            match &step.outcome {
                Outcome::Missing(why) => {
                    story.push(Explanation {
                        depth: depth + 1,
                        place: None,
                        text: format!("{} has no value: {why}", step.expression),
                    });
                }
                Outcome::Reference(to) => {
                    let target = to.split('.').try_fold(self.root, |id, key| self.tree.child(id, key));
                    match target.filter(|_| depth < MAX_DEPTH) {
                        Some(target) => self.tell(target, depth + 1, with_value, story),
                        None => {
                            story.push(Explanation { depth: depth + 1, place: None, text: step.expression.clone() })
                        }
                    }
                }
                Outcome::Value(place) => {
                    story.push(Explanation { depth: depth + 1, place: *place, text: step.expression.clone() });
                }
            }
        }
    }

    fn summary(&self, id: CellId) -> String {
        match &self.tree.get(id).content {
            Content::List(list) => format!("a list of {}", list.len()),
            Content::Map(map) => format!("a mapping of {}", map.len()),
            _ => match self.tree.export(id).value {
                Value::String(text) => text,
                _ => self.tree.export(id).to_json().to_string(),
            },
        }
    }
}
