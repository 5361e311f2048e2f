//! Names and texts over the limits of their services. The limits are those of the services' API references.

use super::Target;
use crate::manifest::{Problem, Problems};
use crate::template::Template;
use serde_json::Value;

/// Resource type, property, characters.
const LIMITS: &[(&str, &str, usize)] = &[
    ("AWS::Lambda::Function", "FunctionName", 64),
    ("AWS::Lambda::Function", "Description", 256),
    ("AWS::Lambda::LayerVersion", "LayerName", 140),
    ("AWS::IAM::Role", "RoleName", 64),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", 128),
    ("AWS::Logs::LogGroup", "LogGroupName", 512),
    ("AWS::SQS::Queue", "QueueName", 80),
    ("AWS::SNS::Topic", "TopicName", 256),
    ("AWS::S3::Bucket", "BucketName", 63),
    ("AWS::DynamoDB::Table", "TableName", 255),
    ("AWS::Events::Rule", "Name", 64),
    ("AWS::Events::EventBus", "Name", 256),
    ("AWS::Scheduler::Schedule", "Name", 64),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", 32),
    ("AWS::StepFunctions::StateMachine", "StateMachineName", 80),
];

const LOGICAL_ID: usize = 255;
const STACK_NAME: usize = 128;

/// Reports every name that is too long.
pub fn check(template: &Template, target: Target<'_>, problems: &mut Problems) {
    if target.stack.len() > STACK_NAME {
        let message = format!("the stack's name has {} characters, {STACK_NAME} are allowed", target.stack.len());
        problems.push(Problem::at("service", message).help("give it another one with `provider.stackName`"));
    }
    for (id, resource) in template.resources() {
        if id.len() > LOGICAL_ID || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let message = format!("the logical id `{id}` is not one: letters and digits, at most {LOGICAL_ID}");
            problems.push(Problem::at("resources", message));
        }
        for (_, property, limit) in LIMITS.iter().filter(|(kind, ..)| resource["Type"] == *kind) {
            let Some(text) = resource["Properties"].get(*property).and_then(|v| text(v, target)) else { continue };
            let length = text.chars().count();
            if length > *limit {
                let message = format!("{property} of {id} has {length} characters, {limit} are allowed: `{text}`");
                let help =
                    format!("shorten the name of the service, the stage or the function ({} over)", length - limit);
                problems.push(Problem::nowhere(message).help(help));
            }
        }
    }
}

/// A text as far as it is known before the deploy.
pub fn text(value: &Value, target: Target<'_>) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => {
            if let Some(parts) = map.get("Fn::Join").and_then(Value::as_array) {
                let parts: Option<Vec<String>> =
                    parts.get(1)?.as_array()?.iter().map(|p| self::text(p, target)).collect();
                return Some(parts?.join(value["Fn::Join"][0].as_str()?));
            }
            match map.get("Ref")?.as_str()? {
                "AWS::Region" => Some(target.region.to_owned()),
                "AWS::StackName" => Some(target.stack.to_owned()),
                "AWS::Partition" => Some("aws".to_owned()),
                "AWS::AccountId" => Some("123456789012".to_owned()),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_is_counted_with_its_region() {
        let mut template = Template::default();
        let name = json!({ "Fn::Join": ["-", ["a".repeat(50), { "Ref": "AWS::Region" }, "lambdaRole"]] });
        template.set_resource("Role", json!({ "Type": "AWS::IAM::Role", "Properties": { "RoleName": name } }));
        let mut problems = Problems::default();
        check(&template, Target { stack: "s", region: "eu-west-1" }, &mut problems);
        assert!(problems.0[0].message.starts_with("RoleName of Role has 71 characters, 64 are allowed"));
    }
}
