//! Whether stages are deployed: as their stacks say, else as the records of this directory do.

use super::{ExitKind, Failure, guard, target};
use crate::aws::{Aws, Settings, join_all};
use crate::context::Context;
use crate::deploy::{Stack, State};
use crate::manifest::Resolved;
use crate::manifest::document::Node;
use crate::manifest::stage::StageSettings;
use serde_json::Value;
use std::fmt;

/// A stage whose manifest could be resolved.
pub struct Listed {
    /// The manifest on this stage.
    pub resolved: Resolved,
    /// What `stages:` says of it.
    pub settings: StageSettings,
}

impl Listed {
    /// With the settings of the stage read.
    pub fn new(resolved: Resolved) -> Self {
        let node = resolved.config.at_keys(&["stages", &resolved.stage]);
        let settings = node.and_then(|node| serde_json::from_value(node.to_json()).ok()).unwrap_or_default();
        Self { resolved, settings }
    }

    /// As [`crate::manifest::Service::stack_name`].
    fn stack_name(&self) -> Option<String> {
        let text = |path: &str| self.resolved.config.at(path).and_then(Node::as_str);
        let service = || Some(format!("{}-{}", text("service").or_else(|| text("service.name"))?, self.resolved.stage));
        text("provider.stackName").map(str::to_owned).or_else(service)
    }
}

/// Whether a stage is deployed, and who says so.
#[derive(Debug, Default, PartialEq)]
pub struct Standing {
    /// It is.
    pub deployed: bool,
    /// When it was last changed.
    pub changed: Option<String>,
    /// The status of its stack, where AWS told.
    pub status: Option<String>,
    /// Why AWS could not be asked; `None` where it was.
    pub unasked: Option<String>,
}

impl Standing {
    fn of_stack(stack: Option<Stack>) -> Self {
        let Some(stack) = stack else { return Self::default() };
        let deployed = !matches!(stack.state(), State::Empty | State::Wreck | State::Gone);
        Self { deployed, changed: Some(stack.changed), status: Some(stack.status), unasked: None }
    }

    /// By the last deploy from this directory.
    fn of_record(context: &Context, stage: &str, unasked: String) -> Self {
        let path = context.cwd.join(".rlx").join(stage).join("deploy.json");
        let record = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let changed = record.filter(|r| r["outcome"] == "succeeded" && r["operation"] != "remove").and_then(|record| {
            let time = record["finished"].as_str().or(record["started"].as_str());
            time.map(str::to_owned)
        });
        Self { deployed: changed.is_some(), changed, status: None, unasked: Some(unasked) }
    }

    /// `stack` or `records`.
    pub fn from(&self) -> &'static str {
        if self.unasked.is_none() { "stack" } else { "records" }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.changed.as_deref().filter(|_| self.deployed).unwrap_or("-");
        match (&self.status, &self.unasked) {
            (Some(status), _) => write!(f, "{time} {status}"),
            (None, Some(_)) => write!(f, "{time} (record)"),
            (None, None) => write!(f, "{time}"),
        }
    }
}

/// What is known of each stage, in their order. All stacks are asked at once.
///
/// # Errors
/// There is no runtime to ask with.
pub fn standings(stages: &[(String, Option<Listed>)], context: &Context) -> Result<Vec<Standing>, Failure> {
    // A list asks nobody for a code of an MFA device.
    let context = &context.unattended();
    let asked = crate::aws::block_on(join_all(stages.iter().map(|(name, listed)| async move {
        let question = listed.as_ref().ok_or("its variables cannot be resolved").and_then(|listed| {
            let settings = target::settings_of(&listed.resolved, &listed.settings, context);
            let settings = settings.ok_or("the emulator does not run")?;
            Ok((listed, settings, listed.stack_name().ok_or("the service has no name")?))
        });
        let answer = match question {
            Ok((listed, settings, stack)) => ask(listed, settings, &stack, context).await,
            Err(why) => Err(format!("of stage {name} {why}")),
        };
        answer.map_or_else(|why| Standing::of_record(context, name, why), Standing::of_stack)
    })));
    asked.map_err(|error| Failure::new(ExitKind::Failed, format!("cannot start the runtime: {error}")))
}

async fn ask(listed: &Listed, settings: Settings, stack: &str, context: &Context) -> Result<Option<Stack>, String> {
    let aws = Aws::new(context, settings).await;
    if listed.settings.account.is_some() {
        // A stack of the same name in another account is another one.
        let identity = aws.identity().await.map_err(|error| error.to_string())?;
        guard::account_of(&listed.settings, &listed.resolved.stage, &identity.account).map_err(|f| f.message)?;
    }
    Stack::describe(&aws, stack).await.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(status: &str) -> Standing {
        Standing::of_stack(Some(Stack {
            id: "arn".to_owned(),
            name: "shop-dev".to_owned(),
            status: status.to_owned(),
            reason: None,
            changed: "2026-01-01T00:00:00Z".to_owned(),
            outputs: Vec::new(),
            termination_protection: false,
        }))
    }

    #[test]
    fn a_stack_with_resources_is_deployed() {
        assert_eq!(stack("UPDATE_ROLLBACK_COMPLETE").to_string(), "2026-01-01T00:00:00Z UPDATE_ROLLBACK_COMPLETE");
        assert!(stack("UPDATE_IN_PROGRESS").deployed);
    }

    #[test]
    fn a_stack_that_only_can_be_deleted_is_not() {
        for status in ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_FAILED"] {
            assert_eq!(stack(status).to_string(), format!("- {status}"));
        }
        assert_eq!(Standing::of_stack(None).to_string(), "-");
    }
}
