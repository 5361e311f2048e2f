//! Log groups and the execution role that functions share (Framework v3 `mergeIamTemplates`).

use super::naming::{EXECUTION_ROLE, function};
use super::value::{get, join, reference, set_some, sub, tags, truthy};
use super::{Compilation, is_existing_role};
use crate::manifest::Service;
use crate::manifest::service::Function;
use serde_json::{Map, Value, json};

/// What a function in a VPC needs of EC2 (`AWSLambdaVPCAccessExecutionRole`, AWS managed).
pub(super) fn vpc_access_policy() -> Value {
    join(
        "",
        [
            json!("arn:"),
            reference("AWS::Partition"),
            json!(":iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"),
        ],
    )
}

/// Who may assume a function's role.
pub(super) fn trust_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": ["lambda.amazonaws.com"] },
            "Action": ["sts:AssumeRole"],
        }],
    })
}

/// An ARN below a log group; `tail` begins behind the group's name.
pub(super) fn log_group_arn(name: &str, tail: &str) -> Value {
    sub(format!("arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{name}{tail}"))
}

/// Adds log groups, then the role, unless every function brings its own.
pub fn compile(it: &mut Compilation<'_>) {
    let service = it.service;
    for function in service.functions.values().filter(|f| !logs_disabled(f)) {
        let path = format!("functions.{}", function.key);
        it.add_resource(function::log_group(&function.key), log_group(service, function), &path);
    }
    if needs_shared_role(it) {
        let role = shared_role(it);
        it.set_resource(EXECUTION_ROLE, role, "provider.iam.role");
    }
}

fn logs_disabled(function: &Function) -> bool {
    get(&function.raw, "disableLogs").is_some()
}

fn log_group(service: &Service, function: &Function) -> Value {
    let setting = |key: &str| get(&function.raw, key).or_else(|| get(&service.provider.raw, key)).cloned();
    // serverless-plugin-log-retention.
    let by_plugin = || get(&service.custom, "logRetentionInDays").filter(|days| days.is_u64()).cloned();
    let mut properties = Map::new();
    properties.insert("LogGroupName".into(), json!(function::log_group_name(&function.name)));
    set_some(&mut properties, "RetentionInDays", setting("logRetentionInDays").or_else(by_plugin));
    set_some(&mut properties, "DataProtectionPolicy", setting("logDataProtectionPolicy"));
    let mut resource = json!({ "Type": "AWS::Logs::LogGroup", "Properties": properties });
    super::shared::apply_condition(&mut resource, function);
    resource
}

fn needs_shared_role(it: &Compilation<'_>) -> bool {
    let provider = &it.service.provider.raw;
    let functions = &it.service.functions;
    !functions.is_empty()
        && !provider.pointer("/iam/role").is_some_and(is_existing_role)
        && provider.get("role").is_none()
        && functions.values().any(|f| f.raw.get("role").is_none())
}

fn shared_role(it: &Compilation<'_>) -> Value {
    let provider = &it.service.provider.raw;
    let none = json!({});
    let role = provider.pointer("/iam/role").filter(|r| truthy(r)).unwrap_or(&none);

    let mut statements = log_statements(it);
    if let Some(Value::Array(own)) = get(role, "statements").or_else(|| get(provider, "iamRoleStatements")) {
        statements.extend(own.iter().cloned());
    }
    statements.extend(durable_statement(it));
    deduplicate(&mut statements);

    let mut managed = Vec::new();
    if let Some(Value::Array(own)) = get(role, "managedPolicies").or_else(|| get(provider, "iamManagedPolicies")) {
        managed.extend(own.iter().cloned());
    }
    if it.service.functions.values().any(|f| f.raw.get("vpc").is_some()) || get(provider, "vpc").is_some() {
        managed.push(vpc_access_policy());
    }

    let names = it.names();
    let mut properties = Map::new();
    properties.insert("AssumeRolePolicyDocument".into(), trust_policy());
    properties.insert(
        "Policies".into(),
        json!([{
            "PolicyName": names.policy(),
            "PolicyDocument": { "Version": "2012-10-17", "Statement": statements },
        }]),
    );
    properties.insert("Path".into(), names.role_path());
    properties.insert("RoleName".into(), names.role());
    if let Some(Value::Object(own)) = get(role, "tags") {
        properties.insert("Tags".into(), tags(own));
    }
    let boundary = get(role, "permissionsBoundary")
        .or_else(|| get(role, "permissionBoundary"))
        .or_else(|| get(provider, "rolePermissionsBoundary"));
    set_some(&mut properties, "PermissionsBoundary", boundary.cloned());
    if !managed.is_empty() {
        properties.insert("ManagedPolicyArns".into(), Value::Array(managed));
    }
    json!({ "Type": "AWS::IAM::Role", "Properties": properties })
}

/// Create, write and tag: for functions of the default name by prefix, for the others by name.
fn log_statements(it: &Compilation<'_>) -> Vec<Value> {
    let names = it.names();
    let prefix = names.prefix();
    let (mut groups, mut streams, mut silenced) = (Vec::new(), Vec::new(), Vec::new());
    let mut by_prefix = false;
    for function in it.service.functions.values() {
        match (function.name.starts_with(&prefix), logs_disabled(function)) {
            (true, true) => silenced.push(log_group_arn(&function::log_group_name(&function.name), ":*")),
            (true, false) => by_prefix = true,
            (false, true) => {}
            (false, false) => {
                let name = function::log_group_name(&function.name);
                groups.push(log_group_arn(&name, ":*"));
                streams.push(log_group_arn(&name, ":*:*"));
            }
        }
    }
    if by_prefix {
        groups.push(log_group_arn(&names.log_group_prefix(), "*:*"));
        streams.push(log_group_arn(&names.log_group_prefix(), "*:*:*"));
    }
    let mut statements = vec![
        json!({
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource"],
            "Resource": groups,
        }),
        json!({ "Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": streams }),
    ];
    if by_prefix && !silenced.is_empty() {
        statements.push(json!({ "Effect": "Deny", "Action": "logs:PutLogEvents", "Resource": silenced }));
    }
    statements
}

/// What durable functions need of their own executions (AWS Lambda developer guide, durable functions).
fn durable_statement(it: &Compilation<'_>) -> Option<Value> {
    let executions: Vec<Value> = it
        .service
        .functions
        .values()
        .filter(|f| get(&f.raw, "durableConfig").is_some())
        .filter(|f| it.role_logical_id(f).as_deref() == Some(EXECUTION_ROLE))
        .map(|f| {
            sub(format!(
                "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{}:*/durable-execution/*/*",
                f.name
            ))
        })
        .collect();
    (!executions.is_empty()).then(|| {
        json!({
            "Effect": "Allow",
            "Action": ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"],
            "Resource": executions,
        })
    })
}

fn deduplicate(statements: &mut Vec<Value>) {
    let mut kept: Vec<Value> = Vec::with_capacity(statements.len());
    for statement in statements.drain(..) {
        if !kept.contains(&statement) {
            kept.push(statement);
        }
    }
    *statements = kept;
}
