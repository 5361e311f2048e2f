//! The binaries of Rust and Go functions.

use super::PackageError;
use super::plan::wanted;
use super::request::{PackageRequest, Progress, Stage};
use crate::build::target::{self, Arch, Glibc};
use crate::build::{cargo, go};
use crate::manifest::Service;
use crate::manifest::service::Function;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

type Group = (PathBuf, cargo::Settings, Arch, Glibc);

/// Builds all of them; gives the file of each function.
pub fn build(service: &Service, request: &PackageRequest<'_>) -> Result<BTreeMap<String, PathBuf>, PackageError> {
    let mut files = BTreeMap::new();
    let mut projects = cargo::Projects::default();
    let mut groups: BTreeMap<Group, Vec<(String, cargo::Binary)>> = BTreeMap::new();
    for function in wanted(service, request) {
        let runtime = target::runtime(service, function);
        let handler = function.handler.as_deref().unwrap_or_default();
        if function.package.artifact.is_some() || !is_native(runtime, function) {
            continue;
        }
        // Stage local runs functions on this machine.
        let for_host = request.target_override.is_some();
        let host = Arch::host().filter(|_| for_host);
        let arch = host.unwrap_or_else(|| target::arch(service, function));
        let settings = go::Settings::read(&service.custom, &function.raw);
        let base = service.dir.join(settings.base_dir.as_deref().unwrap_or_default());
        if let Some(command) = go::find(&base, handler).or_else(|| go::find(&service.dir, handler)) {
            let mut started = None;
            let begun = || started = Some(begin(request, &function.key, "go build"));
            let file = go::build(&command, &settings, arch, request.cache_dir, request.env, begun)?;
            match started {
                Some(started) => end(request, &function.key, &file, started),
                None => {
                    let why = "its module, flags and compiler are the same".to_owned();
                    (request.progress)(Progress { subject: function.key.clone(), stage: Stage::Reused(why) });
                }
            }
            files.insert(function.key.clone(), file);
            continue;
        }
        if let Some(binary) = rust_binary(service, function, runtime, &mut projects, request)? {
            let settings = cargo::Settings::read(&service.custom, &function.raw);
            let group = (binary.root.clone(), settings, arch, target::glibc(runtime));
            groups.entry(group).or_default().push((function.key.clone(), binary));
        }
    }
    for ((root, settings, arch, glibc), functions) in groups {
        let mut binaries: Vec<cargo::Binary> = functions.iter().map(|(_, b)| b.clone()).collect();
        binaries.sort();
        binaries.dedup();
        let names: Vec<&str> = functions.iter().map(|(key, _)| key.as_str()).collect();
        let subject = names.join(", ");
        let shown = root.strip_prefix(&service.dir).unwrap_or(&root).display().to_string();
        let started =
            begin(request, &subject, &format!("cargo build in {}", if shown.is_empty() { "." } else { &shown }));
        let job = cargo::Job {
            binaries: &binaries,
            settings: &settings,
            arch,
            glibc,
            for_host: request.target_override.is_some(),
            cache_dir: request.cache_dir,
            env: request.env,
        };
        let built = job.run()?;
        for (key, binary) in &functions {
            if let Some((_, file)) = built.iter().find(|(b, _)| b == binary) {
                end(request, key, file, started);
                files.insert(key.clone(), file.clone());
            }
        }
    }
    Ok(files)
}

fn is_native(runtime: &str, function: &Function) -> bool {
    matches!(runtime, "rust" | "go")
        || runtime.starts_with("provided")
        || runtime.starts_with("go1.")
        || function.package.bin.is_some()
}

fn rust_binary(
    service: &Service,
    function: &Function,
    runtime: &str,
    projects: &mut cargo::Projects,
    request: &PackageRequest<'_>,
) -> Result<Option<cargo::Binary>, PackageError> {
    let handler = function.handler.as_deref().unwrap_or_default();
    let bin = function.package.bin.as_deref().or(service.package.bin.as_deref());
    // A `bootstrap` of the user's own is no Rust function, unless a binary is named.
    // `prepare` has put the runtime in the place of the language's name.
    let is_rust = runtime == "rust" || function.raw["runtime"] == "rust";
    let own = service.dir.join("bootstrap").is_file() && bin.is_none() && !is_rust;
    if own || bin.is_none() && !cargo::has_project(&service.dir, handler) {
        return match is_rust {
            true => Err(cargo::no_binary(&function.key, handler, &[]).into()),
            false => Ok(None),
        };
    }
    match projects.find(&service.dir, &function.key, handler, bin, request.env)? {
        None if is_rust => Err(cargo::no_binary(&function.key, handler, &projects.binaries()).into()),
        found => Ok(found),
    }
}

fn begin(request: &PackageRequest<'_>, subject: &str, why: &str) -> Instant {
    (request.progress)(Progress { subject: subject.to_owned(), stage: Stage::Building(why.to_owned()) });
    Instant::now()
}

fn end(request: &PackageRequest<'_>, subject: &str, file: &std::path::Path, started: Instant) {
    let size = std::fs::metadata(file).map_or(0, |m| m.len());
    (request.progress)(Progress { subject: subject.to_owned(), stage: Stage::Done { size, took: started.elapsed() } });
}
