//! What the compilers of functions and events share.

use super::naming::{EXECUTION_ROLE, function};
use super::value::{get_att, truthy};
use super::{Compilation, core};
use crate::manifest::service::Function;
use crate::package::Artifact;
use serde_json::{Map, Value, json};

/// One event of one function.
#[derive(Debug, Clone)]
pub struct EventUse<'a> {
    /// The function that it triggers.
    pub function: &'a Function,
    /// Counted from 0 among all events of the function, of whatever type.
    pub index: usize,
    /// What stands under the type's key, such as the value of `sqs`.
    pub value: &'a Value,
    /// Where it stands, such as `functions.hello.events[0].sqs`.
    pub path: String,
}

/// The alias that triggers and permissions of a function point to instead of the function itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetAlias {
    /// The alias's name.
    pub name: &'static str,
    /// Its logical id.
    pub logical_id: String,
}

impl TargetAlias {
    /// The alias of a function with `durableConfig`, `provisionedConcurrency` or `snapStart`, in
    /// this order (Framework v3 `initializeTargetAlias`).
    pub fn of(function: &Function) -> Option<Self> {
        let set = |key: &str| function.raw.get(key).is_some_and(truthy);
        let key = &function.key;
        if set("durableConfig") {
            Some(Self { name: function::DURABLE_ALIAS, logical_id: function::durable_alias(key) })
        } else if set("provisionedConcurrency") {
            Some(Self { name: function::PROVISIONED_ALIAS, logical_id: function::provisioned_alias(key) })
        } else if set("snapStart") {
            Some(Self { name: function::SNAP_START_ALIAS, logical_id: function::snap_start_alias(key) })
        } else {
            None
        }
    }
}

/// The ARN of what invokes a function: its alias where it has one, else itself
/// (Framework v3 `resolveLambdaTarget`).
pub fn target(function: &Function) -> Value {
    let arn = get_att(&function::logical_id(&function.key), "Arn");
    match TargetAlias::of(function) {
        Some(alias) => json!({ "Fn::Join": [":", [arn, alias.name]] }),
        None => arn,
    }
}

/// Whether a `role` is a reference to a role that exists elsewhere, and not settings for the
/// role that is made here (Framework v3 `isExistingRoleProvided`).
pub fn is_existing_role(role: &Value) -> bool {
    role.is_string() || role.as_object().is_some_and(|o| o.keys().any(|k| k.contains("::")))
}

impl<'a> Compilation<'a> {
    /// Where an archive lies in the deployment bucket: `Code` of a function, `Content` of a layer.
    pub fn code(&self, s3_key: &str) -> Value {
        json!({ "S3Bucket": core::deployment_bucket(self.service), "S3Key": s3_key })
    }

    fn s3_key(&self, artifact: Option<&Artifact>, name: &str) -> String {
        let (prefix, service) = (core::deployment_prefix(self.service), self.service);
        match artifact {
            Some(artifact) => artifact.s3_key(prefix, &service.name, &service.stage),
            // Nothing was built: the template is read, not deployed.
            None => format!("{prefix}/{}/{}/{name}.zip", service.name, service.stage),
        }
    }

    /// The key of a function's archive in the deployment bucket.
    pub fn function_s3_key(&self, function: &str) -> String {
        self.s3_key(self.artifacts.of_function(function), function)
    }

    /// The key of a layer's archive in the deployment bucket.
    pub fn layer_s3_key(&self, layer: &str) -> String {
        self.s3_key(self.artifacts.of_layer(layer), layer)
    }

    /// All events of a type, of all functions, in manifest order.
    pub fn events(&self, name: &str) -> Vec<EventUse<'a>> {
        let service = self.service;
        service.functions.values().flat_map(|function| events_of(function, name)).collect()
    }

    /// The function of a key, or a problem at `path` that it is not there.
    pub fn function_or_problem(&mut self, key: &str, path: &str) -> Option<&'a Function> {
        let service = self.service;
        let found = service.functions.get(key);
        if found.is_none() {
            let near = service
                .functions
                .keys()
                .max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key)));
            let help = match near {
                Some(near) if strsim::jaro_winkler(near, key) > 0.7 => format!("did you mean `{near}`?"),
                _ => format!("declare it under `functions`, which has: {}", list(service.functions.keys())),
            };
            self.problems.push(
                crate::manifest::Problem::at(path, format!("there is no function `{key}` in this service")).help(help),
            );
        }
        found
    }

    /// The ARN of a function that is named by its key or given as an ARN
    /// (Framework v3 `resolveFunctionArn`); a problem at `path` where it is neither.
    pub fn function_arn(&mut self, address: &str, path: &str) -> Option<Value> {
        let mut parts = address.splitn(4, ':');
        if parts.next() == Some("arn") && parts.next().is_some() && parts.next() == Some("lambda") {
            return Some(json!(address));
        }
        self.function_or_problem(address, path).map(target)
    }

    /// The role that is given for a function instead of the one made here: `role` of the function,
    /// `provider.iam.role`, `provider.role` (Framework v3 `getCustomExecutionRole`).
    pub fn custom_role(&self, function: &'a Function) -> Option<&'a Value> {
        let provider = &self.service.provider.raw;
        if let Some(role) = function.raw.get("role").filter(|r| truthy(r)) {
            return Some(role);
        }
        if let Some(role) = provider.pointer("/iam/role").filter(|r| is_existing_role(r)) {
            return Some(role);
        }
        provider.get("role").filter(|r| truthy(r))
    }

    /// The logical id of a function's role where that is a resource of this template
    /// (Framework v3 `resolveFunctionIamRoleResourceName`): event source mappings depend on it.
    pub fn role_logical_id(&self, function: &'a Function) -> Option<String> {
        let Some(role) = self.custom_role(function) else { return Some(EXECUTION_ROLE.to_owned()) };
        match role {
            Value::String(role) if role.contains(':') => None,
            Value::String(role) => Some(role.clone()),
            _ if role.get("Fn::ImportValue").or(role.get("Ref")).or(role.get("Fn::Sub")).is_some() => None,
            _ => match role.get("Fn::GetAtt").and_then(Value::as_array).map(Vec::as_slice) {
                Some([Value::String(role), Value::String(attribute)]) if attribute == "Arn" => Some(role.clone()),
                _ => Some(EXECUTION_ROLE.to_owned()),
            },
        }
    }

    /// What an event source mapping of a function waits for: its role and its alias.
    pub fn mapping_depends_on(&self, function: &'a Function) -> Vec<String> {
        self.role_logical_id(function).into_iter().chain(TargetAlias::of(function).map(|a| a.logical_id)).collect()
    }

    /// The statements of the role that functions share, where that role is made here.
    pub fn role_statements(&mut self) -> Option<&mut Vec<Value>> {
        self.template
            .resources_mut()
            .get_mut(EXECUTION_ROLE)?
            .pointer_mut("/Properties/Policies/0/PolicyDocument/Statement")?
            .as_array_mut()
    }

    /// Adds a statement to the shared role, unless the same one stands there already.
    /// Does nothing where that role is not made here.
    pub fn allow(&mut self, statement: Value) {
        if let Some(statements) = self.role_statements()
            && !statements.contains(&statement)
        {
            statements.push(statement);
        }
    }

    /// Lets another service take the role that functions share, where that role is made here.
    pub fn trust(&mut self, principal: &str) {
        let services = self.template.resources_mut().get_mut(EXECUTION_ROLE).and_then(|role| {
            role.pointer_mut("/Properties/AssumeRolePolicyDocument/Statement")?
                .as_array_mut()?
                .iter_mut()
                .filter_map(|statement| statement.pointer_mut("/Principal/Service")?.as_array_mut())
                .find(|services| services.iter().any(|service| service == "lambda.amazonaws.com"))
        });
        if let Some(services) = services
            && !services.iter().any(|service| service == principal)
        {
            services.push(json!(principal));
        }
    }

    /// Adds a resource that stems from `path`. A problem where another one has the same logical id:
    /// CloudFormation has one resource per id, so that one of the two would vanish.
    pub fn add_resource(&mut self, logical_id: impl Into<String>, resource: Value, path: &str) {
        let logical_id = logical_id.into();
        if let Some(existing) = self.template.resource(&logical_id)
            && *existing != resource
        {
            let other = self.origins.get(&logical_id).cloned().unwrap_or_else(|| "rlx itself".to_owned());
            self.problems.push(
                crate::manifest::Problem::at(
                    path,
                    format!("`{path}` and `{other}` both compile to the logical id `{logical_id}`"),
                )
                .help("rename one of them: letters and digits alone must tell them apart"),
            );
            return;
        }
        self.origins.insert(logical_id.clone(), path.to_owned());
        self.template.set_resource(logical_id, resource);
    }

    /// Adds or replaces a resource that stems from `path`.
    pub fn set_resource(&mut self, logical_id: impl Into<String>, resource: Value, path: &str) {
        let logical_id = logical_id.into();
        self.origins.insert(logical_id.clone(), path.to_owned());
        self.template.set_resource(logical_id, resource);
    }

    /// Appends to a resource's `DependsOn`, made a list where it is a text; what stands there already is skipped.
    pub fn add_depends_on(&mut self, logical_id: &str, dependency: &str) {
        let Some(Value::Object(resource)) = self.template.resources_mut().get_mut(logical_id) else { return };
        let depends_on = resource.entry("DependsOn").or_insert_with(|| json!([]));
        if let Value::String(one) = depends_on {
            *depends_on = json!([one]);
        }
        if let Value::Array(list) = depends_on
            && !list.iter().any(|d| d == dependency)
        {
            list.push(json!(dependency));
        }
    }
}

/// All events of a type of one function. One without a value (`sqs:` alone) is none, as in the framework.
pub fn events_of<'a>(function: &'a Function, name: &str) -> Vec<EventUse<'a>> {
    let key = &function.key;
    function
        .events
        .iter()
        .enumerate()
        .filter_map(|(index, event)| {
            let value = event.get(name).filter(|value| truthy(value))?;
            Some(EventUse { function, index, value, path: format!("functions.{key}.events[{index}].{name}") })
        })
        .collect()
}

/// `AWS::Lambda::Permission` for a service principal to invoke a function (or its alias, which it then depends on).
pub fn invoke_permission(function: &Function, principal: impl Into<Value>, source_arn: Option<Value>) -> Value {
    let mut properties = Map::new();
    properties.insert("FunctionName".into(), target(function));
    properties.insert("Action".into(), json!("lambda:InvokeFunction"));
    properties.insert("Principal".into(), principal.into());
    if let Some(arn) = source_arn {
        properties.insert("SourceArn".into(), arn);
    }
    let mut resource = json!({ "Type": "AWS::Lambda::Permission", "Properties": properties });
    depend_on_alias(&mut resource, function);
    resource
}

/// Gives a resource or output the `condition` of its function.
pub fn apply_condition(resource: &mut Value, function: &Function) {
    if let Some(condition) = super::value::get(&function.raw, "condition") {
        resource["Condition"] = condition.clone();
    }
}

/// Makes a resource wait for a function's alias, where it has one.
pub fn depend_on_alias(resource: &mut Value, function: &Function) {
    if let Some(alias) = TargetAlias::of(function) {
        resource["DependsOn"] = json!(alias.logical_id);
    }
}

/// Names for people: `a`, `b` and `c`.
fn list<'s>(names: impl Iterator<Item = &'s String>) -> String {
    names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}
