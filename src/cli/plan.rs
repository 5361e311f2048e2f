//! `rlx plan`: what a deploy would change, lose and open, without doing it.

use super::assemble::Assembly;
use super::{ExitKind, Failure, deploy_source, package, target};
use crate::aws::{Aws, AwsError};
use crate::context::Context;
use crate::deploy::{DeployError, ResourceChange, Stack, deployed_template, preview};
use crate::manifest::{Loaded, Service};
use crate::plan::{Plan, Replacement, Verdict};
use crate::report::{self, Mask};
use clap::ValueEnum;
use serde_json::json;

/// Show what a deploy would change, what data it would lose and whom it would let in
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// Exit with 4 where there are changes
    #[arg(long)]
    pub exit_code: bool,
    /// Compare templates only, without asking CloudFormation for a change set
    #[arg(long)]
    pub no_change_set: bool,
}

/// When a deploy asks before it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Approval {
    /// Never.
    Never,
    /// When access gets wider.
    Broadening,
    /// When anything changes.
    Any,
}

/// What is there to compare.
struct Found {
    plan: Plan,
    exists: bool,
    /// Why replacements are known from documentation only.
    note: Option<String>,
}

/// Plans.
pub fn run(args: &PlanArgs, context: &Context) -> Result<ExitKind, Failure> {
    let Loaded { service, secrets, .. } = target::load(context)?;
    let out_dir = package::out_dir(&service);
    let mut found = target::with_aws(&service, context, async |aws: &Aws| {
        let mut assembly = match deploy_source::build(&service, context, &out_dir, aws.endpoint()) {
            Ok(assembly) => assembly,
            Err(failure) => return Ok::<_, DeployError>(Err(failure)),
        };
        deploy_source::fit_endpoint(&mut assembly, aws.endpoint());
        find(aws, &service, &assembly, args, context).await.map(Ok)
    })??;
    if let Some(note) = &found.note {
        context.report.warn(note);
    }
    mask(&mut found.plan, &secrets);
    let title = format!("{} for stage {} ({})", service.name, service.stage, service.region);
    let mut json = json!(found.plan);
    json["version"] = json!(1);
    json["service"] = json!(service.name);
    json["stage"] = json!(service.stage);
    json["stack"] = json!({ "name": service.stack_name(), "exists": found.exists });
    json["empty"] = json!(found.plan.is_empty());
    context.report.result(&json, &report::plan::text(&found.plan, &title, &context.report));
    Ok(if args.exit_code && !found.plan.is_empty() { ExitKind::Changes } else { ExitKind::Done })
}

async fn find(
    aws: &Aws,
    service: &Service,
    assembly: &Assembly,
    args: &PlanArgs,
    context: &Context,
) -> Result<Found, DeployError> {
    let stack = Stack::describe(aws, &service.stack_name()).await?.filter(|s| s.status != "REVIEW_IN_PROGRESS");
    let Some(stack) = stack else {
        return Ok(Found { plan: Plan::new(None, &assembly.template, &[]), exists: false, note: None });
    };
    let deployed = deployed_template(aws, &stack).await?;
    if deployed.as_ref() == Some(&assembly.template) {
        return Ok(Found { plan: Plan::default(), exists: true, note: None });
    }
    let mut note = None;
    let mut verdicts = Vec::new();
    if !args.no_change_set {
        let token = (context.now)().as_millisecond().to_string();
        match preview(aws, service, &assembly.template, &stack, &token).await {
            Ok(changes) => verdicts = changes.iter().map(verdict).collect(),
            Err(DeployError::Aws(error)) if error.is_bad_credentials() => return Err(error.into()),
            Err(error) => {
                note = Some(format!("no change set could be made, so replacements are known by type only: {error}"));
            }
        }
    }
    Ok(Found { plan: Plan::new(deployed.as_ref(), &assembly.template, &verdicts), exists: true, note })
}

fn verdict(change: &ResourceChange) -> Verdict {
    Verdict {
        logical_id: change.logical_id.clone(),
        replacement: match change.replacement.as_deref() {
            Some("True") => Replacement::Always,
            Some("Conditional") => Replacement::Conditional,
            _ => Replacement::Never,
        },
    }
}

/// Asks before a deploy that needs approval: where access gets wider on a protected stage, unless a flag says
/// otherwise. `--yes` approves.
///
/// # Errors
/// AWS cannot be asked; inside, the answer is no or nobody can answer.
pub async fn approve(
    aws: &Aws,
    service: &Service,
    assembly: &Assembly,
    approval: Option<Approval>,
    context: &Context,
) -> Result<Result<(), Failure>, AwsError> {
    let protected = service.stage_settings.protected;
    let approval = approval.unwrap_or(if protected { Approval::Broadening } else { Approval::Never });
    if approval == Approval::Never || context.options.yes {
        return Ok(Ok(()));
    }
    let stack = Stack::describe(aws, &service.stack_name()).await?;
    let deployed = match &stack {
        Some(stack) => deployed_template(aws, stack).await?,
        None => None,
    };
    let plan = Plan::new(deployed.as_ref(), &assembly.template, &[]);
    let (needed, shown) = match approval {
        Approval::Any => (!plan.is_empty(), report::plan::text(&plan, "This deploy", &context.report)),
        _ => (!plan.security.is_empty(), report::plan::security_text(&plan, &context.report)),
    };
    if !needed || context.report.agrees(&format!("{shown}\nDeploy?")) {
        return Ok(Ok(()));
    }
    Ok(Err(Failure::new(ExitKind::Usage, "the deploy needs approval, and nothing was changed")
        .detail(shown.trim().to_owned())
        .hint("approve it with --yes, or do not ask with --require-approval never")))
}

/// Takes the values out of a plan that came from a store of secrets.
fn mask(plan: &mut Plan, secrets: &[String]) {
    let mask = Mask::new(secrets);
    for property in plan.changes.iter_mut().flat_map(|c| &mut c.properties).chain(&mut plan.outputs) {
        property.before.iter_mut().chain(&mut property.after).for_each(|value| mask.json(value));
    }
}
