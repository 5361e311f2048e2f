//! What a command needs from the world, so that tests can replace it.
//! The only place that reads the process environment.

use crate::report::{Report, Summary};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The world as a command sees it.
#[derive(Debug, Clone)]
pub struct Context {
    /// The directory that rlx was started in.
    pub cwd: PathBuf,
    /// The environment variables, as they were at the start.
    pub env: BTreeMap<String, String>,
    /// The machine cache: `$RLX_CACHE_DIR`, else `$XDG_CACHE_HOME/rlx`, else the platform's.
    pub cache_dir: PathBuf,
    /// The time now.
    pub now: fn() -> jiff::Timestamp,
    /// Where output goes.
    pub report: Report,
    /// Flags that every command takes.
    pub options: crate::options::GlobalOptions,
}

impl Context {
    /// The real world.
    pub fn from_process(options: crate::options::GlobalOptions) -> std::io::Result<Self> {
        let env: BTreeMap<String, String> =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        let report = Report::from_process(&options, &env);
        Ok(Self {
            cwd: std::env::current_dir()?,
            cache_dir: cache_dir(&env),
            env,
            now: jiff::Timestamp::now,
            report,
            options,
        })
    }

    /// The same world with nobody to answer questions.
    #[must_use]
    pub fn unattended(&self) -> Self {
        Self { report: Report { can_ask: false, ..self.report.clone() }, ..self.clone() }
    }

    /// `user@host`, for records and locks.
    pub fn who(&self) -> String {
        let user = ["GITHUB_ACTOR", "USER", "LOGNAME", "USERNAME"].iter().find_map(|name| self.var(name));
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        format!("{}@{host}", user.unwrap_or("unknown"))
    }

    /// The summary of a step in GitHub Actions; nowhere outside of it.
    pub fn summary(&self) -> Summary {
        Summary::new(self.var("GITHUB_STEP_SUMMARY"))
    }

    /// An environment variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }
}

fn cache_dir(env: &BTreeMap<String, String>) -> PathBuf {
    let set = |name: &str| env.get(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(dir) = set("RLX_CACHE_DIR") {
        return dir;
    }
    use etcetera::BaseStrategy;
    set("XDG_CACHE_HOME")
        .or_else(|| etcetera::choose_base_strategy().ok().map(|s| s.cache_dir()))
        .unwrap_or_else(std::env::temp_dir)
        .join("rlx")
}
