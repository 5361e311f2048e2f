//! `rlx doctor`: whether this machine and these credentials can do what rlx needs.

use super::{ExitKind, Failure, target};
use crate::aws::{Aws, AwsError, Endpoint, Settings};
use crate::context::Context;
use crate::local;
use serde_json::json;
use std::process::Command;

/// Check tools, credentials, clock and region
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warning,
    Error,
}

/// A check and what it found.
#[derive(Debug, serde::Serialize)]
struct Check {
    name: &'static str,
    level: Level,
    found: String,
}

/// A tool, what it is needed for, and the argument that makes it tell its version.
const TOOLS: [(&str, &str, &str); 7] = [
    ("python3", "Python functions, stage local", "--version"),
    ("uv", "Python requirements, faster than pip", "--version"),
    ("node", "Node.js functions, JavaScript configuration", "--version"),
    ("npm", "packages of Node.js functions", "--version"),
    ("cargo", "Rust functions", "--version"),
    ("go", "Go functions", "version"),
    ("docker", "container images", "--version"),
];

/// Prints all checks; exit code 1 where one is an error.
pub fn run(_args: &DoctorArgs, context: &Context) -> Result<ExitKind, Failure> {
    let mut checks = vec![Check { name: "rlx", level: Level::Ok, found: env!("CARGO_PKG_VERSION").to_owned() }];
    checks.extend(TOOLS.iter().map(|tool| check_tool(tool, context)));
    checks.push(emulator(context));
    // A manifest is not needed: doctor is for the time before there is one, too.
    let settings = match target::load(context) {
        Ok(loaded) => {
            checks.push(Check { name: "service", level: Level::Ok, found: loaded.service.stack_name() });
            target::settings(&loaded.service, context)?
        }
        Err(failure) => {
            if !failure.details.is_empty() {
                let found = "its manifest has problems: rlx print shows them".to_owned();
                checks.push(Check { name: "service", level: Level::Error, found });
            }
            target::bare_settings(context)
        }
    };
    checks.extend(aws(settings, context)?);
    let failed = checks.iter().any(|c| c.level == Level::Error);
    let mut text = String::new();
    for check in &checks {
        let mark = match check.level {
            Level::Ok => "ok     ",
            Level::Warning => "missing",
            Level::Error => "ERROR  ",
        };
        text.push_str(&format!("{mark}  {:<12} {}\n", check.name, check.found));
    }
    context.report.result(&json!({ "version": 1, "ok": !failed, "checks": checks }), &text);
    Ok(if failed { ExitKind::Failed } else { ExitKind::Done })
}

fn check_tool((name, purpose, flag): &(&'static str, &str, &str), context: &Context) -> Check {
    let path = which::which_in(name, context.var("PATH"), &context.cwd);
    let Ok(path) = path else {
        return Check { name, level: Level::Warning, found: format!("not on the PATH; needed for: {purpose}") };
    };
    let output = Command::new(&path).arg(flag).env_clear().envs(&context.env).output();
    match output {
        Ok(output) if output.status.success() => {
            let line = String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned();
            Check { name, level: Level::Ok, found: format!("{line} ({})", path.display()) }
        }
        _ => Check { name, level: Level::Warning, found: format!("{} does not run", path.display()) },
    }
}

fn emulator(context: &Context) -> Check {
    let found = match local::status(context) {
        local::Status::Up(e) => format!("ministack {} runs on {}", e.emulator, e.endpoint()),
        local::Status::Down => format!("ministack {} does not run", local::MINISTACK),
        local::Status::Dead { emulator, .. } => {
            format!("process {} has ended; see {}", emulator.pid, emulator.log.display())
        }
    };
    Check { name: "emulator", level: Level::Ok, found }
}

fn aws(settings: Settings, context: &Context) -> Result<Vec<Check>, Failure> {
    let place = match &settings.endpoint {
        Endpoint::Aws => settings.region.clone(),
        other => format!("{} at {}", settings.region, other.url().unwrap_or_default()),
    };
    let mut checks = vec![Check { name: "region", level: Level::Ok, found: place }];
    let asked = async {
        let aws = Aws::new(context, settings).await;
        let identity = aws.identity().await?;
        Ok((identity, aws.credentials_origin().await))
    };
    let identity = crate::aws::block_on(asked)
        .map_err(|e| Failure::new(ExitKind::Failed, format!("cannot start the runtime: {e}")))?;
    match identity {
        Ok((identity, origin)) => {
            let origin = origin.map(|origin| format!(", from {origin}")).unwrap_or_default();
            checks.push(Check { name: "credentials", level: Level::Ok, found: format!("{}{origin}", identity.arn) });
            // AWS refuses signatures that are more than five minutes off.
            checks.push(Check { name: "clock", level: Level::Ok, found: "AWS accepts its signatures".to_owned() });
        }
        Err(error) => checks.push(explain(&error)),
    }
    Ok(checks)
}

fn explain(error: &AwsError) -> Check {
    let skewed = error.code == "RequestTimeTooSkewed" || error.message.contains("Signature expired");
    let name = match error {
        _ if skewed => "clock",
        // A region that is not there has no address.
        error if error.is_unanswered() => "network",
        _ => "credentials",
    };
    Check { name, level: Level::Error, found: error.to_string() }
}
