//! `rlx prune`: removes old versions of functions, and what no kept deployment uses.

use super::guard::{self, ConfirmArgs};
use super::{ExitKind, Failure, rollback, target};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::DeployError;
use crate::deploy::prune::{self, Pruned};
use serde_json::json;

/// Delete old function versions, archives and deploy records
#[derive(Debug, clap::Args)]
pub struct PruneArgs {
    /// How many versions of each function, and how many deployments, are kept
    #[arg(long, short = 'n', default_value_t = 5, value_name = "COUNT")]
    pub number: usize,
    /// Only tell what would be deleted
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
}

/// Prunes.
pub fn run(args: &PruneArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    if !args.dry_run {
        guard::confirm(context, &args.confirm, &service.stage_settings, &service.stage, "prune it")?;
    }
    let pruned = target::with_aws(&service, context, async |aws: &Aws| {
        let bucket = rollback::bucket(aws, &service).await?;
        let mut pruned = Pruned::default();
        for function in service.functions.values() {
            for version in prune::versions(aws, &function.name, args.number).await? {
                if !args.dry_run {
                    prune::delete_version(aws, &function.name, &version).await?;
                }
                pruned.versions.push(format!("{}:{version}", function.name));
            }
        }
        pruned.objects = prune::objects(&bucket, args.number, (context.now)()).await?;
        let uploads = prune::uploads(&bucket, (context.now)()).await?;
        if !args.dry_run {
            bucket.delete(&pruned.objects).await?;
            for upload in &uploads {
                bucket.abort(upload).await?;
            }
        }
        pruned.uploads = uploads.into_iter().map(|upload| upload.key).collect();
        Ok::<_, DeployError>(pruned)
    })?;
    let verb = if args.dry_run { "Would delete" } else { "Deleted" };
    let mut text = format!("{verb} {} versions and {} objects\n", pruned.versions.len(), pruned.objects.len());
    if !pruned.uploads.is_empty() {
        text.push_str(&format!("{verb} {} uploads that nobody finished\n", pruned.uploads.len()));
    }
    if args.dry_run || context.report.verbosity > 0 {
        for what in pruned.versions.iter().chain(&pruned.objects).chain(&pruned.uploads) {
            text.push_str(&format!("  {what}\n"));
        }
    }
    context.report.result(&json!({ "version": 1, "dryRun": args.dry_run, "pruned": pruned }), &text);
    Ok(ExitKind::Done)
}
