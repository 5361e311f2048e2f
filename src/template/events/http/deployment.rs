//! `AWS::ApiGateway::Deployment`: the snapshot of the API that a stage serves.
//!
//! Its logical id is derived from everything that the snapshot holds. CloudFormation makes a new
//! deployment exactly when the id is new, so an unchanged API is not deployed again, and a changed
//! one always is. (The framework takes a random id, which deploys the API every time.)
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html>

use super::Api;
use crate::template::Compilation;
use crate::template::events::content_id::ContentId;
use crate::template::events::gateway::{endpoint, resource};
use crate::template::naming::api_gateway;
use indexmap::IndexSet;
use serde_json::{Value, json};

/// Adds the deployment and the output with the API's address; gives the deployment's logical id.
///
/// The stage is made by the deployment (`StageName`), and has no resource of its own: its
/// settings are those of [`super::stage`].
pub(super) fn compile(it: &mut Compilation<'_>, methods: &[String], api: &Api) -> String {
    let logical_id = api_gateway::deployment(&content_id(it, api));
    let methods: IndexSet<&String> = methods.iter().collect();
    let mut deployment = resource(
        "AWS::ApiGateway::Deployment",
        json!({
            "RestApiId": api.id,
            "StageName": it.names().rest_api_stage(),
            "Description": api.config.description.as_ref().filter(|text| crate::template::value::truthy(text)),
        }),
    );
    deployment["DependsOn"] = json!(methods);
    it.set_resource(&logical_id, deployment, "provider.apiGateway");
    it.template.set_output(
        "ServiceEndpoint",
        json!({
            "Description": "URL of the service endpoint",
            "Value": endpoint("https", api.id.clone(), &format!("/{}", it.service.stage)),
        }),
    );
    logical_id
}

/// What the deployment serves: the REST API resources made here, those that `resources` adds or
/// changes, and what they refer to.
fn content_id(it: &Compilation<'_>, api: &Api) -> String {
    let is_part =
        |resource: &Value| resource["Type"].as_str().is_some_and(|kind| kind.starts_with("AWS::ApiGateway::"));
    let mut content = ContentId::new(it.service);
    content.add("api", &api.id);
    for (logical_id, resource) in it.template.resources().filter(|(_, resource)| is_part(resource)) {
        content.add_resource(logical_id, resource);
        content.add_referred(resource);
    }
    content.add_user_resources(|logical_id, resource| {
        is_part(resource) || it.template.resource(logical_id).is_some_and(is_part)
    });
    content.finish()
}
