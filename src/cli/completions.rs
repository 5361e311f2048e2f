//! `rlx completions`: a completion script for a shell.

use super::{Cli, ExitKind, Failure};
use crate::context::Context;
use clap::CommandFactory;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Prints the script to stdout.
pub fn run(args: &CompletionsArgs, context: &Context) -> Result<ExitKind, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "rlx", &mut script);
    context.report.data(&String::from_utf8_lossy(&script));
    Ok(ExitKind::Done)
}
