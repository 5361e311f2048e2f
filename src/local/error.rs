//! What can go wrong with the emulator, and what to do about it.

use std::path::PathBuf;

/// A failure of the emulator's life.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// No interpreter to install it with.
    #[error("stage local needs python3, which is not on the PATH")]
    NoPython,
    /// The interpreter is older than the emulator allows.
    #[error("stage local needs Python 3.10 or later; {path} is {found}", path = path.display())]
    OldPython { path: PathBuf, found: String },
    /// The interpreter does not run.
    #[error("{path} does not run: {reason}", path = path.display())]
    BrokenPython { path: PathBuf, reason: String },
    /// The installer failed.
    #[error("cannot install {what} ({command})")]
    Install { what: &'static str, command: String, output: String, offline: bool },
    /// No npm to install the SDK of Node.js functions with.
    #[error(
        "there is no npm on the PATH to install the AWS SDK for JavaScript, which Lambda has and this machine has not"
    )]
    NoNpm,
    /// The port that was asked for is in use.
    #[error("port {port} of 127.0.0.1 is taken")]
    PortTaken { port: u16 },
    /// The emulator ended while starting.
    #[error("the emulator ended at its start ({status})")]
    Died { status: String, log: PathBuf, tail: String },
    /// The emulator does not answer.
    #[error("the emulator does not answer on 127.0.0.1:{port} after {seconds} s")]
    Silent { port: u16, seconds: u64, log: PathBuf, tail: String },
    /// The process id in the state file belongs to something else.
    #[error("process {pid} is not the emulator that rlx started; it was left alone")]
    NotOurs { pid: i32, state: PathBuf },
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
}

impl LocalError {
    /// Further lines: what the failed program printed.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::Install { output, .. } => output.lines().map(str::to_owned).collect(),
            Self::Died { tail, .. } | Self::Silent { tail, .. } => tail.lines().map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// What to do, each a sentence.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoPython | Self::OldPython { .. } => {
                vec!["install Python 3.10 or later (or uv), or deploy to a stage on AWS: rlx deploy --stage dev".into()]
            }
            Self::BrokenPython { .. } => vec!["repair this Python, or put another one first on the PATH".into()],
            Self::Install { what, offline: true, .. } => {
                vec![format!("the first use of stage local fetches {what}: check the network or proxy")]
            }
            Self::NoNpm | Self::Install { what: "the AWS SDK for JavaScript", .. } => {
                vec!["or bundle the SDK with the functions (`build: esbuild`)".into()]
            }
            Self::Install { .. } => vec!["on Debian and Ubuntu, venv is a package of its own: python3-venv".into()],
            Self::PortTaken { .. } => vec!["leave --port out and rlx takes a free one".into()],
            Self::Died { log, .. } | Self::Silent { log, .. } => vec![format!("the whole log is {}", log.display())],
            Self::NotOurs { state, .. } => vec![format!("delete {} to forget it", state.display())],
            Self::Io { .. } => Vec::new(),
        }
    }

    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
