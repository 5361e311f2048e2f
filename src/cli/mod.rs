//! argv → calls → exit code: a file per command, each with its clap struct and one `run`.

mod assemble;
mod cache;
mod cloudtrail;
mod completions;
mod deploy;
mod deploy_function;
mod deploy_list;
mod deploy_result;
mod deploy_source;
mod diagnose;
mod diagnose_apply;
mod doctor;
mod domain;
mod drift;
mod error;
pub mod guard;
mod images;
mod import;
mod info;
mod init;
mod invoke;
mod invoke_local;
mod local;
mod logs;
mod man;
mod manage;
mod metrics;
mod package;
mod permissions;
mod plan;
mod preflight;
mod print;
mod prune;
mod reach;
mod remove;
mod resume;
mod rollback;
mod schema;
mod scripts;
pub mod service;
mod stage_standing;
mod stages;
mod target;
mod watch;

pub use crate::options::{GlobalOptions, OutputFormat};
pub use error::{ExitKind, Failure};

use crate::context::Context;
use crate::report::Section;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Deploy AWS Lambda services, and know why when it fails
#[derive(Debug, Parser)]
#[command(name = "rlx", version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub options: GlobalOptions,
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Cache(cache::CacheArgs),
    Completions(completions::CompletionsArgs),
    #[command(visible_alias = "unlock")]
    Continue(resume::ContinueArgs),
    Deploy(deploy::DeployArgs),
    Diagnose(diagnose::DiagnoseArgs),
    Doctor(doctor::DoctorArgs),
    Domain(domain::DomainArgs),
    Drift(drift::DriftArgs),
    Import(import::ImportArgs),
    Info(info::InfoArgs),
    Init(init::InitArgs),
    Invoke(Box<invoke::InvokeArgs>),
    Local(local::LocalArgs),
    Logs(logs::LogsArgs),
    Man(man::ManArgs),
    Metrics(metrics::MetricsArgs),
    Package(package::PackageArgs),
    Permissions(permissions::PermissionsArgs),
    Plan(plan::PlanArgs),
    Print(print::PrintArgs),
    Prune(prune::PruneArgs),
    Remove(remove::RemoveArgs),
    Rollback(rollback::RollbackArgs),
    Run(scripts::RunArgs),
    Schema(schema::SchemaArgs),
    Stages(stages::StagesArgs),
    Watch(watch::WatchArgs),
}

impl Command {
    /// Its name, where the step of a pipeline stands or falls with it.
    fn changes_a_stage(&self) -> Option<&'static str> {
        match self {
            Self::Continue(_) => Some("continue"),
            Self::Deploy(_) => Some("deploy"),
            Self::Import(_) => Some("import"),
            Self::Remove(_) => Some("remove"),
            Self::Rollback(_) => Some("rollback"),
            _ => None,
        }
    }
}

/// Runs the process's command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let context = match Context::from_process(cli.options.clone()) {
        Ok(context) => context,
        Err(error) => {
            let _ =
                clap::Error::raw(clap::error::ErrorKind::Io, format!("cannot read the current directory: {error}\n"))
                    .print();
            return ExitKind::Failed.into();
        }
    };
    let changes = cli.command.changes_a_stage();
    match run(cli.command, &context) {
        Ok(kind) => kind.into(),
        Err(failure) => {
            context.report.note(&failure.render(&context.report));
            if let Some(command) = changes {
                let text = failure.render(&context.report.plain());
                context.summary().add(&Section { title: format!("rlx {command} failed"), text, ..Default::default() });
            }
            failure.kind.into()
        }
    }
}

fn run(command: Command, context: &Context) -> Result<ExitKind, Failure> {
    match command {
        Command::Cache(args) => cache::run(&args, context),
        Command::Completions(args) => completions::run(&args, context),
        Command::Continue(args) => resume::run(&args, context),
        Command::Deploy(args) => deploy::run(&args, context),
        Command::Diagnose(args) => diagnose::run(&args, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Domain(args) => domain::run(&args, context),
        Command::Drift(args) => drift::run(&args, context),
        Command::Import(args) => import::run(&args, context),
        Command::Info(args) => info::run(&args, context),
        Command::Init(args) => init::run(&args, context),
        Command::Invoke(args) => invoke::run(&args, context),
        Command::Local(args) => local::run(&args, context),
        Command::Logs(args) => logs::run(&args, context),
        Command::Man(args) => man::run(&args, context),
        Command::Metrics(args) => metrics::run(&args, context),
        Command::Package(args) => package::run(&args, context),
        Command::Permissions(args) => permissions::run(&args, context),
        Command::Plan(args) => plan::run(&args, context),
        Command::Print(args) => print::run(&args, context),
        Command::Prune(args) => prune::run(&args, context),
        Command::Remove(args) => remove::run(&args, context),
        Command::Rollback(args) => rollback::run(&args, context),
        Command::Run(args) => scripts::run(&args, context),
        Command::Schema(args) => schema::run(&args, context),
        Command::Stages(args) => stages::run(&args, context),
        Command::Watch(args) => watch::run(&args, context),
    }
}
