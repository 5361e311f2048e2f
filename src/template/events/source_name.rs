//! What a logical id calls the source of an event that the manifest names by ARN or by reference.

use crate::manifest::{Problem, Problems};
use crate::template::EventUse;
use serde_json::Value;

/// The name in a source: of an ARN by `of_arn`, of the last text in a `Fn::Join` by `of_part`,
/// of another intrinsic function by what it refers to.
///
/// Framework v3 knows `Fn::GetAtt`, `Fn::ImportValue`, `Ref` and `Fn::Join` with text at the end,
/// and fails without a message on the rest (`Fn::Sub`, nested functions); here those get a name too.
pub(super) fn source_name<'a>(
    source: &'a Value,
    of_arn: impl Fn(&'a str) -> &'a str,
    of_part: impl Fn(&'a str) -> &'a str,
) -> String {
    if let Value::String(arn) = source {
        return of_arn(arn).to_owned();
    }
    let mut source = source;
    loop {
        source = match source {
            Value::String(text) => return of_arn(text).to_owned(),
            Value::Object(function) => match function.iter().next() {
                Some((name, Value::String(id))) if name == "Ref" || name == "Fn::ImportValue" => return id.clone(),
                Some((name, argument)) if name == "Fn::GetAtt" => match argument.get(0).or(Some(argument)) {
                    Some(Value::String(id)) => return id.split('.').next().unwrap_or_default().to_owned(),
                    _ => return String::new(),
                },
                Some((name, argument)) if name == "Fn::Join" => {
                    match argument.get(1).and_then(Value::as_array).and_then(|parts| parts.last()) {
                        Some(Value::String(part)) => return of_part(part).to_owned(),
                        Some(part) => part,
                        None => return String::new(),
                    }
                }
                Some((_, argument)) => argument,
                None => return String::new(),
            },
            // The text of `Fn::Sub` with variables.
            Value::Array(arguments) => match arguments.first() {
                Some(first) => first,
                None => return String::new(),
            },
            other => return other.to_string(),
        }
    }
}

/// Further functions whose value may be an ARN.
const TEXT_FUNCTIONS: &[&str] =
    &["Fn::FindInMap", "Fn::If", "Fn::Select", "Fn::Sub", "Fn::ToJsonString", "Fn::Transform"];

/// Refuses a source that is the call of a function which CloudFormation would refuse; `None` where it does.
pub(super) fn check(source: &Value, event: &EventUse<'_>, problems: &mut Problems) -> Option<()> {
    match malformed(source) {
        None => Some(()),
        Some(why) => {
            problems.push(Problem::at(event.at("arn"), why));
            None
        }
    }
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>
fn malformed(source: &Value) -> Option<&'static str> {
    let Some((name, argument)) = source.as_object()?.iter().next() else {
        return Some("this names nothing: write an ARN, or a function of CloudFormation that gives one");
    };
    let text_or_call = |value: &Value| value.as_str().map_or(value.is_object(), |text| !text.is_empty());
    let fits = match (name.as_str(), argument) {
        ("Ref", argument) => argument.as_str().is_some_and(|id| !id.is_empty()),
        ("Fn::GetAtt", Value::String(path)) => path.contains('.'),
        ("Fn::GetAtt", Value::Array(parts)) => parts.len() == 2 && parts[0].is_string() && text_or_call(&parts[1]),
        ("Fn::GetAtt", _) => false,
        ("Fn::ImportValue", argument) => text_or_call(argument),
        ("Fn::Join", argument) => argument.as_array().is_some_and(|parts| {
            // The name is taken from the last part.
            let ends_well = |list: &Value| match list {
                Value::Array(list) => list.last().is_some_and(text_or_call),
                other => other.is_object(),
            };
            parts.len() == 2 && parts[0].is_string() && ends_well(&parts[1])
        }),
        (name, _) => TEXT_FUNCTIONS.contains(&name),
    };
    if fits {
        return None;
    }
    Some(match name.as_str() {
        "Ref" => "`Ref` takes the logical id of a resource or the name of a parameter",
        "Fn::GetAtt" => "`Fn::GetAtt` takes a resource and its attribute, as in `[Table, StreamArn]`",
        "Fn::ImportValue" => "`Fn::ImportValue` takes the name of an export",
        "Fn::Join" => "`Fn::Join` takes a separator and a list, as in `[':', [a, b]]`",
        _ => "this is no function of CloudFormation that gives a text",
    })
}

/// What follows the last separator; all of the text where there is none.
pub(super) fn last_segment(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn queue(source: Value) -> String {
        source_name(&source, |arn| last_segment(arn, ':'), |part| part)
    }

    #[test]
    fn an_arn_is_named_by_its_last_segment() {
        assert_eq!(queue(json!("arn:aws:sqs:us-east-1:1:jobs")), "jobs");
    }

    #[test]
    fn an_attribute_is_named_by_its_resource() {
        assert_eq!(queue(json!({"Fn::GetAtt": ["Jobs", "Arn"]})), "Jobs");
    }

    #[test]
    fn a_join_is_named_by_its_last_part() {
        let join = |last: Value| json!({"Fn::Join": [":", ["arn", {"Ref": "AWS::Region"}, last]]});
        assert_eq!(queue(join(json!("jobs"))), "jobs");
        assert_eq!(queue(join(json!({"Ref": "JobsName"}))), "JobsName");
    }

    #[test]
    fn a_substitution_is_named_by_the_end_of_its_text() {
        assert_eq!(queue(json!({"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:jobs"})), "jobs");
        assert_eq!(queue(json!({"Fn::Sub": ["arn:x:${name}", {"name": "jobs"}]})), "${name}");
    }

    #[test]
    fn calls_that_cloud_formation_would_refuse_are_told() {
        for wrong in [
            json!({"Fn::Join": ["/"]}),
            json!({"Fn::Join": ["/", 0]}),
            json!({"Fn::Join": ["/", ["a", 0]]}),
            json!({"Fn::Join": ["/", ["a"], "b"]}),
            json!({"Fn::ImportValue": [null]}),
            json!({"Fn::ImportValue": ""}),
            json!({"Fn::GetAtt": {"x": 1}}),
            json!({"Fn::GetAtt": ["Table"]}),
            json!({}),
            json!({"Ref": ["Table"]}),
            json!({"Fn::Joins": ["/", ["a"]]}),
        ] {
            assert!(malformed(&wrong).is_some(), "{wrong}");
        }
        for right in [
            json!("arn:aws:sqs:us-east-1:1:jobs"),
            json!({"Fn::Join": ["/", {"Ref": "List"}]}),
            json!({"Fn::ImportValue": {"Fn::Sub": "x"}}),
            json!({"Fn::GetAtt": "Table.StreamArn"}),
            json!({"Fn::GetAtt": ["Table", {"Ref": "Which"}]}),
            json!({"Fn::Sub": ["${a}", {"a": "b"}]}),
        ] {
            assert_eq!(malformed(&right), None, "{right}");
        }
    }

    #[test]
    fn a_nested_import_is_named_by_what_it_imports() {
        assert_eq!(queue(json!({"Fn::ImportValue": {"Fn::Sub": "${Stage}-jobs"}})), "${Stage}-jobs");
    }
}
