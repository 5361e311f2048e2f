//! From the JSON of an event to its typed value.

use crate::manifest::{Problem, Problems};
use crate::template::{EventUse, value};
use serde::de::DeserializeOwned;
use serde_json::Value;

impl EventUse<'_> {
    /// The event as a typed value; what does not fit becomes a problem.
    ///
    /// The schema has checked shapes before, unless `configValidationMode` turned it off.
    pub(super) fn read<T: DeserializeOwned>(&self, problems: &mut Problems) -> Option<T> {
        value::typed::<T>(self.value)
            .map_err(|error| {
                problems.push(
                    Problem::at(&self.path, format!("this event cannot be read: {error}"))
                        .help("set `configValidationMode: error` to have every value checked against its schema"),
                );
            })
            .ok()
    }

    /// The manifest path of a property of the event.
    pub(super) fn at(&self, property: &str) -> String {
        format!("{}.{property}", self.path)
    }
}

/// An optional property that counts only when JavaScript takes it for true.
pub(super) fn truthy(property: Option<Value>) -> Option<Value> {
    property.filter(value::truthy)
}
