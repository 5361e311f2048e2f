//! Bundles of Node.js functions.

use super::{flags, tool};
use crate::build::run::Program;
use crate::build::{BuildError, Member, Members};
use crate::manifest::schema::build::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Endings of sources, in the order in which they are looked for (serverless-esbuild, `constants.ts`).
const ENDINGS: [&str; 8] = ["ts", "js", "jsx", "tsx", "mts", "cts", "mjs", "cjs"];
const TYPESCRIPT: [&str; 4] = ["ts", "tsx", "mts", "cts"];

/// How functions are bundled: `custom.esbuild` (serverless-esbuild), `build.esbuild` (Framework v4),
/// or nothing but TypeScript.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Bundle JavaScript too.
    everything: bool,
    /// Bundle nothing (`build: false`, `build.esbuild: false`).
    nothing: bool,
    given: Map<String, Value>,
}

/// The schema of `custom.serverlessPluginTypescript`.
pub fn typescript_schema() -> Value {
    object([("tsConfigFileLocation", doc(text(), "The tsconfig.json [default: tsconfig.json]."))])
}

/// The schema of `custom.esbuild`: options of esbuild beside those that are named.
pub fn schema() -> Value {
    let none = || doc(json!({}), "Of no effect.");
    let mut all = keys([
        ("bundle", doc(boolean(), "Bundle [default: true].")),
        ("minify", doc(boolean(), "Shorten names and leave out spaces.")),
        ("sourcemap", doc(any_of([boolean(), text(), any_object()]), "Make source maps.")),
        ("target", doc(any_of([text(), list(text())]), "What must understand the code [default: the runtime].")),
        ("external", doc(list(text()), "Packages that come into the archive as files.")),
        ("exclude", doc(any_of([text(), list(text())]), "Packages that are there at run time.")),
        ("plugins", doc(json!({}), "Not read: it is JavaScript.")),
        ("config", doc(json!({}), "Not read: it is JavaScript.")),
        ("configFile", doc(json!({}), "Not read: it is JavaScript.")),
    ]);
    for key in flags::NOT_ESBUILDS {
        all.entry(key).or_insert_with(none);
    }
    any_of([json!({ "type": "object", "properties": all }), boolean(), text()])
}

impl Options {
    /// Reads them.
    pub fn read(custom: &Value, build: &Value) -> Self {
        let own = match build {
            Value::String(name) if name == "esbuild" => Some(&Value::Bool(true)),
            Value::Object(map) => map.get("esbuild"),
            _ => None,
        };
        let nothing = *build == Value::Bool(false) || own == Some(&Value::Bool(false));
        let given = [&custom["esbuild"], own.unwrap_or(&Value::Null)];
        let maps = given.iter().filter_map(|v| v.as_object());
        let everything = given.iter().any(|v| v.is_object() || **v == Value::Bool(true));
        let tsconfig = custom["serverlessPluginTypescript"].get("tsConfigFileLocation");
        let tsconfig = tsconfig.map(|file| ("tsconfig".to_owned(), file.clone()));
        Self { everything, nothing, given: tsconfig.into_iter().chain(maps.flat_map(Clone::clone)).collect() }
    }

    /// With what a bundler's plugin asked for; esbuild's own options count more.
    #[must_use]
    pub fn over(mut self, plugin: Option<Map<String, Value>>) -> Self {
        let Some(mut given) = plugin else { return self };
        given.extend(std::mem::take(&mut self.given));
        Self { everything: true, given, ..self }
    }

    /// The source of a handler, if it is to be bundled.
    pub fn entry(&self, service_dir: &Path, handler: &str) -> Option<PathBuf> {
        let module = handler.rsplit_once('.')?.0.trim_start_matches("./");
        let candidates = ENDINGS.iter().flat_map(|end| [format!("{module}.{end}"), format!("{module}/index.{end}")]);
        let found = candidates.map(PathBuf::from).find(|name| service_dir.join(name).is_file())?;
        let typed = found.extension().is_some_and(|e| TYPESCRIPT.iter().any(|t| e == *t));
        (!self.nothing && (self.everything || typed)).then_some(found)
    }

    /// Packages that stay out of the bundle and come into the archive as files.
    pub fn external(&self) -> Vec<String> {
        texts(&self.given, "external")
    }

    /// Whether Node.js is told to read source maps (Framework v4, `sourcemap.setNodeOptions`).
    pub fn sets_node_options(&self) -> bool {
        self.given.get("sourcemap").is_some_and(|map| map["setNodeOptions"] == Value::Bool(true))
    }

    /// What the user should know.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for key in ["plugins", "config", "configFile"] {
            if self.given.get(key).is_some_and(|v| !v.is_null() && v.as_array().is_none_or(|a| !a.is_empty())) {
                notes.push(format!(
                    "`esbuild.{key}` is JavaScript and is not run; bundle by hand and name the result in `package.artifact`, \
                     or say the same with options"
                ));
            }
        }
        notes
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.given.get(key).and_then(Value::as_str)
    }
}

fn texts(map: &Map<String, Value>, key: &str) -> Vec<String> {
    match map.get(key) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

/// Bundles of one runtime.
pub struct Job<'a> {
    pub service_dir: &'a Path,
    pub cache_dir: &'a Path,
    pub env: &'a BTreeMap<String, String>,
    pub options: &'a Options,
    /// Such as `nodejs22.x`.
    pub runtime: &'a str,
    /// Sources, relative to the service.
    pub entries: &'a [PathBuf],
}

impl Job<'_> {
    /// Bundles all entries in one call; gives each with the files of its bundle.
    pub fn run(&self) -> Result<BTreeMap<PathBuf, Members>, BuildError> {
        let esbuild = tool::find(self.service_dir, self.cache_dir, self.env)?;
        let base = self.service_dir.join(".rlx");
        let failed = |path: &Path, source| BuildError::Write { path: path.to_owned(), source };
        fs::create_dir_all(&base).map_err(|e| failed(&base, e))?;
        // Below the service and of fixed length, because source maps name sources relative to it.
        let out =
            tempfile::Builder::new().prefix("bundle-").rand_bytes(6).tempdir_in(&base).map_err(|e| failed(&base, e))?;
        let answer = Program::new(esbuild, self.env)
            .args(self.entries)
            .args(["--bundle", "--log-level=warning", "--color=false", "--outbase=."])
            .arg(format!("--outdir={}", out.path().display()))
            .args(self.arguments())
            .dir(self.service_dir)
            .run()?;
        if !answer.ok {
            return Err(BuildError::Failed {
                what: "bundling with esbuild".to_owned(),
                output: answer.err.trim_end().to_owned(),
                hints: match answer.err.contains("Could not resolve") {
                    true => vec!["run `npm install` in the service directory".to_owned()],
                    false => Vec::new(),
                },
            });
        }
        let mut bundles = BTreeMap::new();
        for entry in self.entries {
            bundles.insert(entry.clone(), self.collect(out.path(), entry)?);
        }
        Ok(bundles)
    }

    fn arguments(&self) -> Vec<String> {
        let options = self.options;
        let version: u32 =
            self.runtime.trim_start_matches("nodejs").split('.').next().unwrap_or("").parse().unwrap_or(22);
        let mut arguments = flags::flags(&options.given);
        if options.text("platform").is_none() {
            arguments.push("--platform=node".to_owned());
        }
        if !options.given.contains_key("target") {
            arguments.push(format!("--target=node{version}"));
        }
        if let Some(end) = options.text("outputFileExtension").filter(|e| *e != ".js") {
            arguments.push(format!("--out-extension:.js={end}"));
        }
        match options.text("exclude") {
            Some("*") => arguments.push("--packages=external".to_owned()),
            _ => {
                // The runtime has the AWS SDK (Lambda developer guide, "Node.js runtime").
                let sdk = if version >= 18 { "@aws-sdk/*" } else { "aws-sdk" };
                let mut outside = texts(&options.given, "exclude");
                outside.push(sdk.to_owned());
                outside.extend(options.external());
                arguments.extend(outside.iter().map(|name| format!("--external:{name}")));
            }
        }
        arguments
    }

    /// The bundle of an entry with its source map; other files (assets) belong to all.
    fn collect(&self, out: &Path, entry: &Path) -> Result<Members, BuildError> {
        let end = self.options.text("outputFileExtension").unwrap_or(".js");
        let made = format!("{}{end}", entry.with_extension("").display());
        let maps: Vec<String> =
            self.entries.iter().map(|e| format!("{}{end}", e.with_extension("").display())).collect();
        let mut members = Members::new();
        for file in walkdir::WalkDir::new(out).sort_by_file_name().into_iter().flatten() {
            let Some(name) = file.path().strip_prefix(out).ok().and_then(Path::to_str) else { continue };
            let of_another = maps.iter().any(|m| *m != made && (name == m || name == format!("{m}.map")));
            if file.file_type().is_file() && !of_another {
                let bytes = fs::read(file.path())
                    .map_err(|source| BuildError::Read { path: file.path().to_owned(), source })?;
                members.insert(name.to_owned(), Member::bytes(bytes));
            }
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn typescript_is_bundled_and_javascript_where_it_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("src")).unwrap();
        for name in ["src/a.ts", "src/b.js"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let entry =
            |options: &Options, handler: &str| options.entry(dir.path(), handler).map(|p| p.display().to_string());
        let none = Options::read(&Value::Null, &Value::Null);
        assert_eq!(entry(&none, "src/a.main").as_deref(), Some("src/a.ts"));
        assert_eq!(entry(&none, "src/b.main"), None);
        let all = Options::read(&json!({ "esbuild": { "minify": true } }), &Value::Null);
        assert_eq!(entry(&all, "src/b.main").as_deref(), Some("src/b.js"));
        let typescript = json!({ "serverlessPluginTypescript": { "tsConfigFileLocation": "./t.json" } });
        let typescript = Options::read(&typescript, &Value::Null);
        assert_eq!((typescript.everything, typescript.text("tsconfig")), (false, Some("./t.json")));
        let off = Options::read(&Value::Null, &json!({ "esbuild": false }));
        assert_eq!(entry(&off, "src/a.main"), None);
    }

    #[test]
    fn the_sdk_of_the_runtime_stays_out() {
        let options = Options::read(&json!({ "esbuild": { "external": ["sharp"], "exclude": ["x"] } }), &Value::Null);
        let job = Job {
            service_dir: Path::new("/"),
            cache_dir: Path::new("/"),
            env: &BTreeMap::new(),
            options: &options,
            runtime: "nodejs20.x",
            entries: &[],
        };
        assert_eq!(
            job.arguments(),
            ["--platform=node", "--target=node20", "--external:x", "--external:@aws-sdk/*", "--external:sharp"]
        );
    }
}
