//! `package`, of the service, a function or a layer.

use super::build::*;
use serde_json::{Map, Value, json};

fn common() -> Map<String, Value> {
    keys([
        ("artifact", doc(text(), "An archive that is there already: it is not built.")),
        ("patterns", doc(list(text()), "Files that come in, and with `!` those that stay out; the last match counts.")),
        ("include", doc(list(text()), "The old spelling of `patterns`.")),
        ("exclude", doc(list(text()), "The old spelling of `patterns` with `!`.")),
    ])
}

fn external() -> Value {
    doc(
        any_of([list(any_of([text(), any_object()])), map(any_of([text(), any_object(), list(text())]))]),
        "Folders outside the service that come into the archive.",
    )
}

fn schema(more: Map<String, Value>) -> Value {
    let properties: Map<_, _> = common().into_iter().chain(more).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// `package`.
pub fn of_service() -> Value {
    schema(keys([
        ("individually", doc(boolean(), "An archive per function.")),
        ("excludeDevDependencies", doc(boolean(), "Leave out development dependencies of Node.js [default: true].")),
        ("path", doc(text(), "The folder that `rlx package` writes to.")),
        ("external", external()),
        ("bin", doc(text(), "The binary of Rust functions.")),
    ]))
}

/// `functions.<name>.package`.
pub fn of_function() -> Value {
    schema(keys([
        ("individually", doc(boolean(), "An archive of its own.")),
        ("excludeDevDependencies", boolean()),
        ("external", external()),
        ("bin", doc(text(), "The binary of a Rust function.")),
    ]))
}

/// `layers.<name>.package`.
pub fn of_layer() -> Value {
    schema(keys([("external", external())]))
}
