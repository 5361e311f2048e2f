//! Commands of the service's own: at moments of rlx's work, and `rlx run`
//! (serverless-plugin-scripts, serverless-scriptable-plugin).

use super::{ExitKind, Failure, target};
use crate::context::Context;
use crate::manifest::Service;
use crate::manifest::plugins::scripts::{self, Moment, Script};
use std::process::{Command, Stdio};

/// Run a command of `custom.scripts.commands`
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// The command's name
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// Runs it.
pub fn run(args: &RunArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let commands = scripts::commands(&service);
    let named: Vec<&Script> = commands.iter().filter(|script| script.name == args.name).collect();
    if named.is_empty() {
        let failure = Failure::new(ExitKind::Usage, format!("the service has no command `{}`", args.name));
        let near = commands.iter().map(|script| script.name.as_str());
        let near = near.min_by_key(|name| strsim::damerau_levenshtein(name, &args.name));
        return Err(match near {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure
                .hint("add `serverless-plugin-scripts` to `plugins`, and the command to `custom.scripts.commands`"),
        });
    }
    for script in named {
        execute(script, &service, context, Stdio::inherit())?;
    }
    Ok(ExitKind::Done)
}

/// Runs the commands of a moment. What they print goes to stderr: stdout is data.
///
/// # Errors
/// One of them failed; those after it were not run.
pub fn at(moment: Moment, service: &Service, context: &Context) -> Result<(), Failure> {
    for script in scripts::hooks(service, moment) {
        context.report.note(&format!("{}: {}", script.name, script.command));
        execute(&script, service, context, Stdio::from(std::io::stderr()))?;
    }
    Ok(())
}

fn execute(script: &Script, service: &Service, context: &Context, out: Stdio) -> Result<(), Failure> {
    let name = &script.name;
    let status = Command::new("sh")
        .args(["-c", &script.command])
        .current_dir(&service.dir)
        .env_clear()
        .envs(&context.env)
        .stdin(Stdio::null())
        .stdout(out)
        .status()
        .map_err(|error| Failure::new(ExitKind::Failed, format!("the command of `{name}` cannot be run: {error}")))?;
    if status.success() {
        return Ok(());
    }
    let how = status.code().map_or("was ended by a signal".to_owned(), |code| format!("ended with exit code {code}"));
    Err(Failure::new(ExitKind::Failed, format!("the command of `{name}` {how}: {}", script.command)))
}
