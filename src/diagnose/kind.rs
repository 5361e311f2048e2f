//! What sort of failure it is, and which policy layer decided: the labels of `docs/diagnose.md`.

use serde::{Deserialize, Serialize};

/// The sort of a failure. Part of the public JSON form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No identity-based policy of the caller allows the action.
    ImplicitDenyIdentity,
    /// An identity-based policy of the caller denies it.
    ExplicitDenyIdentity,
    /// A resource's own policy, or a setting of the resource, stands in the way.
    ResourcePolicy,
    /// The caller's permissions boundary.
    PermissionsBoundary,
    /// The policy passed when the session was made.
    SessionPolicy,
    /// A service control policy of the organisation.
    Scp,
    /// A resource control policy of the organisation.
    Rcp,
    /// The policy of a VPC endpoint.
    VpcEndpoint,
    /// The role cannot be assumed: its trust policy, or the right to assume it.
    AssumeRoleTrust,
    /// The caller may not hand a role to a service.
    Passrole,
    /// The function's (task's, pipeline's) own role lacks a permission that the service needs.
    ExecutionRoleLacks,
    /// A key: its policy, its grants, its state.
    Kms,
    /// S3 says no more than "Access Denied".
    S3Bare,
    /// Denied, and the text does not say by which layer.
    UnknownDeny,
    /// Credentials are absent, unknown or wrong.
    CredentialsInvalid,
    /// Credentials were good once.
    CredentialsExpired,
    /// This machine's clock is wrong.
    ClockSkew,
    /// Wrong or unready region or account.
    RegionOrAccount,
    /// A quota, or too many requests.
    QuotaOrThrottle,
    /// The aftermath of a failure that stands elsewhere.
    RollbackNoise,
    /// A name is taken.
    AlreadyExists,
    /// Something else still uses it: an export, a bucket's objects, a network interface.
    InUse,
    /// Another operation is under way.
    StackBusy,
    /// The stack is in a state that must be left first.
    StackState,
    /// The template or a property of it is wrong.
    TemplateInvalid,
    /// What is referred to is not there.
    NotFound,
    /// The service did not stabilise, or failed inside.
    ServiceFailure,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Kind; 27] = [
        Kind::ImplicitDenyIdentity,
        Kind::ExplicitDenyIdentity,
        Kind::ResourcePolicy,
        Kind::PermissionsBoundary,
        Kind::SessionPolicy,
        Kind::Scp,
        Kind::Rcp,
        Kind::VpcEndpoint,
        Kind::AssumeRoleTrust,
        Kind::Passrole,
        Kind::ExecutionRoleLacks,
        Kind::Kms,
        Kind::S3Bare,
        Kind::UnknownDeny,
        Kind::CredentialsInvalid,
        Kind::CredentialsExpired,
        Kind::ClockSkew,
        Kind::RegionOrAccount,
        Kind::QuotaOrThrottle,
        Kind::RollbackNoise,
        Kind::AlreadyExists,
        Kind::InUse,
        Kind::StackBusy,
        Kind::StackState,
        Kind::TemplateInvalid,
        Kind::NotFound,
        Kind::ServiceFailure,
    ];

    /// Whether IAM refused, or the credentials cannot be used: exit code 3.
    pub fn is_denial(self) -> bool {
        self <= Kind::CredentialsExpired
    }
}

/// The policy layer that decided (IAM user guide, "Policy evaluation logic").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Identity-based policies of the caller.
    Identity,
    /// The policy of the resource.
    Resource,
    /// The permissions boundary of the caller.
    Boundary,
    /// The session policy.
    Session,
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
    /// A VPC endpoint policy.
    Endpoint,
    /// The trust policy of a role.
    Trust,
}

impl Layer {
    /// In words, with its article.
    pub fn words(self) -> &'static str {
        match self {
            Layer::Identity => "an identity-based policy",
            Layer::Resource => "the resource's own policy",
            Layer::Boundary => "the permissions boundary",
            Layer::Session => "the session policy",
            Layer::Scp => "a service control policy (SCP)",
            Layer::Rcp => "a resource control policy (RCP)",
            Layer::Endpoint => "the VPC endpoint's policy",
            Layer::Trust => "the role's trust policy",
        }
    }
}

/// How a layer decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A statement denies.
    Explicit,
    /// No statement allows.
    Implicit,
}
