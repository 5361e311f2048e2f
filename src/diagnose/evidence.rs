//! What a failure left behind: texts, stack events, the error of a call.

use crate::deploy::FailingEvent;

/// The evidence of a failure, the likeliest root first.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Events of stacks, oldest first.
    pub events: Vec<FailingEvent>,
    /// Any other text: a log, the message of a failed call.
    pub text: Option<String>,
}

impl Evidence {
    /// A text alone.
    pub fn text(text: impl Into<String>) -> Self {
        Self { events: Vec::new(), text: Some(text.into()) }
    }

    /// What is read, in order: each event in one line as CloudFormation's tables print it, then the text.
    pub(super) fn texts(&self) -> Vec<String> {
        let events = self
            .events
            .iter()
            .map(|event| format!("{} {} {} {}", event.status, event.resource_type, event.logical_id, event.reason));
        events.chain(self.text.clone()).collect()
    }
}
