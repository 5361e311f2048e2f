//! `functions.<name>`.

use super::build::*;
use super::definitions::{FUNCTION_NAME, IMAGE_NAME};
use super::package;
use serde_json::{Map, Value, json};

const ACCESS_POINT: &str = "^arn:aws[a-zA-Z-]*:elasticfilesystem:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-[1-9]{1}:[0-9]{12}:access-point/fsap-[a-f0-9]{17}$";

/// The schema of `functions`. `events` are the schemas of events by their name, `plugins` further
/// properties that plugins of the service give to functions.
pub fn functions(events: Map<String, Value>, plugins: Map<String, Value>) -> Value {
    let mut properties = own();
    properties.extend(settings());
    properties.extend(invocation());
    properties.extend(permissions());
    properties.extend(building());
    properties.extend(plugins);
    properties.insert("events".into(), doc(self::events(events), "What triggers the function."));
    let function = schema([
        ("type", "object".into()),
        ("properties", Value::Object(properties)),
        ("additionalProperties", false.into()),
    ]);
    schema([
        ("type", "object".into()),
        ("description", "The functions, by name.".into()),
        ("patternProperties", schema([(FUNCTION_NAME, function)])),
        ("additionalProperties", false.into()),
    ])
}

/// How its code is built.
fn building() -> Map<String, Value> {
    let application = || any_of([text(), any_object()]);
    keys([
        ("module", doc(text(), "The folder of a Python function that becomes the root of its archive.")),
        ("vendor", doc(text(), "A folder of Python libraries that comes along, at the root of its archive.")),
        ("wsgi", doc(application(), "A Python web application (Flask, Django) instead of a handler: `module.object`.")),
        (
            "asgi",
            doc(application(), "An asynchronous web application (FastAPI) instead of a handler: `module.object`."),
        ),
        ("rust", doc(any_object(), "How cargo builds it: `profile`, `features`, `cargoFlags`, `env`, `zig`.")),
        ("go", doc(any_object(), "How Go builds it: `flags`, `tags`, `env`, `baseDir`, `cgo`, `cmd`.")),
    ])
}

fn events(events: Map<String, Value>) -> Value {
    let kinds: Vec<Value> = events
        .into_iter()
        .map(|(name, event)| {
            schema([
                ("type", "object".into()),
                ("properties", schema([(name.as_str(), event)])),
                ("required", json!([name])),
                ("additionalProperties", false.into()),
            ])
        })
        .collect();
    list(schema([("anyOf", Value::Array(kinds))]))
}

fn own() -> Map<String, Value> {
    let image = object([
        ("name", doc(pattern(IMAGE_NAME), "One of `provider.ecr.images`.")),
        ("uri", doc(shared("ecrImageUri"), "An image in ECR.")),
        ("workingDirectory", text()),
        ("command", list(text())),
        ("entryPoint", list(text())),
    ]);
    keys([
        ("name", doc(pattern(FUNCTION_NAME), "The deployed name [default: <service>-<stage>-<key>].")),
        ("handler", doc(text(), "The code: `folder/file.function`, or the binary of a Rust or Go function.")),
        (
            "image",
            doc(any_of([shared("ecrImageUri"), pattern(IMAGE_NAME), image]), "A container image instead of a handler."),
        ),
        ("runtime", doc(shared("awsLambdaRuntime"), "The runtime [default: provider.runtime].")),
        ("runtimeManagement", doc(shared("awsLambdaRuntimeManagement"), "When Lambda updates the runtime.")),
        ("description", doc(text_up_to(256), "What it is for.")),
        ("package", doc(package::of_function(), "What is in its archive.")),
        ("condition", doc(shared("awsResourceCondition"), "The CloudFormation condition under which it exists.")),
        ("dependsOn", doc(shared("awsResourceDependsOn"), "Resources that must be there first.")),
    ])
}

fn settings() -> Map<String, Value> {
    let file_system = required(
        object([
            ("arn", any_of([pattern(ACCESS_POINT), shared("awsCfGetAtt"), shared("awsCfJoin"), shared("awsCfImport")])),
            ("localMountPath", pattern("^/mnt/[a-zA-Z0-9_.-]+$")),
        ]),
        ["localMountPath", "arn"],
    );
    let durable = required(
        object([("executionTimeout", between(1, 31_622_400)), ("retentionPeriodInDays", between(1, 90))]),
        ["executionTimeout"],
    );
    keys([
        ("memorySize", doc(shared("awsLambdaMemorySize"), "MiB of memory [default: provider.memorySize].")),
        ("timeout", doc(shared("awsLambdaTimeout"), "Seconds that it may run [default: provider.timeout].")),
        ("architecture", doc(shared("awsLambdaArchitecture"), "The processor.")),
        ("environment", doc(shared("awsLambdaEnvironment"), "Environment variables, over those of the provider.")),
        ("ephemeralStorageSize", doc(between(512, 10240), "MiB of `/tmp` [default: 512].")),
        ("layers", doc(shared("awsLambdaLayers"), "Its layers, instead of those of the provider.")),
        (
            "vpc",
            doc(
                any_of([shared("awsLambdaVpcConfig"), constant(false), json!({ "type": "null" })]),
                "Its VPC; `false` for none although the provider has one.",
            ),
        ),
        ("fileSystemConfig", doc(file_system, "An EFS file system; needs a VPC.")),
        ("kmsKeyArn", doc(shared("awsKmsArn"), "The key that encrypts its environment variables.")),
        ("awsKmsKeyArn", doc(shared("awsKmsArn"), "Of no effect; `kmsKeyArn` is the name.")),
        ("tags", doc(shared("awsResourceTags"), "Tags, over those of the provider.")),
        ("tracing", doc(shared("awsLambdaTracing"), "X-Ray tracing.")),
        ("snapStart", doc(boolean(), "Start from a snapshot of the initialised function.")),
        ("durableConfig", doc(durable, "Make it a durable function.")),
        ("recursiveLoop", doc(one_of(["Allow", "Terminate"]), "Whether Lambda stops loops of invocations.")),
        ("versionFunction", doc(shared("awsLambdaVersioning"), "Publish a version per change.")),
        ("disableLogs", doc(boolean(), "Make no log group, and deny writing to it.")),
        ("logs", doc(shared("awsLambdaLogging"), "Format, levels and group of its logs.")),
        ("logRetentionInDays", doc(shared("awsLogRetentionInDays"), "Days that its logs are kept.")),
        ("logDataProtectionPolicy", doc(shared("awsLogDataProtectionPolicy"), "What is masked in its logs.")),
    ])
}

fn invocation() -> Map<String, Value> {
    let concurrency = || or_cloud_formation(integer(0));
    let destination = || {
        let typed =
            object([("arn", shared("awsCfFunction")), ("type", one_of(["function", "sns", "sqs", "eventBus"]))]);
        any_of([json!({ "type": "string", "minLength": 1 }), required(typed, ["arn", "type"])])
    };
    let strings = |most: u64| json!({ "type": "array", "minItems": 1, "maxItems": most, "items": text() });
    let cors = object([
        ("allowCredentials", boolean()),
        ("allowedHeaders", strings(100)),
        ("allowedMethods", strings(6)),
        ("allowedOrigins", strings(100)),
        ("exposedResponseHeaders", strings(100)),
        ("maxAge", integer(0)),
    ]);
    let url = object([
        ("authorizer", doc(with(one_of(["aws_iam"]), "type", "string"), "Only signed requests.")),
        ("cors", any_of([boolean(), cors])),
        ("invokeMode", with(one_of(["BUFFERED", "RESPONSE_STREAM"]), "type", "string")),
    ]);
    keys([
        ("url", doc(any_of([boolean(), url]), "A function URL.")),
        (
            "httpApi",
            doc(object([("payload", shared("awsHttpApiPayload"))]), "The payload format of its HTTP API events."),
        ),
        ("provisionedConcurrency", doc(concurrency(), "Instances that are kept warm.")),
        ("reservedConcurrency", doc(concurrency(), "Instances at most, taken from the account's.")),
        ("maximumEventAge", doc(between(60, 21600), "Seconds that an asynchronous event is kept.")),
        ("maximumRetryAttempts", doc(between(0, 2), "Retries of an asynchronous event.")),
        (
            "destinations",
            doc(
                object([("onSuccess", destination()), ("onFailure", destination())]),
                "Where results of asynchronous events go: a function of this service, an ARN, or `arn` and `type`.",
            ),
        ),
        ("onError", doc(any_of([pattern("^arn:aws[a-z-]*:sns"), shared("awsCfFunction")]), "The dead letter topic.")),
    ])
}

fn permissions() -> Map<String, Value> {
    keys([
        ("role", doc(shared("awsLambdaRole"), "A role that exists, instead of the shared one.")),
        (
            "iamRoleStatements",
            doc(shared("awsIamPolicyStatements"), "Gives the function a role of its own that allows this."),
        ),
        ("iamRoleStatementsInherit", doc(boolean(), "Also allow what `provider.iam.role.statements` says.")),
        ("iamRoleStatementsName", doc(text(), "The name of its own role.")),
        ("iamPermissionsBoundary", doc(shared("awsArn"), "What its own role may do at most.")),
    ])
}
