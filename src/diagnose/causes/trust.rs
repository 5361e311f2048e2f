//! Roles that cannot be assumed.

use super::{Acts, Cause, Kind, Weight};

const ASSUME: Acts = Acts::Always("sts:AssumeRole");
const WEB: Acts = Acts::Always("sts:AssumeRoleWithWebIdentity");

pub(super) const ROWS: &[Cause] = &[
    Cause::new(
        "role-not-assumable-by-lambda",
        Kind::AssumeRoleTrust,
        &[
            "role defined for the function cannot be assumed by Lambda",
            "role defined for the task cannot be assumed",
            "cannot be assumed by Lambda",
        ],
    )
    .acts(ASSUME)
    .says("Lambda cannot assume the function's role: it does not trust lambda.amazonaws.com, or it was made seconds ago and is not known everywhere yet")
    .fix("Trust `lambda.amazonaws.com` in the role's AssumeRolePolicyDocument; if it does so already, wait some ten seconds and deploy again."),
    Cause::new(
        "role-not-assumable",
        Kind::AssumeRoleTrust,
        &[
            "Provided role '{resource}' cannot be assumed by principal '{principal}'",
            "Role {resource} is invalid or cannot be assumed",
            "was unable to assume the role '{resource}'",
            "unable to assume the role that was provided",
            "is unable to assume role {resource}",
            "is unable to assume provided role {resource}",
            "could not assume the role {resource}",
            "Could not assume role {resource}",
            "Could not assume role",
            "Unable to assume role {resource}",
            "unable to assume role",
            "Unable to assume the role",
            "not able to assume role",
            "cannot assume role ({resource})",
            "cannot assume role {resource}",
            "Cannot assume IAM Role",
            "can't assume role",
            "cannot be assumed by principal",
            "cannot be assumed by the",
            "is not authorized to assume role {resource}",
            "User {principal} is not authorized to assume IAM Role {resource}",
            "is not authorized to assume IAM Role {resource}",
            "to assume the role '{resource}' that was provided",
            "is not authorized to assume the provided role",
            "not authorized to assume role",
            "not authorized to assume the role",
            "not authorized to assume this role",
            "Not authorized to get credentials of role {resource}",
            "Please ensure the role can be assumed",
            "does not have a trust relationship",
            "trust relationship",
            "trust policy of the role",
            "AccessDenied when assuming role {resource}",
            "Access denied when attempting to assume role {resource}",
            "access denied when assuming role",
            "Assume role * access denied",
            "assume role failed",
            "Failed to assume role {resource}",
            "Failed to assume role",
            "fail to assume role",
            "Error assuming role {resource}",
            "Error assuming role",
            "Roles may not be assumed by root accounts",
            "invalid principal in assume role policy",
            "Role validation failed",
            "assume role is unable to be assumed",
            "The role with name * cannot be assumed",
            "service role * cannot be assumed",
            "does not have permission to assume role",
            "not have permission to assume the role",
            "cannot assume the role",
            "Invalid role: {resource}. The role might not exist or cannot be assumed",
            "The assumed role is not authorized",
            "API Gateway does not have permission to assume the provided role",
            "does not have permission to assume the provided role {resource}",
            "Unable to assume the service linked role",
            "AWS Glue is not authorized to assume",
            "cannot assume IAM role",
            "Cannot assume IAM Role * IAM Role ({resource}) cannot be assumed",
            "IAM Role ({resource}) cannot be assumed",
            "Error in assuming instance role {resource}",
            "cannot be assumed. Please",
            "must allow * to assume the role",
            "is authorized to assume the provided role. * role {resource}",
            "is authorized to assume the provided role",
            "grant trust permission for",
            "permissions required to assume the role {resource}",
            "permissions required to assume",
            "permissions to assume role {resource}",
            "permissions to assume",
            "permission to assume role {resource}",
            "permission to assume",
            "role with trust relationship to",
            "AssumeRole on role {resource}",
            "cannot be assumed",
            "Role with arn: {resource}, could not be assumed",
            "could not be assumed",
            "trusted entity is not correct",
            "trust policy does not allow",
            "not authorized to assume",
            "unable to assume",
            "Cannot assume",
            "assumeRole failed",
            "EKS does not have permissions to assume the associated role",
            "does not have permissions to assume the associated role",
        ],
    )
    .acts(ASSUME)
    .says("The role{ resource} cannot be assumed{ by principal}: its trust policy does not let the caller, or the caller may not ask")
    .fix(
        "In the account of the role: name the caller in its trust policy (Action sts:AssumeRole, and the conditions that it sets: ExternalId, session name, MFA, organisation). \
         Where the caller is a user or role of another account, its own policy must allow sts:AssumeRole on the role too.",
    ),
    Cause::new(
        "bootstrap-role-not-assumed",
        Kind::AssumeRoleTrust,
        &["could not be used to assume '{resource}', but are for the right account", "could not be used to assume '{resource}'"],
    )
    .weight(Weight::Aside)
    .acts(ASSUME)
    .says("The CDK could not assume {resource} and went on with the credentials at hand")
    .fix("Allow sts:AssumeRole on the cdk-* roles to the caller, or bootstrap the account and region so that the role exists."),
    Cause::new(
        "web-identity-refused",
        Kind::AssumeRoleTrust,
        &[
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            "Error calling AssumeRole for role {resource} * Not authorized to perform sts:AssumeRoleWithWebIdentity",
            "Could not assume role with OIDC",
            "No OpenIDConnect provider found in your account",
            "Incorrect token audience",
            "Couldn't retrieve verification key from your identity provider",
            "OpenIDConnect provider's HTTPS certificate doesn't match",
            "InvalidIdentityToken",
            "IDPRejectedClaim",
            "IDPCommunicationError",
            "failed to retrieve credentials, operation error STS: AssumeRoleWithWebIdentity",
            "WebIdentityErr: failed to retrieve credentials",
        ],
    )
    .acts(WEB)
    .says("The token of the identity provider does not satisfy the trust policy of the role{ resource}")
    .fix(
        "Compare `sub` and `aud` of the token with the conditions of the role's trust policy (letter case matters; GitHub: \
         `repo:OWNER/NAME:ref:refs/heads/BRANCH` or `:environment:NAME`), and see that the OIDC provider exists in the account of the role.",
    ),
    Cause::new(
        "saml-refused",
        Kind::AssumeRoleTrust,
        &["Not authorized to perform sts:AssumeRoleWithSAML", "Your request included an invalid SAML response"],
    )
    .acts(Acts::Always("sts:AssumeRoleWithSAML"))
    .says("The SAML assertion does not satisfy the trust policy of the role")
    .fix("Compare the assertion's Role and SessionDuration attributes and its audience with the role's trust policy and maximum session duration."),
    Cause::new(
        "external-id-wrong",
        Kind::AssumeRoleTrust,
        &["sts:ExternalId", "External ID does not match", "requested DurationSeconds exceeds"],
    )
    .acts(ASSUME)
    .says("The role is assumed with a session duration or external id that it does not accept")
    .fix("Ask for a shorter session or raise the role's MaxSessionDuration; give the ExternalId that its trust policy demands."),
];
