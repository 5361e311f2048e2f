//! What stands in each archive: the service's files, what builders made, and folders from outside.

use super::cache;
use super::external;
use super::pack::{self, Pack, Packed, Prepared};
use super::request::{PackageRequest, Progress, Stage};
use super::select::Selection;
use super::{PackageError, plan::Planned};
use crate::build::python::{self, Installed, Options, Outcome, Platform};
use crate::build::target::{self, Arch};
use crate::build::wsgi::Application;
use crate::build::{Member, Members, Tree};
use crate::manifest::service::Function;
use crate::manifest::{Problem, Problems, Service};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What stands in an archive.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Files of their own.
    pub members: Members,
    /// Folders of the machine cache, compressed once for all archives.
    pub trees: Vec<Tree>,
}

/// Fills archives; remembers what several of them need.
pub struct Filler<'a> {
    service: &'a Service,
    request: &'a PackageRequest<'a>,
    options: Options,
    host: Option<Platform>,
    installed: BTreeMap<(PathBuf, String, Vec<String>), Option<Installed>>,
    packs: BTreeMap<String, Pack>,
    told: bool,
}

impl<'a> Filler<'a> {
    pub fn new(service: &'a Service, request: &'a PackageRequest<'a>) -> Self {
        Self {
            service,
            request,
            options: Options::read(&service.custom),
            host: None,
            installed: BTreeMap::new(),
            packs: BTreeMap::new(),
            told: false,
        }
    }

    /// What stands in the archive of functions.
    pub fn functions(
        &mut self,
        planned: &Planned<'_>,
        selection: Selection,
        notes: &mut Problems,
    ) -> Result<Contents, PackageError> {
        let mut contents = Contents { members: selection.members, trees: Vec::new() };
        if let Some(binary) = &planned.binary {
            if let Some(kept) = binary.parent().filter(|dir| dir.starts_with(self.request.cache_dir)) {
                cache::touch(kept);
            }
            let metadata =
                std::fs::metadata(binary).map_err(|source| PackageError::Read { path: binary.clone(), source })?;
            contents.members.insert("bootstrap".to_owned(), Member::file(binary.clone(), &metadata).executable());
        } else {
            let python: Vec<&Function> =
                planned.functions.iter().copied().filter(|f| is_python(self.service, f)).collect();
            if let Some(first) = python.first() {
                self.python(planned, first, &python, &mut contents, notes)?;
            }
        }
        self.external(planned, &mut contents, notes)?;
        Ok(contents)
    }

    /// Requirements, modules moved up, and handlers of web applications.
    fn python(
        &mut self,
        planned: &Planned<'_>,
        first: &Function,
        all: &[&Function],
        contents: &mut Contents,
        notes: &mut Problems,
    ) -> Result<(), PackageError> {
        let place = format!("functions.{}", first.key);
        if !std::mem::replace(&mut self.told, true) {
            for note in &self.options.notes {
                notes.push(Problem::at("custom.pythonRequirements", note.clone()).warning());
            }
        }
        self.warn_of_mixture(first, all, notes);
        let module = match planned.own {
            true => module_of(first),
            false => None,
        };
        if let Some(module) = module {
            move_up(module, &other_modules(self.service, module), &mut contents.members);
        }
        let applications: Vec<Application> = all.iter().filter_map(|f| Application::of(self.service, f)).collect();
        for application in &applications {
            let (name, text) = application.shim();
            contents.members.insert(name, Member::bytes(text));
        }
        if !self.options.enabled {
            return Ok(());
        }
        let mut additional: Vec<String> = applications.iter().map(|a| a.adapter().to_owned()).collect();
        additional.sort();
        additional.dedup();
        let dir = module.map_or_else(|| self.service.dir.clone(), |m| self.service.dir.join(m));
        let of_functions = all.iter().filter_map(|function| {
            Some((function.raw["vendor"].as_str()?, format!("functions.{}.vendor", function.key)))
        });
        let of_service = self.options.vendor.as_deref().map(|v| (v, "custom.pythonRequirements.vendor".to_owned()));
        for (vendor, place) in of_service.into_iter().chain(of_functions) {
            let path = self.service.dir.join(vendor);
            if !path.is_dir() {
                return Err(PackageError::NoExternal { place, path });
            }
            contents.members.extend(pack::members_of(&path)?);
        }
        if self.options.layer.is_some() && additional.is_empty() {
            return Ok(());
        }
        let Some(installed) = self.requirements(&dir, first, additional, notes, &place)? else {
            let file = &self.options.file_name;
            // A module may do without.
            if self.options.file_name_set && module.is_none() && !dir.join(file).exists() {
                let message = format!("there is no {file}, so no requirements are packaged");
                let note = Problem::at("custom.pythonRequirements.fileName", message).warning();
                if !notes.iter().any(|known| *known == note) {
                    notes.push(note);
                }
            }
            return Ok(());
        };
        if self.options.zip {
            let pack = self.pack(&installed.tree)?.path.clone();
            let metadata =
                std::fs::metadata(&pack).map_err(|source| PackageError::Read { path: pack.clone(), source })?;
            contents.members.insert(".requirements.zip".to_owned(), Member::file(pack, &metadata));
            contents.members.insert("unzip_requirements.py".to_owned(), Member::bytes(UNZIP));
        } else {
            contents.trees.push(installed.tree);
        }
        Ok(())
    }

    /// The layer of `custom.pythonRequirements.layer`.
    pub fn requirements_layer(&mut self, notes: &mut Problems) -> Result<Contents, PackageError> {
        let mut contents = Contents::default();
        let first = self.service.functions.values().find(|f| is_python(self.service, f)).cloned();
        let function = first.unwrap_or_default();
        let dir = self.service.dir.clone();
        let place = "custom.pythonRequirements".to_owned();
        if let Some(installed) = self.requirements(&dir, &function, Vec::new(), notes, &place)? {
            contents.trees.push(Tree { mount: "python".to_owned(), ..installed.tree });
        }
        Ok(contents)
    }

    fn requirements(
        &mut self,
        dir: &Path,
        function: &Function,
        additional: Vec<String>,
        notes: &mut Problems,
        place: &str,
    ) -> Result<Option<Installed>, PackageError> {
        let platform = self.platform(function)?;
        let key = (dir.to_owned(), platform.key(), additional.clone());
        if let Some(known) = self.installed.get(&key) {
            return Ok(known.clone());
        }
        let shown = dir.strip_prefix(&self.service.dir).ok().filter(|p| !p.as_os_str().is_empty());
        let subject = shown.map_or("requirements".to_owned(), |p| format!("requirements of {}", p.display()));
        let progress = |outcome: Outcome| {
            let stage = match outcome {
                Outcome::Installing(why) => Stage::Building(why),
                Outcome::Reused(why) => Stage::Reused(why),
            };
            (self.request.progress)(Progress { subject: subject.clone(), stage });
        };
        let prepared = RefCell::new(None);
        let installed = python::install(&python::Request {
            dir,
            service_dir: &self.service.dir,
            options: &self.options,
            platform: &platform,
            cache_dir: self.request.cache_dir,
            env: self.request.env,
            additional: &additional,
            progress: &progress,
            meanwhile: &|folder| *prepared.borrow_mut() = Some(Prepared::new(folder, self.request.cache_dir)),
        })?;
        if let Some(installed) = installed.as_ref().filter(|i| i.foreseen)
            && let Some(prepared) = prepared.into_inner()
        {
            let pack = prepared?.keep(&installed.tree, self.request.cache_dir)?;
            self.packs.insert(installed.tree.key.clone(), pack);
        }
        for note in installed.iter().flat_map(|i| &i.notes) {
            notes.push(Problem::at(place, note.clone()).warning());
        }
        if let Some(installed) = &installed {
            cache::touch(&installed.tree.dir);
        }
        self.installed.insert(key, installed.clone());
        Ok(installed)
    }

    fn platform(&mut self, function: &Function) -> Result<Platform, PackageError> {
        if let Some(host) = &self.request.target_override
            && self.host.is_none()
        {
            self.host = Some(python::host_platform(host.python.as_deref(), self.request.env)?);
        }
        if let Some(host) = &self.host {
            return Ok(host.clone());
        }
        let runtime = target::runtime(self.service, function);
        Ok(Platform::of_runtime(runtime, target::arch(self.service, function), target::glibc(runtime)))
    }

    fn warn_of_mixture(&self, first: &Function, all: &[&Function], notes: &mut Problems) {
        let target = |f: &Function| -> (String, Arch) {
            (target::runtime(self.service, f).to_owned(), target::arch(self.service, f))
        };
        if let Some(other) = all.iter().find(|f| target(f) != target(first)) {
            let message = format!(
                "functions `{}` and `{}` share an archive but not their runtime and architecture: \
                 its packages fit `{}` only",
                first.key, other.key, first.key
            );
            let note = Problem::at(format!("functions.{}", other.key), message).warning();
            notes.push(note.help("package them on their own: `package: { individually: true }`"));
        }
    }

    fn external(
        &self,
        planned: &Planned<'_>,
        contents: &mut Contents,
        notes: &mut Problems,
    ) -> Result<(), PackageError> {
        let own = planned.functions.first().filter(|_| planned.own).copied();
        // A native binary imports nothing: it takes its own folders alone.
        let service_wide = if planned.binary.is_some() { Vec::new() } else { external::of(self.service, None) };
        let all = external::of(self.service, own);
        let skip = if planned.binary.is_some() { external::of(self.service, None).len() } else { service_wide.len() };
        let chosen = service_wide.into_iter().chain(all.into_iter().skip(skip));
        for external in chosen {
            let (files, secrets) = external.chosen()?;
            if !secrets.is_empty() {
                let names = secrets.into_iter().map(|file| file.name).collect::<Vec<_>>().join(", ");
                let message = format!("left out because they may hold secrets: {names}");
                let note = Problem::at(external.place(), message).warning();
                let note = note.help("name a file in `patterns` of this entry to package it, or `!` and its name to leave it out silently");
                if !notes.iter().any(|known| *known == note) {
                    notes.push(note);
                }
            }
            for file in files {
                let replaced = contents.members.insert(file.name.clone(), file.member.clone());
                if replaced.is_some_and(|old| old.source != file.member.source) {
                    let message = format!("`{}` is in {} already, and is replaced", file.name, planned.whose);
                    notes.push(Problem::at(external.place(), message).warning());
                }
            }
        }
        Ok(())
    }

    /// The compressed members of the folders, by their names.
    pub fn packed(&mut self, trees: &[Tree]) -> Result<BTreeMap<String, Packed>, PackageError> {
        let mut packed = BTreeMap::new();
        for tree in trees {
            packed.extend(self.pack(tree)?.entries(&tree.mount));
        }
        Ok(packed)
    }

    fn pack(&mut self, tree: &Tree) -> Result<&Pack, PackageError> {
        if !self.packs.contains_key(&tree.key) {
            let pack = Pack::of_tree(tree, self.request.cache_dir)?;
            self.packs.insert(tree.key.clone(), pack);
        }
        Ok(&self.packs[&tree.key])
    }
}

/// Whether a function runs in a Python runtime.
pub fn is_python(service: &Service, function: &Function) -> bool {
    target::runtime(service, function).starts_with("python")
}

/// `module` of a function (serverless-python-requirements): the folder that becomes the root of its archive.
pub fn module_of(function: &Function) -> Option<&str> {
    let module = function.raw.get("module")?.as_str()?.trim_start_matches("./").trim_end_matches('/');
    (!module.is_empty() && module != ".").then_some(module)
}

fn other_modules(service: &Service, module: &str) -> Vec<String> {
    let all = service.functions.values().filter_map(module_of);
    all.filter(|other| *other != module && !module.starts_with(&format!("{other}/"))).map(|m| format!("{m}/")).collect()
}

/// The module's files move to the root. What other functions have as module stays out; all else
/// stays where it is, so that shared code can be imported (the plugin drops it).
fn move_up(module: &str, others: &[String], members: &mut Members) {
    let prefix = format!("{module}/");
    let mut moved = Members::new();
    for (name, member) in std::mem::take(members) {
        match name.strip_prefix(&prefix) {
            Some(rest) => {
                moved.insert(rest.to_owned(), member);
            }
            None if others.iter().any(|other| name.starts_with(other.as_str())) => {}
            None => {
                moved.entry(name).or_insert(member);
            }
        }
    }
    *members = moved;
}

/// What `import unzip_requirements` runs (`custom.pythonRequirements.zip`).
const UNZIP: &str = r#""""Made by rlx: unpacks the function's requirements once per container."""
import os
import shutil
import sys
import zipfile

target = "/tmp/sls-py-req"
sys.path.insert(1, target)

if not os.path.exists(target):
    root = os.environ.get("LAMBDA_TASK_ROOT", os.getcwd())
    if os.environ.get("IS_LOCAL") == "true":
        root = os.getcwd()
    unfinished = f"{target}.{os.getpid()}"
    shutil.rmtree(unfinished, ignore_errors=True)
    with zipfile.ZipFile(os.path.join(root, ".requirements.zip")) as archive:
        archive.extractall(unfinished)
    os.rename(unfinished, target)
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_moves_up_and_shared_code_stays() {
        let names = ["fn1/index.py", "fn1/lib/a.py", "fn2/index.py", "shared/s.py", "index.py"];
        let mut members: Members = names.iter().map(|n| ((*n).to_owned(), Member::bytes(*n))).collect();
        move_up("fn1", &["fn2/".to_owned()], &mut members);
        assert_eq!(members.keys().collect::<Vec<_>>(), ["index.py", "lib/a.py", "shared/s.py"]);
        assert_eq!(members["index.py"], Member::bytes("fn1/index.py"));
    }
}
