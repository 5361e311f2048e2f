//! Tables, objects and SQL.

use super::super::definition::is_function;
use super::Permission;
use super::arguments::{Argument, Task, referenced};
use crate::template::value::{get_att, join, reference, sub};
use serde_json::{Value, json};

/// `None` for actions that are not known, or without a table.
pub fn table(task: &Task<'_>, action: &str) -> Option<Vec<Permission>> {
    let action = match action {
        "batchGetItem" => return batch(task, "dynamodb:BatchGetItem"),
        "batchWriteItem" => return batch(task, "dynamodb:BatchWriteItem"),
        "getItem" => "dynamodb:GetItem",
        "putItem" => "dynamodb:PutItem",
        "updateItem" => "dynamodb:UpdateItem",
        "deleteItem" => "dynamodb:DeleteItem",
        "updateTable" => "dynamodb:UpdateTable",
        "query" => "dynamodb:Query",
        "scan" => "dynamodb:Scan",
        _ => return None,
    };
    let resource = match (task.argument("TableName"), task.argument("IndexName")) {
        (Argument::Absent, _) => return None,
        (Argument::AtRunTime, _) => json!("*"),
        (Argument::Given(table), Argument::Absent) => table_arn(table, ""),
        (Argument::Given(table), Argument::AtRunTime) => table_arn(table, "/index/*"),
        (Argument::Given(table), Argument::Given(index)) => {
            table_arn(table, &format!("/index/{}", index.as_str().unwrap_or("*")))
        }
    };
    Some(vec![Permission::new(&[action], resource)])
}

fn batch(task: &Task<'_>, action: &str) -> Option<Vec<Permission>> {
    match task.argument("RequestItems") {
        Argument::AtRunTime => Some(vec![Permission::new(&[action], json!("*"))]),
        Argument::Given(Value::Object(tables)) => {
            let arn = |name: &String| table_arn(&json!(name.replacen(".$", "", 1)), "");
            Some(tables.keys().map(|name| Permission::new(&[action], arn(name))).collect())
        }
        _ => None,
    }
}

/// A table by name, by reference, or by the export of another stack. An index of a table that is not named in the
/// definition stands below its ARN.
fn table_arn(table: &Value, index: &str) -> Value {
    if let Some(logical_id) = referenced(table) {
        let arn = get_att(logical_id, "Arn");
        return if index.is_empty() { arn } else { join("", [arn, json!(index)]) };
    }
    let name = match table {
        Value::String(name) => json!(format!("table/{name}{index}")),
        other if index.is_empty() => join("/", [json!("table"), other.clone()]),
        other => join("", [json!("table/"), other.clone(), json!(index)]),
    };
    let (partition, region, account) =
        (reference("AWS::Partition"), reference("AWS::Region"), reference("AWS::AccountId"));
    join(":", [json!("arn"), partition, json!("dynamodb"), region, account, name])
}

/// `None` for actions that are not known.
pub fn object(task: &Task<'_>, action: &str) -> Option<Vec<Permission>> {
    let part = |name: &str| match task.argument(name) {
        Argument::Given(value) => value.clone(),
        _ => json!("*"),
    };
    let bucket = part("Bucket");
    let action = match action {
        "getObject" => "s3:GetObject",
        "putObject" => "s3:PutObject",
        "listObjectsV2" => {
            let arns = json!([bucket_arn(&bucket, ""), bucket_arn(&bucket, "/*")]);
            return Some(vec![Permission::new(&["s3:Get*"], arns.clone()), Permission::new(&["s3:List*"], arns)]);
        }
        _ => return None,
    };
    let key = part("Key");
    let (bucket_text, key_text) = (bucket.as_str(), key.as_str().unwrap_or("*"));
    let arn = match task.text("Prefix") {
        Some(prefix) => bucket_arn(&bucket, &format!("/{prefix}/{key_text}")),
        None if bucket_text == Some("*") && key_text == "*" => json!("*"),
        None => bucket_arn(&bucket, &format!("/{key_text}")),
    };
    Some(vec![Permission::new(&[action], json!([arn]))])
}

fn bucket_arn(bucket: &Value, tail: &str) -> Value {
    if is_function(bucket) {
        return json!({ "Fn::Sub": [format!("arn:${{AWS::Partition}}:s3:::${{bucket}}{tail}"), { "bucket": bucket }] });
    }
    sub(format!("arn:${{AWS::Partition}}:s3:::{}{tail}", bucket.as_str().unwrap_or("*")))
}

/// The Data API of Redshift; `None` for actions that are not known
/// (<https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html>).
pub fn redshift(task: &Task<'_>, action: &str) -> Option<Vec<Permission>> {
    let action = match action {
        "executeStatement" => "redshift-data:ExecuteStatement",
        "batchExecuteStatement" => "redshift-data:BatchExecuteStatement",
        "listStatements" => return Some(vec![Permission::new(&["redshift-data:ListStatements"], json!("*"))]),
        "describeStatement" => return Some(vec![Permission::new(&["redshift-data:DescribeStatement"], json!("*"))]),
        "getStatementResult" => {
            return Some(vec![Permission::new(&["redshift-data:GetStatementResult"], json!("*"))]);
        }
        "cancelStatement" => return Some(vec![Permission::new(&["redshift-data:CancelStatement"], json!("*"))]),
        _ => return None,
    };
    let arn = |rest: String| sub(format!("arn:${{AWS::Partition}}:{rest}"));
    let place = "${AWS::Region}:${AWS::AccountId}";
    let database = task.text("Database").unwrap_or("*");
    let cluster = task.text("ClusterIdentifier").unwrap_or("*");
    let workgroup = match task.argument("WorkgroupName") {
        Argument::Absent => None,
        Argument::Given(Value::String(name)) if name.starts_with("arn:") => Some(json!(name)),
        _ => Some(arn(format!("redshift-serverless:{place}:workgroup/*"))),
    };
    let target = workgroup.clone().unwrap_or_else(|| arn(format!("redshift:{place}:cluster:{cluster}")));
    let database_arn = arn(format!("redshift:{place}:dbname:{cluster}/{database}"));
    let user = |user: &str| {
        let user = arn(format!("redshift:{place}:dbuser:{cluster}/{user}"));
        Permission::new(&["redshift:GetClusterCredentials"], json!([user, database_arn]))
    };
    let secret = |arn: Value| Permission::new(&["secretsmanager:GetSecretValue"], arn);
    let access = match (task.argument("SecretArn"), task.argument("DbUser")) {
        (Argument::Given(Value::String(name)), _) if name.starts_with("arn:") => secret(json!(name)),
        (Argument::Given(Value::String(name)), _) => secret(arn(format!("secretsmanager:{place}:secret:{name}*"))),
        (Argument::Given(other), _) => secret(other.clone()),
        (Argument::AtRunTime, _) => secret(arn(format!("secretsmanager:{place}:secret:*"))),
        (_, Argument::Given(name)) => user(name.as_str().unwrap_or("*")),
        (_, Argument::AtRunTime) => user("*"),
        _ => match workgroup {
            Some(workgroup) => Permission::new(&["redshift-serverless:GetCredentials"], workgroup),
            None => Permission::new(&["redshift:GetClusterCredentialsWithIAM"], database_arn),
        },
    };
    Some(vec![Permission::new(&[action], target), access])
}
