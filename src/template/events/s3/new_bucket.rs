//! Buckets of the stack, as `provider.s3` configures them.

use super::Notification;
use crate::manifest::Problem;
use crate::template::naming::{self, events as id};
use crate::template::value::{get_str, join, reference};
use crate::template::{Compilation, EventUse, TargetAlias, invoke_permission, target};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// A bucket in the making.
#[derive(Default)]
struct Bucket<'a> {
    /// What names it in logical ids: its key in `provider.s3`, else its name.
    key: String,
    /// Its entry in `provider.s3`.
    settings: Option<&'a Map<String, Value>>,
    notifications: Vec<Value>,
    /// The events that the notifications stem from.
    events: Vec<EventUse<'a>>,
}

/// Adds the buckets and lets them invoke their functions.
pub(super) fn compile<'a>(it: &mut Compilation<'a>, events: &[(EventUse<'a>, Notification)]) {
    let configured = &it.service.provider.s3;
    let mut buckets: IndexMap<String, Bucket<'_>> = IndexMap::new();
    for (event, notification) in events {
        let Some(key) = notification.bucket.as_str() else {
            it.problems.push(
                Problem::at(event.at("bucket"), "a bucket by reference is not one that this event can make")
                    .help("add `existing: true`, or name the bucket that is to be made"),
            );
            continue;
        };
        let settings = configured.get(key).and_then(Value::as_object);
        let name = configured.get(key).and_then(|bucket| get_str(bucket, "name")).unwrap_or(key);
        if !is_bucket_name(name) {
            it.problems.push(
                Problem::at(&event.path, format!("`{name}` is not a bucket name")).help(
                    "use lower-case letters, digits, dashes and dots, beginning and ending with a letter or digit",
                ),
            );
            continue;
        }
        let function = event.function;
        let bucket = buckets.entry(name.to_owned()).or_default();
        if bucket.key.is_empty() || settings.is_some() {
            bucket.key = key.to_owned();
            bucket.settings = settings;
        }
        bucket.events.push(event.clone());
        let mut configuration = json!({ "Event": notification.event(), "Function": target(function) });
        if notification.rules.is_some() {
            let rules: Vec<Value> =
                notification.rules().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
            configuration["Filter"] = json!({ "S3Key": { "Rules": rules } });
        }
        bucket.notifications.push(configuration);
    }
    for (name, bucket) in buckets {
        add_bucket(it, &name, bucket);
    }
}

fn add_bucket(it: &mut Compilation<'_>, name: &str, bucket: Bucket<'_>) {
    let mut depends_on: Vec<String> = Vec::new();
    for event in &bucket.events {
        let permission_id = id::bucket_permission(&event.function.key, &bucket.key);
        let mut permission = invoke_permission(event.function, "s3.amazonaws.com", Some(bucket_arn(name)));
        permission["Properties"]["SourceAccount"] = reference("AWS::AccountId");
        it.add_resource(&permission_id, permission, &event.path);
        let alias = TargetAlias::of(event.function).map(|alias| alias.logical_id);
        for dependency in std::iter::once(permission_id).chain(alias) {
            if !depends_on.contains(&dependency) {
                depends_on.push(dependency);
            }
        }
    }
    let resource = json!({
        "Type": "AWS::S3::Bucket",
        "Properties": properties(name, bucket.notifications, bucket.settings),
        "DependsOn": depends_on,
    });
    if let Some(event) = bucket.events.first() {
        it.add_resource(id::bucket(&bucket.key), resource, &event.path);
    }
}

fn bucket_arn(name: &str) -> Value {
    join("", [json!("arn:"), reference("AWS::Partition"), json!(format!(":s3:::{name}"))])
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html>
fn properties(name: &str, notifications: Vec<Value>, settings: Option<&Map<String, Value>>) -> Map<String, Value> {
    let mut properties = Map::new();
    properties.insert("BucketName".into(), name.into());
    properties.insert("NotificationConfiguration".into(), json!({ "LambdaConfigurations": notifications }));
    for (key, value) in settings.into_iter().flatten().filter(|(key, _)| *key != "name") {
        let property = naming::normalize_name(key);
        match (property.as_str(), value) {
            ("NotificationConfiguration", Value::Object(own)) => {
                if let Value::Object(made) = &mut properties["NotificationConfiguration"] {
                    made.extend(own.clone());
                }
            }
            _ => {
                properties.insert(property, value.clone());
            }
        }
    }
    properties
}

/// Labels of lower-case letters, digits and dashes, joined by dots, but no IP address.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn is_bucket_name(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let is_octet = |label: &&str| (1..=3).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_digit());
    labels.iter().all(is_label) && !(labels.len() == 4 && labels.iter().all(is_octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_and_dashes_stand_inside_a_bucket_name_only() {
        assert!(is_bucket_name("1st.bucket-name.x"));
        for name in ["", "Photos", "-photos", "photos-", "a..b", "a.-b", "10.0.0.1", "a_b"] {
            assert!(!is_bucket_name(name), "{name}");
        }
    }
}
