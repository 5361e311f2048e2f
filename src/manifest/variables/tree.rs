//! The manifest while its variables are being resolved: cells that know whether they are done.

use crate::manifest::document::{Entry, Node, Span, Value};
use indexmap::IndexMap;
use serde_json::Number;

/// Names a cell of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CellId(u32);

/// A value in the making.
#[derive(Debug)]
pub(super) struct Cell {
    pub content: Content,
    pub state: State,
    pub span: Option<Span>,
    /// Where it hangs, and by which key or index.
    pub parent: Option<(CellId, Box<str>)>,
    /// How many values that came out of variables it lies in.
    pub depth: u8,
    /// Everything below is resolved too.
    pub complete: bool,
    /// The file lookups that it came out of, innermost last.
    pub inclusion: Option<usize>,
}

#[derive(Debug)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<CellId>),
    Map(IndexMap<String, (Option<Span>, CellId)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The value stands.
    Ready,
    /// A text that may hold variables.
    Fresh,
    /// Its variables are being resolved.
    Running,
    /// Its variables cannot be resolved; the problem is reported.
    Failed,
    /// It waits for a remote source.
    Waiting,
}

/// What is given to the cells of an imported value.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ancestry {
    pub depth: u8,
    pub inclusion: Option<usize>,
}

/// All cells.
#[derive(Debug, Default)]
pub(super) struct Tree {
    cells: Vec<Cell>,
}

impl Tree {
    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    pub fn get(&self, id: CellId) -> &Cell {
        &self.cells[id.0 as usize]
    }

    pub fn get_mut(&mut self, id: CellId) -> &mut Cell {
        &mut self.cells[id.0 as usize]
    }

    /// Takes in a value.
    pub fn import(&mut self, node: Node, parent: Option<(CellId, Box<str>)>, ancestry: Ancestry) -> CellId {
        let id = CellId(u32::try_from(self.cells.len()).unwrap_or(u32::MAX));
        self.cells.push(Cell {
            content: Content::Null,
            state: State::Ready,
            span: node.span,
            parent,
            depth: ancestry.depth,
            complete: false,
            inclusion: ancestry.inclusion,
        });
        self.replace(id, node, ancestry);
        id
    }

    /// Puts a value in a cell.
    pub fn replace(&mut self, id: CellId, node: Node, ancestry: Ancestry) {
        let mut state = State::Ready;
        let content = match node.value {
            Value::Null => Content::Null,
            Value::Bool(b) => Content::Bool(b),
            Value::Number(n) => Content::Number(n),
            Value::String(text) => {
                if super::grammar::may_hold_variables(&text) {
                    state = State::Fresh;
                }
                Content::Text(text)
            }
            Value::List(list) => Content::List(
                list.into_iter()
                    .enumerate()
                    .map(|(i, item)| self.import(item, Some((id, i.to_string().into())), ancestry))
                    .collect(),
            ),
            Value::Map(map) => Content::Map(
                map.into_iter()
                    .map(|(key, entry)| {
                        let child = self.import(entry.node, Some((id, key.as_str().into())), ancestry);
                        (key, (entry.key_span, child))
                    })
                    .collect(),
            ),
        };
        let cell = self.get_mut(id);
        cell.content = content;
        cell.state = state;
        cell.span = node.span;
    }

    /// The value of a cell as it is now: what is not resolved keeps its text.
    pub fn export(&self, id: CellId) -> Node {
        let cell = self.get(id);
        let value = match &cell.content {
            Content::Null => Value::Null,
            Content::Bool(b) => Value::Bool(*b),
            Content::Number(n) => Value::Number(n.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(list) => Value::List(list.iter().map(|child| self.export(*child)).collect()),
            Content::Map(map) => Value::Map(
                map.iter()
                    .map(|(key, (key_span, child))| {
                        (key.clone(), Entry { key_span: *key_span, node: self.export(*child) })
                    })
                    .collect(),
            ),
        };
        Node { value, span: cell.span }
    }

    /// The cell under a key or an index.
    pub fn child(&self, id: CellId, key: &str) -> Option<CellId> {
        match &self.get(id).content {
            Content::Map(map) => map.get(key).map(|(_, child)| *child),
            Content::List(list) => {
                let index = key.parse::<usize>().ok().filter(|index| index.to_string() == key)?;
                list.get(index).copied()
            }
            _ => None,
        }
    }

    /// The cells directly below.
    pub fn children(&self, id: CellId) -> Vec<CellId> {
        match &self.get(id).content {
            Content::Map(map) => map.values().map(|(_, child)| *child).collect(),
            Content::List(list) => list.clone(),
            _ => Vec::new(),
        }
    }

    /// The path of a cell, such as `functions.hello.events[0].sqs`.
    pub fn path(&self, id: CellId) -> String {
        let mut steps = Vec::new();
        let mut at = self.get(id);
        while let Some((parent, key)) = &at.parent {
            let above = self.get(*parent);
            steps.push(match above.content {
                Content::List(_) => format!("[{key}]"),
                _ if above.parent.is_some() => format!(".{key}"),
                _ => key.to_string(),
            });
            at = above;
        }
        steps.reverse();
        steps.concat()
    }
}
