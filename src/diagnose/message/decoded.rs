//! The answer of `sts:DecodeAuthorizationMessage`, pasted: `{"allowed": false, "explicitDeny": false, "context": ...}`.

use super::denial::Denial;
use super::field;
use super::squeeze::Squeezed;
use crate::diagnose::Effect;

/// How far the context may lie behind the decision, in squeezed bytes: the matched statements stand in between.
const REACH: usize = 6000;

/// All such answers of a text, in order.
pub fn read(text: &str, squeezed: &Squeezed) -> Vec<Denial> {
    const DECISION: &str = "\"explicitdeny\":";
    squeezed
        .text
        .match_indices(DECISION)
        .filter_map(|(at, _)| answer(text, squeezed, at, at + DECISION.len()))
        .collect()
}

fn answer(text: &str, squeezed: &Squeezed, start: usize, behind: usize) -> Option<Denial> {
    let rest = squeezed.window(behind, REACH);
    let context = behind + rest.find("\"context\":")?;
    let rest = squeezed.window(context, REACH);
    let field = |label: &str| {
        let at = context + rest.find(label)? + label.len();
        Some(field::token(text, squeezed.start(at))).filter(|value| !value.is_empty())
    };
    let explicit = squeezed.window(behind, 4) == "true";
    let action = field("\"action\":\"")?;
    Some(Denial {
        principal: field("\"arn\":\""),
        resource: field("\"resource\":\""),
        action: Some(action),
        effect: Some(if explicit { Effect::Explicit } else { Effect::Implicit }),
        range: squeezed.range(start..context + rest.find("\"resource\":").unwrap_or(0)),
        ..Denial::default()
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnose::message::Prepared;

    #[test]
    fn a_decoded_message_is_read_also_within_the_answer_of_the_cli() {
        let text = r#"{ "DecodedMessage": "{\"allowed\":false,\"explicitDeny\":true,\"matchedStatements\":{\"items\":[{\"statementId\":\"NoBig\",\"actions\":{\"items\":[{\"value\":\"ec2:*\"}]}}]},\"context\":{\"principal\":{\"id\":\"AIDAX\",\"arn\":\"arn:aws:iam::123456789012:user/ann\"},\"action\":\"ec2:StartInstances\",\"resource\":\"arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc\",\"conditions\":{\"items\":[]}}}" }"#;
        let prepared = Prepared::new(text);
        let found = super::read(&prepared.text, &prepared.squeezed);
        assert_eq!(found[0].action.as_deref(), Some("ec2:StartInstances"));
        assert_eq!(found[0].principal.as_deref(), Some("arn:aws:iam::123456789012:user/ann"));
        assert_eq!(found[0].resource.as_deref(), Some("arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc"));
        assert_eq!(found[0].effect, Some(crate::diagnose::Effect::Explicit));
    }
}
