//! What may stand under `httpApi`.

use super::route::METHODS;
use crate::template::events::gateway::any_case;
use serde_json::{Value, json};

/// JSON Schema of an `httpApi` event.
pub(super) fn schema() -> Value {
    let methods = any_case(&METHODS);
    json!({
        "anyOf": [
            { "type": "string", "pattern": format!(r"^(?:\*|(?:{methods}) /\S*)$") },
            {
                "type": "object",
                "properties": {
                    "authorizer": {
                        "anyOf": [
                            { "type": "string" },
                            {
                                "type": "object",
                                "properties": {
                                    "id": { "anyOf": [{ "type": "string" }, { "$ref": "#/definitions/awsCfFunction" }] },
                                    "name": { "type": "string" },
                                    "scopes": { "type": "array", "items": { "type": "string" } },
                                    "type": { "type": "string", "enum": ["request", "jwt", "aws_iam"] }
                                },
                                "anyOf": [{ "required": ["id"] }, { "required": ["name"] }, { "required": ["type"] }],
                                "additionalProperties": false
                            }
                        ]
                    },
                    "method": { "type": "string", "pattern": format!(r"^(?:\*|{methods})$") },
                    "path": { "type": "string", "pattern": r"^(?:\*|/\S*)$" }
                },
                "required": ["path"],
                "additionalProperties": false
            }
        ]
    })
}
