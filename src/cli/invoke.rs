//! `rlx invoke`: calls a deployed function.

use super::{ExitKind, Failure, invoke_local, manage, target};
use crate::aws::{Aws, AwsError, Named};
use crate::context::Context;
use crate::manifest::Service;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, LogType};
use base64::Engine;
use serde_json::{Value, json};
use std::io::{IsTerminal, Read};
use std::path::PathBuf;

/// How a function is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum CallType {
    /// Wait for its answer.
    #[default]
    RequestResponse,
    /// Do not wait.
    Event,
    /// Only check whether it may be called.
    DryRun,
}

/// Call a deployed function, or run one here
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct InvokeArgs {
    #[command(subcommand)]
    pub place: Option<Place>,
    /// The function, by its name in the manifest
    #[arg(required_unless_present_any = ["function_flag", "wsgi"])]
    pub function: Option<String>,
    /// The same
    #[arg(long = "function", short, value_name = "FUNCTION", conflicts_with = "function")]
    pub function_flag: Option<String>,
    #[command(flatten)]
    pub event: EventArgs,
    /// How it is called
    #[arg(long = "type", short = 't', value_enum, default_value_t, value_name = "TYPE")]
    pub call: CallType,
    /// Version or alias
    #[arg(long, short, value_name = "QUALIFIER")]
    pub qualifier: Option<String>,
    /// Show the last lines of its log
    #[arg(long, short)]
    pub log: bool,
    /// Client context, JSON
    #[arg(long, value_name = "JSON")]
    pub context: Option<String>,
}

/// What a function is given.
#[derive(Debug, clap::Args)]
pub struct EventArgs {
    /// What it is given: JSON, or any text
    #[arg(long, short, value_name = "TEXT")]
    pub data: Option<String>,
    /// File with what it is given; `-` is stdin
    #[arg(long, short, value_name = "FILE", conflicts_with = "data")]
    pub path: Option<PathBuf>,
    /// Take the data as text, even where it is JSON
    #[arg(long)]
    pub raw: bool,
    /// Run a command in a web application: `manage "migrate"`, `flask "routes"`, `exec "print(1)"`, `command "ls"`
    #[arg(long, num_args = 2, value_names = ["KIND", "COMMAND"], conflicts_with_all = ["data", "path", "raw"])]
    pub wsgi: Vec<String>,
}

/// Where a function runs, if not where it is deployed.
#[derive(Debug, clap::Subcommand)]
pub enum Place {
    Local(invoke_local::InvokeLocalArgs),
}

/// What a function answered.
pub(super) struct Answer {
    pub(super) status: i32,
    pub(super) error: Option<String>,
    pub(super) version: Option<String>,
    pub(super) log: Option<String>,
    pub(super) payload: String,
}

/// Calls a function and prints its answer.
pub fn run(args: &InvokeArgs, context: &Context) -> Result<ExitKind, Failure> {
    if let Some(Place::Local(args)) = &args.place {
        return invoke_local::run(args, context);
    }
    let service = target::load(context)?.service;
    let key = args.event.function(args.function.as_ref().or(args.function_flag.as_ref()), &service)?;
    let name = super::logs::deployed_name(&service, &key)?;
    let payload = args.event.read(context)?;
    let answer = target::with_aws(&service, context, async |aws: &Aws| call(aws, &name, args, payload).await)?;
    let hint = format!("for its log: rlx logs -f {key}{}", target::stage_flag(context));
    args.event.say(&key, &answer, context).map_err(|failure| failure.hint(hint))
}

/// Prints what a function answered; its error is a failure.
pub(super) fn say(key: &str, answer: &Answer, context: &Context) -> Result<ExitKind, Failure> {
    let value = serde_json::from_str::<Value>(&answer.payload).unwrap_or_else(|_| json!(answer.payload));
    let json = json!({
        "version": 1,
        "function": key,
        "status": answer.status,
        "executedVersion": answer.version,
        "error": answer.error,
        "payload": value,
        "log": answer.log,
    });
    let shown = if answer.payload.is_empty() { String::new() } else { format!("{value:#}\n") };
    context.report.answer(&json, &shown);
    if let (Some(log), super::OutputFormat::Text) = (&answer.log, context.report.format) {
        context.report.note(log);
    }
    match &answer.error {
        None => Ok(ExitKind::Done),
        Some(kind) => {
            let message = value.get("errorMessage").and_then(Value::as_str).unwrap_or("see its answer above");
            let class = value.get("errorType").and_then(Value::as_str).unwrap_or(kind);
            Err(Failure::new(ExitKind::Failed, format!("{key} failed: {class}: {message}")))
        }
    }
}

async fn call(aws: &Aws, name: &str, args: &InvokeArgs, payload: Vec<u8>) -> Result<Answer, AwsError> {
    let call = match args.call {
        CallType::RequestResponse => InvocationType::RequestResponse,
        CallType::Event => InvocationType::Event,
        CallType::DryRun => InvocationType::DryRun,
    };
    let tail = args.log && call == InvocationType::RequestResponse;
    let client_context = args.context.as_ref().map(|c| base64::engine::general_purpose::STANDARD.encode(c));
    // A function may take 15 minutes, and must not be called again because its answer is slow.
    let patient = aws_sdk_lambda::config::Builder::new()
        .timeout_config(
            aws_smithy_types::timeout::TimeoutConfig::builder()
                .read_timeout(std::time::Duration::from_secs(920))
                .build(),
        )
        .retry_config(aws_smithy_types::retry::RetryConfig::standard().with_max_attempts(1));
    let answer = aws
        .lambda()
        .invoke()
        .function_name(name)
        .invocation_type(call)
        .set_qualifier(args.qualifier.clone())
        .set_log_type(tail.then_some(LogType::Tail))
        .set_client_context(client_context)
        .payload(Blob::new(payload))
        .customize()
        .config_override(patient)
        .send()
        .await
        .named("Lambda", "Invoke")?;
    let decode = |text: String| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim_end().to_owned()
    };
    Ok(Answer {
        status: answer.status_code,
        error: answer.function_error,
        version: answer.executed_version,
        log: answer.log_result.map(decode),
        payload: answer.payload.map(|p| String::from_utf8_lossy(p.as_ref()).into_owned()).unwrap_or_default(),
    })
}

impl EventArgs {
    /// The function that is meant.
    pub(super) fn function(&self, named: Option<&String>, service: &Service) -> Result<String, Failure> {
        match named {
            Some(name) => Ok(name.clone()),
            None => manage::only_application(service),
        }
    }

    /// Prints what it answered to this event.
    pub(super) fn say(&self, key: &str, answer: &Answer, context: &Context) -> Result<ExitKind, Failure> {
        match self.wsgi.is_empty() {
            true => say(key, answer, context),
            false => manage::say_output(key, answer, context),
        }
    }

    /// What the function is given: a flag, a file, what is piped in, or `{}`.
    pub(super) fn read(&self, context: &Context) -> Result<Vec<u8>, Failure> {
        if !self.wsgi.is_empty() {
            return manage::event(&self.wsgi);
        }
        let cannot =
            |what: String, error: std::io::Error| Failure::new(ExitKind::Usage, format!("cannot read {what}: {error}"));
        let stdin = || {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes).map_err(|e| cannot("stdin".into(), e))
        };
        let bytes = match (&self.data, &self.path) {
            (Some(data), _) => data.clone().into_bytes(),
            (None, Some(path)) if path.as_os_str() == "-" => stdin()?,
            (None, Some(path)) => {
                let path = context.cwd.join(path);
                std::fs::read(&path).map_err(|e| cannot(path.display().to_string(), e))?
            }
            (None, None) if !std::io::stdin().is_terminal() && piped() => stdin()?,
            (None, None) => Vec::new(),
        };
        if bytes.is_empty() {
            return Ok(b"{}".to_vec());
        }
        if self.raw || serde_json::from_slice::<Value>(&bytes).is_err() {
            // Lambda takes JSON only: text becomes a JSON string.
            return Ok(json!(String::from_utf8_lossy(&bytes)).to_string().into_bytes());
        }
        Ok(bytes)
    }
}

/// Whether stdin is a file or a pipe with a writer that means it; a service manager's closed or empty stdin is not.
fn piped() -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata("/dev/stdin").is_ok_and(|meta| meta.file_type().is_fifo() || meta.file_type().is_file())
}
