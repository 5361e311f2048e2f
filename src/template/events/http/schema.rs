//! What may stand under `http`.

use crate::template::events::gateway::{any_case, any_case_of};
use serde_json::{Value, json};

/// The methods of a route.
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE", "ANY"];

const INTEGRATIONS: [&str; 10] = [
    "LAMBDA_PROXY",
    "LAMBDA-PROXY",
    "LAMBDA",
    "AWS",
    "AWS_PROXY",
    "AWS-PROXY",
    "HTTP",
    "HTTP_PROXY",
    "HTTP-PROXY",
    "MOCK",
];

/// JSON Schema of an `http` event.
pub(super) fn schema() -> Value {
    let methods = any_case(&METHODS);
    let method = json!({ "type": "string", "pattern": format!(r"^(?:\*|{methods})$") });
    json!({
        "anyOf": [
            { "type": "string", "pattern": format!(r"^(?:\*|(?:{methods}) /\S*)$") },
            {
                "type": "object",
                "properties": {
                    "async": { "type": "boolean" },
                    "authorizer": authorizer(),
                    "connectionId": { "$ref": "#/definitions/awsCfInstruction" },
                    "connectionType": any_case_of(&["vpc-link", "VPC_LINK"]),
                    "cors": cors(),
                    "integration": any_case_of(&INTEGRATIONS),
                    "method": method,
                    "operationId": { "type": "string" },
                    "path": { "type": "string", "pattern": r"^(?:\*|/?\S*)$" },
                    "private": { "type": "boolean" },
                    "request": request(&method),
                    "response": response(),
                    "timeoutInMillis": { "type": "integer", "minimum": 50 }
                },
                "required": ["path", "method"],
                "additionalProperties": false
            }
        ]
    })
}

fn authorizer() -> Value {
    json!({
        "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": {
                    "arn": { "$ref": "#/definitions/awsArn" },
                    "authorizerId": { "$ref": "#/definitions/awsCfInstruction" },
                    "claims": { "type": "array", "items": { "type": "string" } },
                    "identitySource": { "type": "string" },
                    "identityValidationExpression": { "type": "string" },
                    "managedExternally": { "type": "boolean" },
                    "name": { "type": "string" },
                    "resultTtlInSeconds": { "type": "integer", "minimum": 0, "maximum": 3600 },
                    "scopes": {
                        "type": "array",
                        "items": { "anyOf": [{ "type": "string" }, { "$ref": "#/definitions/awsCfInstruction" }] }
                    },
                    "type": any_case_of(&["token", "cognito_user_pools", "request", "aws_iam", "custom"])
                },
                "additionalProperties": false
            }
        ]
    })
}

fn cors() -> Value {
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "anyOf": [
            { "type": "boolean" },
            {
                "type": "object",
                "properties": {
                    "allowCredentials": { "type": "boolean" },
                    "cacheControl": { "type": "string" },
                    "headers": texts,
                    "maxAge": { "type": "integer", "minimum": 1 },
                    "methods": { "type": "array", "items": { "enum": METHODS } },
                    "origin": { "type": "string" },
                    "origins": texts
                },
                "additionalProperties": false
            }
        ]
    })
}

fn content_handling() -> Value {
    json!({ "enum": ["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"] })
}

fn request(method: &Value) -> Value {
    let parameters = json!({
        "type": "object",
        "additionalProperties": {
            "anyOf": [
                { "type": "boolean" },
                {
                    "type": "object",
                    "properties": {
                        "required": { "type": "boolean" },
                        "mappedValue": { "$ref": "#/definitions/awsCfInstruction" }
                    },
                    "additionalProperties": false
                }
            ]
        }
    });
    json!({
        "type": "object",
        "properties": {
            "contentHandling": content_handling(),
            "method": method,
            "parameters": {
                "type": "object",
                "properties": { "querystrings": parameters, "headers": parameters, "paths": parameters },
                "additionalProperties": false
            },
            "passThrough": { "enum": ["NEVER", "WHEN_NO_MATCH", "WHEN_NO_TEMPLATES"] },
            "schemas": {
                "type": "object",
                "additionalProperties": { "anyOf": [{ "type": "object" }, { "type": "string" }] }
            },
            "template": { "type": "object", "additionalProperties": { "type": "string" } },
            "uri": { "$ref": "#/definitions/awsCfInstruction" }
        },
        "additionalProperties": false
    })
}

fn response() -> Value {
    let headers = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    json!({
        "type": "object",
        "properties": {
            "contentHandling": content_handling(),
            "headers": headers,
            "template": { "type": "string" },
            "transferMode": any_case_of(&["BUFFERED", "STREAM"]),
            "statusCodes": {
                "type": "object",
                "propertyNames": { "type": "string", "pattern": r"^\d{3}$" },
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "headers": headers,
                        "pattern": { "type": "string" },
                        "template": {
                            "anyOf": [
                                { "type": "string" },
                                { "type": "object", "additionalProperties": { "type": "string" } }
                            ]
                        }
                    },
                    "additionalProperties": false
                }
            }
        },
        "additionalProperties": false
    })
}
