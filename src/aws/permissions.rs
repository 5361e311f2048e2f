//! What the caller may do: by simulation, else by reading its policies.

use super::policies::{policies, untold};
use super::{Aws, AwsError, Named};
use crate::iam::evaluate::{Caller, Policies};
use crate::iam::preflight::{Asked, Limit, Method, Preflight, Verdict, answer, verdict, with_account};
use crate::iam::requirements::Requirements;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};
use std::collections::{BTreeMap, BTreeSet, HashMap};
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
    if let Some(reason) = untold(&caller) {
        return Preflight::unknown(reason);
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
    // A call takes many actions on many resources, but one context: resources with the same actions go together.
    let mut of_resource = BTreeMap::<_, BTreeSet<Asked>>::new();
    let account = caller.account().unwrap_or_default();
    for (permission, needs) in required.iter() {
        let asked = Asked::new(permission, needs);
        let resource = with_account(&permission.resource, account);
        of_resource.entry((resource, asked.context())).or_default().insert(asked);
    }
    let mut batches = BTreeMap::<_, Batch>::new();
    for ((resource, context), asked) in of_resource {
        let actions: BTreeSet<String> = asked.iter().map(|asked| asked.permission.action.clone()).collect();
        let batch = batches.entry((actions, context)).or_default();
        batch.extend(asked.into_iter().map(|asked| (resource.clone(), asked)));
    }
    let (mut verdicts, mut running) = (HashMap::new(), JoinSet::new());
    let mut batches = batches.into_iter();
    loop {
        while running.len() < CONCURRENT
            && let Some(((actions, context), batch)) = batches.next()
        {
            let (aws, source) = (aws.clone(), source.to_owned());
            running.spawn(async move { simulate_batch(&aws, &source, actions, context, batch).await });
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

/// What is asked, with the resource as it is known to the caller.
type Batch = Vec<(String, Asked)>;

async fn simulate_batch(
    aws: &Aws,
    source: &str,
    actions: BTreeSet<String>,
    context: Vec<(&'static str, Vec<String>)>,
    batch: Batch,
) -> Result<Vec<(Asked, Verdict)>, AwsError> {
    let resources: BTreeSet<String> = batch.iter().map(|(resource, _)| resource.clone()).collect();
    let mut call = aws.iam().simulate_principal_policy().policy_source_arn(source);
    call = call.set_action_names(Some(actions.into_iter().collect()));
    call = call.set_resource_arns(Some(resources.iter().cloned().collect()));
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
    let alone = resources.len() == 1;
    let of = |(resource, asked): (String, Asked)| {
        let mut same = results.iter().filter(|r| asked.permission.action.eq_ignore_ascii_case(r.eval_action_name()));
        let named = same.clone().find(|result| result.eval_resource_name() == Some(&resource));
        let of_all = |result: &&EvaluationResult| alone || result.eval_resource_name().is_none_or(|name| name == "*");
        named.or_else(|| same.find(of_all)).map(|result| (asked, simulated(result, &resource)))
    };
    Ok(batch.into_iter().filter_map(of).collect())
}

/// What a result says of a resource: the part that is of it alone, where there is one.
fn simulated(result: &EvaluationResult, resource: &str) -> Verdict {
    let own = result.resource_specific_results().iter().find(|own| own.eval_resource_name() == resource);
    let organization = result.organizations_decision_detail();
    let decision = own.map_or(result.eval_decision(), |own| own.eval_resource_decision());
    let missing = own.map_or(result.missing_context_values(), |own| own.missing_context_values());
    let boundary = own.and_then(|own| own.permissions_boundary_decision_detail());
    let boundary = boundary.or(result.permissions_boundary_decision_detail());
    match decision {
        PolicyEvaluationDecisionType::Allowed => Verdict::Allowed,
        _ if organization.is_some_and(|detail| !detail.allowed_by_organizations()) => {
            Verdict::Limited(Limit::Organization)
        }
        _ if !missing.is_empty() => Verdict::Open,
        PolicyEvaluationDecisionType::ExplicitDeny => Verdict::Limited(Limit::Deny),
        _ if boundary.is_some_and(|detail| !detail.allowed_by_permissions_boundary()) => {
            Verdict::Limited(Limit::Boundary)
        }
        _ => Verdict::Denied,
    }
}
