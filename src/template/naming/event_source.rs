//! Event source mappings: queues, streams, brokers.

use super::{normalize_alphanumeric, normalize_name, normalize_resource};

fn cut(text: String, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// `getStreamLogicalId`; the type is `dynamodb` or `kinesis`.
pub fn stream(function: &str, stream_type: &str, stream: &str) -> String {
    format!(
        "{}EventSourceMapping{}{}",
        normalize_resource(function),
        normalize_name(stream_type),
        normalize_alphanumeric(stream)
    )
}

/// `getStreamConsumerLogicalId`; takes the consumer's name.
pub fn stream_consumer(consumer: &str) -> String {
    format!("{}StreamConsumer", normalize_resource(consumer))
}

/// `getQueueLogicalId`.
pub fn queue(function: &str, queue: &str) -> String {
    format!("{}EventSourceMappingSQS{}", normalize_resource(function), normalize_alphanumeric(queue))
}

/// `getMSKEventLogicalId`; names are cut to 79 characters so that the id stays under 255.
pub fn msk(function: &str, cluster: &str, topic: &str) -> String {
    format!(
        "{}EventSourceMappingMSK{}{}",
        normalize_resource(function),
        cut(normalize_alphanumeric(cluster), 79),
        cut(normalize_alphanumeric(topic), 79)
    )
}

/// `getKafkaEventLogicalId`.
pub fn kafka(function: &str, topic: &str) -> String {
    format!("{}EventSourceMappingKafka{}", normalize_resource(function), cut(normalize_alphanumeric(topic), 158))
}

/// `getActiveMQEventLogicalId`.
pub fn active_mq(function: &str, queue: &str) -> String {
    format!("{}EventSourceMappingActiveMQ{}", normalize_resource(function), cut(normalize_alphanumeric(queue), 150))
}

/// `getRabbitMQEventLogicalId`.
pub fn rabbit_mq(function: &str, queue: &str) -> String {
    format!("{}EventSourceMappingRabbitMQ{}", normalize_resource(function), cut(normalize_alphanumeric(queue), 150))
}
