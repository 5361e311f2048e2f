//! Whether a condition holds (IAM User Guide, "Conditions with multiple context keys or values").

use super::request::Context;
use super::variable;
use crate::iam::policy::{Comparison, Condition, Quantifier};
use crate::iam::wildcard::{Token, matches_tokens, tokens};
use base64::Engine;
use std::net::IpAddr;

/// Whether a condition holds, and on what that rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub holds: bool,
    /// Whether the request does not carry the key, which alone made the verdict.
    pub key_absent: bool,
}

/// Judges one condition. Several values of the policy are alternatives; with a negated operator none may match.
pub fn judge(condition: &Condition, context: &Context, has_variables: bool) -> Verdict {
    let operator = condition.operator;
    let actual = context.get(&condition.key);
    if operator.comparison == Comparison::Null {
        let holds =
            condition.values.iter().any(|v| v.eq_ignore_ascii_case(if actual.is_none() { "true" } else { "false" }));
        return Verdict { holds, key_absent: actual.is_none() };
    }
    let Some(actual) = actual else {
        // An absent key is no value: it satisfies IfExists, "for all" and "not", and nothing else.
        let holds = operator.if_exists
            || operator.quantifier == Quantifier::ForAll
            || operator.negated && operator.quantifier == Quantifier::Single;
        return Verdict { holds, key_absent: true };
    };
    let one = |value: &String| {
        let equal =
            condition.values.iter().any(|wanted| compare(operator.comparison, value, wanted, context, has_variables));
        equal != operator.negated
    };
    let holds = match operator.quantifier {
        // Nothing but empty texts counts as no value.
        Quantifier::ForAll => actual.iter().all(String::is_empty) || actual.iter().all(one),
        Quantifier::ForAny => actual.iter().any(one),
        // Operators without a prefix are meant for keys with one value; of several, any may match and none may
        // match what is excluded.
        Quantifier::Single if operator.negated => actual.iter().all(one),
        Quantifier::Single => actual.iter().any(one),
    };
    Verdict { holds, key_absent: false }
}

fn compare(comparison: Comparison, actual: &str, wanted: &str, context: &Context, has_variables: bool) -> bool {
    use Comparison as C;
    let text = || text(wanted, context, has_variables);
    match comparison {
        C::StringEquals => text().is_some_and(|w| w == actual),
        C::StringEqualsIgnoreCase => text().is_some_and(|w| w.to_lowercase() == actual.to_lowercase()),
        C::StringLike => pattern(wanted, context, has_variables).is_some_and(|p| matches_tokens(&p, actual)),
        C::Arn => pattern(wanted, context, has_variables).is_some_and(|p| arn_like(&p, actual)),
        C::NumericEquals => number(actual, wanted).is_some_and(|(a, w)| a == w),
        C::NumericLessThan => number(actual, wanted).is_some_and(|(a, w)| a < w),
        C::NumericLessThanEquals => number(actual, wanted).is_some_and(|(a, w)| a <= w),
        C::NumericGreaterThan => number(actual, wanted).is_some_and(|(a, w)| a > w),
        C::NumericGreaterThanEquals => number(actual, wanted).is_some_and(|(a, w)| a >= w),
        C::DateEquals => dates(actual, wanted).is_some_and(|(a, w)| a == w),
        C::DateLessThan => dates(actual, wanted).is_some_and(|(a, w)| a < w),
        C::DateLessThanEquals => dates(actual, wanted).is_some_and(|(a, w)| a <= w),
        C::DateGreaterThan => dates(actual, wanted).is_some_and(|(a, w)| a > w),
        C::DateGreaterThanEquals => dates(actual, wanted).is_some_and(|(a, w)| a >= w),
        C::Bool => text().is_some_and(|w| w.eq_ignore_ascii_case(actual)),
        C::BinaryEquals => binary(actual).zip(binary(wanted)).is_some_and(|(a, w)| a == w),
        C::IpAddress => in_range(actual, wanted).unwrap_or(false),
        C::Null => false,
    }
}

fn pattern(wanted: &str, context: &Context, has_variables: bool) -> Option<Vec<Token>> {
    if has_variables { variable::expand(wanted, context).ok() } else { Some(tokens(wanted)) }
}

/// A value that is compared as a whole: its wildcards are characters.
fn text(wanted: &str, context: &Context, has_variables: bool) -> Option<String> {
    let character = |token: Token| match token {
        Token::Any => '*',
        Token::One => '?',
        Token::Literal(c) => c,
    };
    Some(pattern(wanted, context, has_variables)?.into_iter().map(character).collect())
}

/// Each of the six parts between colons is matched by itself.
fn arn_like(pattern: &[Token], actual: &str) -> bool {
    let wanted: Vec<&[Token]> = pattern.splitn(6, |t| *t == Token::Literal(':')).collect();
    let parts: Vec<&str> = actual.splitn(6, ':').collect();
    wanted.len() == 6 && parts.len() == 6 && wanted.iter().zip(parts).all(|(w, part)| matches_tokens(w, part))
}

fn number(actual: &str, wanted: &str) -> Option<(f64, f64)> {
    Some((actual.trim().parse().ok()?, wanted.trim().parse().ok()?))
}

fn dates(actual: &str, wanted: &str) -> Option<(jiff::Timestamp, jiff::Timestamp)> {
    Some((date(actual)?, date(wanted)?))
}

/// A date of ISO 8601, with or without time and zone (UTC where absent), or seconds since 1970.
fn date(text: &str) -> Option<jiff::Timestamp> {
    if let Ok(seconds) = text.parse::<i64>() {
        // A year alone is a date too (`2030`); no request is from the first hours of 1970.
        return match text.len() {
            4 => format!("{text}-01-01T00:00:00Z").parse().ok(),
            _ => jiff::Timestamp::from_second(seconds).ok(),
        };
    }
    let civil = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    text.parse().ok().or_else(|| civil().map(|zoned| zoned.timestamp()))
}

fn binary(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn in_range(actual: &str, range: &str) -> Option<bool> {
    let (network, length) = match range.split_once('/') {
        Some((network, length)) => (network, Some(length.parse::<u32>().ok()?)),
        None => (range, None),
    };
    let (address, network): (IpAddr, IpAddr) = (actual.parse().ok()?, network.parse().ok()?);
    let same = |a: u128, b: u128, width: u32| {
        let length = length.unwrap_or(width);
        length <= width && (length == 0 || (a ^ b) >> (width - length) == 0)
    };
    Some(match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::policy::Operator;

    fn verdict(operator: &str, actual: Option<&[&str]>, wanted: &[&str]) -> Verdict {
        let mut context = Context::default();
        if let Some(values) = actual {
            context.set("k:ey", values.iter().copied());
        }
        let condition = Condition {
            spelled: operator.to_owned(),
            operator: Operator::parse(operator).unwrap(),
            key: "K:ey".to_owned(),
            values: wanted.iter().map(|w| (*w).to_owned()).collect(),
        };
        judge(&condition, &context, true)
    }

    #[track_caller]
    fn check(operator: &str, actual: &str, wanted: &[&str], expected: bool) {
        assert_eq!(verdict(operator, Some(&[actual]), wanted).holds, expected, "{actual} {operator} {wanted:?}");
    }

    #[test]
    fn strings_compare_with_and_without_case_and_wildcards() {
        check("StringEquals", "a", &["b", "a"], true);
        check("StringEquals", "a", &["A"], false);
        check("StringEquals", "ab", &["a*"], false);
        check("StringEqualsIgnoreCase", "aB", &["Ab"], true);
        check("StringLike", "ab", &["a*"], true);
        check("StringLike", "ab", &["A*"], false);
        check("StringNotLike", "ab", &["a*", "x"], false);
        check("StringNotEquals", "a", &["b", "a"], false);
        check("StringNotEquals", "a", &["b", "c"], true);
    }

    #[test]
    fn numbers_and_dates_compare_by_value() {
        check("NumericEquals", "1.0", &["1"], true);
        check("NumericLessThan", "9", &["10"], true);
        check("NumericGreaterThanEquals", "10", &["10"], true);
        check("NumericLessThan", "x", &["10"], false);
        check("DateGreaterThan", "2030-01-02T00:00:00Z", &["2030-01-01"], true);
        check("DateLessThan", "1700000000", &["2030-01-01T00:00:00Z"], true);
        check("DateEquals", "2030-01-01T01:00:00+01:00", &["2030-01-01T00:00:00Z"], true);
    }

    #[test]
    fn addresses_lie_in_ranges_of_their_own_kind() {
        check("IpAddress", "203.0.113.9", &["203.0.113.0/24"], true);
        check("IpAddress", "203.0.114.9", &["203.0.113.0/24", "203.0.114.9"], true);
        check("NotIpAddress", "203.0.113.9", &["203.0.113.0/24"], false);
        check("IpAddress", "2001:db8::1", &["2001:db8::/32"], true);
        check("IpAddress", "2001:db8::1", &["0.0.0.0/0"], false);
        check("IpAddress", "10.0.0.1", &["0.0.0.0/0"], true);
        check("IpAddress", "10.0.0.1", &["10.0.0.0/99"], false);
    }

    #[test]
    fn arns_match_part_by_part() {
        check("ArnLike", "arn:aws:sns:eu-west-1:123456789012:t", &["arn:aws:sns:*:*:t"], true);
        check("ArnLike", "arn:aws:sns:eu-west-1:123456789012:t", &["arn:aws:sns:*:t"], false);
        check("ArnEquals", "arn:aws:lambda:r:1:function:f", &["arn:aws:lambda:*:*:function:*"], true);
        check("ArnNotEquals", "arn:aws:s3:::b", &["arn:aws:s3:::b"], false);
    }

    #[test]
    fn an_absent_key_satisfies_only_what_asks_for_absence() {
        for (operator, expected) in [
            ("StringEquals", false),
            ("StringNotEquals", true),
            ("StringEqualsIfExists", true),
            ("ForAllValues:StringEquals", true),
            ("ForAnyValue:StringEquals", false),
            ("ForAnyValue:StringNotEquals", false),
            ("ForAnyValue:StringEqualsIfExists", true),
        ] {
            let verdict = verdict(operator, None, &["a"]);
            assert_eq!((verdict.holds, verdict.key_absent), (expected, true), "{operator}");
        }
        assert!(verdict("Null", None, &["true"]).holds);
        assert!(!verdict("Null", Some(&["x"]), &["true"]).holds);
        assert!(verdict("Null", Some(&["x"]), &["false"]).holds);
    }

    #[test]
    fn quantifiers_ask_all_or_any_of_the_request() {
        let both: Option<&[&str]> = Some(&["a", "b"]);
        assert!(!verdict("ForAllValues:StringEquals", both, &["a"]).holds);
        assert!(verdict("ForAllValues:StringEquals", both, &["a", "b", "c"]).holds);
        assert!(verdict("ForAnyValue:StringEquals", both, &["a"]).holds);
        assert!(verdict("ForAnyValue:StringNotEquals", both, &["a"]).holds);
        assert!(!verdict("ForAllValues:StringNotEquals", both, &["a"]).holds);
        assert!(verdict("ForAllValues:StringEquals", Some(&[]), &["a"]).holds);
        assert!(!verdict("ForAnyValue:StringEquals", Some(&[]), &["a"]).holds);
    }

    #[test]
    fn bytes_and_booleans_compare_by_meaning() {
        check("Bool", "True", &["true"], true);
        check("BinaryEquals", "YQ==", &["YQ=="], true);
        check("BinaryEquals", "no base64!", &["no base64!"], false);
    }
}
