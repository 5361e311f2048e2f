//! `rlx local`: the emulator of stage local.

use super::{ExitKind, Failure};
use crate::context::Context;
use crate::local::{self, Emulator, Options, Status, Stopped};
use serde_json::{Value, json};

/// Start, inspect or stop the emulator of stage local
#[derive(Debug, clap::Args)]
pub struct LocalArgs {
    #[command(subcommand)]
    pub command: LocalCommand,
}

/// What to do with it.
#[derive(Debug, clap::Subcommand)]
pub enum LocalCommand {
    /// Start it, where it does not run yet
    Up {
        /// Enforce IAM policies
        #[arg(long, env = "RLX_LOCAL_AUTH")]
        auth: bool,
        /// Port on 127.0.0.1 [default: a free one]
        #[arg(long)]
        port: Option<u16>,
    },
    /// Tell whether it runs, and where
    Status,
    /// Stop it; the stacks in it are lost
    Down,
}

/// Runs one of the subcommands.
pub fn run(args: &LocalArgs, context: &Context) -> Result<ExitKind, Failure> {
    match args.command {
        LocalCommand::Up { auth, port } => up(context, &Options { auth, port, python: None }),
        LocalCommand::Status => status(context),
        LocalCommand::Down => down(context),
    }
}

fn up(context: &Context, options: &Options) -> Result<ExitKind, Failure> {
    let emulator = local::start(context, options)?;
    if options.auth != emulator.auth {
        context.report.warn(&format!(
            "the running emulator was started {}; to change that: rlx local down, then rlx local up{}",
            if emulator.auth { "with --auth" } else { "without --auth" },
            if options.auth { " --auth" } else { "" },
        ));
    }
    if options.port.is_some_and(|port| port != emulator.port) {
        context.report.warn(&format!("the running emulator is on port {}", emulator.port));
    }
    context.report.result(&describe(&emulator), &text(&emulator));
    Ok(ExitKind::Done)
}

fn status(context: &Context) -> Result<ExitKind, Failure> {
    match local::status(context) {
        Status::Up(emulator) => context.report.result(&describe(&emulator), &text(&emulator)),
        Status::Down => context.report.result(&json!({ "version": 1, "status": "down" }), "The emulator is down\n"),
        Status::Dead { emulator, tail } => {
            context.report.result(
                &json!({ "version": 1, "status": "dead", "pid": emulator.pid, "log": emulator.log }),
                &format!("The emulator (process {}) has ended or does not answer\n{tail}\n", emulator.pid),
            );
            return Ok(ExitKind::Failed);
        }
    }
    Ok(ExitKind::Done)
}

fn down(context: &Context) -> Result<ExitKind, Failure> {
    let text = match local::stop(context)? {
        Stopped::WasDown => "The emulator was not running\n",
        Stopped::Stopped { .. } => "The emulator is stopped\n",
    };
    context.report.result(&json!({ "version": 1, "status": "down" }), text);
    Ok(ExitKind::Done)
}

fn describe(emulator: &Emulator) -> Value {
    json!({
        "version": 1,
        "status": "up",
        "endpoint": emulator.endpoint(),
        "port": emulator.port,
        "pid": emulator.pid,
        "emulator": format!("ministack {}", emulator.emulator),
        "python": emulator.python,
        "auth": emulator.auth,
        "log": emulator.log,
        "started": emulator.started,
    })
}

fn text(emulator: &Emulator) -> String {
    format!(
        "The emulator (ministack {}) runs on {}\n  process {}, Python {}{}\n  log {}\n",
        emulator.emulator,
        emulator.endpoint(),
        emulator.pid,
        emulator.python,
        if emulator.auth { ", IAM enforced" } else { "" },
        emulator.log.display(),
    )
}
