//! Paths → `AWS::ApiGateway::Resource`, below what exists in an API of another stack.
//!
//! Framework v3 `api-gateway/lib/resources.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/apigateway#share-api-gateway-and-api-resources>.

use crate::manifest::{Problem, Problems};
use crate::template::naming::{api_gateway, normalize_path};
use crate::template::value::reference;
use crate::template::{Compilation, value};
use indexmap::IndexMap;
use serde_json::{Value, json};

/// The resources that methods hang on, by path without a leading slash.
pub(super) struct Resources {
    root: Value,
    nodes: IndexMap<String, Resource>,
}

/// One path of the API.
#[derive(Debug)]
struct Resource {
    /// The last step of the path.
    part: String,
    /// The path of the parent that is in the same tree; `None` hangs on the root.
    parent: Option<String>,
    /// The id of a resource that another stack owns.
    existing: Option<Value>,
    /// Where the first route below it stands.
    place: String,
}

impl Resources {
    /// The id that a method of a path belongs to.
    pub fn id(&self, path: &str) -> Value {
        match self.nodes.get(path) {
            Some(Resource { existing: Some(id), .. }) => id.clone(),
            Some(_) => reference(&api_gateway::resource(path)),
            None => self.root.clone(),
        }
    }

    /// What names a path inside the logical ids of its methods.
    pub fn name(path: &str) -> String {
        normalize_path(path)
    }
}

/// Adds the resources of all routes, given by their paths and places.
pub(super) fn compile(it: &mut Compilation<'_>, routes: &[(&str, &str)], api: &super::Api) -> Resources {
    let existing = existing(api.config.rest_api_resources.as_ref(), &mut it.problems);
    let nodes = tree(routes, &existing, &mut it.problems);
    warn_of_rival_variables(&nodes, &mut it.problems);
    let resources = Resources { root: api.root_id.clone(), nodes };
    for (path, node) in &resources.nodes {
        if node.existing.is_some() {
            continue;
        }
        let parent = resources.id(node.parent.as_deref().unwrap_or_default());
        it.add_resource(
            api_gateway::resource(path),
            json!({
                "Type": "AWS::ApiGateway::Resource",
                "Properties": { "ParentId": parent, "PathPart": node.part, "RestApiId": api.id },
            }),
            &node.place,
        );
    }
    resources
}

/// `provider.apiGateway.restApiResources`: a map of path and id, or a list of both.
fn existing(setting: Option<&Value>, problems: &mut Problems) -> IndexMap<String, Value> {
    let mut found = IndexMap::new();
    match setting {
        Some(Value::Object(map)) => {
            found.extend(map.iter().map(|(path, id)| (trim(path).to_owned(), id.clone())));
        }
        Some(Value::Array(list)) => {
            for (index, item) in list.iter().enumerate() {
                match (value::get_str(item, "path"), item.get("resourceId").filter(|id| value::truthy(id))) {
                    (Some(path), Some(id)) => {
                        found.insert(trim(path).to_owned(), id.clone());
                    }
                    _ => problems.push(
                        Problem::at(
                            format!("provider.apiGateway.restApiResources[{index}]"),
                            "an existing resource needs both `path` and `resourceId`",
                        )
                        .help("write `- path: /boats` and `resourceId: <id>`, or a mapping of path to id"),
                    ),
                }
            }
        }
        _ => {}
    }
    found
}

/// A path without its first and its last slash, as the framework keys it.
pub(super) fn trim(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path)
}

/// Every path that a route or a route's ancestor needs. The climb from a route ends at the first
/// path that exists already. A path that the other stack must have made already (it lies above an
/// existing one) but whose id is not given is a problem: a second resource of that path is refused
/// by API Gateway.
fn tree(
    routes: &[(&str, &str)],
    existing: &IndexMap<String, Value>,
    problems: &mut Problems,
) -> IndexMap<String, Resource> {
    let mut nodes: IndexMap<String, Resource> = IndexMap::new();
    for &(route, place) in routes {
        let mut chain: Vec<&str> = Vec::new();
        let mut path = route;
        while !path.is_empty() {
            chain.push(path);
            if existing.contains_key(path) {
                break;
            }
            path = path.rfind('/').map_or("", |cut| &path[..cut]);
        }
        let mut parent = None;
        for path in chain.into_iter().rev() {
            let id = existing.get(path);
            if id.is_none() && !nodes.contains_key(path) {
                refuse_known_path(path, existing, place, problems);
            }
            let part = path.rfind('/').map_or(path, |cut| &path[cut + 1..]);
            nodes.entry(path.to_owned()).or_insert_with(|| Resource {
                part: part.to_owned(),
                parent: parent.clone(),
                existing: id.cloned(),
                place: place.to_owned(),
            });
            parent = Some(path.to_owned());
        }
    }
    nodes
}

fn refuse_known_path(path: &str, existing: &IndexMap<String, Value>, place: &str, problems: &mut Problems) {
    let Some(below) = existing.keys().find(|known| known.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    else {
        return;
    };
    problems.push(
        Problem::at(
            place,
            format!("the id of the existing resource `/{path}` is not given, but `/{below}` below it exists"),
        )
        .help(format!("add `/{path}: <resource id>` to `provider.apiGateway.restApiResources`")),
    );
}

/// API Gateway takes one path variable per parent: "A sibling of this resource already has a
/// variable path part -- only one is allowed".
fn warn_of_rival_variables(nodes: &IndexMap<String, Resource>, problems: &mut Problems) {
    let is_variable = |node: &Resource| node.part.starts_with('{') && !node.part.ends_with("+}");
    let mut first: IndexMap<Option<&str>, (&str, &Resource)> = IndexMap::new();
    for (path, node) in nodes.iter().filter(|(_, node)| is_variable(node)) {
        let (other_path, other) = *first.entry(node.parent.as_deref()).or_insert((path, node));
        if other.part != node.part {
            problems.push(
                Problem::at(
                    &node.place,
                    format!("`/{path}` and `/{other_path}` name the same path variable in two ways; API Gateway takes one name per parent"),
                )
                .help(format!("write `{}` in both", other.part))
                .warning(),
            );
        }
    }
}
