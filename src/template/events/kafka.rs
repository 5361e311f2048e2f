//! `kafka`: Lambda polls a topic of a Kafka cluster that you run yourself.
//!
//! Rules: Framework v3 `package/compile/events/kafka.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/kafka>.

use super::Event;
use super::grants::{Grant, give_network_access};
use super::read::truthy;
use super::source_mapping::SourceMapping;
use crate::manifest::Problem;
use crate::template::{Compilation, EventUse, events_of, naming};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "kafka", schema, compile };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Topic {
    topic: String,
    bootstrap_servers: Value,
    access_configurations: IndexMap<String, Value>,
    batch_size: Option<Value>,
    maximum_batching_window: Option<Value>,
    enabled: Option<Value>,
    starting_position: Option<Value>,
    starting_position_timestamp: Option<Value>,
    on_failure_destination: Option<Value>,
    consumer_group_id: Option<Value>,
    filter_patterns: Option<Vec<Value>>,
    provisioned_poller_config: Option<Pollers>,
}

/// `provisionedPollerConfig`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pollers {
    minimum_pollers: Option<Value>,
    maximum_pollers: Option<Value>,
}

impl Pollers {
    /// The property of a source mapping.
    pub fn into_property(self) -> Value {
        let pollers = [("MinimumPollers", self.minimum_pollers), ("MaximumPollers", self.maximum_pollers)];
        Value::Object(
            pollers.into_iter().filter_map(|(name, count)| Some((name.to_owned(), count?))).collect::<Map<_, _>>(),
        )
    }
}

/// How the manifest calls an access configuration, how Lambda does, what stands
/// before the value, and what the function's role must be allowed.
///
/// <https://docs.aws.amazon.com/lambda/latest/api/API_SourceAccessConfiguration.html>
const ACCESS: &[(&str, &str, &str, Need)] = &[
    ("vpcSubnet", "VPC_SUBNET", "subnet:", Need::Network),
    ("vpcSecurityGroup", "VPC_SECURITY_GROUP", "security_group:", Need::Network),
    ("saslPlainAuth", "BASIC_AUTH", "", Need::Secret),
    ("saslScram256Auth", "SASL_SCRAM_256_AUTH", "", Need::Secret),
    ("saslScram512Auth", "SASL_SCRAM_512_AUTH", "", Need::Secret),
    ("clientCertificateTlsAuth", "CLIENT_CERTIFICATE_TLS_AUTH", "", Need::Secret),
    ("serverRootCaCertificate", "SERVER_ROOT_CA_CERTIFICATE", "", Need::Secret),
];

#[derive(Clone, Copy, PartialEq)]
enum Need {
    Network,
    Secret,
}

fn schema() -> Value {
    let secrets = json!({
        "type": "array", "minItems": 1, "items": { "$ref": "#/definitions/awsSecretsManagerArnString" }
    });
    json!({
        "type": "object",
        "properties": {
            "accessConfigurations": {
                "type": "object",
                "minProperties": 1,
                "properties": {
                    "vpcSubnet": {
                        "type": "array", "minItems": 1, "items": { "type": "string", "pattern": "subnet-[a-z0-9]+" }
                    },
                    "vpcSecurityGroup": {
                        "type": "array", "minItems": 1, "items": { "type": "string", "pattern": "sg-[a-z0-9]+" }
                    },
                    "saslPlainAuth": secrets,
                    "saslScram256Auth": secrets,
                    "saslScram512Auth": secrets,
                    "clientCertificateTlsAuth": secrets,
                    "serverRootCaCertificate": secrets
                },
                "additionalProperties": false
            },
            "batchSize": { "type": "number", "minimum": 1, "maximum": 10000 },
            "maximumBatchingWindow": { "type": "number", "minimum": 0, "maximum": 300 },
            "enabled": { "type": "boolean" },
            "bootstrapServers": { "type": "array", "minItems": 1, "items": { "type": "string" } },
            "startingPosition": position_schema(),
            "startingPositionTimestamp": { "type": "number" },
            "topic": { "type": "string" },
            "onFailureDestination": { "type": "string" },
            "consumerGroupId": { "type": "string", "maxLength": 200, "pattern": "[a-zA-Z0-9-/*:_+=.@-]*" },
            "filterPatterns": { "$ref": "#/definitions/filterPatterns" },
            "provisionedPollerConfig": {
                "type": "object",
                "minProperties": 1,
                "properties": {
                    "minimumPollers": { "type": "number", "minimum": 1, "maximum": 200 },
                    "maximumPollers": { "type": "number", "minimum": 1, "maximum": 2000 }
                }
            }
        },
        "additionalProperties": false,
        "required": ["accessConfigurations", "bootstrapServers", "topic"]
    })
}

/// `startingPosition` of a Kafka topic.
pub(super) fn position_schema() -> Value {
    json!({ "type": "string", "enum": ["LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"] })
}

fn compile(it: &mut Compilation<'_>) {
    for function in it.service.functions.values() {
        // `kms:Decrypt` is left to the service: which key a secret has is not known here.
        let mut secrets = Grant::new(&["secretsmanager:GetSecretValue"]);
        let mut in_network = false;
        for event in events_of(function, EVENT.name) {
            let Some(topic) = event.read::<Topic>(&mut it.problems) else { continue };
            check_network(&topic, &event, it);
            let id = naming::event_source::kafka(&function.key, &topic.topic);

            let mut configurations = Vec::new();
            for (name, values) in &topic.access_configurations {
                let known = ACCESS.iter().find(|(known, ..)| known == name);
                let (kind, prefix, need) =
                    known.map_or((name.as_str(), "", None), |(_, kind, prefix, need)| (*kind, *prefix, Some(*need)));
                in_network |= need == Some(Need::Network);
                for value in values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice) {
                    if need == Some(Need::Secret) {
                        secrets.on(value.clone());
                    }
                    let uri = value.as_str().map_or_else(|| value.clone(), |text| format!("{prefix}{text}").into());
                    configurations.push(json!({ "Type": kind, "URI": uri }));
                }
            }

            let mut mapping = SourceMapping::to(function, it);
            starting_position(&mut mapping, topic.starting_position, topic.starting_position_timestamp, &event, it);
            mapping.set(
                "SelfManagedEventSource",
                json!({ "Endpoints": { "KafkaBootstrapServers": topic.bootstrap_servers } }),
            );
            mapping.set("Topics", json!([topic.topic]));
            mapping.set("SourceAccessConfigurations", configurations);
            mapping.set_some("BatchSize", truthy(topic.batch_size));
            mapping.set_some("MaximumBatchingWindowInSeconds", truthy(topic.maximum_batching_window));
            mapping.set_some("Enabled", topic.enabled);
            mapping.set_some(
                "SelfManagedKafkaEventSourceConfig",
                truthy(topic.consumer_group_id).map(|id| json!({ "ConsumerGroupId": id })),
            );
            mapping.set_filters(topic.filter_patterns.as_deref());
            mapping.set_some(
                "DestinationConfig",
                truthy(topic.on_failure_destination).map(|arn| json!({ "OnFailure": { "Destination": arn } })),
            );
            mapping.set_some("ProvisionedPollerConfig", topic.provisioned_poller_config.map(Pollers::into_property));
            it.add_resource(id, mapping.into_resource(), &event.path);
        }
        // https://docs.aws.amazon.com/lambda/latest/dg/smaa-permissions.html
        secrets.give(it);
        if in_network {
            give_network_access(it);
        }
    }
}

/// Subnets without security groups, or the other way round, cannot be attached.
fn check_network(topic: &Topic, event: &EventUse<'_>, it: &mut Compilation<'_>) {
    let has = |name: &str| topic.access_configurations.contains_key(name);
    let (present, missing) = match (has("vpcSubnet"), has("vpcSecurityGroup")) {
        (true, false) => ("vpcSubnet", "vpcSecurityGroup"),
        (false, true) => ("vpcSecurityGroup", "vpcSubnet"),
        _ => return,
    };
    it.problems.push(
        Problem::at(event.at("accessConfigurations"), format!("`{present}` is set, but `{missing}` is not"))
            .help(format!("add at least one `{missing}`: Lambda connects through both")),
    );
}

/// Sets where Lambda starts to read; `AT_TIMESTAMP` needs the timestamp.
pub(super) fn starting_position(
    mapping: &mut SourceMapping,
    position: Option<Value>,
    timestamp: Option<Value>,
    event: &EventUse<'_>,
    it: &mut Compilation<'_>,
) {
    let position = truthy(position).unwrap_or_else(|| "TRIM_HORIZON".into());
    if position == "AT_TIMESTAMP" && timestamp.is_none() {
        it.problems.push(
            Problem::at(&event.path, "startingPosition is AT_TIMESTAMP, but there is no startingPositionTimestamp")
                .help("add `startingPositionTimestamp` (Unix time in seconds), or start at LATEST or TRIM_HORIZON"),
        );
    }
    mapping.set("StartingPosition", position);
    mapping.set_some("StartingPositionTimestamp", timestamp);
}
