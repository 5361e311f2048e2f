//! DNS records of a domain in Route 53.
//!
//! <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>

use super::failed;
use super::gateway::Answer;
use crate::aws::{Aws, AwsError, XmlCall};
use crate::deploy::DeployError;
use crate::deploy::api_stage::encode;
use crate::manifest::plugins::domain_manager::{Domain, Routing};

/// Where Route 53's signatures belong.
const REGION: &str = "us-east-1";

/// A hosted zone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Zone {
    id: String,
    name: String,
    private: bool,
}

/// Makes the records, or brings them up to date.
pub async fn upsert(aws: &Aws, domain: &Domain, answer: &Answer) -> Result<(), DeployError> {
    change(aws, "UPSERT", domain, answer).await
}

/// Deletes the records. Records that are not there are fine.
pub async fn delete(aws: &Aws, domain: &Domain, answer: &Answer) -> Result<(), DeployError> {
    match change(aws, "DELETE", domain, answer).await {
        Err(DeployError::Aws(error)) if error.code == "InvalidChangeBatch" => Ok(()),
        result => result,
    }
}

async fn change(aws: &Aws, action: &str, domain: &Domain, answer: &Answer) -> Result<(), DeployError> {
    let aws_dns = aws.in_region(REGION);
    for zone in zones(&aws_dns, domain).await? {
        let body = batch(action, domain, answer, aws.region());
        let path = format!("/2013-04-01/hostedzone/{zone}/rrset/");
        call(&aws_dns, "ChangeResourceRecordSets", "POST", path, body).await?;
    }
    Ok(())
}

async fn call(aws: &Aws, operation: &str, method: &str, path: String, body: String) -> Result<String, AwsError> {
    aws.call_xml(&XmlCall { service: "Route 53", id: "route53", operation, method, path, body }).await
}

/// The ids of the zones that get records.
async fn zones(aws: &Aws, domain: &Domain) -> Result<Vec<String>, DeployError> {
    if let Some(id) = &domain.hosted_zone_id {
        return Ok(vec![id.clone()]);
    }
    let mut all = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let query = marker.map(|marker| format!("?marker={}", encode(&marker))).unwrap_or_default();
        let page = call(aws, "ListHostedZones", "GET", format!("/2013-04-01/hostedzone{query}"), String::new()).await?;
        all.extend(read_zones(&page));
        marker = element(&page, "NextMarker").map(str::to_owned);
        if marker.is_none() {
            break;
        }
    }
    let wanted: Vec<Option<bool>> =
        if domain.split_horizon { vec![Some(false), Some(true)] } else { vec![domain.hosted_zone_private] };
    let find = |private: Option<bool>| {
        nearest(&all, &domain.name, private).ok_or_else(|| {
            let kind = private.map_or("", |private| if private { "private " } else { "public " });
            let problem = format!("Route 53 has no {kind}zone for it");
            failed(domain, &problem, "set `hostedZoneId`, or `createRoute53Record: false` where DNS is elsewhere")
        })
    };
    wanted.into_iter().map(find).collect()
}

/// The zone with the longest name that a domain lies in.
fn nearest(zones: &[Zone], domain: &str, private: Option<bool>) -> Option<String> {
    let holds = |zone: &&Zone| {
        let name = zone.name.trim_end_matches('.');
        domain == name || domain.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
    };
    let fits = zones.iter().filter(|zone| private.is_none_or(|private| private == zone.private)).filter(holds);
    fits.max_by_key(|zone| zone.name.len()).map(|zone| zone.id.clone())
}

fn read_zones(xml: &str) -> Vec<Zone> {
    xml.split("<HostedZone>")
        .skip(1)
        .filter_map(|zone| {
            Some(Zone {
                id: element(zone, "Id")?.trim_start_matches("/hostedzone/").to_owned(),
                name: element(zone, "Name")?.to_owned(),
                private: element(zone, "PrivateZone") == Some("true"),
            })
        })
        .collect()
}

/// The text of the first element of a name.
fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let rest = xml.split_once(&format!("<{name}>"))?.1;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

fn batch(action: &str, domain: &Domain, answer: &Answer, region: &str) -> String {
    let kinds: &[&str] = if domain.record_v6 { &["A", "AAAA"] } else { &["A"] };
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let identified = |id: &Option<String>| {
        format!("<SetIdentifier>{}</SetIdentifier>", escape(id.as_deref().unwrap_or(&answer.name)))
    };
    let checked = |check: &Option<String>| {
        check.as_ref().map(|id| format!("<HealthCheckId>{}</HealthCheckId>", escape(id))).unwrap_or_default()
    };
    let (routing, check) = match &domain.routing {
        Routing::Simple => (String::new(), String::new()),
        Routing::Latency { id, health_check } => {
            (format!("{}<Region>{region}</Region>", identified(id)), checked(health_check))
        }
        Routing::Weighted { weight, id, health_check } => {
            (format!("{}<Weight>{weight}</Weight>", identified(id)), checked(health_check))
        }
    };
    let changes: String = kinds
        .iter()
        .map(|kind| {
            format!(
                "<Change><Action>{action}</Action><ResourceRecordSet><Name>{}</Name><Type>{kind}</Type>{routing}\
                 <AliasTarget><HostedZoneId>{}</HostedZoneId><DNSName>{}</DNSName>\
                 <EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>{check}</ResourceRecordSet></Change>",
                escape(&domain.name),
                escape(&answer.zone),
                escape(&answer.name)
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ChangeResourceRecordSetsRequest \
         xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Comment>Made by rlx</Comment>\
         <Changes>{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_zone_of_the_right_kind_is_taken() {
        let xml = "<HostedZones><HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name><Config><PrivateZone>false\
                   </PrivateZone></Config></HostedZone><HostedZone><Id>/hostedzone/Z2</Id><Name>eu.example.com.</Name>\
                   <Config><PrivateZone>true</PrivateZone></Config></HostedZone></HostedZones>";
        let zones = read_zones(xml);
        assert_eq!(nearest(&zones, "api.eu.example.com", None).as_deref(), Some("Z2"));
        assert_eq!(nearest(&zones, "api.eu.example.com", Some(false)).as_deref(), Some("Z1"));
        assert_eq!(nearest(&zones, "example.com", None).as_deref(), Some("Z1"));
        assert_eq!(nearest(&zones, "badexample.com", None), None);
    }
}
