//! The whole of it: which archives a service has, and what is in each.

use super::contents::{Contents, Filler, is_python};
use super::pack::{self, Previous};
use super::plan::{self, Built, Content, Planned};
use super::request::{PackageRequest, Packaged, Progress, Stage};
use super::select::{self, Patterns, Selection};
use super::walk::Found;
use super::{Artifact, PackageError, archive, bundles, cache, external, finished, handler, limits, native};
use crate::build::wsgi::Application;
use crate::build::{node, target};
use crate::manifest::{Problem, Problems, Service, Severity};
use std::time::{Instant, SystemTime};

/// Makes the archives of a service.
pub fn package(service: &Service, request: &PackageRequest<'_>) -> Result<Packaged, PackageError> {
    check_names(service, request)?;
    let mut packaged = Packaged::default();
    let mut dependencies = node::dependencies(&service.dir);
    let built = Built {
        binaries: native::build(service, request)?,
        bundles: bundles::build(service, request, &mut packaged.notes)?,
        development: match service.package.exclude_dev_dependencies {
            Some(false) => Vec::new(),
            _ => std::mem::take(&mut dependencies.development),
        },
    };
    let plan = plan::plan(service, request, &built)?;
    let sets: Vec<&Patterns> = plan.iter().filter_map(Planned::patterns).collect();
    let mut files = if sets.is_empty() { Vec::new() } else { select::find(&service.dir, &sets)? };
    files.extend(external::linked(service, &mut packaged.notes)?);
    if !sets.is_empty() {
        files.extend(external::of_store(&service.dir, &dependencies.linked)?);
    }
    note_not_taken(service, &plan, &dependencies, &mut packaged.notes);
    let mut filler = Filler::new(service, request);
    for planned in &plan {
        let mut artifact = match &planned.content {
            Content::Finished { place, artifact } => {
                let made = packaged.artifacts.artifacts.iter().map(|a| a.name.clone());
                let taken: Vec<String> = plan.iter().filter_map(|p| p.name.clone()).chain(made).collect();
                let made = finished::take(&service.dir, place, artifact, request.out_dir, &taken)?;
                if !finished::is_zip(&made.path) {
                    let message = format!("{artifact} is no zip archive: Lambda will refuse it");
                    packaged.notes.push(Problem::at(place.clone(), message).warning());
                }
                made
            }
            _ => {
                let contents = fill(service, planned, &files, &mut filler, &mut packaged.notes)?;
                check_handlers(service, planned, &contents, request.missing_handler, &mut packaged.notes);
                write(request, planned, &contents, &mut filler)?
            }
        };
        planned.claim(&mut artifact);
        packaged.artifacts.artifacts.push(artifact);
    }
    cache::remove_unfinished(request.out_dir, SystemTime::now());
    cache::keep_bounded(request.cache_dir, cache::LIMIT, SystemTime::now());
    limits::check(service, &packaged.artifacts, request.missing_handler, &mut packaged.notes);
    Ok(packaged)
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

fn fill(
    service: &Service,
    planned: &Planned<'_>,
    files: &[Found],
    filler: &mut Filler<'_>,
    notes: &mut Problems,
) -> Result<Contents, PackageError> {
    let noted = |selection: Selection, notes: &mut Problems| {
        note_secrets(&selection.secrets, notes);
        note_outside(planned, &selection.outside, notes);
        selection
    };
    let contents = match &planned.content {
        Content::Files(patterns) => {
            let mut selection = noted(patterns.choose(files), notes);
            let bundle = planned.bundle.iter().map(|(name, member)| (name.clone(), member.clone()));
            selection.members.extend(bundle);
            filler.functions(planned, selection, notes)?
        }
        Content::Layer(patterns) => {
            let dir = service.dir.join(planned.layer.and_then(|l| l.path.as_deref()).unwrap_or("."));
            let selection = noted(patterns.choose(&select::find(&dir, &[patterns])?), notes);
            Contents { members: selection.members, trees: Vec::new() }
        }
        Content::Requirements => filler.requirements_layer(notes)?,
        Content::Finished { .. } => Contents::default(),
    };
    match contents.members.is_empty() && contents.trees.is_empty() {
        true => Err(PackageError::NoFiles { whose: planned.whose.clone() }),
        false => Ok(contents),
    }
}

fn write(
    request: &PackageRequest<'_>,
    planned: &Planned<'_>,
    contents: &Contents,
    filler: &mut Filler<'_>,
) -> Result<Artifact, PackageError> {
    let started = Instant::now();
    let name = planned.name.clone().unwrap_or_default();
    let path = request.out_dir.join(&name);
    let tell = |stage: Stage| (request.progress)(Progress { subject: name.clone(), stage });
    let artifact = |sha256: String, size: u64, unzipped_size: u64| Artifact {
        name: name.clone(),
        path: path.clone(),
        sha256,
        size,
        unzipped_size,
        functions: Vec::new(),
        layers: Vec::new(),
    };
    let previous = Previous::at(&path, request.cache_dir);
    let fingerprint = pack::fingerprint(&contents.members, &contents.trees);
    if let Some(head) = previous.unchanged(&fingerprint) {
        tell(Stage::Reused("nothing in it has changed".to_owned()));
        return Ok(artifact(head.sha256.clone(), head.size, head.unzipped_size));
    }
    let packed = filler.packed(&contents.trees)?;
    let entries = pack::entries(&contents.members, &packed);
    let written = archive::write(&path, &entries, &previous.open())?;
    let made = artifact(written.sha256.clone(), written.size, written.unzipped_size);
    previous.save(written, &contents.members, fingerprint)?;
    tell(Stage::Done { size: made.size, took: started.elapsed() });
    Ok(made)
}

fn check_handlers(
    service: &Service,
    planned: &Planned<'_>,
    contents: &Contents,
    severity: Severity,
    notes: &mut Problems,
) {
    if planned.binary.is_some() {
        return;
    }
    for function in &planned.functions {
        // Its handler is somebody else's, such as a wrapper in a layer.
        if bundles::entry_point(function).is_some() {
            continue;
        }
        let application = Application::of(service, function).filter(|_| is_python(service, function));
        let Some(handler) = application.map(|a| a.module()).or_else(|| function.handler.clone()) else { continue };
        let candidates = handler::candidates(target::runtime(service, function), &handler);
        if handler::is_missing(&candidates, &contents.members) {
            let problem = Problem::at(
                format!("functions.{}.handler", function.key),
                format!("the archive has no file `{}` for handler `{handler}`", candidates[0]),
            )
            .help(match candidates.iter().any(|name| service.dir.join(name).exists()) {
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

/// Dependencies above the service stay out, as in Framework v3, and so does what is not installed; a layer or a bundle
/// may bring them.
fn note_not_taken(service: &Service, plan: &[Planned<'_>], of: &node::Dependencies, notes: &mut Problems) {
    let takes_files = |planned: &&Planned<'_>| {
        planned.bundle.is_empty() && planned.patterns().is_some_and(|patterns| patterns.may_take_from("node_modules"))
    };
    let functions = plan.iter().filter(takes_files).flat_map(|planned| planned.functions.iter());
    let needs = |function: &&&crate::manifest::service::Function| {
        let has_layers = function.raw.get("layers").or(service.provider.raw.get("layers")).is_some();
        target::runtime(service, function).starts_with("nodejs") && !has_layers
    };
    let Some(function) = functions.into_iter().find(needs) else { return };
    let mut note = |what: &str, names: &[String], help: &str| {
        if !names.is_empty() {
            let message = format!("{what}: {}", names.join(", "));
            notes.push(Problem::at(format!("functions.{}", function.key), message).help(help).warning());
        }
    };
    note(
        "dependencies in a `node_modules` above the service do not come into the archive",
        &of.above,
        "bundle the code (`build: { esbuild: true }`), install them in the service directory, or mount them with \
         `package.external`",
    );
    let help = match of.plug_and_play {
        true => {
            "Yarn's Plug'n'Play keeps them where Lambda does not look: bundle the code (`build: { esbuild: true }`), or \
             set `nodeLinker: node-modules` in `.yarnrc.yml`"
        }
        false => "install them (`npm ci`) before packaging, or bundle the code (`build: { esbuild: true }`)",
    };
    note("dependencies of `package.json` are not installed, and not in the archive", &of.missing, help);
}

fn note_outside(planned: &Planned<'_>, outside: &[String], notes: &mut Problems) {
    let Some(first) = outside.first() else { return };
    let message = match outside.len() {
        1 => format!("{} holds `{first}` from outside the service, by a symbolic link", planned.whose),
        n => format!("{} holds {n} files from outside the service, by symbolic links (`{first}`, ...)", planned.whose),
    };
    notes.push(Problem::at("package", message).warning());
}
