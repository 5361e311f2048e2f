//! Patterns with `*` (any characters, also none) and `?` (one character), as IAM matches them.

use std::str::Chars;

/// A character of a pattern, or a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// `*`
    Any,
    /// `?`
    One,
    /// This very character, also `*` and `?`.
    Literal(char),
}

/// The tokens of a pattern as it stands in a policy.
pub fn tokens(pattern: &str) -> Vec<Token> {
    let token = |c| match c {
        '*' => Token::Any,
        '?' => Token::One,
        other => Token::Literal(other),
    };
    pattern.chars().map(token).collect()
}

/// Whether a value matches a pattern; letter case matters.
pub fn matches(pattern: &str, value: &str) -> bool {
    matches_by(pattern, value, |wanted, found| wanted == found)
}

/// Whether a value matches a pattern; ASCII letter case does not matter.
pub fn matches_ignoring_case(pattern: &str, value: &str) -> bool {
    matches_by(pattern, value, |wanted, found| wanted.eq_ignore_ascii_case(&found))
}

/// The same as [`matches_tokens`] for a pattern as it is written, without taking it apart first: requirements ask
/// this some ten thousand times.
fn matches_by(pattern: &str, value: &str, same: impl Fn(char, char) -> bool) -> bool {
    let (mut pattern, mut value) = (pattern.chars(), value.chars());
    // What stands behind the last `*`, and what of the value it has not taken.
    let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let from_here = value.clone();
        let Some(found) = value.next() else { return pattern.all(|token| token == '*') };
        let mut behind = pattern.clone();
        match behind.next() {
            Some('*') => {
                value = from_here.clone();
                star = Some((behind.clone(), from_here));
                pattern = behind;
            }
            Some(wanted) if wanted == '?' || same(wanted, found) => pattern = behind,
            _ => {
                let Some((after, left)) = &mut star else { return false };
                left.next();
                pattern = after.clone();
                value = left.clone();
            }
        }
    }
}

/// Whether a value matches a pattern's tokens; letter case matters.
pub fn matches_tokens(pattern: &[Token], value: &str) -> bool {
    let value: Vec<char> = value.chars().collect();
    let (mut p, mut v) = (0, 0);
    // Where the last `*` stood and how much of the value it has taken.
    let mut star: Option<(usize, usize)> = None;
    while v < value.len() {
        let here = pattern.get(p);
        if here == Some(&Token::Any) {
            star = Some((p, v));
            p += 1;
        } else if here == Some(&Token::One) || here == Some(&Token::Literal(value[v])) {
            p += 1;
            v += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            v = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|token| *token == Token::Any)
}

/// Whether every value that the second pattern matches is matched by the first one too.
/// Never wrongly true; where a `*` of the second meets a `?` of the first it is false.
pub fn covers(pattern: &str, other: &str) -> bool {
    if other.contains('*') && pattern.contains('?') {
        return pattern == other;
    }
    // Only a wildcard of the first can take the second's wildcards.
    matches_by(pattern, other, |wanted, found| wanted == found && !['*', '?'].contains(&found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_take_any_length_and_question_marks_one_character() {
        for (pattern, value, expected) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*c", "abbbc", true),
            ("a*c", "abbb", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y", true),
            ("A", "a", false),
        ] {
            assert_eq!(matches(pattern, value), expected, "{pattern} {value}");
        }
        assert!(matches_ignoring_case("S3:get*", "s3:GetObject"));
    }

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        assert!(covers("arn:aws:s3:::b/*", "arn:aws:s3:::b/*.zip"));
        assert!(covers("a?", "a?"));
        assert!(!covers("a?", "a*"));
        assert!(!covers("arn:aws:s3:::b/*.zip", "arn:aws:s3:::b/*"));
    }

    proptest! {
        #[test]
        fn a_pattern_matches_as_the_same_regular_expression_does(pattern in "[ab*?]{0,8}", value in "[ab]{0,8}") {
            let expression = format!("^{}$", pattern.replace('*', ".*").replace('?', "."));
            let expected = regex::Regex::new(&expression).unwrap().is_match(&value);
            prop_assert_eq!(matches(&pattern, &value), expected);
        }

        #[test]
        fn what_a_covered_pattern_matches_the_wider_one_matches(
            wide in "[ab*?]{0,6}", narrow in "[ab*?]{0,6}", value in "[ab]{0,6}",
        ) {
            if covers(&wide, &narrow) && matches(&narrow, &value) {
                prop_assert!(matches(&wide, &value));
            }
        }
    }
}
