//! What a template needs as a whole: dynamic references, parameters from SSM, macros.

use super::{Need, Requirements, Scope};
use crate::template::Template;
use serde_json::Value;

/// Adds it.
pub(super) fn add(requirements: &mut Requirements, template: &Template, scope: &Scope) {
    for (logical_id, resource) in template.resources() {
        each_text(resource, &mut |text| {
            for (action, arn) in dynamic(text, scope) {
                requirements.add(action, &arn, None, Need::Resource(logical_id.clone()));
            }
        });
    }
    let parameters = template.root.get("Parameters").and_then(Value::as_object);
    for (name, parameter) in parameters.into_iter().flatten() {
        if parameter["Type"].as_str().is_some_and(|t| t.starts_with("AWS::SSM::Parameter")) {
            let arn = match parameter["Default"].as_str() {
                Some(path) => parameter_arn(path, scope),
                None => scope.arn("ssm:${Region}:${Account}:parameter/*"),
            };
            requirements.add("ssm:GetParameters", &arn, None, Need::Resource(name.clone()));
        }
    }
    let transforms = match template.root.get("Transform") {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    for name in transforms.into_iter().filter_map(Value::as_str) {
        let name = name.trim_start_matches("AWS::");
        let arn = scope.arn(&format!("cloudformation:${{Region}}:aws:transform/{name}"));
        requirements.add("cloudformation:CreateChangeSet", &arn, None, Need::Rlx("macro of the template"));
    }
}

/// The permissions of `{{resolve:ssm:…}}`, `{{resolve:ssm-secure:…}}` and `{{resolve:secretsmanager:…}}`
/// (CloudFormation User Guide, "Get values stored in other services using dynamic references").
fn dynamic(text: &str, scope: &Scope) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for part in text.split("{{resolve:").skip(1) {
        let inner = part.split("}}").next().unwrap_or_default();
        let Some((service, rest)) = inner.split_once(':') else { continue };
        match service {
            "ssm" | "ssm-secure" => {
                found.push(("ssm:GetParameters", parameter_arn(rest.split(':').next().unwrap_or_default(), scope)));
            }
            "secretsmanager" if rest.starts_with("arn:") => {
                let arn: Vec<&str> = rest.splitn(8, ':').take(7).collect();
                found.push(("secretsmanager:GetSecretValue", arn.join(":")));
            }
            "secretsmanager" => {
                let name = rest.split(':').next().unwrap_or_default();
                let arn = scope.arn(&format!("secretsmanager:${{Region}}:${{Account}}:secret:{name}-*"));
                found.push(("secretsmanager:GetSecretValue", arn));
            }
            _ => {}
        }
    }
    found
}

pub(super) fn parameter_arn(path: &str, scope: &Scope) -> String {
    scope.arn(&format!("ssm:${{Region}}:${{Account}}:parameter/{}", path.trim_start_matches('/')))
}

fn each_text(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, visit)),
        Value::Object(map) => map.values().for_each(|inner| each_text(inner, visit)),
        _ => {}
    }
}
