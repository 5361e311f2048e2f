//! Options of esbuild's build API, as serverless-esbuild and Framework v4 take them, → its command line.

use serde_json::{Map, Value};

/// Options that esbuild does not know; they are read elsewhere or have no meaning here.
pub(super) const NOT_ESBUILDS: [&str; 30] = [
    "bundle",
    "external",
    "exclude",
    "outdir",
    "outfile",
    "outbase",
    "entryPoints",
    "concurrency",
    "zipConcurrency",
    "packager",
    "packagerOptions",
    "packagePath",
    "nativeZip",
    "watch",
    "installExtraArgs",
    "plugins",
    "config",
    "configFile",
    "keepOutputDirectory",
    "outputWorkFolder",
    "outputBuildFolder",
    "outputFileExtension",
    "nodeExternals",
    "buildConcurrency",
    "disposeContext",
    "write",
    "metafile",
    "absWorkingDir",
    "stdin",
    "logLevel",
];
/// Options whose list is one value with commas; other lists are repeated flags.
const JOINED: [&str; 5] = ["mainFields", "conditions", "resolveExtensions", "target", "supported"];

/// The flags of options.
pub fn flags(options: &Map<String, Value>) -> Vec<String> {
    let known = options
        .iter()
        .filter(|(k, _)| !NOT_ESBUILDS.contains(&k.as_str()) && !k.starts_with("skip") && !k.starts_with("strip"));
    known.flat_map(|(key, value)| flag(key, value)).collect()
}

fn flag(key: &str, value: &Value) -> Vec<String> {
    let name = kebab(key);
    match value {
        Value::Bool(true) => vec![format!("--{name}")],
        Value::Bool(false) if ["minify", "sourcemap", "splitting"].contains(&key) => Vec::new(),
        Value::Bool(false) => vec![format!("--{name}=false")],
        Value::String(text) => vec![format!("--{name}={text}")],
        Value::Number(number) => vec![format!("--{name}={number}")],
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            match JOINED.contains(&key) {
                true => vec![format!("--{name}={}", items.join(","))],
                false => items.iter().map(|item| format!("--{name}:{item}")).collect(),
            }
        }
        // Framework v4: `sourcemap: { type, setNodeOptions }`.
        Value::Object(map) if key == "sourcemap" => flag(key, map.get("type").unwrap_or(&Value::Bool(true))),
        Value::Object(_) if key == "tsconfigRaw" => vec![format!("--{name}={value}")],
        Value::Object(map) => {
            let plain = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            map.iter().map(|(k, v)| format!("--{name}:{k}={}", plain(v))).collect()
        }
        Value::Null => Vec::new(),
    }
}

fn kebab(key: &str) -> String {
    key.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_of_the_programming_interface_alone_become_no_flags() {
        let options = json!({
            "metafile": true, "logLevel": "silent", "tsconfigRaw": { "compilerOptions": { "strict": true } }
        });
        let flags = flags(options.as_object().unwrap());
        assert_eq!(flags, [r#"--tsconfig-raw={"compilerOptions":{"strict":true}}"#]);
    }

    #[test]
    fn source_maps_have_settings_of_their_own_in_framework_4() {
        let of = |value: Value| flag("sourcemap", &value);
        assert_eq!(of(json!({ "type": "inline", "setNodeOptions": true })), ["--sourcemap=inline"]);
        assert_eq!(of(json!({ "setNodeOptions": true })), ["--sourcemap"]);
    }

    #[test]
    fn options_become_flags() {
        let options = json!({
            "minify": true, "keepNames": true, "sourcemap": "inline", "target": ["node20", "es2022"], "treeShaking": false,
            "define": { "DEBUG": "false" }, "loader": { ".sql": "text" }, "inject": ["a.js"], "packager": "npm"
        });
        assert_eq!(
            flags(options.as_object().unwrap()),
            [
                "--minify",
                "--keep-names",
                "--sourcemap=inline",
                "--target=node20,es2022",
                "--tree-shaking=false",
                "--define:DEBUG=false",
                "--loader:.sql=text",
                "--inject:a.js"
            ]
        );
    }
}
