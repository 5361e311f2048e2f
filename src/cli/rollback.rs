//! `rlx rollback`: goes back to an earlier deployment.

use super::guard::ConfirmArgs;
use super::target::Changing;
use super::{ExitKind, Failure, target};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::{self, Bucket, DeployError, Deployed, Options, Request, Stack, endpoints, history};
use crate::package::Artifacts;
use crate::report::Section;
use crate::template::Template;
use serde_json::{Value, json};

/// Go back to an earlier deployment
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// The deployment, as `rlx deploy list` names it [default: the last good one before the present]
    pub deployment: Option<String>,
    /// The same
    #[arg(long, short, value_name = "DEPLOYMENT", conflicts_with = "deployment")]
    pub timestamp: Option<String>,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
}

/// Deploys the template of an earlier deployment.
pub fn run(args: &RollbackArgs, context: &Context) -> Result<ExitKind, Failure> {
    let changing = target::changing(context, &args.confirm, "roll it back")?;
    let Changing { service, view, .. } = &changing;
    let wanted = args.deployment.as_deref().or(args.timestamp.as_deref());
    let (stack, id, changed) = target::with_aws(service, context, async |aws: &Aws| {
        let bucket = bucket(aws, service).await?;
        let records = history::records(&bucket, 1000).await?;
        let earlier = history::target(&records, wanted)?;
        let key = earlier.template.clone().unwrap_or_default();
        let text = bucket.get(&key).await?.ok_or_else(|| {
            DeployError::NoDeployment(format!("the template of {} is no longer in the bucket", earlier.id))
        })?;
        let there = bucket.list("").await?;
        if let Some(gone) = earlier.artifacts.iter().find(|a| !there.contains_key(&a.key)) {
            return Err(DeployError::NoDeployment(format!(
                "{} of {} is no longer in the bucket: it was pruned",
                gone.name, earlier.id
            )));
        }
        let Ok(Value::Object(root)) = serde_json::from_str(&text) else {
            return Err(DeployError::NoDeployment(format!("the template of {} cannot be read", earlier.id)));
        };
        let request = Request {
            service,
            template: &Template { root },
            artifacts: &Artifacts::default(),
            options: Options::default(),
            back_to: Some(earlier),
            who: context.who(),
            commit: &|| None,
            now: context.now,
            ask: &|question| changing.answer(question, aws.endpoint(), context),
        };
        let result = deploy::deploy(aws, &request, None, &|progress| view.show(progress)).await;
        view.end();
        let (stack, changed) = match result? {
            Deployed::Done(stack, _) => (*stack, true),
            Deployed::Unchanged(stack) => (*stack, false),
            Deployed::Prepared { .. } => return Err(no_stack(aws, service)),
        };
        Ok((endpoints::reachable(stack, aws.endpoint()), earlier.id.clone(), changed))
    })?;
    let line = json!({
        "version": 1,
        "event": "result",
        "status": if changed { "rolled-back" } else { "unchanged" },
        "deployment": id,
        "stack": { "name": stack.name, "id": stack.id, "status": stack.status },
        "outputs": endpoints::outputs(&stack),
    });
    let text = match changed {
        true => format!("\nStack {} is back at {id}\n{}", stack.name, super::info::addresses_text(&stack)),
        false => format!("Stack {} is at {id} already\n", stack.name),
    };
    let title = format!("Stack {} is back at {id}", stack.name);
    context.summary().add(&Section { title, ..Default::default() });
    context.report.last(&line, &text);
    Ok(ExitKind::Done)
}

fn no_stack(aws: &Aws, service: &crate::manifest::Service) -> DeployError {
    DeployError::NoStack { stack: service.stack_name(), region: aws.region().to_owned() }
}

/// The deployment bucket of a service that is deployed.
pub(super) async fn bucket(aws: &Aws, service: &crate::manifest::Service) -> Result<Bucket, DeployError> {
    let stack = Stack::describe(aws, &service.stack_name()).await?.ok_or_else(|| no_stack(aws, service))?;
    Bucket::of(aws, service, &stack)
        .await?
        .ok_or_else(|| DeployError::NoDeployment(format!("stack {} has no deployment bucket", service.stack_name())))
}
