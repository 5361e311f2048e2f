//! What may stand where in a manifest: one schema, from which come validation, the JSON Schema for editors
//! (`rlx schema`) and the reference page in `docs/`.
//!
//! It accepts what Framework v3 accepts for AWS (osls 4 where the two differ), and rlx's own keys:
//! `stages`, `build`, `package.external`, `package.bin`, a function's `iamRoleStatements`.

mod bucket;
pub mod build;
mod coerce;
mod definitions;
mod editor;
mod expect;
mod forms;
mod function;
mod layer;
mod moved;
mod package;
mod pattern_name;
mod provider;
mod provider_api;
mod resources;
mod retired_runtime;
mod stages;
#[cfg(test)]
mod tests;
mod validate;

pub use definitions::{BUCKET_NAME, STAGE};
pub use validate::{Strictness, is_unsaid, validate};

use self::build::*;
use super::plugins;
use crate::template::events;
use serde_json::{Map, Value, json};

/// The JSON Schema of a manifest (draft 7), for a service with these plugins.
pub fn schema(plugins: &[String]) -> Value {
    let events = events::ALL.iter().map(|event| (event.name.to_owned(), (event.schema)())).collect();
    let own = |keys: &[plugins::Key]| keys.iter().map(|key| (key.name.to_owned(), (key.schema)())).collect::<Vec<_>>();
    let known = || plugins.iter().filter_map(|name| plugins::known(name));
    let of_functions: Map<_, _> = known().flat_map(|plugin| own(plugin.function_keys)).collect();
    let mut properties = top_level(events, of_functions);
    properties.extend(known().flat_map(|plugin| own(plugin.top_level_keys)));
    let of_custom: Map<_, _> = known().flat_map(|plugin| own(plugin.custom_keys)).collect();
    if !of_custom.is_empty() {
        properties["custom"]["properties"] = Value::Object(of_custom);
    }
    build::schema([
        ("$schema", "http://json-schema.org/draft-07/schema#".into()),
        ("title", "rlx service".into()),
        ("type", "object".into()),
        ("properties", Value::Object(properties)),
        ("required", json!(["service", "provider"])),
        ("additionalProperties", false.into()),
        ("definitions", Value::Object(definitions::definitions())),
    ])
}

/// The JSON Schema for editors: with the keys of all plugins that rlx knows.
pub fn complete() -> Value {
    let names: Vec<_> = plugins::KNOWN.iter().map(|plugin| plugin.name.to_owned()).collect();
    editor::for_editors(schema(&names))
}

fn top_level(events: Map<String, Value>, of_functions: Map<String, Value>) -> Map<String, Value> {
    let plugins =
        any_of([required(object([("localPath", text()), ("modules", list(text()))]), ["modules"]), list(text())]);
    let ignored = |what: &str| doc(json!({}), what);
    let mut properties = keys([
        ("service", doc(shared("serviceName"), "The service's name, a part of all names that rlx gives.")),
        ("provider", provider::provider()),
        ("functions", function::functions(events, of_functions)),
        ("layers", layer::layers()),
        ("resources", resources::resources()),
        ("package", doc(package::of_service(), "What is in archives.")),
        ("custom", doc(any_object(), "Values of your own, for `${self:custom.NAME}`, and settings of plugins.")),
        (
            "params",
            doc(
                json!({
                    "type": "object",
                    "patternProperties": { STAGE: any_object() },
                    "additionalProperties": false,
                }),
                "Values of `${param:NAME}`, per stage.",
            ),
        ),
        ("stages", stages::stages()),
        ("build", doc(json!({}), "How Node.js functions are bundled (esbuild).")),
        ("plugins", doc(plugins, "Plugins of the Serverless Framework; see the migration guide for each.")),
        ("useDotenv", doc(constant(true), "Read `.env.<stage>`, else `.env`.")),
        (
            "configValidationMode",
            doc(one_of(["error", "warn", "off"]), "What happens with a manifest that is not valid [default: error]."),
        ),
        ("frameworkVersion", doc(text(), "Versions of the Serverless Framework that the manifest is written for.")),
    ]);
    properties.extend(keys([
        ("disabledDeprecations", doc(any_of([constant("*"), list(shared("errorCode"))]), "Of no effect.")),
        ("deprecationNotificationMode", doc(one_of(["error", "warn", "warn:summary"]), "Of no effect.")),
        ("projectDir", doc(pattern(r"^(\./?|(\./)?\.\.(/\.\.)*/?)$"), "Of no effect.")),
        (
            "variablesResolutionMode",
            doc(with(one_of(["20210326"]), "type", "string"), "Of no effect: there is one way to resolve variables."),
        ),
        ("org", ignored("Of no effect: the Serverless Dashboard is not used.")),
        ("app", ignored("Of no effect: the Serverless Dashboard is not used.")),
        ("tenant", ignored("Of no effect: the Serverless Dashboard is not used.")),
        ("console", ignored("Of no effect: the Serverless Console is not used.")),
        ("outputs", ignored("Of no effect: the Serverless Dashboard is not used.")),
        ("licenseKey", ignored("Of no effect: rlx needs no licence.")),
    ]));
    properties
}
