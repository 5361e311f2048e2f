//! JSON Schema of `custom.warmup` and of `warmup` of functions.

use crate::manifest::schema::build::*;
use crate::template::events;
use serde_json::{Map, Value, json};

/// The schema of `custom.warmup`: warmers by name, or one warmer.
pub fn custom() -> Value {
    let warmer = || {
        let mut all = of_warmer();
        all.extend(of_calls());
        strict(json!({ "type": "object", "properties": all, "additionalProperties": false }))
    };
    any_of([map(warmer()), warmer_of_old(warmer()), boolean(), text(), list(text())])
}

/// What versions before 5 read beside it.
fn warmer_of_old(schema: Value) -> Value {
    let schedule = doc(any_of([text(), list(text())]), "The old spelling of `events`.");
    with_properties(schema, [("schedule", schedule)].into_iter().chain(calls_of_old()))
}

fn calls_of_old() -> [(&'static str, Value); 3] {
    [
        ("default", doc(any_of([boolean(), text(), list(text())]), "The old spelling of `enabled`.")),
        ("source", doc(json!({}), "The old spelling of `payload`.")),
        ("sourceRaw", doc(boolean(), "The old spelling of `payloadRaw`.")),
    ]
}

fn with_properties(mut schema: Value, more: impl Iterator<Item = (&'static str, Value)>) -> Value {
    for (key, value) in more {
        schema["properties"][key] = value;
    }
    schema
}

/// The schema of `warmup` of a function: by warmer, or for the one warmer.
pub fn function() -> Value {
    let calls = || json!({ "type": "object", "properties": of_calls(), "additionalProperties": false });
    let of_old = with_properties(calls(), calls_of_old().into_iter());
    any_of([map(calls()), of_old, boolean(), text(), list(text())])
}

/// How functions are called: for all of a warmer's, or of one.
fn of_calls() -> Map<String, Value> {
    keys([
        (
            "enabled",
            doc(
                any_of([boolean(), text(), list(text())]),
                "Whether, or in which stages, it is kept warm [default: false].",
            ),
        ),
        ("alias", doc(text(), "The version or alias that is called.")),
        (
            "clientContext",
            doc(any_of([constant(false), any_object()]), "What comes as `context.custom` [default: the payload]."),
        ),
        ("payload", doc(json!({}), "The event [default: `source: serverless-plugin-warmup`].")),
        ("payloadRaw", doc(boolean(), "The payload is JSON already.")),
        ("concurrency", doc(json!({ "type": "integer" }), "Calls at a time [default: 1].")),
    ])
}

fn of_warmer() -> Map<String, Value> {
    let schedule = events::ALL.iter().find(|event| event.name == "schedule").map(|event| (event.schema)());
    let event = required(object([("schedule", schedule.unwrap_or_default())]), ["schedule"]);
    let package = object([
        ("patterns", list(text())),
        ("individually", boolean()),
        ("artifact", text()),
        ("include", list(text())),
        ("exclude", list(text())),
    ]);
    keys([
        ("folderName", doc(text(), "The folder of its code in its archive [default: .warmup/<name>].")),
        ("cleanFolder", doc(boolean(), "Of no effect: nothing is written to the service's folder.")),
        ("name", doc(text(), "Its deployed name [default: <service>-<stage>-warmup-plugin-<name>].")),
        ("roleName", doc(text(), "The name of its own role.")),
        ("role", doc(shared("awsLambdaRole"), "A role that exists, instead of its own.")),
        ("tags", doc(shared("awsResourceTags"), "Tags of the warmer.")),
        ("vpc", doc(any_of([constant(false), shared("awsLambdaVpcConfig")]), "Its VPC, `false` for none.")),
        ("events", doc(list(event), "When it runs [default: every 5 minutes].")),
        ("architecture", doc(shared("awsLambdaArchitecture"), "The processor.")),
        ("package", doc(package, "Further files of its archive.")),
        ("memorySize", doc(shared("awsLambdaMemorySize"), "MiB of memory [default: 128].")),
        ("timeout", doc(shared("awsLambdaTimeout"), "Seconds that it may run [default: 10].")),
        ("environment", doc(shared("awsLambdaEnvironment"), "Its environment variables, instead of none.")),
        ("tracing", doc(shared("awsLambdaTracing"), "X-Ray tracing of the warmer.")),
        ("verbose", doc(boolean(), "Write what is called to its logs [default: true].")),
        ("logRetentionInDays", doc(shared("awsLogRetentionInDays"), "Days that its logs are kept.")),
        ("prewarm", doc(boolean(), "Run it once right after each deploy that changes something.")),
    ])
}
