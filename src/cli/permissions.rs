//! `rlx permissions`: the least that deploying this very stack needs, as policies.

use super::assemble::{Purpose, compile_checked};
use super::service::load_service_with;
use super::{ExitKind, Failure, OutputFormat};
use crate::aws::{Aws, Caller, Endpoint, Settings, block_on};
use crate::context::Context;
use crate::deploy::after::{After, sync};
use crate::deploy::has_usage_plans;
use crate::iam::render::{Format, Policies, render};
use crate::iam::requirements::{Deployment, Document, DocumentOptions, Need, OwnCall, Requirements, Scope, Statement};
use crate::iam::trust;
use crate::local;
use crate::manifest::Service;
use crate::manifest::variables::{self, Found, Lookup, Remote, RemoteError};
use crate::package::Artifacts;
use crate::template::events::http::StageUpdate;
use crate::template::{Template, deployment_bucket, deployment_prefix};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;

/// What asking for the account may cost.
const PATIENCE: Duration = Duration::from_secs(1);

/// Print the least-privilege IAM policies that deploying this stack needs
///
/// Needs no credentials: what only AWS knows is matched by a wildcard.
#[derive(Debug, clap::Args)]
pub struct PermissionsArgs {
    /// Form of the policies
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Whom the policy is for
    #[arg(long = "for", value_enum, default_value_t, value_name = "WHOM")]
    pub whom: Whom,
    /// Shorter policies: no statement ids, resources by what their names begin with
    #[arg(long)]
    pub compact: bool,
    /// Number of the AWS account [default: the caller's, where AWS credentials are named; else any]
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// GitHub repository that deploys, for --for github-oidc
    #[arg(long, value_name = "OWNER/NAME", env = "GITHUB_REPOSITORY")]
    pub github_repository: Option<String>,
    /// What of the repository may deploy, such as ref:refs/heads/main or environment:production
    #[arg(long, value_name = "SUBJECT", default_value = "*")]
    pub github_subject: String,
}

/// Whom a policy is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Whom {
    /// Whoever runs rlx.
    #[default]
    Caller,
    /// The role that CloudFormation works with (`provider.iam.deploymentRole`).
    ServiceRole,
    /// Who may assume that role: its trust policy.
    Trust,
    /// A role that GitHub Actions assume: its trust policy, with the caller's policies in the forms that have roles.
    GithubOidc,
}

/// Prints the policies.
pub fn run(args: &PermissionsArgs, context: &Context) -> Result<ExitKind, Failure> {
    let asked = Asked { account: args.account.clone(), lookups: Mutex::default() };
    let service = load_service_with(context, &asked)?.service;
    let template = template(&service)?;
    let account = args.account.clone().or_else(|| own_account(&service, context));
    let scope = Scope::new(service.stack_name(), &service.region, account);
    let deployment = deployment(&service, asked.lookups.into_inner().unwrap_or_default());
    let requirements = requirements(args.whom, &template, &scope, &deployment);
    let options = DocumentOptions {
        compact: args.compact,
        own_names: vec![service.stack_name(), format!("{}-{}", service.name, service.stage)],
    };
    let documents = requirements.documents(&options);
    let trust = trust(args, &scope)?;
    say(args, context, &scope, &requirements, &documents, trust.as_ref());
    Ok(ExitKind::Done)
}

/// The policies that deploying the service here needs, as IAM takes them; `account` where it is known.
pub fn documents_of(context: &Context, account: Option<String>) -> Result<Vec<Value>, Failure> {
    let asked = Asked { account: account.clone(), lookups: Mutex::default() };
    let service = load_service_with(context, &asked)?.service;
    let template = template(&service)?;
    let scope = Scope::new(service.stack_name(), &service.region, account);
    let deployment = deployment(&service, asked.lookups.into_inner().unwrap_or_default());
    let requirements = requirements(Whom::Caller, &template, &scope, &deployment);
    let own_names = vec![service.stack_name(), format!("{}-{}", service.name, service.stage)];
    let documents = requirements.documents(&DocumentOptions { compact: false, own_names });
    Ok(documents.iter().map(Document::to_json).collect())
}

/// The account of the caller, where credentials are named and answer at once.
fn own_account(service: &Service, context: &Context) -> Option<String> {
    let caller = Caller::choose(context.options.aws_profile.as_deref(), &service.aws_env, &service.stage, None);
    if caller == (Caller::Chain { profile: None }) && context.var("AWS_WEB_IDENTITY_TOKEN_FILE").is_none() {
        return None;
    }
    let endpoint = match (context.var("AWS_ENDPOINT_URL"), service.stage.as_str()) {
        (Some(url), _) => Endpoint::Url(url.to_owned()),
        (None, "local") => match local::status(context) {
            local::Status::Up(emulator) => Endpoint::Local(emulator),
            _ => return None,
        },
        (None, _) => Endpoint::Aws,
    };
    let settings = Settings { region: service.region.clone(), caller, endpoint };
    let identity = block_on(async {
        let aws = Aws::new(&context.unattended(), settings).await;
        tokio::time::timeout(PATIENCE, aws.identity()).await
    });
    identity.ok()?.ok()?.ok().map(|identity| identity.account)
}

/// What a deploy of a service consists of, apart from its resources.
pub fn deployment(service: &Service, variables: Vec<Lookup>) -> Deployment {
    let provider = &service.provider.raw;
    let at = |pointer: &str| provider.pointer(pointer).filter(|v| !v.is_null()).cloned();
    let images = provider.pointer("/ecr/images").and_then(Value::as_object);
    let builds = images.is_some_and(|images| images.values().any(|image| image.get("path").is_some()));
    // Framework v3 `naming.getEcrRepositoryName`.
    let repository = builds.then(|| format!("serverless-{}-{}", service.name, service.stage).to_lowercase());
    let limited = repository.as_ref().filter(|_| at("/ecr/maxImageCount").is_some()).map(|name| OwnCall {
        action: "ecr:PutLifecyclePolicy",
        resource: format!("ecr:${{Region}}:${{Account}}:repository/{name}"),
        why: "images",
    });
    Deployment {
        bucket: deployment_bucket(service),
        prefix: deployment_prefix(service).to_owned(),
        service_role: at("/iam/deploymentRole").or_else(|| at("/cfnRole")),
        notification_arns: service.provider.notification_arns.clone(),
        stack_policy: !service.provider.stack_policy.is_empty(),
        repositories: repository.into_iter().collect(),
        variables,
        beside: After::of(service)
            .calls(&service.stack_name())
            .into_iter()
            .chain(of_rest_api(service))
            .chain(sync::calls(service))
            .chain(limited)
            .collect(),
    }
}

/// What rlx tells a REST API past CloudFormation: its stage after a deploy, its usage plans before a removal.
fn of_rest_api(service: &Service) -> Vec<OwnCall> {
    let call = |action, path: &str, why| OwnCall { action, resource: format!("apigateway:${{Region}}::{path}"), why };
    let mut calls = Vec::new();
    if let Some(update) = StageUpdate::of(service) {
        let stage = format!("/restapis/*/stages/{}", update.stage);
        calls.extend(["apigateway:GET", "apigateway:PATCH"].map(|action| call(action, &stage, "stage of the API")));
        if update.tags.is_some() {
            let tags = ["apigateway:PUT", "apigateway:DELETE"];
            calls.extend(tags.map(|action| call(action, "/tags/*", "stage of the API")));
        }
        calls.extend(update.unused_log_group.map(|name| OwnCall {
            action: "logs:DeleteLogGroup",
            resource: format!("logs:${{Region}}:${{Account}}:log-group:{name}"),
            why: "stage of the API",
        }));
    }
    if has_usage_plans(service) {
        calls.push(call("apigateway:GET", "/usageplans", "usage plans"));
        calls.push(call("apigateway:PATCH", "/usageplans/*", "usage plans"));
    }
    calls
}

/// All that a principal needs.
pub fn requirements(whom: Whom, template: &Template, scope: &Scope, deployment: &Deployment) -> Requirements {
    let mut requirements = match whom {
        Whom::ServiceRole | Whom::Trust => return Requirements::of_resources(template, scope),
        Whom::Caller | Whom::GithubOidc => Requirements::of_calls(template, scope, deployment),
    };
    // A service role makes the resources in the caller's stead.
    if deployment.service_role.is_none() {
        requirements.merge(Requirements::of_resources(template, scope));
    }
    requirements
}

/// The template without archives, whose names change with each deploy.
fn template(service: &Service) -> Result<Template, Failure> {
    let (template, problems) = compile_checked(service, &Artifacts::default(), Purpose::Package);
    if problems.has_errors() {
        let text: Vec<String> = problems.0.iter().map(|p| p.message.clone()).collect();
        return Err(Failure::new(ExitKind::Usage, text.join("; ")).hint("rlx package shows where"));
    }
    Ok(template)
}

fn trust(args: &PermissionsArgs, scope: &Scope) -> Result<Option<Value>, Failure> {
    match args.whom {
        Whom::Caller | Whom::ServiceRole => Ok(None),
        Whom::Trust => Ok(Some(trust::cloudformation(scope.account.as_deref()))),
        Whom::GithubOidc => {
            let repository =
                args.github_repository.as_deref().filter(|r| r.split('/').count() == 2).ok_or_else(|| {
                    Failure::new(ExitKind::Usage, "--for github-oidc needs a repository")
                        .hint("name it with --github-repository OWNER/NAME")
                })?;
            let account = scope.account.as_deref().or_else(|| args.format.own_account()).ok_or_else(|| {
                Failure::new(ExitKind::Usage, "--for github-oidc needs the account, since a principal has no wildcards")
                    .hint("name it with --account ID")
                    .hint("--format cloudformation and terraform do without: there it is the account they work in")
            })?;
            Ok(Some(trust::github(&scope.partition, account, repository, &args.github_subject)))
        }
    }
}

fn say(
    args: &PermissionsArgs,
    context: &Context,
    scope: &Scope,
    requirements: &Requirements,
    documents: &[Document],
    trust: Option<&Value>,
) {
    let json: Vec<Value> = documents.iter().map(Document::to_json).collect();
    let name = format!("{}-{}", scope.stack, if args.whom == Whom::Trust { "cloudformation" } else { "deploy" });
    let with_documents = args.whom != Whom::Trust;
    let of_sid = documents.iter().flat_map(|d| &d.statements);
    let of_sid = of_sid.filter_map(|statement| Some((statement.sid.clone()?, needs(statement).join(", ")))).collect();
    let policies = Policies { name: &name, documents: &json, trust, with_documents, needs: of_sid };
    let statements: Vec<Value> = documents
        .iter()
        .enumerate()
        .flat_map(|(index, document)| document.statements.iter().map(move |s| statement_json(index, s)))
        .collect();
    let result = json!({
        "version": 1,
        "for": args.whom.name(),
        "stack": scope.stack,
        "policies": if with_documents { json!(json) } else { json!([]) },
        "trust": trust,
        "statements": if with_documents { json!(statements) } else { json!([]) },
        "inferred": requirements.inferred,
    });
    context.report.result(&result, &render(&policies, args.format));
    for (logical_id, kind) in &requirements.inferred {
        context.report.warn(&format!("{logical_id}: no record of what {kind} needs, so its actions are inferred"));
    }
    if context.report.format == OutputFormat::Json || !with_documents {
        return;
    }
    let lines = documents.iter().flat_map(|d| &d.statements).map(line).collect::<Vec<_>>();
    context.report.note(&format!("What needs which statement:\n{}", lines.join("\n")));
    if documents.len() > 1 {
        context.report.note(&format!(
            "{} policies, since one holds 6,144 characters; attach them all as managed policies",
            documents.len()
        ));
    }
}

fn statement_json(index: usize, statement: &Statement) -> Value {
    json!({
        "policy": index,
        "sid": statement.sid,
        "actions": statement.actions,
        "resources": statement.resources,
        "neededBy": needs(statement),
    })
}

fn needs(statement: &Statement) -> Vec<String> {
    let text = |need: &Need| match need {
        Need::Rlx(what) => format!("rlx ({what})"),
        Need::Resource(logical_id) => logical_id.clone(),
    };
    statement.needs.iter().map(text).collect()
}

fn line(statement: &Statement) -> String {
    let mut services: Vec<&str> = statement.actions.iter().filter_map(|a| a.split(':').next()).collect();
    services.dedup();
    let label = statement.sid.clone().unwrap_or_else(|| services.join(", "));
    format!(
        "  {label}: {} actions of {} for {}",
        statement.actions.len(),
        services.join(", "),
        needs(statement).join(", ")
    )
}

impl Whom {
    fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::ServiceRole => "service-role",
            Self::Trust => "trust",
            Self::GithubOidc => "github-oidc",
        }
    }
}

/// Answers for AWS with wildcards, and remembers what was asked.
struct Asked {
    account: Option<String>,
    lookups: Mutex<Vec<Lookup>>,
}

impl Remote for Asked {
    fn fetch(&self, _: &variables::Scope, lookups: &[Lookup]) -> Vec<Result<Option<Found>, RemoteError>> {
        if let Ok(mut asked) = self.lookups.lock() {
            asked.extend_from_slice(lookups);
        }
        let any = || "*".to_owned();
        let answer = |lookup: &Lookup| match lookup {
            Lookup::AccountId => self.account.clone().unwrap_or_else(any),
            _ => any(),
        };
        lookups.iter().map(|lookup| Ok(Some(Found::Text(answer(lookup))))).collect()
    }
}
