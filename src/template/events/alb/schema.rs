//! What may stand under `alb`.

use serde_json::{Value, json};

/// JSON Schema of an `alb` event.
pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "authorizer": { "type": "array", "items": { "type": "string" } },
            "conditions": conditions(),
            "healthCheck": health_check(),
            "listenerArn": {
                "anyOf": [{ "$ref": "#/definitions/awsAlbListenerArn" }, { "$ref": "#/definitions/awsCfRef" }]
            },
            "multiValueHeaders": { "type": "boolean" },
            "priority": { "type": "integer", "minimum": 1, "maximum": 50000 },
            "targetGroupName": { "type": "string", "minLength": 1, "maxLength": 32, "pattern": "^[a-zA-Z0-9-]+$" }
        },
        "required": ["listenerArn", "priority", "conditions"],
        "additionalProperties": false
    })
}

fn conditions() -> Value {
    let header = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "maxLength": 40 },
            "values": { "type": "array", "items": { "type": "string", "maxLength": 128 }, "uniqueItems": true }
        },
        "additionalProperties": false,
        "required": ["name", "values"]
    });
    json!({
        "type": "object",
        "properties": {
            "header": { "anyOf": [{ "type": "array", "items": header }, header] },
            "host": {
                "type": "array",
                "items": { "type": "string", "pattern": "^[A-Za-z0-9*?.-]+$", "maxLength": 128 }
            },
            "ip": { "type": "array", "items": { "type": "string" }, "uniqueItems": true },
            "method": { "type": "array", "items": { "type": "string", "pattern": "^[A-Z_-]+$", "maxLength": 40 } },
            "path": {
                "type": "array",
                "items": { "type": "string", "pattern": "^([A-Za-z0-9*?_.$/~\"'@:+-]|&amp;)+$", "maxLength": 128 }
            },
            "query": {
                "type": "object",
                "additionalProperties": { "type": "string", "maxLength": 128 },
                "propertyNames": { "type": "string", "maxLength": 128 }
            }
        },
        "additionalProperties": false
    })
}

fn health_check() -> Value {
    json!({
        "anyOf": [
            { "type": "boolean" },
            {
                "type": "object",
                "properties": {
                    "healthyThresholdCount": { "type": "integer", "minimum": 2, "maximum": 10 },
                    "intervalSeconds": { "type": "integer", "minimum": 5, "maximum": 300 },
                    "matcher": {
                        "type": "object",
                        "properties": {
                            "httpCode": { "type": "string", "pattern": r"^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$" }
                        },
                        "additionalProperties": false
                    },
                    "path": { "type": "string", "minLength": 1, "maxLength": 1024 },
                    "timeoutSeconds": { "type": "integer", "minimum": 2, "maximum": 120 },
                    "unhealthyThresholdCount": { "type": "integer", "minimum": 2, "maximum": 10 }
                },
                "additionalProperties": false
            }
        ]
    })
}
