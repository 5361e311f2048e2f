//! Required permissions against what the caller may do, before anything is changed.

use super::evaluate::{Answer, Caller, Decision, Layer, Policies, Request, evaluate};
use super::requirements::{Need, Permission, Requirements};
use std::collections::{BTreeMap, BTreeSet};

/// How it was found out what the caller may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// The caller is the account's root user.
    Root,
    /// `iam:SimulatePrincipalPolicy`, which knows all policies.
    Simulated,
    /// The caller's own policies, evaluated here.
    Evaluated,
    /// It was not: why.
    Unknown(String),
}

/// What may be done of what is required.
#[derive(Debug, Clone, PartialEq)]
pub struct Preflight {
    pub method: Method,
    /// What would be denied.
    pub denied: Requirements,
    /// What of it no further statement of the caller's mends alone.
    pub limits: BTreeMap<Permission, Limit>,
    /// Permissions whose conditions rest on what only the request itself carries.
    pub open: Vec<Permission>,
}

/// What says no, whatever else the caller's own policies allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// A Deny of the caller's policies.
    Deny,
    /// The caller's permissions boundary.
    Boundary,
    /// A policy of the organization.
    Organization,
}

impl Preflight {
    /// Nothing is known.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::new(Method::Unknown(reason.into()))
    }

    /// Nothing is denied to the root user, as far as its account decides.
    pub fn root() -> Self {
        Self::new(Method::Root)
    }

    /// From a judgement of every permission.
    pub fn of(method: Method, required: &Requirements, mut judge: impl FnMut(&Asked) -> Verdict) -> Self {
        let mut preflight = Self::new(method);
        for (permission, needs) in required.iter() {
            let limit = match judge(&Asked::new(permission, needs)) {
                Verdict::Allowed => continue,
                Verdict::Denied if is_by_key_policy(permission) => {
                    preflight.open.push(permission.clone());
                    continue;
                }
                Verdict::Open => {
                    preflight.open.push(permission.clone());
                    continue;
                }
                Verdict::Denied => None,
                Verdict::Limited(limit) => Some(limit),
            };
            preflight.limits.extend(limit.map(|limit| (permission.clone(), limit)));
            for need in needs {
                let passed_to = permission.passed_to.as_deref();
                preflight.denied.add(&permission.action, &permission.resource, passed_to, need.clone());
            }
        }
        preflight
    }

    fn new(method: Method) -> Self {
        Self { method, denied: Requirements::default(), limits: BTreeMap::new(), open: Vec::new() }
    }

    /// With the caller's account in what is denied, where the requirements do not know it.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        let mut denied = Requirements::default();
        for (permission, needs) in self.denied.iter() {
            let resource = with_account(&permission.resource, account);
            for need in needs {
                denied.add(&permission.action, &resource, permission.passed_to.as_deref(), need.clone());
            }
        }
        self.denied = denied;
        let limits = std::mem::take(&mut self.limits).into_iter();
        self.limits = limits
            .map(|(permission, limit)| {
                let resource = with_account(&permission.resource, account);
                (Permission { resource, ..permission }, limit)
            })
            .collect();
        self
    }

    /// By the caller's policies.
    pub fn evaluate(required: &Requirements, caller: &Caller, policies: &Policies) -> Self {
        Self::of(Method::Evaluated, required, |asked| verdict(&answer(asked, caller, policies)))
    }
}

/// Whether a permission is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// Nothing allows it.
    Denied,
    /// Something says no, whatever else allows it.
    Limited(Limit),
    /// It depends on condition keys that are not known before the request.
    Open,
}

/// A permission as it will be asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asked {
    pub permission: Permission,
    /// Whether CloudFormation asks, in the caller's name; `None` where both it and rlx do.
    pub through_cloudformation: Option<bool>,
}

impl Asked {
    /// From what needs the permission.
    pub fn new(permission: &Permission, needs: &BTreeSet<Need>) -> Self {
        let of_resource = |need: &Need| matches!(need, Need::Resource(_));
        let through_cloudformation = match needs.iter().filter(|need| of_resource(need)).count() {
            0 => Some(false),
            all if all == needs.len() => Some(true),
            _ => None,
        };
        Self { permission: permission.clone(), through_cloudformation }
    }

    /// The condition keys that are known before the request (IAM User Guide, "AWS global condition context keys").
    pub fn context(&self) -> Vec<(&'static str, Vec<String>)> {
        const FORMATION: &str = "cloudformation.amazonaws.com";
        // Services with one endpoint for all regions.
        const GLOBAL: [&str; 4] = ["cloudfront", "iam", "route53", "budgets"];
        let mut context = Vec::new();
        let service = self.permission.action.split(':').next().unwrap_or_default();
        let region = match self.permission.resource.split(':').nth(3).filter(|region| !region.is_empty()) {
            Some(region) if !region.contains('*') => Some(region),
            _ => GLOBAL.contains(&service).then_some("us-east-1"),
        };
        context.extend(region.map(|region| ("aws:RequestedRegion", vec![region.to_owned()])));
        context.extend(self.permission.passed_to.clone().map(|service| ("iam:PassedToService", vec![service])));
        context.extend(self.through_cloudformation.map(|through| ("aws:ViaAWSService", vec![through.to_string()])));
        if self.through_cloudformation == Some(true) {
            for key in ["aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"] {
                context.push((key, vec![FORMATION.to_owned()]));
            }
        }
        context
    }
}

/// Decides one permission by policies. A `*` in its resource is granted only by what covers it.
pub fn answer(asked: &Asked, caller: &Caller, policies: &Policies) -> Answer {
    let account = caller.account().unwrap_or("*");
    let resource = with_account(&asked.permission.resource, account);
    let mut request = Request::new(caller.clone(), asked.permission.action.as_str(), resource);
    for (key, values) in asked.context() {
        request.context.set(key, values);
    }
    evaluate(&request, policies)
}

/// An answer's meaning where the request is not complete.
pub fn verdict(answer: &Answer) -> Verdict {
    match answer.decision {
        Decision::Allow => Verdict::Allowed,
        _ if !answer.open_keys().is_empty() => Verdict::Open,
        Decision::ExplicitDeny => Verdict::Limited(match answer.denying_layer() {
            Some(Layer::Boundary) => Limit::Boundary,
            _ => Limit::Deny,
        }),
        Decision::ImplicitDeny if answer.missing.contains(&Layer::Boundary) => Verdict::Limited(Limit::Boundary),
        Decision::ImplicitDeny => Verdict::Denied,
    }
}

/// Whether a key that is there already decides by its own policy, which may name the caller without any policy of the
/// caller's (KMS Developer Guide, "Key policies").
fn is_by_key_policy(permission: &Permission) -> bool {
    permission.action.starts_with("kms:")
        && permission.resource.contains(":key/")
        && !permission.resource.ends_with(":key/*")
}

/// An ARN with the account where it was not known.
pub fn with_account(arn: &str, account: &str) -> String {
    let mut parts: Vec<&str> = arn.splitn(6, ':').collect();
    if parts.len() == 6 && parts[4] == "*" {
        parts[4] = account;
    }
    parts.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::evaluate::NamedPolicy;
    use crate::iam::policy::Policy;
    use crate::iam::requirements::Need;
    use serde_json::{Value, json};

    fn required() -> Requirements {
        let mut required = Requirements::default();
        let need = || Need::Resource("Hello".into());
        required.add("lambda:GetFunction", "arn:aws:lambda:eu-west-1:*:function:orders-dev-a", None, need());
        required.add("s3:GetObject", "arn:aws:s3:::orders-dev-*/*", None, need());
        required.add("iam:PassRole", "arn:aws:iam::*:role/r", Some("lambda.amazonaws.com"), need());
        required
    }

    fn check(statements: Value) -> Preflight {
        let policy = Policy::from_value(&json!({ "Version": "2012-10-17", "Statement": statements })).unwrap();
        let identity = vec![NamedPolicy { name: "p".into(), policy }];
        let caller = Caller::from_arn("arn:aws:iam::123456789012:user/ann").unwrap();
        Preflight::evaluate(&required(), &caller, &Policies { identity, ..Policies::default() })
    }

    #[test]
    fn all_that_would_be_denied_is_listed_at_once() {
        let found = check(json!([{ "Effect": "Allow", "Action": "lambda:*", "Resource": "*" }]));
        let actions: Vec<&str> = found.denied.iter().map(|(p, _)| p.action.as_str()).collect();
        assert_eq!(actions, ["iam:PassRole", "s3:GetObject"]);
    }

    #[test]
    fn the_account_of_the_caller_stands_in_what_is_denied() {
        let mut required = Requirements::default();
        required.add("sqs:CreateQueue", "arn:aws:sqs:eu-west-1:*:jobs", None, Need::Rlx("stack"));
        let found = Preflight::of(Method::Simulated, &required, |_| Verdict::Limited(Limit::Organization));
        let found = found.in_account("123456789012");
        let resources: Vec<&str> = found.denied.iter().map(|(p, _)| p.resource.as_str()).collect();
        assert_eq!(resources, ["arn:aws:sqs:eu-west-1:123456789012:jobs"]);
        assert!(found.denied.iter().all(|(permission, _)| found.limits[permission] == Limit::Organization));
    }

    #[test]
    fn what_no_further_statement_mends_alone_is_told_apart() {
        let found = check(json!([
            { "Effect": "Allow", "Action": "lambda:*", "Resource": "*" },
            { "Effect": "Deny", "Action": "s3:*", "Resource": "*" },
        ]));
        let limits: Vec<_> = found.denied.iter().map(|(p, _)| found.limits.get(p).copied()).collect();
        assert_eq!(limits, [None, Some(Limit::Deny)]);
    }

    #[test]
    fn a_key_that_is_there_may_let_the_caller_in_by_itself() {
        let mut required = Requirements::default();
        for key in ["arn:aws:kms:eu-west-1:123456789012:key/1", "arn:aws:kms:eu-west-1:123456789012:key/*"] {
            required.add("kms:Decrypt", key, None, Need::Resource("Hello".into()));
        }
        let found = Preflight::of(Method::Evaluated, &required, |_| Verdict::Denied);
        assert_eq!((found.open.len(), found.denied.iter().count()), (1, 1));
        let found = Preflight::of(Method::Evaluated, &required, |_| Verdict::Limited(Limit::Deny));
        assert_eq!(found.denied.iter().count(), 2);
    }

    #[test]
    fn what_is_printed_as_required_is_found_sufficient() {
        let documents = required().documents(&Default::default());
        let found = check(documents[0].to_json()["Statement"].clone());
        assert_eq!(found.denied, Requirements::default());
    }

    #[test]
    fn a_grant_for_a_part_of_the_names_is_not_enough() {
        let found = check(json!([{ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::orders-dev-x/*" }]));
        assert!(found.denied.iter().any(|(p, _)| p.action == "s3:GetObject"));
    }

    #[test]
    fn what_cloudformation_asks_for_is_told_apart_by_conditions() {
        let mut required = required();
        required.add("s3:PutObject", "arn:aws:s3:::orders-dev-*/*", None, Need::Rlx("deployment bucket"));
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": { "ForAnyValue:StringEquals": { "aws:CalledVia": "cloudformation.amazonaws.com" } } }] });
        let policy = NamedPolicy { name: "p".into(), policy: Policy::from_value(&policy).unwrap() };
        let policies = Policies { identity: vec![policy], ..Policies::default() };
        let caller = Caller::from_arn("arn:aws:iam::123456789012:user/ann").unwrap();
        let found = Preflight::evaluate(&required, &caller, &policies);
        let open: Vec<&str> = found.open.iter().map(|p| p.action.as_str()).collect();
        assert_eq!((open, found.denied), (vec!["s3:PutObject"], Requirements::default()));
    }

    #[test]
    fn a_deny_of_other_regions_spares_this_one() {
        let found = check(json!([
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "NotAction": ["iam:*", "s3:*"], "Resource": "*",
              "Condition": { "StringNotEquals": { "aws:RequestedRegion": "eu-west-1" } } },
        ]));
        assert_eq!((found.denied, found.open), (Requirements::default(), vec![]));
    }

    #[test]
    fn a_condition_on_what_is_not_known_yet_leaves_the_answer_open() {
        let found = check(json!([{ "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": { "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } } }]));
        assert_eq!(found.open.len(), 3);
        assert_eq!(found.denied, Requirements::default());
    }
}
