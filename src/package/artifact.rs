//! What packaging made: the archives and who uses them.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// File name without folder, such as `orders.zip`.
    pub name: String,
    /// Where it lies.
    #[serde(skip)]
    pub path: PathBuf,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// Bytes of the archive.
    pub size: u64,
    /// Bytes of its members, unpacked.
    pub unzipped_size: u64,
    /// Keys of the functions whose code it is.
    pub functions: Vec<String>,
    /// Keys of the layers whose content it is.
    pub layers: Vec<String>,
}

/// All archives of a service, and its container images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifacts {
    /// The archives, in manifest order of their first user.
    pub artifacts: Vec<Artifact>,
    /// Image URIs with digest, by function key.
    #[serde(default)]
    pub images: IndexMap<String, String>,
}

impl Artifacts {
    /// The archive that holds a function's code.
    pub fn of_function(&self, key: &str) -> Option<&Artifact> {
        self.artifacts.iter().find(|a| a.functions.iter().any(|f| f == key))
    }

    /// The archive that holds a layer's content.
    pub fn of_layer(&self, key: &str) -> Option<&Artifact> {
        self.artifacts.iter().find(|a| a.layers.iter().any(|l| l == key))
    }
}

impl Artifact {
    /// The content-addressed key in the deployment bucket:
    /// `<prefix>/<service>/<stage>/<sha256>.zip`, so that the template does not
    /// change when the code does not.
    pub fn s3_key(&self, prefix: &str, service: &str, stage: &str) -> String {
        format!("{prefix}/{service}/{stage}/{}.zip", self.sha256)
    }
}
