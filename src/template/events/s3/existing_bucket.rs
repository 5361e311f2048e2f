//! Buckets that exist: a custom resource per function sets its notifications.

use super::Notification;
use crate::manifest::Problem;
use crate::template::custom_resource::Handler;
use crate::template::events::force_deploy::force_deploy;
use crate::template::naming::{self, custom_resource as id, function};
use crate::template::value::{join, reference};
use crate::template::{Compilation, EventUse, TargetAlias};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// Adds the custom resources, the function behind them and what it is allowed.
pub(super) fn compile(it: &mut Compilation<'_>, events: &[(EventUse<'_>, Notification)]) {
    let mut by_bucket: IndexMap<String, Vec<String>> = IndexMap::new();
    let mut bucket_of: IndexMap<&str, &Value> = IndexMap::new();
    let mut statements = Vec::new();
    for (event, notification) in events {
        let function = event.function;
        let bucket = &notification.bucket;
        let logical_id = id::s3_resource(&function.key);
        let rules: Vec<Value> = notification
            .rules()
            .map(|(name, value)| Map::from_iter([(naming::start_case(name), value.clone())]).into())
            .collect();
        let config = json!({ "Event": notification.event(), "Rules": rules });

        if let Some(first) = bucket_of.get(function.key.as_str()) {
            if *first != bucket {
                let names =
                    [*first, bucket].map(|bucket| bucket.as_str().map_or_else(|| bucket.to_string(), str::to_owned));
                it.problems.push(
                    Problem::at(
                        event.at("bucket"),
                        format!(
                            "`{}` listens to two existing buckets: `{}` and `{}`",
                            function.key, names[0], names[1]
                        ),
                    )
                    .help("a function takes notifications from one existing bucket: use a function for each"),
                );
                continue;
            }
            if let Some(Value::Array(configs)) = it
                .template
                .resources_mut()
                .get_mut(&logical_id)
                .and_then(|resource| resource.pointer_mut("/Properties/BucketConfigs"))
            {
                configs.push(config);
            }
            continue;
        }
        bucket_of.insert(&function.key, bucket);
        by_bucket.entry(bucket.to_string()).or_default().push(logical_id.clone());
        it.add_resource(&logical_id, resource(event, notification, config), &event.path);
        statements.push(json!({
            "Effect": "Allow",
            "Resource": join(":", [
                json!("arn"), reference("AWS::Partition"), json!("s3"), json!(""), json!(""), bucket.clone(),
            ]),
            "Action": ["s3:PutBucketNotification", "s3:GetBucketNotification"],
        }));
    }
    if statements.is_empty() {
        return;
    }
    // One after another: each reads and writes all notifications of a bucket.
    let in_turn: Vec<String> = by_bucket.into_values().flatten().collect();
    for pair in in_turn.windows(2) {
        it.add_depends_on(&pair[1], &pair[0]);
    }
    statements.push(json!({
        "Effect": "Allow",
        "Resource": join(":", [
            json!("arn"), reference("AWS::Partition"), json!("lambda"), reference("AWS::Region"),
            reference("AWS::AccountId"), json!("function"), json!("*"),
        ]),
        "Action": ["lambda:AddPermission", "lambda:RemovePermission"],
    }));
    it.custom_resource_function(Handler::S3, statements);
}

fn resource(event: &EventUse<'_>, notification: &Notification, config: Value) -> Value {
    let function = event.function;
    let alias = TargetAlias::of(function);
    let handler_id = Handler::S3.logical_id();
    let mut properties = Map::new();
    properties.insert("ServiceToken".into(), crate::template::value::get_att(&handler_id, "Arn"));
    properties.insert("FunctionName".into(), function.name.clone().into());
    properties.extend(alias.as_ref().map(|alias| ("FunctionQualifier".to_owned(), alias.name.into())));
    properties.insert("BucketName".into(), notification.bucket.clone());
    properties.insert("BucketConfigs".into(), json!([config]));
    properties.extend(force_deploy(&notification.force_deploy));
    let depends_on: Vec<String> = std::iter::once(function::logical_id(&function.key))
        .chain(alias.map(|alias| alias.logical_id))
        .chain([handler_id])
        .collect();
    json!({ "Type": "Custom::S3", "Version": 1.0, "DependsOn": depends_on, "Properties": properties })
}
