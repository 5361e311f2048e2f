//! Statements that events add to the execution role.

use crate::template::Compilation;
use serde_json::{Value, json};

/// A statement that allows some actions on the sources that events name.
///
/// Nothing is added to a role that the service brings along: its owner grants.
pub(super) struct Grant {
    actions: &'static [&'static str],
    resources: Vec<Value>,
}

impl Grant {
    /// A statement without resources.
    pub fn new(actions: &'static [&'static str]) -> Self {
        Self { actions, resources: Vec::new() }
    }

    /// Adds a resource, once.
    pub fn on(&mut self, resource: Value) {
        if !self.resources.contains(&resource) {
            self.resources.push(resource);
        }
    }

    /// Whether no source asked for it.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// Adds the statement to the execution role; none without resources.
    pub fn give(self, it: &mut Compilation<'_>) {
        if !self.is_empty() {
            it.allow(json!({ "Effect": "Allow", "Action": self.actions, "Resource": self.resources }));
        }
    }
}

/// Adds what a function needs to be attached to a VPC, as a poller inside one does.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html>
pub(super) fn give_network_access(it: &mut Compilation<'_>) {
    it.allow(json!({
        "Effect": "Allow",
        "Action": [
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeVpcs",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeSubnets",
            "ec2:DescribeSecurityGroups"
        ],
        "Resource": "*"
    }));
}
