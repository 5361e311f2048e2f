//! serverless-plugin-warmup: functions that call others on a schedule, so that those stay warm, from
//! `custom.warmup` and `warmup` of functions (READMEs of its versions 5 to 8; of version 4 the form with one
//! warmer that has no name).

mod schema;
mod settings;
#[cfg(test)]
mod tests;

pub use schema::{custom as custom_schema, function as function_schema};

use crate::manifest::service::Function;
use crate::manifest::{Problem, Problems, Service};
use serde::Serialize;
use serde_json::{Map, Value, json};
use settings::{Target, Warmer};

/// Its package name.
pub const NAME: &str = "serverless-plugin-warmup";
/// What a warmer runs on, as of version 8.4.
const RUNTIME: &str = "nodejs24.x";
const HANDLER: &str = include_str!("handler.mjs");

/// A warmer that runs once right after a deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prewarm {
    /// Its deployed name.
    pub function: String,
    /// What it is called with.
    pub payload: String,
    /// The version or alias that is called, unless `$LATEST`.
    pub alias: Option<String>,
}

/// The warmers of a service that run right after a deploy.
pub fn prewarms(service: &Service) -> Vec<Prewarm> {
    if !super::uses(&service.plugins, NAME) {
        return Vec::new();
    }
    let made = |warmer: &Warmer| service.functions.contains_key(&warmer.function_key());
    let warmers = settings::warmers(service).into_iter().filter(|warmer| warmer.prewarm() && made(warmer));
    warmers
        .map(|warmer| Prewarm {
            function: warmer.function_name(service),
            payload: warmer.defaults().payload,
            alias: warmer.environment().get("SERVERLESS_ALIAS").and_then(Value::as_str).map(str::to_owned),
        })
        .collect()
}

/// Adds the warmers to the functions of a service, and their roles to its resources.
pub fn complete(service: &mut Service) -> Problems {
    let mut problems = Problems::default();
    if !super::uses(&service.plugins, NAME) {
        return problems;
    }
    let warmers = settings::warmers(service);
    let warmed: Vec<Vec<Target>> = warmers.iter().map(|warmer| settings::targets(service, warmer)).collect();
    problems.extend(settings::unknown_warmers(service, &warmers));
    for (warmer, targets) in warmers.iter().zip(warmed) {
        if targets.is_empty() {
            let message = "this warmer has no function to keep warm: it is not made";
            let help = "set `enabled: true` here, or below `warmup` of the functions";
            problems.push(Problem::at(&warmer.path, message).help(help).warning());
            continue;
        }
        let key = warmer.function_key();
        if service.functions.contains_key(&key) {
            let message = format!("the warmer is a function `{key}`, which the service has already");
            problems.push(Problem::at(&warmer.path, message).help("rename the function"));
            continue;
        }
        if let Some(id) = warmer.own_role() {
            add_role(service, &id, role(service, warmer, &targets));
        }
        let function = function(service, warmer, &targets);
        service.functions.insert(key, function);
    }
    problems
}

fn function(service: &Service, warmer: &Warmer, targets: &[Target]) -> Function {
    let setting = |key: &str| warmer.get(key);
    let folder = warmer.folder();
    let mut environment: Map<String, Value> = match setting("environment") {
        Some(_) => Map::new(),
        // What the provider gives to all functions is not for this one.
        None => service.provider.environment.keys().map(|name| (name.clone(), Value::Null)).collect(),
    };
    environment.extend(warmer.environment());
    let mut patterns = vec![json!("!**")];
    let own = setting("package").and_then(|package| package.get("patterns")).and_then(Value::as_array);
    patterns.extend(own.into_iter().flatten().cloned());
    let mut raw = json!({
        "description": match &warmer.name {
            Some(name) => format!("Serverless WarmUp Plugin (warmer \"{name}\")"),
            None => "Serverless WarmUp Plugin".to_owned(),
        },
        "name": warmer.function_name(service),
        "handler": format!("{folder}/index.warmUp"),
        "runtime": RUNTIME,
        "memorySize": setting("memorySize").cloned().unwrap_or_else(|| json!(128)),
        "timeout": setting("timeout").cloned().unwrap_or_else(|| json!(10)),
        "events": setting("events").cloned().unwrap_or_else(|| json!([{ "schedule": "rate(5 minutes)" }])),
        "package": { "individually": true, "patterns": patterns },
        "environment": environment,
        "layers": [],
    });
    for key in ["architecture", "tracing", "logRetentionInDays", "tags"] {
        if let Some(value) = setting(key) {
            raw[key] = value.clone();
        }
    }
    match setting("vpc") {
        Some(Value::Bool(false)) => raw["vpc"] = json!({ "securityGroupIds": [], "subnetIds": [] }),
        Some(vpc) => raw["vpc"] = vpc.clone(),
        None => {}
    }
    if let Some(role) = setting("role").cloned().or_else(|| warmer.own_role().map(Value::String)) {
        raw["role"] = role;
    }
    let list = json!({ "functions": targets, "verbose": setting("verbose") != Some(&Value::Bool(false)) });
    let files =
        [(format!("{folder}/index.mjs"), HANDLER.to_owned()), (format!("{folder}/targets.json"), list.to_string())];
    // Each value was checked by the schema, or is written above.
    let typed: Function = serde_json::from_value(raw.clone()).unwrap_or_default();
    Function { key: warmer.function_key(), raw, files: files.into(), ..typed }
}

/// The role of a warmer that names none: it may write its logs, call its functions, and be in a VPC.
fn role(service: &Service, warmer: &Warmer, targets: &[Target]) -> Value {
    let name = warmer.name.as_deref().unwrap_or_default().to_lowercase();
    let group = format!(
        "arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:/aws/lambda/{}",
        warmer.function_name(service)
    );
    let sub = |text: String| json!({ "Fn::Sub": text });
    let called = |target: &Target| {
        let arn = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function";
        sub(format!("{arn}:{}*", target.name))
    };
    let dashed = |parts: Value| json!({ "Fn::Join": ["-", parts] });
    let default_name = || dashed(json!([service.name, service.stage, { "Ref": "AWS::Region" }, name, "role"]));
    json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Path": "/",
            "RoleName": warmer.get("roleName").cloned().unwrap_or_else(default_name),
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": ["lambda.amazonaws.com"] },
                    "Action": "sts:AssumeRole",
                }],
            },
            "Policies": [{
                "PolicyName": dashed(json!([service.name, service.stage, "warmer", name, "policy"])),
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream"],
                            "Resource": [sub(format!("{group}:*"))],
                        },
                        {
                            "Effect": "Allow",
                            "Action": ["logs:PutLogEvents"],
                            "Resource": [sub(format!("{group}:*:*"))],
                        },
                        {
                            "Effect": "Allow",
                            "Action": ["lambda:InvokeFunction"],
                            "Resource": targets.iter().map(called).collect::<Vec<_>>(),
                        },
                        {
                            "Effect": "Allow",
                            "Action": [
                                "ec2:CreateNetworkInterface",
                                "ec2:DescribeNetworkInterfaces",
                                "ec2:DetachNetworkInterface",
                                "ec2:DeleteNetworkInterface",
                            ],
                            "Resource": "*",
                        },
                    ],
                },
            }],
        },
    })
}

fn add_role(service: &mut Service, id: &str, role: Value) {
    if !service.resources.is_object() {
        service.resources = json!({});
    }
    let resources = &mut service.resources["Resources"];
    if !resources.is_object() {
        *resources = json!({});
    }
    resources[id] = role;
}
