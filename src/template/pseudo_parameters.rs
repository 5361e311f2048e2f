//! `#{AWS::AccountId}` and `#{LogicalId}`, as the plugin serverless-pseudo-parameters writes them: a text with
//! one becomes `Fn::Sub` (its README).

use super::Compilation;
use crate::manifest::schema::build::{boolean, doc, object};
use regex::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The plugin's package name.
pub const PLUGIN: &str = "serverless-pseudo-parameters";

static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"#\{([A-Za-z0-9:._]+)\}").ok());

/// What is left of them with `allowReferences: false`.
static PSEUDO_PARAMETER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"#\{(AWS::[A-Za-z]+)\}").ok());

/// The schema of `custom.pseudoParameters`.
pub fn schema() -> Value {
    let references = "Replace `#{LogicalId}` too, beside `#{AWS::...}` [default: true].";
    object([
        ("allowReferences", doc(boolean(), references)),
        ("skipRegionReplace", doc(boolean(), "`false` is not read: names of regions stay as they are.")),
    ])
}

/// Replaces references in the whole template, where the service uses the plugin.
pub fn compile(it: &mut Compilation<'_>) {
    if !it.service.plugins.iter().any(|plugin| plugin == PLUGIN) {
        return;
    }
    let own_only = it.service.custom["pseudoParameters"]["allowReferences"] == Value::Bool(false);
    let Some(reference) = (if own_only { &*PSEUDO_PARAMETER } else { &*REFERENCE }) else { return };
    for section in ["Resources", "Outputs"] {
        it.template.section(section).values_mut().for_each(|value| replace(value, reference));
    }
}

fn replace(value: &mut Value, reference: &Regex) {
    match value {
        Value::String(text) => {
            if let Some(template) = template(text, reference) {
                *value = json!({ "Fn::Sub": template });
            }
        }
        // Inside `Fn::Sub` the text is a template already.
        Value::Object(map) if map.len() == 1 && map.contains_key("Fn::Sub") => match &mut map["Fn::Sub"] {
            Value::String(text) => *text = template(text, reference).unwrap_or_else(|| text.clone()),
            other => replace(other, reference),
        },
        Value::Object(map) => map.values_mut().for_each(|value| replace(value, reference)),
        Value::Array(list) => list.iter_mut().for_each(|value| replace(value, reference)),
        _ => {}
    }
}

fn template(text: &str, reference: &Regex) -> Option<String> {
    reference.is_match(text).then_some(())?;
    Some(reference.replace_all(text, "$${$1}").into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(value: &mut Value) {
        super::replace(value, REFERENCE.as_ref().expect("a pattern"));
    }

    #[test]
    fn references_of_resources_may_be_left_alone() {
        let mut value = json!("#{AWS::Region} #{Queue.Arn}");
        super::replace(&mut value, PSEUDO_PARAMETER.as_ref().expect("a pattern"));
        assert_eq!(value, json!({ "Fn::Sub": "${AWS::Region} #{Queue.Arn}" }));
    }

    #[test]
    fn a_text_with_a_reference_becomes_a_substitution() {
        let mut value = json!({ "A": "arn:aws:sqs:#{AWS::Region}:#{AWS::AccountId}:q", "B": ["plain #{}"] });
        replace(&mut value);
        let expected =
            json!({ "A": { "Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:q" }, "B": ["plain #{}"] });
        assert_eq!(value, expected);
    }

    #[test]
    fn a_substitution_stays_one() {
        let mut value = json!({ "Fn::Sub": "#{Queue.Arn}/${AWS::Region}" });
        replace(&mut value);
        assert_eq!(value, json!({ "Fn::Sub": "${Queue.Arn}/${AWS::Region}" }));
    }
}
