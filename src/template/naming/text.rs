//! How text becomes a part of a logical id.

/// First character in upper case, the rest as it is.
pub fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `normalizeName`: first character in upper case.
pub fn normalize_name(name: &str) -> String {
    upper_first(name)
}

/// `normalizeNameToAlphaNumericOnly`: letters and digits only, first in upper case.
pub fn normalize_alphanumeric(name: &str) -> String {
    upper_first(&name.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
}

/// `getNormalizedResourceName`, also `getNormalizedFunctionName`: `-` and `_` spelt out.
pub fn normalize_resource(name: &str) -> String {
    upper_first(&name.replace('-', "Dash").replace('_', "Underscore"))
}

/// `normalizePathPart`: one step of a path; `{id}` becomes `IdVar`.
pub fn normalize_path_part(part: &str) -> String {
    let mut text = part.to_lowercase().replace('-', "Dash");
    // The framework's pattern is greedy: from the first brace to the last.
    if let (Some(open), Some(close)) = (text.find('{'), text.rfind('}'))
        && open < close
    {
        text = format!("{}{}Var{}", &text[..open], &text[open + 1..close], &text[close + 1..]);
    }
    upper_first(&text.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
}

/// `normalizePath`: all steps of a path, joined.
pub fn normalize_path(path: &str) -> String {
    path.split('/').map(normalize_path_part).collect()
}

/// lodash's words: runs of capitals, of lower-case letters with one capital before, of digits.
fn words(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let run = |from: usize, is: fn(&u8) -> bool| bytes[from..].iter().take_while(|b| is(b)).count();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let upper = run(at, u8::is_ascii_uppercase);
        let length = if upper > 0 {
            let lower = run(at + upper, u8::is_ascii_lowercase);
            match (upper, lower) {
                (_, 0) => upper,
                (1, _) => 1 + lower,
                // `HTTPServer`: the last capital belongs to the next word.
                _ => upper - 1,
            }
        } else {
            run(at, u8::is_ascii_lowercase).max(run(at, u8::is_ascii_digit))
        };
        if length == 0 {
            at += 1;
            continue;
        }
        found.push(&text[at..at + length]);
        at += length;
    }
    found
}

/// `toStartCase`: every word with a capital, without spaces.
pub fn start_case(text: &str) -> String {
    words(text).into_iter().map(upper_first).collect()
}

/// `camelCase`: first word in lower case, the others with a capital.
pub fn camel_case(text: &str) -> String {
    let mut result = String::new();
    for word in words(text) {
        let word = word.to_ascii_lowercase();
        result.push_str(&if result.is_empty() { word } else { upper_first(&word) });
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_and_underscores_of_a_function_are_spelt_out() {
        assert_eq!(normalize_resource("hello-world_again"), "HelloDashworldUnderscoreagain");
    }

    #[test]
    fn a_path_variable_ends_in_var() {
        assert_eq!(normalize_path("users/{userId}/{proxy+}"), "UsersUseridVarProxyVar");
        assert_eq!(normalize_path("a-b.c"), "ADashbc");
    }

    #[test]
    fn two_variables_in_a_step_share_one_suffix() {
        assert_eq!(normalize_path_part("{a}-{b}"), "ADashbVar");
    }

    #[test]
    fn words_split_before_the_last_capital_of_a_run() {
        assert_eq!(start_case("application/x-www-form-urlencoded"), "ApplicationXWwwFormUrlencoded");
        assert_eq!(start_case("HTTPServer2go"), "HTTPServer2Go");
        assert_eq!(camel_case("my-HTTPModel_v2"), "myHttpModelV2");
    }
}
