//! Installs requirements into a folder for a platform.

use super::Outcome;
use super::distribution::{Distribution, distributions};
use super::options::Options;
use super::platform::Platform;
use super::requirements::Requirements;
use super::tool::Tool;
use crate::build::run::{Answer, Program};
use crate::build::target::Arch;
use crate::build::{BuildError, elf};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What an installation needs to know.
pub struct Installation<'a> {
    pub requirements: &'a Requirements,
    pub platform: &'a Platform,
    pub options: &'a Options,
    pub tool: &'a Tool,
    pub env: &'a BTreeMap<String, String>,
    /// A folder for the generated requirements files.
    pub scratch: &'a Path,
    /// Hears what takes long.
    pub progress: &'a (dyn Fn(Outcome) + Sync),
}

/// Whether packages may be built from source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sources {
    Never,
    Allowed,
}

/// What one call of an installer installs, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    /// The folder that packages are put into.
    pub target: &'a Path,
    /// A requirements file.
    pub file: &'a Path,
    /// A constraints file; absent where nothing is constrained.
    pub constraints: Option<&'a Path>,
}

/// The generated files of an installation.
#[derive(Debug)]
pub(super) struct Files {
    requirements: PathBuf,
    constraints: Option<PathBuf>,
}

impl Files {
    pub(super) fn job<'a>(&'a self, target: &'a Path) -> Job<'a> {
        Job { target, file: &self.requirements, constraints: self.constraints.as_deref() }
    }
}

impl Installation<'_> {
    /// Installs into `target`: wheels first; sources where the platform is this machine's, or where
    /// what is built holds no machine code.
    pub fn run(&self, target: &Path) -> Result<(), BuildError> {
        let files = self.files()?;
        let job = files.job(target);
        if matches!(self.platform, Platform::Host { .. }) {
            return self.finish(self.install(job, Sources::Allowed)?);
        }
        let named = !self.options.build_from_source.is_empty();
        let native = self.builds_for_platform();
        if self.requirements.has_source || named {
            self.finish(self.install(job, Sources::Allowed)?)?;
            return self.check_built(target);
        }
        if self.between_uvs_platforms(job)? {
            return Ok(());
        }
        let answer = self.install(job, Sources::Never)?;
        if answer.ok {
            return Ok(());
        }
        if wants_source(&answer)
            && let (Tool::Uv(_), Some(python)) = (self.tool, self.pip_knows_more())
        {
            empty(target)?;
            if self.pip(&python, job, Sources::Never)?.ok {
                return Ok(());
            }
        }
        if native && wants_source(&answer) {
            (self.progress)(Outcome::Installing(from_source(&answer, self.platform)));
            empty(target)?;
            let second = self.install(job, Sources::Allowed)?;
            if second.ok {
                return self.check_built(target);
            }
            return self.finish(second);
        }
        self.finish(answer)
    }

    /// Writes what is asked for.
    pub(super) fn files(&self) -> Result<Files, BuildError> {
        let all = self.constraints();
        Ok(Files {
            requirements: self.write("requirements.txt", &self.requirements.lines)?,
            constraints: Some(self.write("constraints.txt", &all)?).filter(|_| !all.is_empty()),
        })
    }

    /// All constraints, as uv understands them.
    pub(super) fn constraints(&self) -> Vec<String> {
        self.requirements.constraints.iter().chain(&self.requirements.locked).cloned().collect()
    }

    /// pip can be told of every platform, where uv has no name for glibc 2.26 (Amazon Linux 2).
    fn pip_knows_more(&self) -> Option<PathBuf> {
        let Platform::Lambda { glibc, .. } = self.platform else { return None };
        (*glibc == crate::build::target::AL2).then(|| super::tool::interpreter(self.env).ok())?
    }

    pub(super) fn write(&self, name: &str, lines: &[String]) -> Result<PathBuf, BuildError> {
        let path = self.scratch.join(name);
        let text = lines.join("\n") + "\n";
        fs::write(&path, text).map_err(|source| BuildError::Write { path: path.clone(), source })?;
        Ok(path)
    }

    /// Whether machine code that this machine's compiler makes runs on the platform.
    fn builds_for_platform(&self) -> bool {
        match self.platform {
            Platform::Host { .. } => true,
            Platform::Lambda { arch, .. } => cfg!(target_os = "linux") && Arch::host() == Some(*arch),
        }
    }

    fn install(&self, job: Job<'_>, sources: Sources) -> Result<Answer, BuildError> {
        match self.tool {
            Tool::Uv(uv) => match uv_arguments(&self.options.extra_args) {
                Some(extra) => self.uv(uv, job, &extra, sources, None),
                // Arguments that only pip knows.
                None => self.pip(&super::tool::interpreter(self.env)?, job, sources),
            },
            Tool::Pip(python) => self.pip(python, job, sources),
        }
    }

    /// Runs `uv pip install`; `platform` is uv's name of another platform than the one that it would be given.
    pub(super) fn uv(
        &self,
        uv: &Path,
        job: Job<'_>,
        extra: &[String],
        sources: Sources,
        platform: Option<&str>,
    ) -> Result<Answer, BuildError> {
        self.uv_program(uv, job, extra, sources, platform).arg("--quiet").run()
    }

    /// `uv pip install` as it would be run.
    pub(super) fn uv_program(
        &self,
        uv: &Path,
        job: Job<'_>,
        extra: &[String],
        sources: Sources,
        platform: Option<&str>,
    ) -> Program {
        let mut program = Program::new(uv, self.env)
            .args(["pip", "install", "--no-progress", "--color", "never", "--no-python-downloads"])
            .arg("--target")
            .arg(job.target)
            .arg("-r")
            .arg(job.file)
            .dir(self.scratch);
        program = pip_settings(program, self.env);
        if let Some(constraints) = job.constraints {
            program = program.arg("-c").arg(constraints);
        }
        match self.platform {
            Platform::Lambda { python, arch, glibc } => {
                let platform = platform.map_or_else(|| Platform::uv_name(*arch, *glibc), str::to_owned);
                program = program.args(["--python-version", python, "--python-platform", &platform]);
                // Wheels are chosen by what is said here, whatever Python uv runs on; builds run in it.
                let python = match sources {
                    Sources::Allowed if self.builds_for_platform() => self.interpreter(python),
                    Sources::Allowed => None,
                    Sources::Never => super::tool::without_shims(self.env),
                };
                if let Some(path) = python {
                    program = program.arg("--python").arg(path);
                }
            }
            Platform::Host { interpreter, .. } => program = program.arg("--python").arg(interpreter),
        }
        if sources == Sources::Never {
            program = program.args(["--only-binary", ":all:"]);
        }
        if !self.options.use_download_cache {
            program = program.arg("--no-cache");
        }
        program.args(extra)
    }

    /// The interpreter of a version, for builds; one that does not start (a shim of pyenv) is none.
    fn interpreter(&self, version: &str) -> Option<PathBuf> {
        let path = crate::build::run::find(&format!("python{version}"), self.env)?;
        let answer = Program::new(&path, self.env).args(["-c", ""]).run().ok()?;
        answer.ok.then_some(path)
    }

    fn finish(&self, answer: Answer) -> Result<(), BuildError> {
        if answer.ok {
            return Ok(());
        }
        let origin = self.requirements.origin.display();
        let mut hints = Vec::new();
        let said = format!("{}\n{}", answer.err, answer.out);
        if wants_source(&answer) {
            let package = source_only(&said).unwrap_or_else(|| "a package".to_owned());
            return Err(BuildError::Refused {
                message: format!(
                    "`{package}` has no wheel for {}, and one that is built on this machine would not run there ({origin})",
                    self.platform.shown()
                ),
                hints: vec![
                    format!("ask for a version of `{package}` that has a wheel for this platform"),
                    format!("if it holds no machine code: `custom.pythonRequirements.buildFromSource: [{package}]`"),
                    "or package on a machine of the function's platform, or change `architecture`".to_owned(),
                ],
            });
        }
        if unreachable(&said) {
            hints.push("the package index cannot be reached: check the network, proxy or index settings".to_owned());
        } else if said.contains("was not found in the package registry") {
            hints.push(
                "the index has no package of this name: check its spelling, or name the index that has it".to_owned(),
            );
        } else if said.contains("Hash mismatch") || said.contains("DO NOT MATCH THE HASHES") {
            hints.push(
                "the index has another file, with another hash than the lock file names: lock anew if that is meant, \
                 else find out who changed it"
                    .to_owned(),
            );
        } else if said.contains("No solution found") || said.contains("ResolutionImpossible") {
            hints.push("the versions that are asked for exclude each other: relax one of them".to_owned());
        }
        hints.push(format!("the requirements are for {}", self.platform.shown()));
        Err(BuildError::Failed { what: format!("installing {origin}"), output: answer.tail(20), hints })
    }

    /// What was built here must run there.
    fn check_built(&self, target: &Path) -> Result<(), BuildError> {
        let Platform::Lambda { glibc, .. } = self.platform else { return Ok(()) };
        for Distribution { name: package, .. } in distributions(target)?.iter().filter(|d| d.built_here()) {
            let refused = |why: String| BuildError::Refused {
                message: format!("`{package}` was built from source on this machine, {why}"),
                hints: vec![
                    format!("ask for a version of `{package}` that has a wheel for {}", self.platform.shown()),
                    "or package on a machine of the function's platform, or change `architecture`".to_owned(),
                ],
            };
            if !self.builds_for_platform() {
                return Err(refused(format!("but the function runs {}", self.platform.shown())));
            }
            if let Some(symbol) = elf::newer_than(target, *glibc)? {
                return Err(refused(format!(
                    "and {} needs {} of a C library newer than the runtime's {glibc}",
                    symbol.file, symbol.version
                )));
            }
        }
        Ok(())
    }
}

/// Whether an installer says that the index could not be reached.
pub(super) fn unreachable(said: &str) -> bool {
    ["dns error", "error sending request", "Temporary failure in name resolution", "Could not connect"]
        .iter()
        .any(|s| said.contains(s))
}

/// Whether it failed because there is no wheel.
fn wants_source(answer: &Answer) -> bool {
    let said = format!("{}\n{}", answer.err, answer.out);
    [
        "has no usable wheels",
        "no usable wheels",
        "has no wheels with a matching",
        "no wheels with a matching",
        "Building source distributions",
        "building source distributions is disabled",
        "only-binary",
        "No matching distribution found",
    ]
    .iter()
    .any(|sign| said.contains(sign))
}

/// What is said before a build, which may take minutes.
fn from_source(answer: &Answer, platform: &Platform) -> String {
    let package = source_only(&format!("{}\n{}", answer.err, answer.out));
    let named = package.map_or_else(|| "a package".to_owned(), |name| format!("`{name}`"));
    format!(
        "{named} has no wheel for {}{}, building from source, which may take minutes",
        platform.shown(),
        match platform {
            Platform::Lambda { glibc, .. } => format!(" with glibc {glibc}"),
            Platform::Host { .. } => String::new(),
        }
    )
}

/// The package that has no wheel, as uv or pip names it.
fn source_only(said: &str) -> Option<String> {
    let clean = said.replace(['\n', '╰', '─', '▶', '│', '├'], " ");
    let words: Vec<&str> = clean.split_whitespace().collect();
    let text = words.join(" ");
    for sign in [" has no usable wheels", " has no wheels with a matching"] {
        if let Some(at) = text.find(sign) {
            let before = text[..at].split([' ', '`']).rfind(|w| !w.is_empty())?;
            return Some(before.split(['=', '<', '>', '~', '!']).next().unwrap_or(before).to_owned());
        }
    }
    let at = text.find("No matching distribution found for ")?;
    let rest = &text[at + "No matching distribution found for ".len()..];
    let end = rest.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c))).unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}

/// Empties a folder.
pub(super) fn empty(dir: &Path) -> Result<(), BuildError> {
    let failed = |source| BuildError::Write { path: dir.to_owned(), source };
    fs::remove_dir_all(dir).and_then(|()| fs::create_dir(dir)).map_err(failed)
}

/// Settings of pip that uv does not read: index and certificates.
fn pip_settings(mut program: Program, env: &BTreeMap<String, String>) -> Program {
    let is_set = |name: &str| env.get(name).is_some_and(|v| !v.is_empty());
    let config = super::pip_config::read(env);
    let pairs = [
        ("index-url", "UV_DEFAULT_INDEX", "UV_INDEX_URL"),
        ("extra-index-url", "UV_EXTRA_INDEX_URL", "UV_INDEX"),
        ("find-links", "UV_FIND_LINKS", "UV_FIND_LINKS"),
        ("cert", "SSL_CERT_FILE", "SSL_CERT_FILE"),
        ("trusted-host", "UV_INSECURE_HOST", "UV_INSECURE_HOST"),
    ];
    for (key, name, other) in pairs {
        if let Some(value) = config.get(key).filter(|_| !is_set(name) && !is_set(other)) {
            program = program.env(name, value);
        }
    }
    program
}

/// pip's arguments as uv has them; `None` if one of them is pip's alone.
pub(super) fn uv_arguments(args: &[String]) -> Option<Vec<String>> {
    let mut out = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let (name, attached) = match arg.split_once('=') {
            Some((name, value)) if arg.starts_with("--") => (name, Some(value.to_owned())),
            _ => (arg.as_str(), None),
        };
        let mut value = || attached.clone().or_else(|| args.next().cloned());
        match name {
            "-i" | "--index-url" | "--extra-index-url" | "-f" | "--find-links" | "-c" | "--constraint"
            | "--only-binary" | "--no-binary" | "--python-version" => {
                let name = if name == "--constraint" { "--constraints" } else { name };
                out.extend([name.to_owned(), value()?]);
            }
            "--trusted-host" => out.extend(["--allow-insecure-host".to_owned(), value()?]),
            // rlx keeps its own caches and chooses the platform.
            "--cache-dir" | "--platform" | "--implementation" | "--abi" | "--progress-bar" | "--timeout"
            | "--retries" | "--root-user-action" => {
                value()?;
            }
            "--no-deps"
            | "--no-index"
            | "--require-hashes"
            | "-U"
            | "--upgrade"
            | "--no-build-isolation"
            | "-v"
            | "--verbose"
            | "-q"
            | "--quiet" => out.push(name.to_owned()),
            "--no-cache-dir" => out.push("--no-cache".to_owned()),
            "--pre" => out.push("--prerelease=allow".to_owned()),
            "--use-pep517"
            | "--no-compile"
            | "--no-warn-script-location"
            | "--disable-pip-version-check"
            | "--no-input"
            | "--ignore-installed"
            | "-I"
            | "--force-reinstall"
            | "--no-warn-conflicts"
            | "--prefer-binary"
            | "--no-python-version-warning"
            | "--no-color" => {}
            _ => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pips_arguments_are_said_in_uvs_words() {
        let args = |line: &str| uv_arguments(&super::super::options::words(line));
        assert_eq!(
            args("--trusted-host=a --pre --cache-dir /x -i https://i").unwrap(),
            ["--allow-insecure-host", "a", "--prerelease=allow", "-i", "https://i"]
        );
        assert_eq!(args("--global-option x"), None);
    }

    #[test]
    fn a_build_from_source_is_announced_with_the_package_and_the_c_library() {
        let err = "Because numpy==2.3.0 has no usable wheels and you require numpy==2.3.0".to_owned();
        let answer = Answer { err, ..Answer::default() };
        let platform = Platform::of_runtime("python3.11", Arch::X86_64, crate::build::target::AL2);
        let said = from_source(&answer, &platform);
        let start = "`numpy` has no wheel for Python 3.11 on x86_64 with glibc 2.26, building from source";
        assert!(said.starts_with(start), "{said}");
    }

    #[test]
    fn the_package_without_a_wheel_is_named() {
        let uv = "  × No solution found when resolving dependencies:\n  ╰─▶ Because docopt==0.6.2 has no usable wheels and you require\n      docopt==0.6.2, we can conclude";
        assert_eq!(source_only(uv).as_deref(), Some("docopt"));
        let pip = "ERROR: No matching distribution found for docopt==0.6.2";
        assert_eq!(source_only(pip).as_deref(), Some("docopt"));
    }
}
