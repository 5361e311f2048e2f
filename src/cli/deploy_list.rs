//! `rlx deploy list`: the deployments that are kept.

use super::{ExitKind, Failure, rollback, target};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::{DeployError, DeployRecord, history};
use serde_json::json;

/// List the deployments that are kept
#[derive(Debug, clap::Args)]
pub struct DeployListArgs {
    /// How many
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    pub limit: usize,
}

/// Prints them, newest first.
pub fn run(args: &DeployListArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let records = target::with_aws(&service, context, async |aws: &Aws| {
        let bucket = rollback::bucket(aws, &service).await?;
        Ok::<_, DeployError>(history::records(&bucket, args.limit).await?)
    })?;
    let json = json!({ "version": 1, "stack": service.stack_name(), "deployments": records });
    let mut text: String = records.iter().map(line).collect();
    if records.is_empty() {
        text = "No deployments of rlx are kept\n".to_owned();
    }
    context.report.result(&json, &text);
    Ok(ExitKind::Done)
}

fn line(record: &DeployRecord) -> String {
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let outcome = word(json!(record.outcome));
    let operation = word(json!(record.operation));
    format!(
        "{}  {operation:<8}  {outcome:<11}  {}  {}{}\n",
        record.id,
        record.started.strftime("%Y-%m-%d %H:%M:%SZ"),
        record.by,
        record.commit.as_ref().map(|c| format!("  {c}")).unwrap_or_default(),
    )
}
