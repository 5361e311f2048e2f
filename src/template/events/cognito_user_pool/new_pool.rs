//! User pools of the stack.

use super::{EVENT, Keys, PRE_TOKEN_GENERATION, Trigger};
use crate::manifest::service::Function;
use crate::template::naming::{self, events as id};
use crate::template::value::{get_att, get_str, truthy};
use crate::template::{Compilation, EventUse, TargetAlias, invoke_permission, target};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// Adds the pools with their triggers and lets them invoke the functions.
pub(super) fn compile(it: &mut Compilation<'_>, events: &[(EventUse<'_>, Trigger)]) {
    let mut pools: IndexMap<&str, Vec<&(EventUse<'_>, Trigger)>> = IndexMap::new();
    let mut keys = Keys::default();
    for entry in events {
        let (event, trigger) = entry;
        keys.check(trigger, event, &mut it.problems);
        pools.entry(&trigger.pool).or_default().push(entry);
        let source = get_att(&id::user_pool(&trigger.pool), "Arn");
        it.add_resource(
            id::user_pool_permission(&event.function.key, &trigger.pool, &trigger.trigger),
            invoke_permission(event.function, "cognito-idp.amazonaws.com", Some(source)),
            &event.path,
        );
    }
    for (name, triggers) in pools {
        let mut lambda_config = Map::new();
        for (event, trigger) in &triggers {
            lambda_config.extend(configuration(trigger, event.function));
        }
        let depends_on: Vec<String> = triggers.iter().map(|(event, _)| dependency(event.function)).collect();
        let resource = json!({
            "Type": "AWS::Cognito::UserPool",
            "Properties": { "UserPoolName": name, "LambdaConfig": lambda_config },
            "DependsOn": depends_on,
        });
        it.add_resource(id::user_pool(name), resource, &triggers[0].0.path);
    }
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cognito-userpool-lambdaconfig.html>
fn configuration(trigger: &Trigger, function: &Function) -> Map<String, Value> {
    let Some(version) = trigger.version() else {
        return Map::from_iter([(trigger.trigger.clone(), target(function))]);
    };
    let versioned = json!({ "LambdaArn": target(function), "LambdaVersion": version });
    if trigger.trigger == PRE_TOKEN_GENERATION {
        return Map::from_iter([("PreTokenGenerationConfig".to_owned(), versioned)]);
    }
    let key = trigger.kms_key_id.clone().unwrap_or_default();
    Map::from_iter([(trigger.trigger.clone(), versioned), ("KMSKeyID".to_owned(), key)])
}

fn dependency(function: &Function) -> String {
    TargetAlias::of(function).map_or_else(|| naming::function::logical_id(&function.key), |alias| alias.logical_id)
}

/// Lets a pool that `resources` overrides wait for both its functions and what is said there: lists merge
/// by index, so that one would have replaced the other (Framework v3 `mergeWithCustomResources`).
pub fn merge_dependencies(it: &mut Compilation<'_>) {
    let resources = it.service.resources.get("Resources").filter(|own| truthy(own)).unwrap_or(&it.service.resources);
    let mut pools: IndexMap<String, Vec<Value>> = IndexMap::new();
    for event in it.events(EVENT.name) {
        if event.value.get("existing").is_some_and(truthy) {
            continue;
        }
        if let Some(pool) = get_str(event.value, "pool").map(id::user_pool)
            && resources.get(&pool).is_some()
        {
            pools.entry(pool).or_default().push(dependency(event.function).into());
        }
    }
    for (pool, mut depends_on) in pools {
        match resources.get(&pool).and_then(|own| own.get("DependsOn")) {
            Some(Value::Array(own)) => depends_on.extend(own.iter().cloned()),
            Some(own) => depends_on.push(own.clone()),
            None => {}
        }
        if let Some(resource) = it.template.resources_mut().get_mut(&pool) {
            resource["DependsOn"] = depends_on.into();
        }
    }
}
