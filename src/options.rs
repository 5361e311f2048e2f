//! Flags that every command takes.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What the data on stdout looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// Versioned JSON, `{"version": 1, ...}`.
    Json,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalOptions {
    /// Stage to work on [default: provider.stage, else dev]
    #[arg(long, short, global = true, env = "RLX_STAGE", value_name = "STAGE")]
    pub stage: Option<String>,
    /// AWS region
    #[arg(long, short, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Manifest file [default: rlx.yml, else serverless.yml]
    #[arg(long, short, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// AWS profile
    #[arg(long, global = true, value_name = "PROFILE")]
    pub aws_profile: Option<String>,
    /// A parameter for `${param:KEY}`; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub param: Vec<String>,
    /// The same as --stage local: the emulator on this machine
    #[arg(long, global = true)]
    pub local: bool,
    /// Form of the data on stdout
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: OutputFormat,
    /// Tell more; twice for every AWS call
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Make plugins whose work rlx does not do an error
    #[arg(long, global = true)]
    pub strict: bool,
    /// Answer every question with yes
    #[arg(long, short, global = true)]
    pub yes: bool,
}
