//! All logical ids and names that rlx gives to what it makes, and nowhere else.
//!
//! They are those of Framework v3 (`naming.*` there), because a logical id that
//! changes makes CloudFormation replace the resource. A function here has one
//! rule of the framework, named in its comment where the name does not tell.
//! Names that need only their arguments are free functions, grouped by room;
//! names that need the service are methods of [`Naming`].

pub mod alb;
pub mod api_gateway;
pub mod cloud_front;
pub mod custom_resource;
pub mod event_source;
pub mod events;
pub mod function;
pub mod http_api;
pub mod layer;
mod service;
pub mod step_functions;
mod text;
pub mod websocket;

pub use service::{Naming, md5_hex};
pub use text::{
    camel_case, normalize_alphanumeric, normalize_name, normalize_path, normalize_path_part, normalize_resource,
    start_case, upper_first,
};

/// The execution role that functions share (`getRoleLogicalId`).
pub const EXECUTION_ROLE: &str = "IamRoleLambdaExecution";
/// The bucket that archives are uploaded to (`getDeploymentBucketLogicalId`).
pub const DEPLOYMENT_BUCKET: &str = "ServerlessDeploymentBucket";
/// The policy of that bucket (`getDeploymentBucketPolicyLogicalId`).
pub const DEPLOYMENT_BUCKET_POLICY: &str = "ServerlessDeploymentBucketPolicy";
/// The output that names that bucket (`getDeploymentBucketOutputLogicalId`).
pub const DEPLOYMENT_BUCKET_OUTPUT: &str = "ServerlessDeploymentBucketName";
