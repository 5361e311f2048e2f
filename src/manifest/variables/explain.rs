//! How a value came about: through which variables, from which places.

use super::resolver::{Outcome, Resolver};
use super::tree::{CellId, Content};
use crate::manifest::document::{Span, Value};

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
        for id in &chain[..chain.len() - 1] {
            if self.origins.contains_key(id) {
                self.tell(*id, depth, false, &mut story);
                depth += 1;
            }
        }
        if let Some(id) = chain.last() {
            self.tell(*id, depth, true, &mut story);
        }
        story
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
                Outcome::Value => {
                    story.push(Explanation { depth: depth + 1, place: cell.span, text: step.expression.clone() });
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
