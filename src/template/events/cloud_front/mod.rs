//! `cloudFront`: Lambda@Edge functions at a CloudFront distribution of the stack.
//!
//! Rules: Framework v3 `package/compile/events/cloud-front.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/cloudfront>; limits
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-functions-restrictions.html>.

mod behavior;
mod cache_policy;
mod distribution;
mod merge;
mod origin;
mod schema;

use super::Event;
use crate::manifest::service::Function;
use crate::manifest::{Problem, Problems};
use crate::template::naming::{cloud_front as id, function};
use crate::template::value::{get, join, reference};
use crate::template::{Compilation, EventUse};
use behavior::Behaviors;
use origin::Origins;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "cloudFront", schema: schema::event, compile };

/// Memory of a Lambda@Edge function that has none of its own, in MiB.
pub const DEFAULT_MEMORY: u64 = 128;
/// Time limit of a Lambda@Edge function that has none of its own, in seconds.
pub const DEFAULT_TIMEOUT: u64 = 5;
/// The only region that CloudFront takes functions from.
const REGION: &str = "us-east-1";

/// Whether a function runs at the edge, which publishes versions of it and has limits of its own.
pub fn at_edge(function: &Function) -> bool {
    function.events.iter().any(|event| get(event, EVENT.name).is_some())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    event_type: Option<String>,
    origin: Option<Value>,
    #[serde(default)]
    is_default_origin: Value,
    path_pattern: Option<String>,
    behavior: Option<Map<String, Value>>,
    cache_policy: Option<CachePolicy>,
    include_body: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CachePolicy {
    id: Option<Value>,
    name: Option<String>,
}

fn compile(it: &mut Compilation<'_>) {
    cache_policy::compile(it);
    let events = it.events(EVENT.name);
    if events.is_empty() {
        return;
    }
    if it.service.region != REGION {
        it.problems.push(
            Problem::at(
                &events[0].path,
                format!("CloudFront takes functions from {REGION} only, not {}", it.service.region),
            )
            .help(format!("deploy this service to {REGION}, or move its cloudFront events to a service there")),
        );
        return;
    }
    let mut origins = Origins::default();
    let mut behaviors = Behaviors::default();
    let mut used_policies = Vec::new();
    for event in &events {
        let Some(association) = event.read::<Association>(&mut it.problems) else { continue };
        check_limits(event, association.event_type.as_deref(), &mut it.problems);
        let Some(version_id) = move_to_edge(it, event.function) else { continue };
        let Some(origin) = origins.add(event, &association, &mut it.problems) else { continue };
        used_policies.extend(association.cache_policy.as_ref().and_then(|policy| policy.name.clone()));
        behaviors.add(it, event, association, &origin, &version_id);
        let_cloud_front_invoke(it, event, &version_id);
    }
    cache_policy::warn_of_unused(it, &used_policies);
    if behaviors.check(&mut it.problems) {
        distribution::add(it, origins, behaviors, &events[0]);
        let_functions_run_at_edge(it);
    }
}

/// Memory (MiB) and time (seconds) of a viewer event are smaller than those of an origin event.
fn check_limits(event: &EventUse<'_>, event_type: Option<&str>, problems: &mut Problems) {
    let (memory, timeout) = match event_type {
        Some("origin-request" | "origin-response") => (10_240, 30),
        _ => (128, 5),
    };
    let kind = event_type.unwrap_or("viewer-request");
    let key = &event.function.key;
    let mut check = |property: &str, value: Option<u64>, limit: u64, unit: &str| {
        if value.is_some_and(|value| value > limit) {
            problems.push(
                Problem::at(
                    format!("functions.{key}.{property}"),
                    format!("`{property}` of `{key}` is over {limit} {unit}, the limit of Lambda@Edge at {kind}"),
                )
                .help(format!("set it to {limit} or less, or leave it out")),
            );
        }
    };
    check("memorySize", event.function.memory_size, memory, "MiB");
    check("timeout", event.function.timeout, timeout, "seconds");
}

/// Takes away what Lambda@Edge does not have, keeps the function when the stack goes
/// (CloudFront holds on to replicas), and gives the logical id of its version.
fn move_to_edge(it: &mut Compilation<'_>, function: &Function) -> Option<String> {
    let function_id = function::logical_id(&function.key);
    let resource = it.template.resources_mut().get_mut(&function_id)?;
    if let Some(Value::Object(properties)) = resource.get_mut("Properties") {
        properties.shift_remove("VpcConfig");
        properties.shift_remove("Environment");
    }
    resource["DeletionPolicy"] = "Retain".into();
    it.template
        .resources()
        .find(|(_, resource)| {
            resource["Type"] == "AWS::Lambda::Version"
                && resource.pointer("/Properties/FunctionName/Ref").is_some_and(|id| *id == function_id.as_str())
        })
        .map(|(version_id, _)| version_id.clone())
}

fn let_cloud_front_invoke(it: &mut Compilation<'_>, event: &EventUse<'_>, version_id: &str) {
    let distribution = join(
        "",
        [
            json!(""),
            json!("arn:"),
            reference("AWS::Partition"),
            json!(":cloudfront::"),
            reference("AWS::AccountId"),
            json!(":distribution/"),
            reference(id::DISTRIBUTION),
        ],
    );
    let permission = json!({
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": reference(version_id),
            "Action": "lambda:InvokeFunction",
            "Principal": "edgelambda.amazonaws.com",
            "SourceArn": distribution,
        },
    });
    it.add_resource(id::invoke_permission(&event.function.key), permission, &event.path);
}

/// Replicas write logs in the regions where they run.
///
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-edge-permissions.html>
fn let_functions_run_at_edge(it: &mut Compilation<'_>) {
    it.trust("edgelambda.amazonaws.com");
    it.allow(json!({
        "Effect": "Allow",
        "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:TagResource"],
        "Resource": [{ "Fn::Sub": "arn:${AWS::Partition}:logs:*:*:*" }],
    }));
}
