//! `rlx metrics`: how functions did.

use super::{ExitKind, Failure, target};
use crate::aws::{Aws, AwsError, JsonCall};
use crate::context::Context;
use serde_json::{Value, json};

/// Show invocations, errors, throttles and durations of functions
#[derive(Debug, clap::Args)]
pub struct MetricsArgs {
    /// The function, by its name in the manifest [default: all]
    #[arg(long = "function", short, value_name = "FUNCTION")]
    pub function: Option<String>,
    /// Hours to look back
    #[arg(long, default_value_t = 24, value_name = "HOURS")]
    pub hours: u32,
}

/// A metric of Lambda: its name, and how it is added up.
const METRICS: [(&str, &str); 4] =
    [("Invocations", "Sum"), ("Errors", "Sum"), ("Throttles", "Sum"), ("Duration", "Average")];

/// Prints a line for each function.
pub fn run(args: &MetricsArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let keys: Vec<String> = match &args.function {
        Some(key) => vec![key.clone()],
        None => service.functions.keys().cloned().collect(),
    };
    let mut functions = Vec::new();
    for key in keys {
        let name = super::logs::deployed_name(&service, &key)?;
        functions.push((key, name));
    }
    let rows = target::with_aws(&service, context, async |aws: &Aws| {
        let mut rows = Vec::new();
        for (key, name) in &functions {
            rows.push((key.clone(), of_function(aws, name, args.hours, context).await?));
        }
        Ok::<_, AwsError>(rows)
    })?;
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or_default().max(8);
    let mut text = format!("{:width$}  invocations  errors  throttles  average ms\n", "function");
    for (key, values) in &rows {
        let [invocations, errors, throttles, duration] = values;
        text.push_str(&format!("{key:width$}  {invocations:>11}  {errors:>6}  {throttles:>9}  {duration:>10.1}\n"));
    }
    let json: Vec<Value> = rows
        .iter()
        .map(|(key, [invocations, errors, throttles, duration])| {
            json!({ "function": key, "invocations": invocations, "errors": errors, "throttles": throttles, "averageMs": duration })
        })
        .collect();
    context.report.result(&json!({ "version": 1, "hours": args.hours, "functions": json }), &text);
    Ok(ExitKind::Done)
}

async fn of_function(aws: &Aws, name: &str, hours: u32, context: &Context) -> Result<[f64; 4], AwsError> {
    let end = (context.now)().as_second();
    let span = i64::from(hours.max(1)) * 3600;
    let queries: Vec<Value> = METRICS
        .iter()
        .map(|(metric, stat)| {
            json!({
                "Id": metric.to_lowercase(),
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Lambda",
                        "MetricName": metric,
                        "Dimensions": [{ "Name": "FunctionName", "Value": name }],
                    },
                    "Period": span,
                    "Stat": stat,
                },
            })
        })
        .collect();
    let call = JsonCall {
        service: "CloudWatch",
        id: "monitoring",
        target: "GraniteServiceVersion20100801",
        operation: "GetMetricData",
        protocol: "1.0",
        body: json!({ "MetricDataQueries": queries, "StartTime": end - span, "EndTime": end }),
    };
    let answer = aws.call(&call).await?;
    let results = answer.get("MetricDataResults").and_then(Value::as_array);
    let value = |metric: &str| {
        let id = metric.to_lowercase();
        let found = results.into_iter().flatten().find(|r| r.get("Id").and_then(Value::as_str) == Some(&id));
        let values: Vec<f64> =
            found.and_then(|r| r.get("Values")?.as_array()).into_iter().flatten().filter_map(Value::as_f64).collect();
        match (metric, values.len()) {
            (_, 0) => 0.0,
            ("Duration", count) => values.iter().sum::<f64>() / count as f64,
            _ => values.iter().sum(),
        }
    };
    Ok(METRICS.map(|(metric, _)| value(metric)))
}
