//! Guards of a stage, for every command that reads or changes its stack.

use super::{ExitKind, Failure};
use crate::context::Context;
use crate::manifest::Service;
use crate::manifest::stage::StageSettings;

/// The flag of commands that change a stack.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ConfirmArgs {
    /// With --yes: the name of a protected stage, so that nobody is asked
    #[arg(long, value_name = "STAGE")]
    pub confirm: Option<String>,
}

/// Refuses credentials of another account than the stage's.
///
/// # Errors
/// The stage is bound to another account; nothing was changed (exit code 2).
pub fn check_account(service: &Service, account: &str) -> Result<(), Failure> {
    account_of(&service.stage_settings, &service.stage, account)
}

/// As [`check_account`], where there is no manifest (a finished package).
///
/// # Errors
/// The stage is bound to another account; nothing was changed (exit code 2).
pub fn account_of(settings: &StageSettings, stage: &str, account: &str) -> Result<(), Failure> {
    settings.check_account(stage, account).map_err(|message| {
        Failure::new(ExitKind::Usage, message)
            .hint("take the stage's profile with --aws-profile, or another stage with --stage")
    })
}

/// Asks for the name of a protected stage before it is changed. `action` is such as `deploy to it`.
///
/// # Errors
/// The name was not given, or nobody can be asked (exit code 2).
pub fn confirm(
    context: &Context,
    args: &ConfirmArgs,
    settings: &StageSettings,
    stage: &str,
    action: &str,
) -> Result<(), Failure> {
    if !settings.protected {
        return Ok(());
    }
    match (&args.confirm, context.options.yes) {
        (Some(name), true) if name == stage => return Ok(()),
        (Some(name), _) if name != stage => {
            return Err(Failure::new(ExitKind::Usage, format!("--confirm {name}: the stage is `{stage}`")));
        }
        _ => {}
    }
    if !context.report.can_ask {
        return Err(Failure::new(ExitKind::Usage, format!("stage `{stage}` is protected"))
            .hint(format!("to {action} without being asked, give --yes --confirm {stage}")));
    }
    let answer = context.report.ask_text(&format!("Stage `{stage}` is protected. Type its name to {action}: "));
    if answer.as_deref().map(str::trim) == Some(stage) {
        return Ok(());
    }
    Err(Failure::new(ExitKind::Usage, format!("that is not `{stage}`; nothing was changed")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{GlobalOptions, OutputFormat};
    use crate::report::Report;

    fn context(yes: bool) -> Context {
        let report = Report {
            format: OutputFormat::Text,
            interactive: false,
            can_ask: false,
            color: false,
            verbosity: 0,
            hidden: Default::default(),
        };
        Context {
            cwd: ".".into(),
            env: Default::default(),
            cache_dir: ".".into(),
            now: jiff::Timestamp::now,
            report,
            options: GlobalOptions { yes, ..Default::default() },
        }
    }

    fn confirmed(protected: bool, yes: bool, name: Option<&str>) -> bool {
        let args = ConfirmArgs { confirm: name.map(str::to_owned) };
        let settings = StageSettings { protected, ..Default::default() };
        confirm(&context(yes), &args, &settings, "prod", "deploy to it").is_ok()
    }

    #[test]
    fn a_protected_stage_needs_its_name() {
        assert!(confirmed(false, false, None));
        assert!(!confirmed(true, false, None));
        assert!(!confirmed(true, true, None));
        assert!(!confirmed(true, true, Some("dev")));
        assert!(confirmed(true, true, Some("prod")));
    }

    #[test]
    fn credentials_of_another_account_are_refused() {
        let settings = StageSettings { account: Some("111111111111".to_owned()), ..Default::default() };
        assert!(account_of(&settings, "prod", "111111111111").is_ok());
        let failure = account_of(&settings, "prod", "222222222222").expect_err("another account");
        assert_eq!(failure.kind, ExitKind::Usage);
        assert!(account_of(&StageSettings::default(), "prod", "222222222222").is_ok());
    }
}
