//! What a deploy tells while it goes on.

use serde::Serialize;

/// Told what goes on, in the order it happens.
pub type Watch<'a> = &'a (dyn Fn(Progress<'_>) + Sync);

/// Something happened.
#[derive(Debug, Clone)]
pub enum Progress<'a> {
    /// A step began.
    Step(&'a str),
    /// A resource of the stack, or the stack itself, changed its status.
    Resource(&'a ResourceEvent),
    /// An object is in the bucket: how many of how many, and the bytes of this one.
    Uploaded { key: &'a str, done: usize, of: usize, bytes: u64 },
    /// Something that the user should know.
    Warning(&'a str),
}

/// An event of a resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceEvent {
    /// CloudFormation's id of the event.
    #[serde(skip)]
    pub id: String,
    /// Logical id in the template.
    pub logical_id: String,
    /// Physical id, where there is one yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// Such as `AWS::Lambda::Function`.
    pub resource_type: String,
    /// Such as `CREATE_COMPLETE`.
    pub status: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub time: jiff::Timestamp,
    /// ARN of its stack.
    #[serde(skip)]
    pub stack_id: String,
    /// Token of the operation that it belongs to.
    #[serde(skip)]
    pub token: Option<String>,
    /// Seconds since its operation on the resource began, at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// The hook that refused the resource, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// What the function of a custom resource wrote, where the resource failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

impl ResourceEvent {
    /// Whether it is of the stack itself.
    pub fn is_of_stack(&self) -> bool {
        self.resource_type == "AWS::CloudFormation::Stack"
            && self.physical_id.as_deref() == Some(self.stack_id.as_str())
    }

    /// Whether the resource is still in motion.
    pub fn is_in_motion(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS")
    }

    /// Whether it tells of a failure.
    pub fn is_failure(&self) -> bool {
        self.status.ends_with("_FAILED")
    }
}
