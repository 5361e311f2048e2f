//! What durable functions cannot be combined with (AWS Lambda developer guide, "Durable functions:
//! supported runtimes" and "Invoking durable functions").

use super::properties::DEFAULT_RUNTIME;
use crate::manifest::Problem;
use crate::manifest::service::Function;
use crate::template::Compilation;
use crate::template::value::{get, get_str};

const RUNTIMES: [&str; 7] = ["nodejs22.x", "nodejs24.x", "python3.13", "python3.14", "java17", "java21", "java25"];
const SNAP_START_RUNTIMES: [&str; 5] = ["python3.13", "python3.14", "java17", "java21", "java25"];
/// Events that are polled: their executions are synchronous and end after 15 minutes.
const POLLED: [&str; 6] = ["sqs", "stream", "msk", "kafka", "activemq", "rabbitmq"];
/// Seconds.
const POLLED_LIMIT: u64 = 900;

/// Reports combinations that Lambda refuses.
pub fn check(it: &mut Compilation<'_>, function: &Function) {
    let own = &function.raw;
    let Some(config) = get(own, "durableConfig") else { return };
    let image = get(own, "image").is_some();
    let runtime = get_str(own, "runtime").or(it.service.provider.runtime.as_deref()).unwrap_or(DEFAULT_RUNTIME);
    let mut refuse = |key: &str, message: String, help: &str| {
        let place = format!("functions.{}.{key}", function.key);
        it.problems.push(Problem::at(place, format!("function `{}`: {message}", function.key)).help(help));
    };
    if !image && !RUNTIMES.contains(&runtime) {
        let help = format!("use one of {}, or a container image", RUNTIMES.join(", "));
        refuse("durableConfig", format!("a durable function cannot have the runtime `{runtime}`"), &help);
    }
    if get(own, "destinations").is_some() {
        refuse("destinations", "a durable function has no destinations".into(), "remove `destinations`");
    }
    if own.get("maximumRetryAttempts").is_some_and(|r| !r.is_null()) {
        let help = "retries are up to the function's own steps: remove `maximumRetryAttempts`";
        refuse("maximumRetryAttempts", "Lambda does not retry durable executions".into(), help);
    }
    let polled = function.events.iter().any(|e| POLLED.iter().any(|p| e.get(p).is_some()));
    if polled && config.get("executionTimeout").and_then(serde_json::Value::as_u64) > Some(POLLED_LIMIT) {
        let message = "a durable execution that a queue or stream starts lasts 900 seconds at most".into();
        refuse("durableConfig.executionTimeout", message, "set it to 900 or less, or use another event");
    }
    if function.events.iter().any(|e| get(e, "cloudFront").is_some()) {
        refuse("durableConfig", "Lambda@Edge has no durable functions".into(), "remove the `cloudFront` event");
    }
    if get(own, "snapStart").is_some() {
        let help = "remove `snapStart` or `durableConfig`";
        if image {
            refuse("snapStart", "a container image has no SnapStart".into(), help);
        } else if !SNAP_START_RUNTIMES.contains(&runtime) {
            let message = format!("a durable function of runtime `{runtime}` has no SnapStart");
            refuse("snapStart", message, &format!("use one of {}", SNAP_START_RUNTIMES.join(", ")));
        } else if get(own, "fileSystemConfig").is_some() {
            refuse("snapStart", "SnapStart does not support file systems".into(), help);
        } else if own.get("ephemeralStorageSize").and_then(serde_json::Value::as_u64) > Some(512) {
            refuse("snapStart", "SnapStart has at most 512 MB of ephemeral storage".into(), help);
        }
    }
}
