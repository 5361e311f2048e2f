//! The bundles of Node.js functions.

use super::PackageError;
use super::plan::wanted;
use super::request::{PackageRequest, Progress, Stage};
use crate::build::node::{bundle, webpack, with_dependencies};
use crate::build::{Member, Members, target};
use crate::manifest::service::Function;
use crate::manifest::{Problem, Problems, Service};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is bundled instead of a function's handler: `entrypoint` of serverless-webpack, `esbuildEntrypoint` of
/// serverless-esbuild.
pub fn entry_point(function: &Function) -> Option<&str> {
    ["entrypoint", "esbuildEntrypoint"].iter().find_map(|key| function.raw[*key].as_str())
}

/// The files of functions that rlx writes itself.
fn written(service: &Service, request: &PackageRequest<'_>) -> BTreeMap<String, Members> {
    let functions = wanted(service, request).into_iter().filter(|function| !function.files.is_empty());
    let members = |function: &Function| {
        function.files.iter().map(|(name, text)| (name.clone(), Member::bytes(text.as_str()))).collect()
    };
    functions.map(|function| (function.key.clone(), members(function))).collect()
}

/// Bundles the functions that are to be; gives the files of each.
pub fn build(
    service: &Service,
    request: &PackageRequest<'_>,
    notes: &mut Problems,
) -> Result<BTreeMap<String, Members>, PackageError> {
    let options = bundle::Options::read(&service.custom, &service.build).over(webpack::options(service));
    let mut groups: BTreeMap<&str, Vec<(&str, PathBuf)>> = BTreeMap::new();
    for function in wanted(service, request) {
        let runtime = target::runtime(service, function);
        let skipped = function.raw["skipEsbuild"] == serde_json::Value::Bool(true);
        let made = skipped || !function.files.is_empty() || function.package.artifact.is_some();
        if !runtime.starts_with("nodejs") || made {
            continue;
        }
        let source = entry_point(function).or(function.handler.as_deref());
        let entry = source.and_then(|source| options.entry(&service.dir, source));
        if let Some(entry) = entry {
            groups.entry(runtime).or_default().push((&function.key, entry));
        }
    }
    let mut bundles = written(service, request);
    if groups.is_empty() {
        return Ok(bundles);
    }
    for note in options.notes() {
        notes.push(Problem::at("custom.esbuild", note).warning());
    }
    if let Some(config) = webpack::config(service) {
        let note = format!("`{config}` is not read: functions are bundled with esbuild");
        let help = "say its aliases, loaders and definitions in `build.esbuild`, with options of esbuild";
        notes.push(Problem::at("custom.webpack", note).help(help).warning());
    }
    let external = with_dependencies(&service.dir, &options.external())?;
    for (runtime, functions) in groups {
        let mut entries: Vec<PathBuf> = functions.iter().map(|(_, entry)| entry.clone()).collect();
        entries.sort();
        entries.dedup();
        for (key, _) in &functions {
            let stage = Stage::Building("bundled with esbuild".to_owned());
            (request.progress)(Progress { subject: (*key).to_owned(), stage });
        }
        let job = bundle::Job {
            service_dir: &service.dir,
            cache_dir: request.cache_dir,
            env: request.env,
            options: &options,
            runtime,
            entries: &entries,
        };
        let made = job.run()?;
        for (key, entry) in functions {
            let mut members = external.clone();
            members.extend(made.get(&entry).into_iter().flatten().map(|(name, m)| (name.clone(), m.clone())));
            bundles.insert(key.to_owned(), members);
        }
    }
    Ok(bundles)
}
