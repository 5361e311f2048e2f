//! Glob patterns with the meaning of micromatch, which Framework v3 selects files with
//! (`micromatch(files, [pattern], { dot: true })`): `**` only as a whole segment, `*` and `?`
//! within a segment, braces, classes (`[^a]` is what `[!a]` is to a shell) and the extended forms
//! `@(a|b) ?(a) *(a) +(a) !(a)`.

use fancy_regex::Regex;

/// A compiled pattern. Patterns without wildcards or with `/**` at the end alone are compared as text.
#[derive(Debug, Clone)]
pub struct Glob {
    /// Leading `../` segments, which no wildcard matches.
    ups: usize,
    /// Leading segments without wildcards, each with its slash.
    prefix: String,
    form: Form,
    /// A `!` before it: it matches what the rest does not.
    inverse: bool,
    /// Its last segment has no wildcards.
    literal_end: bool,
    /// The most segments that a path which matches can have; absent where that is not known.
    depth: Option<usize>,
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
    /// Compiles a pattern. `None` if it is no valid pattern.
    pub fn new(pattern: &str) -> Option<Self> {
        if let Some(rest) = pattern.strip_prefix('!').filter(|rest| !rest.starts_with('(')) {
            let inner = Self::new(rest)?;
            return Some(Self { inverse: !inner.inverse, ..inner });
        }
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
        let ends = expand_braces(pattern);
        let literal_end = ends.iter().all(|end| !is_dynamic(end.rsplit('/').next().unwrap_or(end)));
        let depth = ends.iter().map(|end| depth(end)).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max());
        Some(Self { ups, prefix, form, inverse: false, literal_end, depth })
    }

    /// The same as fast-glob compiles it, which finds the files: there `[!a]` is what `[^a]` is, and a second `!` nothing.
    pub fn for_search(pattern: &str) -> Option<Self> {
        let plain = pattern.strip_prefix('!').filter(|rest| !rest.starts_with('(')).unwrap_or(pattern);
        Self::new(&plain.replace("[!", "[^"))
    }

    /// Whether every path matches.
    pub fn is_everything(&self) -> bool {
        matches!(self.form, Form::Everything) && !self.inverse
    }

    /// Whether a path (relative, `/` between segments, perhaps with leading `../`) matches.
    pub fn matches(&self, path: &str) -> bool {
        self.inverse != self.matches_plainly(path)
    }

    fn matches_plainly(&self, path: &str) -> bool {
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
            _ if self.inverse => false,
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
            _ if self.inverse => true,
            Form::Exactly(text) => text.starts_with(&dir),
            // What stands in the folder has one segment more than the folder.
            _ if self.depth.is_some_and(|most| dir.matches('/').count() >= most) => false,
            _ => self.prefix.starts_with(&dir) || dir.starts_with(&self.prefix),
        }
    }

    /// Whether it also names what is below the folders that it matches: its last segment has no wildcards. fast-glob
    /// (`isAffectDepthOfReadingPattern`) does not search a folder that such an exclusion matches.
    pub fn names_folders(&self) -> bool {
        self.literal_end
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

/// Whether a pattern has wildcards for fast-glob (`isDynamicPattern`), to which brackets alone are none.
pub fn is_dynamic(segment: &str) -> bool {
    let followed = |open: char, close: char| segment.split_once(open).is_some_and(|(_, rest)| rest.contains(close));
    let extended = ["!(", "*(", "+(", "?(", "@("].iter().any(|form| segment.contains(form));
    segment.starts_with('!')
        || segment.contains(['*', '?', '\\'])
        || followed('[', ']')
        || extended
        || followed('(', ')') && segment.contains('|')
}

/// The number of segments that every path has which a pattern without braces matches. Not known with `**`, groups,
/// which may hold slashes, and escapes.
fn depth(pattern: &str) -> Option<usize> {
    (!pattern.contains("**") && !pattern.contains(['(', '\\', '['])).then(|| pattern.split('/').count())
}

fn regex(pattern: &str) -> Option<Regex> {
    let alternatives: Vec<String> = expand_braces(pattern).iter().map(|p| translate(p)).collect();
    Regex::new(&format!("^(?:{})$", alternatives.join("|"))).ok()
}

/// `a{b,c}` → `ab`, `ac`; `{1..3}` → `1`, `2`, `3`. Nested braces are expanded too.
pub fn expand_braces(pattern: &str) -> Vec<String> {
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
                        // Behind a star the folder itself does not match (picomatch, `afterStar`).
                        Some(_) if i > 1 && chars[i - 2] == '*' => out.push_str(".*"),
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

/// A class at `start`, as a regular expression, and where it ends. One without ranges and other special characters also
/// matches itself as it is written (picomatch), so that a folder `[id]` can be named.
fn class(chars: &[char], start: usize) -> Option<(String, usize)> {
    let mut i = start + 1;
    let mut out = String::from("[");
    if chars.get(i) == Some(&'^') {
        out.push_str("^/");
        i += 1;
    }
    let first = i;
    loop {
        if let Some((name, end)) = posix(chars, i) {
            out.push_str(&name);
            i = end;
            continue;
        }
        match chars.get(i)? {
            ']' if i > first => break,
            c @ ('[' | ']' | '\\' | '^' | '&' | '~') => {
                out.push('\\');
                out.push(*c);
            }
            c => out.push(*c),
        }
        i += 1;
    }
    let inner: String = chars[start + 1..i].iter().collect();
    let class = out + "]";
    match inner.contains(|c: char| "-*+?.^${}(|)[]".contains(c)) {
        true => Some((class, i)),
        false => Some((format!("(?:\\[{}\\]|{class})", fancy_regex::escape(&inner)), i)),
    }
}

/// `[:alpha:]` and its like within a class, and where it ends.
fn posix(chars: &[char], start: usize) -> Option<(String, usize)> {
    let rest: String = chars.get(start..)?.iter().take(12).collect();
    let name = rest.strip_prefix("[:")?.split_once(":]")?.0;
    const NAMES: [&str; 13] = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
        "xdigit",
    ];
    NAMES.contains(&name).then(|| (format!("[:{name}:]"), start + name.len() + 4))
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
        assert_eq!(matching("src?/**", &["srcs", "srcs/a"]), ["srcs", "srcs/a"]);
        assert_eq!(matching("s*/**", &paths), ["src/a", "src/b/c", "srcs/a"]);
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
        assert_eq!(matching("[^a].*", &paths), ["b.js", "c.ts"]);
        assert_eq!(matching("[!a].*", &["a.js", "!.js", "b.js"]), ["a.js", "!.js"]);
        assert_eq!(Glob::for_search("[!a].js").map(|g| g.matches("b.js")), Some(true));
        assert_eq!(matching("[[:digit:]-]*", &["1.js", "-a", "a"]), ["1.js", "-a"]);
    }

    #[test]
    fn brackets_also_match_themselves() {
        let paths = ["pages/[id]/a.js", "pages/i/a.js", "pages/x/a.js"];
        assert_eq!(matching("pages/[id]/**", &paths), ["pages/[id]/a.js", "pages/i/a.js"]);
    }

    #[test]
    fn a_pattern_behind_an_exclamation_mark_matches_the_rest() {
        assert_eq!(matching("!a/**", &["a/b", "b/a"]), ["b/a"]);
        assert_eq!(matching("!!a/**", &["a/b", "b/a"]), ["a/b"]);
    }

    #[test]
    fn patterns_without_wildcards_at_their_end_name_folders() {
        let names = |p: &str| Glob::new(p).expect("valid").names_folders();
        assert!(names("**/tests") && names("{src,lib}") && names("a+b") && names("*/(x)"));
        assert!(!names("src/*") && !names("src/[x]") && !names("src/@(x)") && !names("**/*.js"));
    }

    #[test]
    fn a_pattern_reaches_into_every_folder_above_what_it_matches() {
        let paths = ["a.py", "d/a.py", "d/e/a.py", "d/e/f/a.py", "[d]/a.py"];
        let patterns = [
            "*.py",
            "*/*.py",
            "**",
            "**/*.py",
            "**.py",
            "d/**",
            "d/*/*",
            "{d,d/e}/*.py",
            "@(d|d/e)/*",
            "[d]/*",
            "d/e/**/*",
            "d[/]a.py",
            "!(x)/*",
            "d\\/a.py",
            "?/?/**",
        ];
        for (pattern, path) in patterns.iter().flat_map(|pattern| paths.iter().map(move |path| (pattern, path))) {
            let glob = Glob::new(pattern).expect("valid");
            for (end, _) in path.match_indices('/').filter(|_| glob.matches(path)) {
                assert!(glob.reaches_into(&path[..end]), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn a_pattern_for_one_folder_reaches_into_no_folder_below() {
        let glob = |p: &str| Glob::new(p).expect("valid");
        assert!(!glob("*.py").reaches_into("node_modules"));
        assert!(glob("lib/*.py").reaches_into("lib") && !glob("lib/*.py").reaches_into("lib/deep"));
        assert!(
            glob("{*.py,lib/*/*.py}").reaches_into("lib/deep")
                && !glob("{*.py,lib/*/*.py}").reaches_into("lib/deep/er")
        );
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
