//! Policy variables (IAM User Guide, "IAM policy elements: Variables and tags").

use super::request::Context;
use crate::iam::wildcard::{Token, tokens};

/// Replaces the variables of a pattern. What a variable stands for is taken literally, wildcards too.
///
/// # Errors
/// The key of a variable that the request does not carry, or carries with several values, and that
/// has no default: then the element matches nothing.
pub fn expand(pattern: &str, context: &Context) -> Result<Vec<Token>, String> {
    let mut expanded = Vec::new();
    let mut rest = pattern;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        expanded.extend(tokens(&rest[..start]));
        let inner = &rest[start + 2..start + length];
        match inner {
            "*" | "?" | "$" => expanded.extend(inner.chars().map(Token::Literal)),
            _ => expanded.extend(value(inner, context)?.chars().map(Token::Literal)),
        }
        rest = &rest[start + length + 1..];
    }
    expanded.extend(tokens(rest));
    Ok(expanded)
}

fn value<'a>(inner: &'a str, context: &'a Context) -> Result<&'a str, String> {
    let (key, default) = match inner.split_once(',') {
        Some((key, default)) => (key.trim(), default.trim().strip_prefix('\'').and_then(|d| d.strip_suffix('\''))),
        None => (inner.trim(), None),
    };
    match context.get(key) {
        Some([one]) => Ok(one),
        _ => default.ok_or_else(|| key.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::wildcard::matches_tokens;

    fn context() -> Context {
        let mut context = Context::default();
        context.set("aws:username", ["ann*"]);
        context.set("aws:TagKeys", ["a", "b"]);
        context
    }

    #[test]
    fn a_variable_stands_for_its_value_and_nothing_wider() {
        let pattern = expand("home/${aws:UserName}/*", &context()).unwrap();
        assert!(matches_tokens(&pattern, "home/ann*/x"));
        assert!(!matches_tokens(&pattern, "home/annie/x"));
    }

    #[test]
    fn an_absent_key_falls_back_to_the_default_or_fails() {
        assert!(matches_tokens(&expand("${aws:PrincipalTag/team, 'none'}", &context()).unwrap(), "none"));
        assert_eq!(expand("${aws:PrincipalTag/team}", &context()), Err("aws:PrincipalTag/team".to_owned()));
        assert_eq!(expand("${aws:TagKeys}", &context()), Err("aws:TagKeys".to_owned()));
    }

    #[test]
    fn escaped_wildcards_are_characters() {
        let pattern = expand("${*}${?}${$}", &context()).unwrap();
        assert!(matches_tokens(&pattern, "*?$"));
        assert!(!matches_tokens(&pattern, "ab$"));
    }

    #[test]
    fn an_unclosed_variable_is_text() {
        assert!(matches_tokens(&expand("a${b", &context()).unwrap(), "a${b"));
    }
}
