//! The manifest as commands get it: from flags, environment and directory, problems already said.

use super::{ExitKind, Failure, OutputFormat};
use crate::context::Context;
use crate::manifest::variables::{Offline, Remote};
use crate::manifest::{self, LoadFailure, LoadRequest, Loaded, Resolved};
use crate::report::Findings;
use serde_json::json;
use std::collections::BTreeMap;

/// Reads and validates the manifest; warnings go to stderr.
///
/// # Errors
/// It cannot be used: every problem, rendered, with exit code 2.
pub fn load_service(context: &Context) -> Result<Loaded, Failure> {
    load_service_with(context, &Offline)
}

/// As [`load_service`], with somebody who answers for AWS.
///
/// # Errors
/// It cannot be used: every problem, rendered, with exit code 2.
pub fn load_service_with(context: &Context, remote: &dyn Remote) -> Result<Loaded, Failure> {
    let mut loaded = manifest::load(&request(context, remote)).map_err(|failure| refuse(context, &failure))?;
    context.report.hidden.add(&hidden(&loaded));
    let findings =
        Findings { problems: &loaded.problems, sources: &loaded.service.sources, config: Some(&loaded.service.config) };
    warn(context, &findings);
    crate::build::prepare(&mut loaded.service);
    Ok(loaded)
}

/// The secrets that say more than a name which rlx must be free to say.
fn hidden(loaded: &Loaded) -> Vec<String> {
    let service = &loaded.service;
    let stack = service.stack_name();
    let of_functions = service.functions.values().flat_map(|function| [&*function.key, &*function.name]);
    let said = [&*service.name, &*service.stage, &*service.region, &*stack, "true", "false"];
    let said: Vec<&str> = said.into_iter().chain(of_functions).collect();
    let secrets = loaded.secrets.iter().filter(|secret| !said.iter().any(|name| name.contains(secret.as_str())));
    secrets.cloned().collect()
}

/// Reads the manifest and resolves its variables as far as it can; warnings go to stderr.
/// `change` may ask for another stage, or for an explanation.
///
/// # Errors
/// It cannot be read, or a variable is wrong: every problem, rendered, with exit code 2.
pub fn resolve_service_with(
    context: &Context,
    remote: &dyn Remote,
    change: impl FnOnce(&mut LoadRequest<'_>),
) -> Result<Resolved, Failure> {
    let mut request = request(context, remote);
    change(&mut request);
    let resolved = manifest::resolve(&request).map_err(|failure| refuse(context, &failure))?;
    let findings =
        Findings { problems: &resolved.problems, sources: &resolved.sources, config: Some(&resolved.config) };
    warn(context, &findings);
    Ok(resolved)
}

/// As [`resolve_service_with`], but nothing is said: `None` where the manifest cannot be resolved so.
pub fn resolve_quietly(
    context: &Context,
    remote: &dyn Remote,
    change: impl FnOnce(&mut LoadRequest<'_>),
) -> Option<Resolved> {
    let mut request = request(context, remote);
    change(&mut request);
    manifest::resolve(&request).ok()
}

fn request<'a>(context: &Context, remote: &'a dyn Remote) -> LoadRequest<'a> {
    let options = &context.options;
    let text = |value: &Option<String>| value.clone().filter(|v| !v.is_empty());
    let stage = if options.local { Some("local".to_owned()) } else { text(&options.stage) };
    let mut given = BTreeMap::new();
    if let Some(profile) = text(&options.aws_profile) {
        given.insert("aws-profile".to_owned(), profile.into());
    }
    if let Some(config) = &options.config {
        given.insert("config".to_owned(), config.display().to_string().into());
    }
    if options.verbose > 0 {
        given.insert("verbose".to_owned(), true.into());
    }
    LoadRequest {
        dir: context.cwd.clone(),
        config: options.config.clone(),
        stage,
        region: text(&options.region),
        options: given,
        params: options.param.clone(),
        env: context.env.clone(),
        instance_id: (context.now)().as_millisecond().to_string(),
        remote,
        strict: options.strict,
        explain: None,
    }
}

/// Says problems of the manifest that are no errors.
pub fn warn(context: &Context, findings: &Findings<'_>) {
    if !findings.problems.0.is_empty() {
        context.report.note(&findings.render(context.report.color));
    }
}

fn refuse(context: &Context, failure: &LoadFailure) -> Failure {
    context.report.hidden.add(&failure.secrets);
    let refused = refused(
        context,
        &Findings { problems: &failure.problems, sources: &failure.sources, config: failure.config.as_ref() },
    );
    match failure.unsaid {
        // Its default in version 3 of the framework, unlike in later ones.
        true => refused.hint("`configValidationMode: warn` in the manifest makes warnings of what its schema refuses"),
        false => refused,
    }
}

/// The manifest's problems as a failure; under `--output json` also as data.
pub fn refused(context: &Context, findings: &Findings<'_>) -> Failure {
    if context.report.format == OutputFormat::Json {
        context.report.result(&json!({ "version": 1, "problems": findings.json() }), "");
    }
    Failure::new(ExitKind::Usage, "").detail(findings.render(context.report.color))
}
