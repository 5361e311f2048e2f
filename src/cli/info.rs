//! `rlx info`: what a stage has deployed, and where it can be called.

use super::{ExitKind, Failure, target};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::{DeployError, Stack, endpoints};
use serde_json::json;

/// Show the deployed stack: endpoints, functions, outputs
#[derive(Debug, clap::Args)]
pub struct InfoArgs {}

/// Prints what the stack says of itself.
pub fn run(_args: &InfoArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let (stack, endpoint) = target::with_aws(&service, context, async |aws: &Aws| {
        let name = service.stack_name();
        let stack = Stack::describe(aws, &name)
            .await?
            .ok_or_else(|| DeployError::NoStack { stack: name, region: aws.region().to_owned() })?;
        Ok::<_, DeployError>((endpoints::reachable(stack, aws.endpoint()), aws.endpoint().url()))
    })?;
    let functions: Vec<_> = service.functions.iter().map(|(key, f)| json!({ "key": key, "name": f.name })).collect();
    let json = json!({
        "version": 1,
        "service": service.name,
        "stage": service.stage,
        "region": service.region,
        "endpoint": endpoint,
        "stack": { "name": stack.name, "id": stack.id, "status": stack.status, "changed": stack.changed },
        "endpoints": endpoints::addresses(&stack),
        "functions": functions,
        "outputs": endpoints::outputs(&stack),
    });
    let mut text = format!(
        "service: {}\nstage: {}\nregion: {}\nstack: {} ({})\n",
        service.name, service.stage, service.region, stack.name, stack.status
    );
    text.push_str(&addresses_text(&stack));
    text.push_str("functions:\n");
    let width = service.functions.keys().map(String::len).max().unwrap_or_default();
    for (key, function) in &service.functions {
        text.push_str(&format!("  {key:width$}  {}\n", function.name));
    }
    if context.report.verbosity > 0 {
        text.push_str("outputs:\n");
        for output in &stack.outputs {
            text.push_str(&format!("  {}: {}\n", output.key, output.value));
        }
    }
    context.report.result(&json, &text);
    Ok(ExitKind::Done)
}

/// The addresses of a stack, as lines for people; nothing where there are none.
pub(super) fn addresses_text(stack: &Stack) -> String {
    let addresses = endpoints::addresses(stack);
    if addresses.is_empty() {
        return String::new();
    }
    let mut text = String::from("endpoints:\n");
    for address in addresses {
        text.push_str(&format!("  {}: {}\n", address.output, address.url));
    }
    text
}
