//! `.env` files as the dotenv and dotenv-expand packages of npm read them, which Framework v3 uses.

use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::path::Path;

/// dotenv's own grammar of a line.
const LINE: &str = r#"(?m)^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$"#;
/// `$NAME`, `${NAME}`, `${NAME:-default}`; not after a backslash.
const REFERENCE: &str = r"(\\)?\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))";

/// The variables of `.env.<stage>`, or of `.env` where that is missing. What the environment has already stays.
pub(super) fn of_stage(
    dir: &Path,
    stage: &str,
    env: &BTreeMap<String, String>,
) -> Result<Vec<(String, String)>, String> {
    for name in [format!(".env.{stage}"), ".env".to_owned()] {
        if let Some(found) = file(&dir.join(&name), &name, env)? {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// The variables of a file; `None` where there is none.
pub(super) fn file(
    path: &Path,
    shown: &str,
    env: &BTreeMap<String, String>,
) -> Result<Option<Vec<(String, String)>>, String> {
    match super::read::bytes(path) {
        Ok(bytes) => Ok(Some(parse(&String::from_utf8_lossy(&bytes), env))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot read {shown}: {error}")),
    }
}

fn parse(text: &str, env: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let Ok(reference) = Regex::new(REFERENCE) else { return Vec::new() };
    let mut known = env.clone();
    let mut found = Vec::new();
    for (name, raw) in lines(text) {
        if env.contains_key(&name) {
            continue;
        }
        let value = expand(&reference, &raw, &known);
        known.insert(name.clone(), value.clone());
        found.push((name, value));
    }
    found
}

/// Every variable of a text with the value that it has once the text is read: its own, or that of the environment,
/// which stays as it is and gets what it does not have yet. Without `expand`, what the text says.
pub(super) fn read_into(text: &str, env: &mut BTreeMap<String, String>, expand: bool) -> Vec<(String, String)> {
    if !expand {
        let found = lines(text);
        for (name, value) in &found {
            env.entry(name.clone()).or_insert_with(|| value.clone());
        }
        return found;
    }
    env.extend(parse(text, env));
    let value = |name: &String| env.get(name).cloned().unwrap_or_default();
    lines(text).into_iter().map(|(name, _)| (value(&name), name)).map(|(value, name)| (name, value)).collect()
}

/// Names and values, without quotes.
fn lines(text: &str) -> Vec<(String, String)> {
    let Ok(line) = Regex::new(LINE) else { return Vec::new() };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    line.captures_iter(&text)
        .map(|captures| (captures[1].to_owned(), unquote(captures.get(2).map_or("", |m| m.as_str()))))
        .collect()
}

fn unquote(raw: &str) -> String {
    let value = raw.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'));
    match quote {
        Some(quote) if value.len() > 1 && value.ends_with(quote) => {
            let inner = &value[1..value.len() - 1];
            if quote == '"' { inner.replace("\\n", "\n").replace("\\r", "\r") } else { inner.to_owned() }
        }
        _ => value.to_owned(),
    }
}

fn expand(reference: &Regex, value: &str, known: &BTreeMap<String, String>) -> String {
    let replace = |captures: &Captures<'_>| {
        if captures.get(1).is_some() {
            return captures[0][1..].to_owned();
        }
        let name = captures.get(2).or_else(|| captures.get(4)).map_or("", |m| m.as_str());
        match known.get(name).filter(|v| !v.is_empty()) {
            Some(value) => value.clone(),
            None => captures.get(3).map_or(String::new(), |default| default.as_str().to_owned()),
        }
    };
    reference.replace_all(value, replace).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, env: &[(&str, &str)]) -> Vec<(String, String)> {
        parse(text, &env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    fn pairs(found: &[(String, String)]) -> Vec<(&str, &str)> {
        found.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
    }

    #[test]
    fn lines_are_read_as_dotenv_reads_them() {
        let text = "# comment\nA=plain text # note\nexport B = 'sin#gle'\nC=\"two\\nlines\"\nD=\nE: yaml\nbad line\nF=a=b\r\nG=`x`";
        let found = parsed(text, &[]);
        assert_eq!(
            pairs(&found),
            [
                ("A", "plain text"),
                ("B", "sin#gle"),
                ("C", "two\nlines"),
                ("D", ""),
                ("E", "yaml"),
                ("F", "a=b"),
                ("G", "x"),
            ]
        );
    }

    #[test]
    fn the_environment_wins_and_is_referred_to() {
        let found = parsed("A=file\nB=${A}-$C\nD=${E:-none}\nF=\\$A", &[("A", "outer")]);
        assert_eq!(pairs(&found), [("B", "outer-"), ("D", "none"), ("F", "$A")]);
    }

    #[test]
    fn a_stage_file_replaces_the_common_one() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join(".env"), "A=1\nB=1").expect("written");
        std::fs::write(dir.path().join(".env.prod"), "A=2").expect("written");
        let of = |stage| of_stage(dir.path(), stage, &BTreeMap::new()).expect("read");
        assert_eq!(pairs(&of("prod")), [("A", "2")]);
        assert_eq!(pairs(&of("dev")), [("A", "1"), ("B", "1")]);
    }
}
