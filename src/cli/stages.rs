//! `rlx stages`: the stages of a service; `rlx stages diff`: what differs between two of them.

use super::service::{resolve_quietly, resolve_service_with};
use super::{ExitKind, Failure, target};
use crate::context::Context;
use crate::manifest::document::Node;
use crate::manifest::stage::{StageSettings, names};
use crate::manifest::{Resolved, differences};
use crate::report::Mask;
use serde_json::{Value as Json, json};

/// List the stages of the service, or compare two of them
#[derive(Debug, clap::Args)]
pub struct StagesArgs {
    #[command(subcommand)]
    pub command: Option<StagesCommand>,
}

/// What is done with stages.
#[derive(Debug, clap::Subcommand)]
pub enum StagesCommand {
    /// Show what differs between two stages after resolution
    Diff(DiffArgs),
}

/// Arguments of `rlx stages diff`.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// The one stage
    pub from: String,
    /// The other stage
    pub to: String,
    /// Exit with 4 where they differ
    #[arg(long)]
    pub exit_code: bool,
}

/// Prints to stdout.
pub fn run(args: &StagesArgs, context: &Context) -> Result<ExitKind, Failure> {
    match &args.command {
        None => list(context),
        Some(StagesCommand::Diff(args)) => diff(args, context),
    }
}

fn of_stage(context: &Context, stage: &str) -> Result<Resolved, Failure> {
    resolve_service_with(context, &target::remote(context), |request| request.stage = Some(stage.to_owned()))
}

fn list(context: &Context) -> Result<ExitKind, Failure> {
    let current = resolve_service_with(context, &target::remote(context), |_| {})?;
    let mut rows = Vec::new();
    let mut text = format!("{:<16} {:<16} {:<14} {:<10} DEPLOYED\n", "STAGE", "REGION", "ACCOUNT", "PROTECTED");
    for name in names(&current.config, &context.cwd, &current.stage) {
        // A stage whose own variables cannot be resolved is listed all the same.
        let remote = target::remote(context);
        let resolved = resolve_quietly(context, &remote, |request| request.stage = Some(name.clone()));
        let settings = resolved.as_ref().map(settings);
        let region = resolved.as_ref().map(|r| r.region.clone());
        let deployed = deployed(context, &name);
        text.push_str(&format!(
            "{:<16} {:<16} {:<14} {:<10} {}\n",
            if name == current.stage { format!("{name} *") } else { name.clone() },
            region.as_deref().unwrap_or("?"),
            settings.as_ref().map_or("?", |s| s.account.as_deref().unwrap_or("-")),
            settings.as_ref().map_or("?", |s| if s.protected { "yes" } else { "no" }),
            deployed.as_deref().unwrap_or("-"),
        ));
        rows.push(json!({
            "name": name,
            "current": name == current.stage,
            "region": region,
            "account": settings.as_ref().and_then(|s| s.account.as_deref()),
            "profile": settings.as_ref().and_then(|s| s.profile.as_deref()),
            "endpoint": settings.as_ref().and_then(|s| s.endpoint.as_deref()),
            "protected": settings.as_ref().map(|s| s.protected),
            "deployed": deployed.is_some(),
            "deployedAt": deployed,
        }));
    }
    context.report.result(&json!({ "version": 1, "stages": rows }), &text);
    Ok(ExitKind::Done)
}

fn settings(resolved: &Resolved) -> StageSettings {
    let node = resolved.config.at_keys(&["stages", &resolved.stage]);
    node.and_then(|node| serde_json::from_value(node.to_json()).ok()).unwrap_or_default()
}

/// When the last deploy from this directory succeeded.
fn deployed(context: &Context, stage: &str) -> Option<String> {
    let record = std::fs::read(context.cwd.join(".rlx").join(stage).join("deploy.json")).ok()?;
    let record: Json = serde_json::from_slice(&record).ok()?;
    let standing = record["outcome"] == "succeeded" && record["operation"] != "remove";
    standing.then(|| record["finished"].as_str().or(record["started"].as_str()).map(str::to_owned))?
}

fn diff(args: &DiffArgs, context: &Context) -> Result<ExitKind, Failure> {
    let (from, to) = (of_stage(context, &args.from)?, of_stage(context, &args.to)?);
    let shown = |resolved: &Resolved| {
        let mut config = resolved.config.clone();
        Mask::new(&resolved.secrets).node(&mut config);
        without_stages(config)
    };
    let changes = differences(&shown(&from), &shown(&to));
    let mut text = String::new();
    let mut rows = Vec::new();
    for change in &changes {
        let (path, before, after) = (&change.path, &change.from, &change.to);
        text.push_str(&match (before, after) {
            (Some(before), Some(after)) => format!("~ {path}: {before} → {after}\n"),
            (Some(before), None) => format!("- {path}: {before}\n"),
            (None, Some(after)) => format!("+ {path}: {after}\n"),
            (None, None) => String::new(),
        });
        rows.push(json!({ "path": path, "from": before, "to": after }));
    }
    if changes.is_empty() {
        text = format!("{} and {} do not differ\n", args.from, args.to);
    }
    let result = json!({ "version": 1, "from": args.from, "to": args.to, "changes": rows });
    context.report.result(&result, &text);
    Ok(if args.exit_code && !changes.is_empty() { ExitKind::Changes } else { ExitKind::Done })
}

/// What makes the difference is not itself one.
fn without_stages(mut config: Node) -> Node {
    if let crate::manifest::document::Value::Map(map) = &mut config.value {
        map.shift_remove("stages");
        map.shift_remove("params");
    }
    config
}
