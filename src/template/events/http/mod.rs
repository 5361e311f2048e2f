//! `http`: routes of a REST API (API Gateway v1).
//!
//! Rules: Framework v3 `package/compile/events/api-gateway`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/apigateway>.

mod api_keys;
mod authorizer;
mod config;
mod cors;
mod deployment;
mod integration;
mod method;
mod request;
mod resources;
mod response;
mod rest_api;
mod route;
mod schema;
mod stage;
mod state_machine;
#[cfg(test)]
mod tests;
mod velocity;

pub use stage::{Patch, StageUpdate};

use super::Event;
use crate::manifest::{Problem, Service};
use crate::template::Compilation;
use crate::template::naming::{Naming, api_gateway};
use crate::template::value::{get_att, truthy, typed};
use config::ApiGateway;
use serde_json::Value;

/// The event type.
pub const EVENT: Event = Event { name: "http", schema: schema::schema, compile };

/// The API as its parts refer to it.
struct Api {
    /// The id: of the API made here, or `provider.apiGateway.restApiId`.
    id: Value,
    /// The id of the resource `/`.
    root_id: Value,
    config: ApiGateway,
}

impl Api {
    fn new(service: &Service, config: ApiGateway) -> Self {
        let root = config.rest_api_root_resource_id.clone().filter(truthy);
        Self {
            id: Naming::new(service).rest_api_id(),
            root_id: root.unwrap_or_else(|| get_att(api_gateway::REST_API, "RootResourceId")),
            config,
        }
    }

    /// Whether another stack owns the API.
    fn is_external(&self) -> bool {
        self.config.rest_api_id.as_ref().is_some_and(truthy)
    }
}

fn compile(it: &mut Compilation<'_>) {
    let Some(config) = read_config(it) else { return };
    let api = Api::new(it.service, config);
    check_external(it, &api);
    let routes = route::read(it);
    let starts = state_machine::read(it, &routes);
    if routes.is_empty() && starts.is_empty() {
        return;
    }
    rest_api::compile(it, &api);
    let places = routes.iter().map(|route| (route.path.as_str(), route.place.as_str()));
    let places: Vec<_> = places.chain(starts.iter().map(state_machine::Start::place)).collect();
    let resources = resources::compile(it, &places, &api);
    let mut methods = cors::compile(it, &routes, &resources, &api);
    methods.extend(method::compile(it, &routes, &resources, &api));
    request::compile(it, &routes, &api);
    let authorizers = routes.iter().filter_map(|route| Some((route.authorizer.as_ref()?, route.place.as_str())));
    let authorizers: Vec<_> = authorizers.chain(starts.iter().filter_map(state_machine::Start::authorizer)).collect();
    authorizer::compile(it, &authorizers, &api);
    methods.extend(state_machine::compile(it, &starts, &resources, &api));
    let deployment = deployment::compile(it, &methods, &api);
    api_keys::compile(it, &deployment, &api);
    method::permit(it, &routes, &api);
    stage::compile(it);
}

fn read_config(it: &mut Compilation<'_>) -> Option<ApiGateway> {
    let Some(setting) = it.service.provider.api_gateway.as_ref().filter(|s| !s.is_null()) else {
        return Some(ApiGateway::default());
    };
    typed::<ApiGateway>(setting)
        .map_err(|error| {
            it.problems.push(
                Problem::at("provider.apiGateway", format!("`apiGateway` cannot be read: {error}"))
                    .help("compare it with https://www.serverless.com/framework/docs/providers/aws/events/apigateway"),
            );
        })
        .ok()
}

/// What cannot be said of an API that another stack owns.
fn check_external(it: &mut Compilation<'_>, api: &Api) {
    if !api.is_external() {
        return;
    }
    if !api.config.rest_api_root_resource_id.as_ref().is_some_and(truthy) {
        it.problems.push(
            Problem::at("provider.apiGateway.restApiId", "the existing REST API needs the id of its root resource too")
                .help("add `restApiRootResourceId:` beside `restApiId:`; `aws apigateway get-resources` shows it"),
        );
    }
    for (pointer, path) in
        [("/tracing/apiGateway", "provider.tracing.apiGateway"), ("/logs/restApi", "provider.logs.restApi")]
    {
        if it.service.provider.raw.pointer(pointer).is_some_and(|setting| !setting.is_null()) {
            it.problems.push(
                Problem::at(path, "this has no effect on a REST API that another stack owns")
                    .help("remove it, and set it in the stack that owns the API (`provider.apiGateway.restApiId`)"),
            );
        }
    }
}
