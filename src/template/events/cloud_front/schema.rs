//! The schema of a `cloudFront` event.

use serde_json::{Value, json};

/// The event.
pub(super) fn event() -> Value {
    json!({
        "type": "object",
        "properties": {
            "behavior": behavior(),
            "cachePolicy": {
                "type": "object",
                "properties": {
                    "id": { "$ref": "#/definitions/awsCfInstruction" },
                    "name": { "type": "string", "minLength": 1 }
                },
                "oneOf": [{ "required": ["id"] }, { "required": ["name"] }],
                "additionalProperties": false
            },
            "eventType": { "enum": ["viewer-request", "origin-request", "origin-response", "viewer-response"] },
            "isDefaultOrigin": { "type": "boolean" },
            "includeBody": { "type": "boolean" },
            "origin": { "anyOf": [{ "type": "string", "format": "uri" }, origin()] },
            // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
            "pathPattern": { "type": "string", "pattern": "^([A-Za-z0-9_.*?$/~\"'@:+-]|&amp;)+$" }
        },
        "additionalProperties": false
    })
}

fn text_or_function() -> Value {
    json!({ "anyOf": [{ "type": "string" }, { "$ref": "#/definitions/awsCfFunction" }] })
}

fn origin() -> Value {
    json!({
        "type": "object",
        "properties": {
            "ConnectionAttempts": { "type": "integer", "minimum": 1, "maximum": 3 },
            "ConnectionTimeout": { "type": "integer", "minimum": 1, "maximum": 10 },
            "CustomOriginConfig": {
                "type": "object",
                "properties": {
                    "HTTPPort": { "type": "integer", "minimum": 0, "maximum": 65535 },
                    "HTTPSPort": { "type": "integer", "minimum": 0, "maximum": 65535 },
                    "OriginKeepaliveTimeout": { "type": "integer", "minimum": 1, "maximum": 60 },
                    "OriginProtocolPolicy": { "enum": ["http-only", "match-viewer", "https-only"] },
                    "OriginReadTimeout": { "type": "integer", "minimum": 1, "maximum": 60 },
                    "OriginSSLProtocols": {
                        "type": "array",
                        "items": { "enum": ["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"] }
                    }
                },
                "additionalProperties": false,
                "required": ["OriginProtocolPolicy"]
            },
            "DomainName": text_or_function(),
            "OriginAccessControlId": text_or_function(),
            "OriginCustomHeaders": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": { "HeaderName": { "type": "string" }, "HeaderValue": { "type": "string" } },
                    "additionalProperties": false,
                    "required": ["HeaderName", "HeaderValue"]
                }
            },
            "OriginPath": { "type": "string" },
            "S3OriginConfig": {
                "type": "object",
                "properties": {
                    "OriginAccessIdentity": {
                        "anyOf": [
                            { "type": "string", "pattern": "^origin-access-identity/cloudfront/.+" },
                            { "$ref": "#/definitions/awsCfFunction" }
                        ]
                    }
                },
                "additionalProperties": false
            }
        },
        "additionalProperties": false,
        "required": ["DomainName"],
        "oneOf": [{ "required": ["CustomOriginConfig"] }, { "required": ["S3OriginConfig"] }]
    })
}

fn methods(sets: &[(usize, &[&str])]) -> Value {
    let sets = sets.iter().map(|(least, methods)| {
        json!({ "type": "array", "uniqueItems": true, "minItems": least, "items": { "enum": methods } })
    });
    json!({ "anyOf": sets.collect::<Vec<_>>() })
}

fn behavior() -> Value {
    const READ: (usize, &[&str]) = (2, &["GET", "HEAD"]);
    const READ_AND_ASK: (usize, &[&str]) = (3, &["GET", "HEAD", "OPTIONS"]);
    const ALL: (usize, &[&str]) = (7, &["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]);
    json!({
        "type": "object",
        "properties": {
            "AllowedMethods": methods(&[READ, READ_AND_ASK, ALL]),
            "CachedMethods": methods(&[READ, READ_AND_ASK]),
            "CachePolicyId": { "type": "string" },
            "Compress": { "type": "boolean" },
            "FieldLevelEncryptionId": { "type": "string" },
            "OriginRequestPolicyId": text_or_function(),
            "ResponseHeadersPolicyId": text_or_function(),
            "SmoothStreaming": { "type": "boolean" },
            "TrustedSigners": { "type": "array", "items": { "type": "string" } },
            "ViewerProtocolPolicy": { "enum": ["allow-all", "redirect-to-https", "https-only"] },
            "TrustedKeyGroups": {
                "type": "array",
                "items": { "anyOf": [{ "type": "string" }, { "$ref": "#/definitions/awsCfRef" }] }
            },
            "MaxTTL": { "type": "number" },
            "MinTTL": { "type": "number" },
            "DefaultTTL": { "type": "number" },
            "ForwardedValues": {
                "type": "object",
                "properties": {
                    "Cookies": {
                        "anyOf": [
                            {
                                "type": "object",
                                "properties": { "Forward": { "enum": ["all", "none"] } },
                                "additionalProperties": false,
                                "required": ["Forward"]
                            },
                            {
                                "type": "object",
                                "properties": {
                                    "Forward": { "const": "whitelist" },
                                    "WhitelistedNames": { "type": "array", "items": { "type": "string" } }
                                },
                                "additionalProperties": false,
                                "required": ["Forward", "WhitelistedNames"]
                            }
                        ]
                    },
                    "Headers": { "type": "array", "items": { "type": "string" } },
                    "QueryString": { "type": "boolean" },
                    "QueryStringCacheKeys": { "type": "array", "items": { "type": "string" } }
                },
                "additionalProperties": false,
                "required": ["QueryString"]
            }
        },
        "additionalProperties": false
    })
}
