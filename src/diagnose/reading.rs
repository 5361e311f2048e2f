//! A text → its diagnoses: sentences and known phrases are found, put in order, and explained.

use super::causes::{self, Acts, Cause, Weight};
use super::message::denial::{self, Denial};
use super::message::{Prepared, call, phrase::Found};
use super::{Diagnosis, Effect, Kind, Layer, explain};
use crate::iam::catalogue;
use regex::Regex;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

/// Something found in a text.
struct Finding {
    cause: &'static Cause,
    range: Range<usize>,
    /// How telling the words are; longer phrases say more.
    length: usize,
    source: Source,
}

impl Finding {
    /// A sentence that a tool says in passing.
    fn is_aside(&self) -> bool {
        matches!(&self.source, Source::Sentence(denial) if denial.aside)
    }
}

enum Source {
    Sentence(Denial),
    Phrase(Found),
}

/// All diagnoses of a text, the root cause first.
pub fn read(text: &str) -> Vec<Diagnosis> {
    let prepared = Prepared::new(text);
    ordered(findings(&prepared)).into_iter().map(|finding| diagnosis(&prepared, finding)).collect()
}

fn findings(prepared: &Prepared) -> Vec<Finding> {
    let sentences = denial::read(&prepared.text, &prepared.squeezed).into_iter().map(|denial| Finding {
        cause: causes::of_denial(&denial),
        range: denial.range.clone(),
        length: usize::MAX,
        source: Source::Sentence(denial),
    });
    let phrases = causes::find(prepared).into_iter().map(|(cause, found)| Finding {
        cause,
        range: found.range.clone(),
        // Bare words say the same, long or short: the first ones count.
        length: if cause.code == "access-denied" { 12 } else { found.length },
        source: Source::Phrase(found),
    });
    let mut all: Vec<Finding> = sentences.chain(phrases).collect();
    all.retain(|finding| is_meant(prepared, finding));
    // The words of a sentence are no finding beside it.
    let asides: Vec<Range<usize>> = all.iter().filter(|f| f.is_aside()).map(|f| f.range.clone()).collect();
    let within = |range: &Range<usize>| asides.iter().any(|aside| aside.start <= range.end && range.start < aside.end);
    all.retain(|finding| finding.is_aside() || !within(&finding.range));
    all
}

/// Whether the words mean what the row says: a code within a longer word, a lone "not authorized" before its sentence.
fn is_meant(prepared: &Prepared, finding: &Finding) -> bool {
    match &finding.source {
        Source::Phrase(found) if finding.cause.action == Acts::Said => {
            found.captures.get("action").is_some_and(|action| said_action(action).is_some())
        }
        Source::Phrase(found) if finding.cause.action == Acts::Operation && finding.cause.weight == Weight::Bare => {
            found.captures.get("operation").is_some_and(|name| call::action_of(None, name).is_some())
        }
        // `UnknownError: Forbidden` is any service's.
        Source::Phrase(_) if finding.cause.code == "s3-head-refused" => {
            let before = prepared.text[..finding.range.start].chars().next_back();
            let starts_a_word = prepared.text[finding.range.start..].starts_with(char::is_alphabetic);
            !(starts_a_word && before.is_some_and(char::is_alphanumeric))
        }
        Source::Phrase(_) if finding.cause.code == "not-of-aws" => !speaks_of_aws(prepared, &finding.range),
        Source::Phrase(_) if finding.range.len() < 16 => {
            // `(403)` within `2403)`; a code as part of another one.
            let before = prepared.text[..finding.range.start].chars().next_back();
            let first = prepared.text[finding.range.clone()].chars().next();
            !(before.is_some_and(|c| c.is_ascii_digit()) && first.is_some_and(|c| c.is_ascii_digit()))
        }
        _ => true,
    }
}

/// Whether the text around a refusal names AWS: then it was AWS that refused.
fn speaks_of_aws(prepared: &Prepared, range: &Range<usize>) -> bool {
    const NEAR: usize = 400;
    let from = prepared.squeezed.find_origin(range.start).saturating_sub(NEAR);
    let around = prepared.squeezed.window(from, 2 * NEAR + range.len());
    ["amazon", "arn:aws", "accessdenied", "aws-sdk", "botocore", "unauthorizedoperation"]
        .iter()
        .any(|word| around.contains(word))
}

/// The first action of `s3:PutObject, s3:GetObject` or `'dynamodb:DescribeLimits'`.
fn said_action(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || ",'\"`[]()".contains(c)).find(|word| {
        word.split_once(':').is_some_and(|(prefix, name)| {
            !catalogue::actions_of(prefix).is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '*')
        }) && word.len() > 4
    })
}

/// One finding per failure, the root first: telling ones by place, then bare refusals, then the aftermath.
fn ordered(mut all: Vec<Finding>) -> Vec<Finding> {
    all.sort_by_key(|finding| (finding.cause.weight, usize::MAX - finding.length, finding.range.start));
    let mut kept: Vec<Finding> = Vec::new();
    for finding in all {
        let overlaps = kept.iter().any(|other| near(other, &finding));
        // A whole sentence says it all: phrases of the same sort around it are its wrapping.
        let same = matches!(finding.source, Source::Phrase(_))
            && kept.iter().any(|other| {
                std::ptr::eq(other.cause, finding.cause)
                    || (other.cause.kind == finding.cause.kind && matches!(other.source, Source::Sentence(_)))
            });
        if !overlaps && !same {
            kept.push(finding);
        }
    }
    kept.sort_by_key(|finding| (finding.cause.weight, finding.range.start));
    if kept.iter().any(|finding| finding.cause.weight == Weight::Telling) {
        kept.retain(|finding| finding.cause.weight == Weight::Telling);
    }
    kept
}

/// Whether two findings speak of the same failure: the weaker one then goes.
fn near(strong: &Finding, weak: &Finding) -> bool {
    let (after, before) = (weak.range.start, strong.range.start);
    let gap = after.saturating_sub(strong.range.end).max(before.saturating_sub(weak.range.end));
    match (&strong.source, &weak.source) {
        (Source::Sentence(_), Source::Sentence(_)) => gap == 0,
        _ => gap < 400,
    }
}

fn diagnosis(prepared: &Prepared, finding: Finding) -> Diagnosis {
    let cause = finding.cause;
    let call = call::near(prepared, &finding.range);
    let mut kind = cause.kind;
    let mut told = explain::Told::default();
    let inferred;
    match &finding.source {
        Source::Sentence(denial) => {
            told.principal = denial.principal.clone();
            told.resource = denial.resource.clone();
            (told.action, inferred) = sentence_action(denial, &call);
            told.policy = denial.policy.clone();
            told.layer = denial.layer.or_else(|| layer_of_kind(kind));
            told.effect = denial.effect;
        }
        Source::Phrase(found) => {
            let hole = |name: &str| found.captures.get(name).cloned().filter(|value| !value.is_empty());
            told.principal = hole("principal");
            told.resource = hole("resource")
                .filter(|name| !is_code(name))
                .map(|name| without_tag(&name))
                .or_else(|| call.resource.clone());
            told.name = hole("name");
            told.resource_type = hole("type").or_else(|| call.resource_type.clone());
            (told.action, inferred) = phrase_action(cause, found, &call);
            if cause.action == Acts::Call && call.action.is_none() {
                // What a role lacks is not what its service was called for.
                let lacks = (kind == Kind::ExecutionRoleLacks).then(|| lacked(prepared, &finding.range)).flatten();
                told.action = only_action(prepared, &finding.range).or(lacks).or(told.action);
            }
            told.layer = layer_of_kind(kind);
        }
    }
    if ["access-denied", "tagging-refused-unnamed"].contains(&cause.code) {
        kind = kind_of_bare(prepared, &finding, &call, told.action.as_deref());
    }
    if let Some(kind) = kind_of_call(kind, cause, told.action.as_deref()) {
        told.layer = layer_of_kind(kind);
    }
    let kind = kind_of_call(kind, cause, told.action.as_deref()).unwrap_or(kind);
    told.principal = told.principal.or_else(|| call.principal.clone());
    if told.principal.is_none() && kind.is_denial() {
        told.principal = match kind {
            Kind::AssumeRoleTrust => service_to_trust(prepared, &finding.range),
            _ => None,
        };
        told.principal = told.principal.or_else(|| user_of_a_cut_sentence(prepared, &finding.range));
    }
    if kind == Kind::AssumeRoleTrust && told.resource.is_none() {
        told.resource = role_being_assumed(prepared, &finding.range);
    }
    if told.resource.is_none() && kind.is_denial() {
        let principal = told.principal.as_deref();
        told.resource = only_arn(prepared, &finding.range, kind, |arn| {
            principal != Some(arn) && is_of(told.action.as_deref(), arn)
        });
    }
    let line = prepared.line_at(finding.range.start);
    let end = prepared.line_at(finding.range.end).end.max(finding.range.end);
    let words: String = prepared.text[line.start..end].split_whitespace().collect::<Vec<_>>().join(" ");
    let resource_type = told.resource_type.clone().or(call.resource_type.clone());
    let effect: Option<Effect> = told.effect;
    let (summary, remedy) = explain::sentences(cause, kind, &told);
    let statements = super::remedy::statements(kind, &told, resource_type.as_deref());
    Diagnosis {
        kind,
        cause: cause.code.to_owned(),
        ask: super::remedy::ask(kind, &told, &words),
        principal: told.principal,
        action: told.action,
        action_inferred: inferred,
        resource: told.resource,
        layer: told.layer,
        effect,
        policy: told.policy,
        encoded_message: encoded(prepared, &finding.range),
        request_id: request_id(prepared, &finding.range),
        logical_id: call.logical_id.clone(),
        resource_type,
        summary,
        remedy,
        statements,
        verified: None,
        checked: None,
        evidence: words.chars().take(600).collect(),
    }
}

/// Summary, remedy and statements anew, after more has become known.
pub fn explain_again(diagnosis: &mut Diagnosis) {
    let denial = Denial {
        principal: diagnosis.principal.clone(),
        action: diagnosis.action.clone(),
        resource: diagnosis.resource.clone(),
        layer: diagnosis.layer,
        effect: diagnosis.effect,
        policy: diagnosis.policy.clone(),
        ..Denial::default()
    };
    let cause = causes::of_denial(&denial);
    let told = explain::Told {
        principal: denial.principal,
        action: denial.action,
        resource: denial.resource,
        layer: denial.layer,
        effect: denial.effect,
        policy: denial.policy,
        resource_type: diagnosis.resource_type.clone(),
        name: None,
    };
    diagnosis.kind = cause.kind;
    diagnosis.cause = cause.code.to_owned();
    (diagnosis.summary, diagnosis.remedy) = explain::sentences(cause, cause.kind, &told);
    diagnosis.statements = super::remedy::statements(cause.kind, &told, diagnosis.resource_type.as_deref());
    diagnosis.ask = super::remedy::ask(cause.kind, &told, &diagnosis.evidence);
    diagnosis.verified = super::verify::verified(diagnosis);
}

fn sentence_action(denial: &Denial, call: &call::Call) -> (Option<String>, bool) {
    match denial.action.as_deref() {
        Some(action) if action.contains(':') => (Some(canonical(action)), false),
        Some(operation) => (call::action_of(call.service, operation), true),
        None => (call.action.clone().or_else(|| call.inferred_action()), true),
    }
}

fn phrase_action(cause: &Cause, found: &Found, call: &call::Call) -> (Option<String>, bool) {
    let hole = |name: &str| found.captures.get(name).map(String::as_str);
    match cause.action {
        Acts::No => (None, false),
        Acts::Always(action) => (Some(action.to_owned()), true),
        Acts::Said => (hole("action").and_then(said_action).map(canonical), false),
        Acts::Call => match &call.action {
            Some(action) => (Some(canonical(action)), false),
            None => (call.inferred_action(), true),
        },
        Acts::Operation => {
            let operation = hole("operation").unwrap_or_default();
            let service = hole("service").and_then(catalogue::prefix_of_service);
            let service = service.or_else(|| {
                hole("resource").and_then(|arn| arn.split(':').nth(2)).and_then(catalogue::prefix_of_service)
            });
            (call::action_of(service.or(call.service), operation), true)
        }
        Acts::Tagging => (hole("type").and_then(tagging_action), true),
    }
}

/// The action that tags a resource type.
fn tagging_action(resource_type: &str) -> Option<String> {
    let handlers = catalogue::handlers(resource_type)?;
    let noun = resource_type.rsplit("::").next()?.to_ascii_lowercase();
    let service = resource_type.split("::").nth(1).and_then(catalogue::prefix_of_service)?;
    let tags = |action: &String| {
        let name = action.split_once(':').map_or("", |(_, name)| name).to_ascii_lowercase();
        action.starts_with(&format!("{service}:"))
            && name.contains("tag")
            && !name.contains("untag")
            && !["list", "get", "describe", "delete", "remove"].iter().any(|verb| name.starts_with(verb))
    };
    let all: Vec<String> = handlers
        .actions(catalogue::Operation::Create)
        .chain(handlers.actions(catalogue::Operation::Update))
        .filter(tags)
        .collect();
    all.iter().find(|action| action.to_ascii_lowercase().ends_with(&noun)).or_else(|| all.first()).cloned()
}

/// The canonical spelling where the catalogue has the action, else the prefix in small letters.
fn canonical(action: &str) -> String {
    catalogue::action(action).map_or_else(
        || match action.split_once(':') {
            Some((prefix, name)) => format!("{}:{}", prefix.to_ascii_lowercase(), call::capitalized(name)),
            None => action.to_owned(),
        },
        |action| action.name().to_owned(),
    )
}

/// S3 alone says "Access Denied" with a capital D and no more.
fn kind_of_bare(prepared: &Prepared, finding: &Finding, call: &call::Call, action: Option<&str>) -> Kind {
    let service = call.likely_service();
    let before = prepared.line_at(finding.range.start).start;
    let before = prepared.line_at(before.saturating_sub(1)).start;
    let after = prepared.line_at(finding.range.end).end;
    let around =
        prepared.text[before..prepared.line_at(after + 1).end].split_whitespace().collect::<Vec<_>>().join(" ");
    let small = around.to_ascii_lowercase();
    let its_words = ["denied", "403", "forbidden"].iter().any(|word| small.contains(word));
    let of_s3 = its_words && action.map_or(service.as_deref() == Some("s3"), |action| action.starts_with("s3:"));
    if of_s3 || (service.is_none() && is_answer_of_s3(prepared, &finding.range)) {
        return Kind::S3Bare;
    }
    // S3 calls its error `AccessDenied`.
    let other = around.contains("NotAuthorized") || around.contains("AccessDeniedException");
    if service.is_none() && action.is_none() && around.contains("Access Denied") && !other {
        Kind::S3Bare
    } else {
        Kind::UnknownDeny
    }
}

/// Whether the body of S3's answer stands behind a refusal: its XML has no `ErrorResponse` around the error, and says
/// no more than the code (S3 API reference, "REST error responses").
fn is_answer_of_s3(prepared: &Prepared, range: &Range<usize>) -> bool {
    const REACH: usize = 700;
    let from = prepared.squeezed.find_origin(range.start);
    let body = prepared.squeezed.window(from, REACH);
    body.contains("<error><code>accessdenied</code><message>accessdenied</message>") && !body.contains("<errorresponse")
}

/// A bare refusal of an operation whose kind is known all the same.
fn kind_of_call(kind: Kind, cause: &Cause, action: Option<&str>) -> Option<Kind> {
    if cause.weight != Weight::Bare || kind != Kind::UnknownDeny {
        return None;
    }
    match action? {
        action if action.starts_with("sts:AssumeRole") => Some(Kind::AssumeRoleTrust),
        action if action.starts_with("kms:") => Some(Kind::Kms),
        "iam:PassRole" => Some(Kind::Passrole),
        _ => None,
    }
}

fn layer_of_kind(kind: Kind) -> Option<Layer> {
    match kind {
        Kind::ImplicitDenyIdentity | Kind::ExplicitDenyIdentity | Kind::Passrole | Kind::ExecutionRoleLacks => {
            Some(Layer::Identity)
        }
        Kind::ResourcePolicy => Some(Layer::Resource),
        Kind::AssumeRoleTrust => Some(Layer::Trust),
        Kind::PermissionsBoundary => Some(Layer::Boundary),
        Kind::SessionPolicy => Some(Layer::Session),
        Kind::Scp => Some(Layer::Scp),
        Kind::Rcp => Some(Layer::Rcp),
        Kind::VpcEndpoint => Some(Layer::Endpoint),
        _ => None,
    }
}

/// Whether a word is the code of an error, where a sentence ends before it names a resource.
fn is_code(name: &str) -> bool {
    ["Denied", "Exception", "Error", "Forbidden", "Operation"].iter().any(|end| name.ends_with(end))
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}

/// `repository:tag` and `repository@sha256:...` → the repository, which is what a policy speaks of.
fn without_tag(name: &str) -> String {
    if !name.contains(".dkr.ecr.") {
        return name.to_owned();
    }
    let name = name.split('@').next().unwrap_or(name);
    match name.rfind(':') {
        Some(at) if !name[at..].contains('/') => name[..at].to_owned(),
        _ => name.to_owned(),
    }
}

/// The role that a failed AssumeRole was about, where the same or the line before names one.
fn role_being_assumed(prepared: &Prepared, range: &Range<usize>) -> Option<String> {
    static ROLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i-u)(?:for|assume|assuming|role)\s+(?:the\s+)?(?:role\s+)?[\x22'`(]?(arn:aws[a-z-]*:iam::[0-9*]+:role/[A-Za-z0-9+=,.@_/-]+)").ok()
    });
    let line = prepared.line_at(range.start);
    let from = prepared.line_at(line.start.saturating_sub(2)).start;
    let to = prepared.line_at(range.end).end;
    ROLE.as_ref()?.captures(&prepared.text[from..to]).map(|found| super::message::trimmed(&found[1]).to_owned())
}

/// The action that the line of a refusal names, where it is one alone: `... to perform the 's3:CreateBucket' action`.
fn only_action(prepared: &Prepared, range: &Range<usize>) -> Option<String> {
    let line = prepared.line_at(range.start);
    let text = &prepared.text[line.start..prepared.line_at(range.end).end];
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || ":-*".contains(c)));
    let actions = words.filter(|word| word.contains(':')).filter_map(catalogue::action);
    let mut actions: BTreeSet<&str> = actions.map(catalogue::Action::name).collect();
    actions.pop_first().filter(|_| actions.is_empty()).map(str::to_owned)
}

/// The action of `role lacks permission to invoke the Lambda function`.
fn lacked(prepared: &Prepared, range: &Range<usize>) -> Option<String> {
    let text = &prepared.text[range.start..prepared.line_at(range.end).end];
    let behind = ["permission to ", "permissions to "].iter().find_map(|words| text.split_once(words))?.1;
    call::of_prose(behind)?.inferred_action()
}

/// The ARN in the line of a refusal, where just one can be what it is about: a key, a role, else any that is nobody.
fn only_arn(prepared: &Prepared, range: &Range<usize>, kind: Kind, can_be: impl Fn(&str) -> bool) -> Option<String> {
    let line = prepared.line_at(range.start);
    let text = &prepared.text[line.start..prepared.line_at(range.end).end];
    let all: BTreeSet<String> = text.match_indices("arn:aws").map(|(at, _)| super::message::token(text, at)).collect();
    let is_role = |arn: &str| arn.contains(":role/");
    let is_somebody = |arn: &str| arn.contains(":user/") || arn.contains(":assumed-role/") || arn.ends_with(":root");
    let mut fitting = all.into_iter().filter(|arn| can_be(arn)).filter(|arn| match kind {
        Kind::Kms => arn.contains(":kms:"),
        Kind::AssumeRoleTrust | Kind::Passrole => is_role(arn),
        _ => !is_role(arn) && !is_somebody(arn) && !arn.contains(":policy/"),
    });
    fitting.next().filter(|arn| fitting.next().is_none() && arn.split(':').count() > 5)
}

/// Whether an action can be on a resource: of its service, and of a stack only where the action says so.
fn is_of(action: Option<&str>, arn: &str) -> bool {
    let service = arn.split(':').nth(2).unwrap_or_default();
    match action.and_then(|action| action.split_once(':')) {
        Some((prefix, _)) => prefix == service || matches!(prefix, "sts" | "iam" | "kms"),
        None => service != "cloudformation",
    }
}

/// The service that could not assume a role, where the line of the refusal names one that is no address.
fn service_to_trust(prepared: &Prepared, range: &Range<usize>) -> Option<String> {
    let line = prepared.line_at(range.start);
    let text = &prepared.text[line.start..prepared.line_at(range.end).end];
    let words = text.split(|c: char| c.is_whitespace() || "'\"`,()[]{}<>*".contains(c));
    let services = words.map(|word| word.trim_end_matches(['.', ':', ';']));
    services
        .filter(|word| word.ends_with(".amazonaws.com") || word.ends_with(".amazonaws.com.cn"))
        .find(|word| !word.contains(['/', ':', '=']))
        .map(str::to_owned)
}

/// The principal of `User: arn:aws:...:user/ann is`, whose sentence was cut off before it said what is denied.
fn user_of_a_cut_sentence(prepared: &Prepared, range: &Range<usize>) -> Option<String> {
    const REACH: usize = 500;
    let end = prepared.line_at(range.end).end.max(range.end);
    let from = prepared.squeezed.find_origin(range.start);
    let within = prepared.squeezed.window(from, REACH);
    let at = from + within.find("user:arn:aws")? + "user:".len();
    let start = prepared.squeezed.start(at);
    (start < end + REACH).then(|| super::message::token(&prepared.text, start)).filter(|name| name.len() > 20)
}

/// The encoded authorization message behind a refusal.
fn encoded(prepared: &Prepared, range: &Range<usize>) -> Option<String> {
    let from = prepared.squeezed.find_origin(range.start.saturating_sub(200));
    let window = prepared.squeezed.window(from, 1600);
    let at = window.find("failuremessage:").map(|at| at + "failuremessage:".len())?;
    let start = prepared.squeezed.start(from + at);
    let blob: String = prepared.text[start..]
        .split(|c: char| !(c.is_ascii_alphanumeric() || "-_=+/".contains(c) || c == '\n'))
        .find(|part| part.len() > 8)?
        .split_whitespace()
        .collect();
    Some(blob)
}

/// The request id beside a refusal.
fn request_id(prepared: &Prepared, range: &Range<usize>) -> Option<String> {
    static ID: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i-u)request[ _-]?id[[:punct:][:space:]]{1,6}([0-9a-f]{8}-[0-9a-f-]{27,})").ok()
    });
    let line = prepared.line_at(range.start);
    let end = prepared.line_at((prepared.line_at(range.end).end + 1).min(prepared.text.len())).end;
    let around = &prepared.text[line.start..end.max(line.start)];
    if !around.contains("equest") && !around.contains("EQUEST") {
        return None;
    }
    ID.as_ref()?.captures(around).map(|found| found[1].to_owned())
}
