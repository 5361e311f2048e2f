//! `stream`: Lambda polls a DynamoDB or Kinesis stream, or a Kinesis consumer of its own pushes to it.
//!
//! Rules: Framework v3 `package/compile/events/stream.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/streams>.

use super::Event;
use super::grants::Grant;
use super::read::truthy;
use super::source_mapping::SourceMapping;
use super::source_name::{self, last_segment, source_name};
use crate::manifest::Problem;
use crate::template::value::reference;
use crate::template::{Compilation, EventUse, events_of, naming};
use serde::Deserialize;
use serde_json::{Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "stream", schema, compile };

/// What Lambda reads at a time where the manifest does not say.
const DEFAULT_BATCH_SIZE: u64 = 10;
/// Where Lambda starts to read where the manifest does not say.
const DEFAULT_POSITION: &str = "TRIM_HORIZON";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Stream {
    arn: Value,
    #[serde(rename = "type")]
    kind: Option<String>,
    batch_size: Option<Value>,
    parallelization_factor: Option<Value>,
    starting_position: Option<Value>,
    starting_position_timestamp: Option<Value>,
    enabled: Option<Value>,
    consumer: Option<Value>,
    batch_window: Option<Value>,
    maximum_retry_attempts: Option<Value>,
    bisect_batch_on_function_error: Option<Value>,
    maximum_record_age_in_seconds: Option<Value>,
    function_response_type: Option<Value>,
    destinations: Option<Destinations>,
    tumbling_window_in_seconds: Option<Value>,
    filter_patterns: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Destinations {
    on_failure: Value,
}

/// The statements that the streams of one function ask for.
struct Access {
    dynamodb: Grant,
    kinesis: Grant,
    kinesis_with_consumer: Grant,
    consumer: Grant,
    failure_topic: Grant,
    failure_queue: Grant,
}

impl Access {
    fn new() -> Self {
        Self {
            dynamodb: Grant::new(&[
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:DescribeStream",
                "dynamodb:ListStreams",
            ]),
            kinesis: Grant::new(&[
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:DescribeStream",
                "kinesis:ListStreams",
            ]),
            kinesis_with_consumer: Grant::new(&[
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:DescribeStreamSummary",
                "kinesis:ListShards",
            ]),
            consumer: Grant::new(&["kinesis:SubscribeToShard"]),
            failure_topic: Grant::new(&["sns:Publish"]),
            failure_queue: Grant::new(&["sqs:ListQueues", "sqs:SendMessage"]),
        }
    }

    fn give(self, it: &mut Compilation<'_>) {
        for grant in [
            self.dynamodb,
            self.kinesis,
            self.kinesis_with_consumer,
            self.consumer,
            self.failure_topic,
            self.failure_queue,
        ] {
            grant.give(it);
        }
    }
}

fn compile(it: &mut Compilation<'_>) {
    for function in it.service.functions.values() {
        let mut access = Access::new();
        for event in events_of(function, EVENT.name) {
            compile_stream(it, &event, &mut access);
        }
        access.give(it);
    }
}

fn compile_stream<'a>(it: &mut Compilation<'a>, event: &EventUse<'a>, access: &mut Access) {
    let stream = match event.value {
        Value::String(arn) => Some(Stream { arn: arn.clone().into(), ..Stream::default() }),
        _ => event.read::<Stream>(&mut it.problems),
    };
    let Some(stream) = stream else { return };
    let function = event.function;
    let Some(kind) = service_of(stream.kind.as_deref(), &stream.arn) else {
        it.problems.push(
            Problem::at(event.at("arn"), "what kind of stream this is cannot be told from its ARN")
                .help("add `type: dynamodb` or `type: kinesis`"),
        );
        return;
    };
    if !["dynamodb", "kinesis"].contains(&kind.as_str()) {
        it.problems.push(
            Problem::at(event.at("arn"), format!("this is an ARN of `{kind}`, which has no streams that Lambda reads"))
                .help("name a stream of DynamoDB or Kinesis"),
        );
        return;
    }
    if source_name::check(&stream.arn, event, &mut it.problems).is_none() {
        return;
    }
    let name = source_name(&stream.arn, |arn| arn.split('/').nth(1).unwrap_or(arn), |part| last_segment(part, '/'));

    let mut mapping = SourceMapping::to(function, it);
    mapping.set("BatchSize", truthy(stream.batch_size).unwrap_or_else(|| DEFAULT_BATCH_SIZE.into()));
    mapping.set("Enabled", stream.enabled.unwrap_or(true.into()));
    mapping.set("EventSourceArn", stream.arn.clone());
    mapping.set_some("ParallelizationFactor", truthy(stream.parallelization_factor));
    let position = truthy(stream.starting_position).unwrap_or_else(|| DEFAULT_POSITION.into());
    mapping.set("StartingPosition", position.clone());
    mapping.set_some("MaximumBatchingWindowInSeconds", stream.batch_window);
    mapping.set_some("MaximumRetryAttempts", stream.maximum_retry_attempts);
    mapping.set_some("BisectBatchOnFunctionError", stream.bisect_batch_on_function_error);
    mapping.set_some("FunctionResponseTypes", stream.function_response_type.map(|kind| json!([kind])));
    mapping.set_some("MaximumRecordAgeInSeconds", truthy(stream.maximum_record_age_in_seconds));
    mapping.set_some("TumblingWindowInSeconds", stream.tumbling_window_in_seconds);
    mapping.set_filters(stream.filter_patterns.as_deref());

    let timestamp = truthy(stream.starting_position_timestamp);
    let consumer = truthy(stream.consumer);
    match (kind.as_str(), &consumer) {
        ("dynamodb", _) => access.dynamodb.on(stream.arn.clone()),
        (_, Some(_)) => access.kinesis_with_consumer.on(stream.arn.clone()),
        (_, None) => access.kinesis.on(stream.arn.clone()),
    }

    if let Some(Destinations { on_failure }) = stream.destinations {
        let (arn, declared) = match &on_failure {
            Value::Object(map) if map.contains_key("arn") => {
                (map["arn"].clone(), map.get("type").and_then(Value::as_str))
            }
            _ => (on_failure.clone(), None),
        };
        match service_of(declared, &arn).as_deref() {
            Some("sns") => access.failure_topic.on(arn.clone()),
            _ => access.failure_queue.on(arn.clone()),
        }
        mapping.set("DestinationConfig", json!({ "OnFailure": { "Destination": arn } }));
    }

    if let Some(consumer) = consumer.filter(|_| kind == "kinesis") {
        let consumer = if consumer == Value::Bool(true) {
            let consumer_name = it.names().stream_consumer(&function.key, &name);
            let id = naming::event_source::stream_consumer(&consumer_name);
            it.add_resource(
                id.clone(),
                json!({
                    "Type": "AWS::Kinesis::StreamConsumer",
                    "Properties": { "StreamARN": stream.arn, "ConsumerName": consumer_name },
                }),
                &event.path,
            );
            mapping.depends_on.push(id.clone());
            reference(&id)
        } else {
            consumer
        };
        mapping.set("EventSourceArn", consumer.clone());
        access.consumer.on(consumer);
        if position == "AT_TIMESTAMP" && timestamp.is_none() {
            it.problems.push(
                Problem::at(&event.path, "startingPosition is AT_TIMESTAMP, but there is no startingPositionTimestamp")
                    .help("add `startingPositionTimestamp` (Unix time in seconds), or start at LATEST or TRIM_HORIZON"),
            );
        }
        mapping.set_some("StartingPositionTimestamp", timestamp);
    }
    it.add_resource(naming::event_source::stream(&function.key, &kind, &name), mapping.into_resource(), &event.path);
}

/// `dynamodb`, `kinesis`, `sns` or `sqs`: what the manifest declares, else the service in the ARN.
fn service_of(declared: Option<&str>, arn: &Value) -> Option<String> {
    declared.or_else(|| arn.as_str()?.split(':').nth(2)).map(str::to_owned)
}

fn schema() -> Value {
    json!({
        "anyOf": [
            { "$ref": "#/definitions/awsArnString" },
            {
                "type": "object",
                "properties": {
                    "arn": {},
                    "type": { "enum": ["dynamodb", "kinesis"] },
                    "batchSize": { "type": "integer", "minimum": 1, "maximum": 10000 },
                    "parallelizationFactor": { "type": "integer", "minimum": 1, "maximum": 10 },
                    "startingPosition": { "enum": ["LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"] },
                    "startingPositionTimestamp": { "type": "number" },
                    "enabled": { "type": "boolean" },
                    "consumer": { "anyOf": [{ "const": true }, { "$ref": "#/definitions/awsArn" }] },
                    "batchWindow": { "type": "integer", "minimum": 0, "maximum": 300 },
                    "maximumRetryAttempts": { "type": "integer", "minimum": -1, "maximum": 10000 },
                    "bisectBatchOnFunctionError": { "type": "boolean" },
                    "maximumRecordAgeInSeconds": {
                        "anyOf": [{ "const": -1 }, { "type": "integer", "minimum": 60, "maximum": 604800 }]
                    },
                    "functionResponseType": { "enum": ["ReportBatchItemFailures"] },
                    "destinations": {
                        "type": "object",
                        "properties": { "onFailure": failure_destination_schema() },
                        "additionalProperties": false,
                        "required": ["onFailure"]
                    },
                    "tumblingWindowInSeconds": { "type": "integer", "minimum": 0, "maximum": 900 },
                    "filterPatterns": { "$ref": "#/definitions/filterPatterns" }
                },
                "additionalProperties": false,
                "anyOf": reference_needs_type()
            }
        ]
    })
}

fn failure_destination_schema() -> Value {
    json!({
        "anyOf": [
            { "$ref": "#/definitions/awsArnString" },
            {
                "type": "object",
                "properties": { "arn": {}, "type": { "enum": ["sns", "sqs"] } },
                "additionalProperties": false,
                "anyOf": reference_needs_type()
            }
        ]
    })
}

/// An ARN tells what it is; a reference needs `type` beside it.
fn reference_needs_type() -> Value {
    json!([
        { "properties": { "arn": { "$ref": "#/definitions/awsCfFunction" } }, "required": ["arn", "type"] },
        { "properties": { "arn": { "$ref": "#/definitions/awsArnString" } }, "required": ["arn"] }
    ])
}
