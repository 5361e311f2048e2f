//! What `activemq` and `rabbitmq` have in common: Lambda polls a queue of an Amazon MQ broker.
//!
//! Rules: Framework v3 `package/compile/events/{activemq,rabbitmq}.js`; rights
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html#events-mq-permissions>.

use super::grants::{Grant, give_network_access};
use super::read::truthy;
use super::source_mapping::SourceMapping;
use crate::template::{Compilation, events_of};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Queue {
    arn: Value,
    basic_auth_arn: Value,
    queue: String,
    virtual_host: Option<Value>,
    batch_size: Option<Value>,
    maximum_batching_window: Option<Value>,
    enabled: Option<Value>,
    filter_patterns: Option<Vec<Value>>,
}

/// The schema of either event.
pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "arn": {
                "anyOf": [
                    {
                        "type": "string",
                        "pattern": "arn:[a-z-]+:mq:[a-z0-9-]+:\\d+:broker:[A-Za-z0-9/_+=.@-]+:b-[a-z0-9-]+"
                    },
                    { "$ref": "#/definitions/awsCfImport" },
                    { "$ref": "#/definitions/awsCfRef" }
                ]
            },
            "basicAuthArn": {
                "anyOf": [
                    { "$ref": "#/definitions/awsSecretsManagerArnString" },
                    { "$ref": "#/definitions/awsCfImport" },
                    { "$ref": "#/definitions/awsCfRef" }
                ]
            },
            "batchSize": { "type": "number", "minimum": 1, "maximum": 10000 },
            "maximumBatchingWindow": { "type": "number", "minimum": 0, "maximum": 300 },
            "enabled": { "type": "boolean" },
            "queue": { "type": "string" },
            "filterPatterns": { "$ref": "#/definitions/filterPatterns" }
        },
        "additionalProperties": false,
        "required": ["basicAuthArn", "arn", "queue"]
    })
}

/// Adds the mappings of all events called `name`; `logical_id` names one from function and queue.
pub(super) fn compile(it: &mut Compilation<'_>, name: &'static str, logical_id: fn(&str, &str) -> String) {
    for function in it.service.functions.values() {
        // `kms:Decrypt` is left to the service: which key a secret has is not known here.
        let mut secrets = Grant::new(&["secretsmanager:GetSecretValue"]);
        let mut brokers = Grant::new(&["mq:DescribeBroker"]);
        for event in events_of(function, name) {
            let Some(queue) = event.read::<Queue>(&mut it.problems) else { continue };
            let mut access = vec![json!({ "Type": "BASIC_AUTH", "URI": queue.basic_auth_arn })];
            access.extend(truthy(queue.virtual_host).map(|host| json!({ "Type": "VIRTUAL_HOST", "URI": host })));

            let mut mapping = SourceMapping::to(function, it);
            mapping.set("EventSourceArn", queue.arn.clone());
            mapping.set("Queues", json!([queue.queue]));
            mapping.set("SourceAccessConfigurations", access);
            mapping.set_some("BatchSize", truthy(queue.batch_size));
            mapping.set_some("MaximumBatchingWindowInSeconds", truthy(queue.maximum_batching_window));
            mapping.set_some("Enabled", queue.enabled);
            mapping.set_filters(queue.filter_patterns.as_deref());
            brokers.on(queue.arn);
            secrets.on(queue.basic_auth_arn);
            it.add_resource(logical_id(&function.key, &queue.queue), mapping.into_resource(), &event.path);
        }
        if !brokers.is_empty() {
            secrets.give(it);
            brokers.give(it);
            give_network_access(it);
        }
    }
}
