//! `rlx deploy`: brings the stack to what the service says.

use super::assemble::Assembly;
use super::deploy_source::{bring_node_sdk, build, commit, fit_endpoint, read_package};
use super::guard::ConfirmArgs;
use super::target::Changing;
use super::{
    ExitKind, Failure, deploy_function, deploy_list, deploy_result, images, package, preflight, scripts, target,
};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::{self, DeployError, DeployRecord, Deployed, Look, Method, Options, Request, Stack, endpoints};
use crate::manifest::Service;
use crate::manifest::plugins::scripts::Moment;
use std::path::PathBuf;
use std::time::Instant;

/// Build, package and deploy the service
#[derive(Debug, Default, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DeployArgs {
    #[command(subcommand)]
    pub part: Option<Part>,
    /// Deploy even where nothing changed
    #[arg(long)]
    pub force: bool,
    /// How the template becomes a stack
    #[arg(long, value_enum, default_value_t, value_name = "METHOD")]
    pub method: Method,
    /// Deploy what `rlx package` wrote to this folder
    #[arg(long, short, value_name = "DIR")]
    pub package: Option<PathBuf>,
    /// When something fails, keep what succeeded; the next deploy goes on from there
    #[arg(long)]
    pub no_rollback: bool,
    /// CloudFormation's express mode, which reports done before every resource has settled; for stages in development
    #[arg(long)]
    pub express: bool,
    /// Take resources into the stack that exist already under the names in the template
    #[arg(long)]
    pub import_existing: bool,
    /// Where only code changed, give it to the functions past CloudFormation; for stages in development
    #[arg(long)]
    pub hotswap: bool,
    /// Wait for a deploy of somebody else instead of refusing
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    /// Check the caller's permissions to the end, and stop where one is missing [default: a second's look, and a warning]
    #[arg(long, conflicts_with = "no_preflight")]
    pub preflight: bool,
    /// Do not check the caller's permissions
    #[arg(long)]
    pub no_preflight: bool,
    /// When to ask before anything is changed [default: broadening on protected stages, else never]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub require_approval: Option<super::plan::Approval>,
}

/// Parts and kin of a deploy.
#[derive(Debug, clap::Subcommand)]
pub enum Part {
    Function(deploy_function::DeployFunctionArgs),
    List(deploy_list::DeployListArgs),
}

/// Deploys.
pub fn run(args: &DeployArgs, context: &Context) -> Result<ExitKind, Failure> {
    match &args.part {
        Some(Part::Function(args)) => return deploy_function::run(args, context),
        Some(Part::List(args)) => return deploy_list::run(args, context),
        None => {}
    }
    let began = Instant::now();
    let changing = target::changing(context, &args.confirm, "deploy to it")?;
    let service = &changing.service;
    refuse_shortcuts(args, service)?;
    let outcome = target::with_aws(service, context, async |aws: &Aws| {
        let assembly = match &args.package {
            // What is executed was built when its change set was made.
            _ if args.method == Method::Execute => Ok(Assembly::default()),
            Some(dir) => read_package(&context.cwd.join(dir), service),
            None => build(service, context, &package::out_dir(service), aws.endpoint()),
        };
        let mut assembly = match assembly {
            Ok(assembly) => assembly,
            Err(failure) => return Ok(Err(failure)),
        };
        let imaged = match &args.package {
            _ if args.method == Method::Execute => Ok(()),
            Some(_) => images::all_pushed(service, &assembly),
            None => images::bring(aws, service, context, &mut assembly).await?,
        };
        if let Err(failure) = imaged {
            return Ok(Err(failure));
        }
        fit_endpoint(&mut assembly, aws.endpoint());
        bring_node_sdk(&assembly, aws.endpoint(), context);
        if let Err(failure) = scripts::at(Moment::BeforeDeploy, service, context) {
            return Ok(Err(failure));
        }
        let outcome = bring(aws, args, &changing, &assembly, context).await;
        changing.view.end();
        outcome
    });
    if matches!(&outcome, Ok(Ok(outcome)) if !matches!(outcome, Outcome::Deployed(Deployed::Prepared { .. }))) {
        scripts::at(Moment::AfterDeploy, service, context)?;
    }
    match outcome?? {
        Outcome::Deployed(deployed) => deploy_result::say(&deployed, began.elapsed(), service, context),
        Outcome::Swapped(count) => deploy_result::say_swapped(count, service, context),
    }
    Ok(ExitKind::Done)
}

/// Refuses on a protected stage what is for stages in development.
fn refuse_shortcuts(args: &DeployArgs, service: &Service) -> Result<(), Failure> {
    let asked = [(args.hotswap, "--hotswap"), (args.express, "--express")];
    match asked.iter().find(|(asked, _)| *asked && service.stage_settings.protected) {
        Some((_, flag)) => Err(Failure::new(
            ExitKind::Usage,
            format!("stage `{}` is protected, and {flag} is not for it", service.stage),
        )
        .hint("it is for stages in development; deploy to this one without it")),
        None => Ok(()),
    }
}

/// What came of the command.
enum Outcome {
    Deployed(Deployed),
    Swapped(usize),
}

/// Asks what must be asked, and brings the stack to what the template says.
async fn bring(
    aws: &Aws,
    args: &DeployArgs,
    changing: &Changing,
    assembly: &Assembly,
    context: &Context,
) -> Result<Result<Outcome, Failure>, DeployError> {
    let Changing { service, view, .. } = changing;
    let watch: deploy::Watch<'_> = &|progress| view.show(progress);
    let request = Request {
        service,
        template: &assembly.template,
        artifacts: &assembly.artifacts,
        options: options(args),
        back_to: None,
        who: context.who(),
        commit: &|| commit(&service.dir),
        now: context.now,
        ask: &|question| changing.answer(question, aws.endpoint(), context),
    };
    let last = DeployRecord::read(&service.dir, &service.stage);
    let swapped = last.is_some_and(|last| last.hotswapped);
    // What AWS refuses here it refuses the deploy below too, which leaves a record of it.
    let look = deploy::look(aws, &request).await.ok();
    if let (false, Some(Look::Unchanged(stack))) = (swapped, &look) {
        return Ok(Ok(reachable(Deployed::Unchanged(stack.clone()), aws)));
    }
    // Whoever is asked may take long to answer: then what was seen is old.
    let asks = service.stage_settings.protected || args.require_approval.is_some();
    let look = look.filter(|_| !asks && !args.hotswap);
    let executes = args.method == Method::Execute;
    if !executes
        && let Err(failure) = super::plan::approve(aws, service, assembly, args.require_approval, context).await?
    {
        return Ok(Err(failure));
    }
    let mode = match (args.preflight, args.no_preflight) {
        (true, _) => preflight::Mode::Required,
        (_, true) => preflight::Mode::Off,
        _ if executes => preflight::Mode::Off,
        _ => preflight::Mode::Quick,
    };
    if let Err(failure) = preflight::before_deploy(mode, aws, service, &assembly.template, context).await {
        return Ok(Err(failure));
    }
    if args.hotswap {
        if let Some(count) = deploy_function::hotswap(aws, service, assembly, watch).await? {
            return Ok(Ok(Outcome::Swapped(count)));
        }
        context.report.note("More than code changed: deploying the stack");
    }
    let deployed = deploy::deploy(aws, &request, look, watch).await?;
    if let (true, Deployed::Unchanged(stack) | Deployed::Done(stack, _)) = (swapped && !executes, &deployed)
        && let Some(bucket) = deploy::Bucket::of(aws, service, stack).await?
    {
        deploy_function::reconcile(aws, service, &bucket, assembly, watch).await?;
        deploy_function::mark(service, false);
    }
    Ok(Ok(reachable(deployed, aws)))
}

/// The outcome with addresses as they are called from here.
fn reachable(deployed: Deployed, aws: &Aws) -> Outcome {
    let reach = |stack: Box<Stack>| Box::new(endpoints::reachable(*stack, aws.endpoint()));
    Outcome::Deployed(match deployed {
        Deployed::Unchanged(stack) => Deployed::Unchanged(reach(stack)),
        Deployed::Done(stack, record) => Deployed::Done(reach(stack), record),
        prepared => prepared,
    })
}

fn options(args: &DeployArgs) -> Options {
    Options {
        method: args.method,
        force: args.force,
        no_rollback: args.no_rollback,
        express: args.express,
        import_existing: args.import_existing,
        wait: args.wait,
    }
}
