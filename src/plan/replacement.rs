//! Which changes make a resource anew ("Update requires: Replacement" in the CloudFormation template
//! reference), for the types that services mostly have.

use super::diff::PropertyChange;
use serde::Serialize;
use serde_json::Value;

/// Whether a change makes a resource anew: a new one is made, then the old one is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Replacement {
    /// It is changed in place.
    #[default]
    Never,
    /// It depends on values that are known during the deploy only.
    Conditional,
    /// It is made anew.
    Always,
}

/// Type → properties whose change makes it anew; `*` for all.
const REPLACING: &[(&str, &[&str])] = &[
    ("AWS::ApiGateway::Authorizer", &["RestApiId"]),
    ("AWS::ApiGateway::Deployment", &["RestApiId"]),
    ("AWS::ApiGateway::Method", &["HttpMethod", "ResourceId", "RestApiId"]),
    ("AWS::ApiGateway::Resource", &["ParentId", "PathPart", "RestApiId"]),
    ("AWS::ApiGateway::Stage", &["RestApiId", "StageName"]),
    ("AWS::ApiGatewayV2::Api", &["ProtocolType"]),
    ("AWS::ApiGatewayV2::Integration", &["ApiId"]),
    ("AWS::ApiGatewayV2::Route", &["ApiId"]),
    ("AWS::ApiGatewayV2::Stage", &["ApiId", "StageName"]),
    ("AWS::CloudFront::CachePolicy", &[]),
    ("AWS::Cognito::UserPool", &["AliasAttributes", "UsernameAttributes", "UsernameConfiguration"]),
    ("AWS::Cognito::UserPoolClient", &["GenerateSecret", "UserPoolId"]),
    ("AWS::DynamoDB::Table", &["ImportSourceSpecification", "KeySchema", "LocalSecondaryIndexes", "TableName"]),
    ("AWS::EC2::SecurityGroup", &["GroupDescription", "GroupName", "VpcId"]),
    ("AWS::ECR::Repository", &["EncryptionConfiguration", "RepositoryName"]),
    ("AWS::EFS::FileSystem", &["Encrypted", "KmsKeyId", "PerformanceMode"]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &["ListenerArn"]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", &["Name", "Port", "Protocol", "TargetType", "VpcId"]),
    ("AWS::Events::EventBus", &["Name"]),
    ("AWS::Events::Rule", &["EventBusName", "Name"]),
    ("AWS::IAM::ManagedPolicy", &["Description", "ManagedPolicyName", "Path"]),
    ("AWS::IAM::Role", &["Path", "RoleName"]),
    ("AWS::Kinesis::Stream", &["Name"]),
    ("AWS::Lambda::Alias", &["FunctionName", "Name"]),
    ("AWS::Lambda::EventInvokeConfig", &["FunctionName", "Qualifier"]),
    (
        "AWS::Lambda::EventSourceMapping",
        &["EventSourceArn", "SelfManagedEventSource", "StartingPosition", "StartingPositionTimestamp"],
    ),
    ("AWS::Lambda::Function", &["FunctionName", "PackageType"]),
    ("AWS::Lambda::LayerVersion", &["*"]),
    ("AWS::Lambda::LayerVersionPermission", &["*"]),
    ("AWS::Lambda::Permission", &["*"]),
    ("AWS::Lambda::Url", &["Qualifier", "TargetFunctionArn"]),
    ("AWS::Lambda::Version", &["*"]),
    ("AWS::Logs::LogGroup", &["LogGroupName"]),
    ("AWS::Logs::SubscriptionFilter", &["FilterName", "LogGroupName"]),
    (
        "AWS::RDS::DBCluster",
        &["DBClusterIdentifier", "DatabaseName", "Engine", "KmsKeyId", "SnapshotIdentifier", "StorageEncrypted"],
    ),
    ("AWS::RDS::DBInstance", &["DBInstanceIdentifier", "DBName", "Engine", "KmsKeyId", "StorageEncrypted"]),
    ("AWS::S3::Bucket", &["BucketName"]),
    ("AWS::S3::BucketPolicy", &["Bucket"]),
    ("AWS::SNS::Subscription", &["Endpoint", "Protocol", "TopicArn"]),
    ("AWS::SNS::Topic", &["FifoTopic", "TopicName"]),
    ("AWS::SQS::Queue", &["FifoQueue", "QueueName"]),
    ("AWS::Scheduler::Schedule", &["Name"]),
    ("AWS::SecretsManager::Secret", &["Name"]),
    ("AWS::StepFunctions::StateMachine", &["StateMachineName", "StateMachineType"]),
];

/// Whether these differences make a resource anew.
pub fn of(before: &Value, after: &Value, properties: &[PropertyChange]) -> Replacement {
    if before["Type"] != after["Type"] {
        return Replacement::Always;
    }
    let Some((_, replacing)) = REPLACING.iter().find(|(name, _)| after["Type"] == *name) else {
        return Replacement::Never;
    };
    let touched = properties.iter().filter_map(|p| p.path.strip_prefix("Properties.").map(|path| (path, p)));
    touched
        .filter(|(path, _)| {
            let property = path.split(['.', '[']).next().unwrap_or(path);
            replacing.contains(&property) || replacing.contains(&"*")
        })
        .map(|(_, change)| {
            // A reference may resolve to the same value as before.
            let known = |v: &Option<Value>| v.as_ref().is_none_or(|v| !v.is_object());
            if known(&change.before) && known(&change.after) { Replacement::Always } else { Replacement::Conditional }
        })
        .max()
        .unwrap_or_default()
}
