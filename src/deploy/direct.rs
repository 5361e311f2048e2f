//! Making and changing a stack in one call, without a change set.

use super::change_set::Source;
use super::settings::{StackSettings, deployment, with_settings};
use crate::aws::{Aws, AwsError, Named};

/// What CloudFormation does when a call of [`Direct`] fails half-way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Goes back to what was before.
    Rollback,
    /// Leaves what succeeded.
    Keep,
    /// Deletes the stack; only where it is made.
    Delete,
}

/// A stack that is made or changed in one call.
#[derive(Debug, Clone)]
pub struct Direct<'a> {
    /// Settings of the stack.
    pub settings: &'a StackSettings,
    /// The template's text, or where it lies.
    pub source: Source,
    /// Names what it does.
    pub token: &'a str,
    /// What happens where it fails.
    pub on_failure: OnFailure,
    /// CloudFormation's express mode.
    pub express: bool,
}

impl Direct<'_> {
    /// Makes the stack; its ARN.
    ///
    /// # Errors
    /// The call was refused, or not answered.
    pub async fn create(self, aws: &Aws) -> Result<String, AwsError> {
        let call = with_settings!(aws.cloudformation().create_stack(), self.settings);
        let (body, url) = self.source.parts();
        let delete = (self.on_failure == OnFailure::Delete).then_some(aws_sdk_cloudformation::types::OnFailure::Delete);
        let answer = call
            .set_template_body(body)
            .set_template_url(url)
            .client_request_token(self.token)
            .set_deployment_config(deployment(self.express))
            .set_on_failure(delete)
            .set_disable_rollback((self.on_failure == OnFailure::Keep).then_some(true))
            .send()
            .await
            .named("CloudFormation", "CreateStack");
        self::begun(aws, &self.settings.name, self.token, answer.map(|a| a.stack_id)).await
    }

    /// Changes the stack; its ARN.
    ///
    /// # Errors
    /// The call was refused (also where nothing is to be changed), or not answered.
    pub async fn update(self, aws: &Aws) -> Result<String, AwsError> {
        let call = with_settings!(aws.cloudformation().update_stack(), self.settings);
        let (body, url) = self.source.parts();
        let answer = call
            .set_template_body(body)
            .set_template_url(url)
            .client_request_token(self.token)
            .set_deployment_config(deployment(self.express))
            .set_disable_rollback((self.on_failure == OnFailure::Keep).then_some(true))
            .send()
            .await
            .named("CloudFormation", "UpdateStack");
        self::begun(aws, &self.settings.name, self.token, answer.map(|a| a.stack_id)).await
    }
}

/// The stack's ARN. A call that was repeated because its answer was lost is refused, since the stack exists or changes
/// by then: that is no failure where the operation is this call's own.
async fn begun(
    aws: &Aws,
    stack: &str,
    token: &str,
    answer: Result<Option<String>, AwsError>,
) -> Result<String, AwsError> {
    match answer {
        Ok(id) => Ok(id.unwrap_or_else(|| stack.to_owned())),
        Err(error) if error.code == "AlreadyExistsException" || error.message.contains("_IN_PROGRESS") => {
            super::events::begun_by(aws, stack, token).await.ok_or(error)
        }
        Err(error) => Err(error),
    }
}
