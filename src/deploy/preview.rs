//! What is deployed, and what CloudFormation says a new template would do: reads, and one change set that is
//! made and discarded.

use super::bucket::{Bucket, Object};
use super::change_set::{self, BODY_LIMIT, Change, Made, ResourceChange, Source};
use super::settings::StackSettings;
use super::stack::Stack;
use super::{DeployError, TOKEN_PREFIX};
use crate::aws::{Aws, AwsError, Named};
use crate::manifest::Service;
use crate::template::Template;
use aws_sdk_cloudformation::types::TemplateStage;

/// The template of a stack as it was deployed; `None` where it is not JSON.
pub async fn deployed_template(aws: &Aws, stack: &Stack) -> Result<Option<Template>, AwsError> {
    let answer = aws
        .cloudformation()
        .get_template()
        .stack_name(&stack.name)
        .template_stage(TemplateStage::Original)
        .send()
        .await
        .named("CloudFormation", "GetTemplate")?;
    let text = answer.template_body.unwrap_or_default();
    Ok(match serde_json::from_str(&text) {
        Ok(serde_json::Value::Object(root)) => Some(Template { root }),
        _ => None,
    })
}

/// What a change set of this template would do to a stack that exists. Code is not uploaded for it.
pub async fn preview(
    aws: &Aws,
    service: &Service,
    template: &Template,
    stack: &Stack,
    token: &str,
) -> Result<Vec<ResourceChange>, DeployError> {
    let settings = StackSettings::new(service, template);
    let text = template.to_json();
    let source = if text.len() <= BODY_LIMIT {
        Source::Body(text)
    } else {
        let Some(bucket) = Bucket::of(aws, service, stack).await? else { return Ok(Vec::new()) };
        let object = Object::bytes(format!("{}plan/template.json", bucket.folder), text.into_bytes());
        bucket.put(&object).await?;
        Source::Url(bucket.url(&object.key))
    };
    let name = format!("{TOKEN_PREFIX}plan-{token}");
    let change = Change {
        settings: &settings,
        source,
        exists: true,
        token: &name,
        express: false,
        import_existing: false,
        import: Vec::new(),
    };
    match change_set::make(aws, &change, &|_| {}).await? {
        Made::Empty => Ok(Vec::new()),
        Made::Ready { name, changes, .. } => {
            change_set::discard(aws, &stack.name, &name).await?;
            Ok(changes)
        }
    }
}
