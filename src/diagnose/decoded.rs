//! The decoded authorization message of EC2 (`sts:DecodeAuthorizationMessage`) → what the diagnosis lacked.

use super::{Diagnosis, Effect, Kind, Layer, reading};
use serde_json::Value;

/// Fills in who, what and on what from a decoded message; text that is none changes nothing.
pub fn apply(diagnosis: &mut Diagnosis, decoded: &str) {
    let Ok(message) = serde_json::from_str::<Value>(decoded) else { return };
    let at = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    if let Some(action) = at("/context/action") {
        diagnosis.action = Some(action);
        diagnosis.action_inferred = false;
    }
    diagnosis.principal = at("/context/principal/arn").or(diagnosis.principal.take());
    diagnosis.resource = at("/context/resource").or(diagnosis.resource.take());
    if message.get("explicitDeny").and_then(Value::as_bool) == Some(true) {
        diagnosis.effect = Some(Effect::Explicit);
        let statement = message.pointer("/matchedStatements/items/0/statementId").and_then(Value::as_str);
        if let Some(id) = statement.filter(|id| !id.is_empty()) {
            diagnosis.policy = Some(format!("statement {id}"));
        }
    } else {
        diagnosis.effect = Some(Effect::Implicit);
        diagnosis.layer = diagnosis.layer.or(Some(Layer::Identity));
        if diagnosis.kind == Kind::UnknownDeny {
            diagnosis.kind = Kind::ImplicitDenyIdentity;
        }
    }
    reading::explain_again(diagnosis);
}

#[cfg(test)]
mod tests {
    use crate::diagnose::{Evidence, diagnose};

    #[test]
    fn a_decoded_message_tells_action_principal_and_resource() {
        let text = "An error occurred (UnauthorizedOperation) when calling the RunInstances operation: You are not \
                    authorized to perform this operation. Encoded authorization failure message: abcDEF-1234567890";
        let mut found = diagnose(&Evidence::text(text)).remove(0);
        assert_eq!(found.encoded_message.as_deref(), Some("abcDEF-1234567890"));
        let decoded = r#"{"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[]},
            "context":{"principal":{"arn":"arn:aws:iam::123456789012:user/ann"},"action":"ec2:RunInstances",
            "resource":"arn:aws:ec2:eu-west-1:123456789012:instance/*"}}"#;
        super::apply(&mut found, decoded);
        assert_eq!(found.principal.as_deref(), Some("arn:aws:iam::123456789012:user/ann"));
        assert!(!found.action_inferred);
        assert_eq!(found.statements[0]["Action"][0], "ec2:RunInstances");
    }
}
