//! What REST, HTTP and websocket APIs share.

use crate::manifest::Service;
use crate::template::Compilation;
use crate::template::custom_resource::Handler;
use crate::template::naming::custom_resource;
use crate::template::value::{join, reference, truthy};
use serde_json::{Map, Value, json};

/// The principal as which API Gateway calls functions.
pub(super) const PRINCIPAL: &str = "apigateway.amazonaws.com";

/// The version of the Lambda API in an invocation URI.
const INVOKE_API: &str = "2015-03-31";

/// The URI by which API Gateway invokes a function.
///
/// <https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html#uri>
pub(super) fn invocation_uri(function_arn: Value) -> Value {
    join(
        "",
        [
            json!("arn:"),
            reference("AWS::Partition"),
            json!(":apigateway:"),
            reference("AWS::Region"),
            json!(format!(":lambda:path/{INVOKE_API}/functions/")),
            function_arn,
            json!("/invocations"),
        ],
    )
}

/// The ARN of what an API may execute; `rest` follows the API's id, such as `/*/*`.
pub(super) fn execute_api_arn(api_id: Value, rest: &str) -> Value {
    join(
        "",
        [
            json!("arn:"),
            reference("AWS::Partition"),
            json!(":execute-api:"),
            reference("AWS::Region"),
            json!(":"),
            reference("AWS::AccountId"),
            json!(":"),
            api_id,
            json!(rest),
        ],
    )
}

/// The address of an API; `scheme` such as `https`, `rest` such as `/dev`.
pub(super) fn endpoint(scheme: &str, api_id: Value, rest: &str) -> Value {
    let mut parts = vec![
        json!(format!("{scheme}://")),
        api_id,
        json!(".execute-api."),
        reference("AWS::Region"),
        json!("."),
        reference("AWS::URLSuffix"),
    ];
    if !rest.is_empty() {
        parts.push(json!(rest));
    }
    join("", parts)
}

/// A log group of an API: it follows `provider.logRetentionInDays` and `provider.logDataProtectionPolicy`.
pub(super) fn log_group(service: &Service, name: String) -> Value {
    let provider = &service.provider;
    resource(
        "AWS::Logs::LogGroup",
        json!({
            "LogGroupName": name,
            "RetentionInDays": provider.log_retention_in_days,
            "DataProtectionPolicy": provider.log_data_protection_policy,
        }),
    )
}

/// Lets API Gateway write logs: one role per account, which a custom resource sets
/// (Framework v3 `lib/ensure-api-gateway-cloud-watch-role.js`), unless it is managed elsewhere.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>
pub(super) fn cloud_watch_role(it: &mut Compilation<'_>) {
    let settings = it.service.provider.raw.pointer("/logs/restApi");
    let setting = |key: &str| settings.and_then(|settings| settings.get(key)).filter(|value| truthy(value));
    if setting("roleManagedExternally").is_some() {
        return;
    }
    let role_arn = setting("role");
    let roles = join(
        ":",
        [json!("arn"), reference("AWS::Partition"), json!("iam:"), reference("AWS::AccountId"), json!("role/*")],
    );
    let account = join(":", [json!("arn"), reference("AWS::Partition"), json!("apigateway:*::/account")]);
    let statements = vec![
        json!({
            "Effect": "Allow",
            "Resource": roles,
            "Action": ["iam:AttachRolePolicy", "iam:CreateRole", "iam:ListAttachedRolePolicies", "iam:PassRole"],
        }),
        json!({ "Effect": "Allow", "Resource": account, "Action": ["apigateway:GET", "apigateway:PATCH"] }),
    ];
    let handler = it.custom_resource_function(Handler::ApiGatewayCloudWatchRole, statements);
    let role = json!({
        "Type": "Custom::ApiGatewayAccountRole",
        "Version": 1.0,
        "Properties": without_nulls(json!({ "ServiceToken": handler, "RoleArn": role_arn })),
    });
    it.set_resource(custom_resource::API_GATEWAY_ACCOUNT_ROLE, role, "provider.logs");
}

/// A resource of a type; properties that are `null` are left out.
pub(super) fn resource(kind: &str, properties: Value) -> Value {
    json!({ "Type": kind, "Properties": without_nulls(properties) })
}

/// An object without its own keys that are `null`; deeper ones stay.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, v)| !v.is_null()).collect::<Map<_, _>>()),
        other => other,
    }
}

/// A regular expression for one of several words, whatever their case. JSON Schema knows no flags.
pub(super) fn any_case(words: &[&str]) -> String {
    let letter = |c: char| match (c.to_ascii_uppercase(), c.to_ascii_lowercase()) {
        (upper, lower) if upper != lower => format!("[{upper}{lower}]"),
        _ => c.to_string(),
    };
    let words: Vec<String> = words.iter().map(|word| word.chars().map(letter).collect()).collect();
    words.join("|")
}

/// JSON Schema of one of several words, whatever their case.
pub(super) fn any_case_of(words: &[&str]) -> Value {
    json!({ "type": "string", "pattern": format!("^(?:{})$", any_case(words)) })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A service whose function `a` has these events, with further lines of `provider`.
    pub(in crate::template::events) fn manifest(provider: &str, events: &str) -> String {
        let lines = |text: &str, by: usize| text.lines().map(|line| format!("{:by$}{line}\n", "")).collect::<String>();
        format!(
            "service: quay\nprovider:\n  name: aws\n  runtime: nodejs22.x\n{}functions:\n  guard:\n    handler: h.guard\n  a:\n    handler: h.a\n    events:\n{}",
            lines(provider, 2),
            lines(events, 6)
        )
    }

    #[test]
    fn words_match_in_any_case() {
        assert_eq!(any_case(&["GET", "a-b"]), "[Gg][Ee][Tt]|[Aa]-[Bb]");
    }

    #[test]
    fn only_own_nulls_are_left_out() {
        assert_eq!(without_nulls(json!({"a": null, "b": {"c": null}})), json!({"b": {"c": null}}));
    }
}
