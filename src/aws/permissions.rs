//! What the caller may do: by simulation, else by reading its policies.

use super::{Aws, AwsError, Named};
use crate::iam::evaluate::{Caller, NamedPolicy, Policies};
use crate::iam::policy::Policy;
use crate::iam::preflight::{Asked, Method, Preflight, Verdict, answer, verdict, with_account};
use crate::iam::requirements::Requirements;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use tokio::task::JoinSet;

/// Simulations under way at once; IAM throttles beyond a few per second and caller.
const CONCURRENT: usize = 8;

/// Checks the required permissions of the caller. Never fails: what cannot be found out is unknown, with the reason.
pub async fn preflight(aws: &Aws, required: &Requirements) -> Preflight {
    let identity = match aws.identity().await {
        Ok(identity) => identity,
        Err(error) => return Preflight::unknown(error.to_string()),
    };
    let Some(caller) = Caller::from_arn(&identity.arn) else {
        return Preflight::unknown(format!("{} is neither user nor role", identity.arn));
    };
    if matches!(caller, Caller::Root { .. }) {
        return Preflight::root();
    }
    let (simulated, policies) = tokio::join!(simulate(aws, &caller, required), policies(aws, &caller));
    let found = match (simulated, policies) {
        // A simulation does not see what a session carries, and may lack the context that a condition asks for:
        // what the policies themselves allow is not called denied.
        (Ok(verdicts), read) => Preflight::of(Method::Simulated, required, |asked| {
            let simulated = verdicts.get(asked).copied().unwrap_or(Verdict::Open);
            match (simulated, &read) {
                (Verdict::Denied, Ok(policies)) => verdict(&answer(asked, &caller, policies)),
                _ => simulated,
            }
        }),
        (Err(_), Ok(policies)) => Preflight::evaluate(required, &caller, &policies),
        (Err(simulating), Err(_)) => {
            Preflight::unknown(format!("the caller may neither simulate nor read its own policies ({simulating})"))
        }
    };
    found.in_account(&identity.account)
}

/// The ARN whose policies are simulated: of a session its role's.
fn source(caller: &Caller) -> Option<&str> {
    match caller {
        Caller::User { arn } => Some(arn),
        Caller::Role { role, .. } => Some(role),
        Caller::FederatedUser { user, .. } => Some(user),
        _ => None,
    }
}

async fn simulate(aws: &Aws, caller: &Caller, required: &Requirements) -> Result<HashMap<Asked, Verdict>, AwsError> {
    // A call takes many actions, but one resource and one context.
    let mut batches = BTreeMap::<_, Vec<Asked>>::new();
    for (permission, needs) in required.iter() {
        let asked = Asked::new(permission, needs);
        batches.entry((permission.resource.clone(), asked.context())).or_default().push(asked);
    }
    let account = caller.account().unwrap_or_default().to_owned();
    let source = source(caller).unwrap_or_default().to_owned();
    let (mut verdicts, mut running) = (HashMap::new(), JoinSet::new());
    let mut batches = batches.into_iter();
    loop {
        while running.len() < CONCURRENT
            && let Some(((resource, context), asked)) = batches.next()
        {
            let (aws, source, resource) = (aws.clone(), source.clone(), with_account(&resource, &account));
            running.spawn(async move { simulate_batch(&aws, &source, &resource, context, asked).await });
        }
        match running.join_next().await {
            Some(Ok(batch)) => verdicts.extend(batch?),
            Some(Err(_)) => {}
            None => return Ok(verdicts),
        }
    }
}

async fn simulate_batch(
    aws: &Aws,
    source: &str,
    resource: &str,
    context: Vec<(&'static str, Vec<String>)>,
    asked: Vec<Asked>,
) -> Result<Vec<(Asked, Verdict)>, AwsError> {
    let mut call = aws.iam().simulate_principal_policy().policy_source_arn(source).resource_arns(resource);
    call = call.set_action_names(Some(asked.iter().map(|asked| asked.permission.action.clone()).collect()));
    for (key, values) in context {
        let entry = ContextEntry::builder().context_key_name(key).set_context_key_values(Some(values));
        let kind = match key {
            "aws:CalledVia" => ContextKeyTypeEnum::StringList,
            "aws:ViaAWSService" => ContextKeyTypeEnum::Boolean,
            _ => ContextKeyTypeEnum::String,
        };
        call = call.context_entries(entry.context_key_type(kind).build());
    }
    let answer = call.max_items(1000).send().await.named("IAM", "SimulatePrincipalPolicy")?;
    let mut found = Vec::new();
    for result in answer.evaluation_results() {
        let verdict = match result.eval_decision() {
            PolicyEvaluationDecisionType::Allowed => Verdict::Allowed,
            _ if !result.missing_context_values().is_empty() => Verdict::Open,
            _ if result.organizations_decision_detail().is_some_and(|detail| !detail.allowed_by_organizations()) => {
                Verdict::DeniedByOrganization
            }
            _ => Verdict::Denied,
        };
        let of = |asked: &&Asked| asked.permission.action.eq_ignore_ascii_case(result.eval_action_name());
        found.extend(asked.iter().find(of).map(|asked| (asked.clone(), verdict)));
    }
    Ok(found)
}

/// The identity policies and the boundary of a user or role. What limits a session or an account is not among them.
///
/// # Errors
/// The caller may not read them.
pub async fn policies(aws: &Aws, caller: &Caller) -> Result<Policies, AwsError> {
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    match caller {
        Caller::User { arn } | Caller::FederatedUser { user: arn, .. } => of_user(aws, &name(arn)).await,
        Caller::Role { role, .. } => of_role(aws, &name(role)).await,
        _ => Ok(Policies::default()),
    }
}

async fn of_user(aws: &Aws, user: &str) -> Result<Policies, AwsError> {
    let iam = aws.iam();
    let mut policies = Policies::default();
    let answer = iam.get_user().user_name(user).send().await.named("IAM", "GetUser")?;
    let boundary = answer.user.and_then(|u| u.permissions_boundary).and_then(|b| b.permissions_boundary_arn);
    policies.boundary = managed_if(aws, boundary).await?;
    let inline = iam.list_user_policies().user_name(user).send().await.named("IAM", "ListUserPolicies")?;
    for name in inline.policy_names {
        let answer = iam.get_user_policy().user_name(user).policy_name(&name).send().await;
        policies.identity.extend(read(&name, &answer.named("IAM", "GetUserPolicy")?.policy_document));
    }
    let attached =
        iam.list_attached_user_policies().user_name(user).send().await.named("IAM", "ListAttachedUserPolicies")?;
    for policy in attached.attached_policies.unwrap_or_default() {
        policies.identity.extend(managed_if(aws, policy.policy_arn).await?);
    }
    let groups = iam.list_groups_for_user().user_name(user).send().await.named("IAM", "ListGroupsForUser")?;
    for group in groups.groups {
        let group = group.group_name;
        let inline = iam.list_group_policies().group_name(&group).send().await.named("IAM", "ListGroupPolicies")?;
        for name in inline.policy_names {
            let answer = iam.get_group_policy().group_name(&group).policy_name(&name).send().await;
            policies.identity.extend(read(&name, &answer.named("IAM", "GetGroupPolicy")?.policy_document));
        }
        let attached = iam.list_attached_group_policies().group_name(&group).send().await;
        for policy in attached.named("IAM", "ListAttachedGroupPolicies")?.attached_policies.unwrap_or_default() {
            policies.identity.extend(managed_if(aws, policy.policy_arn).await?);
        }
    }
    Ok(policies)
}

async fn of_role(aws: &Aws, role: &str) -> Result<Policies, AwsError> {
    let iam = aws.iam();
    let mut policies = Policies::default();
    let answer = iam.get_role().role_name(role).send().await.named("IAM", "GetRole")?;
    let boundary = answer.role.and_then(|r| r.permissions_boundary).and_then(|b| b.permissions_boundary_arn);
    policies.boundary = managed_if(aws, boundary).await?;
    let inline = iam.list_role_policies().role_name(role).send().await.named("IAM", "ListRolePolicies")?;
    for name in inline.policy_names {
        let answer = iam.get_role_policy().role_name(role).policy_name(&name).send().await;
        policies.identity.extend(read(&name, &answer.named("IAM", "GetRolePolicy")?.policy_document));
    }
    let attached =
        iam.list_attached_role_policies().role_name(role).send().await.named("IAM", "ListAttachedRolePolicies")?;
    for policy in attached.attached_policies.unwrap_or_default() {
        policies.identity.extend(managed_if(aws, policy.policy_arn).await?);
    }
    Ok(policies)
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

async fn managed_if(aws: &Aws, arn: Option<String>) -> Result<Option<NamedPolicy>, AwsError> {
    let Some(arn) = arn else { return Ok(None) };
    let iam = aws.iam();
    let answer = iam.get_policy().policy_arn(&arn).send().await.named("IAM", "GetPolicy")?;
    let version = answer.policy.and_then(|p| p.default_version_id).unwrap_or_default();
    let answer = iam.get_policy_version().policy_arn(&arn).version_id(version).send().await;
    let document = answer.named("IAM", "GetPolicyVersion")?.policy_version.and_then(|v| v.document);
    Ok(document.and_then(|text| read(&arn, &text)))
}

/// AWS keeps no policy that cannot be read.
fn read(name: &str, document: &str) -> Option<NamedPolicy> {
    Some(NamedPolicy { name: name.to_owned(), policy: Policy::parse(document).ok()? })
}
