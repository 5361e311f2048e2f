//! The pre-flight check: all that would be denied, told at once, before anything is changed.

use super::assemble::{Purpose, compile_checked};
use super::permissions::{self, Whom};
use super::{ExitKind, Failure, target};
use crate::aws::Aws;
use crate::aws::permissions::preflight;
use crate::context::Context;
use crate::iam::preflight::{Limit, Method, Preflight};
use crate::iam::requirements::{DocumentOptions, Need, Permission, Requirements, Scope};
use crate::manifest::Service;
use crate::package::Artifacts;
use crate::template::Template;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What the check may cost a deploy that did not ask for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How a deploy checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Within [`PATIENCE`]; what would be denied is a warning, since not every action is called each time.
    Quick,
    /// To the end; what would be denied is an error.
    Required,
    /// Not at all.
    Off,
}

/// `rlx diagnose --preflight`.
pub fn run(context: &Context) -> Result<ExitKind, Failure> {
    let service = target::load(context)?.service;
    let (template, _) = compile_checked(&service, &Artifacts::default(), Purpose::Package);
    let found = target::with_aws(&service, context, async |aws: &Aws| {
        Ok::<_, crate::deploy::DeployError>(preflight(aws, &required(&service, &template)).await)
    })?;
    let text = match (&found.method, found.denied.iter().count()) {
        (Method::Unknown(reason), _) => format!("Not known what the caller may do: {reason}\n"),
        (_, 0) => "Nothing would be denied\n".to_owned(),
        _ => format!("{}\n", denied_text(&found)),
    };
    context.report.result(&to_json(&found), &text);
    Ok(if found.denied.iter().next().is_some() { ExitKind::Denied } else { ExitKind::Done })
}

/// Checks before a deploy.
///
/// # Errors
/// Something would be denied, and the check was asked for.
pub async fn before_deploy(
    mode: Mode,
    aws: &Aws,
    service: &Service,
    template: &Template,
    context: &Context,
) -> Result<(), Failure> {
    if mode == Mode::Off {
        return Ok(());
    }
    let required = required(service, template);
    let check = preflight(aws, &required);
    let found = match mode {
        Mode::Required => check.await,
        _ => match tokio::time::timeout(PATIENCE, check).await {
            Ok(found) => found,
            Err(_) => Preflight::unknown("the check took more than a second; --preflight waits for it"),
        },
    };
    if let Method::Unknown(reason) = &found.method {
        let text = format!("pre-flight: not known what the caller may do: {reason}");
        match mode {
            Mode::Required => context.report.warn(&text),
            _ => context.report.verbose(&text),
        }
    }
    if found.denied.iter().next().is_none() {
        return Ok(());
    }
    if mode == Mode::Required {
        return Err(Failure::new(ExitKind::Denied, "the deploy would be denied, so nothing was changed")
            .detail(denied_text(&found))
            .hint("rlx permissions prints all that this stack needs"));
    }
    context.report.warn(&denied_text(&found));
    Ok(())
}

/// All that a deploy needs of its caller.
pub(super) fn required(service: &Service, template: &Template) -> Requirements {
    let scope = Scope::new(service.stack_name(), &service.region, None);
    let deployment = permissions::deployment(service, Vec::new());
    permissions::requirements(Whom::Caller, template, &scope, &deployment)
}

/// What no statement of the caller's mends alone, and what to do about it.
const LIMITS: [(Limit, &str); 3] = [
    (Limit::Deny, "forbidden by a Deny of the caller's policies, which must change"),
    (Limit::Boundary, "kept out by the permissions boundary, whose owner must let it in"),
    (Limit::Organization, "kept out by the organization (SCP), whose administrators must let it in"),
];

fn denied_text(found: &Preflight) -> String {
    let mut text = String::from("what would be denied:");
    let mut lines: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for (permission, needs) in found.denied.iter() {
        lines.entry((&permission.resource, needed_by(needs))).or_default().push(&permission.action);
    }
    for ((resource, needs), actions) in lines {
        text.push_str(&format!("\n  {} on {resource} ({needs})", actions.join(", ")));
    }
    for (limit, who) in &LIMITS {
        let of = found.limits.iter().filter(|(_, by)| *by == limit);
        let actions: BTreeSet<&str> = of.map(|(permission, _)| permission.action.as_str()).collect();
        if !actions.is_empty() {
            let actions = actions.into_iter().collect::<Vec<_>>().join(", ");
            text.push_str(&format!("\n{who}: {actions}"));
        }
    }
    let statements = statements(found);
    if !statements.is_empty() {
        text.push_str("\nto add to the caller's policy:");
    }
    for statement in statements {
        text.push_str(&format!("\n{statement:#}"));
    }
    text
}

/// What to add to the caller's policy: not what a Deny forbids, which no further statement mends.
fn statements(found: &Preflight) -> Vec<Value> {
    let mut lacking = Requirements::default();
    for (permission, needs) in found.denied.iter().filter(|(p, _)| found.limits.get(p) != Some(&Limit::Deny)) {
        for need in needs {
            lacking.add(&permission.action, &permission.resource, permission.passed_to.as_deref(), need.clone());
        }
    }
    let documents = lacking.documents(&DocumentOptions::default());
    documents.iter().flat_map(|d| &d.statements).map(|s| s.to_json()).collect()
}

fn needed_by(needs: &BTreeSet<Need>) -> String {
    let text = |need: &Need| match need {
        Need::Rlx(what) => format!("rlx, for {what}"),
        Need::Resource(logical_id) => logical_id.clone(),
    };
    needs.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn to_json(found: &Preflight) -> Value {
    let (method, reason) = match &found.method {
        Method::Root => ("root", None),
        Method::Simulated => ("simulated", None),
        Method::Evaluated => ("evaluated", None),
        Method::Unknown(reason) => ("unknown", Some(reason)),
    };
    let plain = |p: &Permission| json!({ "action": p.action, "resource": p.resource, "passedTo": p.passed_to });
    let denied = found.denied.iter().map(|(permission, needs)| {
        let mut value = plain(permission);
        value["neededBy"] = json!(needed_by(needs));
        value["limit"] = json!(found.limits.get(permission).map(|limit| match limit {
            Limit::Deny => "deny",
            Limit::Boundary => "boundary",
            Limit::Organization => "organization",
        }));
        value
    });
    json!({
        "version": 1,
        "preflight": {
            "method": method,
            "reason": reason,
            "denied": denied.collect::<Vec<_>>(),
            "open": found.open.iter().map(plain).collect::<Vec<_>>(),
            "statements": statements(found),
        },
    })
}
