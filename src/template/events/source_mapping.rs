//! `AWS::Lambda::EventSourceMapping`: what Lambda polls (queues, streams, Kafka, brokers).
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html>

use super::json_text::json_text;
use crate::manifest::service::Function;
use crate::template::{Compilation, target};
use serde_json::{Map, Value, json};

/// A mapping in the making.
pub(super) struct SourceMapping {
    /// Logical ids that must be there before Lambda starts to poll.
    pub depends_on: Vec<String>,
    properties: Map<String, Value>,
}

impl SourceMapping {
    /// A mapping to a function (to its alias where it has one), which waits for
    /// the execution role: Lambda checks the role's rights on creation.
    pub fn to<'a>(function: &'a Function, it: &Compilation<'a>) -> Self {
        let mut mapping = Self { depends_on: it.mapping_depends_on(function), properties: Map::new() };
        mapping.set("FunctionName", target(function));
        mapping
    }

    /// Sets a property.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.properties.insert(name.to_owned(), value.into());
    }

    /// Sets a property where there is a value.
    pub fn set_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Sets `FilterCriteria` from `filterPatterns`.
    ///
    /// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>
    pub fn set_filters(&mut self, patterns: Option<&[Value]>) {
        let Some(patterns) = patterns else { return };
        let filters: Vec<Value> = patterns.iter().map(|pattern| json!({ "Pattern": json_text(pattern) })).collect();
        self.set("FilterCriteria", json!({ "Filters": filters }));
    }

    /// The resource.
    pub fn into_resource(self) -> Value {
        json!({
            "Type": "AWS::Lambda::EventSourceMapping",
            "DependsOn": self.depends_on,
            "Properties": self.properties,
        })
    }
}
