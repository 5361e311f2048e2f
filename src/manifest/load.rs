//! A service directory → [`Service`]: find, read, apply the stage, resolve, validate.

use super::document::{Node, ReadError, Sources, Span, Value};
use super::model::{self, Frame};
use super::script::{self, Mode, Outcome, Script};
use super::variables::{self, Explanation, Remote, Resolution, Unresolved, World};
use super::{Problem, Problems, Service, discover, dotenv, merge, overrides, plugins, read, schema, stage};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What decides how a manifest reads.
pub struct LoadRequest<'a> {
    /// The service directory.
    pub dir: PathBuf,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--stage`.
    pub stage: Option<String>,
    /// `--region`.
    pub region: Option<String>,
    /// Further options, for `${opt:}`.
    pub options: BTreeMap<String, serde_json::Value>,
    /// `--param`, as `KEY=VALUE`.
    pub params: Vec<String>,
    /// The process environment.
    pub env: BTreeMap<String, String>,
    /// Names this run, for `${sls:instanceId}`.
    pub instance_id: String,
    /// Whoever answers for AWS.
    pub remote: &'a dyn Remote,
    /// Plugins that rlx does not know are errors.
    pub strict: bool,
    /// The path of a value whose origin is wanted.
    pub explain: Option<String>,
}

/// A manifest that cannot be used.
#[derive(Debug, Clone, Default)]
pub struct LoadFailure {
    /// All that is wrong, and warnings.
    pub problems: Problems,
    /// The files that the problems lie in.
    pub sources: Sources,
    /// The tree as far as it was read, for problems that name a path.
    pub config: Option<Node>,
    /// Values that must not be shown.
    pub secrets: Vec<String>,
    /// Whether the manifest is not valid, and does not say what then happens.
    pub unsaid: bool,
}

/// A manifest that can be used.
#[derive(Debug)]
pub struct Loaded {
    /// The model.
    pub service: Service,
    /// Warnings.
    pub problems: Problems,
    /// Values that must not be shown.
    pub secrets: Vec<String>,
}

/// A manifest whose variables are resolved, as far as they can be; not yet validated.
#[derive(Debug)]
pub struct Resolved {
    /// The manifest file.
    pub file: PathBuf,
    /// The stage that is worked on.
    pub stage: String,
    /// The region.
    pub region: String,
    /// Variables that the SDKs of AWS read, those of `.env` files included.
    pub aws_env: BTreeMap<String, String>,
    /// The values.
    pub config: Node,
    /// The files that were read.
    pub sources: Sources,
    /// What needs AWS and nobody was there to ask.
    pub unresolved: Vec<Unresolved>,
    /// Warnings.
    pub problems: Problems,
    /// Values that must not be shown.
    pub secrets: Vec<String>,
    /// How the value came about that [`LoadRequest::explain`] names.
    pub explanation: Vec<Explanation>,
}

/// Reads a manifest into the model that every later room uses.
///
/// # Errors
/// Nothing was found, or what was found is not valid, or a variable has no value.
pub fn load(request: &LoadRequest<'_>) -> Result<Loaded, LoadFailure> {
    let mut resolved = resolve(request)?;
    let mut problems = std::mem::take(&mut resolved.problems);
    for left in &resolved.unresolved {
        let problem = Problem::at(&left.path, format!("`{}` has no value: {}", left.text, left.why));
        problems.push(problem.help("configure AWS credentials, or give the value with --param or a default"));
    }
    normalise(&mut resolved.config, &mut problems);
    if plugins::uses(&plugins::names(&resolved.config), plugins::DOTENV) {
        let stage = request.stage.as_deref();
        let around = plugins::Surroundings { dir: &request.dir, stage, env: &request.env };
        problems.extend(plugins::load_dotenv(&mut resolved.config, around));
    }
    let verdict = plugins::check(&resolved.config, request.strict);
    problems.extend(verdict.problems);
    if let Err(problem) = stage::check_listed(&resolved.config, &resolved.stage) {
        problems.push(problem);
    }
    let names = plugins::names(&resolved.config);
    let foreign = plugins::has_foreign(&resolved.config);
    let parked = stage::park_others(&mut resolved.config, &resolved.stage);
    let invalid = schema::validate(&mut resolved.config, &schema::schema(&names), foreign);
    let unsaid = invalid.has_errors() && schema::is_unsaid(&resolved.config);
    problems.extend(invalid);
    stage::unpark(&mut resolved.config, parked);
    let secrets = resolved.secrets;
    let failure = |problems, sources, config, secrets| LoadFailure { problems, sources, config, secrets, unsaid };
    if problems.has_errors() {
        return Err(failure(problems, resolved.sources, Some(resolved.config), secrets));
    }
    let frame = Frame {
        stage: resolved.stage,
        region: resolved.region,
        aws_env: resolved.aws_env,
        dir: request.dir.clone(),
        file: resolved.file,
        sources: resolved.sources,
    };
    match model::service(resolved.config, frame) {
        Ok(mut service) => {
            problems.extend(plugins::complete(&mut service));
            if problems.has_errors() {
                return Err(failure(problems, service.sources, Some(service.config), secrets));
            }
            Ok(Loaded { service, problems, secrets })
        }
        Err((more, sources)) => {
            problems.extend(more);
            Err(failure(problems, sources, None, secrets))
        }
    }
}

/// Reads a manifest and resolves its variables.
///
/// # Errors
/// Nothing was found, or it cannot be read, or a variable is wrong.
pub fn resolve(request: &LoadRequest<'_>) -> Result<Resolved, LoadFailure> {
    let mut sources = Sources::default();
    let fail = |problems: Problems, sources: Sources| LoadFailure {
        problems,
        sources,
        config: None,
        secrets: Vec::new(),
        unsaid: false,
    };
    let file = discover::manifest(&request.dir, request.config.as_deref())
        .map_err(|p| fail(ReadError::from(p).into(), Sources::default()))?;
    let mut config = match read_manifest(&file, request, &mut sources) {
        Ok(config) => config,
        Err(error) => return Err(fail(error.into(), sources)),
    };
    let mut problems = Problems::default();
    let mut world = world(request, &mut problems);
    let early = variables::resolve(&world, config.clone(), sources.clone(), &["provider.stage", "useDotenv"]);
    let stage = match stage_name(request, &early) {
        Ok(stage) => stage,
        Err(problem) => {
            problems.extend(early.problems);
            problems.push(problem);
            return Err(fail(problems, early.documents));
        }
    };
    let dotenv =
        matches!(early.config.get("useDotenv"), Some(node) if !matches!(node.value, Value::Null | Value::Bool(false)));
    if dotenv {
        match dotenv::of_stage(&request.dir, &stage, &world.env) {
            Ok(found) => world.env.extend(found),
            Err(message) => problems.push(Problem::nowhere(message)),
        }
    }
    let mut secrets = Vec::new();
    match overrides::apply(&mut config, &stage, &world, &mut sources, &mut secrets) {
        Ok(variables) => {
            let given = |name: &String| request.env.contains_key(name);
            world.env.extend(variables.into_iter().filter(|(name, _)| !given(name)));
        }
        Err(more) => {
            problems.extend(more);
            return Err(LoadFailure { problems, sources, config: Some(config), secrets, unsaid: false });
        }
    }
    if let Some(region) = &request.region {
        world.options.insert("region".to_owned(), region.as_str().into());
    }
    let resolution = variables::resolve(&world, config, sources, &[]);
    secrets.extend(resolution.secrets);
    problems.extend(resolution.problems);
    if problems.has_errors() {
        let config = Some(resolution.config);
        return Err(LoadFailure { problems, sources: resolution.documents, config, secrets, unsaid: false });
    }
    let configured = resolution.config.at("provider.region").and_then(Node::as_str).map(str::to_owned);
    let region = request.region.clone().or(configured).unwrap_or_else(|| super::DEFAULT_REGION.to_owned());
    Ok(Resolved {
        file,
        stage,
        region,
        aws_env: variables::aws_env(&world.env),
        config: resolution.config,
        sources: resolution.documents,
        unresolved: resolution.unresolved,
        problems,
        secrets,
        explanation: resolution.explanation,
    })
}

fn read_manifest(file: &Path, request: &LoadRequest<'_>, sources: &mut Sources) -> Result<Node, ReadError> {
    let shown = file.strip_prefix(&request.dir).unwrap_or(file);
    let mut config = if file.extension().and_then(|e| e.to_str()).is_some_and(script::is_script) {
        evaluate_manifest(file, shown, request, sources)?
    } else {
        read::file(file, shown, sources)?
    };
    let Value::Map(map) = &mut config.value else {
        let problem = match config.span {
            Some(span) => Problem::span(span, "a manifest is a mapping with `service`, `provider` and `functions`"),
            None => Problem::nowhere(format!("{} is empty", shown.display())).help("see `rlx init` for a start"),
        };
        return Err(problem.into());
    };
    // `provider: aws`
    if let Some(provider) = map.get_mut("provider")
        && matches!(&provider.node.value, Value::String(name) if !name.contains("${"))
    {
        let name = provider.node.clone();
        let entry = super::document::Entry { key_span: provider.key_span, node: name };
        provider.node.value = Value::Map([("name".to_owned(), entry)].into_iter().collect());
    }
    Ok(config)
}

/// A manifest that is JavaScript or TypeScript.
fn evaluate_manifest(
    file: &Path,
    shown: &Path,
    request: &LoadRequest<'_>,
    sources: &mut Sources,
) -> Result<Node, ReadError> {
    let source = sources.add(shown, std::fs::read_to_string(file).unwrap_or_default());
    let script = Script {
        file,
        dir: &request.dir,
        env: &request.env,
        options: serde_json::Value::Object(options(request).into_iter().collect()),
        address: None,
        mode: Mode::Manifest,
    };
    let refuse = &mut |_| Err("a manifest cannot ask for its own variables".to_owned());
    match script::evaluate(&script, refuse) {
        Ok(Outcome::Part(json) | Outcome::Whole(json)) => {
            Ok(Node::from_json(json, Some(Span { source, start: 0, end: 0 })))
        }
        Err(error) => Err(Problem::nowhere(format!("cannot evaluate {}: {error}", shown.display())).into()),
    }
}

/// What `${opt:}` and functions in JavaScript see of the command line.
fn options(request: &LoadRequest<'_>) -> BTreeMap<String, serde_json::Value> {
    let mut options = request.options.clone();
    if let Some(stage) = &request.stage {
        options.insert("stage".to_owned(), stage.as_str().into());
    }
    if let Some(region) = &request.region {
        options.insert("region".to_owned(), region.as_str().into());
    }
    if !request.params.is_empty() {
        options.insert("param".to_owned(), request.params.clone().into());
    }
    options
}

fn world<'a>(request: &LoadRequest<'a>, problems: &mut Problems) -> World<'a> {
    let mut params = BTreeMap::new();
    for param in &request.params {
        match param.split_once('=') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                params.entry(key.to_owned()).or_insert_with(|| value.trim_end().to_owned());
            }
            _ => problems.push(Problem::nowhere(format!("--param {param}: write --param KEY=VALUE"))),
        }
    }
    World {
        dir: request.dir.clone(),
        options: options(request),
        params,
        env: request.env.clone(),
        instance_id: request.instance_id.clone(),
        remote: request.remote,
        explain: request.explain.clone(),
    }
}

fn stage_name(request: &LoadRequest<'_>, early: &Resolution) -> Result<String, Problem> {
    let configured = early.config.at("provider.stage");
    let (name, span) = match (&request.stage, configured) {
        (Some(given), _) => (given.clone(), None),
        (None, Some(Node { value: Value::String(name), span })) => (name.clone(), *span),
        (None, Some(Node { value: Value::Null, .. }) | None) => ("dev".to_owned(), None),
        (None, Some(node)) => (node.to_json().to_string(), node.span),
    };
    stage::check_name(&name).map(|()| name).map_err(|message| match span {
        Some(span) => Problem::span(span, message),
        None => Problem::nowhere(message),
    })
}

/// Lists of `functions` and `resources` become one mapping each, and functions that are null go.
fn normalise(config: &mut Node, problems: &mut Problems) {
    let Value::Map(map) = &mut config.value else { return };
    for key in ["functions", "resources"] {
        let Some(entry) = map.get_mut(key) else { continue };
        problems.extend(merge::join_documents(key, &mut entry.node));
        if let Value::Map(functions) = &mut entry.node.value
            && key == "functions"
        {
            functions.retain(|_, function| function.node.value != Value::Null);
        }
    }
}
