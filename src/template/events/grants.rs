//! Statements that events add to the execution role.

use crate::manifest::service::Function;
use crate::template::Compilation;
use indexmap::IndexMap;
use serde_json::{Value, json};

/// A statement that allows some actions on the sources that events name.
///
/// Nothing is added to a role that the service brings along: its owner grants.
pub(super) struct Grant {
    actions: &'static [&'static str],
    resources: Vec<(String, Value)>,
}

impl Grant {
    /// A statement without resources.
    pub fn new(actions: &'static [&'static str]) -> Self {
        Self { actions, resources: Vec::new() }
    }

    /// Adds a resource for a function.
    pub fn on(&mut self, function: &Function, resource: Value) {
        self.resources.push((function.key.clone(), resource));
    }

    /// Whether no source asked for it.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// Adds the statement to the roles of its functions; none without resources.
    pub fn give(self, it: &mut Compilation<'_>) {
        let mut by_role: IndexMap<String, Vec<Value>> = IndexMap::new();
        for (function, resource) in self.resources {
            if let Some(role) = it.generated_role(&function) {
                let resources = by_role.entry(role).or_default();
                if !resources.contains(&resource) {
                    resources.push(resource);
                }
            }
        }
        for (role, resources) in by_role {
            it.allow(&role, json!({ "Effect": "Allow", "Action": self.actions, "Resource": resources }));
        }
    }
}

/// Adds what a function needs to be attached to a VPC, as a poller inside one does.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html>
pub(super) fn give_network_access(function: &Function, it: &mut Compilation<'_>) {
    if let Some(role) = it.generated_role(&function.key) {
        it.allow(
            &role,
            json!({
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
            }),
        );
    }
}
