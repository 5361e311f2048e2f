//! One form for every failed AWS call.

use serde::{Deserialize, Serialize};
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
        matches!(self.code.as_str(), "ExpiredToken" | "ExpiredTokenException" | "RequestExpired")
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

impl std::error::Error for AwsError {}
