//! Per-stage configuration and its guards.

/// What `stages:` says of one stage, `default` inherited.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StageSettings {
    /// The only account that may be deployed to.
    pub account: Option<String>,
    /// The AWS profile used for the stage.
    pub profile: Option<String>,
    /// The endpoint used for all AWS services.
    pub endpoint: Option<String>,
    /// Destructive and changing commands ask for the stage's name.
    pub protected: bool,
}
