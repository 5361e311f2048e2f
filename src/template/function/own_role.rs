//! A role for one function: `iamRoleStatements` of a function, with the settings, logical ids and names of
//! the plugin serverless-iam-roles-per-function (README of its version 3).
//!
//! Other than the plugin, rlx gives the role everything that the function's settings and events need, also
//! events, keys, tracing, file systems and destinations that came after the plugin.

use super::invoke_config::Destination;
use super::properties::needs;
use crate::manifest::Problem;
use crate::manifest::schema::build::{boolean, doc, object};
use crate::manifest::service::Function;
use crate::template::naming::{EXECUTION_ROLE, function as naming};
use crate::template::role::{log_group_arn, trust_policy, vpc_access_policy};
use crate::template::value::{get, get_att, join, reference, set_some};
use crate::template::{Compilation, events_of};
use serde_json::{Map, Value, json};

/// The schema of `custom.serverless-iam-roles-per-function`.
pub fn plugin_schema() -> Value {
    object([
        ("defaultInherit", doc(boolean(), "Roles of functions have the service's statements too [default: false].")),
        ("iamGlobalPermissionsBoundary", doc(json!({}), "The permissions boundary of all roles.")),
    ])
}

/// IAM's limit of a role name, in characters.
const ROLE_NAME_LIMIT: usize = 64;
/// The longest name of a region (`ap-northeast-1`, as the plugin counts it).
const REGION_LENGTH: usize = 14;

/// Gives a role to every function that has `iamRoleStatements`; runs after all events.
pub fn compile(it: &mut Compilation<'_>) {
    let service = it.service;
    let own: Vec<_> = service.functions.values().filter(|f| f.raw.get("iamRoleStatements").is_some()).collect();
    // The plugin bounds the shared role as well, as soon as one function has a role of its own.
    let boundary = service.custom.pointer("/serverless-iam-roles-per-function/iamGlobalPermissionsBoundary");
    if let (false, Some(boundary), Some(shared)) =
        (own.is_empty(), boundary, it.template.resources_mut().get_mut(EXECUTION_ROLE))
    {
        shared["Properties"]["PermissionsBoundary"] = boundary.clone();
    }
    for function in own {
        compile_role(it, function);
    }
}

fn compile_role<'a>(it: &mut Compilation<'a>, function: &'a Function) {
    let path = format!("functions.{}.iamRoleStatements", function.key);
    if get(&function.raw, "role").is_some() {
        let message = format!("function `{}` has both `role` and `iamRoleStatements`", function.key);
        it.problems.push(Problem::at(path, message).help("a role that exists is not changed: remove one of them"));
        return;
    }
    let own = &function.raw;
    let provider = &it.service.provider.raw;
    let logical_id = naming::own_role(&function.key);
    let function_id = naming::logical_id(&function.key);

    let statements = statements(it, function);
    let vpc = |source: &Value| get(source, "vpc").and_then(Value::as_object).is_some_and(|v| !v.is_empty());
    let managed = if vpc(own) || vpc(provider) { vec![vpc_access_policy()] } else { Vec::new() };
    let shared = it.template.resource(EXECUTION_ROLE).and_then(|r| r.get("Properties")).cloned().unwrap_or_default();

    let mut properties = Map::new();
    properties.insert("AssumeRolePolicyDocument".into(), trust_policy());
    properties.insert(
        "Policies".into(),
        json!([{
            "PolicyName": it.names().policy(),
            "PolicyDocument": { "Version": "2012-10-17", "Statement": statements },
        }]),
    );
    properties.insert("Path".into(), it.names().role_path());
    let name = match get(own, "iamRoleStatementsName") {
        Some(name) => name.clone(),
        None => role_name(it, function, &path),
    };
    properties.insert("RoleName".into(), name);
    properties.insert("ManagedPolicyArns".into(), json!(managed));
    set_some(&mut properties, "Tags", shared.get("Tags").cloned());
    let boundary = get(own, "iamPermissionsBoundary").or_else(|| shared.get("PermissionsBoundary"));
    set_some(&mut properties, "PermissionsBoundary", boundary.cloned());
    it.add_resource(&logical_id, json!({ "Type": "AWS::IAM::Role", "Properties": properties }), &path);

    if let Some(resource) = it.template.resources_mut().get_mut(&function_id) {
        resource["Properties"]["Role"] = get_att(&logical_id, "Arn");
    }
    it.add_depends_on(&function_id, &logical_id);
    for resource in it.template.resources_mut().values_mut() {
        if resource["Type"] == "AWS::Lambda::EventSourceMapping" && invokes(resource, &function_id) {
            replace_dependency(resource, &logical_id);
        }
    }
}

/// `<service>-<stage>-<function>-<region>-lambdaRole`; the last part is given up where the name gets too long.
fn role_name(it: &mut Compilation<'_>, function: &Function, path: &str) -> Value {
    let (service, stage) = (&it.service.name, &it.service.stage);
    let mut parts =
        vec![json!(service), json!(stage), json!(function.key), reference("AWS::Region"), json!("lambdaRole")];
    let length = |parts: &[Value]| {
        parts.iter().map(|p| p.as_str().map_or(REGION_LENGTH, str::len) + 1).sum::<usize>().saturating_sub(1)
    };
    if length(&parts) > ROLE_NAME_LIMIT {
        parts.pop();
    }
    if length(&parts) > ROLE_NAME_LIMIT {
        let message = format!("the role of function `{}` gets a name over {ROLE_NAME_LIMIT} characters", function.key);
        it.problems.push(Problem::at(path, message).help("give it a shorter one with `iamRoleStatementsName`"));
    }
    join("-", parts)
}

fn statements<'a>(it: &mut Compilation<'a>, function: &'a Function) -> Vec<Value> {
    let allow = |action: Value, resource: Value| json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    let mut statements = vec![allow(
        json!(["logs:CreateLogStream", "logs:CreateLogGroup", "logs:PutLogEvents"]),
        json!([log_group_arn(&naming::log_group_name(&function.name), ":*:*")]),
    )];
    statements.extend(event_statements(it, function));
    let properties = it.template.resource(&naming::logical_id(&function.key)).and_then(|r| r.get("Properties"));
    let properties = properties.and_then(Value::as_object).cloned().unwrap_or_default();
    statements.extend(needs(function, &properties).into_iter().map(|(action, resource)| allow(action, resource)));
    for key in ["onSuccess", "onFailure"] {
        if let Some(to) = function.raw.pointer(&format!("/destinations/{key}")) {
            let place = format!("functions.{}.destinations.{key}", function.key);
            statements.extend(Destination::read(it, function, to, &place).and_then(|d| d.statement));
        }
    }
    let provider = &it.service.provider.raw;
    let inherit = match function.raw.get("iamRoleStatementsInherit").and_then(Value::as_bool) {
        Some(inherit) => inherit,
        None => it.service.custom.pointer("/serverless-iam-roles-per-function/defaultInherit") == Some(&json!(true)),
    };
    if inherit {
        let shared = provider.pointer("/iam/role/statements").or_else(|| provider.get("iamRoleStatements"));
        statements.extend(shared.and_then(Value::as_array).into_iter().flatten().cloned());
    }
    statements.extend(function.raw.get("iamRoleStatements").and_then(Value::as_array).into_iter().flatten().cloned());
    statements
}

/// What the function's own queues and streams need: the plugin's actions for those that it knows, and the
/// statements that the events put into the shared role for all others.
fn event_statements<'a>(it: &Compilation<'a>, function: &'a Function) -> Vec<Value> {
    let arn_of = |value: &Value| get(value, "arn").unwrap_or(value).clone();
    let (mut dynamodb, mut kinesis) = (Vec::new(), Vec::new());
    for event in events_of(function, "stream") {
        let arn = arn_of(event.value);
        let kind = get(event.value, "type").and_then(Value::as_str).map(str::to_owned);
        let kind = kind.or_else(|| arn.as_str().and_then(|a| a.split(':').nth(2)).map(str::to_owned));
        if kind.as_deref() == Some("kinesis") { &mut kinesis } else { &mut dynamodb }.push(arn);
    }
    let queues: Vec<Value> = events_of(function, "sqs").iter().map(|e| arn_of(e.value)).collect();
    let read = |service: &str| {
        ["GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"].map(|a| format!("{service}:{a}")).to_vec()
    };
    let sqs = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"].map(str::to_owned).to_vec();
    let mut statements: Vec<Value> = [(read("dynamodb"), dynamodb), (read("kinesis"), kinesis), (sqs, queues)]
        .into_iter()
        .filter(|(_, resources)| !resources.is_empty())
        .map(|(actions, resources)| json!({ "Effect": "Allow", "Action": actions, "Resource": resources }))
        .collect();
    if ["msk", "kafka", "activemq", "rabbitmq"].iter().any(|kind| !events_of(function, kind).is_empty()) {
        statements.extend(broker_statements(it));
    }
    statements
}

/// The shared role's statements for brokers and their networks.
fn broker_statements(it: &Compilation<'_>) -> Vec<Value> {
    let statements = it
        .template
        .resource(EXECUTION_ROLE)
        .and_then(|r| r.pointer("/Properties/Policies/0/PolicyDocument/Statement"))
        .and_then(Value::as_array);
    let broker = |action: &str| {
        ["kafka:", "kafka-cluster:", "mq:", "secretsmanager:", "ec2:"].iter().any(|prefix| action.starts_with(prefix))
    };
    statements
        .into_iter()
        .flatten()
        .filter(|s| s["Action"].as_array().into_iter().flatten().filter_map(Value::as_str).any(broker))
        .cloned()
        .collect()
}

fn invokes(mapping: &Value, function_id: &str) -> bool {
    let name = &mapping["Properties"]["FunctionName"];
    let target = name.pointer("/Fn::Join/1/0").unwrap_or(name);
    crate::template::value::referred(target) == Some(function_id)
}

fn replace_dependency(mapping: &mut Value, role: &str) {
    match &mut mapping["DependsOn"] {
        Value::Array(list) => {
            for dependency in list.iter_mut().filter(|d| *d == EXECUTION_ROLE) {
                *dependency = json!(role);
            }
        }
        other => *other = json!(role),
    }
}
