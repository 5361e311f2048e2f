//! `rlx cache`: what rlx keeps on this machine, and clearing it.

use super::{ExitKind, Failure};
use crate::context::Context;
use crate::package::bytes;
use crate::package::cache::{self, Part};
use serde_json::json;

/// Show or clear what rlx keeps on this machine
#[derive(Debug, clap::Args)]
pub struct CacheArgs {
    #[command(subcommand)]
    pub command: Option<CacheCommand>,
}

/// What to do with the cache.
#[derive(Debug, clap::Subcommand)]
pub enum CacheCommand {
    /// Show what it holds (the default)
    Show,
    /// Empty it; what is needed is made again
    Clear {
        /// Only these parts
        parts: Vec<Part>,
    },
}

/// Shows or clears the cache.
pub fn run(args: &CacheArgs, context: &Context) -> Result<ExitKind, Failure> {
    match &args.command {
        None | Some(CacheCommand::Show) => show(context),
        Some(CacheCommand::Clear { parts }) => clear(context, parts),
    }
    .map(|()| ExitKind::Done)
}

fn show(context: &Context) -> Result<(), Failure> {
    let usage = cache::usage(&context.cache_dir);
    let total: u64 = usage.iter().map(|u| u.size).sum();
    let mut text = format!("{}\n", context.cache_dir.display());
    for part in &usage {
        text.push_str(&format!("  {:<9} {:>10}  {} entries\n", part.part.name(), bytes(part.size), part.entries));
    }
    text.push_str(&format!("  {:<9} {:>10}  of {} before the oldest go\n", "total", bytes(total), bytes(cache::LIMIT)));
    let directory = context.cache_dir.display().to_string();
    let value = json!({ "version": 1, "directory": directory, "parts": usage, "size": total, "limit": cache::LIMIT });
    context.report.result(&value, &text);
    Ok(())
}

fn clear(context: &Context, parts: &[Part]) -> Result<(), Failure> {
    let parts = if parts.is_empty() { &Part::ALL[..] } else { parts };
    let freed = cache::clear(&context.cache_dir, parts).map_err(|error| {
        Failure::new(ExitKind::Failed, format!("cannot clear {}: {error}", context.cache_dir.display()))
    })?;
    context.report.result(&json!({ "version": 1, "freed": freed }), &format!("{} freed\n", bytes(freed)));
    Ok(())
}
