//! `rlx package`: archives and template in a folder, nothing in AWS.

use super::assemble::{Assembly, Purpose, assemble};
use super::{ExitKind, Failure, target};
use crate::context::Context;
use crate::deploy;
use crate::manifest::Service;
use crate::package::{Artifact, Sizes, bytes as bytes_1024};
use crate::template::{deployment_bucket_name, deployment_prefix};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Build and package the service, and compile its CloudFormation template
#[derive(Debug, clap::Args)]
pub struct PackageArgs {
    /// Folder to write to [default: package.path, else .rlx/<stage>]
    #[arg(long, short, value_name = "DIR")]
    pub package: Option<PathBuf>,
    /// Show what is large in the archives
    #[arg(long)]
    pub sizes: bool,
}

/// Writes `template.json`, the archives and `package.json`.
pub fn run(args: &PackageArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let out_dir = match &args.package {
        Some(dir) => context.cwd.join(dir),
        None => out_dir(&service),
    };
    let assembly = assemble(&service, context, &out_dir, Purpose::Package, None)?;
    write(&out_dir, &service, &assembly)?;
    let mut sizes = Vec::new();
    if args.sizes {
        let artifacts = assembly.artifacts.artifacts.iter();
        sizes.extend(artifacts.filter_map(|a| Sizes::of(&a.path).map(|sizes| (a.name.clone(), sizes))));
    }
    let shown = out_dir.strip_prefix(&context.cwd).unwrap_or(&out_dir).display().to_string();
    let mut result = json!({
        "version": 1,
        "service": service.name,
        "stage": service.stage,
        "region": service.region,
        "directory": out_dir.display().to_string(),
        "template": { "path": out_dir.join("template.json").display().to_string(), "resources": assembly.template.resources().count() },
        "artifacts": assembly.artifacts.artifacts.iter().map(|a| artifact(&service, a)).collect::<Vec<_>>(),
    });
    if args.sizes {
        result["sizes"] = sizes.iter().map(|(name, sizes)| (name.clone(), json!(sizes))).collect();
    }
    let trees = sizes
        .iter()
        .map(|(name, sizes)| format!("\n{name}, {} unpacked\n{}", bytes_1024(sizes.size), sizes.tree(8, 3)));
    let text = text(&service, &assembly, &shown) + &trees.collect::<String>();
    context.report.result(&result, &text);
    Ok(ExitKind::Done)
}

/// Where a service's packaging goes: `package.path`, else `.rlx/<stage>`.
pub fn out_dir(service: &Service) -> PathBuf {
    match &service.package.path {
        Some(path) => service.dir.join(path),
        None => service.dir.join(".rlx").join(&service.stage),
    }
}

/// Writes the template and `package.json`, the list of what belongs to it, beside the archives.
///
/// # Errors
/// The folder cannot be written to.
pub fn write(out_dir: &Path, service: &Service, assembly: &Assembly) -> Result<(), Failure> {
    let list = json!({
        "version": 1,
        "service": service.name,
        "stage": service.stage,
        "region": service.region,
        "stack": service.stack_name(),
        "bucket": deployment_bucket_name(service),
        "prefix": deployment_prefix(service),
        "artifacts": assembly.artifacts.artifacts.iter().map(|a| artifact(service, a)).collect::<Vec<_>>(),
        "images": assembly.artifacts.images,
    });
    replace(&out_dir.join("template.json"), &assembly.template.to_json())?;
    replace(&out_dir.join("package.json"), &format!("{list:#}\n"))?;
    deploy::keep_out_of_git(&service.dir);
    Ok(())
}

fn artifact(service: &Service, artifact: &Artifact) -> Value {
    let mut value = json!(artifact);
    value["key"] = json!(artifact.s3_key(deployment_prefix(service), &service.name, &service.stage));
    value
}

/// Writes to a file beside it and renames, so that nobody reads half a file.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let written = std::fs::create_dir_all(dir).and_then(|()| {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut file = builder.tempfile_in(dir)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    });
    written.map_err(|e| Failure::new(ExitKind::Failed, format!("cannot write {}: {e}", path.display())))
}

fn text(service: &Service, assembly: &Assembly, shown: &str) -> String {
    let mut text = format!("Packaged {} for stage {} ({})\n", service.name, service.stage, service.region);
    let width = assembly.artifacts.artifacts.iter().map(|a| a.name.len()).max().unwrap_or_default().max(13);
    for artifact in &assembly.artifacts.artifacts {
        let users: Vec<&str> = artifact.functions.iter().chain(&artifact.layers).map(String::as_str).collect();
        let line = format!("  {:width$}  {:>9}  {}", artifact.name, bytes(artifact.size), users.join(", "));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let resources = assembly.template.resources().count();
    text.push_str(&format!("  {:width$}  {resources} resources\n\nin {shown}\n", "template.json"));
    text
}

/// Bytes for people.
fn bytes(count: u64) -> String {
    let mut value = count as f64;
    for unit in ["B", "kB", "MB"] {
        if value < 1000.0 {
            return if unit == "B" { format!("{count} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} GB")
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_are_rounded_to_a_unit() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_234_567), "1.2 MB");
        assert_eq!(bytes(12_000_000_000), "12.0 GB");
    }
}
