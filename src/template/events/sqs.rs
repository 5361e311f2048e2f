//! `sqs`: Lambda polls a queue.
//!
//! Rules: Framework v3 `package/compile/events/sqs.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/sqs>.

use super::Event;
use super::grants::Grant;
use super::read::truthy;
use super::source_mapping::SourceMapping;
use super::source_name::{self, last_segment, source_name};
use crate::template::{Compilation, naming};
use serde::Deserialize;
use serde_json::{Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "sqs", schema, compile };

/// What Lambda reads at a time where the manifest does not say.
const DEFAULT_BATCH_SIZE: u64 = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Queue {
    arn: Value,
    batch_size: Option<Value>,
    enabled: Option<Value>,
    maximum_batching_window: Option<Value>,
    function_response_type: Option<Value>,
    filter_patterns: Option<Vec<Value>>,
    maximum_concurrency: Option<Value>,
}

fn schema() -> Value {
    json!({
        "anyOf": [
            { "$ref": "#/definitions/awsArnString" },
            {
                "type": "object",
                "properties": {
                    "arn": { "$ref": "#/definitions/awsArn" },
                    "batchSize": { "type": "integer", "minimum": 1, "maximum": 10000 },
                    "enabled": { "type": "boolean" },
                    "maximumBatchingWindow": { "type": "integer", "minimum": 0, "maximum": 300 },
                    "functionResponseType": { "enum": ["ReportBatchItemFailures"] },
                    "filterPatterns": { "$ref": "#/definitions/filterPatterns" },
                    "maximumConcurrency": { "type": "integer", "minimum": 2, "maximum": 1000 }
                },
                "required": ["arn"],
                "additionalProperties": false
            }
        ]
    })
}

fn compile(it: &mut Compilation<'_>) {
    let mut access = Grant::new(&["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]);
    for event in it.events(EVENT.name) {
        let queue = match event.value {
            Value::String(_) => Some(Queue::of(event.value.clone())),
            _ => event.read::<Queue>(&mut it.problems),
        };
        let Some(queue) = queue else { continue };
        if source_name::check(&queue.arn, &event, &mut it.problems).is_none() {
            continue;
        }
        let name = source_name(&queue.arn, |arn| last_segment(arn, ':'), |part| part);
        let id = naming::event_source::queue(&event.function.key, &name);

        let mut mapping = SourceMapping::to(event.function, it);
        mapping.set("BatchSize", truthy(queue.batch_size).unwrap_or_else(|| DEFAULT_BATCH_SIZE.into()));
        mapping.set_some("MaximumBatchingWindowInSeconds", queue.maximum_batching_window);
        mapping.set("EventSourceArn", queue.arn.clone());
        mapping.set("Enabled", queue.enabled.unwrap_or(true.into()));
        mapping.set_some("FunctionResponseTypes", queue.function_response_type.map(|kind| json!([kind])));
        mapping.set_filters(queue.filter_patterns.as_deref());
        mapping.set_some(
            "ScalingConfig",
            truthy(queue.maximum_concurrency).map(|limit| json!({ "MaximumConcurrency": limit })),
        );
        access.on(queue.arn);
        it.add_resource(id, mapping.into_resource(), &event.path);
    }
    access.give(it);
}

impl Queue {
    fn of(arn: Value) -> Self {
        Self {
            arn,
            batch_size: None,
            enabled: None,
            maximum_batching_window: None,
            function_response_type: None,
            filter_patterns: None,
            maximum_concurrency: None,
        }
    }
}
