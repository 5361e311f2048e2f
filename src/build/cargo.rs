//! Rust functions: which binary a function is, and all of them built in one call of cargo.

use super::run::{self, Answer, Program};
use super::target::{Arch, Glibc};
use super::{BuildError, elf, remap, strip, zig};
use crate::manifest::schema::build::*;
use cargo_metadata::{Message, Metadata, MetadataCommand};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the manifest says of Rust builds: `custom.rust`, and `rust` of a function over it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Settings {
    /// cargo's profile; `release` if absent.
    pub profile: Option<String>,
    pub features: Vec<String>,
    pub all_features: bool,
    pub no_default_features: bool,
    /// Further arguments of cargo (serverless-rust `cargoFlags`).
    pub flags: Vec<String>,
    pub env: BTreeMap<String, String>,
    /// Link with zig: `None` where it is needed.
    pub zig: Option<bool>,
}

/// The schema of `custom.rust`, and of `rust` of a function.
pub fn schema() -> Value {
    let words = || any_of([list(text()), text()]);
    let none = |what: &str| doc(json!({}), what);
    object([
        ("profile", doc(text(), "cargo's profile [default: release].")),
        ("features", doc(words(), "Features to build with.")),
        ("allFeatures", doc(boolean(), "Build with all features.")),
        ("noDefaultFeatures", doc(boolean(), "Build without the default features.")),
        ("cargoFlags", doc(words(), "Further arguments of cargo.")),
        ("env", doc(any_object(), "Environment variables of the build.")),
        ("zig", doc(boolean(), "Link with zig [default: where it is needed].")),
        ("dockerTag", none("Of no effect: there is no container.")),
        ("dockerImage", none("Of no effect: there is no container.")),
        ("dockerless", none("Of no effect: there is no container.")),
    ])
}

impl Settings {
    /// Reads the settings of a function.
    pub fn read(custom: &Value, function: &Value) -> Self {
        let at = |key: &str| [&function["rust"][key], &custom["rust"][key]].into_iter().find(|v| !v.is_null());
        let text = |key: &str| at(key).and_then(Value::as_str).map(str::to_owned);
        let flag = |key: &str| at(key).and_then(Value::as_bool);
        let words = |key: &str| match at(key) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(line)) => super::python::options::words(&line.replace(',', " ")),
            _ => Vec::new(),
        };
        let env = at("env").and_then(Value::as_object);
        let plain = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        Self {
            profile: text("profile").map(|p| if p == "debug" { "dev".to_owned() } else { p }),
            features: words("features"),
            all_features: flag("allFeatures") == Some(true),
            no_default_features: flag("noDefaultFeatures") == Some(true),
            flags: match at("cargoFlags") {
                Some(Value::String(line)) => super::python::options::words(line),
                _ => words("cargoFlags"),
            },
            env: env.into_iter().flatten().map(|(k, v)| (k.clone(), plain(v))).collect(),
            zig: flag("zig"),
        }
    }
}

/// A binary of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binary {
    /// The root of its workspace.
    pub root: PathBuf,
    pub package: String,
    /// cargo's id of the package: names alone are ambiguous where a dependency has the same.
    pub id: String,
    pub name: String,
}

/// Projects of a service, asked of cargo once each.
#[derive(Debug, Default)]
pub struct Projects {
    read: BTreeMap<PathBuf, Option<Metadata>>,
}

impl Projects {
    /// The binary that a function names: `package.bin`, else its handler as name of a binary,
    /// `package.binary` (serverless-rust), or folder of a package. `Ok(None)` if there is no such project.
    pub fn find(
        &mut self,
        dir: &Path,
        key: &str,
        handler: &str,
        bin: Option<&str>,
        env: &BTreeMap<String, String>,
    ) -> Result<Option<Binary>, BuildError> {
        let names: Vec<&str> = match bin {
            Some(bin) => vec![bin],
            None => {
                let last = handler.rsplit('/').next().unwrap_or(handler);
                vec![handler, last, last.rsplit('.').next().unwrap_or(last), key]
            }
        };
        let mut seen = Vec::new();
        for manifest in manifests(dir, handler) {
            let Some(metadata) = self.metadata(&manifest, env)? else { continue };
            let found = binaries(metadata);
            let folder = dir.join(handler);
            for name in &names {
                if let Some(binary) = found.iter().find(|b| b.name == *name) {
                    return Ok(Some(binary.clone()));
                }
            }
            let of_package = |b: &&Binary| handler.split('.').next() == Some(&b.package);
            let mut own: Vec<&Binary> = found.iter().filter(of_package).collect();
            if own.is_empty() && manifest.starts_with(&folder) {
                own = found.iter().collect();
            }
            if let ([only], None) = (own.as_slice(), bin) {
                return Ok(Some((*only).clone()));
            }
            seen.extend(found.into_iter().map(|b| b.name));
        }
        match bin {
            Some(bin) => Err(no_binary(key, bin, &seen)),
            None => Ok(None),
        }
    }

    /// The names of all binaries of the projects that were asked.
    pub fn binaries(&self) -> Vec<String> {
        self.read.values().flatten().flat_map(binaries).map(|b| b.name).collect()
    }

    fn metadata(&mut self, manifest: &Path, env: &BTreeMap<String, String>) -> Result<Option<&Metadata>, BuildError> {
        if !self.read.contains_key(manifest) {
            let answer = Program::new("cargo", env)
                .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
                .arg(manifest)
                .run()
                .map_err(|error| without_cargo(error, manifest))?;
            if !answer.ok {
                return Err(failed(&format!("reading {}", manifest.display()), &answer));
            }
            let metadata = MetadataCommand::parse(&answer.out).map_err(|error| BuildError::Failed {
                what: format!("reading {}", manifest.display()),
                output: error.to_string(),
                hints: Vec::new(),
            })?;
            self.read.insert(manifest.to_owned(), Some(metadata));
        }
        Ok(self.read.get(manifest).and_then(Option::as_ref))
    }
}

/// The error of a binary that no project has.
pub fn no_binary(key: &str, bin: &str, known: &[String]) -> BuildError {
    let near = known.iter().min_by_key(|k| strsim::damerau_levenshtein(k, bin));
    let near = near.filter(|k| strsim::damerau_levenshtein(k, bin) <= 3);
    BuildError::Refused {
        message: format!("function `{key}` is the Rust binary `{bin}`, which no Cargo project of the service has"),
        hints: match (near, known) {
            (Some(near), _) => vec![format!("did you mean `{near}`?")],
            (None, []) => vec!["there is no Cargo.toml in the service directory or a folder in it".to_owned()],
            (None, known) => vec![format!("it has: {}", known.join(", "))],
        },
    }
}

/// Where a Cargo project of a service may lie, the likeliest first.
fn manifests(dir: &Path, handler: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut add = |path: PathBuf| {
        if path.is_file() && !found.contains(&path) {
            found.push(path);
        }
    };
    let handler_dir = Path::new(handler);
    if handler_dir.is_relative() {
        add(dir.join(handler_dir).join("Cargo.toml"));
        for parent in handler_dir.ancestors().skip(1) {
            add(dir.join(parent).join("Cargo.toml"));
        }
    }
    add(dir.join("Cargo.toml"));
    let mut folders: Vec<PathBuf> = std::fs::read_dir(dir)
        .map(|entries| entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect())
        .unwrap_or_default();
    folders.sort();
    for folder in folders {
        add(folder.join("Cargo.toml"));
    }
    found
}

/// Whether the service may have Rust functions at all, without asking cargo.
pub fn has_project(dir: &Path, handler: &str) -> bool {
    !manifests(dir, handler).is_empty()
}

fn binaries(metadata: &Metadata) -> Vec<Binary> {
    let root = metadata.workspace_root.clone().into_std_path_buf();
    let packages = metadata.workspace_packages();
    let all = packages.iter().flat_map(|p| p.targets.iter().filter(|t| t.is_bin()).map(move |t| (p, t)));
    all.map(|(p, t)| Binary {
        root: root.clone(),
        package: p.name.to_string(),
        id: p.id.repr.clone(),
        name: t.name.clone(),
    })
    .collect()
}

/// What is built in one call.
pub struct Job<'a> {
    /// All of the same workspace.
    pub binaries: &'a [Binary],
    pub settings: &'a Settings,
    pub arch: Arch,
    pub glibc: Glibc,
    /// For this machine instead of Lambda (stage local).
    pub for_host: bool,
    pub cache_dir: &'a Path,
    pub env: &'a BTreeMap<String, String>,
}

impl Job<'_> {
    /// Builds the binaries; gives each with its file.
    pub fn run(&self) -> Result<Vec<(Binary, PathBuf)>, BuildError> {
        let native = cfg!(target_os = "linux") && Arch::host() == Some(self.arch);
        if self.for_host || native && self.settings.zig != Some(true) {
            let built = self.cargo(&["build"], None)?;
            if self.for_host {
                return Ok(built);
            }
            match self.too_new(&built)? {
                None => return self.stripped(built),
                Some(error) if self.settings.zig == Some(false) => return Err(error),
                Some(error) => {
                    // zig links for older C libraries; without it, the symbol tells why the build is refused.
                    let Ok(zig) = zig::find(self.cache_dir, self.env) else { return Err(error) };
                    return self.with_zig(&zig);
                }
            }
        }
        if self.settings.zig == Some(false) {
            return Err(BuildError::Refused {
                message: format!(
                    "a binary for {} is linked with zig on this machine, which `zig: false` forbids",
                    self.arch.triple_name()
                ),
                hints: vec!["take `zig: false` out of `custom.rust`, or build on such a machine".to_owned()],
            });
        }
        self.with_zig(&zig::find(self.cache_dir, self.env)?)
    }

    fn with_zig(&self, zig: &zig::Zig) -> Result<Vec<(Binary, PathBuf)>, BuildError> {
        let target = format!("{}-unknown-linux-gnu.{}", self.arch.triple_name(), self.glibc);
        let built = self.cargo(&["zigbuild", "--target", &target], Some(zig))?;
        match self.too_new(&built)? {
            Some(error) => Err(error),
            None => Ok(built),
        }
    }

    fn cargo(&self, command: &[&str], zig: Option<&zig::Zig>) -> Result<Vec<(Binary, PathBuf)>, BuildError> {
        let Some(first) = self.binaries.first() else { return Ok(Vec::new()) };
        let settings = self.settings;
        let manifest = first.root.join("Cargo.toml");
        let mut program = match zig {
            Some(zig) => zig.command(self.env).args(command).env(&self.strip_setting(), "symbols"),
            None => Program::new("cargo", self.env).args(command),
        };
        program = program.args(["--message-format", "json-render-diagnostics", "--color", "never", "--manifest-path"]);
        program = program.arg(&manifest).args(["--profile", settings.profile.as_deref().unwrap_or("release")]);
        let mut packages: Vec<&str> = self.binaries.iter().map(|b| b.id.as_str()).collect();
        packages.sort_unstable();
        packages.dedup();
        for package in packages {
            program = program.args(["--package", package]);
        }
        for binary in self.binaries {
            program = program.args(["--bin", &binary.name]);
        }
        if !settings.features.is_empty() {
            program = program.args(["--features", &settings.features.join(",")]);
        }
        if settings.all_features {
            program = program.arg("--all-features");
        }
        if settings.no_default_features {
            program = program.arg("--no-default-features");
        }
        program = program.args(&settings.flags).dir(&first.root);
        for (name, value) in &settings.env {
            program = program.env(name, value);
        }
        if !self.for_host {
            let mut env = self.env.clone();
            env.extend(settings.env.clone());
            program = remap::remap(program, &first.root, &env);
        }
        let answer = program.run().map_err(|error| without_cargo(error, &manifest))?;
        if !answer.ok {
            return Err(failed(&format!("cargo {} in {}", command[0], first.root.display()), &answer));
        }
        self.executables(&answer)
    }

    /// cargo's variable that has the linker strip what the profile builds: this machine's `strip` knows no other's
    /// binaries.
    fn strip_setting(&self) -> String {
        let profile = self.settings.profile.as_deref().unwrap_or("release");
        format!("CARGO_PROFILE_{}_STRIP", profile.to_uppercase().replace('-', "_"))
    }

    /// The files that cargo says it made.
    fn executables(&self, answer: &Answer) -> Result<Vec<(Binary, PathBuf)>, BuildError> {
        let mut files: BTreeMap<(String, String), PathBuf> = BTreeMap::new();
        for message in Message::parse_stream(answer.out.as_bytes()).flatten() {
            if let Message::CompilerArtifact(artifact) = message
                && let Some(file) = artifact.executable
            {
                files.insert((artifact.package_id.repr, artifact.target.name), file.into_std_path_buf());
            }
        }
        let each = self.binaries.iter().map(|binary| match files.get(&(binary.id.clone(), binary.name.clone())) {
            Some(file) => Ok((binary.clone(), file.clone())),
            None => Err(BuildError::Failed {
                what: format!("cargo made no binary `{}`", binary.name),
                output: answer.tail(10),
                hints: vec!["its `required-features` may be off: `custom.rust.features`".to_owned()],
            }),
        });
        each.collect()
    }

    fn too_new(&self, built: &[(Binary, PathBuf)]) -> Result<Option<BuildError>, BuildError> {
        for (binary, path) in built {
            if let Some(newer) = elf::newer_symbol(path, self.glibc)? {
                let symbol = newer.symbol.map(|s| format!("`{s}` of ")).unwrap_or_default();
                return Ok(Some(BuildError::Refused {
                    message: format!(
                        "the binary `{}` needs {symbol}{}, but the runtime's C library is {}",
                        binary.name, newer.version, self.glibc
                    ),
                    hints: vec![
                        "let rlx link it with zig for that C library: `custom.rust.zig: true`".to_owned(),
                        "or use a newer runtime: provided.al2023 has 2.34".to_owned(),
                        "or build on an older system, such as the Amazon Linux of the runtime".to_owned(),
                    ],
                }));
            }
        }
        Ok(None)
    }

    fn stripped(&self, built: Vec<(Binary, PathBuf)>) -> Result<Vec<(Binary, PathBuf)>, BuildError> {
        let each = built.into_iter().map(|(binary, path)| {
            let path = strip::stripped(&path, self.cache_dir, self.env)?;
            Ok((binary, path))
        });
        each.collect()
    }
}

fn failed(what: &str, answer: &Answer) -> BuildError {
    let mut hints = Vec::new();
    if answer.err.contains("can't find crate for `core`") || answer.err.contains("can't find crate for `std`") {
        hints.push("the target's standard library is missing: rustup target add aarch64-unknown-linux-gnu".to_owned());
    }
    BuildError::Failed { what: what.to_owned(), output: run::without_passwords(answer.err.trim_end()), hints }
}

fn without_cargo(error: BuildError, manifest: &Path) -> BuildError {
    match error {
        BuildError::Run { source, .. } if source.kind() == std::io::ErrorKind::NotFound => BuildError::Refused {
            message: format!("{} is a Rust project, but there is no `cargo` on the PATH", manifest.display()),
            hints: vec!["install Rust: https://rustup.rs".to_owned()],
        },
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::fs;

    fn workspace() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("Cargo.toml"), "[workspace]\nmembers = ['api', 'jobs']\nresolver = '3'\n").unwrap();
        for (package, bins) in [("api", ["main"].as_slice()), ("jobs", &["bin/nightly", "bin/hourly"])] {
            for bin in bins {
                let file = dir.path().join(package).join("src").join(format!("{bin}.rs"));
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, "fn main() {}\n").unwrap();
            }
            let text = format!("[package]\nname = '{package}'\nversion = '0.1.0'\nedition = '2021'\n");
            fs::write(dir.path().join(package).join("Cargo.toml"), text).unwrap();
        }
        dir
    }

    fn env() -> BTreeMap<String, String> {
        std::env::vars().collect()
    }

    #[test]
    fn a_handler_names_a_binary_a_package_or_a_folder() {
        let dir = workspace();
        let mut projects = Projects::default();
        let mut find = |handler: &str| {
            let found = projects.find(dir.path(), "key", handler, None, &env()).unwrap();
            found.map(|b| format!("{}/{}", b.package, b.name))
        };
        assert_eq!(find("nightly").as_deref(), Some("jobs/nightly"));
        assert_eq!(find("jobs.hourly").as_deref(), Some("jobs/hourly"));
        assert_eq!(find("api").as_deref(), Some("api/api"));
        assert_eq!(find("bootstrap"), None);
    }

    #[test]
    fn a_misspelt_binary_is_corrected() {
        let dir = workspace();
        let error = Projects::default().find(dir.path(), "k", "bootstrap", Some("nightli"), &env()).unwrap_err();
        assert_eq!(error.hints(), ["did you mean `nightly`?"]);
    }

    #[test]
    fn a_functions_settings_go_before_the_services() {
        let custom = json!({ "rust": { "profile": "dev", "features": "a,b", "env": { "X": 1 } } });
        let settings = Settings::read(&custom, &json!({ "rust": { "profile": "release" } }));
        assert_eq!(settings.profile.as_deref(), Some("release"));
        assert_eq!(settings.features, ["a", "b"]);
        assert_eq!(settings.env["X"], "1");
    }
}
