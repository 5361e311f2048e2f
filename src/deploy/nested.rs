//! Nested stacks while the stack above them is followed: their resources are told like its own.

use super::events::{self, Until};
use super::progress::{Progress, ResourceEvent, Watch};
use crate::aws::Aws;
use std::collections::HashSet;

/// The nested stacks in motion.
#[derive(Debug, Default)]
pub(super) struct Nested(Vec<One>);

#[derive(Debug)]
struct One {
    /// Its ARN.
    stack: String,
    /// Logical ids on the way to it.
    path: String,
    /// When its operation began: what is older belongs to earlier ones.
    since: jiff::Timestamp,
    seen: HashSet<String>,
    done: bool,
}

impl Nested {
    /// Takes note of a nested stack that begins to move or comes to rest.
    pub(super) fn note(&mut self, event: &ResourceEvent, path: &str) {
        let Some(stack) = event.physical_id.as_deref().filter(|id| id.starts_with("arn:")) else { return };
        let too_deep = path.matches('/').count() >= events::DEPTH;
        if event.resource_type != "AWS::CloudFormation::Stack" || event.is_of_stack() || too_deep {
            return;
        }
        match self.0.iter_mut().find(|one| one.stack == stack) {
            Some(one) => one.done = !event.is_in_motion(),
            None if event.is_in_motion() => self.0.push(One {
                stack: stack.to_owned(),
                path: format!("{path}{}/", event.logical_id),
                since: event.time,
                seen: HashSet::new(),
                done: false,
            }),
            None => {}
        }
    }

    /// Tells what is new in them. Whether anything was.
    pub(super) async fn tell(&mut self, aws: &Aws, watch: Watch<'_>) -> bool {
        let mut news = false;
        let mut deeper = Nested::default();
        for one in &mut self.0 {
            let until = if one.seen.is_empty() { Until::Begin } else { Until::Seen(&one.seen) };
            // The stack above fails with whatever fails in it: here a silent answer is only one line less.
            let Ok(fresh) = events::read(aws, &one.stack, until).await else { continue };
            for mut event in fresh {
                if !one.seen.insert(event.id.clone()) || event.time < one.since {
                    continue;
                }
                deeper.note(&event, &one.path);
                if event.is_of_stack() {
                    continue;
                }
                event.logical_id = format!("{}{}", one.path, event.logical_id);
                watch(Progress::Resource(&event));
                news = true;
            }
        }
        self.0.retain(|one| !one.done);
        for one in deeper.0 {
            if self.0.iter().all(|known| known.stack != one.stack) {
                self.0.push(one);
            }
        }
        news
    }
}
