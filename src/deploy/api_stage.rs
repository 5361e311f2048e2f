//! What a REST API's stage is told outside of the template: see
//! [`StageUpdate`](crate::template::events::http::StageUpdate).

use super::stack::Stack;
use crate::aws::{Aws, AwsError, Named, RestCall};
use crate::template::events::http::{Patch, StageUpdate};
use crate::template::naming::api_gateway::REST_API;
use serde_json::{Map, Value, json};

/// How many usage plans API Gateway lists at a time, at most.
const PAGE: usize = 500;

/// What the ARNs of a stack's resources begin with.
struct Place<'s> {
    partition: &'s str,
    region: &'s str,
    account: &'s str,
}

impl<'s> Place<'s> {
    /// From the stack's ARN: `arn:<partition>:cloudformation:<region>:<account>:stack/...`.
    fn of(stack: &'s Stack) -> Option<Self> {
        let mut parts = stack.id.split(':');
        let (_, partition, _) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { partition, region: parts.next()?, account: parts.next()? })
    }
}

/// Brings the stage of the stack's REST API to what the service says.
pub(super) async fn update(aws: &Aws, stack: &Stack, update: &StageUpdate) -> Result<(), AwsError> {
    let (Some(api), Some(place)) = (rest_api(aws, stack).await?, Place::of(stack)) else { return Ok(()) };
    let path = format!("/restapis/{api}/stages/{}", update.stage);
    if !update.patches.is_empty() {
        let patches: Vec<Value> = update.patches.iter().map(|patch| operation(patch, &place)).collect();
        call(aws, "UpdateStage", "PATCH", path.clone(), json!({ "patchOperations": patches })).await?;
    }
    if let Some(wanted) = &update.tags {
        let stage = call(aws, "GetStage", "GET", path, Value::Null).await?;
        let current = stage.get("tags").and_then(Value::as_object).cloned().unwrap_or_default();
        let wanted: Map<String, Value> = wanted.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        set_tags(aws, &place, &api, update, current, wanted).await?;
    }
    if let Some(group) = &update.unused_log_group {
        let answer = aws.logs().delete_log_group().log_group_name(group).send().await;
        match answer.named("CloudWatch Logs", "DeleteLogGroup") {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Takes the stages of the stack's REST API out of all usage plans: CloudFormation cannot delete a plan that has one.
pub(super) async fn leave_usage_plans(aws: &Aws, stack: &Stack) -> Result<(), AwsError> {
    let Some(api) = rest_api(aws, stack).await? else { return Ok(()) };
    let mut position: Option<String> = None;
    loop {
        let next = position.map(|position| format!("&position={}", encode(&position))).unwrap_or_default();
        let page = call(aws, "GetUsagePlans", "GET", format!("/usageplans?limit={PAGE}{next}"), Value::Null).await?;
        for plan in list(&page, "item") {
            let stages = list(plan, "apiStages").filter(|stage| stage["apiId"] == api.as_str());
            let patches: Vec<Value> = stages
                .filter_map(|stage| Some(format!("{api}:{}", stage["stage"].as_str()?)))
                .map(|value| json!({ "op": "remove", "path": "/apiStages", "value": value }))
                .collect();
            if let (Some(id), false) = (plan["id"].as_str(), patches.is_empty()) {
                let body = json!({ "patchOperations": patches });
                call(aws, "UpdateUsagePlan", "PATCH", format!("/usageplans/{id}"), body).await?;
            }
        }
        position = page.get("position").and_then(Value::as_str).map(str::to_owned);
        if position.is_none() {
            return Ok(());
        }
    }
}

/// The id of the REST API that the stack makes.
async fn rest_api(aws: &Aws, stack: &Stack) -> Result<Option<String>, AwsError> {
    let resources = super::remove::resources(aws, &stack.id).await?;
    let api = resources.into_iter().find(|resource| resource.logical_id == REST_API);
    Ok(api.map(|api| api.physical_id).filter(|id| !id.is_empty()))
}

fn operation(patch: &Patch, place: &Place<'_>) -> Value {
    let mut operation = json!({ "op": patch.op, "path": patch.path });
    if let Some(value) = &patch.value {
        let Place { partition, region, account } = place;
        operation["value"] = match patch.path {
            Patch::LOG_DESTINATION => json!(format!("arn:{partition}:logs:{region}:{account}:log-group:{value}")),
            _ => json!(value),
        };
    }
    operation
}

async fn set_tags(
    aws: &Aws,
    place: &Place<'_>,
    api: &str,
    update: &StageUpdate,
    current: Map<String, Value>,
    wanted: Map<String, Value>,
) -> Result<(), AwsError> {
    let Place { partition, region, .. } = place;
    let arn = encode(&format!("arn:{partition}:apigateway:{region}::/restapis/{api}/stages/{}", update.stage));
    let gone: Vec<String> = current
        .keys()
        .filter(|key| !key.starts_with("aws:") && !wanted.contains_key(*key))
        .map(|key| format!("tagKeys={}", encode(key)))
        .collect();
    let missing = wanted.iter().any(|(key, value)| current.get(key) != Some(value));
    if missing {
        call(aws, "TagResource", "PUT", format!("/tags/{arn}"), json!({ "tags": wanted })).await?;
    }
    if !gone.is_empty() {
        call(aws, "UntagResource", "DELETE", format!("/tags/{arn}?{}", gone.join("&")), Value::Null).await?;
    }
    Ok(())
}

/// The members of a list; API Gateway calls `items` of the SDK `item` on the wire.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

pub(super) async fn call(
    aws: &Aws,
    operation: &str,
    method: &str,
    path: String,
    body: Value,
) -> Result<Value, AwsError> {
    aws.call_rest(&RestCall { service: "API Gateway", id: "apigateway", operation, method, path, body }).await
}

/// Percent-encodes everything but what never needs it in a URL (RFC 3986, unreserved).
pub(super) fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_group_becomes_an_arn_and_other_values_stay() {
        let place = Place { partition: "aws", region: "eu-west-1", account: "123456789012" };
        let patch = |path, value: &str| Patch { op: "replace", path, value: Some(value.to_owned()) };
        assert_eq!(
            operation(&patch(Patch::LOG_DESTINATION, "/aws/api-gateway/quay-dev"), &place)["value"],
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/api-gateway/quay-dev"
        );
        assert_eq!(operation(&patch("/tracingEnabled", "true"), &place)["value"], "true");
        let remove = Patch { op: "remove", path: "/accessLogSettings", value: None };
        assert_eq!(operation(&remove, &place), json!({ "op": "remove", "path": "/accessLogSettings" }));
    }

    #[test]
    fn an_arn_is_encoded_whole() {
        assert_eq!(encode("arn:aws:apigateway:a::/b c"), "arn%3Aaws%3Aapigateway%3Aa%3A%3A%2Fb%20c");
    }
}
