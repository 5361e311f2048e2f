//! The arguments of a task, of either query language.

use crate::template::plugins::step_functions::definition::is_function;
use serde_json::Value;

/// A task, or the reader or writer of a map.
pub struct Task<'v> {
    state: &'v Value,
}

/// An argument of a task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Argument<'v> {
    /// It stands in the definition.
    Given(&'v Value),
    /// It is known when the task runs.
    AtRunTime,
    Absent,
}

impl<'v> Task<'v> {
    /// Of a state.
    pub fn new(state: &'v Value) -> Self {
        Self { state }
    }

    /// `Resource`.
    pub fn resource(&self) -> &'v Value {
        &self.state["Resource"]
    }

    /// Service and action of an optimised or SDK integration: `arn:aws:states:::sqs:sendMessage`, in any partition.
    pub fn integration(&self) -> Option<(&'v str, &'v str)> {
        let rest = self.resource().as_str()?.strip_prefix("arn:")?;
        let (_, rest) = match rest.strip_prefix("${AWS::Partition}:") {
            Some(rest) => ("", rest),
            None => rest.split_once(':')?,
        };
        rest.strip_prefix("states:::")?.rsplit_once(':')
    }

    /// An argument: `Parameters` with JSONPath, where a name ending in `.$` is a path, `Arguments` with JSONata.
    pub fn argument(&self, name: &str) -> Argument<'v> {
        if let Some(parameters) = self.state.get("Parameters") {
            return match (parameters.get(name), parameters.get(format!("{name}.$"))) {
                (_, Some(_)) => Argument::AtRunTime,
                (Some(value), None) => Argument::Given(value),
                (None, None) => Argument::Absent,
            };
        }
        let Some(arguments) = self.state.get("Arguments") else { return Argument::Absent };
        if is_expression(arguments) {
            return Argument::AtRunTime;
        }
        match arguments.get(name) {
            Some(value) if is_expression(value) => Argument::AtRunTime,
            Some(value) => Argument::Given(value),
            None => Argument::Absent,
        }
    }

    /// An argument that stands in the definition.
    pub fn given(&self, name: &str) -> Option<&'v Value> {
        match self.argument(name) {
            Argument::Given(value) => Some(value),
            _ => None,
        }
    }

    /// The text of an argument that stands in the definition.
    pub fn text(&self, name: &str) -> Option<&'v str> {
        self.given(name).and_then(Value::as_str)
    }
}

/// `{% ... %}`.
fn is_expression(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim_start().starts_with("{%"))
}

/// The logical id of `{"Ref": ...}`.
pub fn referenced(value: &Value) -> Option<&str> {
    value.get("Ref").and_then(Value::as_str).filter(|_| is_function(value))
}
