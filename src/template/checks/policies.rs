//! Policies over the limits of IAM and Lambda, and public function URLs that would answer 403.

use super::Target;
use super::names::text;
use crate::manifest::{Problem, Problems};
use crate::template::Template;
use crate::template::value::referred;
use serde_json::Value;
use std::collections::BTreeMap;

/// Characters of all inline policies of a role, without white space (IAM user guide, "IAM and STS quotas").
const ROLE_POLICIES: usize = 10_240;
/// Bytes of a function's resource policy (AWS Lambda developer guide, "Lambda quotas").
const FUNCTION_POLICY: usize = 20_480;
/// What Lambda writes around a statement: version, `Sid`, `Effect`, the function's ARN.
const STATEMENT_FRAME: usize = 260;

/// Reports policies that are too large and URLs without their permissions.
pub fn check(template: &Template, target: Target<'_>, problems: &mut Problems) {
    let mut of_functions: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, resource) in template.resources() {
        match resource["Type"].as_str() {
            Some("AWS::IAM::Role") => check_role(id, resource, target, problems),
            Some("AWS::Lambda::Permission") => {
                if let Some(function) = function(&resource["Properties"]["FunctionName"]) {
                    *of_functions.entry(function).or_default() +=
                        STATEMENT_FRAME + size(&resource["Properties"], target);
                }
            }
            Some("AWS::Lambda::Url") if resource["Properties"]["AuthType"] == "NONE" => {
                check_url(template, id, resource, problems);
            }
            _ => {}
        }
    }
    for (function, size) in of_functions {
        if size > FUNCTION_POLICY {
            let message =
                format!("the resource policy of {function} gets about {size} bytes, Lambda takes {FUNCTION_POLICY}");
            let help = "each trigger adds a permission: give triggers to several functions, or one permission with a wider source";
            problems.push(Problem::nowhere(message).help(help));
        }
    }
}

fn check_role(id: &str, role: &Value, target: Target<'_>, problems: &mut Problems) {
    let policies = role["Properties"]["Policies"].as_array();
    let size: usize = policies.into_iter().flatten().map(|p| size(&p["PolicyDocument"], target)).sum();
    if size > ROLE_POLICIES {
        let message = format!("the inline policies of the role {id} have {size} characters, IAM takes {ROLE_POLICIES}");
        let help = "move statements to managed policies (`provider.iam.role.managedPolicies`), unite them, or give \
                    functions roles of their own with `iamRoleStatements`";
        problems.push(Problem::at("provider.iam.role.statements", message).help(help));
    }
}

/// A public URL needs a permission for `lambda:InvokeFunctionUrl` and one for `lambda:InvokeFunction`.
fn check_url(template: &Template, id: &str, url: &Value, problems: &mut Problems) {
    let Some(target) = function(&url["Properties"]["TargetFunctionArn"]) else { return };
    for action in ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"] {
        let granted = template.resources().any(|(_, resource)| {
            let properties = &resource["Properties"];
            resource["Type"] == "AWS::Lambda::Permission"
                && properties["Action"] == action
                && function(&properties["FunctionName"]) == Some(target)
        });
        if !granted {
            let message = format!("the public URL {id} of {target} answers 403: nothing allows `{action}`");
            let help = format!("add an AWS::Lambda::Permission for `{action}` with the principal `*` to `resources`");
            problems.push(Problem::nowhere(message).help(help));
        }
    }
}

/// The logical id of the function that an ARN, or the ARN of its alias, belongs to.
fn function(arn: &Value) -> Option<&str> {
    referred(arn).or_else(|| referred(arn.pointer("/Fn::Join/1/0")?))
}

/// Characters of a value once its references are resolved.
fn size(value: &Value, target: Target<'_>) -> usize {
    match value {
        Value::Object(map) if map.len() == 1 && map.contains_key("Fn::Sub") => {
            map["Fn::Sub"].as_str().or_else(|| map["Fn::Sub"][0].as_str()).map_or(60, |t| substituted(t, target)) + 2
        }
        Value::Object(map) if map.len() == 1 && map.keys().all(|k| k == "Ref" || k.starts_with("Fn::")) => {
            text(value, target).map_or(60, |t| t.len()) + 2
        }
        Value::Object(map) => 2 + map.iter().map(|(k, v)| k.len() + 4 + size(v, target)).sum::<usize>(),
        Value::Array(list) => 2 + list.iter().map(|v| 1 + size(v, target)).sum::<usize>(),
        other => other.to_string().len(),
    }
}

fn substituted(text: &str, target: Target<'_>) -> usize {
    text.replace("${AWS::Partition}", "aws")
        .replace("${AWS::Region}", target.region)
        .replace("${AWS::AccountId}", "123456789012")
        .replace("${AWS::StackName}", target.stack)
        .len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn messages(template: &Template) -> Vec<String> {
        let mut problems = Problems::default();
        check(template, Target { stack: "s", region: "eu-west-1" }, &mut problems);
        problems.0.into_iter().map(|p| p.message).collect()
    }

    #[test]
    fn a_role_with_too_many_statements_is_reported() {
        let statement = json!({ "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::".to_owned() + &"x".repeat(100) });
        let policy = json!({ "PolicyDocument": { "Statement": vec![statement; 70] } });
        let mut template = Template::default();
        template.set_resource("Role", json!({ "Type": "AWS::IAM::Role", "Properties": { "Policies": [policy] } }));
        assert_eq!(messages(&template).len(), 1);
    }

    #[test]
    fn a_public_url_needs_both_permissions() {
        let mut template = Template::default();
        let arn = json!({ "Fn::GetAtt": ["F", "Arn"] });
        template.set_resource(
            "Url",
            json!({ "Type": "AWS::Lambda::Url", "Properties": { "AuthType": "NONE", "TargetFunctionArn": arn } }),
        );
        let permission = |action: &str| json!({ "Type": "AWS::Lambda::Permission", "Properties": { "Action": action, "FunctionName": arn } });
        template.set_resource("P1", permission("lambda:InvokeFunctionUrl"));
        assert_eq!(
            messages(&template),
            ["the public URL Url of F answers 403: nothing allows `lambda:InvokeFunction`"]
        );
        template.set_resource("P2", permission("lambda:InvokeFunction"));
        assert_eq!(messages(&template), [""; 0]);
    }
}
