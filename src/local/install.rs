//! Installs the emulator, once per interpreter version, into the machine cache.

use super::{LocalError, PythonVersion};
use crate::context::Context;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The emulator's version; raised by hand, with the end-to-end tests as the proof.
pub const MINISTACK: &str = "1.5.33";

/// What Lambda's Python runtimes have besides: the version that goes with the emulator's botocore.
const BOTO3: &str = "1.43.106";

/// What the emulator needs at least (its `Requires-Python`).
const OLDEST: PythonVersion = PythonVersion { major: 3, minor: 10 };

/// An installed emulator.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    /// The interpreter with the emulator in it.
    pub(super) python: PathBuf,
    pub(super) version: PythonVersion,
}

/// Installs the emulator where it is not there yet.
///
/// The interpreter is the one of `wanted` where the machine has it, else `python3`.
/// `uv` makes the environment where it is on the PATH, else `python3 -m venv` and pip.
pub(super) fn ensure(context: &Context, wanted: Option<PythonVersion>) -> Result<Tool, LocalError> {
    let (interpreter, version) = interpreter(context, wanted)?;
    let tools = context.cache_dir.join("tools");
    let dir = tools.join(format!("ministack-{MINISTACK}-python{version}"));
    let tool = Tool { python: dir.join("bin/python"), version };
    if dir.join(".complete").is_file() && tool.python.exists() {
        return Ok(tool);
    }
    context.report.note(&format!("Installing the emulator (ministack {MINISTACK}), once"));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&tools).map_err(LocalError::io("create", &tools))?;
    for mut command in commands(context, &interpreter, &dir) {
        run(context, &mut command, "the emulator")?;
    }
    // Written last: an installation that was cut off is made anew.
    let mark = dir.join(".complete");
    std::fs::write(&mark, "").map_err(LocalError::io("write", &mark))?;
    Ok(tool)
}

fn commands(context: &Context, interpreter: &Path, dir: &Path) -> [Command; 2] {
    let packages = [format!("ministack=={MINISTACK}"), format!("boto3=={BOTO3}")];
    let python = dir.join("bin/python");
    match find(context, "uv") {
        Some(uv) => {
            let mut venv = Command::new(&uv);
            venv.args(["venv", "--quiet", "--no-project", "--python"]).arg(interpreter).arg(dir);
            let mut install = Command::new(uv);
            install.args(["pip", "install", "--quiet", "--python"]).arg(&python).args(packages);
            [venv, install]
        }
        None => {
            let mut venv = Command::new(interpreter);
            venv.args(["-m", "venv"]).arg(dir);
            let mut install = Command::new(&python);
            install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
            [venv, install]
        }
    }
}

/// Runs an installer of `what`.
pub(super) fn run(context: &Context, command: &mut Command, what: &'static str) -> Result<(), LocalError> {
    command.env_clear().envs(&context.env).env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    let shown = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .map(|a| a.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ");
    context.report.verbose(&format!("$ {shown}"));
    let failed = |output: String| {
        let text = output.to_lowercase();
        let offline =
            ["from versions: none", "resolve", "connection", "timed out", "network", "dns", "unreachable", "proxy"]
                .iter()
                .any(|sign| text.contains(sign));
        LocalError::Install { what, command: shown.clone(), output: last_lines(&output, 15), offline }
    };
    let output = command.output().map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))))
}

pub(super) fn interpreter(
    context: &Context,
    wanted: Option<PythonVersion>,
) -> Result<(PathBuf, PythonVersion), LocalError> {
    if let Some(wanted) = wanted.filter(|v| *v >= OLDEST)
        && let Some(path) = find(context, &format!("python{wanted}"))
        // A version manager's shim may stand for a version that is not installed.
        && version_of(context, &path).is_ok_and(|v| v == wanted)
    {
        return Ok((path, wanted));
    }
    let path = find(context, "python3").ok_or(LocalError::NoPython)?;
    let version = version_of(context, &path)?;
    if version < OLDEST {
        return Err(LocalError::OldPython { path, found: version.to_string() });
    }
    Ok((path, version))
}

fn version_of(context: &Context, python: &Path) -> Result<PythonVersion, LocalError> {
    let broken = |reason: String| LocalError::BrokenPython { path: python.into(), reason };
    let output = Command::new(python)
        .args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
        .env_clear()
        .envs(&context.env)
        .output()
        .map_err(|e| broken(e.to_string()))?;
    if !output.status.success() {
        return Err(broken(last_lines(&String::from_utf8_lossy(&output.stderr), 3)));
    }
    String::from_utf8_lossy(&output.stdout).trim().parse().map_err(broken)
}

pub(super) fn find(context: &Context, name: &str) -> Option<PathBuf> {
    which::which_in(name, context.var("PATH"), &context.cwd).ok()
}

/// The last lines of a text.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
