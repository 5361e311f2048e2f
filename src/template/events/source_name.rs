//! What a logical id calls the source of an event that the manifest names by ARN or by reference.

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
    fn a_nested_import_is_named_by_what_it_imports() {
        assert_eq!(queue(json!({"Fn::ImportValue": {"Fn::Sub": "${Stage}-jobs"}})), "${Stage}-jobs");
    }
}
