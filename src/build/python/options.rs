//! `custom.pythonRequirements`: the options of serverless-python-requirements 6, each honoured or answered.

use crate::manifest::schema::build::*;
use serde_json::{Value, json};

/// The options, with the plugin's defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// `pythonRequirements: false`: nothing is installed (rlx).
    pub enabled: bool,
    pub slim: bool,
    pub strip: bool,
    pub slim_patterns: Vec<String>,
    pub slim_patterns_append_defaults: bool,
    pub zip: bool,
    pub layer: Option<Value>,
    pub file_name: String,
    /// `fileName` was set: it goes before lock files.
    pub file_name_set: bool,
    pub use_pipenv: bool,
    pub use_poetry: bool,
    pub require_poetry_lock_file: bool,
    pub poetry_with_groups: Vec<String>,
    pub poetry_without_groups: Vec<String>,
    pub poetry_only_groups: Vec<String>,
    pub no_deploy: Vec<String>,
    pub vendor: Option<String>,
    /// Extra arguments of pip, split into words.
    pub extra_args: Vec<String>,
    pub use_static_cache: bool,
    pub use_download_cache: bool,
    pub invalidate_caches: bool,
    pub python_bin: Option<String>,
    /// Packages that may be built from source for a foreign platform if they turn out to hold no
    /// machine code (rlx).
    pub build_from_source: Vec<String>,
    /// What the user should know of options that have another meaning here.
    pub notes: Vec<String>,
}

/// Options that are about docker: rlx takes wheels for the function's platform instead.
const DOCKER: [&str; 11] = [
    "dockerizePip",
    "dockerSsh",
    "dockerPrivateKey",
    "dockerImage",
    "dockerFile",
    "dockerEnv",
    "dockerBuildCmdExtraArgs",
    "dockerRunCmdExtraArgs",
    "dockerExtraFiles",
    "dockerRootless",
    "pipCmdExtraArgsDocker",
];

/// The schema of `custom.pythonRequirements`.
pub fn schema() -> Value {
    let flag = || any_of([boolean(), text()]);
    let texts = || any_of([list(text()), text()]);
    let mut all = keys([
        ("slim", doc(flag(), "Leave out caches, tests and metadata of packages, and strip libraries.")),
        ("strip", doc(flag(), "With `slim`: strip libraries [default: true].")),
        ("slimPatterns", doc(texts(), "With `slim`: what else stays out.")),
        ("slimPatternsAppendDefaults", doc(flag(), "Keep the patterns of `slim` beside yours [default: true].")),
        ("zip", doc(flag(), "Pack the packages in an archive of their own, which the function unpacks.")),
        ("layer", doc(any_of([boolean(), any_object()]), "Put the packages in a layer, with settings of a layer.")),
        ("fileName", doc(text(), "The file of requirements [default: requirements.txt].")),
        ("usePipenv", doc(flag(), "Read Pipfile.lock [default: true].")),
        ("usePoetry", doc(flag(), "Read poetry.lock [default: true].")),
        ("requirePoetryLockFile", doc(flag(), "Refuse a Poetry project without a lock.")),
        ("poetryWithGroups", doc(texts(), "Optional groups of Poetry to take.")),
        ("poetryWithoutGroups", doc(texts(), "Groups of Poetry to leave out.")),
        ("poetryOnlyGroups", doc(texts(), "The only groups of Poetry to take.")),
        ("noDeploy", doc(texts(), "Packages that are not installed.")),
        ("vendor", doc(text(), "A folder of libraries that comes along.")),
        ("pipCmdExtraArgs", doc(texts(), "Further arguments of pip.")),
        ("pythonBin", doc(text(), "The Python that builds what is no wheel.")),
        ("useStaticCache", doc(flag(), "Keep what was installed [default: true].")),
        ("useDownloadCache", doc(flag(), "Keep what was downloaded [default: true].")),
        ("invalidateCaches", doc(flag(), "Install anew.")),
        ("buildFromSource", doc(texts(), "Packages that may be built from source for another platform (rlx).")),
        ("staticCacheMaxVersions", doc(json!({}), "Of no effect: the cache is bounded by its size.")),
        ("cacheLocation", doc(json!({}), "Of no effect: `RLX_CACHE_DIR` says where caches are.")),
        ("cleanupZipHelper", doc(json!({}), "Of no effect: no helper is written into the service.")),
    ]);
    let docker = || doc(json!({}), "Of no effect: wheels for the function's platform are taken on any machine.");
    all.extend(DOCKER.into_iter().map(|key| (key.to_owned(), docker())));
    any_of([json!({ "type": "object", "properties": all, "additionalProperties": false }), boolean()])
}

impl Options {
    /// Reads `custom.pythonRequirements`, with a function's own `pythonRequirements` over it.
    pub fn read(custom: &Value) -> Self {
        let given = &custom["pythonRequirements"];
        let mut notes = Vec::new();
        let flag = |key: &str, default: bool| match &given[key] {
            Value::Bool(b) => *b,
            Value::String(s) => s == "true",
            _ => default,
        };
        let text = |key: &str| given[key].as_str().filter(|s| !s.is_empty()).map(str::to_owned);
        let list = |key: &str| match &given[key] {
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::String(one) if !one.is_empty() => vec![one.clone()],
            _ => Vec::new(),
        };
        let docker: Vec<&str> = DOCKER.into_iter().filter(|key| is_on(&given[*key])).collect();
        if !docker.is_empty() {
            let names = docker.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
            notes.push(format!(
                "{names}: not needed and not used, wheels for the function's platform are taken on any machine"
            ));
        }
        if given["staticCacheMaxVersions"].as_u64().is_some_and(|n| n > 0) {
            notes.push("`staticCacheMaxVersions`: not used, rlx's cache is bounded by its size".to_owned());
        }
        if text("cacheLocation").is_some() {
            notes.push("`cacheLocation`: not used, all of rlx's caches are where `RLX_CACHE_DIR` says".to_owned());
        }
        if given["cleanupZipHelper"] == Value::Bool(false) {
            notes.push("`cleanupZipHelper: false`: not used, rlx writes no helper into the service".to_owned());
        }
        let extra_args = list("pipCmdExtraArgs").iter().flat_map(|line| words(line)).collect();
        Self {
            enabled: *given != Value::Bool(false),
            slim: flag("slim", false),
            strip: flag("strip", true),
            slim_patterns: list("slimPatterns"),
            slim_patterns_append_defaults: flag("slimPatternsAppendDefaults", true),
            zip: flag("zip", false),
            layer: match &given["layer"] {
                Value::Bool(true) => Some(Value::Object(Default::default())),
                layer @ Value::Object(_) => Some(layer.clone()),
                _ => None,
            },
            file_name_set: text("fileName").is_some(),
            file_name: text("fileName").unwrap_or_else(|| "requirements.txt".to_owned()),
            use_pipenv: flag("usePipenv", true),
            use_poetry: flag("usePoetry", true),
            require_poetry_lock_file: flag("requirePoetryLockFile", false),
            poetry_with_groups: list("poetryWithGroups"),
            poetry_without_groups: list("poetryWithoutGroups"),
            poetry_only_groups: list("poetryOnlyGroups"),
            no_deploy: list("noDeploy").iter().map(|n| normalised(n)).collect(),
            vendor: text("vendor"),
            extra_args,
            use_static_cache: flag("useStaticCache", true),
            use_download_cache: flag("useDownloadCache", true),
            invalidate_caches: flag("invalidateCaches", false),
            python_bin: text("pythonBin"),
            build_from_source: list("buildFromSource").iter().map(|n| normalised(n)).collect(),
            notes,
        }
    }

    /// What the cache tells results apart by, besides requirements and platform.
    pub fn key(&self) -> String {
        format!(
            "{:?}",
            (
                self.slim,
                self.strip,
                &self.slim_patterns,
                self.slim_patterns_append_defaults,
                &self.no_deploy,
                &self.extra_args,
                &self.build_from_source
            )
        )
    }
}

fn is_on(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::String(text) => !text.is_empty() && text != "false",
        _ => true,
    }
}

/// The name of a package as indexes compare it (PEP 503).
pub fn normalised(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim().chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// A command line in words, with quotes as in a shell.
pub fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut open, mut any) = (Vec::new(), String::new(), None, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, open) {
            ('\\', None | Some('"')) => word.extend(chars.next()),
            (c, Some(quote)) if c == quote => open = None,
            ('"' | '\'', None) => (open, any) = (Some(c), true),
            (c, None) if c.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            (c, _) => word.push(c),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn extra_arguments_keep_all_their_words() {
        let options = Options::read(&json!({ "pythonRequirements": {
            "pipCmdExtraArgs": ["--extra-index-url https://a --no-deps", "--find-links 'my wheels'"]
        }}));
        let expected = ["--extra-index-url", "https://a", "--no-deps", "--find-links", "my wheels"];
        assert_eq!(options.extra_args, expected);
    }

    #[test]
    fn names_are_compared_as_indexes_do() {
        assert_eq!(normalised("Ruamel_.Yaml"), "ruamel-yaml");
    }

    #[test]
    fn docker_options_are_answered() {
        let options = Options::read(&json!({ "pythonRequirements": { "dockerizePip": "non-linux" } }));
        assert!(options.notes[0].contains("`dockerizePip`"), "{:?}", options.notes);
        assert!(Options::read(&json!({ "pythonRequirements": { "dockerizePip": false } })).notes.is_empty());
    }
}
