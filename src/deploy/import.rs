//! Takes a resource that exists into the stack.

use super::bucket::{Bucket, Object};
use super::change_set::{self, BODY_LIMIT, Change, Made, Source};
use super::interrupt::{Doing, Stoppable};
use super::monitor::{self, Operation};
use super::progress::{Progress, Watch};
use super::settings::StackSettings;
use super::settle::token;
use super::stack::Stack;
use super::{DeployError, TOKEN_PREFIX, hotswap};
use crate::aws::{Aws, Named};
use crate::manifest::Service;
use crate::template::Template;
use aws_sdk_cloudformation::types::ResourceToImport;
use serde_json::json;

/// What to import.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Its logical id in the service's template.
    pub logical_id: &'a str,
    /// Its name in AWS, or `Key=Value` pairs where its type has several identifiers.
    pub identifier: &'a str,
}

/// Imports a resource: the deployed template and that resource, nothing else changed
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-existing-stack.html>).
pub async fn import(
    aws: &Aws,
    service: &Service,
    template: &Template,
    stack: &Stack,
    wanted: &Wanted<'_>,
    who: &str,
    watch: Watch<'_>,
) -> Result<(), DeployError> {
    let refuse = |text: String| DeployError::NotImported(text);
    let id = wanted.logical_id;
    let mut resource = template.resource(id).cloned().ok_or_else(|| refuse(unknown(template, id)))?;
    let kind = resource.get("Type").and_then(|t| t.as_str()).unwrap_or_default().to_owned();
    let mut base = hotswap::deployed_template(aws, &stack.name)
        .await?
        .ok_or_else(|| refuse(format!("the template of stack {} is not JSON", stack.name)))?;
    if base.resource(id).is_some() {
        return Err(refuse(format!("{id} is in stack {} already", stack.name)));
    }
    // CloudFormation asks for it, so that a failed import does not delete what was there before.
    if let Some(resource) = resource.as_object_mut() {
        resource.entry("DeletionPolicy").or_insert_with(|| json!("Retain"));
    }
    base.set_resource(id, resource);
    let text = base.to_json();
    let bucket = Bucket::of(aws, service, stack).await?;
    let source = match bucket {
        Some(bucket) if text.len() > BODY_LIMIT => {
            let object = Object::bytes(String::new(), text.into_bytes());
            let key = format!("{}{}.template.json", bucket.folder, object.sha256);
            bucket.put(&Object { key: key.clone(), ..object }).await?;
            Source::Url(bucket.url(&key))
        }
        _ => Source::Body(text),
    };
    let settings = StackSettings::new(service, &base);
    let names = identifiers(aws, &source, &kind).await?;
    let mut to_import = ResourceToImport::builder().logical_resource_id(id).resource_type(&kind);
    let pairs = pairs(&names, wanted.identifier);
    if pairs.is_empty() {
        let needed: Vec<String> = names.iter().map(|name| format!("{name}=VALUE")).collect();
        let needed = if needed.is_empty() { "NAME=VALUE".to_owned() } else { needed.join(",") };
        return Err(refuse(format!("what identifies a {kind} is given as {needed}")));
    }
    for (key, value) in pairs {
        to_import = to_import.resource_identifier(key, value);
    }
    let change_id = format!("{TOKEN_PREFIX}import-{}", super::bucket::hex(&fastrand::u32(..).to_be_bytes()));
    let token = token(&change_id, who);
    let change = Change {
        settings: &settings,
        source,
        exists: true,
        token: &token,
        express: false,
        import_existing: false,
        import: vec![to_import.build()],
    };
    let Made::Ready { name, stack_id, .. } = change_set::make(aws, &change, watch).await? else {
        return Err(refuse("there is nothing to import".to_owned()));
    };
    change_set::execute(aws, &settings.name, &name, &token, false).await?;
    let stoppable = Stoppable::new(&stack.name, Doing::Changing);
    let tell = |progress: Progress<'_>| stoppable.tell(progress, watch);
    let followed = async { Ok(monitor::follow(aws, &stack_id, Operation::Token(&token), &tell).await?) };
    let end = stoppable.run(followed).await?;
    if end.is_good() {
        return Ok(());
    }
    Err(end.error(aws, &stack.name).await)
}

/// What is said of a logical id that the template does not have.
fn unknown(template: &Template, id: &str) -> String {
    let near = template.resources().map(|(name, _)| (strsim::jaro_winkler(name, id), name));
    let near = near.filter(|(likeness, _)| *likeness > 0.7).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = near.map(|(_, name)| format!("; did you mean {name}?")).unwrap_or_default();
    format!("the service's template has no resource {id}{hint}")
}

/// The names of a type's identifiers, as CloudFormation knows them.
async fn identifiers(aws: &Aws, source: &Source, kind: &str) -> Result<Vec<String>, DeployError> {
    let (body, url) = source.clone().parts();
    let summary = aws
        .cloudformation()
        .get_template_summary()
        .set_template_body(body)
        .set_template_url(url)
        .send()
        .await
        .named("CloudFormation", "GetTemplateSummary")?;
    let found = summary.resource_identifier_summaries.unwrap_or_default();
    let named =
        found.into_iter().find(|s| s.resource_type.as_deref() == Some(kind)).and_then(|s| s.resource_identifiers);
    Ok(named.filter(|names| !names.is_empty()).unwrap_or_else(|| {
        let known = IDENTIFIERS.iter().find(|(known, _)| *known == kind);
        known.map(|(_, name)| vec![(*name).to_owned()]).unwrap_or_default()
    }))
}

/// The identifiers of common types, for an endpoint that does not tell them
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-supported-resources.html>).
const IDENTIFIERS: [(&str, &str); 11] = [
    ("AWS::CloudWatch::Alarm", "AlarmName"),
    ("AWS::Cognito::UserPool", "UserPoolId"),
    ("AWS::DynamoDB::Table", "TableName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::Kinesis::Stream", "Name"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::SNS::Topic", "TopicArn"),
    ("AWS::SQS::Queue", "QueueUrl"),
    ("AWS::SecretsManager::Secret", "Id"),
];

/// `Key=Value,Key=Value`, or one value for the only identifier.
fn pairs(names: &[String], given: &str) -> Vec<(String, String)> {
    match names {
        [only] if !given.starts_with(&format!("{only}=")) => vec![(only.clone(), given.to_owned())],
        _ => given.split(',').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_identifier_needs_no_name() {
        let names = ["QueueUrl".to_owned()];
        let url = "https://sqs.us-east-1.amazonaws.com/1/q?a=b";
        assert_eq!(pairs(&names, url), [("QueueUrl".to_owned(), url.to_owned())]);
        assert_eq!(pairs(&names, "QueueUrl=q"), [("QueueUrl".to_owned(), "q".to_owned())]);
        let names = ["RestApiId".to_owned(), "StageName".to_owned()];
        assert_eq!(pairs(&names, "RestApiId=a,StageName=b").len(), 2);
    }
}
