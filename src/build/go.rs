//! Go functions: a static binary `bootstrap` for the function's architecture.

use super::BuildError;
use super::run::{self, Program};
use super::target::Arch;
use crate::manifest::schema::build::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What the manifest says of Go builds: `custom.go`, and `go` of a function over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Further arguments of `go build`.
    pub flags: Vec<String>,
    pub tags: Vec<String>,
    pub env: BTreeMap<String, String>,
    /// Where handlers begin, below the service directory (serverless-go-plugin `baseDir`).
    pub base_dir: Option<String>,
}

/// The schema of `custom.go`, and of `go` of a function: rlx's keys and those of serverless-go-plugin 2.
pub fn schema() -> Value {
    let words = || any_of([list(text()), text()]);
    let none = |what: &str| doc(json!({}), what);
    object([
        ("flags", doc(words(), "Further arguments of `go build`.")),
        ("tags", doc(words(), "Build tags.")),
        ("env", doc(any_object(), "Environment variables of the build.")),
        ("baseDir", doc(text(), "The folder that handlers are relative to [default: the service directory].")),
        ("cgo", doc(json!({}), "`CGO_ENABLED` [default: 0].")),
        ("cmd", doc(text(), "The plugin's `go build` command: its flags and variables are taken.")),
        ("binDir", none("Of no effect: binaries are kept in rlx's cache.")),
        ("monorepo", none("Of no effect: the module is the nearest `go.mod` above the handler.")),
        ("supportedRuntimes", none("Of no effect: what has a Go handler is built.")),
        ("buildProvidedRuntimeAsBootstrap", none("Of no effect: every archive has its `bootstrap`.")),
    ])
}

impl Settings {
    /// Reads the settings of a function.
    pub fn read(custom: &Value, function: &Value) -> Self {
        let at = |key: &str| [&function["go"][key], &custom["go"][key]].into_iter().find(|v| !v.is_null());
        let words = |key: &str| match at(key) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(line)) => super::python::options::words(line),
            _ => Vec::new(),
        };
        let plain = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let text = |key: &str| at(key).and_then(Value::as_str);
        let (mut env, mut flags) = text("cmd").map(of_command).unwrap_or_default();
        env.extend(at("cgo").map(|cgo| ("CGO_ENABLED".to_owned(), if is_on(cgo) { "1" } else { "0" }.to_owned())));
        let own = at("env").and_then(Value::as_object).into_iter().flatten();
        env.extend(own.map(|(name, value)| (name.clone(), plain(value))));
        flags.extend(words("flags"));
        Self { flags, tags: words("tags"), env, base_dir: text("baseDir").map(str::to_owned) }
    }
}

fn is_on(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value != 0 && value != "0"
}

/// Variables and flags of a command such as `GOOS=linux go build -ldflags="-s -w"`. The system and
/// the architecture are the function's.
fn of_command(command: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let words = super::python::options::words(command);
    let (mut env, mut flags) = (BTreeMap::new(), Vec::new());
    let mut words = words.into_iter();
    for word in words.by_ref().take_while(|word| word != "build") {
        if let Some((name, value)) = word.split_once('=').filter(|(name, _)| !["GOOS", "GOARCH"].contains(name)) {
            env.insert(name.to_owned(), value.to_owned());
        }
    }
    while let Some(word) = words.next() {
        match word.as_str() {
            "-o" => drop(words.next()),
            _ => flags.push(word),
        }
    }
    (env, flags)
}

/// A command of a Go module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The folder of `go.mod`.
    pub module: PathBuf,
    /// The folder of the `main` package.
    pub package: PathBuf,
}

/// The command that a handler names: a folder with Go files, or one of them.
pub fn find(dir: &Path, handler: &str) -> Option<Command> {
    let path = dir.join(handler.trim_start_matches("./"));
    let package = match path.extension() {
        Some(end) if end == "go" && path.is_file() => path.parent()?.to_owned(),
        _ if path.is_dir() && has_go_files(&path) => path,
        _ => return None,
    };
    let module = package.ancestors().find(|p| p.join("go.mod").is_file())?.to_owned();
    Some(Command { module, package })
}

fn has_go_files(dir: &Path) -> bool {
    fs::read_dir(dir)
        .is_ok_and(|mut entries| entries.any(|e| e.is_ok_and(|e| e.path().extension().is_some_and(|x| x == "go"))))
}

/// Builds a command, or finds it in the cache by the content of its module. `begin` is called before it is built.
pub fn build(
    command: &Command,
    settings: &Settings,
    arch: Arch,
    cache_dir: &Path,
    env: &BTreeMap<String, String>,
    begin: impl FnOnce(),
) -> Result<PathBuf, BuildError> {
    let Some(go) = run::find("go", env) else {
        return Err(BuildError::Refused {
            message: format!("{} is a Go command, but there is no `go` on the PATH", command.package.display()),
            hints: vec![
                "install Go: https://go.dev/doc/install".to_owned(),
                "or build it elsewhere and name the archive in `package.artifact`".to_owned(),
            ],
        });
    };
    let version = Program::new(&go, env).arg("version").dir(&command.module).run()?.out;
    let dir = cache_dir.join("binaries").join(key(command, settings, arch, &version)?);
    let target = dir.join("bootstrap");
    if target.is_file() {
        return Ok(target);
    }
    begin();
    run::make_folder(&dir, |at| {
        let (linker, tags, flags) = flags(settings);
        let architecture = if arch == Arch::Arm64 { "arm64" } else { "amd64" };
        let mut program = Program::new(&go, env)
            .args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &linker, "-tags", &tags])
            .args(flags)
            .arg("-o")
            .arg(at.join("bootstrap"))
            .arg(".")
            .dir(&command.package)
            .env("CGO_ENABLED", "0")
            .env("GOOS", "linux")
            .env("GOARCH", architecture);
        for (name, value) in &settings.env {
            program = program.env(name, value);
        }
        let answer = program.run()?;
        match answer.ok {
            true => Ok(()),
            false => Err(BuildError::Failed {
                what: format!("go build in {}", command.package.display()),
                output: run::without_passwords(answer.err.trim_end()),
                hints: match answer.err.contains("no required module provides package") {
                    true => vec!["`go mod tidy` adds it to go.mod".to_owned()],
                    false => Vec::new(),
                },
            }),
        }
    })?;
    Ok(target)
}

/// The linker's flags, the tags and all else. Of two equal flags `go build` takes the last: the
/// manifest's are joined with rlx's. Linker flags of single packages (`all=...`) stay as they are.
fn flags(settings: &Settings) -> (String, String, Vec<String>) {
    let mut linker = "-s -w -buildid=".to_owned();
    let mut tags = vec!["lambda.norpc".to_owned()];
    tags.extend(settings.tags.iter().cloned());
    let mut others = Vec::new();
    let mut flags = settings.flags.iter();
    while let Some(flag) = flags.next() {
        let (name, attached) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag.as_str(), None),
        };
        match name.trim_start_matches('-') {
            "ldflags" | "tags" => {
                let Some(value) = attached.or_else(|| flags.next().cloned()) else { continue };
                match name.ends_with("tags") {
                    true => tags.extend(value.split([',', ' ']).filter(|tag| !tag.is_empty()).map(str::to_owned)),
                    false if value.starts_with('-') => linker = format!("{linker} {value}"),
                    false => others.extend([name.to_owned(), value]),
                }
            }
            _ => others.push(flag.clone()),
        }
    }
    (linker, tags.join(","), others)
}

/// Names the binary by all that it is made of: the module's files (Go embeds any of them) and the compiler.
fn key(command: &Command, settings: &Settings, arch: Arch, version: &str) -> Result<String, BuildError> {
    let mut hash = Sha256::new();
    hash.update(format!("2 {settings:?} {arch:?} {version}"));
    hash.update(command.package.strip_prefix(&command.module).unwrap_or(&command.package).to_string_lossy().as_bytes());
    let skipped = [".git", ".rlx", ".serverless", "node_modules"];
    let walk = walkdir::WalkDir::new(&command.module).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|e| !skipped.contains(&&*e.file_name().to_string_lossy())) {
        let failed = |path: &Path, source| BuildError::Read { path: path.to_owned(), source };
        let entry = entry.map_err(|e| failed(&command.module, e.into()))?;
        if entry.file_type().is_file() {
            let path = entry.path();
            let bytes = fs::read(path).map_err(|source| failed(path, source))?;
            hash.update(path.strip_prefix(&command.module).unwrap_or(path).to_string_lossy().as_bytes());
            hash.update(bytes.len().to_le_bytes());
            hash.update(&bytes);
        }
    }
    Ok(format!("go-{}", hash.finalize()[..16].iter().map(|b| format!("{b:02x}")).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_names_a_folder_or_a_file_of_a_module() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("cmd/hello")).unwrap();
        fs::write(dir.path().join("go.mod"), "module x\n").unwrap();
        fs::write(dir.path().join("cmd/hello/main.go"), "package main\n").unwrap();
        let expected = Command { module: dir.path().to_owned(), package: dir.path().join("cmd/hello") };
        assert_eq!(find(dir.path(), "cmd/hello"), Some(expected.clone()));
        assert_eq!(find(dir.path(), "./cmd/hello/main.go"), Some(expected));
        assert_eq!(find(dir.path(), "cmd"), None);
    }

    #[test]
    fn linker_flags_and_tags_of_the_manifest_join_those_of_rlx() {
        let of = |given: serde_json::Value| {
            let (linker, tags, others) = flags(&Settings::read(&serde_json::json!({ "go": given }), &Value::Null));
            (linker, tags, others.join(" "))
        };
        let expected = |linker: &str, tags: &str, others: &str| (linker.to_owned(), tags.to_owned(), others.to_owned());
        assert_eq!(
            of(serde_json::json!({ "flags": "-ldflags='-X main.v=1' -race --tags=a,b", "tags": ["c"] })),
            expected("-s -w -buildid= -X main.v=1", "lambda.norpc,c,a,b", "-race")
        );
        assert_eq!(
            of(serde_json::json!({ "flags": ["-ldflags", "all=-s"] })),
            expected("-s -w -buildid=", "lambda.norpc", "-ldflags all=-s")
        );
    }

    #[test]
    fn settings_of_the_plugin_are_read() {
        let custom = json!({ "go": {
            "baseDir": "services",
            "cgo": 1,
            "cmd": "GOOS=linux GOARCH=arm64 GOFLAGS=-mod=vendor go build -ldflags=\"-s -w\" -o x",
        } });
        let settings = Settings::read(&custom, &Value::Null);
        assert_eq!(settings.flags, ["-ldflags=-s -w"]);
        let env: Vec<(&str, &str)> = settings.env.iter().map(|(k, v)| (&**k, &**v)).collect();
        assert_eq!(env, [("CGO_ENABLED", "1"), ("GOFLAGS", "-mod=vendor")]);
        assert_eq!(settings.base_dir.as_deref(), Some("services"));
    }
}
