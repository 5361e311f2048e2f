//! Custom domains of APIs (serverless-domain-manager): made by `rlx domain create` or, with `autoDomain`, by a
//! deploy; mapped to the API after each deploy that changed something; unmapped before the stack is removed.
//!
//! All by API Gateway's own calls and not in the template, as the plugin does it: what it made stays what it is.

mod certificate;
mod gateway;
mod record;

use super::super::remove::resources;
use crate::aws::{Aws, Named};
use crate::deploy::progress::{Progress, Watch};
use crate::deploy::{DeployError, Stack};
use crate::iam::requirements::OwnCall;
use crate::manifest::Service;
use crate::manifest::plugins::domain_manager::{Api, Domain};
use crate::template::naming::{api_gateway, http_api, websocket};
use crate::template::value::truthy;
use serde::Serialize;
use serde_json::Value;

/// The domains of a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Domains {
    domains: Vec<Domain>,
    /// The API of each, where it is one of another stack (`provider.apiGateway.restApiId`).
    apis: Vec<Option<Value>>,
}

/// What became of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// The domain.
    pub domain: String,
    /// Whether it is new, or gone, now.
    pub changed: bool,
    /// Where API Gateway answers for it: what a DNS record points to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

impl Domains {
    /// Those that the manifest names.
    pub fn of(service: &Service) -> Self {
        let domains = Domain::all(service).0;
        let apis = domains.iter().map(|domain| external_api(service, domain.api)).collect();
        Self { domains, apis }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.domains.is_empty()
    }

    /// The calls of a deploy and a removal.
    pub fn calls(&self) -> Vec<OwnCall> {
        self.domains.iter().flat_map(calls).collect()
    }

    /// Makes every domain that is not there yet, and its records.
    ///
    /// # Errors
    /// There is no certificate or no zone, or AWS refused.
    pub async fn create(&self, aws: &Aws, watch: Watch<'_>) -> Result<Vec<Made>, DeployError> {
        let mut made = Vec::new();
        for domain in &self.domains {
            made.push(create(aws, domain, watch).await?);
        }
        Ok(made)
    }

    /// Deletes every domain that is there, and its records.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn delete(&self, aws: &Aws, watch: Watch<'_>) -> Result<Vec<Made>, DeployError> {
        let mut gone = Vec::new();
        for domain in &self.domains {
            gone.push(delete(aws, domain, watch).await?);
        }
        Ok(gone)
    }

    /// Maps every domain to its API.
    pub(super) async fn map(&self, aws: &Aws, stack: &Stack, watch: Watch<'_>) -> Result<(), DeployError> {
        for (domain, api) in self.domains.iter().zip(&self.apis) {
            if domain.auto {
                create(aws, domain, watch).await?;
            } else if gateway::get(aws, domain).await?.is_none() {
                return Err(failed(
                    domain,
                    "does not exist",
                    "make it with `rlx domain create`, or set `autoDomain: true`",
                ));
            }
            let Some(api) = api_id(aws, stack, domain.api, api.as_ref()).await? else {
                return Err(failed(
                    domain,
                    "the stack has no API that it could lead to",
                    "add an event of its kind (`apiType`) to a function, or set `enabled: false` on the domain",
                ));
            };
            watch(Progress::Step(&format!("mapping {} to the API", domain.name)));
            let mappings = gateway::mappings(aws, domain).await?;
            // A path that another entry of the same domain asks for is that entry's.
            let claimed = |path: &str| self.domains.iter().any(|d| d.name == domain.name && d.base_path == path);
            let same_path = |mapping: &&gateway::Mapping| {
                mapping.path == domain.base_path && (domain.match_path || mapping.api == api)
            };
            let same_api =
                |mapping: &&gateway::Mapping| !domain.match_path && mapping.api == api && !claimed(&mapping.path);
            match mappings.iter().find(same_path).or_else(|| mappings.iter().find(same_api)) {
                Some(mapping) => gateway::change_mapping(aws, domain, &api, mapping).await?,
                None => gateway::add_mapping(aws, domain, &api).await?,
            }
        }
        Ok(())
    }

    /// Takes the mappings to the stack's APIs away, and the domains that were made for it. A stack whose API has
    /// a mapping cannot be deleted.
    pub(super) async fn unmap(&self, aws: &Aws, stack: &Stack, watch: Watch<'_>) -> Result<(), DeployError> {
        for (domain, api) in self.domains.iter().zip(&self.apis) {
            if gateway::get(aws, domain).await?.is_none() {
                continue;
            }
            let Some(api) = api_id(aws, stack, domain.api, api.as_ref()).await? else { continue };
            watch(Progress::Step(&format!("taking {} off the API", domain.name)));
            let mut others = false;
            for mapping in gateway::mappings(aws, domain).await? {
                if mapping.api == api && (!domain.match_path || mapping.path == domain.base_path) {
                    gateway::delete_mapping(aws, domain, &mapping).await?;
                } else {
                    others = true;
                }
            }
            if domain.auto && !(others && domain.preserve) {
                delete(aws, domain, watch).await?;
            }
        }
        Ok(())
    }
}

async fn create(aws: &Aws, domain: &Domain, watch: Watch<'_>) -> Result<Made, DeployError> {
    let existing = gateway::get(aws, domain).await?;
    let changed = existing.is_none();
    let answer = match existing {
        Some(answer) => answer,
        None => {
            watch(Progress::Step(&format!("making the domain {}", domain.name)));
            let certificate = match &domain.certificate_arn {
                Some(arn) => arn.clone(),
                None => certificate::find(aws, domain).await?,
            };
            gateway::create(aws, domain, &certificate).await?
        }
    };
    if domain.record {
        record::upsert(aws, domain, &answer).await?;
    }
    Ok(Made { domain: domain.name.clone(), changed, target: Some(answer.name) })
}

async fn delete(aws: &Aws, domain: &Domain, watch: Watch<'_>) -> Result<Made, DeployError> {
    let existing = gateway::get(aws, domain).await?;
    if let Some(answer) = &existing {
        watch(Progress::Step(&format!("deleting the domain {}", domain.name)));
        gateway::delete(aws, domain).await?;
        if domain.record {
            record::delete(aws, domain, answer).await?;
        }
    }
    Ok(Made { domain: domain.name.clone(), changed: existing.is_some(), target: None })
}

/// `provider.apiGateway.restApiId` or `websocketApiId`.
fn external_api(service: &Service, api: Api) -> Option<Value> {
    let key = match api {
        Api::Rest => "restApiId",
        Api::Websocket => "websocketApiId",
        Api::Http => return None,
    };
    service.provider.api_gateway.as_ref()?.get(key).filter(|id| truthy(id)).cloned()
}

/// The id of the API that a domain leads to.
async fn api_id(aws: &Aws, stack: &Stack, api: Api, external: Option<&Value>) -> Result<Option<String>, DeployError> {
    let logical_id = match external {
        Some(Value::String(id)) => return Ok(Some(id.clone())),
        Some(value) => match (value.get("Ref"), value.get("Fn::ImportValue")) {
            (Some(Value::String(logical_id)), _) => logical_id.as_str(),
            (_, Some(Value::String(name))) => return Ok(imported(aws, name).await?),
            _ => return Ok(None),
        },
        None => match api {
            Api::Rest => api_gateway::REST_API,
            Api::Http => http_api::API,
            Api::Websocket => websocket::API,
        },
    };
    let found = resources(aws, &stack.id).await?.into_iter().find(|resource| resource.logical_id == logical_id);
    Ok(found.map(|resource| resource.physical_id).filter(|id| !id.is_empty()))
}

async fn imported(aws: &Aws, name: &str) -> Result<Option<String>, crate::aws::AwsError> {
    let mut next = None;
    loop {
        let page = aws.cloudformation().list_exports().set_next_token(next).send().await;
        let page = page.named("CloudFormation", "ListExports")?;
        let found = page.exports.unwrap_or_default().into_iter().find(|export| export.name.as_deref() == Some(name));
        if let Some(export) = found {
            return Ok(export.value);
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(None);
        }
    }
}

fn failed(domain: &Domain, problem: &str, help: &str) -> DeployError {
    DeployError::Domain { domain: domain.name.clone(), problem: problem.to_owned(), help: help.to_owned() }
}

fn calls(domain: &Domain) -> Vec<OwnCall> {
    let call = |action, resource: String| OwnCall { action, resource, why: "custom domain" };
    let arn = format!("apigateway:${{Region}}::/domainnames/{}", domain.name);
    let mut calls: Vec<OwnCall> = ["apigateway:GET", "apigateway:POST", "apigateway:PATCH", "apigateway:DELETE"]
        .iter()
        .map(|action| call(action, format!("{arn}/*")))
        .collect();
    calls.push(call("apigateway:GET", arn.clone()));
    if domain.auto {
        calls.push(call("apigateway:DELETE", arn));
        calls.push(call("apigateway:POST", "apigateway:${Region}::/domainnames".to_owned()));
        if domain.certificate_arn.is_none() {
            calls.push(call("acm:ListCertificates", "*".to_owned()));
        }
        if domain.record {
            calls.push(call("route53:ListHostedZones", "*".to_owned()));
            let zone = domain.hosted_zone_id.as_deref().unwrap_or("*");
            calls.push(call("route53:ChangeResourceRecordSets", format!("route53:::hostedzone/{zone}")));
        }
    }
    calls
}
