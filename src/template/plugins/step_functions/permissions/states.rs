//! Executions of state machines, and calls of HTTP endpoints.

use super::Permission;
use super::arguments::{Argument, Task};
use crate::template::value::{join, reference, sub};
use serde_json::{Value, json};

const MANAGED_RULE: &[&str] = &["events:PutTargets", "events:PutRule", "events:DescribeRule"];

/// The rule by which Step Functions learns that a job has ended.
pub fn managed_rule(name: &str) -> Permission {
    let parts = [
        json!("arn"),
        reference("AWS::Partition"),
        json!("events"),
        reference("AWS::Region"),
        reference("AWS::AccountId"),
        json!(format!("rule/{name}")),
    ];
    Permission::new(MANAGED_RULE, join(":", parts))
}

/// The same, as the plugin writes it for the other services.
pub fn managed_rule_of(name: &str) -> Permission {
    let arn = format!("arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{name}");
    Permission::new(MANAGED_RULE, json!({ "Fn::Sub": [arn, {}] }))
}

/// The child executions of a distributed map.
pub fn distributed(machine: &str) -> Vec<Permission> {
    let arn = format!("arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:{machine}");
    executions(json!({ "Fn::Sub": [arn, {}] }), "states:StartExecution")
}

/// `None` where the state machine is not named.
pub fn start(task: &Task<'_>, action: &str) -> Option<Vec<Permission>> {
    match task.argument("StateMachineArn") {
        Argument::Given(arn) => Some(executions(arn.clone(), action)),
        Argument::AtRunTime => Some(executions(json!("*"), action)),
        Argument::Absent => None,
    }
}

fn executions(machine: Value, action: &str) -> Vec<Permission> {
    let execution = execution_arn(&machine);
    vec![
        Permission::new(&[action], machine),
        Permission::new(&["states:DescribeExecution", "states:StopExecution"], execution),
        managed_rule_of("StepFunctionsGetEventsForStepFunctionsExecutionRule"),
    ]
}

/// The executions of a state machine, where its ARN is a text.
fn execution_arn(machine: &Value) -> Value {
    let of = |arn: &str| format!("{}:*", arn.replacen(":stateMachine:", ":execution:", 1));
    match machine {
        Value::String(arn) if arn != "*" => json!(of(arn)),
        other => match other.get("Fn::Sub") {
            Some(Value::String(template)) => sub(of(template)),
            Some(Value::Array(list)) => match list.as_slice() {
                [Value::String(template), variables] => json!({ "Fn::Sub": [of(template), variables] }),
                _ => json!("*"),
            },
            _ => json!("*"),
        },
    }
}

/// A third-party API, with the credentials of a connection of EventBridge.
pub fn http(task: &Task<'_>) -> Vec<Permission> {
    let connection = task.given("Authentication").and_then(|a| a.get("ConnectionArn")).cloned();
    let secrets = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:events!connection/*";
    vec![
        Permission::new(&["states:InvokeHTTPEndpoint"], json!("*")),
        Permission::new(&["events:RetrieveConnectionCredentials"], connection.unwrap_or_else(|| json!("*"))),
        Permission::new(&["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], sub(secrets)),
    ]
}
