//! The progress of a deploy: lines that move on a terminal, timestamped lines elsewhere, JSON lines when asked for.

use super::Report;
use crate::deploy::{Progress, ResourceEvent};
use crate::options::OutputFormat;
use anstyle::AnsiColor;
use indexmap::IndexMap;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use std::sync::Mutex;
use std::time::Duration;

/// Shows the progress of a deploy.
pub struct ProgressView {
    report: Report,
    /// Seconds that a resource took the last time.
    estimates: IndexMap<String, f64>,
    lines: MultiProgress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    step: Option<ProgressBar>,
    moving: IndexMap<String, ProgressBar>,
}

impl ProgressView {
    /// A view that has shown nothing yet.
    pub fn new(report: &Report, estimates: IndexMap<String, f64>) -> Self {
        Self { report: report.clone(), estimates, lines: MultiProgress::new(), state: Mutex::default() }
    }

    /// Shows one more thing.
    pub fn show(&self, progress: Progress<'_>) {
        if self.report.format == OutputFormat::Json {
            return self.json(&progress);
        }
        match progress {
            Progress::Step(text) => self.step(text),
            Progress::Resource(event) if self.report.interactive => self.live(event),
            Progress::Resource(event) => self.plain(event),
            Progress::Uploaded { key, done, of, bytes } => {
                let name = key.rsplit('/').next().unwrap_or(key);
                self.line(&format!("uploaded {done}/{of}  {name}  {}", size(bytes)));
            }
            Progress::Warning(text) => {
                self.line(&format!("{} {text}", self.report.paint("warning:", AnsiColor::Yellow)))
            }
        }
    }

    /// Asks a yes-or-no question below the moving lines, which stand still meanwhile.
    pub fn ask(&self, question: &str) -> bool {
        self.lines.suspend(|| self.report.agrees(question))
    }

    /// Takes the moving lines away.
    pub fn end(&self) {
        if let Ok(mut state) = self.state.lock() {
            for (_, bar) in state.moving.drain(..) {
                bar.finish_and_clear();
            }
            if let Some(bar) = state.step.take() {
                bar.finish_and_clear();
            }
        }
    }

    fn json(&self, progress: &Progress<'_>) {
        let line = match progress {
            Progress::Step(text) => json!({ "version": 1, "event": "step", "text": text }),
            Progress::Resource(event) => json!({ "version": 1, "event": "resource", "resource": event }),
            Progress::Uploaded { key, done, of, bytes } => {
                json!({ "version": 1, "event": "uploaded", "key": key, "done": done, "of": of, "bytes": bytes })
            }
            Progress::Warning(text) => json!({ "version": 1, "event": "warning", "text": text }),
        };
        self.report.data(&format!("{line}\n"));
    }

    fn step(&self, text: &str) {
        if !self.report.interactive {
            return self.line(text);
        }
        let Ok(mut state) = self.state.lock() else { return };
        let bar = state.step.get_or_insert_with(|| self.spinner(text));
        bar.set_message(text.to_owned());
    }

    /// One line that stays.
    fn line(&self, text: &str) {
        if self.report.interactive {
            let _ = self.lines.println(self.report.hidden.text(text));
        } else {
            let now = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
            self.report.note(&format!("{now}  {text}"));
        }
    }

    fn plain(&self, event: &ResourceEvent) {
        // The begin of each resource says nothing that its end does not, except of slow ones; those who want all
        // of it ask with -v.
        let skip = event.is_in_motion() && !event.is_of_stack() && self.report.verbosity == 0;
        if !skip {
            self.line(&self.text(event));
        }
    }

    fn live(&self, event: &ResourceEvent) {
        let Ok(mut state) = self.state.lock() else { return };
        if event.is_in_motion() {
            let estimate = self.estimates.get(&event.logical_id).filter(|s| **s >= 2.0);
            let estimate = estimate.map(|s| format!("  (about {s:.0} s last time)")).unwrap_or_default();
            let text = format!("{}{estimate}", self.text(event));
            let bar = state.moving.entry(event.logical_id.clone()).or_insert_with(|| self.spinner(&text));
            bar.set_message(text);
            return;
        }
        if let Some(bar) = state.moving.shift_remove(&event.logical_id) {
            bar.finish_and_clear();
        }
        drop(state);
        self.line(&self.text(event));
    }

    fn spinner(&self, text: &str) -> ProgressBar {
        let bar = self.lines.add(ProgressBar::new_spinner().with_message(text.to_owned()));
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    fn text(&self, event: &ResourceEvent) -> String {
        let color = match event.status.as_str() {
            s if s.ends_with("_FAILED") || s.contains("ROLLBACK") => AnsiColor::Red,
            s if s.ends_with("_COMPLETE") => AnsiColor::Green,
            _ => AnsiColor::Cyan,
        };
        let kind = event.resource_type.strip_prefix("AWS::").unwrap_or(&event.resource_type);
        let took = event.seconds.filter(|s| *s >= 0.1).map(|s| format!("  {s:.1} s")).unwrap_or_default();
        let status = self.report.paint(&format!("{:<18}", event.status), color);
        let mut text = format!("{status}  {}  {kind}{took}", event.logical_id);
        if let Some(reason) = event
            .reason
            .as_deref()
            .filter(|reason| !reason.is_empty())
            .filter(|_| event.is_failure() || event.status.contains("ROLLBACK"))
        {
            text.push_str(&format!("\n          {reason}"));
        }
        for line in &event.log {
            text.push_str(&format!("\n          | {line}"));
        }
        text
    }
}

/// Bytes for people.
fn size(count: u64) -> String {
    indicatif::DecimalBytes(count).to_string()
}
