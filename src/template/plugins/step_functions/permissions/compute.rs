//! Functions, jobs, containers, builds and models.

use super::super::definition::is_function;
use super::super::translated;
use super::Permission;
use super::arguments::{Argument, Task};
use super::states::managed_rule;
use crate::template::Compilation;
use crate::template::value::sub;
use serde_json::{Value, json};

const INVOKE: &[&str] = &["lambda:InvokeFunction"];
const FUNCTION: &str = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:";

/// A task whose `Resource` is a function, or an activity, which needs nothing.
pub fn of_resource(it: &Compilation<'_>, task: &Task<'_>) -> Option<Vec<Permission>> {
    let resource = task.resource();
    let arn = match resource.as_str() {
        Some(text) if text.contains(":states:") && text.contains(":activity:") => return Some(Vec::new()),
        Some(text) if is_lambda(text) => json!(without_alias(text)),
        None if is_function(resource) => translated(it, resource),
        _ => return None,
    };
    Some(vec![Permission::new(INVOKE, with_qualifiers(arn))])
}

/// `lambda:invoke`: the function by name, with or without qualifier, by ARN or part of one.
pub fn lambda(it: &Compilation<'_>, task: &Task<'_>) -> Option<Vec<Permission>> {
    let name = match task.argument("FunctionName") {
        Argument::AtRunTime => {
            let allowed = task.given("AllowedFunctions").cloned().unwrap_or_else(|| json!("*"));
            return Some(vec![Permission::new(INVOKE, allowed)]);
        }
        Argument::Given(name) => name,
        Argument::Absent => return None,
    };
    let resource = match name {
        Value::String(text) if text.starts_with("arn:") && is_lambda(text) => json!([text, format!("{text}:*")]),
        Value::String(text) if is_partial(text) => {
            let arn = format!("arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:{text}");
            json!([sub(&arn), sub(format!("{arn}:*"))])
        }
        Value::String(text) => json!([sub(format!("{FUNCTION}{text}")), sub(format!("{FUNCTION}{text}:*"))]),
        _ if name.get("Fn::GetAtt").is_some() => with_qualifiers(translated(it, name)),
        _ if name.get("Ref").is_some() => {
            let function = json!({ "functionArn": translated(it, name) });
            let arn = |tail: &str| json!({ "Fn::Sub": [format!("{FUNCTION}${{functionArn}}{tail}"), function] });
            json!([arn(""), arn(":*")])
        }
        other => other.clone(),
    };
    Some(vec![Permission::new(INVOKE, resource)])
}

fn with_qualifiers(arn: Value) -> Value {
    json!([arn, { "Fn::Sub": ["${functionArn}:*", { "functionArn": arn }] }])
}

/// `arn:aws:lambda:...` of any partition.
fn is_lambda(text: &str) -> bool {
    let Some(at) = text.find("arn:") else { return false };
    text[at + 4..].split(':').nth(1) == Some("lambda") || text[at..].starts_with("arn:${AWS::Partition}:lambda")
}

/// An ARN of eight parts ends in an alias.
fn without_alias(arn: &str) -> String {
    let parts: Vec<&str> = arn.split(':').collect();
    if parts.len() == 8 { parts[..7].join(":") } else { arn.to_owned() }
}

/// `<account>:function:<name>`.
fn is_partial(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    parts.len() == 3 && !parts[0].is_empty() && parts[0].bytes().all(|b| b.is_ascii_digit())
}

pub fn batch() -> Vec<Permission> {
    let jobs = &["batch:SubmitJob", "batch:DescribeJobs", "batch:TerminateJob"];
    vec![Permission::new(jobs, json!("*")), managed_rule("StepFunctionsGetEventsForBatchJobsRule")]
}

pub fn glue() -> Vec<Permission> {
    let runs = &["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"];
    vec![Permission::new(runs, json!("*"))]
}

pub fn ecs() -> Vec<Permission> {
    let tasks = &["ecs:RunTask", "ecs:StopTask", "ecs:DescribeTasks", "ecs:TagResource", "iam:PassRole"];
    vec![Permission::new(tasks, json!("*")), managed_rule("StepFunctionsGetEventsForECSTaskRule")]
}

pub fn code_build(task: &Task<'_>) -> Option<Vec<Permission>> {
    let project = match task.argument("ProjectName") {
        Argument::Given(Value::String(name)) => name.as_str(),
        Argument::AtRunTime => "*",
        _ => return None,
    };
    let arn = format!("arn:${{AWS::Partition}}:codebuild:${{AWS::Region}}:${{AWS::AccountId}}:project/{project}");
    let builds = &["codebuild:StartBuild", "codebuild:StopBuild", "codebuild:BatchGetBuilds"];
    Some(vec![
        Permission::new(builds, json!({ "Fn::Sub": [arn, {}] })),
        super::states::managed_rule_of("StepFunctionsGetEventForCodeBuildStartBuildRule"),
    ])
}

pub fn sage_maker(task: &Task<'_>) -> Vec<Permission> {
    let name = task.text("TransformJobName").unwrap_or_default();
    let arn = format!("arn:${{AWS::Partition}}:sagemaker:${{AWS::Region}}:${{AWS::AccountId}}:transform-job/{name}*");
    let jobs = &["sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob", "sagemaker:StopTransformJob"];
    vec![
        Permission::new(jobs, json!({ "Fn::Sub": [arn, {}] })),
        Permission::new(&["sagemaker:ListTags"], json!("*")),
        super::states::managed_rule_of("StepFunctionsGetEventsForSageMakerTransformJobsRule"),
    ]
}

pub fn bedrock(task: &Task<'_>) -> Option<Vec<Permission>> {
    let arn = match task.argument("ModelId") {
        Argument::Given(Value::String(id)) if id.starts_with("arn:") => json!(id),
        Argument::Given(Value::String(id)) => {
            json!({ "Fn::Sub": [format!("arn:${{AWS::Partition}}:bedrock:${{AWS::Region}}::foundation-model/{id}"), {}] })
        }
        Argument::Given(other) => other.clone(),
        Argument::AtRunTime => json!("*"),
        Argument::Absent => return None,
    };
    Some(vec![Permission::new(&["bedrock:InvokeModel"], arn)])
}
