//! `rlx print`: the manifest with its variables resolved, and where its values came from.

use super::assemble::say_plugins;
use super::service::{refused, resolve_service_with, warn};
use super::{ExitKind, Failure, OutputFormat, target};
use crate::context::Context;
use crate::manifest::document::{Node, Value, js_text};
use crate::manifest::{Resolved, plugins};
use crate::report::{Findings, Mask};
use clap::ValueEnum;
use serde_json::{Value as Json, json};

/// Print the manifest with its variables resolved
#[derive(Debug, clap::Args)]
pub struct PrintArgs {
    /// Only the value at this path, such as `functions.hello.environment`
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: PrintFormat,
    /// `keys`: only the keys of a mapping
    #[arg(long, value_enum, value_name = "TRANSFORM")]
    pub transform: Option<Transform>,
    /// Tell where the value at this path came from, through every variable
    #[arg(long, value_name = "PATH", conflicts_with_all = ["path", "transform"])]
    pub explain: Option<String>,
    /// Show values of SSM secure strings and Secrets Manager
    #[arg(long)]
    pub show_secrets: bool,
}

/// How values are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PrintFormat {
    /// YAML.
    #[default]
    Yaml,
    /// JSON.
    Json,
    /// A plain value, or the items of a list, one per line.
    Text,
}

/// What is made of a value before it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transform {
    /// The keys of a mapping.
    Keys,
}

/// Prints to stdout; what needs AWS and cannot be had is said on stderr.
pub fn run(args: &PrintArgs, context: &Context) -> Result<ExitKind, Failure> {
    let resolved =
        resolve_service_with(context, &target::remote(context), |request| request.explain.clone_from(&args.explain))?;
    let plugins = plugins::check(&resolved.config, context.options.strict);
    let findings = Findings { problems: &plugins.problems, sources: &resolved.sources, config: Some(&resolved.config) };
    if plugins.problems.has_errors() {
        return Err(refused(context, &findings));
    }
    // One value is for a script, or for a look at it.
    if args.path.is_none() && args.explain.is_none() {
        warn(context, &findings);
        say_plugins(&plugins, context);
    }
    let mask = if args.show_secrets { Mask::default() } else { Mask::new(&resolved.secrets) };
    match &args.explain {
        Some(path) => explain(path, &resolved, &mask, context)?,
        None => print(args, &resolved, &mask, context)?,
    }
    Ok(ExitKind::Done)
}

fn print(args: &PrintArgs, resolved: &Resolved, mask: &Mask, context: &Context) -> Result<(), Failure> {
    let mut node = match &args.path {
        Some(path) => find(&resolved.config, path)?.clone(),
        None => resolved.config.clone(),
    };
    if args.transform == Some(Transform::Keys) {
        node = keys(&node)?;
    }
    mask.node(&mut node);
    for left in &resolved.unresolved {
        context.report.warn(&format!("{} is left as `{}`: {}", left.path, left.text, left.why));
    }
    if context.report.format == OutputFormat::Json {
        let unresolved: Json = resolved
            .unresolved
            .iter()
            .map(|left| json!({ "path": left.path, "text": left.text, "why": left.why }))
            .collect();
        let result = json!({
            "version": 1,
            "stage": resolved.stage,
            "region": resolved.region,
            "value": node.to_json(),
            "unresolved": unresolved,
        });
        context.report.result(&result, "");
        return Ok(());
    }
    let text = match args.format {
        PrintFormat::Yaml => serde_yaml_ng::to_string(&node.to_json())
            .map_err(|error| Failure::new(ExitKind::Failed, format!("cannot write YAML: {error}")))?,
        PrintFormat::Json => format!("{:#}\n", node.to_json()),
        PrintFormat::Text => text(&node)?,
    };
    context.report.data(&text);
    Ok(())
}

fn find<'n>(config: &'n Node, path: &str) -> Result<&'n Node, Failure> {
    config.at(path).ok_or_else(|| Failure::new(ExitKind::Usage, format!("the manifest has no `{path}`")))
}

fn keys(node: &Node) -> Result<Node, Failure> {
    let keys: Vec<String> = match &node.value {
        Value::Map(map) => map.keys().cloned().collect(),
        Value::List(list) => (0..list.len()).map(|index| index.to_string()).collect(),
        _ => return Err(Failure::new(ExitKind::Usage, "--transform keys: the value has no keys")),
    };
    let list = keys.into_iter().map(|key| Node { value: Value::String(key), span: None }).collect();
    Ok(Node { value: Value::List(list), span: None })
}

fn text(node: &Node) -> Result<String, Failure> {
    match &node.value {
        Value::List(list) => Ok(list.iter().map(|item| js_text(&item.value) + "\n").collect()),
        Value::Map(_) => Err(Failure::new(ExitKind::Usage, "a mapping cannot be printed with --format text")
            .hint("take --format yaml or json, or name a value in it with --path")),
        value => Ok(js_text(value) + "\n"),
    }
}

fn explain(path: &str, resolved: &Resolved, mask: &Mask, context: &Context) -> Result<(), Failure> {
    let mut value = find(&resolved.config, path)?.clone();
    mask.node(&mut value);
    let mut lines = Vec::new();
    let mut steps = Vec::new();
    for step in &resolved.explanation {
        let step_text = mask.text(&step.text);
        let indent = "  ".repeat(step.depth);
        let place = step.place.map(|span| resolved.sources.describe(span));
        lines.push(match &place {
            Some(place) => format!("{indent}{place}  {step_text}"),
            None => format!("{indent}{step_text}"),
        });
        let mut json = json!({ "depth": step.depth, "text": step_text });
        if let Some(span) = step.place {
            let at = resolved.sources.position(span);
            json["file"] = resolved.sources.path(span).map(|p| p.display().to_string()).into();
            json["line"] = at.line.into();
            json["column"] = at.column.into();
        }
        steps.push(json);
    }
    let shown = match &value.value {
        Value::List(_) | Value::Map(_) => value.to_json().to_string(),
        plain => js_text(plain),
    };
    let result = json!({ "version": 1, "path": path, "value": value.to_json(), "steps": steps });
    context.report.result(&result, &format!("{path} = {shown}\n{}\n", lines.join("\n")));
    Ok(())
}
