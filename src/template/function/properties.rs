//! `Properties` of a function, and what they need of the shared role.

use super::image::Image;
use crate::manifest::Problem;
use crate::manifest::service::Function;
use crate::template::Compilation;
use crate::template::events::cloud_front;
use crate::template::naming::EXECUTION_ROLE;
use crate::template::value::{get, get_att, set_some, tags, truthy};
use serde_json::{Map, Value, json};

/// The runtime where neither the function nor the provider names one.
pub const DEFAULT_RUNTIME: &str = "nodejs24.x";
/// MiB.
const DEFAULT_MEMORY: u64 = 1024;
/// Seconds.
const DEFAULT_TIMEOUT: u64 = 6;

/// Compiles the properties.
pub fn compile<'a>(it: &mut Compilation<'a>, function: &'a Function, image: Option<&Image>) -> Map<String, Value> {
    let provider = &it.service.provider.raw;
    let own = &function.raw;
    let either = |key: &str| get(own, key).or_else(|| get(provider, key)).cloned();
    // At the edge the provider's defaults do not count: CloudFront's limits are far lower.
    let sized = |key: &str, default: u64, at_edge: u64| match get(own, key) {
        Some(size) => size.clone(),
        None if cloud_front::at_edge(function) => json!(at_edge),
        None => get(provider, key).cloned().unwrap_or_else(|| json!(default)),
    };
    let mut properties = Map::new();
    let mut set = |key: &str, value: Option<Value>| set_some(&mut properties, key, value);

    if function.image.is_none() {
        set("Code", Some(it.code(&it.function_s3_key(&function.key))));
        // As `build::prepare` left them: the manifest may say `wsgi` and `runtime: go` instead.
        let runtime = function.runtime.as_deref().or(it.service.provider.runtime.as_deref());
        set("Handler", function.handler.as_ref().map(|handler| json!(handler)));
        set("Runtime", Some(json!(runtime.unwrap_or(DEFAULT_RUNTIME))));
        set("RuntimeManagementConfig", runtime_management(provider, own));
    } else {
        set("Code", Some(json!({ "ImageUri": image.map(|i| i.uri.clone()) })));
        set("PackageType", Some(json!("Image")));
        set("ImageConfig", image.and_then(|i| i.config.clone()));
    }
    set("FunctionName", Some(json!(function.name)));
    set("MemorySize", Some(sized("memorySize", DEFAULT_MEMORY, cloud_front::DEFAULT_MEMORY)));
    set("Timeout", Some(sized("timeout", DEFAULT_TIMEOUT, cloud_front::DEFAULT_TIMEOUT)));
    set("Architectures", either("architecture").map(|a| json!([a])));
    set("Description", get(own, "description").cloned());
    set("SnapStart", get(own, "snapStart").map(|_| json!({ "ApplyOn": "PublishedVersions" })));
    set("Tags", merged(provider.get("tags"), own.get("tags")).as_ref().map(tags));
    set("EphemeralStorage", get(own, "ephemeralStorageSize").map(|size| json!({ "Size": size })));
    set("RecursiveLoop", get(own, "recursiveLoop").cloned());
    set("DeadLetterConfig", get(own, "onError").map(|arn| json!({ "TargetArn": arn })));
    set("KmsKeyArn", either("kmsKeyArn"));
    set("TracingConfig", tracing(provider, own).map(|mode| json!({ "Mode": mode })));
    set("Environment", merged(provider.get("environment"), own.get("environment")).map(|v| json!({ "Variables": v })));
    set("Role", Some(role(it, function)));
    set("VpcConfig", vpc(provider, own));
    set(
        "FileSystemConfigs",
        get(own, "fileSystemConfig")
            .map(|fs| json!([{ "Arn": fs.get("arn"), "LocalMountPath": fs.get("localMountPath") }])),
    );
    set(
        "ReservedConcurrentExecutions",
        own.get("reservedConcurrency").filter(|c| truthy(c) || c.as_u64() == Some(0)).cloned(),
    );
    set("Layers", either("layers"));
    set("DurableConfig", durable(own));
    set("LoggingConfig", logging(provider, own));

    if get(own, "fileSystemConfig").is_some() && !properties.contains_key("VpcConfig") {
        let path = format!("functions.{}.fileSystemConfig", function.key);
        let message = format!("function `{}` mounts a file system without being in a VPC", function.key);
        it.problems.push(Problem::at(path, message).help("set `vpc` on the function or on the provider"));
    }
    allow(it, function, &properties);
    properties
}

/// What the settings need of the shared role.
fn allow(it: &mut Compilation<'_>, function: &Function, properties: &Map<String, Value>) {
    let allow = |action: Value, resource: Value| json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    for statement in needs(function, properties) {
        it.allow(allow(statement.0, statement.1));
    }
}

/// Actions and resources that a function's settings need of its role, whichever that is. A dead letter topic
/// or a key that is no text is left to the service's own statements, as in the framework.
pub fn needs(function: &Function, properties: &Map<String, Value>) -> Vec<(Value, Value)> {
    let mut needs = Vec::new();
    if let Some(topic @ Value::String(_)) = get(&function.raw, "onError") {
        needs.push((json!(["sns:Publish"]), json!([topic])));
    }
    if let Some(key @ Value::String(_)) = properties.get("KmsKeyArn") {
        needs.push((json!(["kms:Decrypt"]), json!([key])));
    }
    if properties.contains_key("TracingConfig") {
        needs.push((json!(["xray:PutTraceSegments", "xray:PutTelemetryRecords"]), json!(["*"])));
    }
    if let Some(file_system) = get(&function.raw, "fileSystemConfig") {
        let arn = file_system.get("arn");
        needs.push((json!(["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]), json!([arn])));
    }
    needs
}

/// The function's mapping over the provider's; `None` where neither is there.
fn merged(provider: Option<&Value>, own: Option<&Value>) -> Option<Map<String, Value>> {
    let object = |v: Option<&Value>| v.and_then(Value::as_object).cloned();
    match (object(provider), object(own)) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one),
        (Some(mut provider), Some(own)) => {
            provider.extend(own);
            Some(provider)
        }
    }
}

/// `runtimeManagement` of the function over that of the provider; `auto` is Lambda's default and left out.
fn runtime_management(provider: &Value, own: &Value) -> Option<Value> {
    let mut settings = Map::new();
    for source in [provider, own] {
        match source.get("runtimeManagement") {
            Some(mode @ Value::String(_)) => set_some(&mut settings, "mode", Some(mode.clone())),
            Some(Value::Object(more)) => settings.extend(more.clone()),
            _ => {}
        }
    }
    match settings.get("mode").and_then(Value::as_str)? {
        "onFunctionUpdate" => Some(json!({ "UpdateRuntimeOn": "FunctionUpdate" })),
        "manual" => Some(json!({ "UpdateRuntimeOn": "Manual", "RuntimeVersionArn": settings.get("arn") })),
        _ => None,
    }
}

fn tracing(provider: &Value, own: &Value) -> Option<Value> {
    let tracing = get(own, "tracing").or_else(|| provider.pointer("/tracing/lambda").filter(|t| truthy(t)))?;
    Some(if tracing.is_boolean() { json!("Active") } else { tracing.clone() })
}

fn role<'a>(it: &Compilation<'a>, function: &'a Function) -> Value {
    match it.custom_role(function) {
        None => get_att(EXECUTION_ROLE, "Arn"),
        Some(Value::String(role)) if !role.starts_with("arn:") => get_att(role, "Arn"),
        Some(role) => role.clone(),
    }
}

/// `vpc: false` and `vpc: null` of a function take it out of the provider's VPC.
fn vpc(provider: &Value, own: &Value) -> Option<Value> {
    if matches!(own.get("vpc"), Some(Value::Null | Value::Bool(false))) {
        return None;
    }
    let setting = |key: &str| {
        [own, provider].into_iter().find_map(|source| source.get("vpc").and_then(|vpc| get(vpc, key))).cloned()
    };
    let mut config = Map::new();
    // A `false` of the function counts as not given; that of the provider is written.
    let dual_stack =
        setting("ipv6AllowedForDualStack").or_else(|| provider.pointer("/vpc/ipv6AllowedForDualStack").cloned());
    set_some(&mut config, "Ipv6AllowedForDualStack", dual_stack);
    config.insert("SecurityGroupIds".into(), setting("securityGroupIds")?);
    config.insert("SubnetIds".into(), setting("subnetIds")?);
    Some(Value::Object(config))
}

fn durable(own: &Value) -> Option<Value> {
    let config = get(own, "durableConfig")?;
    let mut durable = Map::new();
    set_some(&mut durable, "ExecutionTimeout", config.get("executionTimeout").cloned());
    set_some(&mut durable, "RetentionPeriodInDays", config.get("retentionPeriodInDays").cloned());
    Some(Value::Object(durable))
}

fn logging(provider: &Value, own: &Value) -> Option<Value> {
    let logs = get(own, "logs").or_else(|| provider.pointer("/logs/lambda").filter(|l| truthy(l)))?;
    let mut config = Map::new();
    for (key, name) in [
        ("applicationLogLevel", "ApplicationLogLevel"),
        ("logFormat", "LogFormat"),
        ("logGroup", "LogGroup"),
        ("systemLogLevel", "SystemLogLevel"),
    ] {
        set_some(&mut config, name, get(logs, key).cloned());
    }
    (!config.is_empty()).then_some(Value::Object(config))
}
