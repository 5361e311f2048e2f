//! What the tasks of a state machine need of IAM, read from its definition (`compileIamRole.js`, and
//! <https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html>).
//!
//! The plugin reads arguments of JSONPath alone for some services; here those of JSONata count everywhere.

mod arguments;
mod compute;
mod data;
mod messages;
mod states;

use crate::template::Compilation;
use crate::template::value::entries;
use arguments::Task;
use serde_json::{Value, json};

/// Actions on resources.
#[derive(Debug, Clone, PartialEq)]
pub struct Permission {
    pub actions: Vec<String>,
    /// `*`, an ARN, or a list of them.
    pub resource: Value,
}

impl Permission {
    /// Of these actions.
    pub fn new(actions: &[&str], resource: Value) -> Self {
        Self { actions: actions.iter().map(|action| (*action).to_owned()).collect(), resource }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    pub permissions: Vec<Permission>,
    /// Integrations that are not known here.
    pub unknown: Vec<String>,
}

/// What all tasks of a definition need. `machine` is the state machine's name.
pub fn of_states(it: &Compilation<'_>, definition: &Value, machine: &str) -> Found {
    let mut found = Found::default();
    add_states(it, definition, machine, &mut found);
    found
}

fn add_states(it: &Compilation<'_>, parent: &Value, machine: &str, found: &mut Found) {
    let Some(all) = parent.get("States").and_then(Value::as_object) else { return };
    for (_, state) in entries(all) {
        match state["Type"].as_str() {
            Some("Task") => add_task(it, state, found),
            Some("Parallel") => {
                for branch in state["Branches"].as_array().into_iter().flatten() {
                    add_states(it, branch, machine, found);
                }
            }
            Some("Map") => add_map(it, state, machine, found),
            _ => {}
        }
    }
}

fn add_map(it: &Compilation<'_>, state: &Value, machine: &str, found: &mut Found) {
    let processor = state.get("ItemProcessor").or_else(|| state.get("Iterator"));
    add_states(it, processor.unwrap_or(&Value::Null), machine, found);
    if state.pointer("/ItemProcessor/ProcessorConfig/Mode") == Some(&json!("DISTRIBUTED")) {
        found.permissions.extend(states::distributed(machine));
    }
    for part in ["ItemReader", "ResultWriter"] {
        if let Some(task) = state.get(part).filter(|part| part.get("Resource").is_some()) {
            add_task(it, task, found);
        }
    }
}

fn add_task(it: &Compilation<'_>, state: &Value, found: &mut Found) {
    let task = Task::new(state);
    match of_task(it, &task) {
        Some(permissions) => found.permissions.extend(permissions),
        None => found.unknown.push(state["Resource"].as_str().unwrap_or("a task without `Resource`").to_owned()),
    }
}

/// `None` where it is not known.
fn of_task(it: &Compilation<'_>, task: &Task<'_>) -> Option<Vec<Permission>> {
    let Some((service, action)) = task.integration() else { return compute::of_resource(it, task) };
    // How the task waits does not change what it calls.
    let action = action.split('.').next().unwrap_or(action);
    match (service, action) {
        ("lambda", "invoke") => compute::lambda(it, task),
        ("batch", "submitJob") => Some(compute::batch()),
        ("glue", "startJobRun") => Some(compute::glue()),
        ("ecs", "runTask") => Some(compute::ecs()),
        ("codebuild", "startBuild") => compute::code_build(task),
        ("sagemaker", "createTransformJob") => Some(compute::sage_maker(task)),
        ("bedrock", "invokeModel") => compute::bedrock(task),
        ("states", "startExecution") => states::start(task, "states:StartExecution"),
        ("aws-sdk:sfn", "startSyncExecution") => states::start(task, "states:StartSyncExecution"),
        ("http", "invoke") => Some(states::http(task)),
        ("sqs", "sendMessage") => messages::queue(task),
        ("sns", "publish") => messages::topic(task),
        ("events", "putEvents") => Some(messages::events(task)),
        ("aws-sdk:scheduler", "createSchedule") => Some(messages::schedule(task, "scheduler:CreateSchedule")),
        ("aws-sdk:scheduler", "deleteSchedule") => Some(messages::schedule(task, "scheduler:DeleteSchedule")),
        ("aws-sdk:sesv2", "sendEmail") => Some(vec![Permission::new(&["ses:SendEmail"], json!("*"))]),
        ("dynamodb" | "aws-sdk:dynamodb", _) => data::table(task, action),
        ("s3" | "aws-sdk:s3", _) => data::object(task, action),
        ("aws-sdk:redshiftdata", _) => data::redshift(task, action),
        _ => None,
    }
}
