//! `Pipfile.lock` and, where it is missing, `Pipfile`.

use super::options::normalised;
use super::pyproject;
use super::requirements::Requirements;
use crate::build::BuildError;
use serde_json::Value;
use std::fs;
use std::path::Path;
use toml_edit::Item;

/// The default packages of a folder that Pipenv manages.
pub fn read(dir: &Path) -> Result<Requirements, BuildError> {
    let lock = dir.join("Pipfile.lock");
    if lock.is_file() {
        let text = fs::read_to_string(&lock).map_err(|source| BuildError::Read { path: lock.clone(), source })?;
        let value: Value = serde_json::from_str(&text).map_err(|error| BuildError::Failed {
            what: format!("reading {}", lock.display()),
            output: error.to_string(),
            hints: vec!["`pipenv lock` makes it anew".to_owned()],
        })?;
        let mut it = Requirements::parse(&locked(&value).join("\n"), dir, &lock)?;
        let missing = missing(&value, dir)?;
        if !missing.is_empty() {
            let (names, file) = (missing.join("`, `"), lock.display());
            it.notes.push(format!("{file} is older than the Pipfile and has no `{names}`; `pipenv lock` renews it"));
        }
        return Ok(it);
    }
    let file = dir.join("Pipfile");
    let document = pyproject::parse(&file)?;
    let packages = document.get("packages").and_then(Item::as_table_like);
    let lines: Vec<String> =
        packages.into_iter().flat_map(|p| p.iter()).map(|(name, item)| requirement(name, &to_json(item))).collect();
    let mut it = Requirements::parse(&lines.join("\n"), dir, &file)?;
    it.notes.push(format!(
        "{} has no Pipfile.lock: versions are chosen anew on another machine; `pipenv lock` makes one",
        file.display()
    ));
    Ok(it)
}

/// Packages of the Pipfile that the lock does not know, which then are not installed.
fn missing(lock: &Value, dir: &Path) -> Result<Vec<String>, BuildError> {
    let file = dir.join("Pipfile");
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let document = pyproject::parse(&file)?;
    let known: Vec<String> =
        lock["default"].as_object().into_iter().flatten().map(|(name, _)| normalised(name)).collect();
    let packages = document.get("packages").and_then(Item::as_table_like);
    let asked = packages.into_iter().flat_map(|packages| packages.iter()).map(|(name, _)| normalised(name));
    Ok(asked.filter(|name| !known.contains(name)).collect())
}

fn locked(lock: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for (i, source) in lock.pointer("/_meta/sources").and_then(Value::as_array).into_iter().flatten().enumerate() {
        if let Some(url) = source["url"].as_str() {
            lines.push(format!("{} {url}", if i == 0 { "--index-url" } else { "--extra-index-url" }));
        }
    }
    for (name, package) in lock["default"].as_object().into_iter().flatten() {
        lines.push(requirement(name, package));
    }
    lines
}

fn requirement(name: &str, package: &Value) -> String {
    let text = |key: &str| package[key].as_str();
    let list = |key: &str| package[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut line = name.to_owned();
    let extras: Vec<&str> = list("extras").collect();
    if !extras.is_empty() {
        line.push_str(&format!("[{}]", extras.join(",")));
    }
    if let Some(git) = text("git") {
        let git = if git.starts_with("git+") { git.to_owned() } else { format!("git+{git}") };
        let reference = text("ref").map(|r| format!("@{r}")).unwrap_or_default();
        let folder = text("subdirectory").map(|d| format!("#subdirectory={d}")).unwrap_or_default();
        line.push_str(&format!(" @ {git}{reference}{folder}"));
    } else if let Some(path) = text("path").or(text("file")) {
        line.push_str(&format!(" @ {path}"));
    } else if let Some(version) = package.as_str().or(text("version")).filter(|v| *v != "*") {
        line.push_str(version);
    }
    let named = MARKERS.iter().filter_map(|name| text(name).map(|test| format!("{name} {test}")));
    let markers: Vec<String> = text("markers").map(str::to_owned).into_iter().chain(named).collect();
    match markers.as_slice() {
        [] => {}
        [only] => line.push_str(&format!(" ; {only}")),
        all => line.push_str(&format!(" ; ({})", all.join(") and ("))),
    }
    for hash in list("hashes") {
        line.push_str(&format!(" --hash={hash}"));
    }
    line
}

/// Markers that a package of a Pipfile may name as keys (Pipenv documentation, "Specifying Basically Anything").
const MARKERS: [&str; 8] = [
    "os_name",
    "sys_platform",
    "platform_machine",
    "platform_python_implementation",
    "platform_system",
    "python_version",
    "python_full_version",
    "implementation_name",
];

fn to_json(item: &Item) -> Value {
    if let Some(text) = item.as_str() {
        return Value::from(text);
    }
    let mut map = serde_json::Map::new();
    for (key, item) in item.as_table_like().into_iter().flat_map(|t| t.iter()) {
        let value = match item.as_array() {
            Some(list) => list.iter().filter_map(|v| v.as_str().map(Value::from)).collect(),
            None => item.as_str().map_or(Value::Null, Value::from),
        };
        map.insert(key.to_owned(), value);
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_said_with_its_markers_and_hashes() {
        let dir = tempfile::tempdir().unwrap();
        let lock = r#"{"_meta":{"sources":[{"url":"https://packages.example/simple"}]},
            "default":{"six":{"version":"==1.16.0","markers":"python_version >= '2.7'","hashes":["sha256:aa"]},
                       "lib":{"git":"https://g/x.git","ref":"abc"}},
            "develop":{"pytest":{"version":"==8"}}}"#;
        fs::write(dir.path().join("Pipfile.lock"), lock).unwrap();
        let it = read(dir.path()).unwrap();
        assert_eq!(
            it.lines,
            [
                "--index-url https://packages.example/simple",
                "six==1.16.0 ; python_version >= '2.7' --hash=sha256:aa",
                "lib @ git+https://g/x.git@abc",
            ]
        );
        assert!(it.has_source);
    }

    #[test]
    fn what_was_added_after_the_lock_is_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("Pipfile"), "[packages]\nSix = \"*\"\nidna = \"*\"\n").unwrap();
        fs::write(dir.path().join("Pipfile.lock"), r#"{"default":{"six":{"version":"==1.16.0"}}}"#).unwrap();
        assert!(read(dir.path()).unwrap().notes[0].contains("has no `idna`; `pipenv lock` renews it"));
    }

    #[test]
    fn without_a_lock_the_pipfile_speaks() {
        let dir = tempfile::tempdir().unwrap();
        let text = "[packages]\nsix = \"*\"\nrequests = {version = \"==2.32.0\", extras = [\"socks\"]}\n\
                    colorama = {version = \"*\", sys_platform = \"== 'win32'\", markers = \"extra == 'x'\"}\n";
        fs::write(dir.path().join("Pipfile"), text).unwrap();
        let it = read(dir.path()).unwrap();
        assert_eq!(
            it.lines,
            ["six", "requests[socks]==2.32.0", "colorama ; (extra == 'x') and (sys_platform == 'win32')"]
        );
        assert!(it.notes[0].contains("pipenv lock"));
    }
}
