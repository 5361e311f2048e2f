//! The wrong account or region, or one that is not ready.

use super::{Cause, Kind};

pub(super) const ROWS: &[Cause] = &[
    Cause::new(
        "account-not-ready",
        Kind::RegionOrAccount,
        &[
            "OptInRequired",
            "SubscriptionRequiredException",
            "Access Key Id needs a subscription for the service",
            "not subscribed to this service",
            "account must be verified before you can",
            "account is not yet verified",
            "account is currently being verified",
            "Your account is not verified",
            "account verification",
            "Your account has been suspended",
            "account is suspended",
            "account is currently blocked",
            "account is currently restricted",
            "account has been blocked",
            "pending verification",
            "PendingVerification",
            "account is not signed up for",
            "is not authorized to use this service. Please contact AWS",
            "Your AWS account is not active",
            "This account does not have access to",
            "don't have access to the model",
            "do not have access to the model",
            "Model access is denied",
            "Your account is not authorized to invoke this API operation",
            "This account is closed",
            "You must enroll in",
            "please contact AWS support to verify",
            "AllAccessDisabled",
            "All access to this object has been disabled",
        ],
    )
    .says("The account is not verified, not subscribed to the service, or blocked")
    .fix("Finish the sign-up, see to open bills and the support case of AWS; no policy helps."),
    Cause::new(
        "region-not-enabled",
        Kind::RegionOrAccount,
        &[
            "RegionDisabledException",
            "STS is not activated in this region",
            "region is not enabled",
            "region is disabled",
            "not enabled in this region",
            "is not opted in",
            "region * is not opted-in",
            "opt-in region",
            "is not supported in this region",
            "is not available in this region",
            "not supported in the region",
            "not available in region",
            "not supported in * region",
            "unsupported region",
            "Invalid region",
            "is not a valid region",
            "Inaccessible host",
            "UnknownEndpoint",
            "Could not connect to the endpoint URL",
            "getaddrinfo ENOTFOUND * amazonaws.com",
            "does not have access to * in * region",
        ],
    )
    .says("The region is not enabled for this account, or the service is not there")
    .fix("Check the region (`--region`, `provider.region`); enable an opt-in region in the account's settings, or deploy to another one."),
    Cause::new(
        "region-wrong",
        Kind::RegionOrAccount,
        &[
            "AuthorizationHeaderMalformed",
            "the region * is wrong; expecting",
            "must be addressed using the specified endpoint",
            "PermanentRedirect",
            "IllegalLocationConstraintException",
            "location constraint is incompatible for the region specific endpoint",
            "BucketRegionError",
            "incorrect region, the bucket is not in",
            "The bucket is in this region:",
            "Credential should be scoped to a valid region",
            "bucket is in a different region",
            "InvalidLocationConstraint",
            "specified location-constraint is not valid",
            "The S3 bucket * must be in the same region",
            "Please use the endpoint",
            "Please make sure the object is in the same region",
            "The code archive bucket and the function must be in the same region",
            "bucket you are attempting to access must be addressed",
            "Error occurred while GetObject. S3 Error Code: PermanentRedirect",
            "You must specify a region",
            "Missing region in config",
            "Region is missing",
            "could not find region configuration",
        ],
    )
    .says("The request went to a region where the thing does not live")
    .fix("Set the region of the bucket or resource (`--region`, `AWS_REGION`), or use a bucket in this one."),
    Cause::new(
        "certificate-elsewhere",
        Kind::RegionOrAccount,
        &["specified SSL certificate doesn't exist, isn't in us-east-1 region"],
    )
    .says("The certificate is not one that CloudFront takes: it must stand in us-east-1, whatever the region of the stack")
    .fix("Request or import the certificate in us-east-1 and name that one."),
    Cause::new(
        "account-wrong",
        Kind::RegionOrAccount,
        &[
            "Need to perform AWS calls for account *, but the current credentials are for",
            "but the current credentials are for {name}",
            "are not for account",
            "AWS account ID not allowed",
            "AWS Account ID not allowed",
            "credentials are for the wrong account",
            "wrong account",
            "credentials could not be used * and are for the wrong account",
            "is not a valid account",
            "must be in the same account",
        ],
    )
    .says("The credentials belong to another account than the one meant")
    .fix("Use the profile or role of the right account; `aws sts get-caller-identity` shows which one you are in."),
    Cause::new(
        "environment-not-bootstrapped",
        Kind::RegionOrAccount,
        &[
            "SSM parameter * not found. Has the environment been bootstrapped",
            "Has the environment been bootstrapped",
            "Is account * bootstrapped",
            "requires bootstrap stack version * found",
            "has not been bootstrapped",
            "No bucket named * Is account * bootstrapped",
            "Please run 'cdk bootstrap'",
        ],
    )
    .says("The account and region have not been prepared for the CDK")
    .fix("Run `cdk bootstrap aws://ACCOUNT/REGION` with credentials that may do so."),
    Cause::new(
        "api-gateway-log-role",
        Kind::RegionOrAccount,
        &["CloudWatch Logs role ARN must be set in account settings to enable logging"],
    )
    .says("API Gateway has no role to write logs with: that is a setting of the account in this region")
    .fix("Create a role with AmazonAPIGatewayPushToCloudWatchLogs and set it once per region (`AWS::ApiGateway::Account`); `provider.logs.restApi` does that unless `roleManagedExternally` is set."),
];
