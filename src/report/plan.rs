//! A plan as people read it.

use super::Report;
use crate::plan::{Action, Change, Plan, PropertyChange, Replacement};
use anstyle::AnsiColor;
use serde_json::Value;

/// Longest value that is shown, in characters.
const VALUE_LENGTH: usize = 70;
/// What stands before the hash in logical ids that change with every change of content.
const HASHED: [&str; 4] = ["LambdaVersion", "LambdaLayer", "ApiGatewayDeployment", "WebsocketsDeployment"];

/// The whole plan.
pub fn text(plan: &Plan, title: &str, report: &Report) -> String {
    if plan.is_empty() {
        return format!("{title}: no changes\n");
    }
    let mut text = format!("{title}: {}\n\n", summary(plan));
    let width = plan.changes.iter().map(|c| stem(&c.logical_id).chars().count()).max().unwrap_or_default().min(60);
    for change in &plan.changes {
        text.push_str(&change_text(change, plan, width, report));
    }
    for output in plan.outputs.iter().filter(|o| !is_hash(&o.path)) {
        text.push_str(&format!("  {} output {}\n", sign(output, report), property_text(output)));
    }
    if !plan.losses.is_empty() {
        text.push_str(&format!("\n{}\n", report.paint("Data would be lost:", AnsiColor::Red)));
        for loss in &plan.losses {
            text.push_str(&format!(
                "  {}\n    {} {}\n",
                loss.message,
                report.paint("hint:", AnsiColor::Cyan),
                loss.help
            ));
        }
    }
    text.push_str(&security_text(plan, report));
    text
}

/// Access that gets wider; nothing where none does.
pub fn security_text(plan: &Plan, report: &Report) -> String {
    let mut text = String::new();
    if !plan.security.is_empty() {
        text.push_str(&format!("\n{}\n", report.paint("Access gets wider:", AnsiColor::Yellow)));
        for broadening in &plan.security {
            text.push_str(&format!("  {}\n", broadening.message));
        }
    }
    text
}

fn summary(plan: &Plan) -> String {
    let count = |action: Action| plan.changes.iter().filter(|c| c.action == action).count();
    let anew = plan.changes.iter().filter(|c| c.replacement == Replacement::Always).count();
    let mut text = format!(
        "{} to add, {} to change, {} to remove",
        count(Action::Add),
        count(Action::Change),
        count(Action::Remove)
    );
    if anew > 0 {
        text.push_str(&format!(", {anew} of them made anew"));
    }
    text
}

/// The part of a logical id that stays when content changes.
fn stem(id: &str) -> &str {
    HASHED
        .iter()
        .find_map(|mark| {
            let end = id.find(mark)? + mark.len();
            (id.len() >= end + 10).then(|| &id[..end])
        })
        .unwrap_or(id)
}

fn is_hash(output: &str) -> bool {
    output.contains("LambdaFunctionQualifiedArn.Value")
        || output.contains("LambdaLayerHash")
        || output.contains("LambdaLayerS3Key")
}

fn change_text(change: &Change, plan: &Plan, width: usize, report: &Report) -> String {
    let id = stem(&change.logical_id);
    let hashed = id != change.logical_id;
    let twin = |action: Action| hashed && plan.changes.iter().any(|c| c.action == action && stem(&c.logical_id) == id);
    let kind = &change.resource_type;
    let (mark, color, note) = match (change.action, change.replacement) {
        // A new version and the end of the old one are one thing to people.
        (Action::Remove, _) if twin(Action::Add) => return String::new(),
        (Action::Add, _) if twin(Action::Remove) => ("~", AnsiColor::Yellow, " (a new one)"),
        (Action::Add, _) => ("+", AnsiColor::Green, ""),
        (Action::Remove, _) if change.retained => ("-", AnsiColor::Red, " (stays in the account)"),
        (Action::Remove, _) => ("-", AnsiColor::Red, ""),
        (Action::Change, Replacement::Always) => ("±", AnsiColor::Red, " (made anew)"),
        (Action::Change, Replacement::Conditional) => ("±", AnsiColor::Yellow, " (perhaps made anew)"),
        (Action::Change, Replacement::Never) => ("~", AnsiColor::Yellow, ""),
    };
    let mut text = format!("  {} {id:width$}  {kind}{note}\n", report.paint(mark, color));
    for property in &change.properties {
        text.push_str(&format!("      {}\n", property_text(property)));
    }
    text
}

fn sign(change: &PropertyChange, report: &Report) -> String {
    match (&change.before, &change.after) {
        (None, _) => report.paint("+", AnsiColor::Green),
        (_, None) => report.paint("-", AnsiColor::Red),
        _ => report.paint("~", AnsiColor::Yellow),
    }
}

fn property_text(change: &PropertyChange) -> String {
    let path = change.path.strip_prefix("Properties.").unwrap_or(&change.path);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{path}: {} → {}", shown(before), shown(after)),
        (None, Some(after)) => format!("{path}: {}", shown(after)),
        (Some(before), None) => format!("{path}: {} → nothing", shown(before)),
        (None, None) => path.to_owned(),
    }
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() <= VALUE_LENGTH {
        return text;
    }
    format!("{}…", text.chars().take(VALUE_LENGTH).collect::<String>())
}
