//! The table of causes: what a failure looks like, what it means, and the way out.
//!
//! A known failure is one row in one of the files of this folder. The evidence is phrases of the
//! message as AWS prints it; `{resource}`, `{principal}`, `{action}`, `{operation}`, `{service}`, `{name}` and
//! `*` stand for what varies. White space, line breaks and letter case do not matter.

mod account;
mod credentials;
mod denied;
mod execution;
mod kms;
#[cfg(test)]
mod known;
mod layers;
mod noise;
mod quota;
mod resource;
mod s3;
mod stack;
mod template;
mod trust;

pub use layers::{of_denial, who_decides};

use super::Kind;
use super::message::Prepared;
use super::message::phrase::{Found, Phrases};
use std::sync::LazyLock;

/// How near to the root of a failure a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Says what is wrong.
    Telling,
    /// Says that something was refused, and no more.
    Bare,
    /// A warning of a tool that went on.
    Aside,
    /// Follows from something else.
    Noise,
}

/// How a row knows the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acts {
    /// There is none.
    No,
    /// It is always this one.
    Always(&'static str),
    /// It is the call that stands around the message.
    Call,
    /// The hole `{action}` has it.
    Said,
    /// The holes `{operation}` and, where there is one, `{service}` lead to it.
    Operation,
    /// It tags the resource type of the hole `{type}`.
    Tagging,
}

/// A row: cause → evidence → explanation → remedy.
#[derive(Debug, Clone, Copy)]
pub struct Cause {
    /// Stable name, such as `bucket-not-empty`.
    pub code: &'static str,
    /// The sort of failure.
    pub kind: Kind,
    /// How near to the root.
    pub weight: Weight,
    /// Any of these phrases.
    pub evidence: &'static [&'static str],
    /// The action.
    pub action: Acts,
    /// One sentence: what is wrong. Holes as in the evidence, and `{principal}`, `{action}`, `{resource}`.
    pub explanation: &'static str,
    /// The smallest change, and where it is made.
    pub remedy: &'static str,
}

impl Cause {
    /// A telling row without action.
    const fn new(code: &'static str, kind: Kind, evidence: &'static [&'static str]) -> Self {
        Self { code, kind, weight: Weight::Telling, evidence, action: Acts::No, explanation: "", remedy: "" }
    }

    const fn says(mut self, explanation: &'static str) -> Self {
        self.explanation = explanation;
        self
    }

    const fn fix(mut self, remedy: &'static str) -> Self {
        self.remedy = remedy;
        self
    }

    const fn acts(mut self, action: Acts) -> Self {
        self.action = action;
        self
    }

    const fn weight(mut self, weight: Weight) -> Self {
        self.weight = weight;
        self
    }
}

/// All rows that are found by a phrase.
pub fn table() -> impl Iterator<Item = &'static Cause> {
    [
        credentials::ROWS,
        account::ROWS,
        trust::ROWS,
        execution::ROWS,
        kms::ROWS,
        resource::ROWS,
        s3::ROWS,
        quota::ROWS,
        stack::ROWS,
        template::ROWS,
        denied::ROWS,
        noise::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// Every row in a text.
pub fn find(prepared: &Prepared) -> Vec<(&'static Cause, Found)> {
    static INDEX: LazyLock<(Vec<&'static Cause>, Phrases)> = LazyLock::new(|| {
        let pairs: Vec<(&'static Cause, &'static str)> =
            table().flat_map(|cause| cause.evidence.iter().map(move |phrase| (cause, *phrase))).collect();
        let causes = pairs.iter().map(|(cause, _)| *cause).collect();
        (causes, Phrases::new(pairs.iter().map(|(_, phrase)| *phrase)))
    });
    let (causes, phrases) = &*INDEX;
    phrases.find(prepared).into_iter().map(|found| (causes[found.phrase], found)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_has_a_name_of_its_own_an_explanation_and_a_remedy() {
        let mut codes = BTreeSet::new();
        for cause in table() {
            assert!(codes.insert(cause.code), "{} twice", cause.code);
            assert!(!cause.explanation.is_empty(), "{} explains nothing", cause.code);
            assert!(!cause.remedy.is_empty(), "{} has no way out", cause.code);
            assert!(!cause.evidence.is_empty(), "{} has no evidence", cause.code);
        }
    }

    #[test]
    fn every_row_is_found_by_its_own_evidence() {
        for cause in table() {
            for phrase in cause.evidence {
                let text: String = phrase.replace('*', "x");
                let found = find(&Prepared::new(&text));
                assert!(found.iter().any(|(row, _)| row.code == cause.code), "{}: {phrase}", cause.code);
            }
        }
    }
}
