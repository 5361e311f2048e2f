//! Queues, topics, event buses and schedules.

use super::super::definition::is_function;
use super::Permission;
use super::arguments::{Argument, Task, referenced};
use crate::template::value::get_att;
use serde_json::{Value, json};

/// `None` where the queue is not named.
pub fn queue(task: &Task<'_>) -> Option<Vec<Permission>> {
    let arn = match task.argument("QueueUrl") {
        Argument::AtRunTime => json!("*"),
        Argument::Given(url) => queue_arn(url)?,
        Argument::Absent => return None,
    };
    Some(vec![Permission::new(&["sqs:SendMessage"], arn)])
}

fn queue_arn(url: &Value) -> Option<Value> {
    if let Some(logical_id) = referenced(url) {
        return Some(get_att(logical_id, "Arn"));
    }
    if is_function(url) {
        return Some(json!("*"));
    }
    // https://sqs.<region>.amazonaws.com/<account>/<name>
    let rest = url.as_str()?.strip_prefix("https://sqs.")?;
    let (region, rest) = rest.split_once(".amazonaws.com/")?;
    let (account, name) = rest.split_once('/')?;
    let partition = match region {
        region if region.starts_with("us-gov") => "aws-us-gov",
        region if region.starts_with("cn-") => "aws-cn",
        _ => "aws",
    };
    Some(json!(format!("arn:{partition}:sqs:{region}:{account}:{name}")))
}

/// `None` where the topic is not named.
pub fn topic(task: &Task<'_>) -> Option<Vec<Permission>> {
    let arn = match task.argument("TopicArn") {
        Argument::AtRunTime => json!("*"),
        Argument::Given(arn) => arn.clone(),
        Argument::Absent => return None,
    };
    Some(vec![Permission::new(&["sns:Publish"], arn)])
}

pub fn events(task: &Task<'_>) -> Vec<Permission> {
    let mut buses: Vec<Value> = Vec::new();
    match task.given("Entries").and_then(Value::as_array) {
        Some(entries) => {
            for entry in entries {
                let at_run_time = entry.get("EventBusName.$").is_some();
                let bus = entry.get("EventBusName").filter(|bus| !bus.is_null()).cloned();
                let bus = bus.unwrap_or_else(|| json!(if at_run_time { "*" } else { "default" }));
                if !buses.contains(&bus) {
                    buses.push(bus);
                }
            }
        }
        None => buses.push(json!("*")),
    }
    let template = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${eventBus}";
    let arns: Vec<Value> = buses.iter().map(|bus| json!({ "Fn::Sub": [template, { "eventBus": bus }] })).collect();
    vec![Permission::new(&["events:PutEvents"], json!(arns))]
}

pub fn schedule(task: &Task<'_>, action: &str) -> Vec<Permission> {
    let group = match task.argument("GroupName") {
        Argument::Given(group) => group.clone(),
        Argument::AtRunTime => json!("*"),
        Argument::Absent => json!("default"),
    };
    let template = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${scheduleGroupName}/*";
    let arn = json!({ "Fn::Sub": [template, { "scheduleGroupName": group }] });
    let mut permissions = vec![Permission::new(&[action], arn)];
    let role = task.given("Target").and_then(|target| target.get("RoleArn")).cloned();
    permissions.extend(role.map(|role| Permission::new(&["iam:PassRole"], role)));
    permissions
}
