//! Where a command works: stage, endpoint, region, profile; the emulator of stage local is started here.

use super::diagnose::narrow_to;
use super::guard::{self, ConfirmArgs};
use super::service::load_service_with;
use super::{ExitKind, Failure};
use crate::aws::{Aws, AwsRemote, Caller, Endpoint, Settings};
use crate::context::Context;
use crate::deploy::{DeployRecord, Question, StageLock};
use crate::diagnose::{Evidence, diagnose};
use crate::local::{self, PythonVersion};
use crate::manifest::document::Node;
use crate::manifest::stage::StageSettings;
use crate::manifest::variables::Scope;
use crate::manifest::{Loaded, Resolved, Service};
use crate::report::ProgressView;
use std::collections::BTreeMap;

/// The stage that runs on this machine.
const LOCAL: &str = "local";

/// The service as commands that talk to AWS get it: variables that lie in AWS are resolved there.
pub fn load(context: &Context) -> Result<Loaded, Failure> {
    load_service_with(context, &remote(context))
}

/// Whoever answers for AWS. Nothing is asked before a variable asks.
pub fn remote(context: &Context) -> AwsRemote<'_> {
    AwsRemote::new(context, |scope: &Scope| {
        let stage = if context.options.local { Some(LOCAL) } else { context.options.stage.as_deref() };
        let endpoint = endpoint(context, stage.unwrap_or_default(), scope.endpoint.as_deref(), None)
            .map_err(|error| error.to_string())?;
        let caller = caller(context, &scope.aws_env, &scope.stage, scope.profile.as_deref());
        Ok(Settings { region: scope.region.clone(), caller, endpoint })
    })
}

/// Where the calls for a service go. Starts the emulator for stage local where it does not run.
pub fn settings(service: &Service, context: &Context) -> Result<Settings, Failure> {
    let runtimes = service.functions.values().filter_map(|f| f.runtime.as_deref());
    let python = runtimes.chain(service.provider.runtime.as_deref()).find_map(PythonVersion::of_runtime);
    let endpoint = endpoint(context, &service.stage, service.stage_settings.endpoint.as_deref(), python)?;
    let own = service.stage_settings.profile.as_deref();
    let own = own.or_else(|| service.provider.raw.get("profile").and_then(serde_json::Value::as_str));
    let caller = caller(context, &service.aws_env, &service.stage, own);
    Ok(Settings { region: service.region.clone(), caller, endpoint })
}

/// Where the calls for a stage would go; `None` for stage local where its emulator does not run. Starts nothing.
pub fn settings_of(resolved: &Resolved, own: &StageSettings, context: &Context) -> Option<Settings> {
    let endpoint = match context.var("AWS_ENDPOINT_URL").or(own.endpoint.as_deref()) {
        Some(url) => Endpoint::Url(url.to_owned()),
        None if resolved.stage != LOCAL => Endpoint::Aws,
        None => match local::status(context) {
            local::Status::Up(emulator) => Endpoint::Local(emulator),
            _ => return None,
        },
    };
    let of_provider = resolved.config.at("provider.profile").and_then(Node::as_str);
    let caller = caller(context, &resolved.aws_env, &resolved.stage, own.profile.as_deref().or(of_provider));
    Some(Settings { region: resolved.region.clone(), caller, endpoint })
}

/// Where calls go where there is no manifest.
pub fn bare_settings(context: &Context) -> Settings {
    let named = context.options.region.clone();
    let environment = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| context.var(name));
    let endpoint = context.var("AWS_ENDPOINT_URL").map_or(Endpoint::Aws, |url| Endpoint::Url(url.to_owned()));
    Settings {
        region: named.or_else(|| environment.map(str::to_owned)).unwrap_or_else(|| "us-east-1".to_owned()),
        caller: caller(context, &context.env, context.options.stage.as_deref().unwrap_or_default(), None),
        endpoint,
    }
}

fn caller(context: &Context, env: &BTreeMap<String, String>, stage: &str, own: Option<&str>) -> Caller {
    Caller::choose(context.options.aws_profile.as_deref(), env, stage, own)
}

fn endpoint(
    context: &Context,
    stage: &str,
    own: Option<&str>,
    python: Option<PythonVersion>,
) -> Result<Endpoint, local::LocalError> {
    if let Some(url) = context.var("AWS_ENDPOINT_URL").or(own) {
        return Ok(Endpoint::Url(url.to_owned()));
    }
    if stage != LOCAL {
        return Ok(Endpoint::Aws);
    }
    let options = local::Options { python, ..Default::default() };
    Ok(Endpoint::Local(local::start(context, &options)?))
}

/// What a command that changes a stage begins with: the service, the go-ahead, the stage's lock.
pub struct Changing {
    /// The service.
    pub service: Service,
    /// Shows what goes on.
    pub view: ProgressView,
    _lock: StageLock,
}

/// Begins a change of a stage. `action` is such as `deploy to it`.
///
/// # Errors
/// The manifest is wrong, a protected stage was not confirmed, or another rlx works on the stage.
pub fn changing(context: &Context, confirm: &ConfirmArgs, action: &str) -> Result<Changing, Failure> {
    let service = load(context)?.service;
    guard::confirm(context, confirm, &service.stage_settings, &service.stage, action)?;
    let holder = format!("process {} of {}, since {}", std::process::id(), context.who(), (context.now)());
    let lock = StageLock::take(&service.dir, &service.stage, &holder).map_err(|error| failure(&error, context))?;
    // Seconds that each resource took the last time.
    let estimates = DeployRecord::read(&service.dir, &service.stage).map(|r| r.durations).unwrap_or_default();
    Ok(Changing { view: ProgressView::new(&context.report, estimates), service, _lock: lock })
}

impl Changing {
    /// Answers what comes up on the way: the user does where there is one, else what loses nothing.
    pub fn answer(&self, question: &Question<'_>, endpoint: &Endpoint, context: &Context) -> bool {
        match question {
            _ if context.options.yes => true,
            Question::Delete { .. } if matches!(endpoint, Endpoint::Local(_)) => true,
            _ if context.report.can_ask => self.view.ask(&question.to_string()),
            // It has no resources any more.
            Question::Delete { status, .. } => *status == "ROLLBACK_COMPLETE",
            Question::Wait { .. } => false,
        }
    }
}

/// Runs a command's work with AWS; what it failed with becomes a failure that knows the stage.
pub fn with_aws<T, E>(
    service: &Service,
    context: &Context,
    work: impl AsyncFnOnce(&Aws) -> Result<T, E>,
) -> Result<T, Failure>
where
    E: Into<crate::deploy::DeployError>,
{
    let settings = settings(service, context)?;
    let done = crate::aws::block_on(async {
        let aws = Aws::new(context, settings).await;
        check_account(service, context, &aws).await?;
        let result = work(&aws).await;
        if context.report.verbosity > 0 {
            let (count, retries) = (aws.calls().count(), aws.calls().retries());
            context.report.note(&format!("{count} AWS calls, {retries} of them retries"));
        }
        result.map_err(|error| failure_of(Some(service), &error.into(), context))
    });
    done.unwrap_or_else(|error| Err(Failure::new(ExitKind::Failed, format!("cannot start the runtime: {error}"))))
}

/// Whose credentials they are: refused before anything is read or changed where the stage belongs to another account,
/// told with `-v`.
async fn check_account(service: &Service, context: &Context, aws: &Aws) -> Result<(), Failure> {
    let bound = service.stage_settings.account.is_some() && !matches!(aws.endpoint(), Endpoint::Local(_));
    if !bound && context.report.verbosity == 0 {
        return Ok(());
    }
    match aws.identity().await {
        Ok(identity) => {
            if context.report.verbosity > 0 {
                let origin =
                    aws.credentials_origin().await.map(|origin| format!(", from {origin}")).unwrap_or_default();
                let (arn, account) = (&identity.arn, &identity.account);
                context.report.note(&format!("Credentials of {arn} (account {account}){origin}"));
            }
            if bound { guard::check_account(service, &identity.account) } else { Ok(()) }
        }
        Err(error) if bound => Err(failure(&error.into(), context)),
        Err(_) => Ok(()),
    }
}

/// A failure of the deploy room, with what to do next for this stage.
pub fn failure(error: &crate::deploy::DeployError, context: &Context) -> Failure {
    failure_of(None, error, context)
}

/// The same where the service is known: its template tells on what it needs an action.
fn failure_of(service: Option<&Service>, error: &crate::deploy::DeployError, context: &Context) -> Failure {
    use crate::deploy::DeployError as E;
    let kind = match error {
        E::Aws(call) if call.is_denied() || call.is_bad_credentials() => ExitKind::Denied,
        E::Interrupted { .. } => ExitKind::Interrupted,
        E::NotImported(_) | E::NotRetained { .. } => ExitKind::Usage,
        _ => ExitKind::Failed,
    };
    let mut failure = Failure::new(kind, error.to_string());
    failure.details = error.details();
    let mut diagnoses = diagnose(&Evidence::of_error(error));
    if let Some(service) = service {
        narrow_to(service, &mut diagnoses);
    }
    failure.details.extend(context.report.short_diagnosis(&diagnoses));
    failure.hints = error.hints(&stage_flag(context));
    failure
}

/// How the stage was named on the command line, with a leading space.
pub fn stage_flag(context: &Context) -> String {
    match (&context.options.stage, context.options.local) {
        (_, true) => " --local".to_owned(),
        (Some(stage), false) => format!(" --stage {stage}"),
        (None, false) => String::new(),
    }
}
