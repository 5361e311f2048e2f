//! Where AWS calls go, and as whom.

use super::Caller;
use crate::context::Context;
use crate::local::Emulator;

/// What a stage says of AWS.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The region.
    pub region: String,
    /// Whose credentials are used.
    pub caller: Caller,
    /// Where calls go.
    pub endpoint: Endpoint,
}

impl Settings {
    /// Whether the emulator's own fixed credentials are used: always where it enforces nothing (the caller's real
    /// ones have no business there), else where nobody but the manifest names any.
    pub fn takes_test_credentials(&self, context: &Context) -> bool {
        let named = !matches!(self.caller, Caller::Chain { .. }) || context.var("AWS_PROFILE").is_some();
        match &self.endpoint {
            Endpoint::Aws => false,
            Endpoint::Url(_) => self.endpoint.is_loopback() && !named,
            Endpoint::Local(emulator) => !emulator.auth || !named,
        }
    }
}

/// Where calls go.
#[derive(Debug, Clone, PartialEq)]
pub enum Endpoint {
    /// AWS.
    Aws,
    /// One address for all services (`AWS_ENDPOINT_URL`, or the stage's `endpoint`).
    Url(String),
    /// The emulator of stage local.
    Local(Emulator),
}

impl Endpoint {
    /// The address, where it is not AWS's own.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Aws => None,
            Self::Url(url) => Some(url.trim_end_matches('/').to_owned()),
            Self::Local(emulator) => Some(emulator.endpoint()),
        }
    }

    /// Whether calls stay on this machine: an emulator, which answers at once.
    pub fn is_loopback(&self) -> bool {
        let Some(url) = self.url() else { return false };
        let host = url.split("://").nth(1).unwrap_or(&url);
        let host = host.split('/').next().unwrap_or(host);
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|h| host.strip_prefix(h).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_loopback() {
        for (url, expected) in [
            ("http://127.0.0.1:4566", true),
            ("http://localhost:4566/", true),
            ("https://localhost", true),
            ("http://localhost.example.com:4566", false),
            ("https://vpce-1.cloudformation.us-east-1.vpce.amazonaws.com", false),
        ] {
            assert_eq!(Endpoint::Url(url.into()).is_loopback(), expected, "{url}");
        }
        assert!(!Endpoint::Aws.is_loopback());
    }
}
