//! Faults at chosen calls, with an outcome that is known beforehand.

use super::life::{Life, Went};
use super::plan::{Fault, Plan};
use super::proxy::Proxy;
use super::world::World;
use std::path::Path;

/// A life of which it is known how it must go.
pub struct Case {
    /// What it shows.
    pub name: &'static str,
    /// Whether the credentials come from a process.
    pub renewable: bool,
    /// Whether the code is edited before each rerun.
    pub restless: bool,
    /// The faults of a run, by step and attempt.
    pub plan: fn(u64, u64) -> Plan,
    /// How each step must go.
    pub goes: [Went; 3],
}

impl Case {
    /// Lives it, with rlx waiting so many seconds for an answer. The error is what went otherwise.
    pub fn check(&self, rlx: &Path, world: &World, cache: &Path, timeout: u64) -> Result<(), String> {
        let home = tempfile::tempdir().unwrap();
        let proxy = Proxy::start(world.endpoint.trim_start_matches("http://"));
        let mut life = Life::new(1, rlx, world, &proxy, home.path(), cache)
            .planned(self.plan, self.renewable, self.restless)
            .patient(timeout);
        let steps = life.live().map_err(|problem| format!("{}: {problem}\n{}", self.name, life.story))?;
        if steps != self.goes {
            return Err(format!("{}: {steps:?} instead of {:?}\n{}", self.name, self.goes, life.story));
        }
        Ok(())
    }
}

/// The calls that change something, in the order of a first deploy.
const CHANGES: [&str; 4] = [
    "cloudformation CreateStack",
    "s3 PUT object",
    "cloudformation CreateChangeSet",
    "cloudformation ExecuteChangeSet",
];

/// All of them.
pub const CASES: [Case; 5] = [
    Case {
        name: "a call that was carried out and not answered is not carried out twice",
        renewable: false,
        restless: false,
        plan: |_, _| {
            let calls = CHANGES.into_iter().chain(["cloudformation DeleteStack"]);
            Plan::at(calls.map(|call| (call, Fault::LostAnswer)))
        },
        goes: [Went::AtOnce, Went::AtOnce, Went::AtOnce],
    },
    Case {
        name: "a run that was killed after any of its changes is taken up",
        renewable: false,
        restless: false,
        plan: |step, attempt| match (step, CHANGES.get(attempt as usize)) {
            (1, Some(call)) => Plan::at([(*call, Fault::KillAfter)]),
            (3, _) if attempt == 0 => Plan::at([("cloudformation DeleteStack", Fault::KillAfter)]),
            _ => Plan::quiet(),
        },
        goes: [Went::AfterReruns(4), Went::AtOnce, Went::AfterReruns(1)],
    },
    Case {
        name: "what a killed run uploaded is known to a record, though the code was edited before the rerun",
        renewable: false,
        restless: true,
        // The second deploy makes no stack.
        plan: |step, attempt| match (step, CHANGES.get((attempt + step - 1) as usize)) {
            (1 | 2, Some(call)) => Plan::at([(*call, Fault::KillAfter)]),
            _ => Plan::quiet(),
        },
        goes: [Went::AfterReruns(4), Went::AfterReruns(3), Went::AtOnce],
    },
    Case {
        name: "credentials that expire on the way are renewed where they can be",
        renewable: true,
        restless: false,
        plan: |_, _| Plan::at(CHANGES.map(|call| (call, Fault::Expired))),
        goes: [Went::AtOnce, Went::AtOnce, Went::AtOnce],
    },
    Case {
        name: "credentials that expire and cannot be renewed are told of, and the next run goes on",
        renewable: false,
        restless: false,
        plan: |step, attempt| match (step, attempt) {
            (1, 0) => Plan::always("cloudformation CreateChangeSet", Fault::Expired),
            _ => Plan::quiet(),
        },
        goes: [Went::AfterReruns(1), Went::AtOnce, Went::AtOnce],
    },
];
