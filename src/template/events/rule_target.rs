//! What `schedule` and `cloudwatchEvent` say about the target of an `AWS::Events::Rule`.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-events-rule-target.html>

use super::json_text::json_text;
use crate::manifest::{Problem, Problems};
use crate::template::EventUse;
use crate::template::value::set_some;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// `inputTransformer`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InputTransformer {
    input_template: Value,
    input_paths_map: Option<Value>,
}

impl InputTransformer {
    /// The property of a target.
    pub fn property(&self) -> Value {
        let mut property = Map::from_iter([("InputTemplate".to_owned(), self.input_template.clone())]);
        set_some(&mut property, "InputPathsMap", self.input_paths_map.clone());
        Value::Object(property)
    }
}

/// The `Input` of a target from `input`: text as it is, all else as JSON text.
pub(super) fn input_text(input: &Value) -> String {
    input.as_str().map_or_else(|| json_text(input), str::to_owned)
}

/// The text as the framework writes it into a rule.
///
/// It builds the rule as JSON text and escapes nothing but quotes, so a backslash in
/// the input is read as an escape once more. That is kept where it gives a usable
/// input; where it would break one (`\"`, `\n` inside JSON), the input stays as it is.
pub(super) fn as_in_rule(input: &str) -> String {
    let quoted = format!("\"{}\"", input.replace('"', "\\\""));
    match serde_json::from_str::<String>(&quoted) {
        Ok(text) if is_json(&text) || !is_json(input) => text,
        _ => input.to_owned(),
    }
}

/// Refuses more than one of `input`, `inputPath` and `inputTransformer`: EventBridge takes one.
pub(super) fn one_input(event: &EventUse<'_>, set: [bool; 3], problems: &mut Problems) {
    let names = ["input", "inputPath", "inputTransformer"];
    let set: Vec<_> =
        names.iter().zip(set).filter(|(_, is_set)| *is_set).map(|(name, _)| format!("`{name}`")).collect();
    if set.len() > 1 {
        problems.push(
            Problem::at(
                &event.path,
                format!("{} stand side by side, but a target takes one of them", set.join(" and ")),
            )
            .help("keep the one that makes what the function is to receive"),
        );
    }
}

/// JSON text without the line breaks that stand inside its strings as `\n` or `\r`.
pub(super) fn without_escaped_breaks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            kept.push(character);
            continue;
        }
        match characters.next() {
            Some('n' | 'r') => {}
            Some(escaped) => kept.extend(['\\', escaped]),
            None => kept.push('\\'),
        }
    }
    kept
}

/// Text on one line, as the framework writes paths, names and queries.
pub(super) fn on_one_line(text: &str) -> String {
    text.replace("\r\n", "").replace('\n', "")
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// The schema of `inputTransformer`.
pub(super) fn input_transformer_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "inputPathsMap": { "type": "object", "additionalProperties": { "type": "string", "minLength": 1 } },
            "inputTemplate": { "type": "string", "minLength": 1, "maxLength": 8192 }
        },
        "required": ["inputTemplate"],
        "additionalProperties": false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_json_stays_as_it_is() {
        assert_eq!(as_in_rule(r#"{"a":"b"}"#), r#"{"a":"b"}"#);
    }

    #[test]
    fn a_quote_inside_json_text_is_not_lost() {
        assert_eq!(as_in_rule(r#"{"a":"say \"x\""}"#), r#"{"a":"say \"x\""}"#);
    }

    #[test]
    fn an_escape_that_json_needs_is_kept() {
        assert_eq!(as_in_rule(r#"{"a":"one\ntwo"}"#), r#"{"a":"one\ntwo"}"#);
        assert_eq!(as_in_rule(r#"{"a":"C:\\dir"}"#), r#"{"a":"C:\\dir"}"#);
    }

    #[test]
    fn an_input_that_was_escaped_twice_for_the_framework_is_read_once() {
        assert_eq!(as_in_rule(r#"{"a":"C:\\\\dir"}"#), r#"{"a":"C:\\dir"}"#);
    }

    #[test]
    fn escaped_breaks_are_dropped_and_escaped_backslashes_kept() {
        assert_eq!(without_escaped_breaks(r#"{"a":"x\ny\r","b":"C:\\new\""}"#), r#"{"a":"xy","b":"C:\\new\""}"#);
    }

    #[test]
    fn text_over_lines_is_kept() {
        assert_eq!(as_in_rule("{\n \"a\": 1\n}"), "{\n \"a\": 1\n}");
    }
}
