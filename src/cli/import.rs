//! `rlx import`: takes a resource that exists into the stack.

use super::assemble::{Purpose, compile_checked};
use super::guard::ConfirmArgs;
use super::target::Changing;
use super::{ExitKind, Failure, target};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::import::{self, Wanted};
use crate::deploy::{DeployError, Stack};
use crate::package::Artifacts;
use serde_json::json;

/// Take a resource that exists into the stack
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// Its logical id in the service's template
    pub logical_id: String,
    /// Its name in AWS (a table's name, a queue's URL), or `Key=Value,Key=Value` where it has several
    pub identifier: String,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
}

/// Imports.
pub fn run(args: &ImportArgs, context: &Context) -> Result<ExitKind, Failure> {
    let changing = target::changing(context, &args.confirm, "change")?;
    let Changing { service, view, .. } = &changing;
    let name = service.stack_name();
    // Archives play no part: only the one resource is taken from the template.
    let (template, _) = compile_checked(service, &Artifacts::default(), Purpose::Package);
    target::with_aws(service, context, async |aws: &Aws| {
        let stack = Stack::describe(aws, &name)
            .await?
            .ok_or_else(|| DeployError::NoStack { stack: name.clone(), region: aws.region().to_owned() })?;
        let wanted = Wanted { logical_id: &args.logical_id, identifier: &args.identifier };
        let watch = |progress: crate::deploy::Progress<'_>| view.show(progress);
        let result = import::import(aws, service, &template, &stack, &wanted, &context.who(), &watch).await;
        view.end();
        result
    })?;
    let line = json!({ "version": 1, "event": "result", "status": "imported", "logicalId": args.logical_id });
    context.report.last(&line, &format!("{} belongs to stack {name} now\n", args.logical_id));
    Ok(ExitKind::Done)
}
