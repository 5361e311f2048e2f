//! `stepFunctions.validate`: names in a definition that lead nowhere.

use super::Machine;
use crate::manifest::{Problem, Problems};
use crate::template::Compilation;
use serde_json::{Map, Value};
use std::collections::HashSet;

const TYPES: [&str; 8] = ["Task", "Parallel", "Map", "Pass", "Wait", "Choice", "Succeed", "Fail"];

/// Says what is wrong
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html>).
pub fn check(it: &mut Compilation<'_>, machine: &Machine<'_>, definition: &Value) {
    check_machine(definition, &format!("{}.definition", machine.path), &mut it.problems);
}

fn check_machine(it: &Value, path: &str, problems: &mut Problems) {
    let Some(states) = it.get("States").and_then(Value::as_object).filter(|states| !states.is_empty()) else {
        problems.error(path, "this state machine has no `States`");
        return;
    };
    let mut reached = HashSet::new();
    match it.get("StartAt").and_then(Value::as_str) {
        Some(start) => follow(start, states, &format!("{path}.StartAt"), &mut reached, problems),
        None => problems.error(path, "this state machine has no `StartAt`"),
    }
    for (name, state) in states {
        check_state(state, states, &format!("{path}.States.{name}"), &mut reached, problems);
    }
    for name in states.keys().filter(|name| !reached.contains(name.as_str())) {
        let problem = Problem::at(format!("{path}.States.{name}"), format!("nothing leads to the state `{name}`"));
        problems.push(problem.help("name it in `StartAt` or in the `Next` of another state, or remove it"));
    }
}

fn check_state<'s>(
    state: &'s Value,
    states: &'s Map<String, Value>,
    path: &str,
    reached: &mut HashSet<&'s str>,
    problems: &mut Problems,
) {
    let kind = state.get("Type").and_then(Value::as_str);
    if !kind.is_some_and(|kind| TYPES.contains(&kind)) {
        let message = match kind {
            Some(kind) => format!("`{kind}` is no type of states"),
            None => "this state has no `Type`".to_owned(),
        };
        problems.push(Problem::at(path, message).help(format!("there are {}", TYPES.join(", "))));
    }
    let ends = state.get("End") == Some(&Value::Bool(true)) || matches!(kind, Some("Succeed" | "Fail" | "Choice"));
    if !ends && state.get("Next").is_none() {
        problems.push(Problem::at(path, "this state has neither `Next` nor `End: true`"));
    }
    let lists = ["Choices", "Catch"].into_iter().flat_map(|key| state.get(key).and_then(Value::as_array)).flatten();
    let nexts = lists.chain([state]).filter_map(|of| of.get("Next"));
    for next in nexts.chain(state.get("Default")).filter_map(Value::as_str) {
        follow(next, states, path, reached, problems);
    }
    if kind == Some("Task") && state.get("Resource").is_none() {
        problems.error(path, "this task has no `Resource`");
    }
    for (index, branch) in state.get("Branches").and_then(Value::as_array).into_iter().flatten().enumerate() {
        check_machine(branch, &format!("{path}.Branches[{index}]"), problems);
    }
    for key in ["ItemProcessor", "Iterator"] {
        if let Some(inner) = state.get(key) {
            check_machine(inner, &format!("{path}.{key}"), problems);
        }
    }
}

fn follow<'s>(
    name: &'s str,
    states: &Map<String, Value>,
    path: &str,
    reached: &mut HashSet<&'s str>,
    problems: &mut Problems,
) {
    reached.insert(name);
    if states.contains_key(name) {
        return;
    }
    let near = states.keys().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let problem = Problem::at(path, format!("there is no state `{name}`"));
    problems.push(match near {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem,
    });
}
