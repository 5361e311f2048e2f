//! Data that goes when a resource is removed or made anew.

use super::diff::{Action, Change};
use super::replacement::Replacement;
use crate::template::Template;
use serde::Serialize;
use serde_json::Value;

/// Data that a deploy would delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// Logical id.
    pub logical_id: String,
    /// Such as `AWS::DynamoDB::Table`.
    pub resource_type: String,
    /// What would be gone, and why, in a sentence without full stop.
    pub message: String,
    /// How to keep it.
    pub help: String,
}

/// Type → what it holds.
const HOLDERS: &[(&str, &str)] = &[
    ("AWS::Cognito::UserPool", "all users of the pool"),
    ("AWS::DocDB::DBCluster", "all data of the cluster"),
    ("AWS::DynamoDB::GlobalTable", "all items of the table"),
    ("AWS::DynamoDB::Table", "all items of the table"),
    ("AWS::EC2::Volume", "all data of the volume"),
    ("AWS::ECR::Repository", "all images of the repository"),
    ("AWS::EFS::FileSystem", "all files of the file system"),
    ("AWS::ElastiCache::CacheCluster", "all data of the cache"),
    ("AWS::ElastiCache::ReplicationGroup", "all data of the cache"),
    ("AWS::KMS::Key", "the key, and with it everything that it encrypts"),
    ("AWS::Kinesis::Stream", "all records of the stream"),
    ("AWS::Logs::LogGroup", "all logs of the group"),
    ("AWS::Neptune::DBCluster", "all data of the cluster"),
    ("AWS::OpenSearchService::Domain", "all documents of the domain"),
    ("AWS::RDS::DBCluster", "all data of the cluster"),
    ("AWS::RDS::DBInstance", "all data of the database"),
    ("AWS::Redshift::Cluster", "all data of the cluster"),
    ("AWS::S3::Bucket", "all objects of the bucket"),
    ("AWS::SQS::Queue", "all messages in the queue"),
    ("AWS::SecretsManager::Secret", "the secret's value"),
    ("AWS::SSM::Parameter", "the parameter's value"),
];

/// Types that CloudFormation takes a snapshot of unless told otherwise (`DeletionPolicy` reference).
const SNAPSHOT_BY_DEFAULT: [&str; 1] = ["AWS::RDS::DBCluster"];

/// What a change loses; nothing where a policy keeps it.
pub fn of(change: &Change, deployed: &Template, next: &Template) -> Option<Loss> {
    let (_, what) = HOLDERS.iter().find(|(name, _)| *name == change.resource_type)?;
    let old = deployed.resource(&change.logical_id)?;
    let (policy, resource) = match change.action {
        Action::Remove => ("DeletionPolicy", old),
        // The policy of the new template counts: it is in force when the old resource is cleaned up.
        Action::Change if change.replacement == Replacement::Always => {
            ("UpdateReplacePolicy", next.resource(&change.logical_id)?)
        }
        _ => return None,
    };
    if keeps(resource, policy) {
        return None;
    }
    let id = &change.logical_id;
    let why = match change.action {
        Action::Remove => format!("{id} is removed"),
        _ => format!("{id} is made anew{}", because(change)),
    };
    let bucket = change.resource_type == "AWS::S3::Bucket";
    Some(Loss {
        logical_id: id.clone(),
        resource_type: change.resource_type.clone(),
        message: if bucket {
            format!(
                "{why}: the deploy fails at its end unless the bucket is empty by then, and {what} are gone if it is emptied"
            )
        } else {
            format!("{why}: {what} would be gone")
        },
        help: match change.action {
            Action::Remove => {
                format!("deploy `{policy}: Retain` on {id} first, then remove it: it stays in the account")
            }
            _ => format!("set `{policy}: Retain` on {id}, and move the data before you delete the old one"),
        },
    })
}

fn keeps(resource: &Value, policy: &str) -> bool {
    match resource[policy].as_str() {
        Some("Retain" | "Snapshot" | "RetainExceptOnCreate") => true,
        Some(_) => false,
        None => {
            let kind = resource["Type"].as_str().unwrap_or_default();
            let alone = kind == "AWS::RDS::DBInstance" && resource["Properties"].get("DBClusterIdentifier").is_none();
            SNAPSHOT_BY_DEFAULT.contains(&kind) || alone
        }
    }
}

fn because(change: &Change) -> String {
    let names: Vec<&str> = change.properties.iter().filter_map(|p| p.path.strip_prefix("Properties.")).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(" because of {}", names.join(", ")),
    }
}
