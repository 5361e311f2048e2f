//! `activemq`: Lambda polls a queue of an ActiveMQ broker.
//!
//! Guide: <https://www.serverless.com/framework/docs/providers/aws/events/activemq>.

use super::{Event, message_broker};
use crate::template::naming::event_source;

/// The event type.
pub const EVENT: Event = Event {
    name: "activemq",
    schema: message_broker::schema,
    compile: |it| message_broker::compile(it, "activemq", event_source::active_mq),
};
