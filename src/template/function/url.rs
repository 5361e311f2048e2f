//! Function URLs (Framework v3 `compileFunctionUrl`; Lambda developer guide, "Creating and managing Lambda
//! function URLs": since October 2025 a public URL needs both `lambda:InvokeFunctionUrl` and
//! `lambda:InvokeFunction`).

use crate::manifest::service::Function;
use crate::template::naming::function as naming;
use crate::template::value::{get, get_att, set_some};
use crate::template::{Compilation, apply_condition, depend_on_alias, target};
use serde_json::{Map, Value, json};

const DEFAULT_HEADERS: [&str; 6] =
    ["Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token", "X-Amzn-Trace-Id"];

/// Adds the URL, its output, and the permissions of a public one.
pub fn compile(it: &mut Compilation<'_>, function: &Function) {
    let Some(url) = get(&function.raw, "url") else { return };
    let path = format!("functions.{}.url", function.key);
    let logical_id = naming::url(&function.key);
    let public = url.get("authorizer").and_then(Value::as_str) != Some("aws_iam");
    let auth = if public { "NONE" } else { "AWS_IAM" };

    let mut properties = Map::new();
    properties.insert("AuthType".into(), json!(auth));
    properties.insert("TargetFunctionArn".into(), target(function));
    set_some(&mut properties, "Cors", get(url, "cors").map(cors));
    set_some(&mut properties, "InvokeMode", url.get("invokeMode").filter(|mode| *mode == "RESPONSE_STREAM").cloned());
    it.add_resource(&logical_id, belonging("AWS::Lambda::Url", properties, function), &path);

    let mut output = json!({ "Description": "Lambda Function URL", "Value": get_att(&logical_id, "FunctionUrl") });
    apply_condition(&mut output, function);
    it.template.set_output(logical_id, output);

    if public {
        let permission = |action: &str, condition: (&str, Value)| {
            let mut properties = Map::new();
            properties.insert("FunctionName".into(), target(function));
            properties.insert("Action".into(), json!(action));
            properties.insert("Principal".into(), json!("*"));
            properties.insert(condition.0.into(), condition.1);
            belonging("AWS::Lambda::Permission", properties, function)
        };
        let by_url = permission("lambda:InvokeFunctionUrl", ("FunctionUrlAuthType", json!(auth)));
        it.add_resource(naming::url_permission(&function.key), by_url, &path);
        let invoke = permission("lambda:InvokeFunction", ("InvokedViaFunctionUrl", json!(true)));
        it.add_resource(naming::url_invoke_permission(&function.key), invoke, &path);
    }
}

fn belonging(kind: &str, properties: Map<String, Value>, function: &Function) -> Value {
    let mut resource = json!({ "Type": kind, "Properties": properties });
    depend_on_alias(&mut resource, function);
    apply_condition(&mut resource, function);
    resource
}

/// `cors: true` allows everything; a list that is `null` is left out.
fn cors(cors: &Value) -> Value {
    let list = |key: &str, default: &[&str]| match cors.get(key) {
        Some(Value::Null) => None,
        Some(Value::Array(own)) => Some(unique(own)),
        _ => Some(json!(default)),
    };
    let mut properties = Map::new();
    set_some(&mut properties, "AllowCredentials", get(cors, "allowCredentials").map(|_| json!(true)));
    set_some(&mut properties, "AllowHeaders", list("allowedHeaders", &DEFAULT_HEADERS));
    set_some(&mut properties, "AllowMethods", list("allowedMethods", &["*"]));
    set_some(&mut properties, "AllowOrigins", list("allowedOrigins", &["*"]));
    let exposed = cors.get("exposedResponseHeaders").and_then(Value::as_array);
    set_some(&mut properties, "ExposeHeaders", exposed.map(|e| unique(e)));
    set_some(&mut properties, "MaxAge", cors.get("maxAge").cloned());
    Value::Object(properties)
}

fn unique(list: &[Value]) -> Value {
    let mut kept: Vec<&Value> = Vec::new();
    for item in list {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    json!(kept)
}
