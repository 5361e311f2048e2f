//! The files that a manifest was read from, and byte ranges in them.

use std::path::{Path, PathBuf};

/// Names one file of a [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A byte range in one source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A place as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

/// One file that was read.
#[derive(Debug, Clone)]
pub struct Source {
    /// As shown to people: relative to the service directory where it lies inside it.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
    /// The variable that its content took the place of, where that is noted.
    pub origin: Option<Origin>,
}

/// A variable that is no more, because what it stands for was put in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The text with the variable.
    pub text: String,
    /// Where it stood.
    pub place: Option<Span>,
}

/// All files that were read, in order of reading. The first is the manifest.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Keeps a file and names it.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source { path: path.into(), text: text.into(), origin: None });
        id
    }

    /// Names a file once more, for what took the place of a variable.
    pub fn derive(&mut self, id: SourceId, origin: Origin) -> SourceId {
        let Some(source) = self.get(id).cloned() else { return id };
        let derived = self.add(source.path, source.text);
        if let Some(source) = self.files.last_mut() {
            source.origin = Some(origin);
        }
        derived
    }

    /// The file of this name.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// The path of the file that a span lies in.
    pub fn path(&self, span: Span) -> Option<&Path> {
        self.get(span.source).map(|s| s.path.as_path())
    }

    /// Line and column of the start of a span.
    pub fn position(&self, span: Span) -> Position {
        let text = self.get(span.source).map_or("", |s| s.text.as_str());
        let mut start = (span.start as usize).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    /// `path:line:column` of the start of a span.
    pub fn describe(&self, span: Span) -> String {
        let at = self.position(span);
        let path = self.path(span).map(|p| p.display().to_string()).unwrap_or_default();
        format!("{path}:{}:{}", at.line, at.column)
    }
}
