//! Functions (Framework v3 `compileFunctions`; property names are those of `AWS::Lambda::Function`).

mod durable;
mod image;
mod invoke_config;
pub(crate) mod own_role;
mod properties;
mod url;
mod version;

pub use own_role::compile as own_roles;

use super::naming::function as naming;
use super::value::get;
use super::{Compilation, apply_condition};
use crate::manifest::Problem;
use crate::manifest::service::Function;
use serde_json::{Value, json};

/// Adds all functions with what belongs to them: version, alias, URL, invoke configuration.
pub fn compile(it: &mut Compilation<'_>) {
    let service = it.service;
    for function in service.functions.values() {
        compile_function(it, function);
    }
}

fn compile_function<'a>(it: &mut Compilation<'a>, function: &'a Function) {
    let path = format!("functions.{}", function.key);
    let key = &function.key;
    let handler = function.handler.as_ref().is_some_and(|h| !h.is_empty());
    let image = get(&function.raw, "image");
    if handler == image.is_some() {
        let message = if handler {
            format!("function `{key}` has both `handler` and `image`")
        } else {
            format!("function `{key}` has neither `handler` nor `image`")
        };
        let help =
            "set `handler` for an archive (such as `src/app.handler`), `image` for a container image, one of them";
        it.problems.push(Problem::at(&path, message).help(help));
        return;
    }
    durable::check(it, function);
    if get(&function.raw, "provisionedConcurrency").is_some() && get(&function.raw, "snapStart").is_some() {
        let message = format!("function `{key}` has both `snapStart` and `provisionedConcurrency`");
        let help = "Lambda allows one of them on a function: remove the other";
        it.problems.push(Problem::at(format!("{path}.snapStart"), message).help(help));
    }

    let image = image.and_then(|_| image::resolve(it, function));
    let properties = properties::compile(it, function, image.as_ref());
    let mut resource = json!({ "Type": "AWS::Lambda::Function", "Properties": properties });
    apply_condition(&mut resource, function);
    let depends_on = depends_on(it, function);
    if !depends_on.is_empty() {
        resource["DependsOn"] = json!(depends_on);
    }
    it.add_resource(naming::logical_id(key), resource, &path);
    version::compile(it, function, &properties, image.as_ref());
    url::compile(it, function);
    invoke_config::compile(it, function);
}

/// Its log group, `dependsOn`, and its role where that is a resource of the service's own.
fn depends_on<'a>(it: &Compilation<'a>, function: &'a Function) -> Vec<Value> {
    let mut depends_on = Vec::new();
    if get(&function.raw, "disableLogs").is_none() {
        depends_on.push(json!(naming::log_group(&function.key)));
    }
    match function.raw.get("dependsOn") {
        Some(Value::Array(own)) => depends_on.extend(own.iter().cloned()),
        Some(one @ Value::String(_)) => depends_on.push(one.clone()),
        _ => {}
    }
    if let Some(role) = it.custom_role(function) {
        let by_name = role.as_str().filter(|r| !r.starts_with("arn:") && *r != super::naming::EXECUTION_ROLE);
        let by_attribute = role.get("Fn::GetAtt").and_then(|_| super::value::referred(role));
        depends_on.extend(by_name.or(by_attribute).map(|r| json!(r)));
    }
    depends_on
}
