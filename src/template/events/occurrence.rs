//! The events of one type, over all functions.

use crate::manifest::service::Function;
use crate::manifest::{Problem, Problems, Service};
use crate::template::value;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One event of a function.
pub(super) struct Occurrence<'a> {
    /// The function that it stands at.
    pub function: &'a Function,
    /// What the manifest says, such as the value of `sqs:`.
    pub value: &'a Value,
    /// Counted from 0, over the function's events of every type.
    pub index: usize,
    /// The manifest path, such as `functions.hello.events[0].sqs`.
    pub path: String,
}

/// The events of a type: functions in manifest order, events in the order of their function.
///
/// An event whose value is empty (`sqs:` without anything) is none, as in the framework.
pub(super) fn events<'a>(service: &'a Service, name: &'static str) -> impl Iterator<Item = Occurrence<'a>> {
    service.functions.values().flat_map(move |function| events_of(function, name))
}

/// The events of a type at one function.
pub(super) fn events_of<'a>(function: &'a Function, name: &'static str) -> impl Iterator<Item = Occurrence<'a>> {
    function.events.iter().enumerate().filter_map(move |(index, event)| {
        let value = event.get(name).filter(|value| value::truthy(value))?;
        let path = format!("functions.{}.events[{index}].{name}", function.key);
        Some(Occurrence { function, value, index, path })
    })
}

impl Occurrence<'_> {
    /// The event as a typed value; what does not fit becomes a problem.
    ///
    /// The schema has checked shapes before, unless `configValidationMode` turned it off.
    pub fn parse<T: DeserializeOwned>(&self, problems: &mut Problems) -> Option<T> {
        T::deserialize(self.value)
            .map_err(|error| {
                problems.push(
                    Problem::at(&self.path, format!("this event cannot be read: {error}"))
                        .help("set `configValidationMode: error` to have every value checked against its schema"),
                );
            })
            .ok()
    }

    /// The manifest path of a property of the event.
    pub fn at(&self, property: &str) -> String {
        format!("{}.{property}", self.path)
    }
}

/// An optional property that counts only when JavaScript takes it for true.
pub(super) fn truthy(property: Option<Value>) -> Option<Value> {
    property.filter(value::truthy)
}
