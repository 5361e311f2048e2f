//! `rlx invoke local`: runs a function on this machine.

use super::assemble::{Purpose, compile_checked};
use super::invoke::{Answer, EventArgs};
use super::{ExitKind, Failure, logs, target};
use crate::aws::{Aws, AwsError, Caller, Named, Settings, block_on};
use crate::context::Context;
use crate::local::run::{self, Job, Program, layer_paths, prepend, unpack};
use crate::manifest::{Service, Severity};
use crate::package::{self, Artifacts, HostTarget, PackageRequest, Stage};
use crate::template::naming;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Run a function on this machine: python, nodejs and provided ones
#[derive(Debug, clap::Args)]
pub struct InvokeLocalArgs {
    /// The function, by its name in the manifest
    #[arg(required_unless_present_any = ["function_flag", "wsgi"])]
    pub function: Option<String>,
    /// The same
    #[arg(long = "function", short, value_name = "FUNCTION", conflicts_with = "function")]
    pub function_flag: Option<String>,
    #[command(flatten)]
    pub event: EventArgs,
    /// An environment variable for this call; may be repeated
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = pair)]
    pub env: Vec<(String, String)>,
    /// Client context, JSON
    #[arg(long, value_name = "JSON")]
    pub context: Option<String>,
    /// File with the client context
    #[arg(long, short = 'x', value_name = "FILE", conflicts_with = "context")]
    pub context_path: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "it should be KEY=VALUE".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Packages the function for this machine, runs it and prints its answer.
pub fn run(args: &InvokeLocalArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let key = &args.event.function(args.function.as_ref().or(args.function_flag.as_ref()), &service)?;
    let name = logs::deployed_name(&service, key)?;
    let event = args.event.read(context)?;
    let client_context = client_context(args, context)?;

    let (template, _) = compile_checked(&service, &Artifacts::default(), Purpose::Package);
    let resource = template.resource(&naming::function::logical_id(key));
    let empty = Map::new();
    let properties = resource.and_then(|r| r.get("Properties")?.as_object()).unwrap_or(&empty);
    let text = |name: &str| properties.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |name: &str, default: u64| properties.get(name).and_then(Value::as_u64).unwrap_or(default);
    let runtime = text("Runtime");
    if runtime.is_empty() {
        return Err(Failure::new(ExitKind::Usage, format!("function `{key}` is a container image"))
            .hint("run the image with docker, or deploy it and call it: rlx invoke"));
    }

    let interpreter = Program::interpreter(context, &runtime)?;
    let dir = service.dir.join(".rlx").join(&service.stage).join("run");
    let code = Code::package(&service, context, &dir, key, interpreter.as_ref())?;
    let program = match interpreter {
        Some(program) => program,
        None => Program::bootstrap(&code.function, &runtime)?,
    };
    if let Some(note) = &program.note {
        context.report.note(note);
    }
    let settings = target::settings(&service, context)?;
    let mut env = context.env.clone();
    env.extend(aws_environment(&settings, context)?);
    for (name, paths) in layer_paths(&code.layers(properties, context)?) {
        prepend(&mut env, name, &paths);
    }
    env.extend(variables(&service, &name, properties, settings.region.as_str(), context));
    env.extend(args.env.iter().cloned());
    let job = Job {
        program,
        code: code.function,
        handler: text("Handler"),
        name,
        region: settings.region.clone(),
        account: service.stage_settings.account.clone().unwrap_or_else(|| "000000000000".to_owned()),
        memory: number("MemorySize", 1024),
        timeout: Duration::from_secs(number("Timeout", 6)),
        event,
        client_context,
        env,
    };
    let answer = run::run(&job)?;
    context.report.verbose(&format!("{key} took {} ms", answer.took.as_millis()));
    let answer = Answer {
        status: 200,
        error: answer.failed.then(|| "Unhandled".to_owned()),
        version: Some("$LATEST".to_owned()),
        log: None,
        payload: answer.payload,
    };
    args.event.say(key, &answer, context)
}

fn client_context(args: &InvokeLocalArgs, context: &Context) -> Result<Option<String>, Failure> {
    let text = match (&args.context, &args.context_path) {
        (Some(text), _) => text.clone(),
        (None, None) => return Ok(None),
        (None, Some(path)) => {
            let path = context.cwd.join(path);
            std::fs::read_to_string(&path)
                .map_err(|e| Failure::new(ExitKind::Usage, format!("cannot read {}: {e}", path.display())))?
        }
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(value) => Ok(Some(value.to_string())),
        Err(error) => Err(Failure::new(ExitKind::Usage, format!("the context is not JSON: {error}"))),
    }
}

/// The unpacked archives.
struct Code {
    /// That of the function.
    function: PathBuf,
    artifacts: Artifacts,
    dir: PathBuf,
}

impl Code {
    /// Packages a function for this machine, beside what is packaged for AWS.
    fn package(
        service: &Service,
        context: &Context,
        dir: &Path,
        key: &str,
        interpreter: Option<&Program>,
    ) -> Result<Self, Failure> {
        let python = interpreter.map(|program| program.path.display().to_string());
        let request = PackageRequest {
            out_dir: dir,
            cache_dir: &context.cache_dir,
            env: &context.env,
            functions: Some(&[key.to_owned()]),
            missing_handler: Severity::Error,
            target_override: Some(HostTarget { python }),
            progress: &|step| match step.stage {
                Stage::Building(_) => context.report.note(&step.to_string()),
                _ => context.report.verbose(&step.to_string()),
            },
        };
        let packaged = package::package(service, &request)?;
        super::assemble::refuse_errors(service, context, &packaged.notes)?;
        let artifact = packaged
            .artifacts
            .of_function(key)
            .ok_or_else(|| Failure::new(ExitKind::Usage, format!("function `{key}` has no archive")))?;
        let function = unpack(&artifact.path, &artifact.sha256, dir, &format!("{key}-function"))?;
        Ok(Self { function, artifacts: packaged.artifacts, dir: dir.to_owned() })
    }

    /// The unpacked layers of the service that a function uses.
    fn layers(&self, properties: &Map<String, Value>, context: &Context) -> Result<Vec<PathBuf>, Failure> {
        let used = properties.get("Layers").and_then(Value::as_array).into_iter().flatten();
        let mut found = Vec::new();
        for layer in used {
            let id = layer.get("Ref").and_then(Value::as_str);
            let own = self.artifacts.artifacts.iter().find_map(|artifact| {
                let key = artifact.layers.iter().find(|key| Some(naming::layer::logical_id(key).as_str()) == id)?;
                Some((artifact, key))
            });
            match own {
                Some((artifact, key)) => {
                    found.push(unpack(&artifact.path, &artifact.sha256, &self.dir, &format!("{key}-layer"))?);
                }
                None => context.report.warn(&format!("the layer {layer} is not on this machine: left out")),
            }
        }
        Ok(found)
    }
}

/// How an SDK in the function finds what rlx itself would talk to.
fn aws_environment(settings: &Settings, context: &Context) -> Result<BTreeMap<String, String>, Failure> {
    let mut env = BTreeMap::new();
    let mut set = |name: &str, value: &str| env.insert(name.to_owned(), value.to_owned());
    let session = block_on(async { Aws::new(context, settings.clone()).await.coded_session().await });
    let session = session.map_err(|e| Failure::new(ExitKind::Failed, format!("cannot start the runtime: {e}")))?;
    let session = session.map_err(|error| target::failure(&error.into(), context))?;
    let keys = session.as_ref().or(match &settings.caller {
        Caller::Keys(keys) => Some(keys),
        _ => None,
    });
    if let Some(keys) = keys {
        set("AWS_ACCESS_KEY_ID", keys.access_key_id());
        set("AWS_SECRET_ACCESS_KEY", keys.secret_access_key());
        set("AWS_SESSION_TOKEN", keys.session_token().unwrap_or_default());
    } else if let Some(profile) = settings.caller.profile() {
        set("AWS_PROFILE", profile);
        // Keys go over a profile, in every SDK; empty ones are none.
        if matches!(settings.caller, Caller::Profile(_)) {
            for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
                set(name, "");
            }
        }
    }
    if let Some(url) = settings.endpoint.url() {
        set("AWS_ENDPOINT_URL", &url);
    }
    if settings.takes_test_credentials(context) {
        set("AWS_ACCESS_KEY_ID", "test");
        set("AWS_SECRET_ACCESS_KEY", "test");
    }
    Ok(env)
}

/// The function's own environment. What only CloudFormation can resolve is taken from the deployed function.
fn variables(
    service: &Service,
    name: &str,
    properties: &Map<String, Value>,
    region: &str,
    context: &Context,
) -> BTreeMap<String, String> {
    let declared = properties.get("Environment").and_then(|e| e.get("Variables")?.as_object());
    let mut env = BTreeMap::new();
    let mut open = Vec::new();
    for (key, value) in declared.into_iter().flatten() {
        match plain(value, region) {
            Some(value) => {
                env.insert(key.clone(), value);
            }
            None => open.push(key.clone()),
        }
    }
    if open.is_empty() {
        return env;
    }
    let deployed = target::with_aws(service, context, async |aws: &Aws| deployed_variables(aws, name).await);
    let deployed = deployed.unwrap_or_default();
    let (found, missing): (Vec<_>, Vec<_>) = open.into_iter().partition(|key| deployed.contains_key(key));
    env.extend(found.into_iter().filter_map(|key| Some((key.clone(), deployed.get(&key)?.clone()))));
    if !missing.is_empty() {
        context.report.warn(&format!(
            "left out of the environment: {}; only the deployed function knows {}, and it cannot be asked",
            missing.join(", "),
            if missing.len() == 1 { "its value" } else { "their values" },
        ));
    }
    env
}

/// A value that needs nobody else.
fn plain(value: &Value, region: &str) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Object(map) if map.get("Ref").and_then(Value::as_str) == Some("AWS::Region") => Some(region.to_owned()),
        _ => None,
    }
}

async fn deployed_variables(aws: &Aws, name: &str) -> Result<BTreeMap<String, String>, AwsError> {
    let found = aws
        .lambda()
        .get_function_configuration()
        .function_name(name)
        .send()
        .await
        .named("Lambda", "GetFunctionConfiguration")?;
    Ok(found.environment.and_then(|e| e.variables).unwrap_or_default().into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_cloudformation_resolves_is_left_open() {
        assert_eq!(plain(&json!("a"), "r").as_deref(), Some("a"));
        assert_eq!(plain(&json!(7), "r").as_deref(), Some("7"));
        assert_eq!(plain(&json!({"Ref": "AWS::Region"}), "eu-west-1").as_deref(), Some("eu-west-1"));
        assert_eq!(plain(&json!({"Fn::GetAtt": ["Table", "Arn"]}), "r"), None);
    }
}
