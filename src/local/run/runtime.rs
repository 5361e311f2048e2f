//! What runs a function of a runtime, and the environment that Lambda gives it.

use super::Job;
use super::api::REQUEST_ID;
use crate::context::Context;
use crate::local::{PythonVersion, install};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Loads a Python handler and hands it the event.
const PYTHON: &str = include_str!("bootstrap.py");

/// Loads a Node.js handler and hands it the event.
const NODE: &str = include_str!("bootstrap.mjs");

/// A program that asks the runtime API for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The interpreter, or the function's own binary.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// What the user should know: that it is not quite the runtime asked for.
    pub note: Option<String>,
}

/// Why a function could not be run here.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The interpreter is not there.
    #[error("a function of runtime {runtime} needs {tool}, which is not on the PATH")]
    NoInterpreter { runtime: String, tool: &'static str },
    /// rlx does not know how.
    #[error("rlx cannot run functions of runtime {runtime} here")]
    Runtime { runtime: String },
    /// The archive of a function for `provided.*` holds no program.
    #[error("the archive has no `bootstrap`, which runtime {runtime} starts")]
    NoBootstrap { runtime: String },
    /// The archive cannot be unpacked.
    #[error("cannot unpack {archive}: {reason}", archive = archive.display())]
    Unpack { archive: PathBuf, reason: String },
    /// The process does not start.
    #[error("cannot start {program}: {source}", program = program.display())]
    Start { program: PathBuf, source: std::io::Error },
    /// No port of this machine can be listened on.
    #[error("cannot listen on 127.0.0.1: {reason}")]
    Listen { reason: String },
}

impl RunError {
    /// What to do.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoInterpreter { tool, .. } => {
                vec![format!("install {tool}, or call the deployed function: rlx invoke")]
            }
            Self::Runtime { .. } => {
                vec!["python, nodejs and provided ones run here; deploy it and call it: rlx invoke".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}

impl Program {
    /// The interpreter that runs functions of a runtime here; `None` where the archive itself holds the program.
    ///
    /// # Errors
    /// There is none, or rlx does not know the runtime.
    pub fn interpreter(context: &Context, runtime: &str) -> Result<Option<Self>, RunError> {
        let missing = |tool| RunError::NoInterpreter { runtime: runtime.to_owned(), tool };
        let with = |path, args: &[&str], script: &str, note| {
            let args = args.iter().copied().chain([script]).map(str::to_owned).collect();
            Some(Self { path, args, note })
        };
        if runtime.starts_with("python") {
            let wanted = PythonVersion::of_runtime(runtime);
            let (path, found) = install::interpreter(context, wanted).map_err(|_| missing("python3"))?;
            let note = wanted.filter(|wanted| *wanted != found);
            let note = note
                .map(|wanted| format!("this machine has no Python {wanted}: the function runs with Python {found}"));
            Ok(with(path, &["-u", "-c"], PYTHON, note))
        } else if runtime.starts_with("nodejs") {
            let path = install::find(context, "node").ok_or_else(|| missing("node"))?;
            Ok(with(path, &["--enable-source-maps", "--input-type=module", "--eval"], NODE, None))
        } else if runtime.starts_with("provided") || runtime == "go1.x" {
            Ok(None)
        } else {
            Err(RunError::Runtime { runtime: runtime.to_owned() })
        }
    }

    /// The program in the archive of a function for `provided.*`.
    ///
    /// # Errors
    /// There is none.
    pub fn bootstrap(code: &std::path::Path, runtime: &str) -> Result<Self, RunError> {
        let path = code.join("bootstrap");
        match path.is_file() {
            true => Ok(Self { path, args: Vec::new(), note: None }),
            false => Err(RunError::NoBootstrap { runtime: runtime.to_owned() }),
        }
    }
}

/// What Lambda sets (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>),
/// and `IS_LOCAL` as Framework v3's `invoke local` does.
pub(super) fn environment(job: &Job) -> BTreeMap<String, String> {
    let stream = format!("local/[$LATEST]{}", REQUEST_ID.replace('-', ""));
    [
        ("_HANDLER", job.handler.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", job.memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", job.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", job.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", stream),
        ("AWS_DEFAULT_REGION", job.region.clone()),
        ("AWS_REGION", job.region.clone()),
        ("IS_LOCAL", "true".to_owned()),
        ("LAMBDA_TASK_ROOT", job.code.display().to_string()),
        ("TZ", ":UTC".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
