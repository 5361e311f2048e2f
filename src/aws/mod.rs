//! Clients, credentials, endpoint, retries, call log: the only room that talks to AWS.

pub mod error;

pub use error::AwsError;
