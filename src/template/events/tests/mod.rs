//! Golden templates: a manifest per event and property, each compared once with what the framework makes of it.

mod refusals;

use crate::template::testing::template;
use serde_json::{Map, Value};

/// What the events of a manifest add: no bucket of archives, no functions, versions and log groups,
/// unless a custom resource has them.
fn added_by_events(manifest: &str) -> Value {
    let template = template(manifest);
    let boilerplate = ["AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Logs::LogGroup"];
    let mut added = Map::new();
    for (id, resource) in template.resources() {
        let kind = resource["Type"].as_str().unwrap_or_default();
        let is_own = id.starts_with("Custom") || kind.starts_with("AWS::Lambda::Function") && at_edge(resource);
        if is_own || !(boilerplate.contains(&kind) || id.starts_with("ServerlessDeploymentBucket")) {
            added.insert(id.clone(), resource.clone());
        }
    }
    let text = Value::Object(added).to_string();
    let hash = regex::Regex::new("LambdaVersion[0-9A-Za-z]{20,}|[0-9a-f]{64}").expect("a pattern");
    let text =
        hash.replace_all(
            &text,
            |found: &regex::Captures<'_>| {
                if found[0].starts_with("LambdaVersion") { "LambdaVersion<hash>" } else { "<hash>" }
            },
        );
    serde_json::from_str(&text).expect("JSON")
}

fn at_edge(function: &Value) -> bool {
    function["DeletionPolicy"] == "Retain"
}

macro_rules! golden {
    ($($name:ident),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                insta::assert_yaml_snapshot!(added_by_events(include_str!(concat!(
                    "manifests/", stringify!($name), ".yml"
                ))));
            }
        )+

        #[test]
        fn every_manifest_has_its_test() {
            let named = [$(concat!(stringify!($name), ".yml")),+];
            let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/template/events/tests/manifests");
            for file in std::fs::read_dir(dir).expect("the manifests") {
                let name = file.expect("a manifest").file_name().into_string().expect("a name");
                assert!(named.contains(&name.as_str()), "{name} has no test");
            }
        }
    };
}

golden!(
    a_bucket_in_every_form,
    a_bucket_that_exists,
    a_bucket_that_exists_with_a_deployment_role,
    a_bucket_that_the_provider_configures,
    a_cloudwatch_event_with_every_property,
    a_distribution_whose_events_all_have_a_path,
    a_distribution_with_every_property,
    a_dynamodb_stream_with_every_property,
    a_kafka_topic_of_a_function_with_an_alias,
    a_kafka_topic_with_every_property,
    a_kinesis_consumer_named_by_service,
    a_kinesis_stream_with_every_property,
    a_log_group_of_a_function_with_an_alias,
    a_log_group_with_a_filter,
    a_queue_of_a_function_with_a_role_of_its_own,
    a_queue_of_a_function_with_an_alias,
    a_queue_with_every_property,
    a_rabbitmq_queue_with_every_property,
    a_schedule_in_every_form,
    a_schedule_whose_input_has_quotes_inside,
    a_scheduler_schedule_of_a_function_with_an_alias,
    a_scheduler_schedule_with_every_property,
    a_topic_in_every_form,
    a_topic_of_two_functions_with_aliases,
    a_topic_with_a_dead_letter_queue,
    a_user_pool_that_exists,
    a_user_pool_with_every_trigger,
    an_activemq_queue_with_every_property,
    an_alexa_skill_in_every_form,
    an_event_bridge_rule_by_custom_resource,
    an_event_bridge_rule_with_a_long_name,
    an_event_bridge_rule_with_every_property,
    an_iot_provisioning_hook,
    an_iot_rule_with_every_property,
    an_msk_topic_with_every_property,
    buckets_that_exist_for_several_functions,
);
