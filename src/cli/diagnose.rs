//! `rlx diagnose`: why something was denied or failed, and the smallest change that mends it.

use super::assemble::{Purpose, compile_checked};
use super::reach::Reach;
use super::{ExitKind, Failure, OutputFormat, cloudtrail, diagnose_apply, permissions, target};
use crate::aws::permissions::preflight;
use crate::aws::policies::{policies, untold};
use crate::aws::{Aws, AwsError, Named};
use crate::context::Context;
use crate::deploy::{self, DeployError, DeployRecord, Stack};
use crate::diagnose::{Diagnosis, Evidence, Further, Kind, check, decoded, diagnose, narrow, remedy};
use crate::iam::evaluate::Caller;
use crate::iam::preflight::Method;
use crate::iam::requirements::{Document, DocumentOptions, MAX_LENGTH};
use crate::manifest::Service;
use crate::package::Artifacts;
use serde_json::{Value, json};
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::time::Duration;

/// The most that is kept of standard input, in bytes: its end, where a log tells of the failure.
const LONGEST_INPUT: usize = 32 * 1024 * 1024;
/// What an answer that is not needed may cost.
const PATIENCE: Duration = Duration::from_secs(5);

/// Explain a denied or failed deploy, and what to change
///
/// Reads any text on standard input or of --message: a CI log, an error, stack events. Without one: the last
/// deploy of the stage that failed.
#[derive(Debug, clap::Args)]
pub struct DiagnoseArgs {
    /// The text to explain [default: standard input]
    #[arg(long, short, value_name = "TEXT", conflicts_with_all = ["stack", "request_id"])]
    pub message: Option<String>,
    /// Tell what the next deploy would be denied, without deploying
    #[arg(long, conflicts_with_all = ["message", "stack", "request_id", "fix", "apply"])]
    pub preflight: bool,
    /// Explain what failed in the last operation on a stack, nested stacks included
    #[arg(long, value_name = "NAME", conflicts_with = "request_id")]
    pub stack: Option<String>,
    /// Explain the call of a request id, found in CloudTrail (which knows it some minutes later)
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
    /// Write the policy that is missing, and all that this service's deploy needs, to a file
    #[arg(long, value_name = "FILE")]
    pub fix: Option<PathBuf>,
    /// Put the missing statements on the denied user or role, after asking
    #[arg(long)]
    pub apply: bool,
}

/// Finds the evidence, prints what it means.
pub fn run(args: &DiagnoseArgs, context: &Context) -> Result<ExitKind, Failure> {
    if args.preflight {
        return super::preflight::run(context);
    }
    let mut found = match (&args.message, &args.stack, &args.request_id) {
        (Some(text), _, _) => Found::of_text(text.clone()),
        (_, Some(stack), _) => of_stack(stack, context)?,
        (_, _, Some(id)) => of_request(id, context)?,
        _ => match standard_input()? {
            Some(text) => Found::of_text(text),
            None => of_last_deploy(context)?,
        },
    };
    if let Found { diagnoses, reach: Some(reach), foreign: false } = &mut found
        && let Some(service) = reach.service()
    {
        narrow_to(service, diagnoses);
    }
    let needs = found.needs(context);
    let further = needs.as_ref().and_then(|needs| Further::of(&needs.documents, needs.narrowed, &found.diagnoses));
    if let (Some(first), Some(further)) = (found.diagnoses.first_mut(), &further) {
        remedy::ask_for_all(first, further);
    }
    context.report.diagnoses(&found.diagnoses, further.as_ref());
    if let Some(file) = &args.fix {
        let documents = fix(&found, needs.as_ref(), context)?;
        let path = context.cwd.join(file);
        std::fs::write(&path, format!("{documents:#}\n"))
            .map_err(|error| Failure::new(ExitKind::Failed, format!("cannot write {}: {error}", path.display())))?;
        context.report.note(&format!("Wrote {}: attach it to {}", path.display(), holder(&found.diagnoses)));
    }
    if args.apply {
        return diagnose_apply::run(found.diagnoses.first(), context);
    }
    Ok(ExitKind::Done)
}

/// What was found out, and where more may be asked.
struct Found {
    diagnoses: Vec<Diagnosis>,
    /// How AWS was asked; `None` where only a text was read, which asks nobody.
    reach: Option<Reach>,
    /// Whether it was something else than the stack of the service here.
    foreign: bool,
}

/// What a deploy needs of its caller.
struct Needs {
    /// Policies.
    documents: Vec<Value>,
    /// Whether they hold just what the caller lacks.
    narrowed: bool,
}

impl Found {
    fn of_text(text: String) -> Self {
        Self { diagnoses: diagnose(&Evidence::text(text)), reach: None, foreign: false }
    }

    /// With what AWS adds: decoded messages, and what the policies of the denied principal say.
    fn of_aws(mut diagnoses: Vec<Diagnosis>, reach: Reach, context: &Context) -> Self {
        decode(&mut diagnoses, &reach, context);
        check_first(&mut diagnoses, &reach, context);
        Self { diagnoses, reach: Some(reach), foreign: false }
    }

    /// The service whose failure it was.
    fn service(&self) -> Option<&Service> {
        self.reach.as_ref().filter(|_| !self.foreign).and_then(Reach::service)
    }

    /// All that a deploy of the service here needs, where the first failure is a missing permission, or a boundary
    /// around permissions: more of its kind may wait behind it.
    fn needs(&self, context: &Context) -> Option<Needs> {
        let first =
            self.diagnoses.first().filter(|first| !first.statements.is_empty() || remedy::asks_for_all(first))?;
        if self.foreign || is_of_a_function(first, self.service()) {
            return None;
        }
        let lacking = self.reach.as_ref().and_then(|reach| lacking(first, reach, context));
        if let Some(documents) = lacking {
            return Some(Needs { documents, narrowed: true });
        }
        Some(Needs { documents: needed(&self.diagnoses, context)?, narrowed: false })
    }
}

/// Puts what the template says in place of resources that messages keep back, where whoever deploys was denied.
pub(super) fn narrow_to(service: &Service, diagnoses: &mut [Diagnosis]) {
    let of_deploy = |d: &Diagnosis| narrow::is_open(d) && !is_of_a_function(d, Some(service));
    if diagnoses.first().is_some_and(of_deploy) {
        let (template, _) = compile_checked(service, &Artifacts::default(), Purpose::Package);
        narrow::narrow(diagnoses, &super::preflight::required(service, &template));
    }
}

/// Whether a function's role was denied, not whoever deploys: it needs nothing of what a deploy needs. Lambda names
/// the sessions of a function's role after the function.
fn is_of_a_function(diagnosis: &Diagnosis, service: Option<&Service>) -> bool {
    let custom = diagnosis
        .resource_type
        .as_deref()
        .is_some_and(|kind| kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource");
    let session = diagnosis.principal.as_deref().filter(|arn| arn.contains(":assumed-role/"));
    let session = session.and_then(|arn| arn.rsplit('/').next());
    let of_service = service.zip(session).is_some_and(|(service, session)| {
        session.strip_prefix(&service.stack_name()).is_some_and(|rest| rest.starts_with('-'))
    });
    diagnosis.kind == Kind::ExecutionRoleLacks || custom || of_service
}

/// What the policy of --fix belongs to.
fn holder(diagnoses: &[Diagnosis]) -> String {
    let first = diagnoses.iter().find(|diagnosis| !diagnosis.statements.is_empty());
    match first.and_then(|diagnosis| diagnosis.principal.as_deref()).and_then(remedy::identity) {
        Some((kind, name)) => format!("{kind} {name}"),
        None if first.is_some_and(|diagnosis| diagnosis.kind == Kind::ExecutionRoleLacks) => {
            "the role that lacks it".to_owned()
        }
        None => "the identity that deploys".to_owned(),
    }
}

/// The policies that a deploy of the service here needs; `None` where there is none, or none that can be used: what
/// is wrong with it is not the question.
fn needed(diagnoses: &[Diagnosis], context: &Context) -> Option<Vec<Value>> {
    // Programs are not run for this.
    let names = ["rlx.yml", "rlx.yaml", "serverless.yml", "serverless.yaml", "serverless.json"];
    let here = context.options.config.is_some() || names.iter().any(|name| context.cwd.join(name).is_file());
    if !here {
        return None;
    }
    let account = diagnoses.iter().find_map(|diagnosis| remedy::account(diagnosis.principal.as_deref()));
    // Problems of the manifest go to stderr; stdout is for the answer.
    let mut aside = context.clone();
    aside.report.format = OutputFormat::Text;
    permissions::documents_of(&aside, account).ok()
}

/// What the caller lacks of all that a deploy needs, where the caller is the one that was denied and it can be known.
fn lacking(diagnosis: &Diagnosis, reach: &Reach, context: &Context) -> Option<Vec<Value>> {
    let service = reach.service()?;
    let (template, _) = compile_checked(service, &Artifacts::default(), Purpose::Package);
    let required = super::preflight::required(service, &template);
    let denied = diagnosis.principal.as_deref();
    let found = ask(reach, context, async |aws: &Aws| {
        let caller = aws.identity().await?.arn;
        let same = denied.is_none_or(|denied| remedy::identity(denied) == remedy::identity(&caller));
        Ok(if same { Some(preflight(aws, &required).await) } else { None })
    })??;
    let known = matches!(found.method, Method::Simulated | Method::Evaluated);
    let documents = found.denied.documents(&DocumentOptions::default());
    known.then(|| documents.iter().map(Document::to_json).collect())
}

/// Reads the policies of whoever was denied first, as far as that is allowed.
fn check_first(diagnoses: &mut [Diagnosis], reach: &Reach, context: &Context) {
    let Some(diagnosis) = diagnoses.first_mut().filter(|diagnosis| check::is_open(diagnosis)) else { return };
    let Some(principal) = diagnosis.principal.as_deref().and_then(Caller::from_arn) else { return };
    let answer = ask(reach, context, async |aws: &Aws| {
        let caller = aws.identity().await?.arn;
        let read = match untold(&principal) {
            Some(reason) => Err(reason),
            None => {
                policies(aws, &principal).await.map_err(|e| format!("they may not be read with these credentials: {e}"))
            }
        };
        Ok((caller, read))
    });
    match answer {
        Some((caller, Ok(policies))) => check::apply(diagnosis, &caller, &policies),
        Some((caller, Err(reason))) => check::unknown(diagnosis, &caller, reason),
        None => {}
    }
}

/// An answer of AWS that is of use but not needed: `None` where it does not come in time.
fn ask<T>(reach: &Reach, context: &Context, question: impl AsyncFnOnce(&Aws) -> Result<T, AwsError>) -> Option<T> {
    let answer = reach.with_aws(context, async |aws: &Aws| {
        let answer = tokio::time::timeout(PATIENCE, question(aws)).await;
        answer.ok().transpose().map_err(DeployError::from)
    });
    answer.ok().flatten()
}

/// What stands on standard input, where something is piped into it.
fn standard_input() -> Result<Option<String>, Failure> {
    if std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let bytes = end_of(std::io::stdin().lock(), LONGEST_INPUT)
        .map_err(|error| Failure::new(ExitKind::Failed, format!("cannot read standard input: {error}")))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

/// The last bytes of an input, however long it is.
fn end_of(mut input: impl Read, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let read = input.by_ref().take(most as u64).read_to_end(&mut bytes)?;
        if bytes.len() > most {
            bytes.drain(..bytes.len() - most);
        }
        if read == 0 {
            return Ok(bytes);
        }
    }
}

/// The record of the stage's last deploy, with what AWS adds to it.
fn of_last_deploy(context: &Context) -> Result<Found, Failure> {
    let service = target::load(context)
        .map_err(|failure| {
            failure.hint("to explain a text instead, pipe it in: rlx diagnose < deploy.log, or give --message")
        })?
        .service;
    let record = DeployRecord::read(&service.dir, &service.stage);
    let evidence = match &record {
        Some(record) if record.outcome == deploy::Outcome::Succeeded => {
            context.report.note(&format!("The last deploy of stage {} succeeded ({})", service.stage, record.id));
            return Ok(Found { diagnoses: Vec::new(), reach: None, foreign: false });
        }
        Some(record) => Evidence::record(record),
        None => Evidence::default(),
    };
    let told = !evidence.events.is_empty() || evidence.text.is_some();
    if told {
        return Ok(Found::of_aws(diagnose(&evidence), Reach::Service(Box::new(service)), context));
    }
    let stack = service.stack_name();
    of_stack_with(Reach::Service(Box::new(service)), &stack, context)
}

fn of_stack(stack: &str, context: &Context) -> Result<Found, Failure> {
    let reach = Reach::find(context)?;
    let own = reach.service().is_some_and(|service| service.stack_name() == stack);
    Ok(Found { foreign: !own, ..of_stack_with(reach, stack, context)? })
}

fn of_stack_with(reach: Reach, stack: &str, context: &Context) -> Result<Found, Failure> {
    let events = reach.with_aws(context, async |aws: &Aws| {
        let found = Stack::describe(aws, stack).await?;
        // A stack that was deleted is still known by its id.
        let name = found.map_or_else(|| stack.to_owned(), |stack| stack.id);
        deploy::failures(aws, &name).await.map_err(DeployError::from)
    })?;
    if events.is_empty() {
        context.report.note(&format!("Nothing failed in the last operation on stack {stack}"));
    }
    Ok(Found::of_aws(diagnose(&Evidence::events(events)), reach, context))
}

/// The event of a request in CloudTrail, read as any other text.
fn of_request(id: &str, context: &Context) -> Result<Found, Failure> {
    let reach = Reach::find(context)?;
    let event = cloudtrail::event(id, &reach, context)?;
    if let Some(call) = cloudtrail::succeeded(&event) {
        context.report.note(&format!("CloudTrail has request {id}, which succeeded: {call}"));
        return Ok(Found { diagnoses: Vec::new(), reach: None, foreign: false });
    }
    Ok(Found::of_aws(diagnose(&Evidence::text(event.to_string())), reach, context))
}

/// Asks STS what encoded messages say; where that is not allowed, the diagnosis stays as it is.
fn decode(diagnoses: &mut [Diagnosis], reach: &Reach, context: &Context) {
    for diagnosis in diagnoses {
        let Some(encoded) = diagnosis.encoded_message.clone() else { continue };
        let answer = reach.with_aws(context, async |aws: &Aws| {
            let call = aws.sts().decode_authorization_message().encoded_message(encoded);
            call.send().await.named("STS", "DecodeAuthorizationMessage").map_err(DeployError::from)
        });
        match answer.map(|answer| answer.decoded_message) {
            Ok(Some(message)) => decoded::apply(diagnosis, &message),
            _ => context.report.note("The encoded message could not be decoded (sts:DecodeAuthorizationMessage)"),
        }
    }
}

/// Adds statements to the last policy where they fit, else as a policy of their own.
fn append(documents: &mut Vec<Value>, statements: Vec<Value>) {
    if let Some(last) = documents.last_mut() {
        let mut whole = last.clone();
        if let Some(own) = whole.get_mut("Statement").and_then(Value::as_array_mut) {
            own.extend(statements.iter().cloned());
            if whole.to_string().len() <= MAX_LENGTH {
                *last = whole;
                return;
            }
        }
    }
    documents.push(json!({ "Version": "2012-10-17", "Statement": statements }));
}

/// The policies to attach: what was denied, and all that a deploy of the service here lacks or needs.
fn fix(found: &Found, needs: Option<&Needs>, context: &Context) -> Result<Value, Failure> {
    let diagnoses = &found.diagnoses;
    let mendable = diagnoses.iter().any(remedy::may_be_mended_by_identity);
    let mut documents = match needs {
        // What a boundary keeps out is not mended by a policy for the caller.
        _ if diagnoses.first().is_some_and(remedy::asks_for_all) => Vec::new(),
        Some(needs) => needs.documents.clone(),
        // A refusal that does not say what was refused: what the deploy needs may hold it.
        None if mendable && !found.foreign && !diagnoses.iter().take(1).any(|first| is_of_a_function(first, None)) => {
            needed(diagnoses, context).unwrap_or_default()
        }
        None => Vec::new(),
    };
    let missing: Vec<Value> = remedy::beyond(diagnoses, &documents);
    if !missing.is_empty() {
        append(&mut documents, missing);
    }
    match documents.len() {
        0 => Err(Failure::new(ExitKind::Failed, "no policy would mend this")
            .hint("the answer of rlx diagnose says where the change must be made")),
        1 => Ok(documents.remove(0)),
        _ => Ok(Value::Array(documents)),
    }
}

#[cfg(test)]
mod tests {
    use super::end_of;

    #[test]
    fn of_a_long_input_the_end_is_kept() {
        assert_eq!(end_of(&b"0123456789"[..], 4).unwrap(), b"6789");
        assert_eq!(end_of(&b"01"[..], 4).unwrap(), b"01");
        assert_eq!(end_of(&b""[..], 4).unwrap(), b"");
    }
}
