//! The role of a state machine: what its tasks need (`compileIamRole.js`), and `iamRoleStatements`.

use super::permissions::{Permission, of_states};
use super::{Machine, trust};
use crate::manifest::Problem;
use crate::template::Compilation;
use crate::template::value::{get_str, set_some, sub};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// What logs of executions need
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html>).
const LOGS: &[&str] = &[
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
];
/// What traces need (<https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html>).
const TRACES: &[&str] =
    &["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"];

/// Adds the role.
pub fn compile(it: &mut Compilation<'_>, machine: &Machine<'_>, definition: &Value, logical_id: &str) {
    let found = of_states(it, definition, machine.name);
    let own = machine.raw.get("iamRoleStatements").and_then(Value::as_array).filter(|own| !own.is_empty());
    if own.is_none() {
        for what in &found.unknown {
            let message =
                format!("rlx does not know what `{what}` needs, and the role of `{}` does not allow it", machine.key);
            it.problems.push(
                Problem::at(format!("{}.definition", machine.path), message)
                    .help("allow it in `iamRoleStatements` of the state machine, or give it a `role`")
                    .warning(),
            );
        }
    }
    let mut permissions = found.permissions;
    if machine.raw.get("loggingConfig").is_some() {
        permissions.push(Permission::new(LOGS, json!("*")));
    }
    if machine.raw.get("tracingConfig").is_some() {
        permissions.push(Permission::new(TRACES, json!("*")));
    }
    let key = machine.raw.get("encryptionConfig").and_then(|config| get_str(config, "KmsKeyId"));
    if let Some(key) = key {
        permissions.push(Permission::new(&["kms:Decrypt", "kms:Encrypt"], sub(key)));
    }
    let mut statements: Vec<Value> = joined(permissions)
        .into_iter()
        .map(|permission| json!({ "Effect": "Allow", "Action": permission.actions, "Resource": permission.resource }))
        .collect();
    statements.extend(own.into_iter().flatten().cloned());
    if statements.is_empty() {
        // A role with nothing to do says so, as the console's.
        statements.push(json!({ "Effect": "Deny", "Action": "*", "Resource": "*" }));
    }
    let provider = &it.service.provider.raw;
    let mut properties = Map::new();
    let principal = json!({ "Service": sub("states.${AWS::Region}.amazonaws.com") });
    properties.insert("AssumeRolePolicyDocument".into(), trust(principal));
    properties.insert(
        "Policies".into(),
        json!([{
            "PolicyName": format!("{}-{}-statemachine", it.service.stage, it.service.name),
            "PolicyDocument": { "Version": "2012-10-17", "Statement": statements },
        }]),
    );
    set_some(&mut properties, "PermissionsBoundary", provider.get("rolePermissionsBoundary").cloned());
    set_some(&mut properties, "Path", provider.pointer("/iam/role/path").cloned());
    it.add_resource(logical_id, json!({ "Type": "AWS::IAM::Role", "Properties": properties }), &machine.path);
}

/// Permissions of the same actions become one with all resources, then those of the same resources one with all
/// actions.
fn joined(permissions: Vec<Permission>) -> Vec<Permission> {
    let mut by_actions: IndexMap<Vec<String>, Vec<Value>> = IndexMap::new();
    for permission in permissions {
        let resources = by_actions.entry(permission.actions).or_default();
        let more = match permission.resource {
            Value::Array(list) => list,
            one => vec![one],
        };
        for resource in more {
            if !resources.contains(&resource) {
                resources.push(resource);
            }
        }
    }
    let mut by_resource: IndexMap<String, Permission> = IndexMap::new();
    for (actions, resources) in by_actions {
        let resource = if resources.contains(&json!("*")) { json!("*") } else { json!(resources) };
        let joined =
            by_resource.entry(resource.to_string()).or_insert_with(|| Permission { actions: Vec::new(), resource });
        for action in actions {
            if !joined.actions.contains(&action) {
                joined.actions.push(action);
            }
        }
    }
    by_resource.into_values().collect()
}
