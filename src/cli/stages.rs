//! `rlx stages`: the stages of a service; `rlx stages diff`: what differs between two of them.

use super::service::{refused, resolve_quietly, resolve_service_with};
use super::stage_standing::{Listed, standings};
use super::{ExitKind, Failure, target};
use crate::context::Context;
use crate::manifest::document::Node;
use crate::manifest::stage::{check_listed, names};
use crate::manifest::{Problems, Resolved, differences};
use crate::report::{Findings, Mask};
use serde_json::json;

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
    let resolved =
        resolve_service_with(context, &target::remote(context), |request| request.stage = Some(stage.to_owned()))?;
    match check_listed(&resolved.config, &resolved.stage) {
        Ok(()) => Ok(resolved),
        Err(problem) => {
            let problems = Problems(vec![problem]);
            Err(refused(
                context,
                &Findings { problems: &problems, sources: &resolved.sources, config: Some(&resolved.config) },
            ))
        }
    }
}

fn list(context: &Context) -> Result<ExitKind, Failure> {
    let current = resolve_service_with(context, &target::remote(context), |_| {})?;
    let stages: Vec<(String, Option<Listed>)> = names(&current.config, &context.cwd, &current.stage)
        .into_iter()
        .map(|name| {
            // A stage whose own variables cannot be resolved is listed all the same.
            let remote = target::remote(context);
            let resolved = resolve_quietly(context, &remote, |request| request.stage = Some(name.clone()));
            (name, resolved.map(Listed::new))
        })
        .collect();
    let standings = standings(&stages, context)?;
    let mut rows = Vec::new();
    let mut text = format!("{:<16} {:<16} {:<14} {:<10} DEPLOYED\n", "STAGE", "REGION", "ACCOUNT", "PROTECTED");
    for ((name, listed), standing) in stages.iter().zip(&standings) {
        let settings = listed.as_ref().map(|listed| &listed.settings);
        let region = listed.as_ref().map(|listed| &listed.resolved.region);
        let current = *name == current.stage;
        text.push_str(&format!(
            "{:<16} {:<16} {:<14} {:<10} {}\n",
            if current { format!("{name} *") } else { name.clone() },
            region.map_or("?", String::as_str),
            settings.map_or("?", |s| s.account.as_deref().unwrap_or("-")),
            settings.map_or("?", |s| if s.protected { "yes" } else { "no" }),
            standing,
        ));
        rows.push(json!({
            "name": name,
            "current": current,
            "region": region,
            "account": settings.and_then(|s| s.account.as_deref()),
            "profile": settings.and_then(|s| s.profile.as_deref()),
            "endpoint": settings.and_then(|s| s.endpoint.as_deref()),
            "protected": settings.map(|s| s.protected),
            "deployed": standing.deployed,
            "deployedAt": standing.changed,
            "stackStatus": standing.status,
            "from": standing.from(),
        }));
    }
    let mut reasons: Vec<&str> = standings.iter().filter_map(|standing| standing.unasked.as_deref()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons {
        context.report.note(&format!("what is marked `record` is told from this directory's records: {reason}"));
    }
    context.report.result(&json!({ "version": 1, "stages": rows }), &text);
    Ok(ExitKind::Done)
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
