//! What events must not say, and how that is told.

use crate::template::testing::problems;

/// A service whose function `main` has these events, with further lines of the function before them.
fn manifest(settings: &str, events: &str) -> String {
    let lines = |text: &str, indent: &str| text.lines().map(|line| format!("{indent}{line}\n")).collect::<String>();
    format!(
        "service: quay\nprovider:\n  name: aws\n  runtime: nodejs22.x\nfunctions:\n  main:\n    handler: h.main\n{}    events:\n{}",
        lines(settings, "    "),
        lines(events, "      ")
    )
}

fn refusal(events: &str) -> String {
    problems(&manifest("", events))
}

#[test]
fn a_name_for_several_rates() {
    insta::assert_snapshot!(refusal("- schedule: {rate: [rate(1 day), rate(2 days)], name: one}"));
}

#[test]
fn scheduler_properties_on_a_rule_and_the_other_way_round() {
    insta::assert_snapshot!(refusal(
        "- schedule: {rate: [rate(1 day)], timezone: UTC, groupName: g}
- schedule: {rate: [rate(1 day)], method: scheduler, inputPath: $.a, inputTransformer: {inputTemplate: a}}"
    ));
}

#[test]
fn a_body_that_is_no_json() {
    insta::assert_snapshot!(refusal("- schedule: {rate: [rate(1 day)], input: {body: '{a'}}"));
}

#[test]
fn two_kinds_of_input() {
    insta::assert_snapshot!(refusal(
        "- cloudwatchEvent: {event: {source: [a]}, input: {a: 1}, inputPath: $.a}
- eventBridge: {pattern: {source: [a]}, inputPath: $.a, inputTransformer: {inputTemplate: a}}"
    ));
}

#[test]
fn a_cloudwatch_event_without_a_pattern() {
    insta::assert_snapshot!(refusal("- cloudwatchEvent: {enabled: true}"));
}

#[test]
fn a_topic_by_reference_without_a_name() {
    insta::assert_snapshot!(refusal("- sns: {arn: {Ref: Horn}}"));
}

#[test]
fn more_than_two_filters_on_a_log_group() {
    insta::assert_snapshot!(refusal("- cloudwatchLog: /a\n- cloudwatchLog: /a\n- cloudwatchLog: /a"));
}

#[test]
fn a_start_at_a_time_that_is_not_given() {
    insta::assert_snapshot!(refusal(
        "- stream: {arn: 'arn:aws:kinesis:us-east-1:1:stream/a', consumer: true, startingPosition: AT_TIMESTAMP}
- msk: {arn: 'arn:aws:kafka:us-east-1:1:cluster/a/b', topic: a, startingPosition: AT_TIMESTAMP}
- kafka:
    accessConfigurations: {saslPlainAuth: ['arn:aws:secretsmanager:us-east-1:1:secret:a']}
    bootstrapServers: [a]
    topic: a
    startingPosition: AT_TIMESTAMP"
    ));
}

#[test]
fn a_kafka_subnet_without_a_security_group() {
    insta::assert_snapshot!(refusal(
        "- kafka: {accessConfigurations: {vpcSubnet: [subnet-1]}, bootstrapServers: [a], topic: a}"
    ));
}

#[test]
fn a_new_bucket_by_reference_or_with_a_bad_name() {
    insta::assert_snapshot!(refusal("- s3: {bucket: {Ref: Photos}}\n- s3: Not_A_Bucket"));
}

#[test]
fn two_existing_buckets_or_pools_of_one_function() {
    insta::assert_snapshot!(refusal(
        "- s3: {bucket: one, existing: true}
- s3: {bucket: {Ref: Two}, existing: true}
- cognitoUserPool: {pool: One, trigger: PreSignUp, existing: true}
- cognitoUserPool: {pool: Two, trigger: PreSignUp, existing: true}"
    ));
}

#[test]
fn a_custom_sender_without_a_key_or_with_two() {
    insta::assert_snapshot!(refusal(
        "- cognitoUserPool: {pool: One, trigger: CustomSMSSender}
- cognitoUserPool: {pool: Two, trigger: CustomSMSSender, kmsKeyId: 'arn:aws:kms:a'}
- cognitoUserPool: {pool: Two, trigger: CustomEmailSender, kmsKeyId: 'arn:aws:kms:b'}"
    ));
}

#[test]
fn two_provisioning_hooks_of_one_function() {
    insta::assert_snapshot!(refusal(
        "- iotFleetProvisioning: {templateBody: {}, provisioningRoleArn: 'arn:a'}
- iotFleetProvisioning: {templateBody: {}, provisioningRoleArn: 'arn:a'}"
    ));
}

#[test]
fn event_bridge_settings_that_a_custom_resource_does_not_have() {
    let events = "- eventBridge: {eventBus: {Ref: Bus}, pattern: {source: [a]}, retryPolicy: {maximumRetryAttempts: 1}, deadLetterQueueArn: 'arn:a'}";
    let manifest = manifest("", events).replace("runtime: nodejs22.x", "eventBridge: {useCloudFormation: false}");
    insta::assert_snapshot!(problems(&manifest));
}

#[test]
fn a_bus_whose_name_makes_a_bad_logical_id() {
    insta::assert_snapshot!(refusal("- eventBridge: {eventBus: aws.partner/shop/1, pattern: {source: [a]}}"));
}

#[test]
fn a_lambda_at_edge_outside_its_limits_or_region() {
    let events = "- cloudFront: {eventType: viewer-request, origin: 'https://a.example'}";
    insta::assert_snapshot!(problems(&manifest("memorySize: 256\ntimeout: 6", events)));
    let elsewhere = manifest("", events).replace("runtime: nodejs22.x", "region: eu-west-1");
    insta::assert_snapshot!(problems(&elsewhere));
}

#[test]
fn a_distribution_that_cannot_be_told() {
    insta::assert_snapshot!(
        "two_default_origins",
        refusal(
            "- cloudFront: {eventType: viewer-request, origin: 'https://a.example', isDefaultOrigin: true}
- cloudFront: {eventType: viewer-request, origin: 'https://b.example', pathPattern: /b, isDefaultOrigin: true}"
        )
    );
    insta::assert_snapshot!(
        "no_default_origin",
        refusal(
            "- cloudFront: {eventType: viewer-request, origin: 'https://a.example', pathPattern: /a}
- cloudFront: {eventType: viewer-request, origin: 'https://b.example', pathPattern: /b}"
        )
    );
    insta::assert_snapshot!(
        "two_origins_of_a_path",
        refusal(
            "- cloudFront: {eventType: viewer-request, origin: 'https://a.example'}
- cloudFront: {eventType: viewer-response, origin: 'https://b.example'}"
        )
    );
    insta::assert_snapshot!(
        "two_functions_of_an_event_type",
        refusal(
            "- cloudFront: {eventType: viewer-request, origin: 'https://a.example'}
- cloudFront: {eventType: viewer-request, origin: 'https://a.example', includeBody: true}"
        )
    );
    insta::assert_snapshot!(
        "no_origin_and_no_policy",
        refusal(
            "- cloudFront: {eventType: viewer-request}
- cloudFront: {eventType: viewer-request, origin: 'https://a.example', cachePolicy: {name: none}}"
        )
    );
}

#[test]
fn an_event_of_another_shape() {
    insta::assert_snapshot!(refusal("- sqs: {batchSize: 1}\n- iot: [1]"));
}

#[test]
fn two_queues_of_one_name() {
    insta::assert_snapshot!(refusal(
        "- sqs: arn:aws:sqs:us-east-1:1:jobs\n- sqs: {arn: 'arn:aws:sqs:us-east-1:1:jobs', batchSize: 1}"
    ));
}

#[test]
fn a_stream_of_what_has_none() {
    insta::assert_snapshot!(refusal(
        "- stream: arn:aws:sns:us-east-1:123456789012:x\n- stream: {arn: {Fn::ImportValue: []}, type: kinesis}"
    ));
}

#[test]
fn an_origin_without_a_host() {
    let origin = "- cloudFront: {eventType: viewer-request, origin: 'arn:aws:kinesis:us-east-1:1:stream/x'}";
    assert!(refusal(origin).contains("is no URL of an origin: it names no host"), "{}", refusal(origin));
}
