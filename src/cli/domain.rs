//! `rlx domain`: the custom domains of the service's APIs (serverless-domain-manager).

use super::guard::{self, ConfirmArgs};
use super::{ExitKind, Failure, target};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::Progress;
use crate::deploy::after::domain::{Domains, Made};
use crate::report::ProgressView;
use serde_json::json;

/// Make or delete the custom domains of `custom.customDomain`; a deploy maps them to the API
#[derive(Debug, clap::Args)]
pub struct DomainArgs {
    #[command(subcommand)]
    pub what: What,
}

/// What to do with the domains.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// Make the domains that do not exist yet, and their DNS records
    Create(ChangeArgs),
    /// Delete the domains and their DNS records
    Delete(ChangeArgs),
}

/// Flags of both.
#[derive(Debug, clap::Args)]
pub struct ChangeArgs {
    #[command(flatten)]
    pub confirm: ConfirmArgs,
}

/// Makes or deletes them.
pub fn run(args: &DomainArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let domains = Domains::of(&service);
    if domains.is_empty() {
        return Err(Failure::new(ExitKind::Usage, "the manifest names no custom domain")
            .hint("add `serverless-domain-manager` to `plugins`, and `custom.customDomain` with a `domainName`"));
    }
    let (flags, action) = match &args.what {
        What::Create(flags) => (flags, "make its domains"),
        What::Delete(flags) => (flags, "delete its domains"),
    };
    guard::confirm(context, &flags.confirm, &service.stage_settings, &service.stage, action)?;
    let view = ProgressView::new(&context.report, Default::default());
    let watch = |progress: Progress<'_>| view.show(progress);
    let made = target::with_aws(&service, context, async |aws: &Aws| {
        let result = match &args.what {
            What::Create(_) => domains.create(aws, &watch).await,
            What::Delete(_) => domains.delete(aws, &watch).await,
        };
        view.end();
        result
    })?;
    let text: String = made.iter().map(|made| line(&args.what, made)).collect();
    context.report.last(&json!({ "version": 1, "event": "result", "domains": made }), &text);
    Ok(ExitKind::Done)
}

fn line(what: &What, made: &Made) -> String {
    let target = made.target.as_ref().map(|target| format!(", at {target}")).unwrap_or_default();
    let done = match (what, made.changed) {
        (What::Create(_), true) => "was made; it may take up to 40 minutes until it answers everywhere",
        (What::Create(_), false) => "exists already",
        (What::Delete(_), true) => "was deleted",
        (What::Delete(_), false) => "does not exist",
    };
    format!("{}{target} {done}\n", made.domain)
}
