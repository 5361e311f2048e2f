//! Runs a function on this machine, once: its archive is unpacked, its interpreter or binary is started, and the
//! event reaches it as Lambda hands it over.

mod api;
mod code;
mod runtime;

pub use code::unpack;
pub use runtime::{Program, RunError};

use api::{Given, RuntimeApi, Said};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a function may take to load before it asks for its event
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib>).
const INIT: Duration = Duration::from_secs(10);

/// How long a runtime may take to end after its answer.
const PARTING: Duration = Duration::from_millis(500);

/// Time between two looks at the process.
const LOOK: Duration = Duration::from_millis(20);

/// A function, and what it is called with.
#[derive(Debug, Clone)]
pub struct Job {
    /// What runs it.
    pub program: Program,
    /// Its unpacked archive.
    pub code: PathBuf,
    /// `Handler`, such as `src/orders.create`.
    pub handler: String,
    /// Its deployed name.
    pub name: String,
    /// The AWS region.
    pub region: String,
    /// The account in its ARN.
    pub account: String,
    /// Megabytes.
    pub memory: u64,
    /// How long it may take.
    pub timeout: Duration,
    /// The event, JSON.
    pub event: Vec<u8>,
    /// What a caller's SDK would send as client context, JSON.
    pub client_context: Option<String>,
    /// The whole environment of the process but for what Lambda adds.
    pub env: BTreeMap<String, String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the function answered, mostly JSON.
    pub payload: String,
    /// Whether it failed.
    pub failed: bool,
    /// How long the call took, loading not counted.
    pub took: Duration,
}

/// Runs a function. What it prints goes to stderr.
///
/// # Errors
/// It could not be started at all; a function that fails is an answer.
pub fn run(job: &Job) -> Result<Answer, RunError> {
    let api = RuntimeApi::bind().map_err(|reason| RunError::Listen { reason })?;
    let mut command = command(job)?;
    command.env("AWS_LAMBDA_RUNTIME_API", api.address());
    let mut child = command.spawn().map_err(|source| RunError::Start { program: job.program.path.clone(), source })?;
    let answer = talk(job, &api, &mut child);
    // It may wait for a second event, which never comes.
    let _ = child.kill();
    let _ = child.wait();
    Ok(answer)
}

fn command(job: &Job) -> Result<Command, RunError> {
    let mut command = Command::new(&job.program.path);
    let stdout = std::io::stderr();
    let stdout = std::os::fd::AsFd::as_fd(&stdout).try_clone_to_owned();
    command
        .args(&job.program.args)
        .current_dir(&job.code)
        .env_clear()
        .envs(&job.env)
        .envs(runtime::environment(job))
        .stdin(Stdio::null())
        // stdout is for the answer alone.
        .stdout(stdout.map_err(|source| RunError::Start { program: job.program.path.clone(), source })?);
    Ok(command)
}

fn talk(job: &Job, api: &RuntimeApi, child: &mut Child) -> Answer {
    let begun = Instant::now();
    let mut given: Option<Instant> = None;
    loop {
        let said = api.next_request(LOOK, &|| Given {
            event: &job.event,
            function_arn: format!("arn:aws:lambda:{}:{}:function:{}", job.region, job.account, job.name),
            client_context: job.client_context.as_deref(),
            timeout: job.timeout,
        });
        let took = given.map(|at| at.elapsed()).unwrap_or_default();
        match said {
            Said::Asked => {
                given.get_or_insert_with(Instant::now);
            }
            Said::Answered(payload) => {
                part(child);
                return Answer { payload, failed: false, took };
            }
            Said::Failed(payload) => {
                part(child);
                // Places in the function are those of the service's files, which lie at the same paths.
                let payload = payload.replace(&format!("{}/", job.code.display()), "");
                return Answer { payload, failed: true, took };
            }
            Said::Nothing => {
                if let Ok(Some(status)) = child.try_wait() {
                    return failure(
                        "Runtime.ExitError",
                        &format!("the runtime ended without an answer ({status})"),
                        took,
                    );
                }
                let (limit, since) = given.map_or((INIT + job.timeout, begun), |at| (job.timeout, at));
                if since.elapsed() >= limit {
                    let seconds = limit.as_secs_f64();
                    return failure("Sandbox.Timedout", &format!("Task timed out after {seconds:.2} seconds"), took);
                }
            }
        }
    }
}

/// Lets the runtime write what it still holds.
fn part(child: &mut Child) {
    let begun = Instant::now();
    while begun.elapsed() < PARTING && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn failure(kind: &str, message: &str, took: Duration) -> Answer {
    let payload = serde_json::json!({ "errorType": kind, "errorMessage": message }).to_string();
    Answer { payload, failed: true, took }
}

/// Where the content of layers is found, for the interpreters that look there
/// (<https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html>).
pub fn layer_paths(layers: &[PathBuf]) -> [(&'static str, Vec<PathBuf>); 4] {
    let under = |folders: &[&str]| -> Vec<PathBuf> {
        layers
            .iter()
            .flat_map(|layer| folders.iter().map(move |folder| layer.join(folder)))
            .filter(|p| p.is_dir())
            .collect()
    };
    [
        ("PYTHONPATH", under(&["python"])),
        ("NODE_PATH", under(&["nodejs/node_modules"])),
        ("PATH", under(&["bin"])),
        ("LD_LIBRARY_PATH", under(&["lib"])),
    ]
}

/// Puts paths before those that a variable holds.
pub fn prepend(env: &mut BTreeMap<String, String>, name: &str, paths: &[PathBuf]) {
    let held = env.get(name).map(|held| std::env::split_paths(held).collect::<Vec<_>>()).unwrap_or_default();
    let all = paths.iter().chain(&held);
    if let (false, Ok(joined)) = (paths.is_empty(), std::env::join_paths(all)) {
        env.insert(name.to_owned(), joined.to_string_lossy().into_owned());
    }
}
