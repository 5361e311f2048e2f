//! `provider.s3.<bucket>`: settings of buckets that `s3` events make. Keys follow `AWS::S3::Bucket`, the
//! outermost with a small letter (Framework v3 guide, "S3: custom bucket configuration").

use super::build::*;
use serde_json::{Value, json};

const ARCHIVE_CLASSES: [&str; 5] = ["DEEP_ARCHIVE", "GLACIER", "INTELLIGENT_TIERING", "ONEZONE_IA", "STANDARD_IA"];

fn date() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn status() -> Value {
    one_of(["Disabled", "Enabled"])
}

fn tag() -> Value {
    required(object([("Key", text()), ("Value", text())]), ["Key", "Value"])
}

fn destination() -> Value {
    required(
        object([
            ("BucketAccountId", pattern(r"\d{12}")),
            ("BucketArn", shared("awsArn")),
            ("Format", one_of(["CSV", "ORC", "Parquet"])),
            ("Prefix", text()),
        ]),
        ["BucketArn", "Format"],
    )
}

/// The schema of one bucket.
pub fn bucket() -> Value {
    object([
        ("name", shared("awsS3BucketName")),
        ("bucketName", shared("awsS3BucketName")),
        ("accessControl", text()),
        (
            "accelerateConfiguration",
            required(object([("AccelerationStatus", one_of(["Enabled", "Suspended"]))]), ["AccelerationStatus"]),
        ),
        ("analyticsConfigurations", list(analytics())),
        ("bucketEncryption", encryption()),
        ("corsConfiguration", cors()),
        ("inventoryConfigurations", list(inventory())),
        ("lifecycleConfiguration", required(object([("Rules", list(lifecycle_rule()))]), ["Rules"])),
        (
            "loggingConfiguration",
            object([
                ("DestinationBucketName", any_of([shared("awsS3BucketName"), shared("awsCfFunction")])),
                ("LogFilePrefix", text()),
            ]),
        ),
        (
            "metricsConfigurations",
            list(required(object([("Id", text()), ("Prefix", text()), ("TagFilters", list(tag()))]), ["Id"])),
        ),
        ("notificationConfiguration", notifications()),
        ("objectLockConfiguration", object_lock()),
        ("objectLockEnabled", boolean()),
        (
            "publicAccessBlockConfiguration",
            object([
                ("BlockPublicAcls", boolean()),
                ("BlockPublicPolicy", boolean()),
                ("IgnorePublicAcls", boolean()),
                ("RestrictPublicBuckets", boolean()),
            ]),
        ),
        ("replicationConfiguration", replication()),
        ("tags", list(tag())),
        ("versioningConfiguration", required(object([("Status", one_of(["Enabled", "Suspended"]))]), ["Status"])),
        ("websiteConfiguration", website()),
    ])
}

fn analytics() -> Value {
    let export = object([("Destination", destination()), ("OutputSchemaVersion", constant("V_1"))]);
    let class = object([("DataExport", required(export, ["Destination", "OutputSchemaVersion"]))]);
    required(
        object([("Id", text()), ("Prefix", text()), ("StorageClassAnalysis", class), ("TagFilters", list(tag()))]),
        ["Id", "StorageClassAnalysis"],
    )
}

fn encryption() -> Value {
    let by_default = object([
        ("KMSMasterKeyID", any_of([shared("awsArn"), pattern("^[a-f0-9-]+$")])),
        ("SSEAlgorithm", one_of(["AES256", "aws:kms"])),
    ]);
    let rule = object([
        ("ServerSideEncryptionByDefault", required(by_default, ["SSEAlgorithm"])),
        ("BucketKeyEnabled", boolean()),
    ]);
    required(object([("ServerSideEncryptionConfiguration", list(rule))]), ["ServerSideEncryptionConfiguration"])
}

fn cors() -> Value {
    let rule = object([
        ("AllowedHeaders", list(text())),
        ("AllowedMethods", list(one_of(["GET", "PUT", "HEAD", "POST", "DELETE"]))),
        ("AllowedOrigins", list(text())),
        ("ExposedHeaders", list(text())),
        ("Id", text_up_to(255)),
        ("MaxAge", integer(0)),
    ]);
    let rules = with(list(required(rule, ["AllowedMethods", "AllowedOrigins"])), "maxItems", 100);
    required(object([("CorsRules", rules)]), ["CorsRules"])
}

fn inventory() -> Value {
    required(
        object([
            ("Destination", destination()),
            ("Enabled", boolean()),
            ("Id", text()),
            ("IncludedObjectVersions", one_of(["All", "Current"])),
            ("OptionalFields", list(text())),
            ("Prefix", text()),
            ("ScheduleFrequency", one_of(["Daily", "Weekly"])),
        ]),
        ["Destination", "Enabled", "Id", "IncludedObjectVersions", "ScheduleFrequency"],
    )
}

fn lifecycle_rule() -> Value {
    let noncurrent = || {
        required(
            object([("StorageClass", one_of(ARCHIVE_CLASSES)), ("TransitionInDays", integer(0))]),
            ["StorageClass", "TransitionInDays"],
        )
    };
    let transition = object([
        ("StorageClass", one_of(ARCHIVE_CLASSES)),
        ("TransitionDate", date()),
        ("TransitionInDays", integer(1)),
    ]);
    let abort = object([("DaysAfterInitiation", integer(0))]);
    let rule = object([
        ("AbortIncompleteMultipartUpload", required(abort, ["DaysAfterInitiation"])),
        ("ExpirationDate", date()),
        ("ExpirationInDays", or_cloud_formation(integer(0))),
        ("Id", text_up_to(255)),
        ("NoncurrentVersionExpirationInDays", integer(0)),
        ("NoncurrentVersionTransition", noncurrent()),
        ("NoncurrentVersionTransitions", list(noncurrent())),
        ("Prefix", text()),
        ("Status", status()),
        ("TagFilters", list(tag())),
        ("Transitions", list(required(transition, ["StorageClass"]))),
    ]);
    let actions = [
        "AbortIncompleteMultipartUpload",
        "ExpirationDate",
        "ExpirationInDays",
        "NoncurrentVersionExpirationInDays",
        "NoncurrentVersionTransition",
        "NoncurrentVersionTransitions",
        "Transition",
        "Transitions",
    ];
    with(required(rule, ["Status"]), "anyOf", json!(actions.map(|action| json!({ "required": [action] }))))
}

fn notifications() -> Value {
    let rule = required(object([("Name", one_of(["prefix", "suffix"])), ("Value", text())]), ["Name", "Value"]);
    let filter = required(object([("S3Key", required(object([("Rules", list(rule))]), ["Rules"]))]), ["S3Key"]);
    let to = |target: &str| {
        list(required(
            object([("Event", pattern("^s3:")), ("Filter", filter.clone()), (target, shared("awsArn"))]),
            ["Event", target],
        ))
    };
    object([
        ("LambdaConfigurations", to("Function")),
        ("QueueConfigurations", to("Queue")),
        ("TopicConfigurations", to("Topic")),
    ])
}

fn object_lock() -> Value {
    let retention =
        object([("Days", integer(0)), ("Mode", one_of(["COMPLIANCE", "GOVERNANCE"])), ("Years", integer(0))]);
    object([("ObjectLockEnabled", constant("Enabled")), ("Rule", object([("DefaultRetention", retention)]))])
}

fn replication() -> Value {
    let minutes = || required(object([("Minutes", integer(0))]), ["Minutes"]);
    let one = |key: &'static str, value: Value| required(object([(key, value)]), [key]);
    let target = object([
        ("AccessControlTranslation", one("Owner", constant("Destination"))),
        ("Account", pattern(r"^\d{12}$")),
        ("Bucket", shared("awsArn")),
        ("EncryptionConfiguration", one("ReplicaKmsKeyID", text())),
        (
            "Metrics",
            required(object([("EventThreshold", minutes()), ("Status", status())]), ["EventThreshold", "Status"]),
        ),
        ("ReplicationTime", required(object([("Status", status()), ("Time", minutes())]), ["Status", "Time"])),
        (
            "StorageClass",
            one_of([
                "DEEP_ARCHIVE",
                "GLACIER",
                "INTELLIGENT_TIERING",
                "ONEZONE_IA",
                "OUTPOSTS",
                "REDUCED_REDUNDANCY",
                "STANDARD",
                "STANDARD_IA",
            ]),
        ),
    ]);
    let target = with(required(target, ["Bucket"]), "dependencies", json!({ "AccessControlTranslation": ["Account"] }));
    let filter = object([
        ("And", object([("Prefix", text()), ("TagFilters", list(tag()))])),
        ("Prefix", text()),
        ("TagFilter", tag()),
    ]);
    let rule = object([
        ("DeleteMarkerReplication", object([("Status", status())])),
        ("Destination", target),
        ("Filter", filter),
        ("Id", text_up_to(255)),
        ("Prefix", text()),
        ("Priority", json!({ "type": "integer" })),
        ("SourceSelectionCriteria", one("SseKmsEncryptedObjects", one("Status", status()))),
        ("Status", status()),
    ]);
    let rules = json!({
        "type": "array", "items": required(rule, ["Destination", "Status"]), "minItems": 1, "maxItems": 1000,
    });
    required(object([("Role", shared("awsArn")), ("Rules", rules)]), ["Role", "Rules"])
}

fn website() -> Value {
    let protocol = || one_of(["http", "https"]);
    let redirect = object([
        ("HostName", text()),
        ("HttpRedirectCode", text()),
        ("Protocol", protocol()),
        ("ReplaceKeyPrefixWith", text()),
        ("ReplaceKeyWith", text()),
    ]);
    let condition = object([("HttpErrorCodeReturnedEquals", text()), ("KeyPrefixEquals", text())]);
    let rule = required(object([("RedirectRule", redirect), ("RoutingRuleCondition", condition)]), ["RedirectRule"]);
    object([
        ("ErrorDocument", text()),
        ("IndexDocument", text()),
        ("RedirectAllRequestsTo", required(object([("HostName", text()), ("Protocol", protocol())]), ["HostName"])),
        ("RoutingRules", list(rule)),
    ])
}
