//! `provider.cloudFront.cachePolicies`.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudfront-cachepolicy.html>

use crate::manifest::{Problem, Service};
use crate::template::Compilation;
use crate::template::naming::cloud_front as id;
use serde_json::{Map, Value, json};

fn policies(service: &Service) -> impl Iterator<Item = (&String, &Value)> {
    service.provider.raw.pointer("/cloudFront/cachePolicies").and_then(Value::as_object).into_iter().flatten()
}

/// Adds all policies, whether used or not.
pub(super) fn compile(it: &mut Compilation<'_>) {
    for (name, config) in policies(it.service) {
        let mut config: Map<String, Value> = config.as_object().cloned().unwrap_or_default();
        config.insert("Name".into(), it.names().cache_policy(name).into());
        let resource = json!({
            "Type": "AWS::CloudFront::CachePolicy",
            "Properties": { "CachePolicyConfig": config },
        });
        it.add_resource(id::cache_policy(name), resource, &path(name));
    }
}

/// Says which policies no event uses.
pub(super) fn warn_of_unused(it: &mut Compilation<'_>, used: &[String]) {
    for (name, _) in policies(it.service).filter(|(name, _)| !used.contains(name)) {
        it.problems.push(
            Problem::at(path(name), format!("no cloudFront event uses the cache policy `{name}`"))
                .help("name it in an event's `cachePolicy.name`, or remove it")
                .warning(),
        );
    }
}

fn path(name: &str) -> String {
    format!("provider.cloudFront.cachePolicies.{name}")
}
