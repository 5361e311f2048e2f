//! The typed model of a service: what every later room reads.
//!
//! Values that may hold CloudFormation (`Ref`, `Fn::GetAtt`, ...) or that only one
//! part of the template compiler reads stay [`serde_json::Value`]; that part gives
//! them their own type. The schema has checked shapes before this model is made.

use super::document::{Node, Sources, Span};
use super::problem::Place;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A resolved, validated service of one stage.
#[derive(Debug, Clone)]
pub struct Service {
    /// `service`.
    pub name: String,
    /// The stage that is worked on.
    pub stage: String,
    /// The AWS region.
    pub region: String,
    /// Variables that the SDKs of AWS read, those of `.env` files included.
    pub aws_env: BTreeMap<String, String>,
    /// The service directory: where the manifest lies, absolute.
    pub dir: PathBuf,
    /// The manifest file, absolute; `None` where there is none (a finished package).
    pub file: Option<PathBuf>,
    /// `provider`.
    pub provider: Provider,
    /// `functions`, in manifest order, keyed by their name in the manifest.
    pub functions: IndexMap<String, Function>,
    /// `layers`, in manifest order.
    pub layers: IndexMap<String, Layer>,
    /// `package`.
    pub package: PackageConfig,
    /// `custom`.
    pub custom: Value,
    /// `resources`, with a list of documents already merged.
    pub resources: Value,
    /// `build` (esbuild options) and other top-level keys of rlx; `Null` where absent.
    pub build: Value,
    /// `stepFunctions` (serverless-step-functions); `Null` where absent.
    pub step_functions: Value,
    /// `plugins`, by name.
    pub plugins: Vec<String>,
    /// What `stages:` says of this stage.
    pub stage_settings: super::stage::StageSettings,
    /// The whole resolved manifest with places.
    pub config: Node,
    /// The files that it was read from.
    pub sources: Sources,
}

impl Service {
    /// The stack's name: `provider.stackName`, else `<service>-<stage>`
    /// (Framework v3 `naming.getStackName`).
    pub fn stack_name(&self) -> String {
        self.provider.stack_name.clone().unwrap_or_else(|| format!("{}-{}", self.name, self.stage))
    }

    /// The span of a place: of the deepest existing ancestor where the path itself is absent.
    pub fn locate(&self, place: &Place) -> Option<Span> {
        match place {
            Place::Span(span) => Some(*span),
            Place::Nowhere => None,
            Place::Path(path) => self.config.locate(path),
        }
    }
}

/// `provider`: settings for all functions and for what they share.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Provider {
    pub runtime: Option<String>,
    pub stack_name: Option<String>,
    pub api_name: Option<Value>,
    pub memory_size: Option<u64>,
    pub timeout: Option<u64>,
    pub architecture: Option<String>,
    pub environment: IndexMap<String, Value>,
    pub deployment_bucket: Option<Value>,
    pub deployment_prefix: Option<String>,
    pub tags: IndexMap<String, Value>,
    pub stack_tags: IndexMap<String, Value>,
    pub stack_parameters: Vec<Value>,
    pub stack_policy: Vec<Value>,
    pub notification_arns: Vec<Value>,
    pub rollback_configuration: Option<Value>,
    pub disable_rollback: Option<bool>,
    pub cfn_role: Option<Value>,
    pub iam: Option<Value>,
    pub role: Option<Value>,
    pub role_permissions_boundary: Option<Value>,
    pub iam_role_statements: Vec<Value>,
    pub iam_managed_policies: Vec<Value>,
    pub vpc: Option<Value>,
    pub vpc_endpoint_ids: Option<Value>,
    pub layers: Option<Value>,
    pub kms_key_arn: Option<Value>,
    pub tracing: Option<Value>,
    pub logs: Option<Value>,
    pub log_retention_in_days: Option<u64>,
    pub log_data_protection_policy: Option<Value>,
    pub runtime_management: Option<Value>,
    pub version_functions: Option<bool>,
    pub ephemeral_storage_size: Option<u64>,
    pub ecr: Option<Value>,
    pub alb: Option<Value>,
    pub api_gateway: Option<Value>,
    pub api_keys: Option<Value>,
    pub usage_plan: Option<Value>,
    pub http_api: Option<Value>,
    pub websockets_api_name: Option<Value>,
    pub websockets_api_route_selection_expression: Option<Value>,
    pub websockets_description: Option<Value>,
    pub websocket: Option<Value>,
    pub resource_policy: Option<Value>,
    pub endpoint_type: Option<Value>,
    pub event_bridge: Option<Value>,
    pub s3: IndexMap<String, Value>,
    pub cloud_front: Option<Value>,
    pub lambda_hashing_version: Option<Value>,
    /// Everything under `provider`, for keys that only one compiler reads.
    #[serde(skip)]
    pub raw: Value,
}

/// One function.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Function {
    /// The key under `functions`.
    #[serde(skip)]
    pub key: String,
    /// The deployed name: `name`, else `<service>-<stage>-<key>`.
    pub name: String,
    pub handler: Option<String>,
    pub image: Option<Value>,
    pub runtime: Option<String>,
    pub description: Option<Value>,
    pub memory_size: Option<u64>,
    pub timeout: Option<u64>,
    pub architecture: Option<String>,
    pub environment: IndexMap<String, Value>,
    pub events: Vec<Value>,
    pub package: PackageConfig,
    pub role: Option<Value>,
    pub layers: Option<Value>,
    pub vpc: Option<Value>,
    pub tags: IndexMap<String, Value>,
    pub file_system_config: Option<Value>,
    pub on_error: Option<Value>,
    pub destinations: Option<Value>,
    pub provisioned_concurrency: Option<Value>,
    pub reserved_concurrency: Option<Value>,
    pub maximum_event_age: Option<u64>,
    pub maximum_retry_attempts: Option<u64>,
    pub ephemeral_storage_size: Option<u64>,
    pub snap_start: Option<bool>,
    pub tracing: Option<Value>,
    pub kms_key_arn: Option<Value>,
    pub url: Option<Value>,
    pub logs: Option<Value>,
    pub log_retention_in_days: Option<u64>,
    pub log_data_protection_policy: Option<Value>,
    pub runtime_management: Option<Value>,
    pub version_function: Option<bool>,
    pub disable_logs: Option<bool>,
    pub condition: Option<String>,
    pub depends_on: Option<Value>,
    /// Files of its archive that rlx writes itself, by their name; those of a plugin's function.
    #[serde(skip)]
    pub files: BTreeMap<String, String>,
    /// Everything under the function, for keys that only one room reads.
    #[serde(skip)]
    pub raw: Value,
}

/// One layer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Layer {
    /// The key under `layers`.
    #[serde(skip)]
    pub key: String,
    pub path: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub compatible_runtimes: Option<Vec<String>>,
    pub compatible_architectures: Option<Vec<String>>,
    pub license_info: Option<String>,
    pub allowed_accounts: Option<Vec<String>>,
    pub retain: Option<bool>,
    pub package: PackageConfig,
}

/// `package`, on the service, a function or a layer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PackageConfig {
    pub artifact: Option<String>,
    pub individually: Option<bool>,
    pub patterns: Vec<String>,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub exclude_dev_dependencies: Option<bool>,
    /// Folder of the packaging output (`package.path`).
    pub path: Option<String>,
    /// Folders outside the service mounted into the archive (rlx).
    pub external: Option<Value>,
    /// The binary of a Rust function (rlx).
    pub bin: Option<String>,
}
