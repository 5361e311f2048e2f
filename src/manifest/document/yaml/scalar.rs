//! What js-yaml 4 makes of a scalar: the YAML 1.2 core schema without timestamps,
//! as the Framework's own schema has it.

use crate::manifest::document::{Value, number};

/// The value of a plain scalar.
pub(super) fn plain(text: &str) -> Value {
    null(text)
        .or_else(|| bool(text))
        .or_else(|| int(text))
        .or_else(|| float(text))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// `!!null`
pub(super) fn null(text: &str) -> Option<Value> {
    matches!(text, "" | "~" | "null" | "Null" | "NULL").then_some(Value::Null)
}

/// `!!bool`: not the `yes` and `on` of YAML 1.1.
pub(super) fn bool(text: &str) -> Option<Value> {
    match text {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// `!!int`: decimal (`012` is twelve), `0b`, `0o`, `0x`; no underscores, no sexagesimals.
pub(super) fn int(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'b', ..] => (2, &digits[2..]),
        [b'0', b'o', ..] => (8, &digits[2..]),
        [b'0', b'x', ..] => (16, &digits[2..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let value = if radix == 10 {
        digits.parse::<f64>().ok()?
    } else {
        digits.chars().filter_map(|c| c.to_digit(radix)).fold(0.0, |sum, d| sum * f64::from(radix) + f64::from(d))
    };
    value.is_finite().then(|| number(if negative { -value } else { value }))
}

/// `!!float`: also `1e3`, `.5` and the special `.inf` and `.nan`, which JSON makes null.
pub(super) fn float(text: &str) -> Option<Value> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(Value::Null),
        _ if matches!(text.trim_start_matches(['-', '+']), ".inf" | ".Inf" | ".INF") => return Some(Value::Null),
        _ => {}
    }
    // Rust's grammar for floats is js-yaml's, but for these two.
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let first = unsigned.bytes().next()?;
    let signed_fraction = first == b'.' && unsigned.len() != text.len();
    if signed_fraction || unsigned == "." || !(first.is_ascii_digit() || first == b'.') {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then(|| number(value))
}

fn number(value: f64) -> Value {
    number::from_f64(value).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        crate::manifest::document::Node { value: plain(text), span: None }.to_json().to_string()
    }

    #[test]
    fn scalars_mean_what_js_yaml_makes_of_them() {
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("Null", "null"),
            ("nULL", "\"nULL\""),
            ("TRUE", "true"),
            ("yes", "\"yes\""),
            ("on", "\"on\""),
            ("012", "12"),
            ("0123456789012", "123456789012"),
            ("0o14", "12"),
            ("0x1F", "31"),
            ("-0x1F", "-31"),
            ("0b101", "5"),
            ("0b", "\"0b\""),
            ("1_000", "\"1_000\""),
            ("12:30:45", "\"12:30:45\""),
            ("2012-10-17", "\"2012-10-17\""),
            ("2012-10-17T00:00:00Z", "\"2012-10-17T00:00:00Z\""),
            ("1e3", "1000"),
            ("1.", "1"),
            (".5", "0.5"),
            ("-.5", "\"-.5\""),
            ("+1.5", "1.5"),
            ("1.0", "1"),
            ("1.2.3", "\"1.2.3\""),
            ("3.10", "3.1"),
            (".inf", "null"),
            ("-.INF", "null"),
            (".NaN", "null"),
            ("inf", "\"inf\""),
            ("NaN", "\"NaN\""),
            ("infinity", "\"infinity\""),
            ("1e400", "\"1e400\""),
            ("+", "\"+\""),
            ("-", "\"-\""),
            ("=", "\"=\""),
            ("1e", "\"1e\""),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
    }
}
