//! `rabbitmq`: Lambda polls a queue of a RabbitMQ broker.
//!
//! Guide: <https://www.serverless.com/framework/docs/providers/aws/events/rabbitmq>.

use super::{Event, message_broker};
use crate::template::naming::event_source;
use serde_json::{Value, json};

/// The event type.
pub const EVENT: Event =
    Event { name: "rabbitmq", schema, compile: |it| message_broker::compile(it, "rabbitmq", event_source::rabbit_mq) };

fn schema() -> Value {
    let mut schema = message_broker::schema();
    schema["properties"]["virtualHost"] = json!({ "type": "string" });
    schema
}
