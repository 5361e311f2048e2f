//! The event types: a file each, a line each in [`ALL`].

mod activemq;
mod alb;
mod alexa;
pub mod cloud_front;
mod cloudwatch_event;
mod cloudwatch_log;
mod cognito_user_pool;
mod content_id;
mod event_bridge;
mod force_deploy;
mod gateway;
mod grants;
pub mod http;
mod http_api;
mod iot;
mod iot_fleet_provisioning;
mod json_text;
mod kafka;
mod message_broker;
mod msk;
mod rabbitmq;
mod read;
mod rule_target;
mod s3;
mod schedule;
mod sns;
mod source_mapping;
mod source_name;
mod sqs;
mod stream;
mod websocket;

use super::Compilation;
use serde_json::Value;

/// One event type of `functions.<name>.events`.
pub struct Event {
    /// Its key in an event object, such as `sqs`.
    pub name: &'static str,
    /// JSON Schema of its value. `#/definitions/...` refers to the shared
    /// definitions of `manifest::schema`.
    pub schema: fn() -> Value,
    /// Adds the resources of all events of this type of all functions.
    pub compile: fn(&mut Compilation<'_>),
}

/// All event types, in the order in which the framework compiles them.
pub const ALL: &[Event] = &[
    schedule::EVENT,
    s3::EVENT,
    http::EVENT,
    websocket::EVENT,
    sns::EVENT,
    stream::EVENT,
    kafka::EVENT,
    activemq::EVENT,
    rabbitmq::EVENT,
    msk::EVENT,
    alb::EVENT,
    alexa::SKILL,
    alexa::SMART_HOME,
    iot::EVENT,
    iot_fleet_provisioning::EVENT,
    cloudwatch_event::EVENT,
    cloudwatch_log::EVENT,
    cognito_user_pool::EVENT,
    event_bridge::EVENT,
    sqs::EVENT,
    cloud_front::EVENT,
    http_api::EVENT,
];

#[cfg(test)]
mod refusals;
