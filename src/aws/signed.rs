//! Calls of services for which no SDK crate is compiled in: signed here, in the AWS JSON protocol
//! (<https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>) or the REST JSON protocol
//! (<https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>).

use super::call_log::Call;
use super::error::{self, BAD_ANSWER, NO_CONNECTION, NO_CREDENTIALS, TIMEOUT};
use super::{ATTEMPTS, Aws, AwsError};
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;
use std::time::{Duration, Instant, SystemTime};

/// A call in the JSON protocol.
#[derive(Debug, Clone)]
pub struct JsonCall<'a> {
    /// As people call it: `SSM`.
    pub service: &'a str,
    /// As signatures and hosts call it: `ssm`.
    pub id: &'a str,
    /// Such as `AmazonSSM`: what stands before the operation in `X-Amz-Target`.
    pub target: &'a str,
    /// Such as `GetParameter`.
    pub operation: &'a str,
    /// Version of the protocol, `1.0` or `1.1`.
    pub protocol: &'a str,
    /// The parameters.
    pub body: Value,
}

/// A call in the REST JSON protocol.
#[derive(Debug, Clone)]
pub struct RestCall<'a> {
    /// As people call it: `API Gateway`.
    pub service: &'a str,
    /// As signatures and hosts call it: `apigateway`.
    pub id: &'a str,
    /// Such as `UpdateStage`.
    pub operation: &'a str,
    /// Such as `PATCH`.
    pub method: &'a str,
    /// Path and query, encoded, such as `/restapis/ab12cd34/stages/dev`.
    pub path: String,
    /// The parameters; `Null` sends none.
    pub body: Value,
}

/// A call in the REST XML protocol (<https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html>) of a service
/// that AWS has in one place for all regions, such as Route 53.
#[derive(Debug, Clone)]
pub struct XmlCall<'a> {
    /// As people call it: `Route 53`.
    pub service: &'a str,
    /// As signatures and hosts call it: `route53`.
    pub id: &'a str,
    /// Such as `ListHostedZones`.
    pub operation: &'a str,
    /// Such as `GET`.
    pub method: &'a str,
    /// Path and query, encoded.
    pub path: String,
    /// The document; empty sends none.
    pub body: String,
}

/// A call of either protocol as it is sent.
struct Outgoing<'a> {
    service: &'a str,
    id: &'a str,
    operation: &'a str,
    method: &'a str,
    path: &'a str,
    content_type: String,
    target: Option<String>,
    body: String,
    /// The answer is XML, and given as text; the host has no region.
    xml: bool,
}

/// An attempt that failed, and whether another one may help.
struct Failed {
    error: AwsError,
    again: bool,
}

impl Aws {
    /// Calls, with retries as the SDK's clients make them.
    pub async fn call(&self, call: &JsonCall<'_>) -> Result<Value, AwsError> {
        self.send(&Outgoing {
            service: call.service,
            id: call.id,
            operation: call.operation,
            method: "POST",
            path: "/",
            content_type: format!("application/x-amz-json-{}", call.protocol),
            target: Some(format!("{}.{}", call.target, call.operation)),
            body: call.body.to_string(),
            xml: false,
        })
        .await
    }

    /// Calls, with retries as the SDK's clients make them.
    pub async fn call_rest(&self, call: &RestCall<'_>) -> Result<Value, AwsError> {
        self.send(&Outgoing {
            service: call.service,
            id: call.id,
            operation: call.operation,
            method: call.method,
            path: &call.path,
            content_type: "application/json".to_owned(),
            target: None,
            body: if call.body.is_null() { String::new() } else { call.body.to_string() },
            xml: false,
        })
        .await
    }

    /// Calls, with retries as the SDK's clients make them; gives the XML of the answer.
    pub async fn call_xml(&self, call: &XmlCall<'_>) -> Result<String, AwsError> {
        let outgoing = Outgoing {
            service: call.service,
            id: call.id,
            operation: call.operation,
            method: call.method,
            path: &call.path,
            content_type: "application/xml".to_owned(),
            target: None,
            body: call.body.clone(),
            xml: true,
        };
        self.send(&outgoing).await.map(|answer| answer.as_str().unwrap_or_default().to_owned())
    }

    async fn send(&self, call: &Outgoing<'_>) -> Result<Value, AwsError> {
        let mut attempt = 1;
        loop {
            match self.attempt(call, attempt).await {
                Ok(value) => return Ok(value),
                Err(failed) if failed.again && attempt < ATTEMPTS => {
                    tokio::time::sleep(backoff(attempt, self.endpoint().is_loopback())).await;
                    attempt += 1;
                }
                Err(failed) => return Err(failed.error),
            }
        }
    }

    async fn attempt(&self, call: &Outgoing<'_>, attempt: u32) -> Result<Value, Failed> {
        let failed = |code: &str, message: String, again: bool| Failed {
            error: AwsError {
                service: call.service.to_owned(),
                operation: call.operation.to_owned(),
                code: code.to_owned(),
                message,
                request_id: None,
                http_status: None,
            },
            again,
        };
        let request = self.request(call).await.map_err(|(code, message)| failed(code, message, false))?;
        let started = Instant::now();
        let log = |status: Option<u16>, code: Option<&str>, request_id: Option<&str>| {
            self.calls().add(&Call {
                service: call.service,
                operation: call.operation,
                attempt,
                took: started.elapsed(),
                status,
                code,
                request_id,
            });
        };
        let answer = match tokio::time::timeout(self.0.patience, self.http().call(request)).await {
            Err(_) => {
                log(None, None, None);
                return Err(failed(TIMEOUT, format!("nothing within {} s", self.0.patience.as_secs()), true));
            }
            Ok(Err(error)) => {
                log(None, None, None);
                return Err(failed(NO_CONNECTION, error.to_string(), true));
            }
            Ok(Ok(answer)) => answer,
        };
        let status = answer.status().as_u16();
        let request_id = error::request_id(answer.headers()).map(str::to_owned);
        let kind = answer.headers().get("x-amzn-errortype").unwrap_or_default().to_owned();
        let body = tokio::time::timeout(self.0.patience, ByteStream::new(answer.into_body()).collect()).await;
        let bytes = match body {
            Ok(Ok(bytes)) => bytes.into_bytes(),
            Ok(Err(error)) => return Err(failed(BAD_ANSWER, error.to_string(), true)),
            Err(_) => return Err(failed(TIMEOUT, "the answer stopped half-way".to_owned(), true)),
        };
        let code = if status < 300 { None } else { error::code_in(&bytes) };
        log(Some(status), code, request_id.as_deref());
        let body = match (call.xml, bytes.is_empty()) {
            (true, _) => Ok(xml_body(&String::from_utf8_lossy(&bytes), status)),
            (false, true) => Ok(Value::Null),
            (false, false) => serde_json::from_slice::<Value>(&bytes),
        };
        if status < 300 {
            return body.map_err(|e| failed(BAD_ANSWER, e.to_string(), true));
        }
        let body = body.unwrap_or(Value::Null);
        let text = |names: [&str; 3]| names.iter().find_map(|n| body.get(*n)?.as_str()).unwrap_or_default().to_owned();
        // `__type` may be `namespace#Code`, an error header `Code:url`.
        let code = text(["__type", "code", "Code"]);
        let code = if code.is_empty() { kind } else { code };
        let code = code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
        let code = if code.is_empty() { format!("Http{status}") } else { code.to_owned() };
        let again = status >= 500
            || status == 429
            || code.contains("Throttl")
            || code == "TooManyRequestsException"
            || (error::means_expired(&code) && self.0.credentials.refused());
        let mut failed = failed(&code, text(["message", "Message", "errorMessage"]), again);
        failed.error.request_id = request_id;
        failed.error.http_status = Some(status);
        Err(failed)
    }

    async fn request(&self, call: &Outgoing<'_>) -> Result<HttpRequest, (&'static str, String)> {
        let bad = |e: &dyn std::fmt::Display| ("rlx:BadRequest", e.to_string());
        let provider =
            self.config().credentials_provider().ok_or_else(|| (NO_CREDENTIALS, "none are configured".to_owned()))?;
        let credentials = provider.provide_credentials().await.map_err(|e| {
            let cause = std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
            (NO_CREDENTIALS, cause)
        })?;
        let region = self.region();
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url = match self.endpoint().url() {
            Some(url) => format!("{url}{}", call.path),
            None if call.xml => format!("https://{}.{suffix}{}", call.id, call.path),
            None => format!("https://{}.{region}.{suffix}{}", host_name(call.id), call.path),
        };
        let host = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned();
        let body = &call.body;
        let target = call.target.as_deref().map(|target| ("x-amz-target", target));
        let headers = [("host", host.as_str()), ("content-type", &call.content_type), ("accept", "application/json")];
        let headers: Vec<(&str, &str)> = headers.into_iter().chain(target).collect();
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(call.id)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|e| bad(&e))?
            .into();
        let signable = SignableRequest::new(
            call.method,
            url.as_str(),
            headers.iter().copied(),
            SignableBody::Bytes(body.as_bytes()),
        )
        .map_err(|e| bad(&e))?;
        let (instructions, _) = sign(signable, &params).map_err(|e| bad(&e))?.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(body.clone()));
        request.set_method(call.method).map_err(|e| bad(&e))?;
        request.set_uri(url.as_str()).map_err(|e| bad(&e))?;
        for (name, value) in headers.into_iter().filter(|(name, _)| *name != "host").chain(instructions.headers()) {
            request.headers_mut().insert(name.to_owned(), value.to_owned());
        }
        request.headers_mut().insert("content-length", body.len().to_string());
        Ok(request)
    }
}

/// What an XML answer says: all of it as a text, of an error its code and message.
fn xml_body(text: &str, status: u16) -> Value {
    if status < 300 {
        return Value::String(text.to_owned());
    }
    serde_json::json!({ "Code": xml_text(text, "Code"), "Message": xml_text(text, "Message") })
}

/// The text of the first element of a name, without entities.
fn xml_text<'t>(text: &'t str, name: &str) -> &'t str {
    let begin = text.split_once(&format!("<{name}>")).map_or("", |(_, rest)| rest);
    begin.split_once(&format!("</{name}>")).map_or("", |(inner, _)| inner)
}

/// The first part of a service's host, where that is not its name in signatures
/// (AWS General Reference, "Service endpoints").
fn host_name(id: &str) -> &str {
    if id == "ecr" { "api.ecr" } else { id }
}

/// Exponential with full jitter
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
fn backoff(attempt: u32, local: bool) -> Duration {
    let base = if local { 50 } else { 300 };
    Duration::from_millis(fastrand::u64(0..=(base << attempt.min(6)).min(10_000)))
}
