//! What `provider` says of APIs and load balancers.

use super::build::*;
use serde_json::{Map, Value, json};

/// `alb`, `apiGateway`, `apiName`, `endpointType`, `httpApi`, `logs`, `vpcEndpointIds`, `websocket...`.
pub fn properties() -> Map<String, Value> {
    keys([
        ("apiName", doc(text(), "The name of the REST API [default: <stage>-<service>].")),
        ("apiGateway", doc(api_gateway(), "The REST API of `http` events.")),
        (
            "endpointType",
            doc(any_case(["REGIONAL", "EDGE", "PRIVATE"]), "The endpoint type of the REST API [default: EDGE]."),
        ),
        ("vpcEndpointIds", doc(shared("awsCfArrayInstruction"), "VPC endpoints of a private REST API.")),
        ("httpApi", doc(http_api(), "The HTTP API of `httpApi` events.")),
        ("websocket", doc(object([("useProviderTags", boolean())]), "The API of `websocket` events.")),
        ("websocketsApiName", doc(text(), "Its name [default: <stage>-<service>-websockets].")),
        (
            "websocketsApiRouteSelectionExpression",
            doc(text(), "How it finds the route of a message [default: $request.body.action]."),
        ),
        ("websocketsDescription", doc(text(), "Its description.")),
        ("alb", doc(alb(), "Load balancers of `alb` events.")),
        ("logs", doc(logs(), "Logs of APIs and functions.")),
    ])
}

fn usage_plan() -> Value {
    object([
        (
            "quota",
            object([("limit", integer(0)), ("offset", integer(0)), ("period", one_of(["DAY", "WEEK", "MONTH"]))]),
        ),
        ("throttle", object([("burstLimit", integer(0)), ("rateLimit", integer(0))])),
    ])
}

fn api_gateway() -> Value {
    let model = required(object([("schema", any_object()), ("name", text()), ("description", text())]), ["schema"]);
    let resource = object([("path", text()), ("resourceId", text())]);
    let access = json!({ "anyOf": [any_case(["BASIC", "STRICT"]), constant("")] });
    object([
        ("apiKeys", doc(shared("awsApiGatewayApiKeys"), "Keys that clients send as `x-api-key`.")),
        ("apiKeySourceType", doc(any_case(["HEADER", "AUTHORIZER"]), "Where the key comes from.")),
        ("binaryMediaTypes", list(pattern(r"^\S+/\S+$"))),
        ("description", text()),
        ("disableDefaultEndpoint", doc(boolean(), "Answer on custom domains only.")),
        ("endpoint", object([("securityPolicy", text()), ("accessMode", access)])),
        ("metrics", doc(boolean(), "Detailed CloudWatch metrics.")),
        ("minimumCompressionSize", between(0, 10_485_760)),
        ("request", object([("schemas", map(model))])),
        ("resourcePolicy", doc(shared("awsResourcePolicyStatements"), "Who may call the API.")),
        ("restApiId", doc(shared("awsCfInstruction"), "An API that exists.")),
        ("restApiResources", any_of([list(resource), any_object()])),
        ("restApiRootResourceId", shared("awsCfInstruction")),
        ("shouldStartNameWithService", doc(boolean(), "Name the API <service>-<stage>.")),
        ("stage", doc(text(), "The stage of the API [default: the service's].")),
        ("timeoutInMillis", integer(50)),
        ("usagePlan", any_of([usage_plan(), list(with(map(usage_plan()), "maxProperties", 1))])),
        ("websocketApiId", doc(shared("awsCfInstruction"), "A WebSocket API that exists.")),
    ])
}

fn http_api() -> Value {
    let one_or_several = || any_of([shared("awsCfInstruction"), list(shared("awsCfInstruction"))]);
    let jwt = required(
        object([
            ("type", constant("jwt")),
            ("name", text()),
            ("identitySource", shared("awsCfInstruction")),
            ("issuerUrl", shared("awsCfInstruction")),
            ("audience", one_or_several()),
        ]),
        ["identitySource", "issuerUrl", "audience"],
    );
    let request = json!({
        "type": "object",
        "properties": keys([
            ("type", constant("request")),
            ("name", text()),
            ("functionName", text()),
            ("functionArn", shared("awsCfInstruction")),
            ("managedExternally", boolean()),
            ("resultTtlInSeconds", between(0, 3600)),
            ("enableSimpleResponses", boolean()),
            ("payloadVersion", shared("awsHttpApiPayload")),
            ("identitySource", one_or_several()),
        ]),
        "required": ["type"],
    });
    let cors = object([
        ("allowCredentials", boolean()),
        ("allowedHeaders", list(text())),
        ("allowedMethods", list(text())),
        ("allowedOrigins", list(text())),
        ("exposedResponseHeaders", list(text())),
        ("maxAge", integer(0)),
    ]);
    object([
        ("authorizers", doc(map(json!({ "oneOf": [jwt, request] })), "Authorizers that events name.")),
        ("cors", doc(any_of([boolean(), cors]), "Answers to other origins; `true` allows all of them.")),
        ("id", doc(any_of([text(), shared("awsCfImportLocallyResolvable")]), "An API that exists.")),
        ("name", text()),
        ("description", text()),
        ("payload", doc(text(), "The format of events: 1.0 or 2.0 [default: 2.0].")),
        ("metrics", doc(boolean(), "Detailed CloudWatch metrics.")),
        ("useProviderTags", constant(true)),
        ("disableDefaultEndpoint", doc(boolean(), "Answer on custom domains only.")),
        ("shouldStartNameWithService", doc(boolean(), "Name the API <service>-<stage>.")),
    ])
}

fn alb() -> Value {
    let uri = || json!({ "type": "string", "format": "uri" });
    let common = || {
        keys([
            ("onUnauthenticatedRequest", one_of(["allow", "authenticate", "deny"])),
            ("requestExtraParams", with(map(text()), "maxProperties", 10)),
            ("scope", text()),
            ("sessionCookieName", text()),
            ("sessionTimeout", integer(0)),
        ])
    };
    let authorizer = |own: Map<String, Value>, needed: Value| {
        let properties: Map<_, _> = own.into_iter().chain(common()).collect();
        json!({ "type": "object", "properties": properties, "required": needed, "additionalProperties": false })
    };
    let oidc = authorizer(
        keys([
            ("type", constant("oidc")),
            ("authorizationEndpoint", uri()),
            ("clientId", text()),
            ("clientSecret", text()),
            ("issuer", uri()),
            ("tokenEndpoint", uri()),
            ("userInfoEndpoint", uri()),
        ]),
        json!(["type", "authorizationEndpoint", "clientId", "issuer", "tokenEndpoint", "userInfoEndpoint"]),
    );
    let cognito = authorizer(
        keys([
            ("type", constant("cognito")),
            ("userPoolArn", shared("awsArn")),
            ("userPoolClientId", text()),
            ("userPoolDomain", text()),
        ]),
        json!(["type", "userPoolArn", "userPoolClientId", "userPoolDomain"]),
    );
    object([("targetGroupPrefix", text_up_to(16)), ("authorizers", map(any_of([oidc, cognito])))])
}

fn logs() -> Value {
    let access = || {
        [
            ("accessLogging", boolean()),
            ("executionLogging", boolean()),
            ("format", text()),
            ("fullExecutionData", boolean()),
            ("level", one_of(["INFO", "ERROR"])),
        ]
    };
    let mut rest = keys(access());
    rest.extend(keys([("role", shared("awsArn")), ("roleManagedExternally", boolean())]));
    let rest = json!({ "type": "object", "properties": rest, "additionalProperties": false });
    json!({
        "type": "object",
        "properties": keys([
            ("frameworkLambda", doc(boolean(), "Logs of the functions behind custom resources.")),
            ("httpApi", any_of([boolean(), object([("format", text())])])),
            ("restApi", any_of([boolean(), rest])),
            ("websocket", any_of([boolean(), object(access())])),
            ("lambda", shared("awsLambdaLogging")),
        ]),
    })
}
