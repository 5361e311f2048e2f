//! JSON text → policy.

use super::{Condition, Effect, Listed, Operator, Policy, Principal, Statement};
use serde_json::{Map, Value};

/// Why a document is no policy; the place is a path such as `Statement[1].Effect`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("the policy is not JSON: {0}")]
    Json(String),
    #[error("{place} is {found}, expected {expected}")]
    Shape { place: String, found: &'static str, expected: &'static str },
    #[error("{place} is missing")]
    Missing { place: String },
    #[error("{place} is no element of a policy")]
    Unknown { place: String },
    #[error("{place} and {other} exclude each other")]
    Both { place: String, other: &'static str },
    #[error("{place} is {value:?}, expected {expected}")]
    Word { place: String, value: String, expected: &'static str },
}

impl Policy {
    /// Reads a document, also one that is URL-encoded as `iam:GetRolePolicy` returns it.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        Self::from_value(&Self::document(text)?)
    }

    /// The same as JSON, whatever it says.
    pub fn document(text: &str) -> Result<Value, PolicyError> {
        let text = text.trim();
        let decoded = if text.starts_with('%') { percent_decode(text) } else { text.to_owned() };
        serde_json::from_str(&decoded).map_err(|e| PolicyError::Json(e.to_string()))
    }

    /// Reads a document that is parsed already.
    pub fn from_value(document: &Value) -> Result<Self, PolicyError> {
        let map = object(document, "the policy")?;
        only(map, "", &["Version", "Id", "Statement"])?;
        let has_variables = match map.get("Version") {
            None => false,
            Some(version) => match string(version, "Version")?.as_str() {
                "2012-10-17" => true,
                "2008-10-17" => false,
                other => {
                    let expected = "\"2012-10-17\" or \"2008-10-17\"";
                    return Err(PolicyError::Word { place: "Version".into(), value: other.into(), expected });
                }
            },
        };
        let statements = match map.get("Statement") {
            None => return Err(PolicyError::Missing { place: "Statement".into() }),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| statement(item, &format!("Statement[{index}]")))
                .collect::<Result<_, _>>()?,
            Some(one) => vec![statement(one, "Statement")?],
        };
        Ok(Self { has_variables, statements })
    }
}

const ELEMENTS: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

fn statement(value: &Value, place: &str) -> Result<Statement, PolicyError> {
    let map = object(value, place)?;
    only(map, &format!("{place}."), ELEMENTS)?;
    let effect_place = format!("{place}.Effect");
    let effect = map.get("Effect").ok_or_else(|| PolicyError::Missing { place: effect_place.clone() })?;
    let effect = match string(effect, &effect_place)?.as_str() {
        "Allow" => Effect::Allow,
        "Deny" => Effect::Deny,
        other => {
            let expected = "\"Allow\" or \"Deny\"";
            return Err(PolicyError::Word { place: effect_place, value: other.into(), expected });
        }
    };
    let actions = either(map, place, "Action", "NotAction", strings)?
        .ok_or_else(|| PolicyError::Missing { place: format!("{place}.Action") })?;
    Ok(Statement {
        sid: map.get("Sid").map(|sid| string(sid, &format!("{place}.Sid"))).transpose()?,
        effect,
        principals: either(map, place, "Principal", "NotPrincipal", principals)?,
        actions,
        resources: either(map, place, "Resource", "NotResource", strings)?,
        conditions: map.get("Condition").map(|c| conditions(c, place)).transpose()?.unwrap_or_default(),
    })
}

fn either<T>(
    map: &Map<String, Value>,
    place: &str,
    name: &'static str,
    not_name: &'static str,
    read: fn(&Value, &str) -> Result<Vec<T>, PolicyError>,
) -> Result<Option<Listed<T>>, PolicyError> {
    let (value, name, negated) = match (map.get(name), map.get(not_name)) {
        (Some(_), Some(_)) => return Err(PolicyError::Both { place: format!("{place}.{name}"), other: not_name }),
        (Some(value), None) => (value, name, false),
        (None, Some(value)) => (value, not_name, true),
        (None, None) => return Ok(None),
    };
    Ok(Some(Listed { negated, items: read(value, &format!("{place}.{name}"))? }))
}

fn principals(value: &Value, place: &str) -> Result<Vec<Principal>, PolicyError> {
    let map = match value {
        Value::String(star) if star == "*" => return Ok(vec![Principal::Anyone]),
        Value::String(other) => {
            let expected = "\"*\" or an object such as {\"AWS\": ...}";
            return Err(PolicyError::Word { place: place.into(), value: other.clone(), expected });
        }
        _ => object(value, place)?,
    };
    let mut found = Vec::new();
    for (kind, names) in map {
        let place = format!("{place}.{kind}");
        let make: fn(String) -> Principal = match kind.as_str() {
            "AWS" => |name| if name == "*" { Principal::Anyone } else { Principal::Aws(name) },
            "Service" => Principal::Service,
            "Federated" => Principal::Federated,
            "CanonicalUser" => Principal::CanonicalUser,
            _ => return Err(PolicyError::Unknown { place }),
        };
        found.extend(strings(names, &place)?.into_iter().map(make));
    }
    Ok(found)
}

fn conditions(value: &Value, place: &str) -> Result<Vec<Condition>, PolicyError> {
    let place = format!("{place}.Condition");
    let mut found = Vec::new();
    for (name, keys) in object(value, &place)? {
        let place = format!("{place}.{name}");
        let operator = Operator::parse(name).ok_or_else(|| PolicyError::Word {
            place: place.clone(),
            value: name.clone(),
            expected: "a condition operator",
        })?;
        for (key, values) in object(keys, &place)? {
            let values = strings(values, &format!("{place}.{key}"))?;
            found.push(Condition { spelled: name.clone(), operator, key: key.clone(), values });
        }
    }
    Ok(found)
}

fn only(map: &Map<String, Value>, prefix: &str, known: &[&str]) -> Result<(), PolicyError> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(PolicyError::Unknown { place: format!("{prefix}{key}") }),
        None => Ok(()),
    }
}

fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, PolicyError> {
    value.as_object().ok_or_else(|| shape(value, place, "an object"))
}

/// A list of scalars, or one; numbers and booleans may stand without quotes.
fn strings(value: &Value, place: &str) -> Result<Vec<String>, PolicyError> {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(i, item)| string(item, &format!("{place}[{i}]"))).collect()
        }
        one => Ok(vec![string(one, place)?]),
    }
}

fn string(value: &Value, place: &str) -> Result<String, PolicyError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        other => Err(shape(other, place, "a string")),
    }
}

fn shape(value: &Value, place: &str, expected: &'static str) -> PolicyError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    PolicyError::Shape { place: place.to_owned(), found, expected }
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn error(document: Value) -> String {
        Policy::from_value(&document).unwrap_err().to_string()
    }

    #[test]
    fn single_values_and_lists_mean_the_same() {
        let one = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": true}},
        }});
        let many = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"],
            "Condition": {"Bool": {"aws:SecureTransport": ["true"]}},
        }]});
        assert_eq!(Policy::from_value(&one), Policy::from_value(&many));
    }

    #[test]
    fn principals_of_all_kinds_are_read() {
        let policy = Policy::from_value(&json!({"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "NotPrincipal": {"AWS": ["123456789012", "*"], "Service": "lambda.amazonaws.com"},
             "NotAction": "iam:*", "NotResource": "*"},
        ]}))
        .unwrap();
        assert_eq!(policy.statements[0].principals.as_ref().unwrap().items, [Principal::Anyone]);
        let negated = policy.statements[1].principals.as_ref().unwrap();
        assert!(negated.negated && policy.statements[1].actions.negated);
        assert_eq!(negated.items.len(), 3);
    }

    #[test]
    fn a_url_encoded_document_is_read() {
        let text = "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Deny%22%2C%22Action%22%3A%22*%22%2C%22Resource%22%3A%22*%22%7D%7D";
        assert_eq!(Policy::parse(text).unwrap().statements[0].effect, Effect::Deny);
    }

    #[test]
    fn errors_say_where_and_what() {
        assert_eq!(error(json!([])), "the policy is a list, expected an object");
        assert_eq!(error(json!({})), "Statement is missing");
        assert_eq!(
            error(json!({"Statement": [{"Effect": "allow", "Action": "*"}]})),
            "Statement[0].Effect is \"allow\", expected \"Allow\" or \"Deny\""
        );
        assert_eq!(
            error(json!({"Statement": [{"Effect": "Allow", "Action": "*", "NotAction": "*"}]})),
            "Statement[0].Action and NotAction exclude each other"
        );
        assert_eq!(
            error(json!({"Statement": [{"Effect": "Allow", "Action": [1, {}]}]})),
            "Statement[0].Action[1] is an object, expected a string"
        );
        assert_eq!(
            error(json!({"Statement": [{"Effect": "Allow", "Action": "*", "Condition": {"Equals": {"a": "b"}}}]})),
            "Statement[0].Condition.Equals is \"Equals\", expected a condition operator"
        );
        assert_eq!(error(json!({"Statement": [], "Statment": []})), "Statment is no element of a policy");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,80}") {
            let _ = Policy::parse(&text);
        }
    }
}
