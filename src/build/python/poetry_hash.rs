//! The hash by which `poetry.lock` knows its `pyproject.toml` again.
//!
//! Source: `_get_content_hash` in `poetry/packages/locker.py`, of Poetry 1.8, 2.1 and later: the SHA-256 of what
//! Python's `json.dumps` with sorted keys makes of the parts that speak of dependencies.

use crate::package::hex;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use toml_edit::{DocumentMut, Item};

/// Keys of `tool.poetry`; all but the last count as null where they are absent.
const POETRY: [&str; 5] = ["dependencies", "source", "extras", "dev-dependencies", "group"];
/// Keys of `project`, since Poetry 2.
const PROJECT: [&str; 3] = ["requires-python", "dependencies", "optional-dependencies"];

/// Whether some version of Poetry gives a project this hash.
pub fn known(document: &DocumentMut, hash: &str) -> bool {
    let document = value(document.as_item());
    contents(&document).iter().any(|content| {
        let mut text = String::new();
        dump(content, &mut text);
        hex(&Sha256::digest(text)) == hash
    })
}

/// What is hashed, as the versions differ in it.
fn contents(document: &Value) -> Vec<Value> {
    let poetry = &document["tool"]["poetry"];
    let with_nulls: Map<String, Value> = POETRY
        .iter()
        .filter(|key| **key != "group" || !poetry["group"].is_null())
        .map(|key| ((*key).to_owned(), poetry[*key].clone()))
        .collect();
    let project = present(&document["project"], &PROJECT);
    let mut all = vec![Value::Object(with_nulls)];
    if !project.is_empty() {
        let whole = json!({ "project": project, "tool": { "poetry": present(poetry, &POETRY) } });
        let mut with_groups = whole.clone();
        with_groups["dependency-groups"] = document["dependency-groups"].clone();
        all.extend([whole, with_groups]);
    }
    all
}

fn present(table: &Value, keys: &[&str]) -> Map<String, Value> {
    let some = keys.iter().filter(|key| !table[**key].is_null());
    some.map(|key| ((*key).to_owned(), table[*key].clone())).collect()
}

fn value(item: &Item) -> Value {
    if let Some(table) = item.as_table_like() {
        return Value::Object(table.iter().map(|(key, item)| (key.to_owned(), value(item))).collect());
    }
    if let Some(tables) = item.as_array_of_tables() {
        return tables.iter().map(|table| value(&Item::Table(table.clone()))).collect();
    }
    match item.as_value() {
        Some(toml_edit::Value::Array(list)) => list.iter().map(|one| value(&Item::Value(one.clone()))).collect(),
        Some(toml_edit::Value::String(text)) => text.value().as_str().into(),
        Some(toml_edit::Value::Integer(number)) => (*number.value()).into(),
        Some(toml_edit::Value::Float(number)) => (*number.value()).into(),
        Some(toml_edit::Value::Boolean(flag)) => (*flag.value()).into(),
        _ => Value::Null,
    }
}

/// As Python's `json.dumps(value, sort_keys=True)`: blanks behind commas and colons, ASCII alone.
fn dump(value: &Value, out: &mut String) {
    let mut list = |open: char, close: char, items: &mut dyn Iterator<Item = (Option<&str>, &Value)>| {
        out.push(open);
        for (index, (key, item)) in items.enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            if let Some(key) = key {
                dump(&key.into(), out);
                out.push_str(": ");
            }
            dump(item, out);
        }
        out.push(close);
    };
    match value {
        Value::Object(map) => {
            let mut sorted: Vec<_> = map.iter().map(|(key, item)| (Some(key.as_str()), item)).collect();
            sorted.sort_by_key(|(key, _)| *key);
            list('{', '}', &mut sorted.into_iter());
        }
        Value::Array(items) => list('[', ']', &mut items.iter().map(|item| (None, item))),
        Value::String(_) => {
            for unit in value.to_string().encode_utf16() {
                match char::from_u32(unit.into()).filter(char::is_ascii) {
                    Some(ascii) => out.push(ascii),
                    None => out.push_str(&format!("\\u{unit:04x}")),
                }
            }
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str =
        "[[tool.poetry.source]]\nname = 'pp'\nurl = 'https://pypi.org/simple/'\npriority = 'supplemental'\n";

    fn is_known(text: &str, hash: &str) -> bool {
        known(&format!("{text}\n{SOURCE}").parse().unwrap(), hash)
    }

    /// The hashes are those that Poetry 1.8.5, 2.1.4 and 2.5.1 wrote.
    #[test]
    fn a_lock_knows_its_project_again_whatever_version_made_it() {
        let own = "[tool.poetry]\nname = 'po'\nversion = '0.1.0'\ndescription = 'dé'\nauthors = []\n\
                   [tool.poetry.dependencies]\npython = '^3.11'\nidna = '>=3'\n\
                   [tool.poetry.dev-dependencies]\niniconfig = '*'\n";
        assert!(is_known(own, "24bcad38fd0c086e97930290de8f5294ceaeae42b820ba90602e27eff7b9697c"));
        let groups = "[tool.poetry]\nname = 'po'\npackage-mode = false\n[tool.poetry.dependencies]\npython = '^3.11'\n\
                      six = {version = '^1.16', optional = true}\nidna = '>=3'\n\
                      [tool.poetry.extras]\nall = ['six']\n[tool.poetry.group.dev.dependencies]\niniconfig = '*'\n";
        assert!(is_known(groups, "e0f9437aa36e650b51dd09f7e80a92b2cb1511b7d389f668bcf18baab128f6fa"));
        let project = "[project]\nname = 'po'\nversion = '0.1.0'\nrequires-python = '>=3.11,<4'\n\
                       dependencies = ['idna>=3']\n[project.optional-dependencies]\nx = ['six']\n\
                       [tool.poetry]\npackage-mode = false\n[tool.poetry.group.dev.dependencies]\niniconfig = '*'\n";
        assert!(is_known(project, "77b9c6af9933f6f2bd01725b5ba43371882f3e0a8200d23024d2ebfb5ab1e1ec"));
        assert!(is_known(project, "b619e28f4a01cd1ba150fb84846285148ee88ed4cc3c5a29dc4bbe992c9e879d"));
        let standard = "[project]\nname = 'po'\nversion = '0.1.0'\nrequires-python = '>=3.11,<4'\n\
                        dependencies = ['idna>=3']\n[tool.poetry]\npackage-mode = false\n\
                        [dependency-groups]\ndev = ['iniconfig']\n";
        for hash in [
            "1fef7ef17678e8301a2144b327a720a0ff6a036ebb19fbbccffa627b5e2690c5",
            "f11cb347e9f7cd21e8c5f0282a504b6ef6791f00a15e7e1e698dffd5a471747b",
            "c2bf2fcc1c0400f118f913015aed09aed18ac9e6988188dd4e361e036acaeeac",
        ] {
            assert!(is_known(standard, hash), "{hash}");
        }
        assert!(!is_known(
            &standard.replace("idna>=3", "idna>=2"),
            "f11cb347e9f7cd21e8c5f0282a504b6ef6791f00a15e7e1e698dffd5a471747b"
        ));
    }

    #[test]
    fn text_is_dumped_as_python_does() {
        let mut out = String::new();
        dump(&json!({ "b": [1, true, null, "é\u{1f600}\"\n"], "a": {} }), &mut out);
        assert_eq!(out, r#"{"a": {}, "b": [1, true, null, "\u00e9\ud83d\ude00\"\n"]}"#);
    }
}
