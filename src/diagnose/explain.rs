//! A row's sentences, filled in.

use super::causes::Cause;
use super::{Effect, Kind, Layer};

/// What the evidence told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    pub principal: Option<String>,
    pub action: Option<String>,
    pub resource: Option<String>,
    pub layer: Option<Layer>,
    pub effect: Option<Effect>,
    pub policy: Option<String>,
    pub resource_type: Option<String>,
    pub name: Option<String>,
}

/// Explanation and remedy of a row, without full stop at the end of the first.
pub fn sentences(cause: &Cause, _kind: Kind, told: &Told) -> (String, String) {
    let explanation = fill(cause.explanation, told);
    // A name at the begin stays as it is.
    let named = cause.explanation.starts_with("{resource}") && told.resource.is_some();
    (if named { explanation } else { capitalized(&explanation) }, fill(cause.remedy, told))
}

/// Fills `{name}` with what is known or its word, and `{ on resource}` with its words only where it is known.
fn fill(template: &str, told: &Told) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}') else { break };
        let hole = &rest[at + 1..at + end];
        rest = &rest[at + end + 1..];
        let name = hole.split_whitespace().next_back().unwrap_or_default();
        let value = match name {
            "principal" => &told.principal,
            "action" => &told.action,
            "resource" => &told.resource,
            "policy" => &told.policy,
            "type" => &told.resource_type,
            _ => &told.name,
        };
        match (value, hole.starts_with(' ')) {
            (Some(value), true) => out.push_str(&hole.replace(name, value)),
            (Some(value), false) => out.push_str(value),
            (None, true) => {}
            (None, false) => out.push_str(match name {
                "principal" => "the caller",
                "action" => "the action of this call",
                "resource" => "the resource",
                "type" => "the resource",
                "policy" => "the policy",
                _ => "what the message names",
            }),
        }
    }
    out.push_str(rest);
    out
}

fn capitalized(text: &str) -> String {
    // An ARN stays as it is.
    if text.starts_with("arn:") { text.to_owned() } else { super::message::call::capitalized(text) }
}
