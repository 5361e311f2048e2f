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

/// Refuses names that cannot be part of AWS names (Framework v3 `validateStage`). `Err` says why.
pub fn check_name(name: &str) -> Result<(), String> {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(());
    }
    Err(format!("`{name}` is no name for a stage: it may hold ASCII letters, digits and hyphens only"))
}
