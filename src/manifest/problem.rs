//! What is wrong with a manifest, and where. Problems are collected, never thrown one by one.

use super::document::Span;

/// Whether a problem stops the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The command goes on.
    Warning,
    /// The command stops before anything is built, uploaded or changed.
    Error,
}

/// Where a problem stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A byte range of a source file.
    Span(Span),
    /// A path in the resolved manifest such as `functions.hello.events[0].sqs`;
    /// turned into a span by [`super::Service::locate`].
    Path(String),
    /// No place in a file (a flag, the environment).
    Nowhere,
}

/// One problem of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stops the command.
    pub severity: Severity,
    /// One sentence: what is wrong. No trailing full stop.
    pub message: String,
    /// Where it stands.
    pub place: Place,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// An error at a path of the resolved manifest.
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), place: Place::Path(path.into()), help: None }
    }

    /// An error at a byte range of a source file.
    pub fn span(span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), place: Place::Span(span), help: None }
    }

    /// An error that has no place in a file.
    pub fn nowhere(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), place: Place::Nowhere, help: None }
    }

    /// The same problem as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The problems that a room collected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds an error at a path of the resolved manifest.
    pub fn error(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.push(Problem::at(path, message));
    }

    /// Whether any of them stops the command.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|p| p.severity == Severity::Error)
    }

    /// Takes over the problems of another collection.
    pub fn extend(&mut self, other: Problems) {
        self.0.extend(other.0);
    }

    /// All of them, in the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}
