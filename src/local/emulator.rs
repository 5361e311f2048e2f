//! Starting, finding and stopping the emulator.

use super::install::{self, MINISTACK, last_lines};
use super::state::StateDir;
use super::{Emulator, LocalError, PythonVersion, probe, process};
use crate::context::Context;
use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the emulator may take to answer after its start.
const START: Duration = Duration::from_secs(60);

/// How to start the emulator.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Enforce IAM policies.
    pub auth: bool,
    /// The port; a free one where there is none.
    pub port: Option<u16>,
    /// The interpreter wanted for Python functions; another one where the machine does not have it.
    pub python: Option<PythonVersion>,
}

/// What is known of the emulator.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// None was started, or it was stopped.
    Down,
    /// It answers.
    Up(Emulator),
    /// It was started, but has ended or does not answer; the last lines of its log.
    Dead { emulator: Emulator, tail: String },
}

/// What stopping did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// There was nothing to stop.
    WasDown,
    /// It was stopped.
    Stopped { pid: i32 },
}

/// What is known of the emulator.
pub fn status(context: &Context) -> Status {
    let state = StateDir::new(&context.cache_dir);
    match state.read() {
        None => Status::Down,
        Some(emulator) if answers(&emulator) => Status::Up(emulator),
        Some(emulator) => {
            let tail = log_tail(&emulator.log);
            Status::Dead { emulator, tail }
        }
    }
}

/// The running emulator, or a new one. One that runs is taken as it is, whatever the options say.
pub fn start(context: &Context, options: &Options) -> Result<Emulator, LocalError> {
    let state = StateDir::new(&context.cache_dir);
    // Without the lock first: the usual case is that it runs.
    if let Some(emulator) = state.read().filter(answers) {
        return Ok(emulator);
    }
    let _lock = state.lock()?;
    if let Some(emulator) = state.read() {
        if answers(&emulator) {
            return Ok(emulator);
        }
        end(&state, &emulator)?;
    }
    let tool = install::ensure(context, options.python)?;
    let port = match options.port {
        Some(port) if TcpListener::bind(("127.0.0.1", port)).is_err() => return Err(LocalError::PortTaken { port }),
        Some(port) => port,
        None => free_port()?,
    };
    context.report.verbose(&format!("starting the emulator on 127.0.0.1:{port}"));
    let mut child = spawn(context, &state, &tool.python, port, options.auth)?;
    let emulator = Emulator {
        version: 1,
        pid: i32::try_from(child.id()).unwrap_or_default(),
        port,
        emulator: MINISTACK.to_owned(),
        python: tool.version,
        interpreter: tool.python.clone(),
        auth: options.auth,
        log: state.log(),
        started: (context.now)(),
    };
    // Written before it answers, so that one whose start was interrupted is found and stopped.
    state.write(&emulator)?;
    if let Err(error) = wait(&mut child, &emulator) {
        end(&state, &emulator)?;
        return Err(error);
    }
    Ok(emulator)
}

/// Stops the emulator and forgets it.
pub fn stop(context: &Context) -> Result<Stopped, LocalError> {
    let state = StateDir::new(&context.cache_dir);
    let Some(_) = state.read() else { return Ok(Stopped::WasDown) };
    let _lock = state.lock()?;
    let Some(emulator) = state.read() else { return Ok(Stopped::WasDown) };
    end(&state, &emulator)?;
    Ok(Stopped::Stopped { pid: emulator.pid })
}

fn answers(emulator: &Emulator) -> bool {
    process::alive(emulator.pid) && probe::healthy(emulator.port)
}

fn end(state: &StateDir, emulator: &Emulator) -> Result<(), LocalError> {
    if process::alive(emulator.pid) {
        // After a restart of the machine the id may belong to anything.
        if !process::is_emulator(emulator.pid) {
            return match probe::healthy(emulator.port) {
                true => Err(LocalError::NotOurs { pid: emulator.pid, state: state.file() }),
                false => {
                    state.forget();
                    Ok(())
                }
            };
        }
        process::end(emulator.pid);
    }
    state.forget();
    let _ = std::fs::remove_dir_all(state.temp());
    Ok(())
}

fn free_port() -> Result<u16, LocalError> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(LocalError::io("listen on", "127.0.0.1"))
}

fn spawn(context: &Context, state: &StateDir, python: &Path, port: u16, auth: bool) -> Result<Child, LocalError> {
    for dir in [state.temp(), state.data()] {
        std::fs::create_dir_all(&dir).map_err(LocalError::io("create", &dir))?;
    }
    let log = state.log();
    let output = File::create(&log).map_err(LocalError::io("write", &log))?;
    let errors = output.try_clone().map_err(LocalError::io("write", &log))?;
    // The functions inherit the emulator's environment: nothing of the caller's AWS or Python settings may be in it.
    let env = context.env.iter().filter(|(name, _)| {
        !["AWS_", "PYTHON", "MINISTACK_", "LAMBDA_", "RLX_"].iter().any(|prefix| name.starts_with(prefix))
    });
    Command::new(python)
        .args(["-c", process::MAIN])
        .env_clear()
        .envs(env)
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("AUTH", if auth { "true" } else { "false" })
        .env("CLOUDTRAIL_RECORDING", "1") // `rlx diagnose` reads it
        .env("LAMBDA_EXECUTOR", "local")
        .env("TMPDIR", state.temp())
        .env("STATE_DIR", state.data())
        .env("S3_DATA_DIR", state.data().join("s3"))
        // Listeners with fixed ports, which two emulators would fight for.
        .env("SFTP_ENABLED", "0")
        .env("IOT_MTLS_ENABLED", "0")
        .env("PYTHONUNBUFFERED", "1")
        .current_dir(state.temp())
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .map_err(LocalError::io("start", python))
}

fn wait(child: &mut Child, emulator: &Emulator) -> Result<(), LocalError> {
    let deadline = Instant::now() + START;
    while !probe::healthy(emulator.port) {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(LocalError::Died {
                status: status.to_string(),
                log: emulator.log.clone(),
                tail: log_tail(&emulator.log),
            });
        }
        if Instant::now() > deadline {
            return Err(LocalError::Silent {
                port: emulator.port,
                seconds: START.as_secs(),
                log: emulator.log.clone(),
                tail: log_tail(&emulator.log),
            });
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    Ok(())
}

fn log_tail(log: &Path) -> String {
    last_lines(&String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()), 12)
}
