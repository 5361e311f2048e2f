//! What a deploy is made of: built here for where it will run, or taken from a finished package.

use super::assemble::{Assembly, Purpose, assemble};
use super::{ExitKind, Failure, package};
use crate::aws::Endpoint;
use crate::context::Context;
use crate::local::{self, PythonVersion};
use crate::manifest::Service;
use crate::package::HostTarget;
use crate::template::naming::DEPLOYMENT_BUCKET_POLICY;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub(super) fn build(
    service: &Service,
    context: &Context,
    out_dir: &Path,
    endpoint: &Endpoint,
) -> Result<Assembly, Failure> {
    let host = host(service, context, endpoint);
    let assembly = assemble(service, context, out_dir, Purpose::Deploy, host)?;
    package::write(out_dir, service, &assembly)?;
    Ok(assembly)
}

/// Gives functions in Node.js the SDK that Lambda's runtime has, where they run on this machine. A deploy goes on
/// without it: functions that do not ask for it run.
pub(super) fn bring_node_sdk(assembly: &Assembly, endpoint: &Endpoint, context: &Context) {
    let runs_node = |resource: &Value| {
        let runtime = resource.pointer("/Properties/Runtime").and_then(Value::as_str);
        runtime.is_some_and(|runtime| runtime.starts_with("nodejs"))
    };
    let mut resources = assembly.template.resources().map(|(_, resource)| resource);
    if !matches!(endpoint, Endpoint::Local(_)) || !resources.any(runs_node) {
        return;
    }
    let archives = assembly.artifacts.artifacts.iter().map(|artifact| artifact.path.as_path());
    if let Err(error) = local::provide_node_sdk(context, archives) {
        context.report.warn(&error.to_string());
        for line in error.details().into_iter().chain(error.hints()) {
            context.report.note(&format!("  {line}"));
        }
    }
}

/// Leaves out what an endpoint does not stand.
pub(super) fn fit_endpoint(assembly: &mut Assembly, endpoint: &Endpoint) {
    if endpoint.url().is_some_and(|url| url.starts_with("http://")) {
        // The bucket's policy refuses plain HTTP, by which an emulator is spoken to.
        assembly.template.resources_mut().shift_remove(DEPLOYMENT_BUCKET_POLICY);
    }
}

/// What the functions are built for where they run on this machine.
pub(super) fn host(service: &Service, context: &Context, endpoint: &Endpoint) -> Option<HostTarget> {
    let Endpoint::Local(emulator) = endpoint else {
        return (service.stage == "local" && endpoint.is_loopback()).then(HostTarget::default);
    };
    let runtimes = service.functions.values().filter_map(|f| f.runtime.as_deref());
    let mut other: Vec<PythonVersion> = runtimes
        .chain(service.provider.runtime.as_deref())
        .filter_map(PythonVersion::of_runtime)
        .filter(|version| *version != emulator.python)
        .collect();
    other.sort();
    other.dedup();
    for version in other {
        context.report.note(&format!(
            "This machine has no Python {version}: its functions run with Python {} on stage local, \
             and are packaged for that",
            emulator.python
        ));
    }
    Some(HostTarget { python: Some(emulator.interpreter.display().to_string()) })
}

/// What `rlx package` wrote to a folder, for this very stack.
///
/// # Errors
/// The folder holds no package, one that is not whole, or one of another service, stage or region.
pub(super) fn read_package(dir: &Path, service: &Service) -> Result<Assembly, Failure> {
    let read = |name: &str| {
        let path = dir.join(name);
        let bytes = std::fs::read(&path).map_err(|e| e.to_string());
        let value = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).map_err(|e| e.to_string()));
        value.map_err(|reason| {
            Failure::new(ExitKind::Usage, format!("{} cannot be read: {reason}", path.display()))
                .hint("the folder must be one that `rlx package --package DIR` wrote")
        })
    };
    let list = read("package.json")?;
    check_made_for(&list, dir, service)?;
    let template = match read("template.json")? {
        Value::Object(root) => crate::template::Template { root },
        _ => {
            return Err(Failure::new(
                ExitKind::Usage,
                format!("{} is no template", dir.join("template.json").display()),
            ));
        }
    };
    let mut artifacts: crate::package::Artifacts = serde_json::from_value(list)
        .map_err(|e| Failure::new(ExitKind::Usage, format!("{}: {e}", dir.join("package.json").display())))?;
    for artifact in &mut artifacts.artifacts {
        artifact.path = dir.join(&artifact.name);
        let broken = |problem: &str| {
            Failure::new(ExitKind::Usage, format!("{} {problem}", artifact.path.display()))
                .hint("package.json names it: package again")
        };
        let (sha256, _) =
            crate::package::digest(&artifact.path).map_err(|_| broken("is not there, or cannot be read"))?;
        if sha256 != artifact.sha256 {
            return Err(broken("is not the archive that was packaged"));
        }
    }
    Ok(Assembly { artifacts, template })
}

/// Refuses a package of another stack: names, roles and addresses of its stage are in its template.
fn check_made_for(list: &Value, dir: &Path, service: &Service) -> Result<(), Failure> {
    let wanted = [
        ("service", service.name.clone()),
        ("stage", service.stage.clone()),
        ("region", service.region.clone()),
        ("stack", service.stack_name()),
    ];
    let differs = |(what, wanted): &(&str, String)| {
        let made = list.get(what).and_then(Value::as_str)?;
        (made != wanted).then(|| format!("{what} `{made}`, not for `{wanted}`"))
    };
    let Some(difference) = wanted.iter().find_map(differs) else { return Ok(()) };
    let shown = dir.display();
    let stage = list.get("stage").and_then(Value::as_str).unwrap_or_default();
    let mut failure = Failure::new(ExitKind::Usage, format!("{shown} was packaged for {difference}"));
    if stage != service.stage {
        failure = failure.hint(format!("to deploy it where it belongs: rlx deploy --stage {stage} --package {shown}"));
    }
    Err(failure.hint(format!("to package for this stage: rlx package --stage {} --package {shown}", service.stage)))
}

/// The commit that the service is at, with `+` where its tree differs from it.
pub(super) fn commit(dir: &Path) -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git").arg("-C").arg(dir).args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no", "--", "."]).is_none_or(|s| !s.is_empty());
    Some(if changed { format!("{head}+") } else { head })
}
