//! `stages`: per-stage configuration (rlx).

use super::build::*;
use super::definitions::STAGE;
use serde_json::{Value, json};

/// The schema of `stages`; the content of `rlx.<stage>.yml` is one of its values.
pub fn stages() -> Value {
    json!({
        "type": "object",
        "description": "What is special about each stage; all stages inherit from `default`.",
        "patternProperties": { STAGE: stage() },
        "additionalProperties": false,
    })
}

fn stage() -> Value {
    object([
        ("params", doc(any_object(), "Values of `${param:NAME}`.")),
        ("region", doc(text(), "The region.")),
        ("profile", doc(text(), "The AWS profile.")),
        ("account", doc(shared("awsAccountId"), "The only account that is deployed to.")),
        ("protected", doc(boolean(), "Ask for the stage's name before a change.")),
        ("endpoint", doc(text(), "The endpoint of all AWS services, such as an emulator's.")),
        ("env", doc(any_of([list(text()), any_object()]), "Files of environment variables, or the variables.")),
        (
            "overrides",
            doc(
                object([
                    ("provider", any_object()),
                    ("functions", any_of([any_object(), list(any_object())])),
                    ("resources", any_of([any_object(), list(any_object())])),
                    ("custom", any_object()),
                ]),
                "Merged deeply over the manifest.",
            ),
        ),
        ("resolver", doc(text(), "Of no effect: kept so that manifests of Framework v4 load.")),
        ("observability", doc(json!({}), "Of no effect: kept so that manifests of Framework v4 load.")),
    ])
}
