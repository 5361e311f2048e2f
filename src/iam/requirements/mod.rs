//! Template → the permissions that creating, updating and removing its stack needs.
//!
//! What CloudFormation's handlers call comes from the catalogue; the tables under `facts/reviewed`
//! say which of it depends on properties (`gates.tsv`), what handlers do not list (`extras.tsv`) and
//! what ARNs resources will have (`arns.tsv`).

mod arns;
mod document;
mod facts;
mod gates;
mod own_calls;
mod references;
mod resolve;
mod resource;

pub use document::{Document, DocumentOptions, MAX_LENGTH, Statement};
pub use own_calls::{Deployment, OwnCall};

use crate::template::Template;
use resolve::Resolver;
use std::collections::{BTreeMap, BTreeSet};

/// Where a stack will live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    pub region: String,
    /// `None` where it is not known; then ARNs match any account.
    pub account: Option<String>,
    pub stack: String,
}

impl Scope {
    /// The scope of a stack in a region, whose name tells the partition.
    pub fn new(stack: impl Into<String>, region: impl Into<String>, account: Option<String>) -> Self {
        let region = region.into();
        let partition = match region.split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
            Some("us") if region.starts_with("us-iso") => "aws-iso",
            _ => "aws",
        };
        Self { partition: partition.to_owned(), region, account, stack: stack.into() }
    }

    /// The account, or what matches any.
    pub fn account(&self) -> &str {
        self.account.as_deref().unwrap_or("*")
    }

    /// An ARN; `rest` begins with the service and has placeholders for region and account.
    fn arn(&self, rest: &str) -> String {
        let rest = rest.replace("${Region}", &self.region).replace("${Account}", self.account());
        format!("arn:{}:{rest}", self.partition)
    }
}

/// A permission: one action on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    pub action: String,
    /// An ARN, in which `*` stands for what is not known before the deploy.
    pub resource: String,
    /// The service that a role is passed to, for `iam:PassRole`.
    pub passed_to: Option<String>,
}

/// What needs a permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// rlx itself, and for what.
    Rlx(&'static str),
    /// A resource of the template, by its logical id.
    Resource(String),
}

/// Permissions and what needs them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    permissions: BTreeMap<Permission, BTreeSet<Need>>,
    /// Resources whose type has no handlers on record, so that actions were inferred from its name.
    pub inferred: BTreeMap<String, String>,
}

impl Requirements {
    /// What the resources of a template need, whoever makes them: the caller or a service role.
    pub fn of_resources(template: &Template, scope: &Scope) -> Self {
        let resolver = Resolver::new(template, scope);
        let mut requirements = Self::default();
        let mut facts = facts::Facts::new(scope);
        for (logical_id, resource) in template.resources() {
            resource::add(&mut requirements, logical_id, resource, &resolver, &mut facts);
        }
        references::add(&mut requirements, template, scope);
        requirements
    }

    /// What rlx calls itself to deploy, watch and remove a stack.
    pub fn of_calls(template: &Template, scope: &Scope, deployment: &Deployment) -> Self {
        let mut requirements = Self::default();
        own_calls::add(&mut requirements, &Resolver::new(template, scope), deployment);
        requirements
    }

    /// Adds a permission or one more need of it.
    pub fn add(&mut self, action: &str, resource: &str, passed_to: Option<&str>, need: Need) {
        let permission = Permission {
            action: action.to_owned(),
            resource: resource.to_owned(),
            passed_to: passed_to.map(str::to_owned),
        };
        self.permissions.entry(permission).or_default().insert(need);
    }

    /// Adds all of others.
    pub fn merge(&mut self, others: Self) {
        for (permission, needs) in others.permissions {
            self.permissions.entry(permission).or_default().extend(needs);
        }
        self.inferred.extend(others.inferred);
    }

    /// All permissions, with what needs them.
    pub fn iter(&self) -> impl Iterator<Item = (&Permission, &BTreeSet<Need>)> {
        self.permissions.iter()
    }

    /// The permissions of some resources only.
    pub fn needed_by(&self, logical_ids: &[&str]) -> Self {
        let wanted = |need: &Need| matches!(need, Need::Resource(id) if logical_ids.contains(&id.as_str()));
        let kept = self.permissions.iter().filter(|(_, needs)| needs.iter().any(wanted));
        Self { permissions: kept.map(|(p, n)| (p.clone(), n.clone())).collect(), inferred: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests;
