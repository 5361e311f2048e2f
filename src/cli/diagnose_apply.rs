//! `rlx diagnose --apply`: puts the missing statements on whoever was denied, after showing the change.

use super::reach::Reach;
use super::{ExitKind, Failure};
use crate::aws::Aws;
use crate::aws::policies::{Holder, inline_policy, put_inline_policy};
use crate::context::Context;
use crate::deploy::DeployError;
use crate::diagnose::{Diagnosis, remedy};
use serde_json::{Value, json};

/// Name of the inline policy that is written.
const POLICY_NAME: &str = "rlx-diagnose-fix";

/// The inline policy as it is before.
enum Before {
    Absent,
    /// Its statements.
    Holds(Vec<Value>),
    /// It may not be read.
    Unknown,
}

/// Adds the statements of a diagnosis to the inline policy of the user or role that was denied.
pub fn run(diagnosis: Option<&Diagnosis>, context: &Context) -> Result<ExitKind, Failure> {
    let nothing = || {
        Failure::new(ExitKind::Failed, "there is nothing that an identity policy would mend")
            .hint("rlx diagnose says where the change must be made")
    };
    let diagnosis = diagnosis.filter(|diagnosis| !diagnosis.statements.is_empty()).ok_or_else(nothing)?;
    let (kind, name) = diagnosis.principal.as_deref().and_then(remedy::identity).ok_or_else(nothing)?;
    let holder = if kind == "user" { Holder::User(name) } else { Holder::Role(name) };
    let reach = Reach::find(context)?;
    let before = reach.with_aws(context, async |aws: &Aws| {
        Ok::<_, DeployError>(match inline_policy(aws, holder, POLICY_NAME).await {
            Ok(None) => Before::Absent,
            Ok(Some(document)) => Before::Holds(remedy::statements_of(&document)),
            Err(_) => Before::Unknown,
        })
    })?;
    let (statements, note) = after(&before, diagnosis);
    if let Before::Holds(held) = &before
        && held.len() == statements.len()
    {
        context.report.note(&format!("{POLICY_NAME} on {kind} {name} says so already: nothing was changed"));
        return Ok(ExitKind::Done);
    }
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    let change = format!("inline policy {POLICY_NAME} on {kind} {name}\n{policy:#}\n{note}");
    if context.options.yes {
        context.report.note(&format!("Putting {change}"));
    } else if !context.report.can_ask {
        context.report.note(&format!("This is what it would put: {change}"));
        return Err(Failure::new(ExitKind::Failed, "nothing was changed, since nobody can be asked here")
            .hint("to agree without being asked: --yes"));
    } else if !context.report.agrees(&format!("Put this {change}\nGo on?")) {
        return Err(Failure::new(ExitKind::Failed, "nothing was changed").hint("to agree without being asked: --yes"));
    }
    reach.with_aws(context, async |aws: &Aws| {
        put_inline_policy(aws, holder, POLICY_NAME, &policy).await.map_err(DeployError::from)
    })?;
    context
        .report
        .note(&format!("Put {POLICY_NAME} on {kind} {name}; IAM may take some seconds to know it everywhere"));
    Ok(ExitKind::Done)
}

/// The statements that the policy will have, and what becomes of those that it has now.
fn after(before: &Before, diagnosis: &Diagnosis) -> (Vec<Value>, String) {
    let missing = diagnosis.statements.clone();
    match before {
        Before::Absent => (missing, "It is new.".to_owned()),
        Before::Unknown => (missing, format!("It replaces what {POLICY_NAME} says now, which may not be read.")),
        Before::Holds(held) => {
            let document = json!({ "Statement": held });
            let new = remedy::beyond(std::slice::from_ref(diagnosis), &[document]);
            let note = match held.len() {
                1 => format!("The statement it holds now stays; added: {}.", new.len()),
                count => format!("The {count} statements it holds now stay; added: {}.", new.len()),
            };
            (held.iter().cloned().chain(new).collect(), note)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Evidence, diagnose};

    #[test]
    fn what_the_policy_holds_stays_and_is_not_said_twice() {
        let denied = |action: &str| {
            let text = format!("User: arn:aws:iam::123456789012:user/ann is not authorized to perform: {action}");
            diagnose(&Evidence::text(text)).remove(0)
        };
        let (first, second) = (denied("sqs:CreateQueue"), denied("sqs:DeleteQueue"));
        let (held, _) = after(&Before::Absent, &first);
        let (both, _) = after(&Before::Holds(held.clone()), &second);
        assert_eq!(both, [first.statements.clone(), second.statements.clone()].concat());
        assert_eq!(after(&Before::Holds(held.clone()), &first).0, held);
    }
}
