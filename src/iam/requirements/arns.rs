//! The names and ARNs that resources will have (`facts/reviewed/arns.tsv`: type, how CloudFormation
//! names it where the template does not, ARN patterns).
//!
//! In a pattern, `${}` is the generated name, `${Name}` a property (or the generated name where the
//! property that names the resource is absent), `${Path=/}` a property with a default. A pattern with
//! another absent property is left out.

use super::resolve::Resolver;
use crate::iam::table::Table;
use crate::iam::wildcard::matches;
use serde_json::Value;

const ARNS: Table = Table(include_str!("../facts/reviewed/arns.tsv"));
/// Type and pattern of actions, the ARN patterns of what these actions of its handlers work on.
const SCOPES: Table = Table(include_str!("../facts/reviewed/scopes.tsv"));

/// Types whose `Ref` is an ARN (CloudFormation template reference, "Return values").
const REF_IS_ARN: &[&str] = &[
    "AWS::SNS::Topic",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Version",
    "AWS::Lambda::Alias",
    "AWS::StepFunctions::StateMachine",
    "AWS::SecretsManager::Secret",
    "AWS::IAM::ManagedPolicy",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::ElasticLoadBalancingV2::Listener",
];

/// The ARNs of a resource; none where its type is not in the table.
pub(super) fn own(logical_id: &str, resource: &Value, resolver: Resolver<'_>) -> Vec<String> {
    let Some(row) = ARNS.find(resource["Type"].as_str().unwrap_or_default()) else { return Vec::new() };
    row.column(1).split(' ').flat_map(|pattern| render(pattern, logical_id, resource, resolver)).collect()
}

/// The ARNs of what an action of the resource's handlers works on, where that is neither the resource itself nor
/// named by its properties; none where no rule of `scopes.tsv` speaks of it.
pub(super) fn worked_on(logical_id: &str, resource: &Value, action: &str, resolver: Resolver<'_>) -> Vec<String> {
    let prefix = format!("{} ", resource["Type"].as_str().unwrap_or_default());
    let row = SCOPES.with_prefix(&prefix).find(|row| matches(&row.key[prefix.len()..], action));
    let patterns = row.map(|row| row.column(0)).unwrap_or_default().split(' ').filter(|pattern| !pattern.is_empty());
    patterns.flat_map(|pattern| render(pattern, logical_id, resource, resolver)).collect()
}

/// What `Ref` gives.
pub(super) fn reference(logical_id: &str, resource: &Value, resolver: Resolver<'_>) -> String {
    let kind = resource["Type"].as_str().unwrap_or_default();
    if REF_IS_ARN.contains(&kind) {
        let mut arns = own(logical_id, resource, resolver).into_iter();
        // Of what is a version or leads to one it is that version's ARN, which stands last.
        let of_version = ["LayerVersion", "Version", "Alias"].iter().any(|name| kind == format!("AWS::Lambda::{name}"));
        let arn = if of_version { arns.next_back() } else { arns.next() };
        return arn.unwrap_or_else(|| "*".into());
    }
    match name_property(kind).and_then(|property| resource["Properties"].get(property)) {
        Some(value) => resolver.text(value),
        None => generated(logical_id, kind, resolver),
    }
}

/// What `Fn::GetAtt` gives.
pub(super) fn attribute(logical_id: &str, resource: &Value, attribute: &str, resolver: Resolver<'_>) -> String {
    let arn = || own(logical_id, resource, resolver).into_iter().next();
    let found = match attribute {
        "StreamArn" => arn().map(|arn| arn + "/stream/*"),
        "FunctionArn" if resource["Type"] == "AWS::Lambda::Url" => arn(),
        _ if attribute.ends_with("Arn") || attribute == "ARN" => arn(),
        "DomainName" | "RegionalDomainName" if resource["Type"] == "AWS::S3::Bucket" => {
            Some(reference(logical_id, resource, resolver) + ".s3.amazonaws.com")
        }
        "QueueName" | "TopicName" | "FunctionName" => Some(reference_name(logical_id, resource, resolver)),
        _ => None,
    };
    found.unwrap_or_else(|| "*".into())
}

fn reference_name(logical_id: &str, resource: &Value, resolver: Resolver<'_>) -> String {
    let text = reference(logical_id, resource, resolver);
    if text.starts_with("arn:") { text.rsplit([':', '/']).next().unwrap_or("*").to_owned() } else { text }
}

/// The property that names resources of a type: the last one in its first pattern, where CloudFormation would
/// make up a name without it.
fn name_property(kind: &str) -> Option<&'static str> {
    let row = ARNS.find(kind).filter(|row| !row.column(0).is_empty() || row.column(1).contains("${Name}"))?;
    let first = row.column(1).split(' ').next()?;
    let start = first.rfind("${")? + 2;
    let name = first[start..].split(['}', '=']).next()?;
    (!name.is_empty() && !["Region", "Account"].contains(&name)).then_some(name)
}

fn render(pattern: &str, logical_id: &str, resource: &Value, resolver: Resolver<'_>) -> Vec<String> {
    let kind = resource["Type"].as_str().unwrap_or_default();
    let mut found = vec![String::new()];
    let mut rest = pattern;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let (before, inner) = (&rest[..start], &rest[start + 2..start + length]);
        let (name, default) = inner.split_once('=').map_or((inner, None), |(name, default)| (name, Some(default)));
        let property = resource["Properties"].get(name);
        let marker = before.rsplit(':').next().filter(|m| !m.is_empty()).unwrap_or(before);
        let values = match (name, property) {
            ("Region", _) => vec![resolver.scope.region.clone()],
            ("Account", _) => vec![resolver.scope.account().to_owned()],
            ("", _) => vec![generated(logical_id, kind, resolver)],
            (_, Some(value)) => {
                resolver.texts(value).iter().map(|text| short(text, marker, start == 0 && rest == pattern)).collect()
            }
            (_, None) => match default {
                Some(default) => vec![default.to_owned()],
                None if name_property(kind) == Some(name) => vec![generated(logical_id, kind, resolver)],
                None => return Vec::new(),
            },
        };
        found = found.iter().flat_map(|head| values.iter().map(move |v| format!("{head}{before}{v}"))).collect();
        rest = &rest[start + length + 1..];
    }
    let arn = |text: String| {
        let text = (text + rest).replace("**", "*");
        match text.starts_with("arn:") {
            true => text,
            // A whole ARN that is not known stays so.
            false if text.starts_with('*') => "*".to_owned(),
            false => format!("arn:{}:{text}", resolver.scope.partition),
        }
    };
    found.into_iter().map(arn).collect()
}

/// The part of a value that stands behind `marker` in an ARN: names may be given as ARNs or URLs too.
fn short(text: &str, marker: &str, whole: bool) -> String {
    if whole {
        return text.to_owned();
    }
    if let Some((_, tail)) = text.split_once(marker).filter(|_| text.starts_with("arn:") && !marker.is_empty()) {
        // Of `function:name:alias` the name.
        return tail.split(':').next().unwrap_or(tail).to_owned();
    }
    let text = match text.split_once("://") {
        Some(_) => text.rsplit('/').next().unwrap_or(text),
        None if text.starts_with("arn:") => text.rsplit(':').next().unwrap_or(text),
        None => text,
    };
    // A parameter's name begins with the slash that its ARN has already.
    if marker.ends_with('/') { text.trim_start_matches('/').to_owned() } else { text.to_owned() }
}

/// The name that CloudFormation makes up (CloudFormation User Guide, "Name Type"), with `*` for what is random.
fn generated(logical_id: &str, kind: &str, resolver: Resolver<'_>) -> String {
    let mode = ARNS.find(kind).map(|row| row.column(0)).unwrap_or_default();
    let (mode, max) = mode.split_once(' ').map_or((mode, usize::MAX), |(m, n)| (m, n.parse().unwrap_or(usize::MAX)));
    let stack = &resolver.scope.stack;
    match mode {
        "logical" => format!("{logical_id}*"),
        "stack" | "lower" => {
            // A hyphen and at most thirteen random characters follow; what does not fit is cut at places
            // that are not documented, of which the beginning is safe.
            let name = format!("{stack}-{logical_id}");
            let name =
                if name.len() + 14 <= max { name + "-*" } else { stack.chars().take(max / 3).chain(['*']).collect() };
            if mode == "lower" { name.to_lowercase() } else { name }
        }
        _ => "*".into(),
    }
}
