//! `rlx deploy function` and `rlx deploy --hotswap`: code of functions, past CloudFormation.

use super::assemble::{Assembly, Purpose, assemble};
use super::guard::ConfirmArgs;
use super::target::Changing;
use super::{ExitKind, Failure, logs, package, rollback, target};
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::{Bucket, DeployError, DeployRecord, Operation, Progress, Watch, hotswap};
use crate::manifest::Service;
use crate::package::Artifact;
use crate::template::deployment_prefix;
use serde_json::json;

/// Deploy the code of one function, past CloudFormation
#[derive(Debug, clap::Args)]
pub struct DeployFunctionArgs {
    /// The function, by its name in the manifest
    #[arg(required_unless_present = "function_flag")]
    pub function: Option<String>,
    /// The same
    #[arg(long = "function", short, value_name = "FUNCTION", conflicts_with = "function")]
    pub function_flag: Option<String>,
    /// Update even where the code is the same
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
}

/// Builds, uploads and updates one function.
pub fn run(args: &DeployFunctionArgs, context: &Context) -> Result<ExitKind, Failure> {
    let changing = target::changing(context, &args.confirm, "deploy to it")?;
    let Changing { service, view, .. } = &changing;
    let key = args.function.as_ref().or(args.function_flag.as_ref()).map(String::as_str).unwrap_or_default();
    let name = logs::deployed_name(service, key)?;
    let changed = target::with_aws(service, context, async |aws: &Aws| {
        let host = super::deploy_source::host(service, context, aws.endpoint());
        let assembly = match assemble(service, context, &package::out_dir(service), Purpose::Deploy, host) {
            Ok(assembly) => assembly,
            Err(failure) => return Ok(Err(failure)),
        };
        let Some(artifact) = assembly.artifacts.of_function(key) else {
            return Ok(Err(Failure::new(ExitKind::Usage, format!("function `{key}` has no archive of its own"))
                .hint("a function of a container image is deployed with the stack: rlx deploy")));
        };
        super::deploy_source::bring_node_sdk(&assembly, aws.endpoint(), context);
        let bucket = rollback::bucket(aws, service).await?;
        let swaps = [hotswap::Swap { function: name.clone(), key: object_key(service, artifact) }];
        let watch: Watch<'_> = &|progress: Progress<'_>| view.show(progress);
        let there = bucket.list("").await?;
        if !args.force && there.contains_key(&swaps[0].key) && hotswap::runs(aws, &name, artifact).await? {
            return Ok(Ok(false));
        }
        hotswap::swap(aws, &bucket, &swaps, &keyed(service, &assembly), watch).await?;
        mark(service, true);
        view.end();
        Ok::<_, DeployError>(Ok(true))
    })??;
    let status = if changed { "deployed" } else { "unchanged" };
    let text = if changed { format!("Deployed the code of {key} ({name})\n") } else { format!("No changes: {key}\n") };
    let line = json!({ "version": 1, "event": "result", "status": status, "function": key, "name": name });
    context.report.last(&line, &text);
    Ok(ExitKind::Done)
}

/// The archives with their keys in the deployment bucket.
pub(super) fn keyed<'a>(service: &Service, assembly: &'a Assembly) -> Vec<(String, &'a Artifact)> {
    assembly.artifacts.artifacts.iter().map(|artifact| (object_key(service, artifact), artifact)).collect()
}

fn object_key(service: &Service, artifact: &Artifact) -> String {
    artifact.s3_key(deployment_prefix(service), &service.name, &service.stage)
}

/// Swaps code where nothing else changed. `None`: CloudFormation is needed.
pub(super) async fn hotswap(
    aws: &Aws,
    service: &Service,
    assembly: &Assembly,
    watch: Watch<'_>,
) -> Result<Option<usize>, DeployError> {
    let stack = service.stack_name();
    let Some(found) = crate::deploy::Stack::describe(aws, &stack).await? else { return Ok(None) };
    let Some(bucket) = crate::deploy::Bucket::of(aws, service, &found).await? else { return Ok(None) };
    let Some(deployed) = hotswap::deployed_template(aws, &stack).await? else { return Ok(None) };
    if !hotswap::code_only(&deployed, &assembly.template) {
        return Ok(None);
    }
    let swapped = reconcile(aws, service, &bucket, assembly, watch).await?;
    if swapped > 0 {
        mark(service, true);
    }
    Ok(Some(swapped))
}

/// Gives every function that runs something else the code of its archive: CloudFormation does not see what was
/// changed past it. Answers how many.
pub(super) async fn reconcile(
    aws: &Aws,
    service: &Service,
    bucket: &Bucket,
    assembly: &Assembly,
    watch: Watch<'_>,
) -> Result<usize, DeployError> {
    let mut swaps = Vec::new();
    for (key, function) in &service.functions {
        let Some(artifact) = assembly.artifacts.of_function(key) else { continue };
        if !hotswap::runs(aws, &function.name, artifact).await? {
            swaps.push(hotswap::Swap { function: function.name.clone(), key: object_key(service, artifact) });
        }
    }
    if !swaps.is_empty() {
        hotswap::swap(aws, bucket, &swaps, &keyed(service, assembly), watch).await?;
    }
    Ok(swaps.len())
}

/// Notes whether functions may run what no deploy gave them, for the next deploy to put right.
pub(super) fn mark(service: &Service, hotswapped: bool) {
    if let Some(mut record) = DeployRecord::read(&service.dir, &service.stage) {
        record.hotswapped = hotswapped;
        if hotswapped {
            record.operation = Operation::Hotswap;
        }
        // Where this cannot be written, the next deploy could not write its own record either, and says so.
        let _ = record.write(&service.dir);
    }
}
