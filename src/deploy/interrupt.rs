//! Ctrl-C: the first stops waiting and tells what goes on in AWS, the second leaves at once.

use super::DeployError;
use super::progress::{Progress, Watch};
use super::settle::{Ask, Question};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::signal::unix::{SignalKind, signal};

/// What an operation does to its stack: decides how it is followed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// `rlx deploy`, `rlx rollback`, `rlx import`.
    Changing,
    /// `rlx continue`.
    Continuing,
    /// `rlx remove`.
    Removing,
}

/// Work that the user can stop waiting for; it sees the status of the stack go by.
pub(super) struct Stoppable<'a> {
    stack: &'a str,
    doing: Doing,
    status: Mutex<Option<String>>,
    /// Whether the user is being asked something, before anything is begun.
    asks: Arc<AtomicBool>,
}

impl<'a> Stoppable<'a> {
    pub(super) fn new(stack: &'a str, doing: Doing) -> Self {
        Self { stack, doing, status: Mutex::default(), asks: Arc::default() }
    }

    /// Tells somebody what goes on, having noted it.
    pub(super) fn tell(&self, progress: Progress<'_>, watch: Watch<'_>) {
        if let Progress::Resource(event) = &progress
            && event.is_of_stack()
            && let Ok(mut status) = self.status.lock()
        {
            *status = Some(event.status.clone());
        }
        watch(progress);
    }

    /// Asks the user; meanwhile the first Ctrl-C leaves at once, since nothing else would be done about it.
    pub(super) fn ask(&self, question: &Question<'_>, ask: Ask<'_>) -> bool {
        self.asks.store(true, Ordering::SeqCst);
        let answer = ask(question);
        self.asks.store(false, Ordering::SeqCst);
        answer
    }

    /// The end of the work, or that the user stopped waiting for it.
    pub(super) async fn run<T>(&self, work: impl Future<Output = Result<T, DeployError>>) -> Result<T, DeployError> {
        tokio::select! {
            result = work => result,
            () = interrupted(self.asks.clone()) => Err(DeployError::Interrupted {
                stack: self.stack.to_owned(),
                doing: self.doing,
                status: self.status.lock().ok().and_then(|status| status.clone()),
            }),
        }
    }
}

/// The first Ctrl-C. A second one ends the process at once.
async fn interrupted(asks: Arc<AtomicBool>) {
    // Heard from here on, not from when the task below is first run.
    let Ok(mut signals) = signal(SignalKind::interrupt()) else { return std::future::pending().await };
    let (tell, told) = tokio::sync::oneshot::channel();
    // A task of its own hears it though the work blocks, as a question to the user does.
    tokio::spawn(async move {
        if signals.recv().await.is_none() {
            return;
        }
        if asks.load(Ordering::SeqCst) {
            std::process::exit(130);
        }
        let _ = tell.send(());
        if signals.recv().await.is_some() {
            std::process::exit(130);
        }
    });
    if told.await.is_err() {
        std::future::pending().await
    }
}

/// What the user is told who stopped waiting.
pub(super) fn message(stack: &str, status: Option<&str>) -> String {
    match status {
        Some(status) if status.ends_with("_IN_PROGRESS") => {
            format!("stopped waiting; CloudFormation goes on without rlx: stack {stack} was last seen in {status}")
        }
        Some(status) => format!("stopped; stack {stack} was last seen in {status}"),
        None => format!("stopped; what was begun with stack {stack}, if anything, goes on in AWS"),
    }
}

/// How to follow what goes on, and how to cancel it. `stage` is how the stage is named on the command line.
pub(super) fn hints(stack: &str, doing: Doing, status: Option<&str>, stage: &str) -> Vec<String> {
    let again = match doing {
        Doing::Changing => "deploy",
        Doing::Continuing => "continue",
        Doing::Removing => "remove",
    };
    let mut hints = vec![format!("to follow it, or to go on from there: rlx {again}{stage}")];
    match status {
        Some("CREATE_IN_PROGRESS") => hints.push(format!("to cancel it and delete what was made: rlx remove{stage}")),
        Some("UPDATE_IN_PROGRESS") => hints.push(format!(
            "to cancel it and go back to what ran before: aws cloudformation cancel-update-stack --stack-name {stack}"
        )),
        _ => {}
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_cancelled_is_said_to_be() {
        let count = |status| hints("shop-dev", Doing::Changing, status, " --stage dev").len();
        assert_eq!(count(Some("UPDATE_IN_PROGRESS")), 2);
        assert_eq!(count(Some("UPDATE_ROLLBACK_IN_PROGRESS")), 1);
        assert_eq!(count(Some("CREATE_COMPLETE")), 1);
        assert_eq!(count(None), 1);
    }
}
