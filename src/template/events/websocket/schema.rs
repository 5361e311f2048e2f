//! What may stand under `websocket`.

use serde_json::{Value, json};

/// JSON Schema of a `websocket` event.
pub(super) fn schema() -> Value {
    json!({
        "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": {
                    "route": { "type": "string" },
                    "routeResponseSelectionExpression": { "const": "$default" },
                    "authorizer": {
                        "anyOf": [
                            { "$ref": "#/definitions/awsArnString" },
                            { "$ref": "#/definitions/functionName" },
                            {
                                "type": "object",
                                "properties": {
                                    "name": { "$ref": "#/definitions/functionName" },
                                    "arn": { "$ref": "#/definitions/awsArn" },
                                    "identitySource": { "type": "array", "items": { "type": "string" } }
                                },
                                "anyOf": [{ "required": ["name"] }, { "required": ["arn"] }],
                                "additionalProperties": false
                            }
                        ]
                    }
                },
                "required": ["route"],
                "additionalProperties": false
            }
        ]
    })
}
