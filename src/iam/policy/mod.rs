//! Policy documents of every legal shape (IAM User Guide, "Grammar of the IAM JSON policy language").

mod operator;
mod parse;

pub use operator::{Comparison, Operator, Quantifier};
pub use parse::PolicyError;

/// A policy document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// Whether policy variables mean something: `Version` is `2012-10-17`, not the default `2008-10-17`.
    pub has_variables: bool,
    /// Its statements, at least one.
    pub statements: Vec<Statement>,
}

/// What a statement does where it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub sid: Option<String>,
    pub effect: Effect,
    /// `Principal` or `NotPrincipal`; policies of identities have neither.
    pub principals: Option<Listed<Principal>>,
    /// `Action` or `NotAction`.
    pub actions: Listed<String>,
    /// `Resource` or `NotResource`; trust policies have neither.
    pub resources: Option<Listed<String>>,
    /// `Condition`: all must hold.
    pub conditions: Vec<Condition>,
}

/// An element and what stands in it: `Action: [...]`, or with `negated` `NotAction: [...]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    pub negated: bool,
    pub items: Vec<T>,
}

/// A principal as policies name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// `*` or `{"AWS": "*"}`.
    Anyone,
    /// An account id or an ARN.
    Aws(String),
    /// A service such as `lambda.amazonaws.com`.
    Service(String),
    /// An identity provider.
    Federated(String),
    /// An S3 canonical user id.
    CanonicalUser(String),
}

/// One key of one operator in `Condition`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The operator as it is spelled in the policy.
    pub spelled: String,
    pub operator: Operator,
    /// The condition key.
    pub key: String,
    /// What it is compared with; one is enough.
    pub values: Vec<String>,
}
