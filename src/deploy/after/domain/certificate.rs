//! The certificate of a domain in AWS Certificate Manager.

use super::failed;
use crate::aws::{Aws, JsonCall};
use crate::deploy::DeployError;
use crate::manifest::plugins::domain_manager::Domain;
use serde_json::{Value, json};

/// Where CloudFront looks for certificates.
const EDGE_REGION: &str = "us-east-1";
/// All of ACM's; unless asked for, it lists RSA ones of up to 2,048 bits
/// (<https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html>).
const KEY_TYPES: [&str; 7] =
    ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"];

/// The ARN of the certificate that the manifest names, else of the one whose name fits best.
pub async fn find(aws: &Aws, domain: &Domain) -> Result<String, DeployError> {
    let aws = if domain.edge { aws.in_region(EDGE_REGION) } else { aws.clone() };
    let mut all = Vec::new();
    let mut next = Value::Null;
    loop {
        let mut body = json!({
            "CertificateStatuses": ["PENDING_VALIDATION", "ISSUED", "INACTIVE"],
            "Includes": { "keyTypes": KEY_TYPES },
        });
        if next.is_string() {
            body["NextToken"] = next;
        }
        let call = JsonCall {
            service: "Certificate Manager",
            id: "acm",
            target: "CertificateManager",
            operation: "ListCertificates",
            protocol: "1.1",
            body,
        };
        let page = aws.call(&call).await?;
        all.extend(page["CertificateSummaryList"].as_array().into_iter().flatten().cloned());
        next = page["NextToken"].clone();
        if !next.is_string() {
            break;
        }
    }
    best(&all, domain.certificate_name.as_deref(), &domain.name).ok_or_else(|| {
        let wanted = domain.certificate_name.as_deref().unwrap_or(&domain.name);
        let problem = format!("there is no certificate for {wanted} in {}", aws.region());
        let help = match domain.edge {
            true => "an edge domain needs its certificate in us-east-1; request one there, or set `certificateArn`",
            false => "request one in this region, or set `certificateArn`",
        };
        failed(domain, &problem, help)
    })
}

/// By name, else the one with the longest name that the domain lies in.
fn best(certificates: &[Value], name: Option<&str>, domain: &str) -> Option<String> {
    let names = |certificate: &Value| -> Vec<String> {
        let own = certificate["DomainName"].as_str();
        let further = certificate["SubjectAlternativeNameSummaries"].as_array().into_iter().flatten();
        own.into_iter().chain(further.filter_map(Value::as_str)).map(str::to_owned).collect()
    };
    let found = match name {
        Some(name) => certificates.iter().find(|certificate| certificate["DomainName"] == name),
        None => {
            let fit = |certificate: &Value| {
                names(certificate).iter().filter(|name| covers(name, domain)).map(String::len).max()
            };
            let fitting = certificates.iter().filter_map(|certificate| Some((fit(certificate)?, certificate)));
            // Of equals the first.
            fitting.rev().max_by_key(|(length, _)| *length).map(|(_, certificate)| certificate)
        }
    };
    found?["CertificateArn"].as_str().map(str::to_owned)
}

/// Whether a certificate's name stands for a domain: `*.example.com` for one step below `example.com`.
fn covers(name: &str, domain: &str) -> bool {
    match name.strip_prefix('*') {
        Some(parent) => domain.strip_suffix(parent).is_some_and(|step| !step.is_empty() && !step.contains('.')),
        None => name == domain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_wins_unless_one_is_named() {
        let certificates = [
            json!({ "DomainName": "*.example.com", "CertificateArn": "wild" }),
            json!({ "DomainName": "example.com", "SubjectAlternativeNameSummaries": ["api.example.com"], "CertificateArn": "own" }),
            json!({ "DomainName": "example.com", "CertificateArn": "other" }),
        ];
        assert_eq!(best(&certificates, None, "api.example.com").as_deref(), Some("own"));
        assert_eq!(best(&certificates, None, "x.example.com").as_deref(), Some("wild"));
        assert_eq!(best(&certificates, Some("*.example.com"), "api.example.com").as_deref(), Some("wild"));
        assert_eq!(best(&certificates, None, "a.b.example.com"), None);
        assert_eq!(best(&certificates, None, "badexample.com"), None);
    }
}
