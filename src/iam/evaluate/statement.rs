//! Whether a statement matches a request, and if not, why.

use super::answer::Why;
use super::condition::judge;
use super::principal::{Named, names};
use super::request::Request;
use super::variable::expand;
use crate::iam::policy::{Listed, Statement};
use crate::iam::wildcard::{matches_ignoring_case, matches_tokens, tokens};

/// How a statement meets a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// It matches.
    Yes {
        /// How closely it names the caller; `None` where it has no `Principal`.
        named: Option<Named>,
        /// Keys whose absence made a condition hold.
        absent_keys: Vec<String>,
    },
    /// It speaks of the action, but something else does not fit.
    Near(Vec<Why>),
    /// It does not speak of the action.
    No,
}

/// Judges a statement. `of_resource` tells that it belongs to a resource: then it must have a
/// `Principal` and may lack `Resource`, as trust policies do.
pub fn judge_statement(statement: &Statement, request: &Request, has_variables: bool, of_resource: bool) -> Match {
    let action = statement.actions.items.iter().any(|pattern| matches_ignoring_case(pattern, &request.action));
    if action == statement.actions.negated {
        return Match::No;
    }
    let mut why = Vec::new();
    let named = statement.principals.as_ref().and_then(|element| names(element, &request.caller));
    if named.is_none() && (of_resource || statement.principals.is_some()) {
        why.push(Why::Principal);
    }
    match &statement.resources {
        Some(element) if !resource_fits(element, request, has_variables) => {
            why.push(Why::Resource { stated: element.items.clone(), negated: element.negated });
        }
        None if !of_resource => why.push(Why::Resource { stated: Vec::new(), negated: false }),
        _ => {}
    }
    let mut absent_keys = Vec::new();
    for condition in &statement.conditions {
        let verdict = judge(condition, &request.context, has_variables);
        if !verdict.holds {
            why.push(Why::Condition {
                operator: condition.spelled.clone(),
                key: condition.key.clone(),
                wanted: condition.values.clone(),
                actual: request.context.get(&condition.key).map(<[String]>::to_vec),
            });
        } else if verdict.key_absent {
            absent_keys.push(condition.key.clone());
        }
    }
    if why.is_empty() { Match::Yes { named, absent_keys } } else { Match::Near(why) }
}

fn resource_fits(element: &Listed<String>, request: &Request, has_variables: bool) -> bool {
    let listed = element.items.iter().any(|pattern| {
        let pattern = if has_variables { expand(pattern, &request.context).ok() } else { Some(tokens(pattern)) };
        pattern.is_some_and(|pattern| matches_tokens(&pattern, &request.resource))
    });
    listed != element.negated
}
