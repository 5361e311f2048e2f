//! Faults at chosen calls, with an outcome that is known beforehand.

use crate::life::Went;
use crate::plan::{Fault, Plan};

/// A life of which it is known how it must go.
pub struct Case {
    /// What it shows.
    pub name: &'static str,
    /// Whether the credentials come from a process.
    pub renewable: bool,
    /// The faults of a run, by step and attempt.
    pub plan: fn(u64, u64) -> Plan,
    /// How each step must go.
    pub goes: [Went; 3],
}

/// The calls that change something, in the order of a first deploy.
const CHANGES: [&str; 4] = [
    "cloudformation CreateStack",
    "s3 PUT object",
    "cloudformation CreateChangeSet",
    "cloudformation ExecuteChangeSet",
];

/// All of them.
pub const CASES: [Case; 4] = [
    Case {
        name: "a call that was carried out and not answered is not carried out twice",
        renewable: false,
        plan: |_, _| {
            let calls = CHANGES.into_iter().chain(["cloudformation DeleteStack"]);
            Plan::at(calls.map(|call| (call, Fault::LostAnswer)))
        },
        goes: [Went::AtOnce, Went::AtOnce, Went::AtOnce],
    },
    Case {
        name: "a run that was killed after any of its changes is taken up",
        renewable: false,
        plan: |step, attempt| match (step, CHANGES.get(attempt as usize)) {
            (1, Some(call)) => Plan::at([(*call, Fault::KillAfter)]),
            (3, _) if attempt == 0 => Plan::at([("cloudformation DeleteStack", Fault::KillAfter)]),
            _ => Plan::quiet(),
        },
        goes: [Went::AfterReruns(4), Went::AtOnce, Went::AfterReruns(1)],
    },
    Case {
        name: "credentials that expire on the way are renewed where they can be",
        renewable: true,
        plan: |_, _| Plan::at(CHANGES.map(|call| (call, Fault::Expired))),
        goes: [Went::AtOnce, Went::AtOnce, Went::AtOnce],
    },
    Case {
        name: "credentials that expire and cannot be renewed are told of, and the next run goes on",
        renewable: false,
        plan: |step, attempt| match (step, attempt) {
            (1, 0) => Plan::always("cloudformation CreateChangeSet", Fault::Expired),
            _ => Plan::quiet(),
        },
        goes: [Went::AfterReruns(1), Went::AtOnce, Went::AtOnce],
    },
];
