//! Domains and mappings in API Gateway: version 1 of its API for REST APIs with a path of one step, else version 2.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DomainName.html>,
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames.html>

use crate::aws::{Aws, AwsError};
use crate::deploy::api_stage::{call, encode, list};
use crate::manifest::plugins::domain_manager::{Api, Domain, NO_PATH};
use serde_json::{Map, Value, json};

/// The zone of CloudFront's names (AWS General Reference, "Amazon API Gateway endpoints and quotas").
const CLOUD_FRONT_ZONE: &str = "Z2FDTNDATAQYW2";

/// Where API Gateway answers for a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The name that a record points to.
    pub name: String,
    /// The zone of that name.
    pub zone: String,
}

/// Which API and stage a path of a domain leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub api: String,
    /// `(none)` where there is none.
    pub path: String,
    pub stage: String,
    /// Its id, in version 2.
    id: Option<String>,
}

fn is_version_2(domain: &Domain) -> bool {
    domain.api != Api::Rest || domain.base_path.contains('/')
}

fn place(domain: &Domain) -> String {
    let version = if is_version_2(domain) { "/v2" } else { "" };
    format!("{version}/domainnames/{}", encode(&domain.name))
}

/// The domain; `None` where there is none.
pub async fn get(aws: &Aws, domain: &Domain) -> Result<Option<Answer>, AwsError> {
    match call(aws, "GetDomainName", "GET", place(domain), Value::Null).await {
        Ok(found) => Ok(Some(answer(&found))),
        Err(error) if error.is_not_found() || error.code == "NotFoundException" => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a domain.
pub async fn create(aws: &Aws, domain: &Domain, certificate: &str) -> Result<Answer, AwsError> {
    let kind = if domain.edge { "EDGE" } else { "REGIONAL" };
    let mut body = match is_version_2(domain) {
        true => json!({
            "domainName": domain.name,
            "domainNameConfigurations": [{
                "certificateArn": certificate,
                "endpointType": kind,
                "securityPolicy": domain.security_policy,
            }],
        }),
        false => json!({
            "domainName": domain.name,
            "endpointConfiguration": { "types": [kind] },
            "securityPolicy": domain.security_policy,
            if domain.edge { "certificateArn" } else { "regionalCertificateArn" }: certificate,
        }),
    };
    if !domain.tags.is_empty() {
        body["tags"] = json!(domain.tags);
    }
    if let Some((uri, version)) = &domain.truststore {
        let mut authentication = Map::from_iter([("truststoreUri".to_owned(), json!(uri))]);
        authentication.extend(version.as_ref().map(|version| ("truststoreVersion".to_owned(), json!(version))));
        body["mutualTlsAuthentication"] = Value::Object(authentication);
    }
    let path = if is_version_2(domain) { "/v2/domainnames" } else { "/domainnames" };
    call(aws, "CreateDomainName", "POST", path.to_owned(), body).await.map(|made| answer(&made))
}

/// Deletes a domain.
pub async fn delete(aws: &Aws, domain: &Domain) -> Result<(), AwsError> {
    call(aws, "DeleteDomainName", "DELETE", place(domain), Value::Null).await.map(|_| ())
}

/// All mappings of a domain.
pub async fn mappings(aws: &Aws, domain: &Domain) -> Result<Vec<Mapping>, AwsError> {
    let version_2 = is_version_2(domain);
    let (operation, kind, items, token, parameter) = match version_2 {
        true => ("GetApiMappings", "apimappings", "items", "nextToken", "nextToken"),
        false => ("GetBasePathMappings", "basepathmappings", "item", "position", "position"),
    };
    let mut found = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let query = next.map(|next| format!("?{parameter}={}", encode(&next))).unwrap_or_default();
        let path = format!("{}/{kind}{query}", place(domain));
        let page = match call(aws, operation, "GET", path, Value::Null).await {
            Err(error) if error.is_not_found() || error.code == "NotFoundException" => return Ok(found),
            page => page?,
        };
        found.extend(list(&page, items).map(|item| mapping(item, version_2)));
        next = page[token].as_str().map(str::to_owned);
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// Maps a domain to an API.
pub async fn add_mapping(aws: &Aws, domain: &Domain, api: &str) -> Result<(), AwsError> {
    let answer = match is_version_2(domain) {
        true => {
            let mut body = json!({ "apiId": api, "stage": domain.stage });
            if domain.base_path != NO_PATH {
                body["apiMappingKey"] = json!(domain.base_path);
            }
            call(aws, "CreateApiMapping", "POST", format!("{}/apimappings", place(domain)), body).await
        }
        false => {
            let body = json!({ "basePath": domain.base_path, "restApiId": api, "stage": domain.stage });
            call(aws, "CreateBasePathMapping", "POST", format!("{}/basepathmappings", place(domain)), body).await
        }
    };
    answer.map(|_| ())
}

/// Brings a mapping to what the manifest says.
pub async fn change_mapping(aws: &Aws, domain: &Domain, api: &str, is: &Mapping) -> Result<(), AwsError> {
    if (is.api.as_str(), &is.path, &is.stage) == (api, &domain.base_path, &domain.stage) {
        return Ok(());
    }
    let path = mapping_path(domain, is);
    let answer = match is_version_2(domain) {
        true => {
            let key = if domain.base_path == NO_PATH { "" } else { &domain.base_path };
            let body = json!({ "apiId": api, "apiMappingKey": key, "stage": domain.stage });
            call(aws, "UpdateApiMapping", "PATCH", path, body).await
        }
        false => {
            let replace = |path: &str, value: &str| json!({ "op": "replace", "path": path, "value": value });
            let patches = [
                (is.path != domain.base_path).then(|| replace("/basePath", &domain.base_path)),
                (is.stage != domain.stage).then(|| replace("/stage", &domain.stage)),
                (is.api != api).then(|| replace("/restapiId", api)),
            ];
            let body = json!({ "patchOperations": patches.into_iter().flatten().collect::<Vec<_>>() });
            call(aws, "UpdateBasePathMapping", "PATCH", path, body).await
        }
    };
    answer.map(|_| ())
}

/// Takes a mapping away.
pub async fn delete_mapping(aws: &Aws, domain: &Domain, mapping: &Mapping) -> Result<(), AwsError> {
    let operation = if mapping.id.is_some() { "DeleteApiMapping" } else { "DeleteBasePathMapping" };
    call(aws, operation, "DELETE", mapping_path(domain, mapping), Value::Null).await.map(|_| ())
}

fn mapping_path(domain: &Domain, mapping: &Mapping) -> String {
    match &mapping.id {
        Some(id) => format!("{}/apimappings/{}", place(domain), encode(id)),
        None => format!("{}/basepathmappings/{}", place(domain), encode(&mapping.path)),
    }
}

fn mapping(item: &Value, version_2: bool) -> Mapping {
    let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let (api, path) = if version_2 { ("apiId", "apiMappingKey") } else { ("restApiId", "basePath") };
    let path = Some(text(path)).filter(|path| !path.is_empty()).unwrap_or_else(|| NO_PATH.to_owned());
    let id = version_2.then(|| text("apiMappingId"));
    Mapping { api: text(api), path, stage: text("stage"), id }
}

fn answer(made: &Value) -> Answer {
    let configuration = &made["domainNameConfigurations"][0];
    let text = |found: [&Value; 3]| found.iter().find_map(|v| v.as_str().filter(|t| !t.is_empty())).map(str::to_owned);
    let names = [&made["distributionDomainName"], &made["regionalDomainName"], &configuration["apiGatewayDomainName"]];
    let zones = [&made["distributionHostedZoneId"], &made["regionalHostedZoneId"], &configuration["hostedZoneId"]];
    Answer {
        name: text(names).or_else(|| made["domainName"].as_str().map(str::to_owned)).unwrap_or_default(),
        zone: text(zones).unwrap_or_else(|| CLOUD_FRONT_ZONE.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_tell_where_they_answer() {
        let regional = json!({ "regionalDomainName": "d-1.example", "regionalHostedZoneId": "Z1" });
        assert_eq!(answer(&regional), Answer { name: "d-1.example".into(), zone: "Z1".into() });
        let edge = json!({ "distributionDomainName": "d1.cloudfront.net" });
        assert_eq!(answer(&edge).zone, CLOUD_FRONT_ZONE);
        let second = json!({ "domainNameConfigurations": [{ "apiGatewayDomainName": "d-2", "hostedZoneId": "Z2" }] });
        assert_eq!(answer(&second), Answer { name: "d-2".into(), zone: "Z2".into() });
    }

    #[test]
    fn a_mapping_without_a_path_is_one_of_none() {
        let first = mapping(&json!({ "restApiId": "a", "basePath": "(none)", "stage": "dev" }), false);
        let second = mapping(&json!({ "apiId": "a", "apiMappingKey": "", "apiMappingId": "m", "stage": "dev" }), true);
        assert_eq!((first.path, second.path), (NO_PATH.to_owned(), NO_PATH.to_owned()));
    }
}
