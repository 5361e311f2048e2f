//! What a logical id calls the source of an event that the manifest names by ARN or by reference.

use serde_json::Value;

/// The name in a source: of an ARN by `of_arn`, of an intrinsic function by its last readable part.
///
/// Framework v3 knows `Fn::GetAtt`, `Fn::ImportValue`, `Ref` and `Fn::Join` with text at the end,
/// and fails without a message on the rest (`Fn::Sub`, nested functions); here those get a name too.
pub(super) fn source_name(source: &Value, of_arn: impl Fn(&str) -> &str + Copy) -> String {
    match source {
        Value::String(arn) => of_arn(arn).to_owned(),
        Value::Object(function) => function.iter().next().map_or_else(String::new, |(name, argument)| {
            match (name.as_str(), argument) {
                ("Fn::GetAtt", Value::Array(path)) => text(path.first()),
                ("Fn::GetAtt", Value::String(path)) => path.split('.').next().unwrap_or_default().to_owned(),
                ("Ref" | "Fn::ImportValue", Value::String(name)) => name.clone(),
                ("Fn::Join", Value::Array(arguments)) => match arguments.get(1).and_then(Value::as_array) {
                    Some(parts) => match parts.last() {
                        Some(Value::String(part)) => last_segment(part, '/').to_owned(),
                        Some(part) => source_name(part, of_arn),
                        None => String::new(),
                    },
                    None => String::new(),
                },
                ("Fn::Sub", Value::Array(arguments)) => of_arn(&text(arguments.first())).to_owned(),
                (_, argument) => source_name(argument, of_arn),
            }
        }),
        Value::Array(parts) => parts.last().map_or_else(String::new, |part| source_name(part, of_arn)),
        other => other.to_string(),
    }
}

/// What follows the last separator; all of the text where there is none.
pub(super) fn last_segment(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or(text)
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn queue(source: Value) -> String {
        source_name(&source, |arn| last_segment(arn, ':'))
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
    fn a_nested_import_is_named_by_what_it_imports() {
        assert_eq!(queue(json!({"Fn::ImportValue": {"Fn::Sub": "${Stage}-jobs"}})), "${Stage}-jobs");
    }
}
