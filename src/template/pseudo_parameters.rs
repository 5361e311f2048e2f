//! `#{AWS::AccountId}` and `#{LogicalId}`, as the plugin serverless-pseudo-parameters writes them: a text with
//! one becomes `Fn::Sub` (its README).

use super::Compilation;
use regex::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;

const PLUGIN: &str = "serverless-pseudo-parameters";

static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"#\{([A-Za-z0-9:._]+)\}").ok());

/// Replaces references in the whole template, where the service uses the plugin.
pub fn compile(it: &mut Compilation<'_>) {
    if !it.service.plugins.iter().any(|plugin| plugin == PLUGIN) {
        return;
    }
    for section in ["Resources", "Outputs"] {
        it.template.section(section).values_mut().for_each(replace);
    }
}

fn replace(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(template) = template(text) {
                *value = json!({ "Fn::Sub": template });
            }
        }
        // Inside `Fn::Sub` the text is a template already.
        Value::Object(map) if map.len() == 1 && map.contains_key("Fn::Sub") => match &mut map["Fn::Sub"] {
            Value::String(text) => *text = template(text).unwrap_or_else(|| text.clone()),
            other => replace(other),
        },
        Value::Object(map) => map.values_mut().for_each(replace),
        Value::Array(list) => list.iter_mut().for_each(replace),
        _ => {}
    }
}

fn template(text: &str) -> Option<String> {
    let reference = REFERENCE.as_ref().filter(|r| r.is_match(text))?;
    Some(reference.replace_all(text, "$${$1}").into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
