//! `rlx deploy`: brings the stack to what the service says.

use super::assemble::{Assembly, Purpose, assemble};
use super::guard::{self, ConfirmArgs};
use super::{ExitKind, Failure, deploy_function, deploy_list, package, preflight, target};
use crate::aws::{Aws, Endpoint};
use crate::context::Context;
use crate::deploy::{self, DeployRecord, Deployed, Method, Options, Request, StageLock, endpoints};
use crate::local::PythonVersion;
use crate::manifest::Service;
use crate::package::HostTarget;
use crate::report::ProgressView;
use crate::template::naming::DEPLOYMENT_BUCKET_POLICY;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Build, package and deploy the service
#[derive(Debug, clap::Args)]
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
    /// CloudFormation's express mode, which reports done before every resource has settled
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
    let service = target::load(context)?.service;
    guard::confirm(context, &args.confirm, &service.stage_settings, &service.stage, "deploy to")?;
    let out_dir = package::out_dir(&service);
    let lock = StageLock::take(&service.dir, &service.stage, &holder(context));
    let _lock = lock.map_err(|error| target::failure(&error, context))?;
    let view = ProgressView::new(&context.report, estimates(&service));
    let deployed = target::with_aws(&service, context, async |aws: &Aws| {
        let assembly = match &args.package {
            Some(dir) => read_package(&context.cwd.join(dir)),
            None => build(&service, context, &out_dir, aws.endpoint()),
        };
        let mut assembly = match assembly {
            Ok(assembly) => assembly,
            Err(failure) => return Ok(Err(failure)),
        };
        fit_endpoint(&mut assembly, aws.endpoint());
        let request = Request {
            service: &service,
            template: &assembly.template,
            artifacts: &assembly.artifacts,
            options: options(args),
            back_to: None,
            who: context.who(),
            commit: &|| commit(&service.dir),
            now: context.now,
        };
        let last = DeployRecord::read(&service.dir, &service.stage);
        let swapped = last.is_some_and(|last| last.operation == deploy::Operation::Hotswap);
        // What AWS refuses here it refuses the deploy below too, which leaves a record of it.
        let same = deploy::unchanged(aws, &request).await.ok().flatten();
        if let (false, Some(stack)) = (swapped, same) {
            view.end();
            let stack = endpoints::reachable(stack, aws.endpoint());
            return Ok(Ok(Outcome::Deployed(Deployed::Unchanged(Box::new(stack)))));
        }
        if let Err(failure) = super::plan::approve(aws, &service, &assembly, args.require_approval, context).await? {
            return Ok(Err(failure));
        }
        let mode = match (args.preflight, args.no_preflight) {
            (true, _) => preflight::Mode::Required,
            (_, true) => preflight::Mode::Off,
            _ => preflight::Mode::Quick,
        };
        if let Err(failure) = preflight::before_deploy(mode, aws, &service, &assembly.template, context).await {
            return Ok(Err(failure));
        }
        if args.hotswap {
            let swapped = deploy_function::hotswap(aws, &service, &assembly, &|progress| view.show(progress)).await?;
            if let Some(count) = swapped {
                view.end();
                return Ok(Ok(Outcome::Swapped(count)));
            }
            context.report.note("More than code changed: deploying the stack");
        }
        let result = deploy::deploy(aws, &request, &|progress| view.show(progress)).await;
        if let (true, Ok(Deployed::Unchanged(stack) | Deployed::Done(stack, _))) = (swapped, &result)
            && let Some(bucket) = deploy::Bucket::of(aws, &service, stack).await?
        {
            let watch: deploy::Watch<'_> = &|progress| view.show(progress);
            deploy_function::reconcile(aws, &service, &bucket, &assembly, watch).await?;
        }
        view.end();
        let reach = |stack: Box<deploy::Stack>| Box::new(endpoints::reachable(*stack, aws.endpoint()));
        result
            .map(|deployed| {
                Ok(match deployed {
                    Deployed::Unchanged(stack) => Deployed::Unchanged(reach(stack)),
                    Deployed::Done(stack, record) => Deployed::Done(reach(stack), record),
                    prepared => prepared,
                })
            })
            .map(|result: Result<Deployed, Failure>| result.map(Outcome::Deployed))
    })??;
    match deployed {
        Outcome::Deployed(deployed) => say(&deployed, &service, context),
        Outcome::Swapped(count) => {
            let status = if count == 0 { "unchanged" } else { "hotswapped" };
            let line = json!({ "version": 1, "event": "result", "status": status, "functions": count });
            let text = match count {
                0 => "No changes\n".to_owned(),
                _ => format!("Changed the code of {count} functions; CloudFormation does not know of it\n"),
            };
            context.report.last(&line, &text);
        }
    }
    Ok(ExitKind::Done)
}

/// What came of the command.
enum Outcome {
    Deployed(Deployed),
    Swapped(usize),
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

/// Who holds the stage's lock, for the one that waits.
pub(super) fn holder(context: &Context) -> String {
    format!("process {} of {}, since {}", std::process::id(), context.who(), (context.now)())
}

/// Seconds that each resource took the last time.
fn estimates(service: &Service) -> indexmap::IndexMap<String, f64> {
    DeployRecord::read(&service.dir, &service.stage).map(|r| r.durations).unwrap_or_default()
}

pub(super) fn build(
    service: &Service,
    context: &Context,
    out_dir: &Path,
    endpoint: &Endpoint,
) -> Result<Assembly, Failure> {
    let host = host(service, context, endpoint);
    let assembly = assemble(service, context, out_dir, Purpose::Deploy, host)?;
    package::write(out_dir, service, &assembly)?;
    Ok(assembly)
}

/// Leaves out what an endpoint does not stand.
pub(super) fn fit_endpoint(assembly: &mut Assembly, endpoint: &Endpoint) {
    if endpoint.url().is_some_and(|url| url.starts_with("http://")) {
        // The bucket's policy refuses plain HTTP, by which an emulator is spoken to.
        assembly.template.resources_mut().shift_remove(DEPLOYMENT_BUCKET_POLICY);
    }
}

/// What the functions are built for where they run on this machine.
pub(super) fn host(service: &Service, context: &Context, endpoint: &Endpoint) -> Option<HostTarget> {
    let Endpoint::Local(emulator) = endpoint else {
        return (service.stage == "local" && endpoint.is_loopback()).then(HostTarget::default);
    };
    let runtimes = service.functions.values().filter_map(|f| f.runtime.as_deref());
    let mut other: Vec<PythonVersion> = runtimes
        .chain(service.provider.runtime.as_deref())
        .filter_map(PythonVersion::of_runtime)
        .filter(|version| *version != emulator.python)
        .collect();
    other.sort();
    other.dedup();
    for version in other {
        context.report.note(&format!(
            "This machine has no Python {version}: its functions run with Python {} on stage local, \
             and are packaged for that",
            emulator.python
        ));
    }
    Some(HostTarget { python: Some(emulator.interpreter.display().to_string()) })
}

/// What `rlx package` wrote to a folder.
fn read_package(dir: &Path) -> Result<Assembly, Failure> {
    let read = |name: &str| {
        let path = dir.join(name);
        let bytes = std::fs::read(&path).map_err(|e| e.to_string());
        let value = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).map_err(|e| e.to_string()));
        value.map_err(|reason| {
            Failure::new(ExitKind::Usage, format!("{} cannot be read: {reason}", path.display()))
                .hint("the folder must be one that `rlx package --package DIR` wrote")
        })
    };
    let template = match read("template.json")? {
        Value::Object(root) => crate::template::Template { root },
        _ => {
            return Err(Failure::new(
                ExitKind::Usage,
                format!("{} is no template", dir.join("template.json").display()),
            ));
        }
    };
    let mut artifacts: crate::package::Artifacts = serde_json::from_value(read("package.json")?)
        .map_err(|e| Failure::new(ExitKind::Usage, format!("{}: {e}", dir.join("package.json").display())))?;
    for artifact in &mut artifacts.artifacts {
        artifact.path = dir.join(&artifact.name);
        if !artifact.path.is_file() {
            return Err(Failure::new(ExitKind::Usage, format!("there is no {}", artifact.path.display()))
                .hint("package.json names it: package again"));
        }
    }
    Ok(Assembly { artifacts, template })
}

/// The commit that the service is at, with `+` where its tree differs from it.
fn commit(dir: &Path) -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git").arg("-C").arg(dir).args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no", "--", "."]).is_none_or(|s| !s.is_empty());
    Some(if changed { format!("{head}+") } else { head })
}

fn say(deployed: &Deployed, service: &Service, context: &Context) {
    let (json, text) = match deployed {
        Deployed::Prepared { change_set, changes } => {
            let mut text = format!("Change set {change_set} is ready; it would change {} resources:\n", changes.len());
            for change in changes {
                let again = if change.replacement.as_deref() == Some("True") { ", made anew" } else { "" };
                text.push_str(&format!(
                    "  {:<8} {} ({}{again})\n",
                    change.action, change.logical_id, change.resource_type
                ));
            }
            text.push_str(&format!("\nTo execute it: rlx deploy --method execute{}\n", target::stage_flag(context)));
            (json!({ "status": "prepared", "changeSet": change_set, "changes": changes }), text)
        }
        Deployed::Unchanged(stack) => {
            let text = format!("No changes: {} is up to date\n", stack.name);
            (stack_json("unchanged", stack), text)
        }
        Deployed::Done(stack, record) => {
            let seconds =
                record.finished.map(|end| (end - record.started).total(jiff::Unit::Second).unwrap_or_default());
            let mut text = format!(
                "\nDeployed {} to stage {} ({:.1} s)\n",
                service.name,
                service.stage,
                seconds.unwrap_or_default()
            );
            text.push_str(&super::info::addresses_text(stack));
            let mut json = stack_json("deployed", stack);
            json["record"] = json!(record.id);
            json["seconds"] = json!(seconds);
            (json, text)
        }
    };
    let mut line = json!({ "version": 1, "event": "result", "service": service.name, "stage": service.stage });
    if let (Value::Object(line), Value::Object(json)) = (&mut line, json) {
        line.extend(json);
    }
    context.report.last(&line, &text);
}

fn stack_json(status: &str, stack: &deploy::Stack) -> Value {
    json!({
        "status": status,
        "stack": { "name": stack.name, "id": stack.id, "status": stack.status },
        "endpoints": endpoints::addresses(stack),
        "outputs": endpoints::outputs(stack),
    })
}
