//! Glob patterns with the meaning of micromatch, which Framework v3 selects files with
//! (`micromatch(files, [pattern], { dot: true })`): `**` only as a whole segment, `*` and `?`
//! within a segment, braces, classes and the extended forms `@(a|b) ?(a) *(a) +(a) !(a)`.

use fancy_regex::Regex;

/// A compiled pattern. Patterns without wildcards or with `/**` at the end alone are compared as text.
#[derive(Debug, Clone)]
pub struct Glob {
    /// Leading `../` segments, which no wildcard matches.
    ups: usize,
    /// Leading segments without wildcards, each with its slash.
    prefix: String,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Everything,
    Exactly(String),
    Under(String),
    Regex(Box<Regex>),
}

const SPECIAL: [char; 9] = ['*', '?', '[', ']', '{', '}', '(', ')', '\\'];

impl Glob {
    /// Compiles a pattern (without leading `!`). `None` if it is no valid pattern.
    pub fn new(pattern: &str) -> Option<Self> {
        let mut pattern = pattern.trim_start_matches("./");
        let mut ups = 0;
        while let Some(rest) = pattern.strip_prefix("../") {
            (pattern, ups) = (rest, ups + 1);
        }
        let literal = |text: &str| !text.contains(SPECIAL) && !text.contains('+');
        let prefix: String = pattern.split_inclusive('/').take_while(|s| s.ends_with('/') && literal(s)).collect();
        let form = match pattern {
            "**" | "**/*" | "**/**" => Form::Everything,
            _ if literal(pattern) => Form::Exactly(pattern.to_owned()),
            _ => match pattern.strip_suffix("/**").filter(|p| literal(p)) {
                Some(dir) => Form::Under(dir.to_owned()),
                None => Form::Regex(Box::new(regex(pattern)?)),
            },
        };
        Some(Self { ups, prefix, form })
    }

    /// Whether every path matches.
    pub fn is_everything(&self) -> bool {
        matches!(self.form, Form::Everything)
    }

    /// Whether a path (relative, `/` between segments, perhaps with leading `../`) matches.
    pub fn matches(&self, path: &str) -> bool {
        let Some(path) = self.below(path) else { return false };
        match &self.form {
            Form::Everything => true,
            Form::Exactly(text) => path == text,
            Form::Under(dir) => path.strip_prefix(dir.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/')),
            Form::Regex(regex) => regex.is_match(path).unwrap_or(false),
        }
    }

    /// Whether every path below a directory matches.
    pub fn covers(&self, dir: &str) -> bool {
        let Some(dir) = self.below(dir) else { return false };
        match &self.form {
            Form::Everything => true,
            Form::Under(top) => dir.strip_prefix(top.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/')),
            Form::Exactly(_) | Form::Regex(_) => false,
        }
    }

    /// Whether a path below a directory could match.
    pub fn reaches_into(&self, dir: &str) -> bool {
        let Some(dir) = self.below(dir) else { return false };
        let dir = format!("{dir}/");
        match &self.form {
            Form::Exactly(text) => text.starts_with(&dir),
            _ => self.prefix.starts_with(&dir) || dir.starts_with(&self.prefix),
        }
    }

    /// Leading `../` segments of the pattern and the literal folder below them.
    pub fn base(&self) -> (usize, &str) {
        let folder = match &self.form {
            Form::Under(dir) => dir,
            _ => self.prefix.trim_end_matches('/'),
        };
        (self.ups, folder)
    }

    fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut path = path;
        for _ in 0..self.ups {
            path = path.strip_prefix("../")?;
        }
        (!path.starts_with("../")).then_some(path)
    }
}

fn regex(pattern: &str) -> Option<Regex> {
    let alternatives: Vec<String> = expand_braces(pattern).iter().map(|p| translate(p)).collect();
    Regex::new(&format!("^(?:{})$", alternatives.join("|"))).ok()
}

/// `a{b,c}` → `ab`, `ac`; `{1..3}` → `1`, `2`, `3`. Nested braces are expanded too.
fn expand_braces(pattern: &str) -> Vec<String> {
    let Some((open, close)) = first_braces(pattern) else { return vec![pattern.to_owned()] };
    let (head, body, tail) = (&pattern[..open], &pattern[open + 1..close], &pattern[close + 1..]);
    let parts = split_top_level(body);
    let choices: Vec<String> = if parts.len() > 1 {
        parts.iter().flat_map(|p| expand_braces(p)).collect()
    } else {
        range(body).unwrap_or_else(|| vec![format!("\\{{{body}\\}}")])
    };
    let tails = expand_braces(tail);
    choices.iter().flat_map(|c| tails.iter().map(move |t| format!("{head}{c}{t}"))).collect()
}

fn first_braces(pattern: &str) -> Option<(usize, usize)> {
    let (mut open, mut depth, mut escaped) = (None, 0, false);
    for (i, c) in pattern.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => {
                open = open.or(Some(i));
                depth += 1;
            }
            '}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return open.map(|o| (o, i));
                }
            }
            _ => {}
        }
    }
    None
}

fn split_top_level(body: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (i, c) in body.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&body[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&body[start..]);
    parts
}

fn range(body: &str) -> Option<Vec<String>> {
    let (from, to) = body.split_once("..")?;
    if let (Ok(from), Ok(to)) = (from.parse::<i32>(), to.parse::<i32>()) {
        let (low, high) = (from.min(to), from.max(to));
        return (high - low < 1000).then(|| (low..=high).map(|n| n.to_string()).collect());
    }
    let one = |text: &str| text.chars().next().filter(|_| text.chars().count() == 1);
    let (from, to) = (one(from)?, one(to)?);
    Some((from.min(to)..=from.max(to)).map(String::from).collect())
}

fn translate(pattern: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut closers: Vec<String> = Vec::new();
    let mut i = 0;
    let at_start = |i: usize| i == 0 || chars[i - 1] == '/';
    while i < chars.len() {
        let c = chars[i];
        let next = chars.get(i + 1).copied();
        if matches!(c, '@' | '?' | '*' | '+' | '!') && next == Some('(') {
            let (open, close) = match c {
                '@' => ("(?:", ")".to_owned()),
                '?' => ("(?:", ")?".to_owned()),
                '*' => ("(?:", ")*".to_owned()),
                '+' => ("(?:", ")+".to_owned()),
                _ => ("(?:(?!(?:", negation_end(&chars, i)),
            };
            out.push_str(open);
            closers.push(close);
            i += 2;
            continue;
        }
        match c {
            '*' if at_start(i) && next == Some('*') && matches!(chars.get(i + 2), None | Some('/')) => {
                if chars.get(i + 2).is_some() {
                    out.push_str("(?:[^/]+/)*");
                    i += 3;
                } else {
                    match out.strip_suffix('/').map(str::len) {
                        Some(end) => {
                            out.truncate(end);
                            out.push_str("(?:/.*)?");
                        }
                        None => out.push_str(".*"),
                    }
                    i += 2;
                }
                continue;
            }
            '*' => {
                let run = chars[i..].iter().take_while(|c| **c == '*').count();
                let whole = at_start(i) && matches!(chars.get(i + run), None | Some('/'));
                out.push_str(if whole { "[^/]+" } else { "[^/]*" });
                i += run;
                continue;
            }
            '?' => out.push_str("[^/]"),
            '[' => {
                if let Some((class, end)) = class(&chars, i) {
                    out.push_str(&class);
                    i = end + 1;
                    continue;
                }
                out.push_str("\\[");
            }
            '\\' => {
                i += 1;
                if let Some(c) = chars.get(i) {
                    out.push_str(&fancy_regex::escape(&c.to_string()));
                }
            }
            '(' => {
                out.push_str("(?:");
                closers.push(")".to_owned());
            }
            ')' => match closers.pop() {
                Some(close) => out.push_str(&close),
                None => out.push_str("\\)"),
            },
            '|' if !closers.is_empty() => out.push('|'),
            _ => out.push_str(&fancy_regex::escape(&c.to_string())),
        }
        i += 1;
    }
    while let Some(close) = closers.pop() {
        out.push_str(&close);
    }
    out
}

/// The end of `!(...)`: what is refused must be refused together with what follows the group in its segment.
fn negation_end(chars: &[char], start: usize) -> String {
    let mut depth = 0;
    let mut end = chars.len();
    for (i, c) in chars.iter().enumerate().skip(start + 1) {
        match c {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    end = i + 1;
                    break;
                }
            }
            _ => {}
        }
    }
    let rest: String = chars[end.min(chars.len())..].iter().collect();
    let tail = translate(&rest);
    format!("){tail}$)[^/]*?)")
}

fn class(chars: &[char], start: usize) -> Option<(String, usize)> {
    let mut i = start + 1;
    let mut out = String::from("[");
    if matches!(chars.get(i), Some('!' | '^')) {
        out.push_str("^/");
        i += 1;
    }
    let first = i;
    loop {
        match chars.get(i)? {
            ']' if i > first => return Some((out + "]", i)),
            c @ ('[' | ']' | '\\' | '^' | '&' | '~') => {
                out.push('\\');
                out.push(*c);
            }
            c => out.push(*c),
        }
        i += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching<'a>(pattern: &str, paths: &[&'a str]) -> Vec<&'a str> {
        let glob = Glob::new(pattern).expect("valid");
        paths.iter().filter(|p| glob.matches(p)).copied().collect()
    }

    #[test]
    fn a_star_stays_within_a_segment_and_a_globstar_does_not() {
        let paths = ["a.py", "d/a.py", "d/e/a.py", ".hidden", "d/.hidden"];
        assert_eq!(matching("*.py", &paths), ["a.py"]);
        assert_eq!(matching("**/*.py", &paths), ["a.py", "d/a.py", "d/e/a.py"]);
        assert_eq!(matching("**", &paths), paths);
        assert_eq!(matching("*", &paths), ["a.py", ".hidden"]);
        assert_eq!(matching("d/*", &paths), ["d/a.py", "d/.hidden"]);
        assert_eq!(matching("**.py", &paths), ["a.py"]);
    }

    #[test]
    fn a_folder_needs_its_globstar() {
        let paths = ["src", "src/a", "src/b/c", "srcs/a"];
        assert_eq!(matching("src/**", &paths), ["src", "src/a", "src/b/c"]);
        assert_eq!(matching("src", &paths), ["src"]);
        assert!(matching("src/", &paths).is_empty());
        assert_eq!(matching("s*/**", &paths), paths);
    }

    #[test]
    fn braces_and_ranges_are_alternatives() {
        assert_eq!(matching("{a,b/**}.x", &["a.x", "b.x", "c.x"]), ["a.x"]);
        assert_eq!(matching("{src,lib}/**", &["src/a", "lib/b", "x/a"]), ["src/a", "lib/b"]);
        assert_eq!(matching("f{1..3}", &["f1", "f3", "f4"]), ["f1", "f3"]);
        assert_eq!(matching("a{b,{c,d}}e", &["abe", "ace", "ade", "ae"]), ["abe", "ace", "ade"]);
    }

    #[test]
    fn extended_forms_match_as_in_a_shell() {
        let paths = ["a.js", "b.js", "ab.js", "abab.js", "c.ts"];
        assert_eq!(matching("@(a|b).js", &paths), ["a.js", "b.js"]);
        assert_eq!(matching("+(a|b).js", &paths), ["a.js", "b.js", "ab.js", "abab.js"]);
        assert_eq!(matching("!(a|b).js", &paths), ["ab.js", "abab.js"]);
        assert_eq!(matching("!(a).*", &paths), ["b.js", "ab.js", "abab.js", "c.ts"]);
        assert_eq!(matching("[ab].js", &paths), ["a.js", "b.js"]);
        assert_eq!(matching("[!a].*", &paths), ["b.js", "c.ts"]);
    }

    #[test]
    fn wildcards_never_leave_the_service() {
        assert!(matching("**", &["../shared/x.py"]).is_empty());
        assert_eq!(matching("../shared/**", &["../shared/x.py", "shared/x.py"]), ["../shared/x.py"]);
    }

    #[test]
    fn folders_that_no_pattern_reaches_are_known() {
        let glob = |p: &str| Glob::new(p).expect("valid");
        assert!(!glob("functions/a.py").reaches_into("node_modules"));
        assert!(glob("functions/a.py").reaches_into("functions"));
        assert!(glob("functions/*/a.py").reaches_into("functions/b"));
        assert!(glob("**/x").reaches_into("node_modules"));
        assert!(glob("node_modules/**").covers("node_modules/a"));
        assert!(!glob("node_modules/*").covers("node_modules/a"));
    }
}
