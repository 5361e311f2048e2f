//! `rlx print`: the manifest with its variables resolved.

use super::service::resolve_service_with;
use super::{ExitKind, Failure};
use crate::context::Context;
use crate::manifest::variables::Offline;

/// Print the manifest with its variables resolved
#[derive(Debug, clap::Args)]
pub struct PrintArgs {
    /// Only the value at this path, such as `functions.hello.environment`
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
}

/// Prints to stdout.
pub fn run(args: &PrintArgs, context: &Context) -> Result<ExitKind, Failure> {
    let resolved = resolve_service_with(context, &Offline)?;
    let node = match &args.path {
        Some(path) => resolved
            .config
            .at(path)
            .ok_or_else(|| Failure::new(ExitKind::Usage, format!("the manifest has no `{path}`")))?,
        None => &resolved.config,
    };
    context.report.data(&format!("{:#}\n", node.to_json()));
    Ok(ExitKind::Done)
}
