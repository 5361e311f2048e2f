//! `rlx schema`: the JSON Schema of manifests, for editors.

use super::{ExitKind, Failure};
use crate::context::Context;
use crate::manifest::schema::complete;

/// Print the JSON Schema of rlx.yml and serverless.yml, for editors
#[derive(Debug, clap::Args)]
pub struct SchemaArgs {}

/// Prints the schema to stdout.
pub fn run(_args: &SchemaArgs, context: &Context) -> Result<ExitKind, Failure> {
    context.report.data(&format!("{:#}\n", complete()));
    Ok(ExitKind::Done)
}
