//! Values that lie in AWS: what is asked, by whom it is answered.

use std::collections::BTreeMap;
use std::fmt;

/// One question to AWS. The region is `None` where the service's own is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lookup {
    /// `${aws:accountId}`
    AccountId,
    /// `${cf(region):stack.output}`
    StackOutput { region: Option<String>, stack: String, output: String },
    /// `${ssm(region):/name}`
    Parameter { region: Option<String>, name: String, decrypt: bool },
    /// `${s3:bucket/key}`
    Object { bucket: String, key: String },
    /// `${secretsmanager(region):id}`
    Secret { region: Option<String>, id: String },
}

impl Lookup {
    /// The region to ask in, where it is not the service's own.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::AccountId | Self::Object { .. } => None,
            Self::StackOutput { region, .. } | Self::Parameter { region, .. } | Self::Secret { region, .. } => {
                region.as_deref()
            }
        }
    }
}

impl fmt::Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccountId => write!(f, "the AWS account id"),
            Self::StackOutput { stack, output, .. } => write!(f, "output {output} of stack {stack}"),
            Self::Parameter { name, .. } => write!(f, "SSM parameter {name}"),
            Self::Object { bucket, key } => write!(f, "s3://{bucket}/{key}"),
            Self::Secret { id, .. } => write!(f, "secret {id}"),
        }
    }
}

/// A value from AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Plain text.
    Text(String),
    /// An SSM `StringList`, as AWS gives it: separated by commas.
    List(String),
    /// An SSM `SecureString` or a secret: never shown unless asked for.
    Secret(String),
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// There is nobody to ask: no credentials, or the command stays offline. Printing goes on without.
    #[error("{0}")]
    Unavailable(String),
    /// AWS refused or failed.
    #[error("{0}")]
    Failed(String),
}

/// Where the service's own lookups go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The service's region.
    pub region: String,
    /// `provider.profile` or the stage's.
    pub profile: Option<String>,
    /// The stage's endpoint.
    pub endpoint: Option<String>,
    /// The stage.
    pub stage: String,
    /// Variables that the SDKs of AWS read, those of `.env` files included.
    pub aws_env: BTreeMap<String, String>,
}

/// Whoever asks AWS. All questions of a round come at once, each only once, to be asked concurrently.
pub trait Remote: Sync {
    /// An answer per question, in the same order; `None` where AWS knows no such thing.
    fn fetch(&self, scope: &Scope, lookups: &[Lookup]) -> Vec<Result<Option<Found>, RemoteError>>;
}

/// Nobody to ask.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

impl Remote for Offline {
    fn fetch(&self, _: &Scope, lookups: &[Lookup]) -> Vec<Result<Option<Found>, RemoteError>> {
        lookups.iter().map(|_| Err(RemoteError::Unavailable("it needs AWS".to_owned()))).collect()
    }
}
