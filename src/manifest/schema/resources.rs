//! `resources`: CloudFormation of the service's own.

use super::build::*;
use serde_json::{Map, Value, json};

const LOGICAL_ID: &str = "^[a-zA-Z0-9]{1,255}$";

fn attributes() -> Map<String, Value> {
    keys([
        ("Properties", any_object()),
        ("CreationPolicy", any_object()),
        ("DeletionPolicy", text()),
        ("DependsOn", shared("awsResourceDependsOn")),
        ("Metadata", any_object()),
        ("UpdatePolicy", any_object()),
        ("UpdateReplacePolicy", text()),
        ("Condition", shared("awsResourceCondition")),
    ])
}

/// The schema of `resources`.
pub fn resources() -> Value {
    let mut with_type = attributes();
    with_type.insert("Type".into(), text());
    let resource = json!({
        "type": "object", "properties": with_type, "required": ["Type"], "additionalProperties": false,
    });
    let extension = json!({ "type": "object", "properties": attributes(), "additionalProperties": false });
    let transform = required(object([("Name", text()), ("Parameters", any_object())]), ["Name"]);
    let schema = object([
        ("AWSTemplateFormatVersion", text()),
        ("Conditions", any_object()),
        ("Description", text()),
        ("Mappings", any_object()),
        ("Metadata", any_object()),
        ("Outputs", any_object()),
        ("Parameters", any_object()),
        (
            "Resources",
            json!({
                "type": "object",
                "properties": { "Fn::Transform": transform },
                "patternProperties": { LOGICAL_ID: resource },
                "additionalProperties": false,
            }),
        ),
        ("Transform", list(text())),
        (
            "extensions",
            json!({
                "type": "object",
                "description": "Changes to resources that rlx makes, by logical id.",
                "patternProperties": { LOGICAL_ID: extension },
                "additionalProperties": false,
            }),
        ),
    ]);
    doc(schema, "CloudFormation that is merged over what rlx makes.")
}
