//! `rlx metrics`: how functions did.

use super::{ExitKind, Failure, target};
use crate::aws::{Aws, AwsError, JsonCall};
use crate::context::Context;
use serde_json::{Value, json};

/// Show invocations, errors, throttles and durations of functions
#[derive(Debug, clap::Args)]
pub struct MetricsArgs {
    /// The functions, by their names in the manifest [default: all]
    #[arg(value_name = "FUNCTION")]
    pub functions: Vec<String>,
    /// The same; may be repeated
    #[arg(long = "function", short, value_name = "FUNCTION")]
    pub function_flag: Vec<String>,
    /// Hours to look back
    #[arg(long, default_value_t = 24, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=10_944))]
    pub hours: u32,
}

/// A metric of Lambda: its name, and how it is added up.
const METRICS: [(&str, &str); 5] =
    [("Invocations", "Sum"), ("Errors", "Sum"), ("Throttles", "Sum"), ("Duration", "Sum"), ("Duration", "SampleCount")];

/// Functions of one call, which takes 500 queries
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
const AT_ONCE: usize = 500 / METRICS.len();

/// Prints a line for each function.
pub fn run(args: &MetricsArgs, context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let wanted: Vec<String> = args.functions.iter().chain(&args.function_flag).cloned().collect();
    let keys = if wanted.is_empty() { service.functions.keys().cloned().collect() } else { wanted };
    let mut functions = Vec::new();
    for key in keys {
        let name = super::logs::deployed_name(&service, &key)?;
        functions.push((key, name));
    }
    let end = (context.now)().as_second();
    let rows = target::with_aws(&service, context, async |aws: &Aws| {
        let mut rows = Vec::new();
        for some in functions.chunks(AT_ONCE) {
            let names: Vec<&str> = some.iter().map(|(_, name)| name.as_str()).collect();
            let values = of_functions(aws, &names, args.hours, end).await?;
            rows.extend(some.iter().map(|(key, _)| key.clone()).zip(values));
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

/// Invocations, errors, throttles and the average duration in milliseconds of each function.
async fn of_functions(aws: &Aws, names: &[&str], hours: u32, end: i64) -> Result<Vec<[f64; 4]>, AwsError> {
    let span = i64::from(hours) * 3600;
    let mut queries = Vec::new();
    for (i, name) in names.iter().enumerate() {
        for (j, (metric, stat)) in METRICS.iter().enumerate() {
            queries.push(json!({
                "Id": format!("f{i}m{j}"),
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Lambda",
                        "MetricName": metric,
                        "Dimensions": [{ "Name": "FunctionName", "Value": name }],
                    },
                    "Period": span,
                    "Stat": stat,
                },
            }));
        }
    }
    let mut found = vec![[0.0; METRICS.len()]; names.len()];
    let mut body = json!({ "MetricDataQueries": queries, "StartTime": end - span, "EndTime": end });
    loop {
        let call = JsonCall {
            service: "CloudWatch",
            id: "monitoring",
            target: "GraniteServiceVersion20100801",
            operation: "GetMetricData",
            protocol: "1.0",
            body: body.clone(),
        };
        let answer = aws.call(&call).await?;
        add(&answer, &mut found);
        match answer.get("NextToken").filter(|token| token.is_string()) {
            Some(token) => body["NextToken"] = token.clone(),
            None => break,
        }
    }
    Ok(found
        .into_iter()
        .map(|[invocations, errors, throttles, total, count]| {
            [invocations, errors, throttles, if count > 0.0 { total / count } else { 0.0 }]
        })
        .collect())
}

/// Adds the values of an answer to the sums of functions and metrics.
fn add(answer: &Value, sums: &mut [[f64; METRICS.len()]]) {
    for result in answer.get("MetricDataResults").and_then(Value::as_array).into_iter().flatten() {
        let place = result.get("Id").and_then(Value::as_str).and_then(|id| id.strip_prefix('f')?.split_once('m'));
        let Some((Ok(i), Ok(j))) = place.map(|(i, j)| (i.parse::<usize>(), j.parse::<usize>())) else { continue };
        if let Some(sum) = sums.get_mut(i).and_then(|metrics| metrics.get_mut(j)) {
            let values = result.get("Values").and_then(Value::as_array);
            *sum += values.into_iter().flatten().filter_map(Value::as_f64).sum::<f64>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_several_periods_are_added_to_their_function() {
        let mut sums = vec![[0.0; METRICS.len()]; 2];
        let answer = json!({ "MetricDataResults": [
            { "Id": "f1m0", "Values": [2.0, 1.0] },
            { "Id": "f0m3", "Values": [70.5] },
            { "Id": "f9m0", "Values": [1.0] },
            { "Id": "strange", "Values": [1.0] },
        ] });
        add(&answer, &mut sums);
        assert_eq!(sums, [[0.0, 0.0, 0.0, 70.5, 0.0], [3.0, 0.0, 0.0, 0.0, 0.0]]);
    }
}
