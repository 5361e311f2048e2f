//! What S3 says without saying why. The order of checks is in "Troubleshoot access denied (403) errors in Amazon S3".

use super::{Acts, Cause, Kind, Weight};

pub(super) const ROWS: &[Cause] = &[
    Cause::new(
        "bucket-of-another-owner",
        Kind::AlreadyExists,
        &[
            "BucketAlreadyExists",
            "requested bucket name is not available",
            "bucket namespace is shared by all users of the system",
        ],
    )
    .says("The bucket name is taken, in another account or region")
    .fix("Choose another name: bucket names are shared by all accounts. Or leave the name out, and CloudFormation makes one."),
    Cause::new(
        "bucket-owned-by-you",
        Kind::AlreadyExists,
        &["BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it"],
    )
    .says("The bucket exists already, in this very account")
    .fix("Import it into the stack (`rlx deploy --import-existing`), or leave it out of the template and refer to it by name."),
    Cause::new(
        "code-not-readable",
        Kind::UnknownDeny,
        &[
            "Your access has been denied by S3, please make sure your request credentials have permission to {operation} for {resource}. S3 Error Code",
            "please make sure your request credentials have permission to {operation} for {resource}",
        ],
    )
    .acts(Acts::Operation)
    .says("Lambda could not read the code {resource} with the caller's rights")
    .fix("Allow s3:GetObject (s3:GetObjectVersion with a version) on that key to the identity that deploys, and see that the bucket is yours and in this region."),
    Cause::new(
        "template-not-readable",
        Kind::S3Bare,
        &["S3 error: Access Denied"],
    )
    .acts(Acts::Always("s3:GetObject"))
    .says("CloudFormation could not read the template from its bucket with the caller's rights")
    .fix("Allow s3:GetObject on the template's key to the identity that deploys, and see whether a Deny in the bucket's policy, or the bucket's key, keeps it out."),
    Cause::new(
        "object-not-downloaded",
        Kind::S3Bare,
        &[
            "Unable to download from S3 location * Forbidden",
            "Unable to download from S3 location * Access Denied",
            "Failed to download * from S3 * Forbidden",
            "Failed to download * from S3 * Access Denied",
        ],
    )
    .acts(Acts::Always("s3:GetObject"))
    .says("A service could not fetch an object from S3 for the caller")
    .fix("Allow s3:GetObject on that key to the caller or to the role that the service works with, and see that the object is there."),
    Cause::new(
        "query-results-not-written",
        Kind::S3Bare,
        &["Access denied when writing output to url: {resource}", "Access denied when writing output to url"],
    )
    .acts(Acts::Always("s3:PutObject"))
    .says("Athena may not write the results of the query{ to resource} with the caller's rights")
    .fix("Allow s3:PutObject, s3:GetObject, s3:GetBucketLocation and s3:AbortMultipartUpload on that bucket to the caller, and see the bucket's policy and key."),
    Cause::new(
        "query-results-bucket",
        Kind::S3Bare,
        &["Unable to verify/create output bucket"],
    )
    .acts(Acts::Always("s3:GetBucketLocation"))
    .says("Athena may not use the bucket for query results with the caller's rights, or it is not there")
    .fix("Allow s3:GetBucketLocation, s3:ListBucket, s3:GetObject and s3:PutObject on that bucket to the caller, and check its name and region."),
    Cause::new(
        "s3-head-refused",
        Kind::S3Bare,
        &["dont have access to it", "don't have access to it", "(403) when calling the HeadObject operation", "(403) when calling the HeadBucket operation", "S3 * 403 Forbidden",
            // What the SDKs make of an answer to HEAD, which has no body: only S3 is asked that way.
            "Forbidden: Forbidden",
            "Forbidden: null",
            "ServerlessError: Forbidden",
            "Error: Forbidden", "403 Forbidden * s3.amazonaws.com",
            // Serverless Framework v3: its HEAD of the bucket was answered with 403.
            "Could not access the deployment bucket. Make sure you have sufficient permissions",
            // s3cmd
            "Access to bucket * was denied",
            // s3fs
            "HTTP response code =403",
            "HTTP response code 403 was returned",
            "AWS Error Code: AccessDenied AWS Message: Access Denied"],
    )
    .weight(Weight::Bare)
    .acts(Acts::Call)
    .says("S3 refused{ action}{ on resource}; a HEAD request never says why")
    .fix("Check, in this order: the bucket exists and is yours, {action} in the caller's policy, a Deny in the bucket's policy, the bucket's key, public access block, object ownership."),
];
