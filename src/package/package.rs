//! The whole of it: which archives a service has, and what is in each.

use super::archive::{self, Ready, Reuse};
use super::request::{PackageRequest, Packaged, Progress, Stage};
use super::select::{self, Patterns};
use super::walk::Found;
use super::{Artifact, PackageError, finished, handler};
use crate::build::{Member, Members};
use crate::manifest::service::{Function, Layer};
use crate::manifest::{Problem, Problems, Service, Severity};
use std::time::Instant;

/// Makes the archives of a service.
pub fn package(service: &Service, request: &PackageRequest<'_>) -> Result<Packaged, PackageError> {
    check_names(service, request)?;
    let plan = plan(service, request)?;
    let sets: Vec<&Patterns> = plan.iter().filter_map(|p| p.patterns.as_ref()).collect();
    let files = if sets.is_empty() { Vec::new() } else { select::find(&service.dir, &sets)? };
    let mut packaged = Packaged::default();
    for planned in &plan {
        let artifact = match &planned.content {
            Content::Finished { place, artifact } => {
                let taken: Vec<String> = plan.iter().filter_map(|p| p.name.clone()).collect();
                let mut artifact = finished::take(&service.dir, place, artifact, request.out_dir, &taken)?;
                planned.claim(&mut artifact);
                artifact
            }
            Content::Files => make(service, request, planned, &files, &mut packaged.notes)?,
        };
        packaged.artifacts.artifacts.push(artifact);
    }
    if packaged.notes.has_errors() {
        return Err(PackageError::MissingHandlers(packaged.notes));
    }
    Ok(packaged)
}

/// An archive that is to be made.
struct Planned<'a> {
    /// The file name, where rlx chooses it.
    name: Option<String>,
    functions: Vec<&'a Function>,
    layer: Option<&'a Layer>,
    content: Content,
    patterns: Option<Patterns>,
    /// Where its patterns stand, for messages.
    whose: String,
}

enum Content {
    /// Made by the user.
    Finished { place: String, artifact: String },
    /// Chosen from the service's files.
    Files,
}

impl Planned<'_> {
    fn claim(&self, artifact: &mut Artifact) {
        artifact.functions = self.functions.iter().map(|f| f.key.clone()).collect();
        artifact.layers = self.layer.iter().map(|l| l.key.clone()).collect();
    }
}

fn check_names(service: &Service, request: &PackageRequest<'_>) -> Result<(), PackageError> {
    for name in request.functions.into_iter().flatten() {
        if !service.functions.contains_key(name) {
            let distance = |k: &&String| strsim::damerau_levenshtein(k, name);
            let near = service.functions.keys().min_by_key(distance).filter(|k| distance(k) <= 3).cloned();
            return Err(PackageError::UnknownFunction { name: name.clone(), near });
        }
    }
    Ok(())
}

/// Framework v3 `packageService`: an artifact of the function, else the function's own archive
/// if it is packaged individually, else the service's artifact or archive.
fn plan<'a>(service: &'a Service, request: &PackageRequest<'_>) -> Result<Vec<Planned<'a>>, PackageError> {
    let mut plan: Vec<Planned<'a>> = Vec::new();
    let mut shared: Vec<&Function> = Vec::new();
    let wanted = |f: &&Function| request.functions.is_none_or(|names| names.contains(&f.key));
    for function in service.functions.values().filter(wanted) {
        let disabled = function.raw.pointer("/package/disable").and_then(serde_json::Value::as_bool) == Some(true);
        if function.image.is_some() || disabled {
            continue;
        }
        let own = &function.package;
        // `individually: false` on a function does not undo the service's `true`, as in v3.
        let individually = own.individually == Some(true) || service.package.individually == Some(true);
        if let Some(artifact) = &own.artifact {
            finish(&mut plan, function, format!("functions.{}.package.artifact", function.key), artifact);
        } else if individually && (own.individually == Some(true) || service.package.artifact.is_none()) {
            plan.push(Planned {
                name: Some(format!("{}.zip", function.key)),
                functions: vec![function],
                layer: None,
                content: Content::Files,
                patterns: Some(Patterns::new(service, Some(own), false, &[])?),
                whose: format!("function `{}`", function.key),
            });
        } else if let Some(artifact) = &service.package.artifact {
            finish(&mut plan, function, "package.artifact".to_owned(), artifact);
        } else {
            shared.push(function);
        }
    }
    if !shared.is_empty() {
        plan.push(Planned {
            name: Some(format!("{}.zip", service.name)),
            functions: shared,
            layer: None,
            content: Content::Files,
            patterns: Some(Patterns::new(service, None, false, &[])?),
            whose: "the service".to_owned(),
        });
    }
    if request.functions.is_none() {
        for layer in service.layers.values() {
            plan_layer(&mut plan, layer);
        }
    }
    Ok(plan)
}

/// Functions that name the same artifact share it.
fn finish<'a>(plan: &mut Vec<Planned<'a>>, function: &'a Function, place: String, artifact: &str) {
    if finished::is_in_s3(artifact) {
        return;
    }
    let same = |p: &&mut Planned<'_>| matches!(&p.content, Content::Finished { artifact: a, .. } if a == artifact);
    if let Some(planned) = plan.iter_mut().find(same) {
        planned.functions.push(function);
        return;
    }
    plan.push(Planned {
        name: None,
        functions: vec![function],
        layer: None,
        content: Content::Finished { place, artifact: artifact.to_owned() },
        patterns: None,
        whose: String::new(),
    });
}

fn plan_layer<'a>(plan: &mut Vec<Planned<'a>>, layer: &'a Layer) {
    let place = format!("layers.{}", layer.key);
    if let Some(artifact) = &layer.package.artifact {
        if !finished::is_in_s3(artifact) {
            plan.push(Planned {
                name: None,
                functions: Vec::new(),
                layer: Some(layer),
                content: Content::Finished { place: place + ".package.artifact", artifact: artifact.clone() },
                patterns: None,
                whose: String::new(),
            });
        }
        return;
    }
    let name = format!("{}.zip", layer.key);
    let taken = plan.iter().any(|p| p.name.as_deref() == Some(&name));
    plan.push(Planned {
        name: Some(if taken { format!("{}-layer.zip", layer.key) } else { name }),
        functions: Vec::new(),
        layer: Some(layer),
        content: Content::Files,
        patterns: None,
        whose: format!("layer `{}`", layer.key),
    });
}

fn make(
    service: &Service,
    request: &PackageRequest<'_>,
    planned: &Planned<'_>,
    files: &[Found],
    notes: &mut Problems,
) -> Result<Artifact, PackageError> {
    let started = Instant::now();
    let selection = match (&planned.patterns, planned.layer) {
        (Some(patterns), _) => patterns.choose(files),
        (None, layer) => {
            let config = layer.map(|l| &l.package);
            let patterns = Patterns::new(service, config, true, &[])?;
            let dir = service.dir.join(layer.and_then(|l| l.path.as_deref()).unwrap_or("."));
            patterns.choose(&select::find(&dir, &[&patterns])?)
        }
    };
    note_secrets(&selection.secrets, notes);
    note_outside(planned, &selection.outside, notes);
    let members = selection.members;
    if members.is_empty() {
        return Err(PackageError::NoFiles { whose: planned.whose.clone() });
    }
    check_handlers(service, planned, &members, request.missing_handler, notes);
    let name = planned.name.clone().unwrap_or_default();
    let path = request.out_dir.join(&name);
    let written = archive::write(&path, &members, &Nothing)?;
    (request.progress)(Progress {
        subject: name.clone(),
        stage: Stage::Done { size: written.size, took: started.elapsed() },
    });
    let mut artifact = Artifact {
        name,
        path,
        sha256: written.sha256,
        size: written.size,
        unzipped_size: written.unzipped_size,
        functions: Vec::new(),
        layers: Vec::new(),
    };
    planned.claim(&mut artifact);
    Ok(artifact)
}

/// No earlier work to use.
struct Nothing;

impl Reuse for Nothing {
    fn find(&self, _: &str, _: &Member) -> Option<Ready> {
        None
    }
}

fn check_handlers(
    service: &Service,
    planned: &Planned<'_>,
    members: &Members,
    severity: Severity,
    notes: &mut Problems,
) {
    for function in &planned.functions {
        let runtime = function.runtime.as_deref().or(service.provider.runtime.as_deref()).unwrap_or("nodejs24.x");
        let Some(handler) = function.handler.as_deref() else { continue };
        let candidates = handler::candidates(runtime, handler);
        if handler::is_missing(&candidates, members) {
            let problem = Problem::at(
                format!("functions.{}.handler", function.key),
                format!("the archive has no file `{}` for handler `{handler}`", candidates[0]),
            )
            .help(match service.dir.join(&candidates[0]).exists() {
                true => "the file is there, but the package patterns leave it out".to_owned(),
                false => "the handler is `path/to/file.function`, relative to the service directory".to_owned(),
            });
            notes.push(Problem { severity, ..problem });
        }
    }
}

fn note_secrets(secrets: &[String], notes: &mut Problems) {
    if secrets.is_empty() {
        return;
    }
    let note = Problem::at("package", format!("left out because they may hold secrets: {}", secrets.join(", ")))
        .help("name a file in `package.patterns` to package it, or `!` and its name to leave it out silently")
        .warning();
    if !notes.iter().any(|n| *n == note) {
        notes.push(note);
    }
}

fn note_outside(planned: &Planned<'_>, outside: &[String], notes: &mut Problems) {
    let Some(first) = outside.first() else { return };
    let message = match outside.len() {
        1 => format!("{} holds `{first}` from outside the service, by a symbolic link", planned.whose),
        n => format!("{} holds {n} files from outside the service, by symbolic links (`{first}`, ...)", planned.whose),
    };
    notes.push(Problem::at("package", message).warning());
}
