//! What the function of a custom resource wrote: CloudFormation's own row only says where to look.

use super::hotswap::deployed_template;
use super::progress::ResourceEvent;
use super::remove::resources;
use crate::aws::{Aws, AwsError, Named};
use serde_json::Value;
use std::time::Duration;

/// Lines of the log that are kept, the last ones.
const LINES: usize = 20;

/// Seconds before its failure at which the function was called at the earliest, where nothing tells it.
pub(super) const LONGEST: f64 = 900.0;

/// Logs lag behind what happens.
const LAG: Duration = Duration::from_millis(1500);

/// Whether an event is of a resource that a function makes
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html>).
pub(super) fn is_custom(event: &ResourceEvent) -> bool {
    event.resource_type.starts_with("Custom::") || event.resource_type == "AWS::CloudFormation::CustomResource"
}

/// The last lines of the function's log of the last `seconds` before the event; none where it cannot be found. Asked as soon as the resource has failed, since
/// the rollback may take function and log away.
pub(super) async fn read(aws: &Aws, event: &ResourceEvent, seconds: f64) -> Vec<String> {
    let Ok(Some(function)) = function(aws, event).await else { return Vec::new() };
    let wait = if aws.endpoint().is_loopback() { Duration::ZERO } else { LAG };
    tokio::time::sleep(wait).await;
    lines(aws, &function, event, seconds).await.unwrap_or_default()
}

/// The name of the function that the resource's `ServiceToken` leads to.
async fn function(aws: &Aws, event: &ResourceEvent) -> Result<Option<String>, AwsError> {
    let Some(template) = deployed_template(aws, &event.stack_id).await? else { return Ok(None) };
    let token = template.resource(&event.logical_id).and_then(|r| r.pointer("/Properties/ServiceToken"));
    match token {
        Some(Value::String(arn)) => Ok(arn.rsplit_once(":function:").map(|(_, name)| name.to_owned())),
        Some(token) => {
            let id = referred(token);
            let found = resources(aws, &event.stack_id).await?;
            Ok(found.into_iter().find(|r| Some(r.logical_id.as_str()) == id).map(|r| r.physical_id))
        }
        None => Ok(None),
    }
}

/// The logical id in `Ref` or `Fn::GetAtt`, whose list or dotted text it begins.
fn referred(token: &Value) -> Option<&str> {
    let named = token.get("Ref").or_else(|| token.get("Fn::GetAtt"))?;
    match named {
        Value::Array(list) => list.first()?.as_str(),
        named => named.as_str()?.split('.').next(),
    }
}

async fn lines(aws: &Aws, function: &str, event: &ResourceEvent, seconds: f64) -> Result<Vec<String>, AwsError> {
    // Two clocks take part, CloudFormation's and Lambda's.
    let back = jiff::SignedDuration::try_from_secs_f64(seconds + 1.0).unwrap_or_default();
    let from = event.time.checked_sub(back).unwrap_or(event.time);
    let stream = event.reason.as_deref().and_then(stream);
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let page = aws
            .logs()
            .filter_log_events()
            .log_group_name(format!("/aws/lambda/{function}"))
            .set_log_stream_names(stream.map(|name| vec![name.to_owned()]))
            .start_time(from.as_millisecond())
            .set_next_token(next)
            .send()
            .await
            .named("CloudWatch Logs", "FilterLogEvents")?;
        found.extend(page.events.unwrap_or_default().into_iter().filter_map(|e| e.message));
        next = page.next_token;
        if next.is_none() {
            break;
        }
    }
    let told = found.iter().flat_map(|message| message.lines()).map(str::trim_end);
    let told: Vec<&str> = told.filter(|line| !line.is_empty() && !is_frame(line)).collect();
    Ok(told[told.len().saturating_sub(LINES)..].iter().map(|line| (*line).to_owned()).collect())
}

/// Lambda's own lines around an invocation.
fn is_frame(line: &str) -> bool {
    ["START RequestId", "END RequestId", "REPORT RequestId", "INIT_START", "XRAY TraceId"]
        .iter()
        .any(|begin| line.starts_with(begin))
}

/// The log stream that a reason names: `See the details in CloudWatch Log Stream: 2026/01/31/[$LATEST]0123abcd`.
fn stream(reason: &str) -> Option<&str> {
    let (_, rest) = reason.split_once("Log Stream: ")?;
    rest.split([' ', '(', ')', ',']).next().map(|name| name.trim_end_matches('.')).filter(|name| name.contains("/["))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_stream_stands_in_the_reason() {
        let reason = "Received response status [FAILED] from custom resource. Message returned: See the details in \
                      CloudWatch Log Stream: 2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef (RequestId: 1-2)";
        assert_eq!(stream(reason), Some("2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef"));
        assert_eq!(stream("Message returned: no such user"), None);
    }

    #[test]
    fn the_function_is_found_by_any_reference() {
        assert_eq!(referred(&json!({"Fn::GetAtt": ["MakerLambdaFunction", "Arn"]})), Some("MakerLambdaFunction"));
        assert_eq!(referred(&json!({"Fn::GetAtt": "MakerLambdaFunction.Arn"})), Some("MakerLambdaFunction"));
        assert_eq!(referred(&json!({"Ref": "Maker"})), Some("Maker"));
        assert_eq!(referred(&json!({"Fn::ImportValue": "x"})), None);
    }
}
