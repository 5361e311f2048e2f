//! `rlx continue`: finishes an update rollback that failed.

use super::guard::ConfirmArgs;
use super::target::Changing;
use super::{ExitKind, Failure, target};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::{DeployError, End, FailingEvent, Followed, Progress, Stack, State, repair};
use crate::diagnose::{Evidence, diagnose};
use serde_json::json;

/// Finish an update rollback that failed (UPDATE_ROLLBACK_FAILED)
#[derive(Debug, clap::Args)]
pub struct ContinueArgs {
    /// Resources to leave as they are, by logical id (`STACK.ID` in a nested stack); may be repeated [default: those that
    /// failed, after asking]
    #[arg(long, value_name = "LOGICAL_ID")]
    pub skip: Vec<String>,
    /// Try again without leaving anything out
    #[arg(long, conflicts_with = "skip")]
    pub no_skip: bool,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
}

/// What was found.
enum Found {
    NotStuck(Stack),
    /// What stopped it; each by the name that it is skipped by.
    Refused(Vec<(String, FailingEvent)>),
    Done(Box<End>, Vec<String>),
}

/// Continues the rollback.
pub fn run(args: &ContinueArgs, context: &Context) -> Result<ExitKind, Failure> {
    let changing = target::changing(context, &args.confirm, "change")?;
    let Changing { service, view, .. } = &changing;
    let name = service.stack_name();
    let found = target::with_aws(service, context, async |aws: &Aws| {
        let stack = Stack::describe(aws, &name)
            .await?
            .ok_or_else(|| DeployError::NoStack { stack: name.clone(), region: aws.region().to_owned() })?;
        let watch = |progress: Progress<'_>| view.show(progress);
        match stack.state() {
            State::Stuck => {}
            // It was continued already, and nobody waited for the end.
            State::Busy => {
                let end = repair::follow(aws, &stack, Followed::Last, &watch).await;
                view.end();
                return Ok(Found::Done(Box::new(end?), Vec::new()));
            }
            _ => return Ok(Found::NotStuck(stack)),
        }
        let failed = repair::stuck_on(aws, &stack).await?;
        let failed: Vec<_> = failed.into_iter().map(|event| (repair::skip_name(&event, &stack), event)).collect();
        let skip = match (args.no_skip, args.skip.is_empty()) {
            (true, _) => Vec::new(),
            (_, false) => args.skip.clone(),
            // Where nothing is left out, nothing is lost by trying.
            _ if failed.is_empty() => Vec::new(),
            _ if context.options.yes || agreed(&failed, context) => failed.into_iter().map(|(name, _)| name).collect(),
            _ => return Ok(Found::Refused(failed)),
        };
        let end = repair::resume(aws, &stack, &skip, &context.who(), &watch).await;
        view.end();
        Ok::<_, DeployError>(Found::Done(Box::new(end?), skip))
    })?;
    match found {
        Found::NotStuck(stack) => {
            let json = json!({ "version": 1, "event": "result", "status": "unchanged", "stack": stack.status });
            context.report.last(&json, &format!("Stack {name} is {}: there is nothing to continue\n", stack.status));
            Ok(ExitKind::Done)
        }
        Found::Refused(failed) => {
            let mut failure = Failure::new(ExitKind::Usage, format!("stack {name} was left as it is"));
            failure.details = failed.iter().map(line).collect();
            let events = failed.into_iter().map(|(_, event)| event).collect();
            failure.details.extend(context.report.short_diagnosis(&diagnose(&Evidence::events(events))));
            let stage = target::stage_flag(context);
            Err(failure
                .hint(format!("mend what stopped it, then: rlx continue --no-skip{stage}"))
                .hint(format!("or leave these resources as they are: rlx continue --yes{stage}")))
        }
        Found::Done(end, skipped) => {
            let json = json!({ "version": 1, "event": "result", "status": "continued", "stack": end.status, "skipped": skipped });
            let mut text = format!("Stack {name} is {}\n", end.status);
            if !skipped.is_empty() {
                text.push_str(&format!(
                    "Left as they are, and perhaps not what the template says: {}\nTo see: rlx drift\n",
                    skipped.join(", ")
                ));
            }
            context.report.last(&json, &text);
            Ok(ExitKind::Done)
        }
    }
}

fn line((name, event): &(String, FailingEvent)) -> String {
    format!("  {name} ({}): {}", event.resource_type, event.reason)
}

fn agreed(failed: &[(String, FailingEvent)], context: &Context) -> bool {
    let mut question = String::from("Undoing the last update stopped at:\n");
    for named in failed {
        question.push_str(&line(named));
        question.push('\n');
    }
    question.push_str("Leave these as they are and go on? They may then differ from the template.");
    context.report.agrees(&question)
}
