//! Numbers as JavaScript holds and prints them, because manifests are written for js-yaml and `JSON.parse`.

use serde_json::Number;

/// The largest integer below which every integer is exact in a double (`Number.MAX_SAFE_INTEGER`).
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A double as a JSON number; integers stay integers. `None` for what JSON cannot hold (`.inf`, `.nan`).
pub fn from_f64(value: f64) -> Option<Number> {
    if value.fract() == 0.0 && value.abs() <= MAX_SAFE_INTEGER {
        #[allow(clippy::cast_possible_truncation, reason = "an exact integer below 2^53")]
        return Some((value as i64).into());
    }
    Number::from_f64(value)
}

/// The number that JavaScript makes of a JSON number: integers above 2^53 are rounded to a double.
pub fn rounded(number: &Number) -> Number {
    number.as_f64().and_then(from_f64).unwrap_or_else(|| number.clone())
}

/// What `String(number)` gives in JavaScript (ECMA-262 `Number::toString`).
pub fn js_string(number: &Number) -> String {
    let value = number.as_f64().unwrap_or_default();
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = mantissa.replace('.', "");
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // The position of the decimal point, counted from the first digit.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let at = usize::try_from(point).unwrap_or_default();
    let text = match point {
        _ if count <= point && point <= 21 => digits.clone() + &"0".repeat(at - digits.len()),
        1..=21 => format!("{}.{}", &digits[..at], &digits[at..]),
        -5..=0 => format!("0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
        _ => {
            let sign = if point > 0 { '+' } else { '-' };
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{first}{dot}{rest}e{sign}{}", (point - 1).unsigned_abs())
        }
    };
    if value < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        js_string(&from_f64(value).expect("finite"))
    }

    #[test]
    fn numbers_print_as_javascript_prints_them() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (512.0, "512"),
            (-1.5, "-1.5"),
            (0.000_001, "0.000001"),
            (1e-7, "1e-7"),
            (1.5e-9, "1.5e-9"),
            (1e21, "1e+21"),
            (123_456_789_012.0, "123456789012"),
            (1e20, "100000000000000000000"),
            (12_345_678_901_234_567_890.0, "12345678901234567000"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    #[test]
    fn what_json_cannot_hold_is_no_number() {
        assert_eq!(from_f64(f64::INFINITY), None);
        assert_eq!(from_f64(f64::NAN), None);
    }
}
