//! The manifest as a whole: from files and flags to the model.

mod bad_input;
mod fuzz;
mod loading;
mod properties;
mod remote;
mod scripts;
mod stages;
mod variables;

use super::variables::{Offline, Remote};
use super::{LoadFailure, LoadRequest, Loaded, Resolved, load, resolve};
use serde_json::Value;
use std::collections::BTreeMap;
use tempfile::TempDir;

/// A service directory in the making.
pub(super) struct Project {
    dir: TempDir,
    stage: Option<String>,
    params: Vec<String>,
    env: BTreeMap<String, String>,
    explain: Option<String>,
}

impl Project {
    /// With this manifest; what every manifest needs is there already.
    pub fn new(manifest: &str) -> Self {
        Self::raw(format!("service: shop\nprovider:\n  name: aws\n{manifest}"))
    }

    /// With exactly this serverless.yml.
    pub fn raw(manifest: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("serverless.yml"), manifest).expect("written");
        let env = std::env::vars().filter(|(name, _)| name == "PATH").collect();
        Self { dir, stage: None, params: Vec::new(), env, explain: None }
    }

    pub fn path(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, content).expect("written");
        self
    }

    pub fn stage(mut self, stage: &str) -> Self {
        self.stage = Some(stage.to_owned());
        self
    }

    pub fn param(mut self, param: &str) -> Self {
        self.params.push(param.to_owned());
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn explain(mut self, path: &str) -> Self {
        self.explain = Some(path.to_owned());
        self
    }

    fn request<'a>(&self, remote: &'a dyn Remote) -> LoadRequest<'a> {
        LoadRequest {
            dir: self.dir.path().to_path_buf(),
            config: None,
            stage: self.stage.clone(),
            region: None,
            options: BTreeMap::new(),
            params: self.params.clone(),
            env: self.env.clone(),
            instance_id: "1".to_owned(),
            remote,
            strict: false,
            explain: self.explain.clone(),
        }
    }

    pub fn resolve_with(&self, remote: &dyn Remote) -> Result<Resolved, LoadFailure> {
        resolve(&self.request(remote))
    }

    pub fn resolved(&self) -> Resolved {
        self.resolve_with(&Offline).unwrap_or_else(|failure| panic!("{:?}", messages(&failure)))
    }

    /// The resolved value at a path.
    pub fn value(&self, path: &str) -> Value {
        self.resolved().config.at(path).map_or(Value::Null, super::document::Node::to_json)
    }

    pub fn load(&self) -> Result<Loaded, LoadFailure> {
        load(&self.request(&Offline))
    }

    /// What the manifest is refused for.
    pub fn refusal(&self) -> Vec<String> {
        match self.load() {
            Ok(_) => Vec::new(),
            Err(failure) => messages(&failure),
        }
    }
}

fn messages(failure: &LoadFailure) -> Vec<String> {
    failure.problems.iter().map(|problem| problem.message.clone()).collect()
}
