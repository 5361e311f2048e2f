//! `sns`: a topic of this stack or an existing one pushes to a function.
//!
//! Rules: Framework v3 `package/compile/events/sns.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/sns>.

use super::Event;
use super::read::truthy;
use crate::manifest::Problem;
use crate::template::value::{get_att, join, reference, set_some};
use crate::template::{
    Compilation, EventUse, TargetAlias, depend_on_alias, invoke_permission, naming::events as id, target,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "sns", schema, compile };

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Topic {
    arn: Option<Value>,
    topic_name: Option<String>,
    display_name: Option<Value>,
    filter_policy: Option<Value>,
    filter_policy_scope: Option<Value>,
    redrive_policy: Option<RedrivePolicy>,
}

/// Where messages go that could not be delivered.
#[derive(Deserialize)]
enum RedrivePolicy {
    /// A queue by its ARN.
    #[serde(rename = "deadLetterTargetArn")]
    Arn(String),
    /// A queue of this stack by its logical id.
    #[serde(rename = "deadLetterTargetRef")]
    Ref(String),
    /// A queue of another stack by its exports.
    #[serde(rename = "deadLetterTargetImport")]
    Import {
        /// The export that has the ARN.
        arn: Value,
        /// The export that has the URL.
        url: Value,
    },
}

fn compile(it: &mut Compilation<'_>) {
    for event in it.events(EVENT.name) {
        let topic = match event.value {
            Value::String(arn) if arn.starts_with("arn:") => {
                // The short form takes the name by single colons only, and no region.
                let name = arn.rsplit(':').next().unwrap_or(arn).to_owned();
                compile_topic(it, &event, Topic::default(), Some(arn.clone().into()), None, &name);
                continue;
            }
            Value::String(name) => Some(Topic { topic_name: Some(name.clone()), ..Topic::default() }),
            _ => event.read::<Topic>(&mut it.problems),
        };
        let Some(mut topic) = topic else { continue };
        let arn = truthy(topic.arn.take());
        let parts = arn.as_ref().and_then(Value::as_str).map(arn_parts);
        let name = topic.topic_name.take().filter(|name| !name.is_empty());
        let Some(name) = name.or_else(|| Some((*parts.as_ref()?.last()?).to_owned())) else {
            it.problems.push(
                Problem::at(&event.path, "this topic has no `topicName`")
                    .help("add `topicName`: a topic that is not given as a plain ARN needs one for its logical ids"),
            );
            continue;
        };
        let region = parts.as_ref().and_then(|parts| parts.get(3)).filter(|region| **region != it.service.region);
        let region = region.map(|region| (*region).to_owned());
        compile_topic(it, &event, topic, arn.clone(), region, &name);
    }
}

/// The parts of an ARN; `::` (CloudFormation's, inside `${AWS::Region}`) does not part.
fn arn_parts(arn: &str) -> Vec<&str> {
    let bytes = arn.as_bytes();
    let mut parts = Vec::new();
    let mut start = 0;
    for at in 0..bytes.len() {
        let beside = |other: Option<usize>| other.and_then(|other| bytes.get(other)) == Some(&b':');
        if bytes[at] == b':' && !beside(at.checked_sub(1)) && !beside(Some(at + 1)) {
            parts.push(&arn[start..at]);
            start = at + 1;
        }
    }
    parts.push(&arn[start..]);
    parts
}

fn compile_topic(
    it: &mut Compilation<'_>,
    event: &EventUse<'_>,
    topic: Topic,
    arn: Option<Value>,
    region: Option<String>,
    name: &str,
) {
    let function = event.function;
    let redrive = topic.redrive_policy.map(|policy| redrive(it, event, policy, arn.as_ref(), name));
    let subscription_id = id::topic_subscription(&function.key, name);
    let filter_policy = truthy(topic.filter_policy);
    let mut subscription = Map::new();
    subscription.insert("Endpoint".into(), target(function));
    subscription.insert("Protocol".into(), "lambda".into());

    let source_arn = if let Some(arn) = arn {
        subscription.insert("TopicArn".into(), arn.clone());
        set_some(&mut subscription, "FilterPolicy", filter_policy);
        set_some(&mut subscription, "FilterPolicyScope", topic.filter_policy_scope);
        set_some(&mut subscription, "RedrivePolicy", redrive);
        set_some(&mut subscription, "Region", region.map(Value::from));
        add_subscription(it, event, subscription_id, subscription);
        arn
    } else {
        let topic_id = id::topic(name);
        add_topic(it, event, &topic_id, name, topic.display_name);
        if filter_policy.is_some() || redrive.is_some() {
            subscription.insert("TopicArn".into(), reference(&topic_id));
            set_some(&mut subscription, "FilterPolicy", filter_policy);
            set_some(&mut subscription, "FilterPolicyScope", topic.filter_policy_scope);
            set_some(&mut subscription, "RedrivePolicy", redrive);
            add_subscription(it, event, subscription_id, subscription);
        } else if let Some(topic) = it.template.resources_mut().get_mut(&topic_id) {
            let subscriptions = &mut topic["Properties"]["Subscription"];
            match subscriptions {
                Value::Array(list) => list.push(subscription.into()),
                _ => *subscriptions = json!([subscription]),
            }
        }
        own_topic_arn(name)
    };
    let permission = invoke_permission(function, "sns.amazonaws.com", Some(source_arn));
    it.add_resource(id::topic_permission(&function.key, name), permission, &event.path);
}

fn own_topic_arn(name: &str) -> Value {
    join(
        "",
        [
            json!("arn:"),
            reference("AWS::Partition"),
            json!(":sns:"),
            reference("AWS::Region"),
            json!(":"),
            reference("AWS::AccountId"),
            json!(":"),
            json!(name),
        ],
    )
}

/// Adds the topic of this stack, once; it waits for the aliases of all its functions.
fn add_topic(it: &mut Compilation<'_>, event: &EventUse<'_>, topic_id: &str, name: &str, display_name: Option<Value>) {
    if it.template.resource(topic_id).is_none() {
        let mut properties = Map::new();
        properties.insert("TopicName".into(), name.into());
        set_some(&mut properties, "DisplayName", truthy(display_name));
        it.add_resource(topic_id, json!({ "Type": "AWS::SNS::Topic", "Properties": properties }), &event.path);
    }
    let Some(alias) = TargetAlias::of(event.function) else { return };
    match it.template.resources_mut().get_mut(topic_id) {
        Some(topic) if topic.get("DependsOn").is_none() => topic["DependsOn"] = alias.logical_id.into(),
        Some(topic) if topic["DependsOn"] == alias.logical_id.as_str() => {}
        _ => it.add_depends_on(topic_id, &alias.logical_id),
    }
}

fn add_subscription(
    it: &mut Compilation<'_>,
    event: &EventUse<'_>,
    logical_id: String,
    properties: Map<String, Value>,
) {
    let mut resource = json!({ "Type": "AWS::SNS::Subscription", "Properties": properties });
    depend_on_alias(&mut resource, event.function);
    it.add_resource(logical_id, resource, &event.path);
}

/// Adds the policy that lets the topic write to the dead letter queue, and gives the subscription's property.
///
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html>
fn redrive(
    it: &mut Compilation<'_>,
    event: &EventUse<'_>,
    policy: RedrivePolicy,
    topic_arn: Option<&Value>,
    topic_name: &str,
) -> Value {
    let (queue_arn, queue_url) = match policy {
        RedrivePolicy::Arn(arn) => {
            let mut parts = arn.rsplit(':');
            let mut part = || parts.next().unwrap_or_default();
            let (queue, account, region) = (part(), part(), part());
            let url = join(
                "",
                [
                    json!(format!("https://sqs.{region}.")),
                    reference("AWS::URLSuffix"),
                    json!(format!("/{account}/{queue}")),
                ],
            );
            (json!(arn), url)
        }
        RedrivePolicy::Ref(queue) => (get_att(&queue, "Arn"), reference(&queue)),
        RedrivePolicy::Import { arn, url } => (json!({ "Fn::ImportValue": arn }), json!({ "Fn::ImportValue": url })),
    };
    let policy_id = id::topic_dead_letter_policy(&event.function.key, topic_name);
    // For a topic of this stack the framework leaves the condition empty.
    let mut source = Map::new();
    set_some(&mut source, "aws:SourceArn", topic_arn.cloned());
    let policy = json!({
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Id": policy_id,
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": "sns.amazonaws.com" },
                    "Action": "sqs:SendMessage",
                    "Resource": queue_arn,
                    "Condition": { "ArnEquals": source },
                }],
            },
            "Queues": [queue_url],
        },
    });
    it.add_resource(policy_id, policy, &event.path);
    json!({ "deadLetterTargetArn": queue_arn })
}

fn schema() -> Value {
    let topic_name = json!({ "type": "string", "maxLength": 256, "pattern": "^[\\w-]+$" });
    json!({
        "anyOf": [
            topic_name,
            { "$ref": "#/definitions/awsArnString" },
            {
                "type": "object",
                "properties": {
                    "arn": { "$ref": "#/definitions/awsArn" },
                    "topicName": topic_name,
                    "displayName": { "type": "string", "minLength": 1 },
                    "filterPolicy": { "type": "object" },
                    "filterPolicyScope": { "type": "string" },
                    "redrivePolicy": {
                        "type": "object",
                        "properties": {
                            "deadLetterTargetArn": { "$ref": "#/definitions/awsArnString" },
                            "deadLetterTargetRef": { "type": "string", "minLength": 1 },
                            "deadLetterTargetImport": {
                                "type": "object",
                                "properties": {
                                    "arn": { "$ref": "#/definitions/awsArnString" },
                                    "url": { "type": "string", "minLength": 1 }
                                },
                                "required": ["arn", "url"],
                                "additionalProperties": false
                            }
                        },
                        "oneOf": [
                            { "required": ["deadLetterTargetArn"] },
                            { "required": ["deadLetterTargetRef"] },
                            { "required": ["deadLetterTargetImport"] }
                        ],
                        "additionalProperties": false
                    }
                },
                "anyOf": [{ "required": ["arn"] }, { "required": ["topicName"] }],
                "additionalProperties": false
            }
        ]
    })
}
