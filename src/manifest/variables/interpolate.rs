//! A text with variables → its value.

use super::grammar::{self, Content as Part, Variable};
use super::resolver::{MAX_DEPTH, Resolver, Stop};
use crate::manifest::document::text;
use crate::manifest::document::{MAX_WEIGHT, Node, Span, Value};

impl Resolver<'_> {
    /// Resolves a text until no variables are left; the value keeps its type where the text is one variable.
    pub(super) fn resolve_text(&mut self, text: String, span: Option<Span>) -> Result<Node, Stop> {
        let mut pieces = vec![text];
        let mut joined = false;
        let mut place = span;
        for _ in 0..=MAX_DEPTH {
            let (text, variables) = self.parse_pieces(&pieces, place)?;
            if variables.is_empty() {
                return Ok(Node { value: Value::String(text), span: place });
            }
            if !joined
                && grammar::is_whole(&text, &variables)
                && let [Variable { content: Part::Lookup(sources), .. }] = &variables[..]
            {
                let node = self.lookup(sources)?;
                match node.value {
                    Value::String(text) => {
                        place = node.span.or(place);
                        pieces = vec![text];
                    }
                    value => return Ok(Node { value, span: node.span.or(place) }),
                }
            } else {
                pieces = self.interpolate(&text, &variables)?;
                joined = true;
                place = span;
                let length: usize = pieces.iter().map(String::len).sum();
                if length / 64 + self.weight > MAX_WEIGHT {
                    self.weight = self.weight.max(MAX_WEIGHT);
                    self.weigh(&Node { value: Value::Null, span })?;
                }
            }
        }
        let message = format!("variables lead to variables more than {MAX_DEPTH} levels deep");
        Err(self.fail(message, Some("most likely they lead back to themselves".to_owned())))
    }

    /// Parses each piece for itself, so that no variable comes about by joining, and none by an escape.
    pub(super) fn parse_pieces(
        &mut self,
        pieces: &[String],
        span: Option<Span>,
    ) -> Result<(String, Vec<Variable>), Stop> {
        let mut text = String::new();
        let mut variables = Vec::new();
        for piece in pieces {
            if grammar::may_hold_variables(piece) {
                let found = match grammar::parse(piece) {
                    Ok(found) => found,
                    Err(error) => {
                        let place = self.narrow(span, &piece[error.range.clone()]);
                        return Err(self.fail_at(place, format!("variable syntax: {}", error.message), None));
                    }
                };
                let base = text.len();
                variables.extend(found.into_iter().map(|mut variable| {
                    variable.range = variable.range.start + base..variable.range.end + base;
                    variable
                }));
            }
            text.push_str(piece);
        }
        Ok((text, variables))
    }

    pub(super) fn interpolate(&mut self, text: &str, variables: &[Variable]) -> Result<Vec<String>, Stop> {
        let mut pieces = Vec::with_capacity(variables.len() * 2 + 1);
        let mut end = 0;
        let mut waits = None;
        for variable in variables {
            let part = match &variable.content {
                Part::Escape(text) => text.clone(),
                Part::Lookup(sources) => match self.lookup(sources) {
                    Ok(node) => self.part(&text[variable.range.clone()], &node)?,
                    // The other parts may have questions for the same round.
                    Err(Stop::Waiting) => {
                        waits = Some(self.waits_for.clone());
                        continue;
                    }
                    Err(stop) => return Err(stop),
                },
            };
            pieces.push(text[end..variable.range.start].to_owned());
            pieces.push(part);
            end = variable.range.end;
        }
        if let Some(why) = waits {
            self.waits_for = why;
            return Err(Stop::Waiting);
        }
        pieces.push(text[end..].to_owned());
        Ok(pieces)
    }

    pub(super) fn part(&mut self, expression: &str, node: &Node) -> Result<String, Stop> {
        text::coerce(&node.value).ok_or_else(|| {
            let what = text::type_name(&node.value);
            self.fail(format!("`{expression}` is {what}, which cannot be part of a text"), None)
        })
    }

    /// Resolves a text that stands in no cell, not what is inside its value.
    pub fn resolve_shallow(&mut self, node: &Node) -> Result<Node, Stop> {
        match &node.value {
            Value::String(text) => self.resolve_text(text.clone(), node.span),
            _ => Ok(node.clone()),
        }
    }

    /// Resolves a text that does not stand in the manifest, and everything in its value.
    pub fn resolve_string(&mut self, text: String) -> Result<Node, Stop> {
        let node = self.resolve_text(text, None)?;
        self.resolve_inside(node, MAX_DEPTH)
    }

    pub(super) fn resolve_inside(&mut self, node: Node, levels: u8) -> Result<Node, Stop> {
        let span = node.span;
        let value = match node.value {
            Value::List(list) => {
                Value::List(list.into_iter().map(|item| self.resolve_part(item, levels)).collect::<Result<_, _>>()?)
            }
            Value::Map(mut map) => {
                for entry in map.values_mut() {
                    let part = std::mem::replace(&mut entry.node, Node { value: Value::Null, span: None });
                    entry.node = self.resolve_part(part, levels)?;
                }
                Value::Map(map)
            }
            value => value,
        };
        Ok(Node { value, span })
    }

    pub(super) fn resolve_part(&mut self, node: Node, levels: u8) -> Result<Node, Stop> {
        match node.value {
            Value::String(text) if grammar::may_hold_variables(&text) => {
                let Some(levels) = levels.checked_sub(1) else {
                    let message = format!("variables lead to variables more than {MAX_DEPTH} levels deep");
                    return Err(self.fail(message, None));
                };
                let node = self.resolve_text(text, node.span)?;
                self.resolve_inside(node, levels)
            }
            Value::List(_) | Value::Map(_) => self.resolve_inside(node, levels),
            _ => Ok(node),
        }
    }
}
