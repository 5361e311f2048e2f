//! `rlx man`: manual pages.

use super::{Cli, ExitKind, Failure};
use crate::context::Context;
use clap::CommandFactory;
use std::path::PathBuf;

/// Write manual pages, one for each command, to a folder
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// The folder, such as ~/.local/share/man/man1; made where it is not there
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Writes `rlx.1`, `rlx-deploy.1` and so on.
pub fn run(args: &ManArgs, context: &Context) -> Result<ExitKind, Failure> {
    let dir = context.cwd.join(&args.dir);
    let written = std::fs::create_dir_all(&dir)
        .and_then(|()| clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), &dir));
    written.map_err(|e| Failure::new(ExitKind::Failed, format!("cannot write to {}: {e}", dir.display())))?;
    let pages: Vec<String> = std::fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("rlx") && name.ends_with(".1"))
        .collect();
    let json = serde_json::json!({ "version": 1, "directory": dir.display().to_string(), "pages": pages.len() });
    context.report.result(&json, &format!("{} pages in {}\n", pages.len(), dir.display()));
    Ok(ExitKind::Done)
}
