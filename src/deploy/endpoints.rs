//! Where a deployed service can be called.

use super::stack::{Output, Stack};
use crate::aws::Endpoint;
use regex::Regex;
use serde::Serialize;
use std::sync::LazyLock;

/// An address of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// The output that tells it.
    pub output: String,
    /// The address.
    pub url: String,
}

/// The addresses among a stack's outputs (Framework v3 `getServiceEndpointRegex`, function URLs besides).
pub fn addresses(stack: &Stack) -> Vec<Address> {
    let is_address = |key: &str| {
        key.starts_with("ServiceEndpoint")
            || key == "HttpApiUrl"
            || key.ends_with("LambdaFunctionUrl")
            || key == "CloudFrontDistributionDomainName"
    };
    let found = stack.outputs.iter().filter(|o| is_address(&o.key));
    found.map(|o| Address { output: o.key.clone(), url: o.value.clone() }).collect()
}

/// The stack with outputs that can be called where they are read: the emulator gives the addresses that AWS would
/// give, and answers under its own.
pub fn reachable(mut stack: Stack, endpoint: &Endpoint) -> Stack {
    let Some(base) = endpoint.url().filter(|_| endpoint.is_loopback()) else { return stack };
    for output in &mut stack.outputs {
        output.value = local(&output.value, &base);
    }
    stack
}

static AWS_ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(https|wss)://([a-z0-9]+)\.(execute-api|lambda-url)\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)")
        .ok()
});

fn local(value: &str, base: &str) -> String {
    let Some(found) = AWS_ADDRESS.as_ref().and_then(|r| r.captures(value)) else { return value.to_owned() };
    let rest = value.get(found[0].len()..).unwrap_or_default();
    let base = match &found[1] {
        "wss" => base.replacen("http", "ws", 1),
        _ => base.to_owned(),
    };
    format!("{base}/_aws/{}/{}{rest}", &found[3], &found[2])
}

/// An output by its key, for people and scripts.
pub fn outputs(stack: &Stack) -> serde_json::Map<String, serde_json::Value> {
    stack.outputs.iter().map(|Output { key, value, .. }| (key.clone(), value.clone().into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_aws_becomes_one_of_the_emulator() {
        let base = "http://127.0.0.1:4566";
        for (given, expected) in [
            (
                "https://ab12cd34.execute-api.us-east-1.amazonaws.com/local",
                "http://127.0.0.1:4566/_aws/execute-api/ab12cd34/local",
            ),
            ("https://ab12cd34.execute-api.eu-west-1.amazonaws.com", "http://127.0.0.1:4566/_aws/execute-api/ab12cd34"),
            (
                "wss://ab12cd34.execute-api.us-east-1.amazonaws.com/local",
                "ws://127.0.0.1:4566/_aws/execute-api/ab12cd34/local",
            ),
            ("https://xyz.lambda-url.us-east-1.on.aws/", "http://127.0.0.1:4566/_aws/lambda-url/xyz/"),
            ("arn:aws:sqs:us-east-1:000000000000:q", "arn:aws:sqs:us-east-1:000000000000:q"),
        ] {
            assert_eq!(local(given, base), expected);
        }
    }
}
