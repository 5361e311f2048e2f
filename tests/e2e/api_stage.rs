//! What a REST API's stage is told beside the template.

use crate::harness::{Project, emulator};
use serde_json::Value;

fn manifest(settings: &str) -> String {
    format!(
        "provider:\n  name: aws\n  runtime: python3.12\n{settings}functions:\n  hello:\n    handler: app.hello\n    events:\n      - http: GET /hello\n"
    )
}

/// The stage of the project's API, as API Gateway tells it.
fn stage(deployed: &Value) -> Value {
    let url = deployed["endpoints"][0]["url"].as_str().unwrap().to_owned();
    let api = url.split("/execute-api/").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    // The emulator finds the service in the scope of the signature, and does not check it.
    let scope =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0";
    let address = format!("{}/restapis/{api}/stages/local", emulator().endpoint);
    ureq::get(address).header("Authorization", scope).call().unwrap().body_mut().read_json().unwrap()
}

#[test]
fn logs_and_tracing_are_set_and_taken_away() {
    let project = Project::new(&manifest(
        "  tracing: {apiGateway: true}\n  logs: {restApi: {level: ERROR, roleManagedExternally: true}}\n",
    ));
    project.file("app.py", "def hello(event, context):\n    return {'statusCode': 200}\n");
    let on = stage(&project.json(&["deploy"]));
    assert_eq!(on["tracingEnabled"], true);
    assert_eq!(on["methodSettings"]["*/*"]["loggingLevel"], "ERROR");
    let group = on["accessLogSettings"]["destinationArn"].as_str().unwrap();
    assert!(group.ends_with(&format!(":log-group:/aws/api-gateway/{}-local", project.name)), "{group}");

    project.manifest(&manifest("  tracing: {apiGateway: false}\n  logs: {restApi: false}\n"));
    let off = stage(&project.json(&["deploy"]));
    assert_eq!(off["tracingEnabled"], false);
    assert_eq!(off["methodSettings"]["*/*"]["loggingLevel"], "OFF");
}
