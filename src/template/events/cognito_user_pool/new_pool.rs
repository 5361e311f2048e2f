//! User pools of the stack.

use super::{Keys, PRE_TOKEN_GENERATION, Trigger};
use crate::manifest::service::Function;
use crate::template::naming::{self, events as id};
use crate::template::value::get_att;
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
