//! Errors of all rooms → what the user reads and the exit code. The one place where that is decided.

use crate::report::Report;
use std::process::ExitCode;

/// Why rlx exits; the numbers are public (`docs/exit-codes.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitKind {
    /// 0: done.
    Done,
    /// 1: the operation failed.
    Failed,
    /// 2: the command line or the manifest is wrong.
    Usage,
    /// 3: denied by IAM, or credentials that cannot be used.
    Denied,
    /// 4: changes are present, and `--exit-code` was given.
    Changes,
    /// 130: interrupted by Ctrl-C.
    Interrupted,
}

impl From<ExitKind> for ExitCode {
    fn from(kind: ExitKind) -> Self {
        ExitCode::from(match kind {
            ExitKind::Done => 0,
            ExitKind::Failed => 1,
            ExitKind::Usage => 2,
            ExitKind::Denied => 3,
            ExitKind::Changes => 4,
            ExitKind::Interrupted => 130,
        })
    }
}

/// A failed command as the user reads it: what happened, where, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Sets the exit code.
    pub kind: ExitKind,
    /// What happened, one sentence without full stop.
    pub message: String,
    /// Further lines: a rendered snippet, the AWS call and request id.
    pub details: Vec<String>,
    /// What to do, each a sentence.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure of a kind.
    pub fn new(kind: ExitKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), details: Vec::new(), hints: Vec::new() }
    }

    /// Adds a line of detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The text for the terminal.
    pub fn render(&self, report: &Report) -> String {
        let mut text = String::new();
        if !self.message.is_empty() {
            text = format!("{} {}", report.paint("error:", anstyle::AnsiColor::Red), self.message);
        }
        for detail in &self.details {
            text.push('\n');
            text.push_str(detail);
        }
        for hint in &self.hints {
            text.push_str(&format!("\n  {} {hint}", report.paint("hint:", anstyle::AnsiColor::Cyan)));
        }
        text.trim_start_matches('\n').to_owned()
    }
}

impl From<crate::package::PackageError> for Failure {
    fn from(error: crate::package::PackageError) -> Self {
        use crate::package::PackageError as E;
        let kind = match &error {
            E::NoArtifact { .. }
            | E::NoExternal { .. }
            | E::NoFiles { .. }
            | E::Pattern { .. }
            | E::UnknownFunction { .. } => ExitKind::Usage,
            _ => ExitKind::Failed,
        };
        let mut failure = Self::new(kind, error.to_string());
        failure.details.extend(error.cause());
        failure.hints = error.hints();
        failure
    }
}

impl From<crate::local::LocalError> for Failure {
    fn from(error: crate::local::LocalError) -> Self {
        Self { kind: ExitKind::Failed, message: error.to_string(), details: error.details(), hints: error.hints() }
    }
}

impl From<crate::local::run::RunError> for Failure {
    fn from(error: crate::local::run::RunError) -> Self {
        Self { kind: ExitKind::Failed, message: error.to_string(), details: Vec::new(), hints: error.hints() }
    }
}
