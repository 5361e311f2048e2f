//! Diagnoses for people and as JSON.

use super::Report;
use crate::diagnose::further::by_service;
use crate::diagnose::{Diagnosis, Further, NOT_KNOWN, remedy};
use anstyle::AnsiColor;
use serde_json::json;

impl Report {
    /// Writes diagnoses to stdout, the root cause first, and what else the deploy will need.
    pub fn diagnoses(&self, diagnoses: &[Diagnosis], further: Option<&Further>) {
        let mut text = if diagnoses.is_empty() {
            "Nothing here tells of a failure that rlx knows.\n".to_owned()
        } else {
            diagnoses.iter().map(|diagnosis| self.diagnosis(diagnosis)).collect::<Vec<_>>().join("\n")
        };
        let mendable = diagnoses.iter().any(|diagnosis| !diagnosis.statements.is_empty());
        // The text to send has them already.
        let asked = diagnoses.first().is_some_and(remedy::is_asked_for_all);
        text.extend(further.filter(|_| !asked).map(|further| further_text(further, mendable)));
        self.result(&json!({ "version": 1, "diagnoses": diagnoses, "further": further }), &text);
    }

    /// The root cause in short, for a command that failed: what it means and the fix; nothing where the failure
    /// is not known.
    pub fn short_diagnosis(&self, diagnoses: &[Diagnosis]) -> Vec<String> {
        // What is not known says nothing that the failure itself does not.
        let known = diagnoses.first().filter(|diagnosis| diagnosis.cause != NOT_KNOWN);
        let Some(diagnosis) = known else { return Vec::new() };
        let mut lines = vec![format!("  {} {}", self.paint("cause:", AnsiColor::Yellow), diagnosis.summary)];
        lines.push(format!("  {} {}", self.paint("fix:", AnsiColor::Green), diagnosis.remedy));
        lines.extend(diagnosis.statements.iter().map(|statement| format!("       {statement}")));
        lines.extend(
            diagnosis.ask.iter().map(|ask| format!("       ask {}; rlx diagnose has a text to send", ask.whom)),
        );
        lines
    }

    /// One diagnosis in full.
    pub fn diagnosis(&self, diagnosis: &Diagnosis) -> String {
        let mut text = format!("{}\n", self.paint(&format!("{}.", diagnosis.summary), AnsiColor::Red));
        let mut first = true;
        let mut row = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                let gap = if std::mem::take(&mut first) { "\n" } else { "" };
                text.push_str(&format!("{gap}  {name:<9} {value}\n"));
            }
        };
        row("who", diagnosis.principal.as_deref());
        let action = diagnosis.action.as_ref().map(|action| {
            if diagnosis.action_inferred {
                format!("{action} (inferred, the message does not say it)")
            } else {
                action.clone()
            }
        });
        row("what", action.as_deref());
        row("on what", diagnosis.resource.as_deref());
        row("layer", diagnosis.layer.map(crate::diagnose::Layer::words));
        row("policy", diagnosis.policy.as_deref());
        let place = match (&diagnosis.logical_id, &diagnosis.resource_type) {
            (Some(id), Some(kind)) => Some(format!("{id} ({kind})")),
            (id, kind) => id.clone().or(kind.clone()),
        };
        row("in stack", place.as_deref());
        // A refusal is told by the rows above; any other failure by nothing as well as by AWS's own words.
        let words = diagnosis.logical_id.as_ref().filter(|_| diagnosis.action.is_none());
        row("words", words.map(|_| diagnosis.evidence.as_str()));
        if let Some(check) = &diagnosis.checked {
            text.push_str("\n  The policies at hand:\n");
            text.extend(check.reasons.iter().map(|reason| format!("    {reason}\n")));
        }
        text.push_str(&format!("\n{} {}\n", self.paint("Fix:", AnsiColor::Green), diagnosis.remedy));
        for statement in &diagnosis.statements {
            text.push_str(&format!("\n{}\n", indented(&format!("{statement:#}"))));
        }
        if diagnosis.verified == Some(true) {
            text.push_str("\n    (evaluated: with it, and no other policy against it, the request is allowed)\n");
        }
        if let Some(ask) = &diagnosis.ask {
            text.push_str(&format!("\nAsk {}; a text to send:\n\n{}\n", ask.whom, indented(&ask.text)));
        }
        text
    }
}

/// All that a deploy needs besides, a line per service; their resources stand in the file of --fix.
fn further_text(further: &Further, mendable: bool) -> String {
    let what = if further.narrowed { "The caller also lacks" } else { "Deploying this service also needs" };
    let actions = further.actions();
    let file = if mendable { "; `--fix FILE` writes them as a policy" } else { "" };
    let mut text = format!("\n{what} ({} actions{file}):\n\n", actions.len());
    text.push_str(&format!("{}\n", indented(&by_service(actions))));
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
