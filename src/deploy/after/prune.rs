//! serverless-prune-plugin: old versions of functions and layers go after each deploy, from `custom.prune`
//! (README of its version 2).

use crate::aws::{Aws, AwsError};
use crate::deploy::progress::{Progress, Watch};
use crate::deploy::prune;
use crate::iam::requirements::OwnCall;
use crate::manifest::schema::build::*;
use crate::manifest::{Service, plugins};
use serde::Serialize;
use serde_json::Value;

/// Its package name.
pub const NAME: &str = "serverless-prune-plugin";

/// The schema of `custom.prune`.
pub fn schema() -> Value {
    object([
        ("automatic", doc(boolean(), "Prune after each deploy [default: false].")),
        ("number", doc(integer(0), "Versions that are kept; the newest one always is.")),
        ("includeLayers", doc(boolean(), "Prune layers too [default: false].")),
    ])
}

/// What is pruned.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prune {
    keep: usize,
    /// Deployed names.
    functions: Vec<String>,
    /// Deployed names.
    layers: Vec<String>,
}

impl Prune {
    /// `None` where nothing is pruned by itself.
    pub fn of(service: &Service) -> Option<Self> {
        if !plugins::uses(&service.plugins, NAME) {
            return None;
        }
        let settings = &service.custom["prune"];
        if settings["automatic"] != Value::Bool(true) {
            return None;
        }
        let keep = settings["number"].as_u64()?;
        let layers = match settings["includeLayers"] == Value::Bool(true) {
            true => service.layers.values().map(|l| l.name.clone().unwrap_or_else(|| l.key.clone())).collect(),
            false => Vec::new(),
        };
        let functions = service.functions.values().map(|function| function.name.clone()).collect();
        Some(Self { keep: usize::try_from(keep).ok()?, functions, layers })
    }

    /// What pruning calls.
    pub fn calls(&self) -> Vec<OwnCall> {
        let call = |action, resource| OwnCall { action, resource, why: "pruning" };
        let mut calls = Vec::new();
        for function in &self.functions {
            let arn = format!("lambda:${{Region}}:${{Account}}:function:{function}");
            calls.push(call("lambda:ListVersionsByFunction", arn.clone()));
            calls.push(call("lambda:ListAliases", arn.clone()));
            calls.push(call("lambda:DeleteFunction", format!("{arn}:*")));
        }
        for layer in &self.layers {
            let arn = format!("lambda:${{Region}}:${{Account}}:layer:{layer}");
            calls.push(call("lambda:ListLayerVersions", arn.clone()));
            calls.push(call("lambda:DeleteLayerVersion", format!("{arn}:*")));
        }
        calls
    }

    /// Prunes. The deploy is good whether or not this works, and the next one prunes what is left: a failure is
    /// told and no more.
    pub async fn run(&self, aws: &Aws, watch: Watch<'_>) {
        watch(Progress::Step("removing old versions"));
        if let Err(error) = self.prune(aws).await {
            watch(Progress::Warning(&format!("old versions were not all removed: {error}")));
        }
    }

    async fn prune(&self, aws: &Aws) -> Result<(), AwsError> {
        for function in &self.functions {
            for version in prune::versions(aws, function, self.keep).await? {
                match prune::delete_version(aws, function, &version).await {
                    // CloudFront's copies go by themselves, later.
                    Err(error) if error.message.contains("replicated function") => {}
                    result => result?,
                }
            }
        }
        for layer in &self.layers {
            for version in prune::layer_versions(aws, layer, self.keep).await? {
                prune::delete_layer_version(aws, layer, version).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::service;

    fn of(prune: &str) -> Option<Prune> {
        let manifest = format!(
            "service: quay\nprovider: {{ name: aws }}\nplugins: [{NAME}]\ncustom: {{ prune: {prune} }}\n\
             functions: {{ f: {{ handler: a.b }} }}\nlayers: {{ l: {{ path: l }}, m: {{ path: m, name: em }} }}"
        );
        Prune::of(&service(&manifest))
    }

    #[test]
    fn functions_are_pruned_where_it_is_automatic_and_layers_where_asked_for() {
        let prune = |layers: &[&str]| Prune {
            keep: 3,
            functions: vec!["quay-dev-f".into()],
            layers: layers.iter().map(|l| (*l).to_owned()).collect(),
        };
        assert_eq!(of("{ automatic: true, number: 3 }"), Some(prune(&[])));
        assert_eq!(of("{ automatic: true, number: 3, includeLayers: true }"), Some(prune(&["l", "em"])));
    }

    #[test]
    fn nothing_is_pruned_unless_asked_for() {
        assert_eq!(of("{ number: 3 }"), None);
        assert_eq!(of("{ automatic: true }"), None);
    }
}
