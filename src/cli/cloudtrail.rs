//! One call, from CloudTrail: who asked for what, and what AWS said.

use super::reach::Reach;
use super::{ExitKind, Failure};
use crate::aws::{Aws, AwsError, JsonCall};
use crate::context::Context;
use crate::deploy::DeployError;
use serde_json::{Value, json};

/// Pages of events that are looked through for a request; AWS allows two a second.
const PAGES: usize = 20;

/// The event of a request, sought in the region and where the calls of global services are kept.
///
/// # Errors
/// CloudTrail may not be asked, or does not know the request.
pub(super) fn event(id: &str, reach: &Reach, context: &Context) -> Result<Value, Failure> {
    let id = id.trim();
    let region = reach.region(context);
    let mut regions = vec![region.as_str()];
    let global = global_region(&region);
    if global != region {
        regions.push(global);
    }
    let found = reach.with_aws(context, async |aws: &Aws| {
        match (look_up(aws, id).await.map_err(DeployError::from)?, regions.get(1)) {
            // Where only the own region may be asked, its answer stands.
            (None, Some(global)) => Ok(look_up(&aws.in_region(global), id).await.unwrap_or_default()),
            (found, _) => Ok(found),
        }
    })?;
    found.ok_or_else(|| {
        let regions = regions.join(" and ");
        Failure::new(ExitKind::Failed, format!("CloudTrail knows no request {id} in {regions}"))
            .hint("events reach CloudTrail some five minutes later: try again then; --region asks another region")
            .hint("it has no data events, such as s3:GetObject or lambda:InvokeFunction")
    })
}

/// The call that an event tells of, where it did what was asked.
pub(super) fn succeeded(event: &Value) -> Option<String> {
    let failed = ["errorCode", "errorMessage"].iter().any(|name| event[*name].is_string());
    let text = |name: &str| event[name].as_str();
    let service = text("eventSource")?.trim_end_matches(".amazonaws.com");
    let who = event["userIdentity"]["arn"].as_str().map(|arn| format!(" by {arn}")).unwrap_or_default();
    (!failed).then_some(format!("{service} {}{who}", text("eventName")?))
}

/// Where the partition of a region keeps the events of its global services, such as IAM (CloudTrail User Guide,
/// "Global service events").
fn global_region(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "cn-north-1",
        region if region.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// LookupEvents cannot filter by request id, so the newest pages are looked through.
async fn look_up(aws: &Aws, id: &str) -> Result<Option<Value>, AwsError> {
    let mut token = Value::Null;
    for _ in 0..PAGES {
        let answer = aws
            .call(&JsonCall {
                service: "CloudTrail",
                id: "cloudtrail",
                target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
                operation: "LookupEvents",
                protocol: "1.1",
                body: if token.is_null() { json!({}) } else { json!({ "NextToken": token }) },
            })
            .await?;
        let events = answer.get("Events").and_then(Value::as_array).into_iter().flatten();
        let texts = events.filter_map(|event| event.get("CloudTrailEvent").and_then(Value::as_str));
        let mut events = texts.filter_map(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(event) = events.find(|event| is_of(event, id)) {
            return Ok(Some(event));
        }
        token = answer.get("NextToken").cloned().unwrap_or_default();
        if token.is_null() {
            break;
        }
    }
    Ok(None)
}

/// Whether an event is of a request, by the request's id or its own.
fn is_of(event: &Value, id: &str) -> bool {
    let names = ["requestID", "eventID"];
    names.iter().any(|name| event[*name].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_keeps_its_global_events_in_a_region_of_its_own() {
        for (region, expected) in
            [("eu-west-1", "us-east-1"), ("cn-northwest-1", "cn-north-1"), ("us-gov-east-1", "us-gov-west-1")]
        {
            assert_eq!(global_region(region), expected);
        }
    }

    #[test]
    fn an_event_without_an_error_tells_of_a_call_that_succeeded() {
        let mut event = json!({ "eventSource": "sqs.amazonaws.com", "eventName": "CreateQueue" });
        assert_eq!(succeeded(&event).as_deref(), Some("sqs CreateQueue"));
        event["errorCode"] = json!("AccessDenied");
        assert_eq!(succeeded(&event), None);
    }
}
