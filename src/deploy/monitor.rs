//! Follows a stack until it is at rest.

use super::events::{self, Until};
use super::nested::Nested;
use super::progress::{Progress, ResourceEvent, Watch};
use super::stack::{Stack, State};
use super::{DeployError, custom_log};
use crate::aws::{Aws, AwsError};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// How long answers may fail before following is given up.
const PATIENCE: Duration = Duration::from_secs(600);

/// How an operation on a stack ended.
#[derive(Debug, Clone)]
pub struct End {
    /// Status of the stack, such as `UPDATE_COMPLETE`.
    pub status: String,
    /// Its events, oldest first.
    pub events: Vec<ResourceEvent>,
    /// The stack at its end; `None` where it is gone.
    pub stack: Option<Stack>,
}

impl End {
    /// Whether the stack is what the template says.
    pub fn is_good(&self) -> bool {
        State::of(&self.status) == State::Good || self.status == "DELETE_COMPLETE"
    }

    /// Why the stack is not what was asked for: its failures, the root cause first.
    pub(super) async fn error(self, aws: &Aws, stack: &str) -> DeployError {
        DeployError::Failed {
            stack: stack.to_owned(),
            causes: events::causes(aws, &self.events).await,
            status: self.status,
        }
    }

    /// Seconds that each resource took.
    pub fn durations(&self) -> indexmap::IndexMap<String, f64> {
        self.events
            .iter()
            .filter(|e| !e.is_of_stack())
            .filter_map(|e| Some((e.logical_id.clone(), e.seconds?)))
            .collect()
    }
}

/// Which events belong to what is followed.
#[derive(Debug, Clone, Copy)]
pub enum Operation<'a> {
    /// Those with this token.
    Token(&'a str),
    /// Those of the operation that goes on, or went on last.
    Last,
}

/// Tells every event, until the stack is at rest.
pub async fn follow(aws: &Aws, stack_id: &str, operation: Operation<'_>, watch: Watch<'_>) -> Result<End, AwsError> {
    let mut seen = HashSet::new();
    let mut begun: HashMap<String, jiff::Timestamp> = HashMap::new();
    let mut all: Vec<ResourceEvent> = Vec::new();
    let mut pause = Pause::new(aws.endpoint().is_loopback());
    let mut trouble: Option<Instant> = None;
    let mut nested = Nested::default();
    loop {
        let until = if all.is_empty() { Until::Begin } else { Until::Seen(&seen) };
        let fresh = match events::read(aws, stack_id, until).await {
            Ok(events) => {
                trouble = None;
                events
            }
            // The operation goes on in AWS whether or not it can be followed.
            Err(error) if is_passing(&error) => {
                let since = *trouble.get_or_insert_with(|| {
                    watch(Progress::Warning(&trouble_text(&error)));
                    Instant::now()
                });
                if since.elapsed() > PATIENCE {
                    return Err(error);
                }
                tokio::time::sleep(pause.longest).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let mut news = false;
        for mut event in fresh {
            if !seen.insert(event.id.clone()) {
                continue;
            }
            if let Operation::Token(token) = operation
                && event.token.as_deref() != Some(token)
            {
                continue;
            }
            if event.is_in_motion() {
                begun.entry(event.logical_id.clone()).or_insert(event.time);
            } else if let Some(start) = begun.remove(&event.logical_id) {
                event.seconds = (event.time - start).total(jiff::Unit::Second).ok();
            }
            if event.is_failure() && custom_log::is_custom(&event) && !events::is_cancelled(&event) {
                let since = event.seconds.unwrap_or(custom_log::LONGEST);
                event.log = custom_log::read(aws, &event, since).await;
            }
            nested.note(&event, "");
            watch(Progress::Resource(&event));
            all.push(event);
            news = true;
        }
        news |= nested.tell(aws, watch).await;
        if let Some(status) = all.iter().rev().find(|e| e.is_of_stack()).map(|e| e.status.clone())
            && !matches!(State::of(&status), State::Busy | State::Empty)
        {
            if status == "DELETE_COMPLETE" {
                return Ok(End { status, events: all, stack: None });
            }
            // The event comes a moment before the stack itself has the status.
            match Stack::describe(aws, stack_id).await {
                Ok(stack) if stack.as_ref().is_none_or(|stack| stack.state() != State::Busy) => {
                    return Ok(End { status, events: all, stack });
                }
                Ok(_) => {}
                Err(error) if is_passing(&error) => {
                    if trouble.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        pause.sleep(news).await;
    }
}

/// What the user is told while rlx keeps asking.
fn trouble_text(error: &AwsError) -> String {
    if error.is_expired() {
        return "the credentials have expired: renew them, rlx goes on by itself".to_owned();
    }
    if error.is_without_credentials() {
        return format!("{}: renew them, rlx goes on by itself", error.message);
    }
    "AWS does not answer; the deployment goes on there, and rlx keeps asking".to_owned()
}

/// Whether asking again may help. Credentials that nobody gives were given when the operation began.
fn is_passing(error: &AwsError) -> bool {
    error.is_unanswered()
        || error.is_expired()
        || error.is_without_credentials()
        || error.http_status.is_some_and(|s| s >= 500 || s == 429)
        || error.code.contains("Throttl")
}

/// Time between two looks: short while something happens, longer while nothing does, and never so long that a failure
/// is told much later than a second after its event.
struct Pause {
    shortest: Duration,
    longest: Duration,
    now: Duration,
}

impl Pause {
    fn new(local: bool) -> Self {
        let millis = Duration::from_millis;
        let (shortest, longest) = if local { (millis(40), millis(400)) } else { (millis(500), millis(1000)) };
        Self { shortest, longest, now: shortest }
    }

    async fn sleep(&mut self, news: bool) {
        self.now = if news { self.shortest } else { (self.now * 5 / 4).min(self.longest) };
        tokio::time::sleep(self.now).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stack_that_is_what_the_template_says_ended_well() {
        let end = |status: &str| End { status: status.into(), events: Vec::new(), stack: None };
        assert!(end("UPDATE_COMPLETE").is_good());
        assert!(end("DELETE_COMPLETE").is_good());
        assert!(!end("UPDATE_ROLLBACK_COMPLETE").is_good());
        assert!(!end("ROLLBACK_COMPLETE").is_good());
    }
}
