//! `rlx drift`: what was changed past CloudFormation.

use super::{ExitKind, Failure, target};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::{DeployError, drift};
use serde_json::json;

/// Show what of the stack was changed past CloudFormation
#[derive(Debug, clap::Args)]
pub struct DriftArgs {
    /// Exit with 4 where something was changed
    #[arg(long)]
    pub exit_code: bool,
}

/// Detects and prints drift.
pub fn run(args: &DriftArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let name = service.stack_name();
    let found = target::with_aws(&service, context, async |aws: &Aws| match drift::detect(aws, &name).await {
        Err(error) if error.is_not_found() => {
            Err(DeployError::NoStack { stack: name.clone(), region: aws.region().to_owned() })
        }
        found => Ok(found?),
    })?;
    let mut text = String::new();
    for drift in &found {
        text.push_str(&format!("{} ({}): {}\n", drift.logical_id, drift.resource_type, drift.status.to_lowercase()));
        for d in &drift.differences {
            text.push_str(&format!("  {}: the template says {}, it is {}\n", d.path, d.expected, d.actual));
        }
    }
    if found.is_empty() {
        text = format!("Stack {name} is what its template says\n");
    }
    context.report.result(&json!({ "version": 1, "stack": name, "drifts": found }), &text);
    Ok(if args.exit_code && !found.is_empty() { ExitKind::Changes } else { ExitKind::Done })
}
