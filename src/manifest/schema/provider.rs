//! `provider`.

use super::build::*;
use super::definitions::IMAGE_NAME;
use super::{bucket, provider_api};
use serde_json::{Map, Value, json};

/// Regions of AWS, with those of its other partitions.
const REGIONS: [&str; 41] = [
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
];

/// The schema of `provider`.
pub fn provider() -> Value {
    let mut properties = general();
    properties.extend(functions());
    properties.extend(permissions());
    properties.extend(stack());
    properties.extend(provider_api::properties());
    schema([
        ("type", "object".into()),
        ("description", "Where the service runs, and settings that all its functions share.".into()),
        ("properties", Value::Object(properties)),
        ("required", json!(["name"])),
        ("additionalProperties", false.into()),
    ])
}

fn general() -> Map<String, Value> {
    keys([
        ("name", doc(constant("aws"), "The cloud: rlx deploys to AWS.")),
        ("region", doc(one_of(REGIONS), "The region [default: us-east-1].")),
        ("stage", doc(shared("stage"), "The stage where `--stage` does not name one [default: dev].")),
        ("profile", doc(text(), "The profile of `~/.aws/config` whose credentials are used.")),
        ("deletionProtection", doc(shared("awsDeletionProtection"), "Stages whose stacks are not removed.")),
    ])
}

/// What functions have unless they say otherwise.
fn functions() -> Map<String, Value> {
    keys([
        ("runtime", doc(shared("awsLambdaRuntime"), "The runtime of functions [default: nodejs24.x].")),
        (
            "runtimeManagement",
            doc(shared("awsLambdaRuntimeManagement"), "When Lambda updates the runtime [default: auto]."),
        ),
        ("memorySize", doc(shared("awsLambdaMemorySize"), "MiB of memory [default: 1024].")),
        ("timeout", doc(shared("awsLambdaTimeout"), "Seconds that a function may run [default: 6].")),
        ("architecture", doc(shared("awsLambdaArchitecture"), "The processor [default: x86_64].")),
        ("environment", doc(shared("awsLambdaEnvironment"), "Environment variables of all functions.")),
        ("layers", doc(shared("awsLambdaLayers"), "Layers of functions that have none of their own.")),
        ("vpc", doc(shared("awsLambdaVpcConfig"), "The VPC of functions that have none of their own.")),
        ("kmsKeyArn", doc(shared("awsKmsArn"), "The key that encrypts environment variables.")),
        (
            "tracing",
            doc(
                object([("apiGateway", boolean()), ("lambda", shared("awsLambdaTracing"))]),
                "X-Ray tracing of APIs and functions.",
            ),
        ),
        ("versionFunctions", doc(shared("awsLambdaVersioning"), "Publish a version per change [default: true].")),
        (
            "pruneFunctionVersions",
            doc(shared("awsPruneFunctionVersions"), "Remove old versions after a deploy, but for the newest ones."),
        ),
        (
            "lambdaHashingVersion",
            doc(
                json!({ "enum": ["20200924", "20201221", 20_200_924, 20_201_221] }),
                "Of no effect: rlx has one way to hash versions.",
            ),
        ),
        ("logRetentionInDays", doc(shared("awsLogRetentionInDays"), "Days that logs are kept [default: for ever].")),
        ("logDataProtectionPolicy", doc(shared("awsLogDataProtectionPolicy"), "What is masked in logs.")),
        ("ecr", doc(ecr(), "Container images that functions name.")),
        (
            "kinesis",
            doc(object([("consumerNamingMode", constant("serviceSpecific"))]), "How stream consumers are named."),
        ),
        ("s3", doc(map(bucket::bucket()), "Settings of buckets that `s3` events make, by the name used in the event.")),
        ("eventBridge", doc(object([("useCloudFormation", boolean())]), "How EventBridge rules are made.")),
    ])
}

fn ecr() -> Value {
    let image = any_of([
        object([
            ("uri", doc(shared("ecrImageUri"), "An image in ECR.")),
            ("path", doc(text(), "The folder that is built.")),
            ("file", doc(text(), "The Dockerfile [default: Dockerfile].")),
            ("buildArgs", map(text())),
            ("buildOptions", list(text())),
            ("cacheFrom", list(text())),
            ("platform", text()),
            ("provenance", text()),
        ]),
        text(),
    ]);
    required(
        object([
            ("scanOnPush", boolean()),
            ("maxImageCount", integer(1)),
            ("images", json!({ "type": "object", "patternProperties": { IMAGE_NAME: image } })),
        ]),
        ["images"],
    )
}

fn permissions() -> Map<String, Value> {
    let role = object([
        ("name", pattern("^[A-Za-z0-9/_+=,.@-]{1,64}$")),
        ("path", pattern(r"(^/$)|(^/[\x21-\x7f]+/$)")),
        ("managedPolicies", list(shared("awsArn"))),
        ("statements", doc(shared("awsIamPolicyStatements"), "What functions may do.")),
        ("permissionBoundary", doc(shared("awsArn"), "The old spelling of `permissionsBoundary`.")),
        ("permissionsBoundary", doc(shared("awsArn"), "What functions may do at most.")),
        ("tags", shared("awsResourceTags")),
    ]);
    keys([
        (
            "iam",
            doc(
                object([
                    (
                        "role",
                        doc(
                            any_of([shared("awsLambdaRole"), role]),
                            "The role of functions: one that exists, or settings of the one made here.",
                        ),
                    ),
                    ("deploymentRole", doc(shared("awsArn"), "The role that CloudFormation deploys with.")),
                ]),
                "Permissions.",
            ),
        ),
        ("role", doc(shared("awsLambdaRole"), "The old spelling of `iam.role`.")),
        ("rolePermissionsBoundary", doc(shared("awsArnString"), "The old spelling of `iam.role.permissionsBoundary`.")),
        ("cfnRole", doc(shared("awsArn"), "The old spelling of `iam.deploymentRole`.")),
        ("iamManagedPolicies", doc(list(shared("awsArn")), "The old spelling of `iam.role.managedPolicies`.")),
        ("iamRoleStatements", doc(shared("awsIamPolicyStatements"), "The old spelling of `iam.role.statements`.")),
    ])
}

fn stack() -> Map<String, Value> {
    let bucket = object([
        ("name", doc(shared("awsS3BucketName"), "A bucket that exists.")),
        ("blockPublicAccess", boolean()),
        ("skipPolicySetup", boolean()),
        ("maxPreviousDeploymentArtifacts", integer(0)),
        ("versioning", boolean()),
        ("serverSideEncryption", one_of(["AES256", "aws:kms"])),
        ("sseCustomerAlgorithim", text()),
        ("sseCustomerKey", text()),
        ("sseCustomerKeyMD5", text()),
        ("sseKMSKeyId", text()),
        ("kmsKeyID", doc(text(), "The key of `aws:kms`, for serverless-deployment-bucket.")),
        ("tags", shared("awsResourceTags")),
    ]);
    let trigger = required(
        object([("Arn", shared("awsArnString")), ("Type", constant("AWS::CloudWatch::Alarm"))]),
        ["Arn", "Type"],
    );
    let parameter = object([
        ("ParameterKey", text()),
        ("ParameterValue", text()),
        ("UsePreviousValue", boolean()),
        ("ResolvedValue", text()),
    ]);
    keys([
        (
            "stackName",
            doc(
                json!({ "type": "string", "pattern": "^[a-zA-Z][a-zA-Z0-9-]*$", "maxLength": 128 }),
                "The stack's name [default: <service>-<stage>].",
            ),
        ),
        ("stackTags", doc(shared("awsResourceTags"), "Tags of the stack, and thereby of its resources.")),
        ("tags", doc(shared("awsResourceTags"), "Tags of functions and stages of APIs.")),
        ("stackParameters", doc(list(parameter), "Parameters of the stack.")),
        ("stackPolicy", doc(shared("awsIamPolicyStatements"), "Which resources updates may change.")),
        ("notificationArns", doc(list(shared("awsArnString")), "Topics that stack events are sent to.")),
        (
            "rollbackConfiguration",
            doc(
                object([("RollbackTriggers", list(trigger)), ("MonitoringTimeInMinutes", integer(0))]),
                "Alarms that roll a deploy back.",
            ),
        ),
        ("disableRollback", doc(boolean(), "Leave a failed stack as it is, to look at.")),
        ("deploymentBucket", doc(any_of([shared("awsS3BucketName"), bucket]), "The bucket of archives.")),
        ("deploymentPrefix", doc(text(), "The folder in that bucket [default: rlx].")),
        (
            "deploymentMethod",
            doc(one_of(["changesets", "direct"]), "Change sets, or direct updates [default: changesets]."),
        ),
        ("cloudFront", doc(object([("cachePolicies", map(cache_policy()))]), "Cache policies of `cloudFront` events.")),
    ])
}

fn cache_policy() -> Value {
    let names = || list(text());
    let cookies = object([("CookieBehavior", one_of(["none", "whitelist", "allExcept", "all"])), ("Cookies", names())]);
    let headers = object([("HeaderBehavior", one_of(["none", "whitelist"])), ("Headers", names())]);
    let queries =
        object([("QueryStringBehavior", one_of(["none", "whitelist", "allExcept", "all"])), ("QueryStrings", names())]);
    let key = required(
        object([
            ("CookiesConfig", required(cookies, ["CookieBehavior"])),
            ("EnableAcceptEncodingBrotli", boolean()),
            ("EnableAcceptEncodingGzip", boolean()),
            ("HeadersConfig", required(headers, ["HeaderBehavior"])),
            ("QueryStringsConfig", required(queries, ["QueryStringBehavior"])),
        ]),
        ["CookiesConfig", "EnableAcceptEncodingGzip", "HeadersConfig", "QueryStringsConfig"],
    );
    required(
        object([
            ("Comment", text()),
            ("DefaultTTL", integer(0)),
            ("MaxTTL", integer(0)),
            ("MinTTL", integer(0)),
            ("ParametersInCacheKeyAndForwardedToOrigin", key),
        ]),
        ["DefaultTTL", "MaxTTL", "MinTTL", "ParametersInCacheKeyAndForwardedToOrigin"],
    )
}
