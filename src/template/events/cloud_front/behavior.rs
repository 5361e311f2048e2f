//! Which origin and which functions serve a path.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudfront-distribution-cachebehavior.html>

use super::{Association, merge::complete};
use crate::manifest::{Problem, Problems};
use crate::template::naming::cloud_front as id;
use crate::template::value::{reference, truthy};
use crate::template::{Compilation, EventUse};
use serde_json::{Map, Value, json};

/// The managed policy CachingOptimized.
///
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html>
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";

/// The behaviours of a distribution.
#[derive(Default)]
pub(super) struct Behaviors {
    list: Vec<Value>,
    /// The manifest path of the first event of each.
    paths: Vec<String>,
}

impl Behaviors {
    /// Adds an event's behaviour, or completes the one of the same path and origin.
    pub fn add(
        &mut self,
        it: &mut Compilation<'_>,
        event: &EventUse<'_>,
        association: Association,
        origin_id: &str,
        version_id: &str,
    ) {
        let mut behavior = Map::from_iter([("ViewerProtocolPolicy".to_owned(), json!("allow-all"))]);
        let has_policy = match cache_policy(it, event, &association) {
            Some(policy) => {
                behavior.extend(association.behavior.unwrap_or_default());
                behavior.insert("CachePolicyId".into(), policy);
                true
            }
            None => {
                behavior.extend(association.behavior.unwrap_or_default());
                ["MaxTTL", "MinTTL", "DefaultTTL"]
                    .iter()
                    .any(|ttl| behavior.get(*ttl).is_some_and(|ttl| !ttl.is_null()))
                    || ["CachePolicyId", "ForwardedValues"].iter().any(|key| behavior.get(*key).is_some_and(truthy))
            }
        };
        if !has_policy {
            behavior.insert("CachePolicyId".into(), CACHING_OPTIMIZED.into());
        }
        let mut function = Map::new();
        function.extend(association.event_type.map(|kind| ("EventType".to_owned(), kind.into())));
        function.insert("LambdaFunctionARN".into(), reference(version_id));
        function.extend(association.include_body.map(|include| ("IncludeBody".to_owned(), include)));
        behavior.insert("TargetOriginId".into(), origin_id.into());
        behavior.insert("LambdaFunctionAssociations".into(), json!([function]));
        behavior.extend(
            association
                .path_pattern
                .filter(|pattern| !pattern.is_empty())
                .map(|pattern| ("PathPattern".to_owned(), pattern.into())),
        );

        let same = |existing: &&mut Value| {
            existing.get("PathPattern") == behavior.get("PathPattern") && existing["TargetOriginId"] == origin_id
        };
        match self.list.iter_mut().find(same) {
            Some(existing) => complete(existing, behavior.into()),
            None => {
                self.list.push(behavior.into());
                self.paths.push(event.path.clone());
            }
        }
    }

    /// Refuses two behaviours of one path and two functions of one event type; whether all is well.
    pub fn check(&self, problems: &mut Problems) -> bool {
        let mut is_well = !self.list.is_empty();
        for (index, behavior) in self.list.iter().enumerate() {
            let pattern = behavior.get("PathPattern");
            if self.list[..index].iter().any(|other| other.get("PathPattern") == pattern) {
                let pattern = pattern.and_then(Value::as_str).map_or_else(
                    || "the default behaviour, without a pathPattern,".to_owned(),
                    |pattern| format!("the pathPattern `{pattern}`"),
                );
                problems.push(
                    Problem::at(&self.paths[index], format!("{pattern} has two origins"))
                        .help("a path is served by one origin: use one origin, or different patterns"),
                );
                is_well = false;
            }
            let functions = behavior["LambdaFunctionAssociations"].as_array().map(Vec::as_slice).unwrap_or_default();
            for (index_of_function, function) in functions.iter().enumerate() {
                let kind = function.get("EventType");
                if functions[..index_of_function].iter().any(|other| other.get("EventType") == kind) {
                    let kind = kind.and_then(Value::as_str).unwrap_or("(none)");
                    problems.push(
                        Problem::at(&self.paths[index], format!("two functions are called at {kind} of the same path"))
                            .help("CloudFront calls one function per path and event type: use another eventType or pathPattern"),
                    );
                    is_well = false;
                }
            }
        }
        is_well
    }

    /// The behaviour for all other paths, and the behaviours of patterns. Where every behaviour has a
    /// pattern, the default is made from the first, without functions, for the default origin.
    pub fn into_properties(mut self, default_origin: Option<&str>) -> Option<(Value, Vec<Value>)> {
        self.list.sort_by_key(|behavior| behavior.get("PathPattern").is_some());
        if self.list.first()?.get("PathPattern").is_none() {
            let default = self.list.remove(0);
            return Some((default, self.list));
        }
        let mut default = self.list.first()?.as_object()?.clone();
        default.shift_remove("PathPattern");
        default.shift_remove("LambdaFunctionAssociations");
        default.insert("TargetOriginId".into(), default_origin?.into());
        Some((default.into(), self.list))
    }
}

/// The policy that `cachePolicy` names.
fn cache_policy(it: &mut Compilation<'_>, event: &EventUse<'_>, association: &Association) -> Option<Value> {
    let policy = association.cache_policy.as_ref()?;
    let name = policy.name.as_deref().filter(|name| !name.is_empty());
    if let Some(name) = name {
        let policies = it.service.provider.raw.pointer("/cloudFront/cachePolicies");
        if policies.and_then(|policies| policies.get(name)).is_none() {
            it.problems.push(
                Problem::at(event.at("cachePolicy.name"), format!("there is no cache policy `{name}`"))
                    .help("declare it under `provider.cloudFront.cachePolicies`, or give the `id` of one that exists"),
            );
        }
    }
    policy.id.clone().filter(truthy).or_else(|| name.map(|name| reference(&id::cache_policy(name))))
}
