//! `forceDeploy`: makes CloudFormation run a custom resource again, although nothing of it changed.

use crate::template::value::truthy;
use serde_json::Value;

/// The property that differs in every template, where the manifest asks for it.
///
/// The one place where the same manifest gives two templates; whoever sets it wants that.
pub(super) fn force_deploy(setting: &Value) -> Option<(String, Value)> {
    truthy(setting).then(|| ("ForceDeploy".to_owned(), jiff::Timestamp::now().as_millisecond().into()))
}
