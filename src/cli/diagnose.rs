//! `rlx diagnose`: why something was denied or failed, and the smallest change that mends it.

use super::{ExitKind, Failure};
use crate::context::Context;
use crate::diagnose::{Evidence, diagnose};
use std::io::{IsTerminal, Read};

/// The most that is read from stdin, in bytes.
const LONGEST_INPUT: u64 = 64 * 1024 * 1024;

/// Explain a denied or failed deploy, and what to change
///
/// Reads any text on standard input or of --message: a CI log, an error, stack events.
#[derive(Debug, clap::Args)]
pub struct DiagnoseArgs {
    /// The text to explain [default: standard input]
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,
    /// Tell what the next deploy would be denied, without deploying
    #[arg(long, conflicts_with = "message")]
    pub preflight: bool,
}

/// Reads the evidence, prints what it means.
pub fn run(args: &DiagnoseArgs, context: &Context) -> Result<ExitKind, Failure> {
    if args.preflight {
        return super::preflight::run(context);
    }
    let text = match &args.message {
        Some(text) => text.clone(),
        None => standard_input()?,
    };
    let diagnoses = diagnose(&Evidence::text(text));
    context.report.diagnoses(&diagnoses);
    Ok(ExitKind::Done)
}

fn standard_input() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        return Err(Failure::new(ExitKind::Usage, "no text to diagnose")
            .hint("pipe a log into it: `rlx diagnose < deploy.log`, or give --message TEXT"));
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LONGEST_INPUT)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(ExitKind::Failed, format!("cannot read standard input: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
