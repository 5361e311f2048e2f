//! `msk`: Lambda polls a topic of an Amazon MSK cluster.
//!
//! Rules: Framework v3 `package/compile/events/msk`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/msk>.

use super::Event;
use super::grants::{Grant, give_network_access};
use super::kafka::{Pollers, position_schema, starting_position};
use super::read::truthy;
use super::source_mapping::SourceMapping;
use super::source_name::{self, source_name};
use crate::template::{Compilation, events_of, naming};
use serde::Deserialize;
use serde_json::{Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "msk", schema, compile };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Topic {
    arn: Value,
    topic: String,
    batch_size: Option<Value>,
    maximum_batching_window: Option<Value>,
    enabled: Option<Value>,
    starting_position: Option<Value>,
    starting_position_timestamp: Option<Value>,
    sasl_scram512: Option<Value>,
    consumer_group_id: Option<Value>,
    filter_patterns: Option<Vec<Value>>,
    provisioned_poller_config: Option<Pollers>,
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "arn": {
                "anyOf": [
                    { "$ref": "#/definitions/awsArnString" },
                    { "$ref": "#/definitions/awsCfImport" },
                    { "$ref": "#/definitions/awsCfRef" }
                ]
            },
            "batchSize": { "type": "number", "minimum": 1, "maximum": 10000 },
            "maximumBatchingWindow": { "type": "number", "minimum": 0, "maximum": 300 },
            "enabled": { "type": "boolean" },
            "startingPosition": position_schema(),
            "startingPositionTimestamp": { "type": "number" },
            "topic": { "type": "string" },
            "saslScram512": { "$ref": "#/definitions/awsArnString" },
            "consumerGroupId": { "type": "string", "maxLength": 200, "pattern": "[a-zA-Z0-9-/*:_+=.@-]*" },
            "filterPatterns": { "$ref": "#/definitions/filterPatterns" },
            "provisionedPollerConfig": { "$ref": "#/definitions/mskProvisionedPollerConfig" }
        },
        "additionalProperties": false,
        "required": ["arn", "topic"]
    })
}

fn compile(it: &mut Compilation<'_>) {
    for function in it.service.functions.values() {
        let mut access = Grant::new(&["kafka:DescribeCluster", "kafka:GetBootstrapBrokers"]);
        for event in events_of(function, EVENT.name) {
            let Some(topic) = event.read::<Topic>(&mut it.problems) else { continue };
            if source_name::check(&topic.arn, &event, &mut it.problems).is_none() {
                continue;
            }
            let cluster = source_name(&topic.arn, |arn| arn.split('/').nth(1).unwrap_or(arn), |part| part);
            let id = naming::event_source::msk(&function.key, &cluster, &topic.topic);

            let mut mapping = SourceMapping::to(function, it);
            mapping.set("EventSourceArn", topic.arn.clone());
            starting_position(&mut mapping, topic.starting_position, topic.starting_position_timestamp, &event, it);
            mapping.set("Topics", json!([topic.topic]));
            mapping.set_some("BatchSize", truthy(topic.batch_size));
            mapping.set_some("MaximumBatchingWindowInSeconds", truthy(topic.maximum_batching_window));
            mapping.set_some(
                "AmazonManagedKafkaEventSourceConfig",
                truthy(topic.consumer_group_id).map(|id| json!({ "ConsumerGroupId": id })),
            );
            mapping.set_some("Enabled", topic.enabled);
            mapping.set_some(
                "SourceAccessConfigurations",
                topic.sasl_scram512.map(|secret| json!([{ "Type": "SASL_SCRAM_512_AUTH", "URI": secret }])),
            );
            mapping.set_filters(topic.filter_patterns.as_deref());
            mapping.set_some("ProvisionedPollerConfig", topic.provisioned_poller_config.map(Pollers::into_property));
            access.on(topic.arn);
            it.add_resource(id, mapping.into_resource(), &event.path);
        }
        if !access.is_empty() {
            access.give(it);
            give_network_access(it);
        }
    }
}
