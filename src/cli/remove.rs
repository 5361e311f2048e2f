//! `rlx remove`: takes the stack of a stage away.

use super::guard::ConfirmArgs;
use super::target::Changing;
use super::{ExitKind, Failure, scripts, target};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::{self, DeployRecord, Loss, Progress, Removal, Stack};
use crate::manifest::plugins::scripts::Moment;
use crate::report::Section;
use serde_json::json;

/// Remove the stack; shows what will be lost and asks
#[derive(Debug, clap::Args)]
pub struct RemoveArgs {
    /// Leave a resource behind that could not be deleted (DELETE_FAILED), by its logical id; may be repeated
    #[arg(long, value_name = "LOGICAL_ID")]
    pub retain: Vec<String>,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
}

/// What was found to remove.
enum Found {
    Nothing,
    Refused(Vec<Loss>),
    Removed,
    /// A command of the service's own failed; nothing was removed.
    Stopped(Failure),
}

/// Removes.
pub fn run(args: &RemoveArgs, context: &Context) -> Result<ExitKind, Failure> {
    let changing = target::changing(context, &args.confirm, "remove it")?;
    let Changing { service, view, .. } = &changing;
    let name = service.stack_name();
    let found = target::with_aws(service, context, async |aws: &Aws| {
        let Some(stack) = Stack::describe(aws, &name).await? else { return Ok(Found::Nothing) };
        let mut losses = deploy::losses(aws, &stack).await?;
        losses.retain(|loss| !args.retain.contains(&loss.logical_id));
        // The emulator keeps nothing anyway.
        let local = matches!(aws.endpoint(), crate::aws::Endpoint::Local(_));
        if !losses.is_empty() && !local && !context.options.yes && !agreed(&name, &losses, context) {
            return Ok(Found::Refused(losses));
        }
        if let Err(failure) = scripts::at(Moment::BeforeRemove, service, context) {
            return Ok(Found::Stopped(failure));
        }
        let (who, watch) = (context.who(), |progress: Progress<'_>| view.show(progress));
        let removal = Removal { aws, service, retain: &args.retain, who: &who, watch: &watch };
        let result = removal.run(stack, losses).await;
        view.end();
        result.map(|()| Found::Removed)
    })?;
    match found {
        Found::Refused(losses) => Err(refused(&name, &losses)),
        Found::Nothing => {
            // A removal that was cut off may have left it.
            let _ = std::fs::remove_file(DeployRecord::path(&service.dir, &service.stage));
            say(context, &name, "absent", &format!("There is no stack {name}: nothing to remove\n"));
            Ok(ExitKind::Done)
        }
        Found::Stopped(failure) => Err(failure),
        Found::Removed => {
            scripts::at(Moment::AfterRemove, service, context)?;
            // What it says is no longer true, and the next deploy is a new one.
            let _ = std::fs::remove_file(DeployRecord::path(&service.dir, &service.stage));
            context.summary().add(&Section { title: format!("Removed stack {name}"), ..Default::default() });
            say(context, &name, "removed", &format!("Removed stack {name}\n"));
            Ok(ExitKind::Done)
        }
    }
}

fn agreed(name: &str, losses: &[Loss], context: &Context) -> bool {
    let mut question = format!("Removing stack {name} deletes for good:\n");
    for loss in losses {
        question.push_str(&format!("  {} ({}) {}\n", loss.logical_id, loss.resource_type, loss.physical_id));
    }
    question.push_str("Remove it?");
    context.report.agrees(&question)
}

fn refused(name: &str, losses: &[Loss]) -> Failure {
    let mut failure = Failure::new(ExitKind::Usage, format!("stack {name} holds data, and was left as it is"));
    for loss in losses {
        failure = failure.detail(format!("  {} ({}) {}", loss.logical_id, loss.resource_type, loss.physical_id));
    }
    failure.hint("to remove it all the same: rlx remove --yes")
}

fn say(context: &Context, name: &str, status: &str, text: &str) {
    let line = json!({ "version": 1, "event": "result", "status": status, "stack": name });
    context.report.last(&line, text);
}
