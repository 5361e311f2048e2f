//! The smallest change: statements for an identity policy, or a text for whoever owns the deciding policy.

use super::causes::who_decides;
use super::explain::Told;
use super::further::by_service;
use super::{Ask, Diagnosis, Further, Kind};
use crate::iam::catalogue;
use serde_json::{Value, json};

/// The statements that an identity policy lacks; none where an identity policy does not mend it.
pub fn statements(kind: Kind, told: &Told, resource_type: Option<&str>) -> Vec<Value> {
    let helps = matches!(
        kind,
        Kind::ImplicitDenyIdentity
            | Kind::UnknownDeny
            | Kind::Passrole
            | Kind::S3Bare
            | Kind::Kms
            | Kind::ExecutionRoleLacks
            | Kind::AssumeRoleTrust
    );
    let Some(action) = told.action.as_deref().filter(|_| helps && told.effect != Some(super::Effect::Explicit)) else {
        return Vec::new();
    };
    // Services assume roles by trust alone.
    if kind == Kind::AssumeRoleTrust
        && (action != "sts:AssumeRole" || told.principal.as_deref().is_none_or(|who| !who.starts_with("arn:")))
    {
        return Vec::new();
    }
    let resource = resource_arn(action, told);
    let mut statement = json!({ "Effect": "Allow", "Action": [action], "Resource": [resource] });
    if action == "iam:PassRole"
        && let Some(service) = resource_type.and_then(passed_to)
    {
        statement["Condition"] = json!({ "StringEquals": { "iam:PassedToService": service } });
    }
    vec![statement]
}

/// The resource of a statement: the ARN of the message, or one made from the bare name, else `*`.
fn resource_arn(action: &str, told: &Told) -> String {
    if catalogue::action(action).is_some_and(catalogue::Action::wants_any_resource) {
        return "*".to_owned();
    }
    let Some(resource) = told.resource.as_deref() else { return "*".to_owned() };
    let account =
        told.principal.as_deref().and_then(|arn| arn.split(':').nth(4)).filter(|id| is_account(id)).unwrap_or("*");
    if resource.starts_with("arn:") {
        return usable_arn(resource, account).unwrap_or_else(|| "*".to_owned());
    }
    match resource.split_once(' ') {
        Some((kind @ ("role" | "policy" | "user" | "group"), name)) if action.starts_with("iam:") => {
            format!("arn:aws:iam::{account}:{kind}/{name}")
        }
        Some(("instance", rest)) if action.starts_with("iam:") => {
            format!("arn:aws:iam::{account}:instance-profile/{}", rest.trim_start_matches("profile "))
        }
        _ if action.starts_with("s3:") && !resource.contains(' ') && !resource.contains("://") => {
            format!("arn:aws:s3:::{resource}")
        }
        _ => "*".to_owned(),
    }
}

fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// An ARN whose parts that were taken out (`<account>`, `${REGION}`, `...`, `****`) are wildcards; the account is
/// then the given one. `None` where what is left names nothing.
fn usable_arn(arn: &str, account: &str) -> Option<String> {
    let parts: [&str; 6] = arn.splitn(6, ':').collect::<Vec<_>>().try_into().ok()?;
    let [_, partition, service, region, owner, resource] = parts;
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !partition.starts_with("aws") || !plain(partition) || !plain(service) {
        return None;
    }
    let region = if plain(region) { region } else { "*" };
    let owner = if owner.is_empty() || owner == "aws" || is_account(owner) { owner } else { account };
    let resource = with_wildcards(resource);
    let named = !resource.is_empty() && !resource.contains(|c: char| c.is_whitespace() || "\"'`<>".contains(c));
    named.then(|| format!("arn:{partition}:{service}:{region}:{owner}:{resource}"))
}

/// `*` for each part of a name that stands for something taken out.
fn with_wildcards(name: &str) -> String {
    const BRACKETS: [(&str, char); 3] = [("${", '}'), ("<", '>'), ("[", ']')];
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let bracket = BRACKETS.iter().find(|(open, _)| rest.starts_with(open));
        let dots = rest.len() - rest.trim_start_matches(['.', '…']).len();
        let (taken, wild) = match bracket.and_then(|(_, close)| rest.find(*close)) {
            Some(end) => (end + 1, true),
            None if dots >= 3 => (dots, true),
            None => (first.len_utf8(), first == '*'),
        };
        if !wild {
            out.push_str(&rest[..taken]);
        } else if !out.ends_with('*') {
            out.push('*');
        }
        rest = &rest[taken..];
    }
    out
}

/// The service principal that a resource type hands its role to.
fn passed_to(resource_type: &str) -> Option<&'static str> {
    Some(match resource_type.split("::").nth(1)? {
        "Lambda" => "lambda.amazonaws.com",
        "StepFunctions" => "states.amazonaws.com",
        "Events" => "events.amazonaws.com",
        "Scheduler" => "scheduler.amazonaws.com",
        "Pipes" => "pipes.amazonaws.com",
        "ApiGateway" | "ApiGatewayV2" => "apigateway.amazonaws.com",
        "ECS" => "ecs-tasks.amazonaws.com",
        "CodeBuild" => "codebuild.amazonaws.com",
        "CodePipeline" => "codepipeline.amazonaws.com",
        "CloudFormation" => "cloudformation.amazonaws.com",
        "KinesisFirehose" => "firehose.amazonaws.com",
        _ => return None,
    })
}

/// Whom to ask and the text to send, where the deciding policy is not the caller's own.
pub fn ask(kind: Kind, told: &Told, words: &str) -> Option<Ask> {
    let (whom, why) = who_decides(kind)?;
    let action = told.action.as_deref().unwrap_or("the action below");
    let principal = told.principal.as_deref().unwrap_or("our deploy role");
    let on = told.resource.as_deref().map(|resource| format!(" on {resource}")).unwrap_or_default();
    let layer = told.layer.map_or("a policy that we do not own", super::Layer::words);
    let policy = told.policy.as_deref().map(|arn| format!(" ({arn})")).unwrap_or_default();
    let words: String = words.chars().take(500).collect();
    Some(Ask {
        whom: whom.to_owned(),
        text: format!(
            "Hello, a deploy of ours is refused by {layer}{policy}: {principal} needs {action}{on}. {why} \
             Could you allow it there, or tell us which way you want us to take?\n\nAWS said: {words}"
        ),
    })
}

/// Whether somebody else must let in all that a deploy needs, action by action: to ask once is better than often.
pub fn asks_for_all(diagnosis: &Diagnosis) -> bool {
    matches!(diagnosis.kind, Kind::PermissionsBoundary | Kind::SessionPolicy | Kind::Scp)
}

/// Whether the text to send asks for all of it: a Deny speaks of what it names alone.
pub fn is_asked_for_all(diagnosis: &Diagnosis) -> bool {
    asks_for_all(diagnosis) && diagnosis.effect != Some(super::Effect::Explicit)
}

/// Adds to the text to send what else the deploy needs, where whoever is asked must let it in too.
pub fn ask_for_all(diagnosis: &mut Diagnosis, further: &Further) {
    let asked = is_asked_for_all(diagnosis);
    let own = diagnosis.action.as_deref();
    if let Some(ask) = diagnosis.ask.as_mut().filter(|_| asked) {
        let others = further.actions().into_iter().filter(|action| Some(*action) != own);
        let all = by_service(others);
        ask.text
            .push_str(&format!("\n\nSo that we ask but once, this is what the whole deploy needs besides:\n\n{all}"));
    }
}

/// The account of an ARN.
pub fn account(arn: Option<&str>) -> Option<String> {
    arn?.split(':').nth(4).filter(|id| is_account(id)).map(str::to_owned)
}

/// What an inline policy can be put on: `("user", "ann")`, `("role", "ci-deploy")`.
pub fn identity(arn: &str) -> Option<(&'static str, &str)> {
    let resource = arn.splitn(6, ':').nth(5)?;
    match resource.split_once('/')? {
        ("user", path) => Some(("user", path.rsplit('/').next()?)),
        ("role", path) => Some(("role", path.rsplit('/').next()?)),
        ("assumed-role", rest) => Some(("role", rest.split('/').next()?)),
        _ => None,
    }
}

/// Whether a statement in an identity policy may be what a refusal lacks: none said no, and nobody else decides.
pub fn may_be_mended_by_identity(diagnosis: &Diagnosis) -> bool {
    diagnosis.kind <= Kind::UnknownDeny
        && diagnosis.effect != Some(super::Effect::Explicit)
        && who_decides(diagnosis.kind).is_none()
}

/// The statements of a policy.
pub fn statements_of(document: &Value) -> Vec<Value> {
    match document.get("Statement") {
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    }
}

/// The statements of diagnoses that the given policies do not grant yet, each once.
pub fn beyond(diagnoses: &[Diagnosis], documents: &[Value]) -> Vec<Value> {
    let mut missing: Vec<Value> = Vec::new();
    for statement in diagnoses.iter().flat_map(|diagnosis| &diagnosis.statements) {
        if !missing.contains(statement) && !documents.iter().any(|document| grants(document, statement)) {
            missing.push(statement.clone());
        }
    }
    missing
}

/// Whether a policy has all of a statement. One for `*` of an action that works on resources is for a resource that
/// the message did not name: then any that the policy names is meant.
fn grants(document: &Value, statement: &Value) -> bool {
    let works_on_resources =
        |action: &Value| action.as_str().and_then(catalogue::action).is_some_and(|action| !action.wants_any_resource());
    let unnamed = statement["Resource"] == json!(["*"])
        && statement["Action"].as_array().is_some_and(|actions| actions.iter().all(works_on_resources));
    statements_of(document).iter().any(|own| {
        if unnamed {
            let mut named = own.clone();
            named["Resource"] = json!("*");
            return super::further::covers(&named, statement);
        }
        super::further::covers(own, statement)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_leaves_out_of_an_arn_is_a_wildcard_in_the_statement() {
        let usable = |arn: &str| usable_arn(arn, "123456789012");
        assert_eq!(
            usable("arn:aws:sqs:eu-west-1:<account id>:jobs").unwrap(),
            "arn:aws:sqs:eu-west-1:123456789012:jobs"
        );
        assert_eq!(
            usable("arn:aws:ssm:${REGION}:${ID}:parameter/a").unwrap(),
            "arn:aws:ssm:*:123456789012:parameter/a"
        );
        assert_eq!(usable("arn:aws:s3:::shop-[redacted].csv").unwrap(), "arn:aws:s3:::shop-*.csv");
        assert_eq!(usable("arn:aws:iam::123456789012:role/a...").unwrap(), "arn:aws:iam::123456789012:role/a*");
        assert_eq!(usable("arn:aws:iam::*****:role/ops").unwrap(), "arn:aws:iam::123456789012:role/ops");
        assert_eq!(usable("arn:aws:iam::etc"), None);
    }

    #[test]
    fn an_action_on_an_unnamed_resource_is_granted_by_a_policy_that_names_one() {
        let document = json!({ "Statement": { "Effect": "Allow", "Action": ["s3:PutObject", "s3:ListAllMyBuckets"],
                                              "Resource": "arn:aws:s3:::shop/rlx/*" } });
        let statement = |action: &str, resource: &str| json!({ "Action": [action], "Resource": [resource] });
        assert!(grants(&document, &statement("s3:PutObject", "*")));
        assert!(!grants(&document, &statement("s3:PutObject", "arn:aws:s3:::other/x")));
        assert!(!grants(&document, &statement("s3:DeleteObject", "*")));
        // What is asked for with no resource is not granted on one.
        assert!(!grants(&document, &statement("s3:ListAllMyBuckets", "*")));
    }

    #[test]
    fn who_owns_a_boundary_is_asked_for_all_at_once() {
        let text = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:CreateRole on resource: \
                    arn:aws:iam::123456789012:role/a because no permissions boundary allows the iam:CreateRole action";
        let mut found = crate::diagnose::diagnose(&crate::diagnose::Evidence::text(text));
        let statement = json!({ "Effect": "Allow", "Action": ["sqs:TagQueue", "sqs:CreateQueue"], "Resource": "*" });
        let further = Further { narrowed: false, statements: vec![statement] };
        ask_for_all(&mut found[0], &further);
        let ask = found[0].ask.as_ref().unwrap();
        assert!(ask.text.ends_with("besides:\n\nsqs: CreateQueue, TagQueue"), "{}", ask.text);
    }

    #[test]
    fn a_whole_arn_stays_as_it_is() {
        for arn in [
            "arn:aws:lambda:eu-west-1:210987654321:function:shop:$LATEST",
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "arn:aws:s3:::shop/in/*",
        ] {
            assert_eq!(usable_arn(arn, "*").as_deref(), Some(arn));
        }
    }
}
