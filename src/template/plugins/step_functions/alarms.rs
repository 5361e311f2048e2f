//! `alarms` of a state machine (`compileAlarms.js`).

use super::Machine;
use crate::manifest::Problem;
use crate::template::Compilation;
use crate::template::naming::step_functions as naming;
use crate::template::value::{get, get_str, reference};
use serde_json::{Value, json};

/// Names in the manifest, of CloudWatch, and in descriptions.
const METRICS: [(&str, &str, &str); 5] = [
    ("executionsTimedOut", "ExecutionsTimedOut", "executions timed out"),
    ("executionsFailed", "ExecutionsFailed", "executions failed"),
    ("executionsAborted", "ExecutionsAborted", "executions were aborted"),
    ("executionThrottled", "ExecutionThrottled", "execution were throttled"),
    ("executionsSucceeded", "ExecutionsSucceeded", "executions succeeded"),
];
const VARIABLES: [&str; 3] = ["stateMachineName", "cloudWatchMetricName", "metricName"];

/// The names of the metrics.
pub fn metric_names() -> [&'static str; 5] {
    METRICS.map(|(name, _, _)| name)
}

/// Adds them.
pub fn compile(it: &mut Compilation<'_>, machine: &Machine<'_>) {
    let Some(alarms) = machine.raw.get("alarms").filter(|alarms| alarms.is_object()) else { return };
    let mut seen: Vec<&Value> = Vec::new();
    for (index, metric) in alarms["metrics"].as_array().into_iter().flatten().enumerate() {
        let name = metric.get("metric").unwrap_or(metric);
        let known = METRICS.iter().find(|(known, _, _)| name == *known);
        let Some((name, metric_name, what)) = known.filter(|_| !seen.contains(&metric)) else { continue };
        seen.push(metric);
        let path = format!("{}.alarms.metrics[{index}]", machine.path);
        let actions = |kind: &str| match alarms["topics"].get(kind).filter(|topic| !topic.is_null()) {
            Some(topic) => json!([topic]),
            None => json!([]),
        };
        let either = |key: &str| get(metric, key).or_else(|| get(alarms, key)).cloned();
        let (stage, region) = (&it.service.stage, &it.service.region);
        let mut properties = json!({
            "Namespace": "AWS/States",
            "MetricName": metric_name,
            "AlarmDescription": format!("{}[{stage}][{region}]: {what}", machine.name),
            "Threshold": 1,
            "Period": either("period").unwrap_or(json!(60)),
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Statistic": "Sum",
            "OKActions": actions("ok"),
            "AlarmActions": actions("alarm"),
            "InsufficientDataActions": actions("insufficientData"),
            "TreatMissingData": either("treatMissingData").unwrap_or(json!("missing")),
            "Dimensions": [{ "Name": "StateMachineArn", "Value": reference(&machine.logical_id) }],
        });
        let values = [machine.name, metric_name, name];
        let template = get_str(alarms, "nameTemplate");
        let by_template = template.and_then(|template| named(it, template, &values, &machine.path));
        let alarm_name = get_str(metric, "alarmName").map(str::to_owned).or(by_template);
        if let Some(name) = alarm_name {
            properties["AlarmName"] = json!(name);
        }
        let logical_id = get_str(metric, "logicalId").map(str::to_owned);
        let logical_id = logical_id.unwrap_or_else(|| naming::alarm(&machine.logical_id, metric_name));
        it.add_resource(logical_id, json!({ "Type": "AWS::CloudWatch::Alarm", "Properties": properties }), &path);
    }
}

/// `$[stateMachineName]` and the like in a template of names; a problem where it names something else.
fn named(it: &mut Compilation<'_>, template: &str, values: &[&str; 3], path: &str) -> Option<String> {
    let mut name = template.to_owned();
    for (variable, value) in VARIABLES.iter().zip(values) {
        name = name.replace(&format!("$[{variable}]"), value);
    }
    let Some((_, rest)) = name.split_once("$[") else { return Some(name) };
    let other = rest.split(']').next().unwrap_or(rest);
    let problem = Problem::at(
        format!("{path}.alarms.nameTemplate"),
        format!("`{other}` is no variable of alarm names; CloudFormation names these alarms"),
    );
    let problem = problem.help("there are `stateMachineName`, `cloudWatchMetricName` and `metricName`").warning();
    if !it.problems.iter().any(|known| *known == problem) {
        it.problems.push(problem);
    }
    None
}
