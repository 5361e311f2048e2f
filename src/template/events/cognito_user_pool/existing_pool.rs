//! User pools that exist: a custom resource per function sets its triggers.

use super::{Keys, Trigger};
use crate::manifest::Problem;
use crate::template::custom_resource::Handler;
use crate::template::events::force_deploy::force_deploy;
use crate::template::naming::{custom_resource as id, function};
use crate::template::value::{get_att, set_some, sub};
use crate::template::{Compilation, EventUse, TargetAlias};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// Adds the custom resources, the function behind them and what it is allowed.
pub(super) fn compile(it: &mut Compilation<'_>, events: &[(EventUse<'_>, Trigger)]) {
    let mut by_pool: IndexMap<&str, Vec<String>> = IndexMap::new();
    let mut pool_of: IndexMap<&str, &str> = IndexMap::new();
    let mut keys = Keys::default();
    let mut statements = Vec::new();
    for (event, trigger) in events {
        let function = event.function;
        let logical_id = id::cognito_user_pool_resource(&function.key);
        keys.check(trigger, event, &mut it.problems);
        if trigger.is_custom_sender() {
            statements.extend(
                trigger
                    .kms_key_id
                    .as_ref()
                    .map(|key| json!({ "Effect": "Allow", "Resource": key, "Action": ["kms:CreateGrant"] })),
            );
        }
        match pool_of.get(function.key.as_str()) {
            Some(first) if *first != trigger.pool => {
                it.problems.push(
                    Problem::at(
                        event.at("pool"),
                        format!(
                            "`{}` listens to two existing user pools: `{first}` and `{}`",
                            function.key, trigger.pool
                        ),
                    )
                    .help("a function takes triggers of one existing user pool: use a function for each"),
                );
            }
            Some(_) => {
                if let Some(Value::Array(configs)) = it
                    .template
                    .resources_mut()
                    .get_mut(&logical_id)
                    .and_then(|resource| resource.pointer_mut("/Properties/UserPoolConfigs"))
                {
                    configs.push(configuration(trigger));
                }
            }
            None => {
                pool_of.insert(&function.key, &trigger.pool);
                by_pool.entry(&trigger.pool).or_default().push(logical_id.clone());
                it.add_resource(&logical_id, resource(event, trigger), &event.path);
                statements.push(json!({
                    "Effect": "Allow",
                    "Resource": "*",
                    "Action": [
                        "cognito-idp:ListUserPools",
                        "cognito-idp:DescribeUserPool",
                        "cognito-idp:UpdateUserPool",
                    ],
                }));
            }
        }
    }
    if events.is_empty() {
        return;
    }
    // One after another: each reads and writes all triggers of a pool.
    let in_turn: Vec<String> = by_pool.into_values().flatten().collect();
    for pair in in_turn.windows(2) {
        it.add_depends_on(&pair[1], &pair[0]);
    }
    let functions = sub("arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:*");
    statements.extend([
        json!({
            "Effect": "Allow",
            "Resource": functions,
            "Action": ["lambda:AddPermission"],
            "Condition": { "StringEquals": { "lambda:Principal": "cognito-idp.amazonaws.com" } },
        }),
        json!({ "Effect": "Allow", "Resource": functions, "Action": ["lambda:RemovePermission"] }),
        json!({
            "Effect": "Allow",
            "Resource": sub("arn:${AWS::Partition}:iam::*:role/*"),
            "Action": ["iam:PassRole"],
        }),
    ]);
    it.custom_resource_function(Handler::CognitoUserPool, statements);
}

fn configuration(trigger: &Trigger) -> Value {
    let mut config = Map::new();
    config.insert("Trigger".into(), trigger.trigger.clone().into());
    set_some(&mut config, "LambdaVersion", trigger.version().map(Value::from));
    set_some(&mut config, "KMSKeyID", trigger.kms_key_id.clone().filter(|_| trigger.is_custom_sender()));
    config.into()
}

fn resource(event: &EventUse<'_>, trigger: &Trigger) -> Value {
    let function = event.function;
    let alias = TargetAlias::of(function);
    let handler_id = Handler::CognitoUserPool.logical_id();
    let mut properties = Map::new();
    properties.insert("ServiceToken".into(), get_att(&handler_id, "Arn"));
    properties.insert("FunctionName".into(), function.name.clone().into());
    properties.extend(alias.as_ref().map(|alias| ("FunctionQualifier".to_owned(), alias.name.into())));
    properties.insert("UserPoolName".into(), trigger.pool.clone().into());
    properties.insert("UserPoolConfigs".into(), json!([configuration(trigger)]));
    properties.extend(force_deploy(&trigger.force_deploy));
    let depends_on: Vec<String> = std::iter::once(function::logical_id(&function.key))
        .chain(alias.map(|alias| alias.logical_id))
        .chain([handler_id])
        .collect();
    json!({ "Type": "Custom::CognitoUserPool", "Version": 1.0, "DependsOn": depends_on, "Properties": properties })
}
