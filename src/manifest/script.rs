//! Configuration written in JavaScript or TypeScript: evaluated by node in a process of its own.

use super::document;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long a file may take to give its value.
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// What begins the lines that are meant for rlx.
const MARK: &str = "\u{1e}rlx ";

/// The extensions that node reads.
pub(super) fn is_script(extension: &str) -> bool {
    matches!(extension, "js" | "cjs" | "mjs" | "ts" | "mts" | "cts")
}

/// What is evaluated.
pub(super) struct Script<'a> {
    /// The file, absolute.
    pub file: &'a Path,
    /// Where node runs.
    pub dir: &'a Path,
    /// Its environment.
    pub env: &'a BTreeMap<String, String>,
    /// `options` of functions that the file exports.
    pub options: Value,
    /// The part of the value that is wanted, as keys joined by dots.
    pub address: Option<&'a str>,
    /// Whether all of a plain value may be given in place of the part.
    pub mode: Mode,
}

/// What a file is evaluated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It is the manifest.
    Manifest,
    /// It is named by a variable.
    File,
}

/// What a file evaluates to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The part that was asked for; null where there is none.
    Part(Value),
    /// All that it exports, which no call will change.
    Whole(Value),
}

/// A question of a function in the file.
pub(super) enum Question {
    /// `resolveVariable('self:custom.a')`
    Variable(String),
    /// `resolveConfigurationProperty(['custom', 'a'])`
    Property(Vec<String>),
    /// A text on the way to the part that is wanted.
    Text(String),
}

/// Whoever answers; `None` is JavaScript's `undefined`.
pub(super) type Answers<'a> = &'a mut dyn FnMut(Question) -> Result<Option<Value>, String>;

/// Why a file has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScriptError {
    #[error("it takes node, which is not installed")]
    NoNode,
    #[error("node cannot be run: {0}")]
    Start(String),
    #[error("it gave no value within {} seconds", TIME_LIMIT.as_secs())]
    Timeout,
    #[error("node ended without a value")]
    Ended,
    #[error("its value is too large: more than {} values, or {} MiB", document::MAX_WEIGHT, document::MAX_BYTES >> 20)]
    TooLarge,
    #[error("its value is not plain data: {0}")]
    Data(String),
    #[error("{message}{}", at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default())]
    Threw { message: String, at: Option<String> },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    ask: Option<u64>,
    kind: Option<String>,
    subject: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    content: Option<Value>,
    error: Option<String>,
    at: Option<String>,
    flag: Option<String>,
}

/// `null` is a value.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Evaluates a file; `answer` answers what its functions ask.
pub(super) fn evaluate(script: &Script<'_>, answer: Answers<'_>) -> Result<Outcome, ScriptError> {
    let mut flags = Vec::new();
    loop {
        match converse(script, &flags, answer)? {
            Turn::Done(outcome) => return Ok(outcome),
            Turn::Again(flag) if flags.is_empty() => flags.push(flag),
            Turn::Again(_) => return Err(ScriptError::Ended),
        }
    }
}

enum Turn {
    Done(Outcome),
    /// node must be started with this flag.
    Again(String),
}

fn converse(script: &Script<'_>, flags: &[String], answer: Answers<'_>) -> Result<Turn, ScriptError> {
    let (mut child, lines) = start(script, flags)?;
    let stdin = child.stdin.take();
    let result = listen(&lines, stdin, answer);
    // It has said all it had to say, or never will.
    let _ = child.kill();
    let _ = child.wait();
    result
}

fn start(script: &Script<'_>, flags: &[String]) -> Result<(Child, Receiver<String>), ScriptError> {
    let path = script.env.get("PATH").map(String::as_str).unwrap_or_default();
    let node = which::which_in("node", Some(path), script.dir).map_err(|_| ScriptError::NoNode)?;
    let mode = match script.mode {
        Mode::Manifest => "manifest",
        Mode::File => "file",
    };
    let request = json!({ "mode": mode, "address": script.address, "options": script.options });
    let mut child = Command::new(node)
        .args(flags)
        .args(["-e", include_str!("script.js"), "--", MARK])
        .arg(script.file)
        .arg(request.to_string())
        .current_dir(script.dir)
        .env_clear()
        .envs(script.env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| ScriptError::Start(error.to_string()))?;
    let (send, lines) = mpsc::channel();
    let Some(stdout) = child.stdout.take() else { return Err(ScriptError::Ended) };
    std::thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        loop {
            let mut line = Vec::new();
            let limit = document::MAX_BYTES + 1;
            let read = stdout.by_ref().take(limit).read_until(b'\n', &mut line).unwrap_or_default() as u64;
            if read == 0 || send.send(String::from_utf8_lossy(&line).into_owned()).is_err() || read == limit {
                break;
            }
        }
    });
    Ok((child, lines))
}

fn listen(lines: &Receiver<String>, mut stdin: Option<ChildStdin>, answer: Answers<'_>) -> Result<Turn, ScriptError> {
    let deadline = Instant::now() + TIME_LIMIT;
    loop {
        let line = match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Err(ScriptError::Timeout),
            Err(RecvTimeoutError::Disconnected) => return Err(ScriptError::Ended),
        };
        // What the file prints past `process.stdout` is not for us.
        let Some(at) = line.find(MARK) else { continue };
        let told = &line[at + MARK.len()..];
        if line.len() as u64 > document::MAX_BYTES || document::json_values(told) > document::MAX_WEIGHT {
            return Err(ScriptError::TooLarge);
        }
        let message: Message = serde_json::from_str(told).map_err(|error| ScriptError::Data(error.to_string()))?;
        if let (Some(id), Some(question)) = (message.ask, question(&message)) {
            let reply = match answer(question) {
                Ok(Some(value)) => json!({ "answer": id, "value": value }),
                Ok(None) => json!({ "answer": id }),
                Err(error) => json!({ "answer": id, "error": error }),
            };
            // Should node be gone, the next line tells.
            if let Some(stdin) = &mut stdin {
                let _ = writeln!(stdin, "{reply}");
            }
            continue;
        }
        return match message {
            Message { error: Some(message), at, .. } => Err(ScriptError::Threw { message, at }),
            Message { flag: Some(flag), .. } => Ok(Turn::Again(flag)),
            Message { content: Some(content), .. } => Ok(Turn::Done(Outcome::Whole(content))),
            Message { value: Some(value), .. } => Ok(Turn::Done(Outcome::Part(value))),
            _ => Err(ScriptError::Ended),
        };
    }
}

fn question(message: &Message) -> Option<Question> {
    let subject = message.subject.as_ref()?;
    let text = || subject.as_str().map(str::to_owned);
    match message.kind.as_deref()? {
        "variable" => text().map(Question::Variable),
        "string" => text().map(Question::Text),
        "property" => {
            let keys = subject.as_array()?.iter().filter_map(|key| key.as_str().map(str::to_owned));
            Some(Question::Property(keys.collect()))
        }
        _ => None,
    }
}
