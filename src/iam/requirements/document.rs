//! Permissions → policy documents.

use super::{Need, Permission, Requirements};
use crate::iam::wildcard::covers;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a managed policy, white space not counted (IAM User Guide, "IAM and AWS STS quotas").
pub const MAX_LENGTH: usize = 6_144;

/// How documents are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentOptions {
    /// Leave out statement ids, and name many resources by what their names begin with.
    pub compact: bool,
    /// What the names of one's own resources begin with, such as `orders-dev`.
    pub own_names: Vec<String>,
}

/// A policy document with what its statements are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    pub statements: Vec<Statement>,
}

/// A statement that allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Unique among all documents of one run; `None` in compact documents.
    pub sid: Option<String>,
    pub actions: BTreeSet<String>,
    pub resources: BTreeSet<String>,
    pub passed_to: Option<String>,
    pub needs: BTreeSet<Need>,
}

impl Statement {
    /// As it stands in a policy.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        if let Some(sid) = &self.sid {
            map.insert("Sid".into(), json!(sid));
        }
        map.insert("Effect".into(), json!("Allow"));
        map.insert("Action".into(), one_or_many(&self.actions));
        map.insert("Resource".into(), one_or_many(&self.resources));
        if let Some(service) = &self.passed_to {
            map.insert("Condition".into(), json!({ "StringEquals": { "iam:PassedToService": service } }));
        }
        Value::Object(map)
    }

    fn length(&self) -> usize {
        self.to_json().to_string().len() + 1
    }
}

impl Document {
    /// As IAM takes it.
    pub fn to_json(&self) -> Value {
        let statements: Vec<Value> = self.statements.iter().map(Statement::to_json).collect();
        json!({ "Version": "2012-10-17", "Statement": statements })
    }
}

impl Requirements {
    /// The policies that grant all of this, each within [`MAX_LENGTH`]; at least one.
    pub fn documents(&self, options: &DocumentOptions) -> Vec<Document> {
        let mut statements = self.statements(options);
        if !options.compact {
            name(&mut statements);
        }
        split(statements)
    }

    /// Statements, so that each action on the same resources stands in one.
    fn statements(&self, options: &DocumentOptions) -> Vec<Statement> {
        type Key<T> = (Option<String>, T);
        type Group = (BTreeSet<String>, BTreeSet<Need>);
        let mut by_action: BTreeMap<Key<String>, Group> = BTreeMap::new();
        for (permission, needs) in self.iter() {
            let Permission { action, resource, passed_to } = permission.clone();
            let (resources, all) = by_action.entry((passed_to, action)).or_default();
            resources.insert(resource);
            all.extend(needs.iter().cloned());
        }
        let mut grouped: BTreeMap<Key<BTreeSet<String>>, Group> = BTreeMap::new();
        for ((passed_to, action), (resources, needs)) in by_action {
            let resources = without_covered(resources);
            let resources = if options.compact { shorten(&resources, &options.own_names) } else { resources };
            let (actions, all) = grouped.entry((passed_to, resources)).or_default();
            actions.insert(action);
            all.extend(needs);
        }
        let mut statements: Vec<Statement> = grouped
            .into_iter()
            .map(|((passed_to, resources), (actions, needs))| Statement {
                sid: None,
                actions: if options.compact { merge_reads(actions) } else { actions },
                resources,
                passed_to,
                needs,
            })
            .collect();
        statements.sort_by(|a, b| a.needs.cmp(&b.needs).then_with(|| a.actions.cmp(&b.actions)));
        statements
    }
}

/// Takes out what another resource of the set covers.
fn without_covered(resources: BTreeSet<String>) -> BTreeSet<String> {
    let wide: Vec<&String> = resources.iter().filter(|arn| arn.contains(['*', '?'])).collect();
    let covered = |arn: &String| wide.iter().any(|other| *other != arn && covers(other, arn));
    resources.iter().filter(|arn| !covered(arn)).cloned().collect()
}

/// Writes many reading actions of a service as a pattern, except where they read what is secret.
fn merge_reads(actions: BTreeSet<String>) -> BTreeSet<String> {
    const SECRETIVE: [&str; 3] = ["secretsmanager", "ssm", "kms"];
    let verb = |action: &String| {
        let (prefix, name) = action.split_once(':')?;
        let verb = ["Get", "List", "Describe"].into_iter().find(|verb| name.starts_with(verb))?;
        (!SECRETIVE.contains(&prefix)).then(|| format!("{prefix}:{verb}*"))
    };
    let mut counts = BTreeMap::<String, usize>::new();
    for pattern in actions.iter().filter_map(verb) {
        *counts.entry(pattern).or_default() += 1;
    }
    let merged = |action: String| match verb(&action) {
        Some(pattern) if counts.get(&pattern).is_some_and(|count| *count > 2) => pattern,
        _ => action,
    };
    actions.into_iter().map(merged).collect()
}

/// Names several resources of one kind by what their names begin with, where that is one's own.
fn shorten(resources: &BTreeSet<String>, own_names: &[String]) -> BTreeSet<String> {
    let shortened = |arn: &String| {
        let head = own_names.iter().find_map(|own| {
            let end = arn.find(&format!("{own}-"))? + own.len() + 1;
            Some(&arn[..end])
        });
        let siblings = |head: &str| resources.iter().filter(|other| other.starts_with(head)).count();
        match head {
            Some(head) if siblings(head) > 1 => format!("{head}*"),
            _ => arn.clone(),
        }
    };
    resources.iter().map(shortened).collect()
}

/// Gives each statement an id that tells what needs it.
fn name(statements: &mut [Statement]) {
    let mut used = BTreeMap::<String, usize>::new();
    for statement in statements {
        let ids: Vec<String> = statement
            .needs
            .iter()
            .map(|need| match need {
                Need::Resource(id) => lasting(id).chars().filter(char::is_ascii_alphanumeric).collect(),
                Need::Rlx(what) => format!("Rlx{}", camel(what)),
            })
            .collect();
        let sid = match ids.as_slice() {
            [] => "Rlx".to_owned(),
            [one] => one.clone(),
            [first, rest @ ..] => format!("{first}And{}More", rest.len()),
        };
        let count = used.entry(sid.clone()).or_default();
        *count += 1;
        statement.sid = Some(if *count == 1 { sid } else { format!("{sid}{count}") });
    }
}

/// The part of a logical id that stays the same from deploy to deploy: those of versions and of API deployments end
/// in what changes with them.
fn lasting(id: &str) -> &str {
    let end = |part: &str| id.find(part).map(|at| at + part.len());
    &id[..end("LambdaVersion").or_else(|| end("ApiGatewayDeployment")).unwrap_or(id.len())]
}

fn camel(words: &str) -> String {
    let word = |w: &str| w.chars().take(1).flat_map(char::to_uppercase).chain(w.chars().skip(1)).collect::<String>();
    words.split(' ').map(word).collect()
}

/// Puts statements into as few documents as it can: the longest first, each where least room is left after it. Within a
/// document they keep their order, and documents follow their first statements.
fn split(statements: Vec<Statement>) -> Vec<Document> {
    let room = MAX_LENGTH - Document::default().to_json().to_string().len();
    let mut waiting: std::collections::VecDeque<Statement> = statements.into();
    let mut pieces = Vec::new();
    while let Some(statement) = waiting.pop_front() {
        let length = statement.length();
        if length > room && statement.resources.len() + statement.actions.len() > 2 {
            let (first, second) = halve(statement);
            waiting.push_front(second);
            waiting.push_front(first);
        } else {
            pieces.push((pieces.len(), length, statement));
        }
    }
    pieces.sort_by_key(|(place, length, _)| (std::cmp::Reverse(*length), *place));
    let mut documents: Vec<(usize, BTreeMap<usize, Statement>)> = Vec::new();
    for (place, length, statement) in pieces {
        let fitting = documents.iter_mut().filter(|(left, _)| *left >= length);
        match fitting.min_by_key(|(left, _)| *left) {
            Some((left, of_document)) => {
                *left -= length;
                of_document.insert(place, statement);
            }
            None => documents.push((room.saturating_sub(length), [(place, statement)].into())),
        }
    }
    documents.sort_by_key(|(_, statements)| statements.keys().next().copied());
    let mut documents: Vec<Document> =
        documents.into_iter().map(|(_, of)| Document { statements: of.into_values().collect() }).collect();
    if documents.is_empty() {
        documents.push(Document::default());
    }
    documents
}

/// Two statements that allow together what one does, half as long each.
fn halve(statement: Statement) -> (Statement, Statement) {
    let mut second = statement.clone();
    let mut first = statement;
    let longer = if first.resources.len() > 1 { &mut first.resources } else { &mut first.actions };
    let middle = longer.iter().nth(longer.len() / 2).cloned().unwrap_or_default();
    let tail = longer.split_off(&middle);
    if second.resources.len() > 1 {
        second.resources = tail;
    } else {
        second.actions = tail;
    }
    second.sid = second.sid.map(|sid| sid + "b");
    (first, second)
}

fn one_or_many(values: &BTreeSet<String>) -> Value {
    match values.iter().next() {
        Some(one) if values.len() == 1 => json!(one),
        _ => json!(values),
    }
}
