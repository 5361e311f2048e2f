//! Patterns with `*` (any characters, also none) and `?` (one character), as IAM matches them.

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
    matches_tokens(&tokens(pattern), value)
}

/// Whether a value matches a pattern; ASCII letter case does not matter.
pub fn matches_ignoring_case(pattern: &str, value: &str) -> bool {
    matches_tokens(&tokens(&pattern.to_ascii_lowercase()), &value.to_ascii_lowercase())
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
    // A character that only a wildcard of the first can take stands for the second's wildcards.
    let stand_in: String = other.chars().map(|c| if c == '*' || c == '?' { '\u{1}' } else { c }).collect();
    matches(pattern, &stand_in)
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
