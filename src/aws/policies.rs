//! Policies of users and roles: read for what they allow, and put on them.

use super::{Aws, AwsError, Named};
use crate::iam::evaluate::{Caller, NamedPolicy, Policies};
use crate::iam::policy::Policy;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// Why nothing can be learned of a caller's policies; `None` where they can be asked for.
pub fn untold(caller: &Caller) -> Option<String> {
    let Caller::FederatedUser { session, .. } = caller else { return None };
    Some(format!("AWS does not tell the policies that the session {session} was given, nor whose it is"))
}

/// The identity policies and the boundary of a user or role. What limits a session or an account is not among them.
///
/// # Errors
/// The caller may not read them.
pub async fn policies(aws: &Aws, caller: &Caller) -> Result<Policies, AwsError> {
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    match caller {
        Caller::User { arn } => of_user(aws, &name(arn)).await,
        Caller::Role { role, .. } => of_role(aws, &name(role)).await,
        _ => Ok(Policies::default()),
    }
}

async fn of_user(aws: &Aws, user: &str) -> Result<Policies, AwsError> {
    let iam = aws.iam();
    let boundary = async {
        let answer = iam.get_user().user_name(user).send().await.named("IAM", "GetUser")?;
        let boundary = answer.user.and_then(|u| u.permissions_boundary).and_then(|b| b.permissions_boundary_arn);
        managed(aws, boundary).await
    };
    let inline = async {
        let names = iam.list_user_policies().user_name(user).into_paginator().items().send();
        let names = names.try_collect().await.named("IAM", "ListUserPolicies")?;
        let read = |name: String| {
            let call = iam.get_user_policy().user_name(user).policy_name(&name);
            async move { Ok(read(&name, &call.send().await.named("IAM", "GetUserPolicy")?.policy_document)) }
        };
        together(names.into_iter().map(read)).await
    };
    let attached = async {
        let attached = iam.list_attached_user_policies().user_name(user).into_paginator().items().send();
        let attached = attached.try_collect().await.named("IAM", "ListAttachedUserPolicies")?;
        managed(aws, attached.into_iter().filter_map(|policy| policy.policy_arn)).await
    };
    let groups = async {
        let groups = iam.list_groups_for_user().user_name(user).into_paginator().items().send();
        let groups = groups.try_collect().await.named("IAM", "ListGroupsForUser")?;
        let of_group = |group: aws_sdk_iam::types::Group| {
            let aws = aws.clone();
            async move { of_group(&aws, &group.group_name).await }
        };
        Ok(together(groups.into_iter().map(of_group)).await?.into_iter().flatten().collect::<Vec<_>>())
    };
    let (boundary, inline, attached, groups) = tokio::try_join!(boundary, inline, attached, groups)?;
    Ok(held(boundary, inline.into_iter().flatten().chain(attached).chain(groups)))
}

async fn of_group(aws: &Aws, group: &str) -> Result<Vec<NamedPolicy>, AwsError> {
    let iam = aws.iam();
    let names = iam.list_group_policies().group_name(group).into_paginator().items().send();
    let names = names.try_collect().await.named("IAM", "ListGroupPolicies")?;
    let read = |name: String| {
        let call = iam.get_group_policy().group_name(group).policy_name(&name);
        async move { Ok(read(&name, &call.send().await.named("IAM", "GetGroupPolicy")?.policy_document)) }
    };
    let inline = together(names.into_iter().map(read)).await?;
    let attached = iam.list_attached_group_policies().group_name(group).into_paginator().items().send();
    let attached = attached.try_collect().await.named("IAM", "ListAttachedGroupPolicies")?;
    let attached = managed(aws, attached.into_iter().filter_map(|policy| policy.policy_arn)).await?;
    Ok(inline.into_iter().flatten().chain(attached).collect())
}

async fn of_role(aws: &Aws, role: &str) -> Result<Policies, AwsError> {
    let iam = aws.iam();
    let boundary = async {
        let answer = iam.get_role().role_name(role).send().await.named("IAM", "GetRole")?;
        let boundary = answer.role.and_then(|r| r.permissions_boundary).and_then(|b| b.permissions_boundary_arn);
        managed(aws, boundary).await
    };
    let inline = async {
        let names = iam.list_role_policies().role_name(role).into_paginator().items().send();
        let names = names.try_collect().await.named("IAM", "ListRolePolicies")?;
        let read = |name: String| {
            let call = iam.get_role_policy().role_name(role).policy_name(&name);
            async move { Ok(read(&name, &call.send().await.named("IAM", "GetRolePolicy")?.policy_document)) }
        };
        together(names.into_iter().map(read)).await
    };
    let attached = async {
        let attached = iam.list_attached_role_policies().role_name(role).into_paginator().items().send();
        let attached = attached.try_collect().await.named("IAM", "ListAttachedRolePolicies")?;
        managed(aws, attached.into_iter().filter_map(|policy| policy.policy_arn)).await
    };
    let (boundary, inline, attached) = tokio::try_join!(boundary, inline, attached)?;
    Ok(held(boundary, inline.into_iter().flatten().chain(attached)))
}

fn held(boundary: Vec<NamedPolicy>, identity: impl IntoIterator<Item = NamedPolicy>) -> Policies {
    let boundary = boundary.into_iter().next();
    Policies { identity: identity.into_iter().collect(), boundary, ..Policies::default() }
}

/// Whom an inline policy is put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder<'a> {
    /// A user, by name.
    User(&'a str),
    /// A role, by name.
    Role(&'a str),
}

/// An inline policy as it is now; `None` where there is none.
///
/// # Errors
/// The caller may not read it.
pub async fn inline_policy(aws: &Aws, holder: Holder<'_>, policy: &str) -> Result<Option<Value>, AwsError> {
    let iam = aws.iam();
    let document = match holder {
        Holder::User(name) => {
            let answer = iam.get_user_policy().user_name(name).policy_name(policy).send().await;
            answer.named("IAM", "GetUserPolicy").map(|answer| answer.policy_document)
        }
        Holder::Role(name) => {
            let answer = iam.get_role_policy().role_name(name).policy_name(policy).send().await;
            answer.named("IAM", "GetRolePolicy").map(|answer| answer.policy_document)
        }
    };
    match document {
        Ok(document) => Ok(Policy::document(&document).ok()),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes an inline policy, or puts it in the place of the one with its name.
///
/// # Errors
/// The caller may not, or there is no such user or role.
pub async fn put_inline_policy(aws: &Aws, holder: Holder<'_>, policy: &str, document: &Value) -> Result<(), AwsError> {
    let (iam, document) = (aws.iam(), document.to_string());
    match holder {
        Holder::User(name) => {
            let call = iam.put_user_policy().user_name(name).policy_name(policy).policy_document(document);
            call.send().await.named("IAM", "PutUserPolicy").map(|_| ())
        }
        Holder::Role(name) => {
            let call = iam.put_role_policy().role_name(name).policy_name(policy).policy_document(document);
            call.send().await.named("IAM", "PutRolePolicy").map(|_| ())
        }
    }
}

/// Managed policies, by their ARNs.
async fn managed(aws: &Aws, arns: impl IntoIterator<Item = String>) -> Result<Vec<NamedPolicy>, AwsError> {
    let one = |arn: String| {
        let iam = aws.iam().clone();
        async move {
            let answer = iam.get_policy().policy_arn(&arn).send().await.named("IAM", "GetPolicy")?;
            let version = answer.policy.and_then(|p| p.default_version_id).unwrap_or_default();
            let answer = iam.get_policy_version().policy_arn(&arn).version_id(version).send().await;
            let document = answer.named("IAM", "GetPolicyVersion")?.policy_version.and_then(|v| v.document);
            Ok(document.and_then(|text| read(&arn, &text)))
        }
    };
    Ok(together(arns.into_iter().map(one)).await?.into_iter().flatten().collect())
}

/// The answers of calls that are made side by side, in their order.
///
/// # Errors
/// The first call that fails ends all.
async fn together<T: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = Result<T, AwsError>> + Send + 'static>,
) -> Result<Vec<T>, AwsError> {
    let mut running = JoinSet::new();
    for (place, call) in calls.into_iter().enumerate() {
        running.spawn(async move { (place, call.await) });
    }
    let mut answers = BTreeMap::new();
    while let Some(answer) = running.join_next().await {
        if let Ok((place, answer)) = answer {
            answers.insert(place, answer?);
        }
    }
    Ok(answers.into_values().collect())
}

/// AWS keeps no policy that cannot be read.
fn read(name: &str, document: &str) -> Option<NamedPolicy> {
    Some(NamedPolicy { name: name.to_owned(), policy: Policy::parse(document).ok()? })
}
