//! Keys.

use super::{Acts, Cause, Kind};

const DECRYPT: Acts = Acts::Always("kms:Decrypt");

pub(super) const ROWS: &[Cause] = &[
    Cause::new(
        "key-not-usable",
        Kind::Kms,
        &[
            "The ciphertext refers to a customer master key that does not exist",
            "ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access",
            "unable to decrypt the environment variables because KMS access was denied",
            "KMS access was denied",
            "Lambda was unable to decrypt",
            "KMSAccessDeniedException",
            "not authorized to decrypt",
            "unable to decrypt",
            "KMS.AccessDeniedException",
            "KMSAccessDenied",
        ],
    )
    .acts(DECRYPT)
    .says("The key that the data is encrypted with may not be used{ by principal}, or is gone; the call on the data itself was allowed")
    .fix(
        "Allow kms:Decrypt on the key in the caller's policy, and the caller in the key's own policy. \
         A role that was deleted and made again has lost its grant: set the function's role or key again.",
    ),
    Cause::new(
        "secret-key-not-usable",
        Kind::Kms,
        &[
            "GetSecretValue operation: Access to KMS is not allowed",
            "GetSecretValue, * Access to KMS is not allowed",
            "GetSecretValue * AccessDeniedException: Access to KMS is not allowed",
            "secret * AccessDeniedException: Access to KMS is not allowed",
        ],
    )
    .acts(DECRYPT)
    .says("The key that the secret is encrypted with may not be used{ by principal}; reading the secret itself was allowed")
    .fix("Allow kms:Decrypt on the secret's key in the caller's policy and, where it is another account's, in the key's own. The key `aws/secretsmanager` cannot be used from other accounts."),
    Cause::new(
        "key-access-not-allowed",
        Kind::Kms,
        &[
            "The specified KMS key [{resource}] does not exist, is not enabled or you do not have permissions to access it",
            "KMS key [{resource}] does not exist",
            "KMS key {resource} does not exist, is not enabled or you do not have permissions to access it",
            "KMS key {resource} isn't valid or you don't have permission",
            "is not enabled or you do not have permissions to access it",
            "Access to KMS is not allowed",
            "The role {principal} does not have permission to access the KMS key",
            "does not have permission to access the KMS key",
            "does not have access to the KMS key",
            "access to the KMS key is denied",
            "KMS key policy",
            "KMS key access denied",
            "KMS key is not accessible",
            "KMS key is inaccessible",
            "inaccessible KMS key",
            "inaccessible AWS KMS key",
            "inaccessible encryption key",
            "does not have permission to use the KMS key",
            "does not have permissions to use the KMS key",
            "specified KMS key does not exist or is not allowed to be used with",
            "KMS key * is not allowed to be used",
            "is not authorized to use the KMS key",
            "is not allowed to use the KMS key",
            "not have access to the KMS key",
            "KMS key ARN * is not valid",
            "KMSKeyNotAccessible",
            "The KMS key provided * does not have",
            "KMS key is not usable",
            "Client.InvalidKMSKey",
            "InvalidKMSKey.InvalidState",
            "KmsKeyNotAccessible",
            "access denied to the KMS key",
            "Insufficient permissions to use KMS key",
            "KMS.KMSAccessDenied",
            "KMSKeyNotAccessibleFault",
            "null (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException",
            "(Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException",
            "The new key policy will not allow you to update the key policy in the future",
            "KMS Key * lacks permission",
            "KMS key is invalid for CreateGrant",
            "unable to configure access to your environment variables because the KMS key is invalid",
        ],
    )
    .says("The key's policy, or the caller's, does not let it be used for this")
    .fix("Allow the service or the caller in the key's policy (kms:Decrypt, kms:GenerateDataKey*, kms:CreateGrant with kms:ViaService), and kms actions on the key in the caller's own policy."),
    Cause::new(
        "key-state",
        Kind::Kms,
        &[
            "KMSInvalidStateException",
            "KMSDisabledException",
            "KMSNotFoundException",
            "KMS.NotFoundException",
            "KMS.DisabledException",
            "is pending deletion",
            "kms * is disabled",
            ":key/* is disabled",
            "DisabledException",
            "KMSInvalidState",
            "Invalid arn * kms",
        ],
    )
    .says("The key is disabled, pending deletion or gone")
    .fix("Enable the key or cancel its deletion, or set another key."),
];
