//! Text → a tree of values in which each value knows its place in the source.

mod node;
mod source;

pub use node::{Entry, Map, Node, Value};
pub use source::{Position, Source, SourceId, Sources, Span};
