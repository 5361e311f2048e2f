//! What a deploy tells at its end.

use super::target;
use crate::context::Context;
use crate::deploy::{self, DeployRecord, Deployed, endpoints};
use crate::manifest::Service;
use crate::report::Section;
use serde_json::{Value, json};
use std::time::Duration;

/// Says what came of a deploy, and how long all of it took.
pub(super) fn say(deployed: &Deployed, took: Duration, service: &Service, context: &Context) {
    let (json, text) = match deployed {
        Deployed::Prepared { change_set, changes } => {
            let mut text = format!("Change set {change_set} is ready; it would change {} resources:\n", changes.len());
            for change in changes {
                let again = if change.replacement.as_deref() == Some("True") { ", made anew" } else { "" };
                text.push_str(&format!(
                    "  {:<8} {} ({}{again})\n",
                    change.action, change.logical_id, change.resource_type
                ));
            }
            text.push_str(&format!("\nTo execute it: rlx deploy --method execute{}\n", target::stage_flag(context)));
            (json!({ "status": "prepared", "changeSet": change_set, "changes": changes }), text)
        }
        Deployed::Unchanged(stack) => {
            let text = format!("No changes: {} is up to date\n", stack.name);
            (stack_json("unchanged", stack), text)
        }
        Deployed::Done(stack, record) => {
            let seconds = took.as_secs_f64();
            let mut text = format!("\nDeployed {} to stage {} ({seconds:.1} s)\n", service.name, service.stage);
            text.push_str(&super::info::addresses_text(stack));
            summarize(stack, record, seconds, service, context);
            let mut json = stack_json("deployed", stack);
            json["record"] = json!(record.id);
            json["seconds"] = json!(seconds);
            (json, text)
        }
    };
    let mut line = json!({ "version": 1, "event": "result", "service": service.name, "stage": service.stage });
    if let (Value::Object(line), Value::Object(json)) = (&mut line, json) {
        line.extend(json);
    }
    context.report.last(&line, &text);
}

/// Says how many functions got new code past CloudFormation.
pub(super) fn say_swapped(count: usize, service: &Service, context: &Context) {
    let status = if count == 0 { "unchanged" } else { "hotswapped" };
    let line = json!({
        "version": 1, "event": "result", "service": service.name, "stage": service.stage,
        "status": status, "functions": count,
    });
    let text = match count {
        0 => "No changes\n".to_owned(),
        1 => "Changed the code of 1 function; CloudFormation does not know of it\n".to_owned(),
        _ => format!("Changed the code of {count} functions; CloudFormation does not know of it\n"),
    };
    context.report.last(&line, &text);
}

fn summarize(stack: &deploy::Stack, record: &DeployRecord, seconds: f64, service: &Service, context: &Context) {
    let mut facts = vec![
        ("stack".to_owned(), format!("{} ({})", stack.name, stack.status)),
        ("region".to_owned(), record.region.clone()),
        ("took".to_owned(), format!("{seconds:.1} s")),
        ("record".to_owned(), record.id.clone()),
    ];
    facts.extend(record.commit.iter().map(|commit| ("commit".to_owned(), commit.clone())));
    facts.extend(endpoints::addresses(stack).into_iter().map(|a| (a.output, a.url)));
    context.summary().add(&Section {
        title: format!("Deployed {} to stage {}", service.name, service.stage),
        facts,
        text: String::new(),
        durations: record.durations.iter().map(|(id, seconds)| (id.clone(), *seconds)).collect(),
    });
}

fn stack_json(status: &str, stack: &deploy::Stack) -> Value {
    json!({
        "status": status,
        "stack": { "name": stack.name, "id": stack.id, "status": stack.status },
        "endpoints": endpoints::addresses(stack),
        "outputs": endpoints::outputs(stack),
    })
}
