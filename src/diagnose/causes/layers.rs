//! The sentence `... is not authorized to perform ...` → its row, by action and deciding layer.

use super::{Acts, Cause, Kind, Weight};
use crate::diagnose::message::denial::Denial;
use crate::diagnose::{Effect, Layer};

const fn row(code: &'static str, kind: Kind, explanation: &'static str, remedy: &'static str) -> Cause {
    Cause { code, kind, weight: Weight::Telling, evidence: &[], action: Acts::Said, explanation, remedy }
}

const ASK: &str = "An identity policy cannot mend this.";

static IDENTITY: Cause = row(
    "identity-does-not-allow",
    Kind::ImplicitDenyIdentity,
    "{principal} may not do {action}{ on resource}: none of its identity policies allows it",
    "Add the statement to a policy of {principal}.",
);
static IDENTITY_DENIES: Cause = row(
    "identity-denies",
    Kind::ExplicitDenyIdentity,
    "{principal} may not do {action}{ on resource}: a Deny statement in one of its identity policies{ policy} says so",
    "Take the Deny statement away, or meet its condition (tags, region, boundary, MFA); a further Allow changes nothing.",
);
static RESOURCE: Cause = row(
    "resource-policy-decides",
    Kind::ResourcePolicy,
    "{principal} may not do {action}{ on resource}: the resource's own policy stands in the way",
    "Allow {principal} (or take away the Deny) in the policy of the resource.",
);
static PUBLIC: Cause = row(
    "public-access-blocked",
    Kind::ResourcePolicy,
    "{principal} may not do {action}{ on resource}: it would make it public, which S3 Block Public Access forbids on this bucket or in this account",
    "Leave the bucket private (CloudFront with origin access control), or set PublicAccessBlockConfiguration on the bucket, and on the account where it is set there.",
);
static BOUNDARY: Cause = row(
    "boundary-decides",
    Kind::PermissionsBoundary,
    "{principal} may not do {action}{ on resource}: its permissions boundary{ policy} does not let it",
    "Whoever owns the boundary must allow the action there.",
);
static SESSION: Cause = row(
    "session-policy-decides",
    Kind::SessionPolicy,
    "{principal} may not do {action}{ on resource}: the policy passed when its session was made leaves the action out",
    "Add the action to the session policy where the session is made (AssumeRole, GetFederationToken, identity pool).",
);
static SCP: Cause = row(
    "scp-decides",
    Kind::Scp,
    "{principal} may not do {action}{ on resource}: a service control policy of the organisation{ policy} forbids it",
    "Whoever runs the organisation must change the SCP, or use a region or account where it does not hold.",
);
static RCP: Cause = row(
    "rcp-decides",
    Kind::Rcp,
    "{principal} may not do {action}{ on resource}: a resource control policy of the organisation{ policy} forbids it",
    "Make the request as the RCP demands (encryption, TLS, organisation), or have it changed by whoever runs the organisation.",
);
static ENDPOINT: Cause = row(
    "endpoint-policy-decides",
    Kind::VpcEndpoint,
    "{principal} may not do {action}{ on resource} through this VPC endpoint: the endpoint's policy does not let it",
    "Allow the action in the policy of the VPC endpoint.",
);
static TRUST: Cause = row(
    "trust-policy-decides",
    Kind::AssumeRoleTrust,
    "{principal} may not assume{ resource}: the role's trust policy does not let it, or its own policy lacks {action}",
    "Name {principal} in the trust policy of the role (with the conditions it sets: session name, ExternalId, MFA), and allow {action} on the role to it.",
);
static PASS: Cause = row(
    "pass-role",
    Kind::Passrole,
    "{principal} may not hand the role{ resource} to a service (iam:PassRole)",
    "Allow iam:PassRole on exactly that role, with iam:PassedToService set to the service that gets it.",
);
static KEY: Cause = row(
    "key-refused",
    Kind::Kms,
    "{principal} may not use the key{ resource} ({action})",
    "Allow {action} on the key in the caller's policy, and the caller in the key's own policy.",
);
static UNKNOWN: Cause = row(
    "denied",
    Kind::UnknownDeny,
    "{principal} may not do {action}{ on resource}; the message does not say which policy decided",
    "Add the statement to a policy of {principal}; if it is there already, look for a boundary, an SCP or a resource policy.",
);
static UNKNOWN_DENIES: Cause = row(
    "denied-explicitly",
    Kind::UnknownDeny,
    "{principal} may not do {action}{ on resource}: a Deny statement says so, in a policy that the message does not name",
    "Find the Deny: identity policies (conditions on MFA, region, tags), boundary, session policy, SCP. A further Allow changes nothing.",
);
static ANONYMOUS: Cause = row(
    "anonymous-refused",
    Kind::ResourcePolicy,
    "The request was not signed, and the resource's policy does not let everybody do {action}{ on resource}",
    "Sign the request (SigV4), or allow it to the caller's address or VPC endpoint in the policy of the API or resource.",
);

static ASIDE: Cause = Cause {
    weight: Weight::Aside,
    ..row(
        "not-compared",
        Kind::UnknownDeny,
        "{principal} may not do {action}, so that unchanged functions could not be told from changed ones",
        "Allow it to the deploying identity; the deploy goes on without it.",
    )
};

/// The row of a denial.
pub fn of_denial(denial: &Denial) -> &'static Cause {
    if denial.aside {
        return &ASIDE;
    }
    if denial.public {
        return &PUBLIC;
    }
    let action = denial.action.as_deref().unwrap_or_default().to_ascii_lowercase();
    let operation = action.rsplit(':').next().unwrap_or_default();
    let explicit = denial.effect == Some(Effect::Explicit);
    match denial.layer {
        Some(Layer::Boundary) => return &BOUNDARY,
        Some(Layer::Session) => return &SESSION,
        Some(Layer::Scp) => return &SCP,
        Some(Layer::Rcp) => return &RCP,
        Some(Layer::Endpoint) => return &ENDPOINT,
        Some(Layer::Trust) => return &TRUST,
        Some(Layer::Identity) if explicit => return &IDENTITY_DENIES,
        _ => {}
    }
    if operation == "passrole" {
        return &PASS;
    }
    if action.starts_with("kms:") && !explicit {
        return &KEY;
    }
    let of_sessions = action.starts_with("sts:") && ["tagsession", "setsourceidentity"].contains(&operation);
    if (operation.starts_with("assumerole") || of_sessions) && denial.layer != Some(Layer::Identity) {
        return &TRUST;
    }
    match denial.layer {
        Some(Layer::Identity) => &IDENTITY,
        Some(_) => &RESOURCE,
        None if denial.principal.as_deref() == Some("anonymous") => &ANONYMOUS,
        None if explicit => &UNKNOWN_DENIES,
        None => &UNKNOWN,
    }
}

/// What whoever owns the deciding policy must be told, where the reader cannot mend it with an identity policy.
pub fn who_decides(kind: Kind) -> Option<(&'static str, &'static str)> {
    match kind {
        Kind::Scp | Kind::Rcp => Some(("the administrators of your AWS organisation", ASK)),
        Kind::PermissionsBoundary => Some(("whoever owns the permissions boundary", ASK)),
        Kind::VpcEndpoint => Some(("whoever runs the network and its VPC endpoints", ASK)),
        Kind::SessionPolicy => Some(("whoever hands out the session (identity broker, role chaining, CI)", ASK)),
        Kind::ResourcePolicy => Some(("whoever owns the resource", ASK)),
        Kind::ExplicitDenyIdentity => {
            Some(("whoever keeps the policy with the Deny", "A further Allow cannot mend this."))
        }
        _ => None,
    }
}
