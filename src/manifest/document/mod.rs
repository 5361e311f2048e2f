//! Text → a tree of values in which each value knows its place in the source.

mod encoding;
mod json;
mod node;
pub mod number;
mod source;
pub(in crate::manifest) mod text;
mod toml;
mod yaml;

pub use encoding::{MAX_BYTES, decode};
pub use json::values as json_values;
pub use node::{Entry, MAX_WEIGHT, Map, Node, Value};
pub use source::{Origin, Position, Source, SourceId, Sources, Span};
pub use text::js_text;

use super::{Problem, Problems};

/// Why a file cannot be read: never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError(pub Vec<Problem>);

impl From<Problem> for ReadError {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl From<ReadError> for Problems {
    fn from(error: ReadError) -> Self {
        Self(error.0)
    }
}

/// A syntax that a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// `.yml`, `.yaml`
    Yaml,
    /// `.json`, `.tfstate`
    Json,
    /// `.toml`
    Toml,
}

impl Syntax {
    /// From a file's extension.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "yml" | "yaml" => Some(Self::Yaml),
            "json" | "tfstate" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }

    /// Reads text that lies in `sources` as `source`.
    pub fn read(self, text: &str, source: SourceId) -> Result<Node, ReadError> {
        match self {
            Self::Yaml => yaml::read(text, source),
            Self::Json => json::read(text, source),
            Self::Toml => toml::read(text, source),
        }
    }
}

/// A file in which more values stand than a manifest can use.
fn too_many(span: Span) -> ReadError {
    let what = format!("the document holds too many values: more than {MAX_WEIGHT}");
    Problem::span(span, what).help("keep what is no configuration in a file that the functions read").into()
}

/// A foreign message in our style: without a capital at its start.
fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
