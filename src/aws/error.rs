//! One form for every failed AWS call.

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt;

/// A failed AWS call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsError {
    /// Such as `CloudFormation`.
    pub service: String,
    /// Such as `CreateChangeSet`.
    pub operation: String,
    /// Such as `AccessDenied`; one of the `rlx:` codes where the call got no answer.
    pub code: String,
    /// The service's words.
    pub message: String,
    /// To quote to AWS support, and to find the call in CloudTrail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// HTTP status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
}

/// Code of a call for which there were no usable credentials.
pub const NO_CREDENTIALS: &str = "rlx:NoCredentials";
/// Code of a call that reached nobody.
pub const NO_CONNECTION: &str = "rlx:NoConnection";
/// Code of a call whose answer did not come in time.
pub const TIMEOUT: &str = "rlx:Timeout";
/// Code of a call whose answer made no sense.
pub const BAD_ANSWER: &str = "rlx:BadAnswer";

impl AwsError {
    /// Whether IAM refused the call.
    pub fn is_denied(&self) -> bool {
        matches!(
            self.code.as_str(),
            "AccessDenied"
                | "AccessDeniedException"
                | "UnauthorizedOperation"
                | "AuthorizationError"
                | "AuthorizationErrorException"
                | "Forbidden"
                | "NotAuthorized"
        ) || (self.http_status == Some(403) && !self.is_bad_credentials() && !self.code.contains("NotFound"))
    }

    /// Whether the credentials themselves cannot be used: absent, unknown, expired, wrong.
    pub fn is_bad_credentials(&self) -> bool {
        matches!(
            self.code.as_str(),
            NO_CREDENTIALS
                | "ExpiredToken"
                | "ExpiredTokenException"
                | "RequestExpired"
                | "InvalidClientTokenId"
                | "UnrecognizedClientException"
                | "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "InvalidToken"
                | "InvalidSignatureException"
                | "IncompleteSignature"
                | "MissingAuthenticationToken"
                | "MissingAuthenticationTokenException"
                | "TokenRefreshRequired"
        )
    }

    /// Whether the credentials were good once.
    pub fn is_expired(&self) -> bool {
        means_expired(&self.code)
    }

    /// Whether nobody gave credentials for the call; it was not made.
    pub fn is_without_credentials(&self) -> bool {
        self.code == NO_CREDENTIALS
    }

    /// Whether what was asked for is not there.
    pub fn is_not_found(&self) -> bool {
        self.http_status == Some(404)
            || matches!(
                self.code.as_str(),
                "NoSuchKey" | "NoSuchBucket" | "NotFound" | "ResourceNotFoundException" | "NoSuchEntity"
            )
            || (self.service == "CloudFormation" && self.message.contains("does not exist"))
    }

    /// Whether the call never got a useful answer: whether it was carried out is not known.
    pub fn is_unanswered(&self) -> bool {
        matches!(self.code.as_str(), NO_CONNECTION | TIMEOUT | BAD_ANSWER)
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (service, operation, message) = (&self.service, &self.operation, &self.message);
        match self.code.as_str() {
            NO_CREDENTIALS => write!(f, "no usable AWS credentials: {message}"),
            NO_CONNECTION => write!(f, "{service} {operation} did not reach AWS: {message}"),
            TIMEOUT => write!(f, "{service} {operation} was not answered in time"),
            BAD_ANSWER => write!(f, "{service} {operation} was answered with something unreadable: {message}"),
            code => {
                write!(f, "{service} {operation} failed: {code}: {message}")?;
                if let Some(id) = &self.request_id {
                    write!(f, " (request {id})")?;
                }
                Ok(())
            }
        }
    }
}

impl Error for AwsError {}

/// The code in an error's body, of whichever protocol: `<Code>` in XML, `__type` or `code` in JSON.
pub(super) fn code_in(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    if let Some((_, rest)) = text.split_once("<Code>") {
        return rest.split_once('<').map(|(code, _)| code);
    }
    let (_, rest) = ["\"__type\"", "\"code\"", "\"Code\""].iter().find_map(|key| text.split_once(key))?;
    rest.split('"').nth(1)?.rsplit('#').next()
}

/// Whether credentials were good once.
pub(super) fn means_expired(code: &str) -> bool {
    matches!(code, "ExpiredToken" | "ExpiredTokenException" | "RequestExpired")
}

/// Names the call that a result of the SDK belongs to.
pub trait Named<T> {
    /// The same result, the error in the form of this room.
    fn named(self, service: &str, operation: &str) -> Result<T, AwsError>;
}

impl<T, E> Named<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    fn named(self, service: &str, operation: &str) -> Result<T, AwsError> {
        self.map_err(|error| {
            let http_status = error.raw_response().map(|r| r.status().as_u16());
            let request_id = error.raw_response().and_then(|r| request_id(r.headers())).map(str::to_owned);
            let (code, message) = code_and_message(&error, http_status);
            AwsError {
                service: service.to_owned(),
                operation: operation.to_owned(),
                code,
                message,
                request_id,
                http_status,
            }
        })
    }
}

/// The request's id, in the headers of whatever kind of service.
pub(super) fn request_id(headers: &Headers) -> Option<&str> {
    ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"].iter().find_map(|name| headers.get(*name))
}

fn code_and_message<E>(error: &SdkError<E, HttpResponse>, status: Option<u16>) -> (String, String)
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if is_credentials_error(error) {
        return (NO_CREDENTIALS.to_owned(), deepest(error));
    }
    match error {
        SdkError::ServiceError(answer) => {
            let meta = answer.err().meta();
            let code = meta.code().map_or_else(|| code_of_status(status), str::to_owned);
            (code, meta.message().map_or_else(|| deepest(answer.err()), str::to_owned))
        }
        SdkError::TimeoutError(_) => (TIMEOUT.to_owned(), deepest(error)),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => (TIMEOUT.to_owned(), deepest(error)),
        SdkError::DispatchFailure(_) => (NO_CONNECTION.to_owned(), deepest(error)),
        SdkError::ResponseError(_) => (BAD_ANSWER.to_owned(), deepest(error)),
        _ => ("rlx:BadRequest".to_owned(), deepest(error)),
    }
}

/// Some answers, those to HEAD among them, have no body that could hold a code.
fn code_of_status(status: Option<u16>) -> String {
    match status {
        Some(403) => "Forbidden".to_owned(),
        Some(404) => "NotFound".to_owned(),
        Some(status) => format!("Http{status}"),
        None => "Unknown".to_owned(),
    }
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn is_credentials_error(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<CredentialsError>().is_some())
}

/// The words of the innermost cause: the outer ones only say that there is one.
pub(super) fn deepest(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_in_each_protocols_error() {
        for (body, expected) in [
            (
                "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code></Error></ErrorResponse>",
                Some("Throttling"),
            ),
            ("<Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>", Some("SlowDown")),
            (r#"{"__type": "com.amazon#ExpiredTokenException", "message": "m"}"#, Some("ExpiredTokenException")),
            (r#"{"code":"TooManyRequestsException"}"#, Some("TooManyRequestsException")),
            ("", None),
            ("<html>", None),
        ] {
            assert_eq!(code_in(body.as_bytes()), expected, "{body}");
        }
    }
}
