//! serverless-step-functions: state machines, activities, and what starts them, from `stepFunctions`, with the
//! logical ids, names, roles and outputs of the plugin (README of its version 3).

mod alarms;
mod definition;
mod notifications;
mod permissions;
mod role;
mod rule;
mod schedule;
mod schema;
mod validate;

pub use schema::schema;

use crate::manifest::{Problem, Service, plugins};
use crate::template::Compilation;
use crate::template::naming::{function, step_functions as naming};
use crate::template::value::{entries, get_att, get_str, reference, referred, set_some};
use serde_json::{Map, Value, json};

/// Its package name.
pub const NAME: &str = "serverless-step-functions";

/// One state machine.
struct Machine<'a> {
    key: &'a str,
    raw: &'a Value,
    /// Where it stands.
    path: String,
    /// Its resource.
    logical_id: String,
    /// `name`, else the key.
    name: &'a str,
}

impl<'a> Machine<'a> {
    fn own_name(raw: &Value) -> Option<&str> {
        get_str(raw, "id").or_else(|| get_str(raw, "name"))
    }

    /// The events of a type, with their places.
    fn events(&self, kinds: &[&str]) -> Vec<(&'a Value, String)> {
        let events = self.raw.get("events").and_then(Value::as_array).into_iter().flatten().enumerate();
        events
            .filter_map(|(index, event)| {
                let (kind, value) = kinds.iter().find_map(|kind| Some((kind, event.get(*kind)?)))?;
                Some((value, format!("{}.events[{index}].{kind}", self.path)))
            })
            .collect()
    }
}

/// All state machines of a service that uses the plugin.
fn machines(service: &Service) -> Vec<Machine<'_>> {
    if !plugins::uses(&service.plugins, NAME) {
        return Vec::new();
    }
    let machines = service.step_functions.get("stateMachines").and_then(Value::as_object);
    let machines = machines.into_iter().flatten().filter(|(_, raw)| raw.is_object());
    machines
        .map(|(key, raw)| Machine {
            key,
            raw,
            path: format!("stepFunctions.stateMachines.{key}"),
            logical_id: naming::machine(key, Machine::own_name(raw)),
            name: get_str(raw, "name").unwrap_or(key),
        })
        .collect()
}

/// An `http` event of a state machine.
pub struct HttpEvent<'a> {
    /// The resource that it starts.
    pub machine: String,
    /// What stands under `http`.
    pub value: &'a Value,
    /// Where.
    pub path: String,
}

/// What starts state machines through the REST API; compiled with the other routes of that API.
pub fn http_events(service: &Service) -> Vec<HttpEvent<'_>> {
    let events = machines(service).into_iter().flat_map(|machine| {
        let events = machine.events(&["http"]).into_iter();
        let events = events.map(|(value, path)| HttpEvent { machine: machine.logical_id.clone(), value, path });
        events.collect::<Vec<_>>()
    });
    events.collect()
}

/// Adds all of it but what starts state machines through the REST API.
pub fn compile(it: &mut Compilation<'_>) {
    let service = it.service;
    let machines = machines(service);
    for machine in &machines {
        compile_machine(it, machine);
    }
    if plugins::uses(&service.plugins, NAME) {
        compile_activities(it);
    }
    for machine in &machines {
        alarms::compile(it, machine);
        notifications::compile(it, machine);
    }
    for machine in &machines {
        schedule::compile(it, machine);
        rule::compile(it, machine);
    }
}

fn compile_machine(it: &mut Compilation<'_>, machine: &Machine<'_>) {
    let Some(source) = definition::read(it, machine) else { return };
    if it.service.step_functions.get("validate") == Some(&Value::Bool(true)) {
        validate::check(it, machine, &source);
    }
    let raw = machine.raw;
    let own_role = raw.get("role").filter(|role| !role.is_null());
    let mut depends_on = Vec::new();
    let role_arn = match own_role {
        Some(role) => role.clone(),
        None => {
            let logical_id = naming::role(&machine.logical_id);
            role::compile(it, machine, &source, &logical_id);
            depends_on.push(json!(logical_id));
            get_att(&logical_id, "Arn")
        }
    };
    match raw.get("dependsOn") {
        Some(Value::Array(list)) => depends_on.extend(list.iter().cloned()),
        Some(one @ Value::String(_)) => depends_on.push(one.clone()),
        _ => {}
    }
    let mut properties = Map::new();
    properties.insert("DefinitionString".into(), definition::compile(it, machine, source));
    properties.insert("RoleArn".into(), role_arn);
    set_some(&mut properties, "StateMachineType", raw.get("type").cloned());
    set_some(&mut properties, "LoggingConfiguration", raw.get("loggingConfig").map(logging));
    set_some(
        &mut properties,
        "TracingConfiguration",
        raw.get("tracingConfig").map(|tracing| json!({ "Enabled": tracing["enabled"].as_bool().unwrap_or(false) })),
    );
    set_some(&mut properties, "EncryptionConfiguration", raw.get("encryptionConfig").map(encryption));
    let tags = tags(it.service, raw);
    if !tags.is_empty() {
        properties.insert("Tags".into(), json!(tags));
    }
    set_some(&mut properties, "StateMachineName", get_str(raw, "name").map(|name| json!(name)));
    let mut resource =
        json!({ "Type": "AWS::StepFunctions::StateMachine", "Properties": properties, "DependsOn": depends_on });
    if raw.get("retain") == Some(&Value::Bool(true)) {
        resource["DeletionPolicy"] = json!("Retain");
    }
    it.add_resource(&machine.logical_id, resource, &machine.path);
    if it.service.step_functions.get("noOutput") != Some(&Value::Bool(true)) {
        let output = json!({ "Description": "Current StateMachine Arn", "Value": reference(&machine.logical_id) });
        it.template.set_output(naming::machine_output(machine.key, Machine::own_name(raw)), output);
    }
}

fn logging(config: &Value) -> Value {
    let mut logging = json!({
        "Level": get_str(config, "level").unwrap_or("OFF"),
        "IncludeExecutionData": config["includeExecutionData"].as_bool().unwrap_or(false),
    });
    let destinations = config["destinations"].as_array().filter(|list| !list.is_empty());
    if let Some(destinations) = destinations {
        logging["Destinations"] =
            destinations.iter().map(|arn| json!({ "CloudWatchLogsLogGroup": { "LogGroupArn": arn } })).collect();
    }
    logging
}

fn encryption(config: &Value) -> Value {
    json!({
        "KmsDataKeyReusePeriodSeconds": config["KmsDataKeyReusePeriodSeconds"].as_u64().unwrap_or(900),
        "KmsKeyId": { "Fn::Sub": get_str(config, "KmsKeyId").unwrap_or_default() },
        "Type": get_str(config, "Type").unwrap_or("AWS_OWNED_KEY"),
    })
}

/// Those of the provider, unless `inheritGlobalTags` is false, and its own.
fn tags(service: &Service, raw: &Value) -> Vec<Value> {
    let shared = service.provider.raw.get("tags").filter(|_| raw.get("inheritGlobalTags") != Some(&Value::Bool(false)));
    let all = [shared, raw.get("tags")].into_iter().flatten().filter_map(Value::as_object);
    all.flat_map(entries).map(|(key, value)| json!({ "Key": key, "Value": plain(value) })).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(false) => String::new(),
        other => other.to_string(),
    }
}

fn compile_activities(it: &mut Compilation<'_>) {
    let service = it.service;
    let activities = service.step_functions.get("activities").and_then(Value::as_array);
    for (index, name) in activities.into_iter().flatten().filter_map(Value::as_str).enumerate() {
        let logical_id = naming::activity(name);
        let resource = json!({ "Type": "AWS::StepFunctions::Activity", "Properties": { "Name": name } });
        it.add_resource(&logical_id, resource, &format!("stepFunctions.activities[{index}]"));
        let output = json!({ "Description": "Current StateMachine Arn", "Value": reference(&logical_id) });
        it.template.set_output(naming::activity_output(name), output);
    }
}

/// A reference to a function by its key becomes one to its resource.
fn translated(it: &Compilation<'_>, value: &Value) -> Value {
    let Some(key) = referred(value) else { return value.clone() };
    if it.template.resource(key).is_some() || !it.service.functions.contains_key(key) {
        return value.clone();
    }
    let logical_id = function::logical_id(key);
    match value.get("Ref") {
        Some(_) => reference(&logical_id),
        None => match value.pointer("/Fn::GetAtt/1").and_then(Value::as_str) {
            Some(attribute) => get_att(&logical_id, attribute),
            None => value.clone(),
        },
    }
}

/// A role that a service takes to start a state machine.
fn starter_role(it: &Compilation<'_>, principal: &str, policy: String, machine: &Machine<'_>, boundary: bool) -> Value {
    let provider = &it.service.provider.raw;
    let mut properties = Map::new();
    properties.insert("AssumeRolePolicyDocument".into(), trust(json!({ "Service": principal })));
    properties.insert(
        "Policies".into(),
        json!([{
            "PolicyName": policy,
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Action": ["states:StartExecution"],
                    "Resource": reference(&machine.logical_id),
                }],
            },
        }]),
    );
    if boundary {
        set_some(&mut properties, "PermissionsBoundary", provider.get("rolePermissionsBoundary").cloned());
    }
    set_some(&mut properties, "Path", provider.pointer("/iam/role/path").cloned());
    json!({ "Type": "AWS::IAM::Role", "Properties": properties })
}

fn trust(principal: Value) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }],
    })
}

/// `<stage>-<region>-<service>-<state machine>-<what>`.
fn starter_policy(it: &Compilation<'_>, machine: &Machine<'_>, what: &str) -> String {
    let service = it.service;
    format!("{}-{}-{}-{}-{what}", service.stage, service.region, service.name, machine.key)
}

/// `input`, `inputPath` and `inputTransformer` of a rule's target; a problem where more than one is set.
fn rule_input(it: &mut Compilation<'_>, event: &Value, path: &str) -> Map<String, Value> {
    let given = |key: &str| event.get(key).filter(|value| crate::template::value::truthy(value));
    let (input, input_path, transformer) = (given("input"), given("inputPath"), given("inputTransformer"));
    if [input, input_path, transformer].iter().flatten().count() > 1 {
        it.problems.push(
            Problem::at(path, "a target has one input: `input`, `inputPath` or `inputTransformer`")
                .help("keep one of them"),
        );
    }
    let mut properties = Map::new();
    let text = input.map(|input| json!(input.as_str().map_or_else(|| input.to_string(), str::to_owned)));
    set_some(&mut properties, "Input", text);
    set_some(&mut properties, "InputPath", input_path.cloned());
    let transformer = transformer.map(|it| {
        let mut made = json!({ "InputTemplate": it["inputTemplate"] });
        if let Some(map) = it.get("inputPathsMap") {
            made["InputPathsMap"] = map.clone();
        }
        made
    });
    set_some(&mut properties, "InputTransformer", transformer);
    properties
}

/// `retryPolicy` of a rule's target.
fn retry_policy(event: &Value) -> Option<Value> {
    let policy = event.get("retryPolicy").filter(|policy| policy.is_object())?;
    let mut made = Map::new();
    set_some(&mut made, "MaximumEventAgeInSeconds", policy.get("maximumEventAgeInSeconds").cloned());
    set_some(&mut made, "MaximumRetryAttempts", policy.get("maximumRetryAttempts").cloned());
    Some(Value::Object(made))
}

#[cfg(test)]
mod tests {
    use crate::template::testing::problems;

    fn of(machine: &str) -> String {
        problems(&format!(
            "service: quay\nprovider: {{ name: aws }}\nplugins: [serverless-step-functions]\n\
             stepFunctions:\n  validate: true\n  stateMachines:\n    daily: {machine}"
        ))
    }

    #[test]
    fn a_key_that_is_misspelt_is_found() {
        let said = of("{ definitoin: { StartAt: A } }");
        assert!(said.contains("`definitoin` is not a setting of `stepFunctions.stateMachines.daily`"), "{said}");
        assert!(said.contains("did you mean `definition`?"), "{said}");
    }

    #[test]
    fn states_that_lead_nowhere_are_found() {
        let states = "{ Load: { Type: Pass, Next: Wiegh }, Weigh: { Type: Pas, End: true } }";
        let said = of(&format!("{{ definition: {{ StartAt: Load, States: {states} }} }}"));
        for line in [
            "stateMachines.daily.definition.States.Load: there is no state `Wiegh` (did you mean `Weigh`?)",
            "`Pas` is no type of states",
            "nothing leads to the state `Weigh`",
        ] {
            assert!(said.contains(line), "{said}");
        }
    }

    #[test]
    fn a_service_that_is_not_known_is_said_unless_statements_allow_it() {
        let task = "{ A: { Type: Task, Resource: 'arn:aws:states:::aws-sdk:kms:sign', End: true } }";
        let said = of(&format!("{{ definition: {{ StartAt: A, States: {task} }} }}"));
        assert!(said.starts_with("warning: stepFunctions.stateMachines.daily.definition: rlx does not know"), "{said}");
        let allowed = "iamRoleStatements: [{ Effect: Allow, Action: kms:Sign, Resource: '*' }]";
        assert_eq!(of(&format!("{{ definition: {{ StartAt: A, States: {task} }}, {allowed} }}")), "");
    }

    #[test]
    fn events_that_eventbridge_cannot_have_are_found() {
        let machine = |event: &str| {
            of(&format!("{{ definition: {{ StartAt: A, States: {{ A: {{ Type: Succeed }} }} }}, events: [{event}] }}"))
        };
        let said = machine("{ schedule: { rate: rate(1 day), timezone: Europe/Berlin } }");
        assert!(said.contains("events[0].schedule.timezone: `timezone` is not there with a rule"), "{said}");
        let said = machine("{ eventBridge: { event: { source: [a] }, input: x, inputPath: y } }");
        assert!(said.contains("a target has one input"), "{said}");
        let said = machine("{ http: POST }");
        assert!(said.contains("needs a method and a path"), "{said}");
    }

    #[test]
    fn a_definition_may_be_a_text_of_json() {
        assert_eq!(of(r#"{ definition: '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}' }"#), "");
        assert!(of("{ definition: 'StartAt: A' }").contains("the definition is no JSON"));
    }
}
