//! Third-party packages of Python functions: requirements → an installed folder in the machine cache.

mod between;
mod cached;
mod distribution;
mod install;
mod lock;
pub mod options;
mod pip;
mod pip_config;
mod pipfile;
pub mod platform;
mod poetry_hash;
mod pyproject;
mod requirements;
mod source;
mod tidy;
mod tool;

pub use options::Options;
pub use platform::Platform;
pub use tool::interpreter;

use super::run;
use super::{BuildError, Tree};
use install::Installation;
use requirements::Requirements;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Changes when the same input gives another folder.
const FORMAT: &str = "2";

/// What is needed to install the requirements of a folder.
pub struct Request<'a> {
    /// The folder of the requirements file: the service's or a function's module.
    pub dir: &'a Path,
    /// The folder of the service.
    pub service_dir: &'a Path,
    pub options: &'a Options,
    pub platform: &'a Platform,
    /// rlx's machine cache.
    pub cache_dir: &'a Path,
    pub env: &'a BTreeMap<String, String>,
    /// Packages that rlx adds, such as the adapter of a WSGI app: requirement lines.
    pub additional: &'a [String],
    /// Told why something is installed or reused.
    pub progress: &'a (dyn Fn(Outcome) + Sync),
    /// Called with a folder that most likely stays as it is, while the index is asked.
    pub meanwhile: &'a dyn Fn(&Path),
}

/// Whether requirements were installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// They are being installed, and why.
    Installing(String),
    /// They are there.
    Reused(String),
}

/// Installed requirements.
#[derive(Debug, Clone)]
pub struct Installed {
    pub tree: Tree,
    /// What the user should know.
    pub notes: Vec<String>,
    /// It is the folder that [`Request::meanwhile`] was called with.
    pub foreseen: bool,
}

/// The interpreter that runs functions on this machine, as a platform.
pub fn host_platform(python: Option<&str>, env: &BTreeMap<String, String>) -> Result<Platform, BuildError> {
    let interpreter = match python {
        Some(path) => PathBuf::from(path),
        None => tool::interpreter(env)?,
    };
    let ask = "import sys, platform; print(sys.executable); print(sys.version_info[:2], platform.platform())";
    let answer = run::Program::new(&interpreter, env).args(["-c", ask]).run()?;
    let mut lines = answer.out.lines();
    let executable = lines.next().filter(|_| answer.ok).map(PathBuf::from).unwrap_or(interpreter);
    Ok(Platform::Host { interpreter: executable, description: lines.next().unwrap_or_default().to_owned() })
}

/// Installs the requirements of a folder, or finds them in the cache. `None` if it has none.
pub fn install(request: &Request<'_>) -> Result<Option<Installed>, BuildError> {
    let options = request.options;
    let find_tool = || tool::find(request.cache_dir, request.env);
    let found = source::read(request.dir, request.service_dir, options, &find_tool, request.env)?;
    let mut requirements = match found {
        Some(found) => found,
        None if request.additional.is_empty() => return Ok(None),
        None => Requirements { origin: request.dir.to_owned(), ..Requirements::default() },
    };
    requirements.without(&options.no_deploy);
    let asked: Vec<String> = requirements.names().collect();
    for line in request.additional {
        // The user's own choice of version stands.
        let name = line.split(['=', '<', '>', '~', '[']).next().unwrap_or(line);
        if !asked.contains(&options::normalised(name)) {
            requirements.lines.push(line.clone());
        }
    }
    if requirements.is_empty() {
        return Ok(None);
    }
    let key = key(request, &requirements)?;
    let dir = request.cache_dir.join("wheels").join(&key);
    let notes = requirements.notes.clone();
    let mut installed =
        Installed { tree: Tree { key, dir: dir.clone(), mount: String::new() }, notes, foreseen: false };
    let fresh = options.invalidate_caches || !options.use_static_cache;
    if dir.is_dir() && !fresh {
        (request.progress)(Outcome::Reused("requirements are unchanged".to_owned()));
        return Ok(Some(installed));
    }
    let why = match (fresh && dir.is_dir(), request.platform) {
        (true, _) => "the manifest asks for a fresh installation".to_owned(),
        (false, platform) => format!("requirements for {}", platform.shown()),
    };
    (request.progress)(Outcome::Installing(why));
    if fresh && dir.is_dir() {
        // Another rlx may be reading it: it keeps what it has opened.
        std::fs::remove_dir_all(&dir).map_err(|source| BuildError::Write { path: dir.clone(), source })?;
    }
    let tool = find_tool()?;
    let made = run::make_folder(&dir, |at| {
        let scratch = tempfile::tempdir().map_err(|source| BuildError::Write { path: at.to_owned(), source })?;
        let installation = Installation {
            requirements: &requirements,
            platform: request.platform,
            options,
            tool: &tool,
            env: request.env,
            scratch: scratch.path(),
            progress: request.progress,
        };
        if !fresh && let Some(found) = installation.install_known(at)? {
            tidy::tidy(at, options, request.env)?;
            if found.is_certain() {
                return Ok((false, None));
            }
            (request.meanwhile)(at);
            match found.confirm()? {
                cached::Verdict::Newest => return Ok((true, None)),
                cached::Verdict::Unknown(note) => return Ok((true, Some(note))),
                cached::Verdict::Outdated => install::empty(at)?,
            }
        }
        installation.run(at)?;
        tidy::tidy(at, options, request.env)?;
        Ok((false, None))
    })?;
    if let Some((foreseen, note)) = made {
        installed.foreseen = foreseen;
        installed.notes.extend(note);
    }
    Ok(Some(installed))
}

/// Names the result: what is installed, for what, how.
fn key(request: &Request<'_>, requirements: &Requirements) -> Result<String, BuildError> {
    let mut hash = Sha256::new();
    hash.update(FORMAT);
    requirements.hash(&mut hash)?;
    hash.update(request.platform.key());
    hash.update(request.options.key());
    for name in ["UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_PRERELEASE"] {
        hash.update(request.env.get(name).map(String::as_str).unwrap_or_default());
        hash.update("\0");
    }
    let pip = pip_config::read(request.env);
    for name in ["index-url", "extra-index-url", "find-links", "pre"] {
        hash.update(pip.get(name).map(String::as_str).unwrap_or_default());
        hash.update("\0");
    }
    let digest = hash.finalize();
    Ok(digest[..16].iter().map(|b| format!("{b:02x}")).collect())
}
