//! What a pattern of the schema asks for, in words.

use regex::Regex;
use std::sync::LazyLock;

/// Patterns by what they mean.
const PATTERNS: &[(&str, &str)] = &[
    ("^arn:", "an ARN (it begins with `arn:`)"),
    ("^arn:aws[a-z-]*:sns", "the ARN of an SNS topic"),
    ("^arn:aws[a-z-]*:kms", "the ARN of a KMS key"),
    (r"^\d{12}$", "an account number of 12 digits"),
    (r"^\d{3}$", "a status code of three digits"),
    ("^[a-zA-Z][0-9a-zA-Z-]+$", "a name of two or more letters, digits and hyphens that begins with a letter"),
    ("^[a-zA-Z][a-zA-Z0-9-]*$", "a name of letters, digits and hyphens that begins with a letter"),
    ("^[a-zA-Z0-9-]+$", "a name of letters, digits and hyphens"),
    (r"^[\w-]+$", "a name of letters, digits, `-` and `_`"),
    ("[a-zA-Z0-9-_.]+", "a name of letters, digits, `.`, `-` and `_`"),
    (r"[\.\-_A-Za-z0-9]+", "a name of letters, digits, `.`, `-` and `_`"),
    ("^[0-9a-zA-Z-_.]+$", "a name of letters, digits, `.`, `-` and `_`"),
    (super::definitions::FUNCTION_NAME, "a name of letters, digits, `-` and `_`"),
    (super::definitions::STAGE, "a name of letters, digits and hyphens"),
    (super::definitions::BUCKET_NAME, "the name of a bucket: lower-case letters, digits, dots and hyphens"),
    (super::definitions::ALB_LISTENER, "the ARN of a listener of an application load balancer"),
    ("^/mnt/[a-zA-Z0-9_.-]+$", "a folder below `/mnt`"),
    (super::definitions::IMAGE_URI, "the URI of an image in ECR"),
    (super::definitions::IMAGE_NAME, "the name of one of `provider.ecr.images`"),
    (r"^\S+/\S+$", "a media type such as `image/png`"),
    ("^s3:", "an event of S3, such as `s3:ObjectCreated:*`"),
    ("^s3:.+$", "an event of S3, such as `s3:ObjectCreated:*`"),
    ("^[a-f0-9-]+$", "the id of a KMS key"),
    ("^[A-Za-z0-9/_+=,.@-]{1,64}$", "a role's name: up to 64 letters, digits and `/_+=,.@-`"),
    (r"(^/$)|(^/[\x21-\x7f]+/$)", "a path that begins and ends with `/`"),
    (r"^(?:cron|rate)\(.+\)$", "`rate(...)` or `cron(...)`"),
    ("subnet-[a-z0-9]+", "the id of a subnet (`subnet-...`)"),
    ("sg-[a-z0-9]+", "the id of a security group (`sg-...`)"),
    (r"^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$", "status codes, such as `200,300-399`"),
    ("^[/#A-Za-z0-9_.-]+$", "the name of a log group"),
    (r"^[.\-_/#A-Za-z0-9]{1,512}$", "the name of a log group"),
    ("^execute-api:/", "a short ARN that begins with `execute-api:/`"),
    (r"^(?:\*|/?\S*)$", "a path without spaces"),
    (r"^(?:\*|/\S*)$", "`*`, or a path that begins with `/`"),
    ("^origin-access-identity/cloudfront/.+", "`origin-access-identity/cloudfront/<id>`"),
];

/// What a text must be.
pub fn pattern_name(pattern: &str) -> String {
    if let Some((_, name)) = PATTERNS.iter().find(|(known, _)| *known == pattern) {
        return (*name).to_owned();
    }
    // `[Gg][Ee][Tt]` is how the schema says that a word may stand in any case.
    static ANY_CASE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[([A-Z])[a-z]\]").ok());
    let plain = match &*ANY_CASE {
        Some(any_case) => any_case.replace_all(pattern, "$1").into_owned(),
        None => pattern.to_owned(),
    };
    if plain.ends_with(r" /\S*)$") {
        return "a method and a path, as in `GET /users`, or `*`".to_owned();
    }
    if plain.starts_with(r"^rate\(") {
        return "`rate(5 minutes)`, `cron(0 12 * * ? *)` or the like".to_owned();
    }
    match words(&plain) {
        Some(words) => words,
        None => format!("text that matches `{plain}`"),
    }
}

/// The words of `^(?:A|B|C)$`, where there is nothing else in it.
fn words(pattern: &str) -> Option<String> {
    let inner = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let inner = inner.strip_prefix("(?:").and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner);
    let words: Vec<String> = inner.split('|').map(|word| word.replace(r"\*", "*")).collect();
    let is_word = |word: &String| word == "*" || word.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    words.iter().all(is_word).then(|| super::expect::words(&words.iter().map(String::as_str).collect::<Vec<_>>(), "or"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_said_in_words() {
        assert_eq!(pattern_name("^[Ee][Dd][Gg][Ee]$"), "`EDGE`");
        assert_eq!(pattern_name(r"^(?:\*|[Gg][Ee][Tt]|[Aa][Nn][Yy])$"), "`*`, `GET` or `ANY`");
        assert_eq!(
            pattern_name(r"^(?:\*|(?:[Gg][Ee][Tt]|[Aa][Nn][Yy]) /\S*)$"),
            "a method and a path, as in `GET /users`, or `*`"
        );
        assert_eq!(pattern_name(r"^x\d$"), r"text that matches `^x\d$`");
    }
}
