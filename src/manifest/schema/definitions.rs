//! Definitions that several properties share. Their names are those of Framework v3, because event schemas
//! (and the schemas of plugins) refer to them as `#/definitions/<name>`.

use super::build::*;
use serde_json::{Map, Value, json};

/// What `functions`, and a function's `name`, may be called.
pub const FUNCTION_NAME: &str = "^[a-zA-Z0-9_-]+$";
/// What a stage may be called.
pub const STAGE: &str = "^[A-Za-z0-9-]+$";
/// What an image of `provider.ecr.images` may be called.
pub const IMAGE_NAME: &str = "^[a-z][a-z0-9_-]{1,31}$";
/// An image in ECR, by tag or digest.
pub const IMAGE_URI: &str = r"^\d+\.dkr\.ecr\.[a-z0-9-]+..amazonaws.com/([^@]+)|([^@:]+@sha256:[a-f0-9]{64})$";
/// A bucket (Amazon S3 user guide, "Bucket naming rules").
pub const BUCKET_NAME: &str = r"^(([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])$";
/// A bucket's name must not look like one.
const IP_ADDRESS: &str = r"^(\d{1,3}\.){3}\d{1,3}$";
/// A load balancer's listener.
pub const ALB_LISTENER: &str = r"^arn:aws[\w-]*:elasticloadbalancing:.+:listener/app/[\w-]+/([\w-]+)/([\w-]+)$";

/// Runtimes that Lambda creates functions for (AWS Lambda developer guide, "Lambda runtimes"), and
/// languages that rlx builds for one of them.
const RUNTIMES: [&str; 26] = [
    "go",
    "rust",
    "dotnet8",
    "dotnet9",
    "dotnet10",
    "java25",
    "java21",
    "java17.al2023",
    "java17",
    "java11.al2023",
    "java11",
    "java8.al2023",
    "java8.al2",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "provided.al2",
    "provided.al2023",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
];

/// Days that CloudWatch keeps logs for (`PutRetentionPolicy`).
const RETENTION: [u64; 21] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 2192, 2557, 2922, 3288, 3653];

/// All of them, by name.
pub fn definitions() -> Map<String, Value> {
    let mut all = names();
    all.extend(cloud_formation());
    all.extend(iam());
    all.extend(lambda());
    all.extend(other());
    all
}

fn names() -> Map<String, Value> {
    keys([
        ("errorCode", pattern("^[A-Z0-9_]+$")),
        ("functionName", pattern(FUNCTION_NAME)),
        ("serviceName", pattern("^[a-zA-Z][0-9a-zA-Z-]+$")),
        ("stage", pattern(STAGE)),
        ("awsAccountId", pattern(r"^\d{12}$")),
        ("awsArnString", pattern("^arn:")),
        ("awsArn", any_of([shared("awsArnString"), shared("awsCfFunction")])),
        ("awsAlbListenerArn", pattern(ALB_LISTENER)),
        (
            "awsAlexaEventToken",
            json!({ "type": "string", "minLength": 0, "maxLength": 256, "pattern": r"^[a-zA-Z0-9._\-]+$" }),
        ),
        ("awsApiGatewayAbbreviatedArn", pattern("^execute-api:/")),
        (
            "awsSecretsManagerArnString",
            pattern(r"arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d+:secret:[A-Za-z0-9/_+=.@-]+"),
        ),
        ("awsLogicalResourceId", pattern("^[#A-Za-z0-9_./-]+[*]?$")),
        ("awsLogGroupName", pattern("^[/#A-Za-z0-9_.-]+$")),
        ("awsKmsArn", any_of([shared("awsCfFunction"), pattern("^arn:aws[a-z-]*:kms")])),
        (
            "awsS3BucketName",
            json!({
                "type": "string",
                "pattern": BUCKET_NAME,
                "not": { "pattern": IP_ADDRESS },
                "minLength": 3,
                "maxLength": 63,
            }),
        ),
        ("ecrImageUri", pattern(IMAGE_URI)),
    ])
}

/// Calls of CloudFormation functions.
fn cloud_formation() -> Map<String, Value> {
    let call = |name: &str, argument: Value| required(object([(name, argument)]), [name]);
    let of =
        |length: u64, items: Value| json!({ "type": "array", "minItems": length, "maxItems": length, "items": items });
    let not_empty = || json!({ "type": "string", "minLength": 1 });
    let text_or_function = || json!({ "oneOf": [text(), shared("awsCfFunction")] });
    keys([
        ("awsCfGetAtt", call("Fn::GetAtt", of(2, not_empty()))),
        ("awsCfGetAZs", call("Fn::GetAZs", json!({ "oneOf": [not_empty(), shared("awsCfRef")] }))),
        ("awsCfImport", call("Fn::ImportValue", json!({}))),
        ("awsCfImportLocallyResolvable", call("Fn::ImportValue", text())),
        ("awsCfIf", call("Fn::If", of(3, shared("awsCfInstruction")))),
        ("awsCfJoin", call("Fn::Join", of(2, json!([text(), { "type": "array" }])))),
        (
            "awsCfSelect",
            call(
                "Fn::Select",
                of(
                    2,
                    any_of([
                        json!({ "type": "number" }),
                        json!({ "type": "array" }),
                        text(),
                        shared("awsCfFindInMap"),
                        shared("awsCfGetAtt"),
                        shared("awsCfGetAZs"),
                        shared("awsCfIf"),
                        shared("awsCfSplit"),
                        shared("awsCfRef"),
                    ]),
                ),
            ),
        ),
        ("awsCfRef", call("Ref", not_empty())),
        ("awsCfSplit", call("Fn::Split", of(2, text_or_function()))),
        ("awsCfFindInMap", call("Fn::FindInMap", of(3, text_or_function()))),
        ("awsCfSub", call("Fn::Sub", json!({}))),
        ("awsCfBase64", json!({ "type": "object", "properties": { "Fn::Base64": {} } })),
        ("awsCfToJsonString", call("Fn::ToJsonString", any_of([any_object(), json!({ "type": "array" })]))),
        (
            "awsCfFunction",
            any_of([
                shared("awsCfImport"),
                shared("awsCfJoin"),
                shared("awsCfGetAtt"),
                shared("awsCfRef"),
                shared("awsCfSub"),
                shared("awsCfBase64"),
                shared("awsCfToJsonString"),
            ]),
        ),
        ("awsCfInstruction", any_of([not_empty(), shared("awsCfFunction")])),
        ("awsCfArrayInstruction", any_of([list(shared("awsCfInstruction")), shared("awsCfSplit")])),
    ])
}

/// Policies (IAM user guide, "Grammar of the IAM JSON policy language").
fn iam() -> Map<String, Value> {
    let any = || constant("*");
    let one_or_several = |alternatives: Vec<Value>| {
        let mut all = alternatives.clone();
        all.push(list(json!({ "anyOf": alternatives })));
        json!({ "anyOf": all })
    };
    let statements = |resource: &str| {
        let statement = object([
            ("Sid", text()),
            ("Effect", one_of(["Allow", "Deny"])),
            ("Action", shared("awsIamPolicyAction")),
            ("NotAction", shared("awsIamPolicyAction")),
            ("Principal", shared("awsIamPolicyPrincipal")),
            ("NotPrincipal", shared("awsIamPolicyPrincipal")),
            ("Resource", shared(resource)),
            ("NotResource", shared(resource)),
            ("Condition", any_object()),
        ]);
        let either = |a: &str, b: &str| json!({ "oneOf": [{ "required": [a] }, { "required": [b] }] });
        list(with(
            statement,
            "allOf",
            json!([{ "required": ["Effect"] }, either("Action", "NotAction"), either("Resource", "NotResource")]),
        ))
    };
    keys([
        ("awsIamPolicyAction", list(text())),
        (
            "awsIamPolicyPrincipal",
            any_of([
                any(),
                object([
                    (
                        "AWS",
                        any_of([any(), shared("awsCfIf"), list(any_of([shared("awsAccountId"), shared("awsArn")]))]),
                    ),
                    ("Federated", list(text())),
                    ("Service", list(text())),
                    ("CanonicalUser", list(text())),
                ]),
            ]),
        ),
        ("awsIamPolicyResource", one_or_several(vec![any(), shared("awsArn"), shared("awsLogicalResourceId")])),
        ("awsIamPolicyStatements", statements("awsIamPolicyResource")),
        (
            "awsResourcePolicyResource",
            one_or_several(vec![any(), shared("awsArn"), shared("awsApiGatewayAbbreviatedArn")]),
        ),
        ("awsResourcePolicyStatements", statements("awsResourcePolicyResource")),
    ])
}

fn lambda() -> Map<String, Value> {
    let members = |most: u64| {
        let items = any_of([shared("awsCfInstruction"), shared("awsCfIf")]);
        any_of([with(list(items), "maxItems", most), shared("awsCfSplit"), shared("awsCfFindInMap")])
    };
    let variable = any_of([constant(""), shared("awsCfInstruction"), shared("awsCfIf"), shared("awsCfSelect")]);
    keys([
        ("awsLambdaArchitecture", one_of(["arm64", "x86_64"])),
        (
            "awsLambdaEnvironment",
            json!({
                "type": "object",
                "patternProperties": { "^[A-Za-z_][a-zA-Z0-9_]*$": variable },
                "additionalProperties": false,
            }),
        ),
        ("awsLambdaLayers", list(shared("awsArn"))),
        ("awsLambdaMemorySize", between(128, 10240)),
        (
            "awsLambdaRole",
            any_of([
                json!({ "type": "string", "minLength": 1 }),
                shared("awsCfSub"),
                shared("awsCfImport"),
                shared("awsCfGetAtt"),
            ]),
        ),
        ("awsLambdaRuntime", one_of(RUNTIMES)),
        (
            "awsLambdaRuntimeManagement",
            json!({ "oneOf": [
                one_of(["auto", "onFunctionUpdate"]),
                object([("mode", one_of(["auto", "onFunctionUpdate", "manual"])), ("arn", shared("awsArn"))]),
            ] }),
        ),
        ("awsLambdaTimeout", between(1, 900)),
        ("awsLambdaTracing", any_of([one_of(["Active", "PassThrough"]), boolean()])),
        ("awsLambdaVersioning", boolean()),
        (
            "awsLambdaVpcConfig",
            required(
                object([
                    ("ipv6AllowedForDualStack", boolean()),
                    ("securityGroupIds", members(5)),
                    ("subnetIds", members(16)),
                ]),
                ["securityGroupIds", "subnetIds"],
            ),
        ),
        (
            "awsLambdaLogging",
            object([
                (
                    "applicationLogLevel",
                    with(one_of(["DEBUG", "ERROR", "FATAL", "INFO", "TRACE", "WARN"]), "type", "string"),
                ),
                ("logFormat", with(one_of(["JSON", "Text"]), "type", "string")),
                ("logGroup", pattern(r"^[.\-_/#A-Za-z0-9]{1,512}$")),
                ("systemLogLevel", with(one_of(["DEBUG", "INFO", "WARN"]), "type", "string")),
            ]),
        ),
    ])
}

fn other() -> Map<String, Value> {
    let key = || {
        object([
            ("name", text()),
            ("value", text()),
            ("description", text()),
            ("customerId", text()),
            ("enabled", boolean()),
        ])
    };
    let one_plan = list(json!({ "oneOf": [text(), shared("awsApiGatewayApiKeysProperties")] }));
    keys([
        (
            "awsApiGatewayApiKeys",
            list(any_of([text(), shared("awsApiGatewayApiKeysProperties"), with(map(one_plan), "maxProperties", 1)])),
        ),
        ("awsApiGatewayApiKeysProperties", key()),
        ("awsHttpApiPayload", with(one_of(["1.0", "2.0"]), "type", "string")),
        (
            "awsDeletionProtection",
            any_of([boolean(), required(object([("stages", with(list(shared("stage")), "minItems", 1))]), ["stages"])]),
        ),
        ("awsPruneFunctionVersions", any_of([boolean(), required(object([("number", integer(1))]), ["number"])])),
        ("awsLogRetentionInDays", json!({ "type": "number", "enum": RETENTION })),
        (
            "awsLogDataProtectionPolicy",
            required(
                object([
                    ("Name", text()),
                    ("Description", text()),
                    ("Version", text()),
                    ("Statement", json!({ "type": "array" })),
                ]),
                ["Name", "Version", "Statement"],
            ),
        ),
        ("awsResourceCondition", text()),
        ("awsResourceDependsOn", list(text())),
        (
            "awsResourceTags",
            json!({
                "type": "object",
                "patternProperties": { r"^[\w./=+:\-_\x20]{1,128}$": text_up_to(256) },
                "propertyNames": { "not": { "pattern": "^aws:" } },
                "additionalProperties": false,
            }),
        ),
        ("filterPatterns", json!({ "type": "array", "minItems": 1, "maxItems": 10, "items": any_object() })),
        (
            "mskProvisionedPollerConfig",
            json!({
                "type": "object",
                "properties": { "minimumPollers": between(1, 1000), "maximumPollers": between(1, 1000) },
            }),
        ),
    ])
}
