//! Values → terminal or JSON: the only room that writes output.
//!
//! stdout carries data (`--output json` is versioned); progress, warnings and hints go to stderr.

mod diagnosis;
mod mask;
pub mod plan;
mod problems;
mod progress;
mod summary;

pub use mask::{Hidden, Mask};
pub use problems::Findings;
pub use progress::ProgressView;
pub use summary::{Section, Summary};

use crate::options::{GlobalOptions, OutputFormat};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

/// Where and how output is written.
#[derive(Debug, Clone)]
pub struct Report {
    /// Form of the data on stdout.
    pub format: OutputFormat,
    /// Whether stderr is a terminal: spinners and live lines are allowed.
    pub interactive: bool,
    /// Whether stdin and stderr are terminals, so that a question can be asked.
    pub can_ask: bool,
    /// Colours on stderr.
    pub color: bool,
    /// `-v` counts.
    pub verbosity: u8,
    /// Secrets of the manifest: shown by nothing but [`Report::data`] and [`Report::answer`].
    pub hidden: Hidden,
}

impl Report {
    /// From flags and the process's streams; `NO_COLOR` is honoured (no-color.org).
    pub fn from_process(options: &GlobalOptions, env: &BTreeMap<String, String>) -> Self {
        let set = |name: &str| env.get(name).is_some_and(|v| !v.is_empty());
        let err_terminal = std::io::stderr().is_terminal();
        Self {
            format: options.output,
            interactive: err_terminal && !set("CI"),
            can_ask: err_terminal && std::io::stdin().is_terminal(),
            color: !set("NO_COLOR") && (err_terminal || set("FORCE_COLOR")),
            verbosity: options.verbose,
            hidden: Hidden::default(),
        }
    }

    /// The same without colours, for text that is kept.
    pub fn plain(&self) -> Self {
        Self { color: false, ..self.clone() }
    }

    /// Writes the result of a command to stdout: JSON when asked for, else the text (nothing if it is empty).
    pub fn result(&self, json: &serde_json::Value, text: &str) {
        self.answer(&self.hidden.json(json), &self.hidden.text(text));
    }

    /// The same for what a function answered: it is the function's to say, secrets included.
    pub fn answer(&self, json: &serde_json::Value, text: &str) {
        match self.format {
            OutputFormat::Json => self.data(&format!("{json:#}\n")),
            OutputFormat::Text => self.data(text),
        }
    }

    /// Writes the end of a stream: one line of JSON when asked for, else the text.
    pub fn last(&self, json: &serde_json::Value, text: &str) {
        match self.format {
            OutputFormat::Json => self.data(&format!("{}\n", self.hidden.json(json))),
            OutputFormat::Text => self.data(&self.hidden.text(text)),
        }
    }

    /// Writes raw data to stdout. A closed pipe is not an error.
    pub fn data(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        // A reader that went away (`rlx print | head`) wants no more.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// A line for people, on stderr.
    pub fn note(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{}", self.hidden.text(text));
    }

    /// Asks a question on stderr and reads a line of answer; `None` at the end of stdin.
    pub fn ask_text(&self, question: &str) -> Option<String> {
        let mut err = std::io::stderr().lock();
        let _ = err.write_all(question.as_bytes()).and_then(|()| err.flush());
        let mut line = String::new();
        match std::io::stdin().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end_matches(['\n', '\r']).to_owned()),
        }
    }

    /// A warning, on stderr.
    pub fn warn(&self, text: &str) {
        self.note(&format!("{} {text}", self.paint("warning:", anstyle::AnsiColor::Yellow)));
    }

    /// Asks a yes-or-no question; no where nobody can answer.
    pub fn agrees(&self, question: &str) -> bool {
        if !self.can_ask {
            return false;
        }
        let _ = write!(std::io::stderr().lock(), "{question} [y/N] ");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
    }

    /// A line that is shown with `-v` only, on stderr.
    pub fn verbose(&self, text: &str) {
        if self.verbosity > 0 {
            self.note(text);
        }
    }

    /// Text in bold colour where colours are on.
    pub fn paint(&self, text: &str, color: anstyle::AnsiColor) -> String {
        if !self.color {
            return text.to_owned();
        }
        let style = anstyle::Style::new().bold().fg_color(Some(color.into()));
        format!("{style}{text}{style:#}")
    }
}
