//! Patterns with `*` (any characters, also none) and `?` (one character), as IAM matches them.

/// Whether a value matches a pattern; letter case matters.
pub fn matches(pattern: &str, value: &str) -> bool {
    run(pattern, value, |a, b| a == b)
}

/// Whether a value matches a pattern; ASCII letter case does not matter.
pub fn matches_ignoring_case(pattern: &str, value: &str) -> bool {
    run(pattern, value, |a, b| a.eq_ignore_ascii_case(&b))
}

/// Whether every value that the second pattern matches is matched by the first one too.
///
/// Exact for patterns whose `?` stand still; a `*` of the second is only covered by a `*` of the first.
pub fn covers(pattern: &str, other: &str) -> bool {
    // Taking the other's wildcards for characters that only a wildcard can match keeps the answer safe:
    // `*` becomes a run that nothing but `*` swallows.
    let stand_in: String = other.chars().map(|c| if c == '*' || c == '?' { '\u{1}' } else { c }).collect();
    let single_covers_star = other.contains('*') && pattern.contains('?');
    !single_covers_star && matches(pattern, &stand_in)
}

fn run(pattern: &str, value: &str, same: impl Fn(char, char) -> bool) -> bool {
    let (pattern, value): (Vec<char>, Vec<char>) = (pattern.chars().collect(), value.chars().collect());
    let (mut p, mut v) = (0, 0);
    // Where the last `*` stood and how much of the value it has taken.
    let mut star: Option<(usize, usize)> = None;
    while v < value.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, v));
                p += 1;
            }
            Some(&c) if c == '?' || same(c, value[v]) => {
                p += 1;
                v += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    v = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
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
