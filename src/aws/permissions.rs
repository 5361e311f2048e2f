//! What the caller may do: by simulation, else by reading its policies.

use super::policies::policies;
use super::{Aws, AwsError, Named};
use crate::iam::evaluate::{Caller, Policies};
use crate::iam::preflight::{Asked, Limit, Method, Preflight, Verdict, answer, verdict, with_account};
use crate::iam::requirements::Requirements;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};
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
    let reading = {
        let (aws, caller) = (aws.clone(), caller.clone());
        tokio::spawn(async move { policies(&aws, &caller).await })
    };
    let simulated = simulate(aws, &caller, required).await;
    if let Ok(verdicts) = &simulated
        && required.iter().all(|(p, needs)| verdicts.get(&Asked::new(p, needs)) == Some(&Verdict::Allowed))
    {
        reading.abort();
        return Preflight::of(Method::Simulated, required, |_| Verdict::Allowed);
    }
    let read = reading.await.unwrap_or_else(|_| Ok(Policies::default()));
    let found = match (simulated, read) {
        // A simulation does not see what a session carries, and may lack the context that a condition asks for:
        // what the policies themselves allow is not called denied.
        (Ok(verdicts), read) => {
            Preflight::of(Method::Simulated, required, |asked| match (verdicts.get(asked), &read) {
                (None | Some(Verdict::Denied | Verdict::Limited(Limit::Deny | Limit::Boundary)), Ok(policies)) => {
                    verdict(&answer(asked, &caller, policies))
                }
                (simulated, _) => simulated.copied().unwrap_or(Verdict::Open),
            })
        }
        (Err(_), Ok(policies)) => Preflight::evaluate(required, &caller, &policies),
        (Err(simulating), Err(reading)) if simulating.is_denied() && reading.is_denied() => {
            Preflight::unknown(format!("the caller may neither simulate nor read its own policies ({simulating})"))
        }
        (Err(simulating), Err(reading)) => Preflight::unknown(format!(
            "what the caller's policies say was not to be learned ({simulating}; {reading})"
        )),
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
    let source = source(caller).unwrap_or_default();
    match (simulate_of(aws, source, caller, required).await, caller) {
        // A session does not tell the path of its role, which the roles of IAM Identity Center have.
        (Err(error), Caller::Role { role, .. }) if error.is_not_found() => {
            let name = role.rsplit('/').next().unwrap_or_default();
            let answer = aws.iam().get_role().role_name(name).send().await.named("IAM", "GetRole")?;
            match answer.role.map(|role| role.arn).filter(|arn| arn != source) {
                Some(whole) => simulate_of(aws, &whole, caller, required).await,
                None => Err(error),
            }
        }
        (answer, _) => answer,
    }
}

/// The verdicts on what is required; none on what IAM takes for no valid request, such as a resource that it does
/// not know yet.
async fn simulate_of(
    aws: &Aws,
    source: &str,
    caller: &Caller,
    required: &Requirements,
) -> Result<HashMap<Asked, Verdict>, AwsError> {
    // A call takes many actions, but one resource and one context.
    let mut batches = BTreeMap::<_, Vec<Asked>>::new();
    for (permission, needs) in required.iter() {
        let asked = Asked::new(permission, needs);
        batches.entry((permission.resource.clone(), asked.context())).or_default().push(asked);
    }
    let account = caller.account().unwrap_or_default().to_owned();
    let (mut verdicts, mut running) = (HashMap::new(), JoinSet::new());
    let mut batches = batches.into_iter();
    loop {
        while running.len() < CONCURRENT
            && let Some(((resource, context), asked)) = batches.next()
        {
            let (aws, source, resource) = (aws.clone(), source.to_owned(), with_account(&resource, &account));
            running.spawn(async move { simulate_batch(&aws, &source, &resource, context, asked).await });
        }
        match running.join_next().await {
            Some(Ok(Ok(batch))) => verdicts.extend(batch),
            Some(Ok(Err(error))) if error.code == "InvalidInput" => {}
            Some(Ok(Err(error))) => return Err(error),
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
    // IAM may end a page before it is full.
    let results = call.max_items(1000).into_paginator().items().send();
    let results = results.try_collect().await.named("IAM", "SimulatePrincipalPolicy")?;
    let of = |result: &EvaluationResult| {
        let same = |asked: &&Asked| asked.permission.action.eq_ignore_ascii_case(result.eval_action_name());
        asked.iter().find(same).map(|asked| (asked.clone(), simulated(result)))
    };
    Ok(results.iter().filter_map(of).collect())
}

fn simulated(result: &EvaluationResult) -> Verdict {
    let organization = result.organizations_decision_detail();
    let boundary = result.permissions_boundary_decision_detail();
    match result.eval_decision() {
        PolicyEvaluationDecisionType::Allowed => Verdict::Allowed,
        _ if organization.is_some_and(|detail| !detail.allowed_by_organizations()) => {
            Verdict::Limited(Limit::Organization)
        }
        _ if !result.missing_context_values().is_empty() => Verdict::Open,
        PolicyEvaluationDecisionType::ExplicitDeny => Verdict::Limited(Limit::Deny),
        _ if boundary.is_some_and(|detail| !detail.allowed_by_permissions_boundary()) => {
            Verdict::Limited(Limit::Boundary)
        }
        _ => Verdict::Denied,
    }
}
