//! Where a distribution gets its content from.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudfront-distribution-origin.html>

use super::{Association, merge::complete};
use crate::manifest::{Problem, Problems};
use crate::template::EventUse;
use crate::template::naming::cloud_front as id;
use crate::template::value::truthy;
use serde_json::{Map, Value, json};

/// The origins of a distribution, each once.
#[derive(Default)]
pub(super) struct Origins {
    list: Vec<Value>,
    default: Option<String>,
}

impl Origins {
    /// Adds an event's origin, or completes the one that is there, and gives its id.
    pub fn add(&mut self, event: &EventUse<'_>, association: &Association, problems: &mut Problems) -> Option<String> {
        let Some(mut origin) = association.origin.as_ref().and_then(origin) else {
            let what = match &association.origin {
                Some(Value::String(text)) => format!("`{text}` is no URL of an origin: it names no host"),
                _ => "this event does not say which origin it stands before".to_owned(),
            };
            problems.push(
                Problem::at(event.at("origin"), what)
                    .help("add `origin`: a URL such as https://app.example.com or s3://bucket.s3.amazonaws.com/path"),
            );
            return None;
        };
        let origin_id = id::origin_id(&origin);
        origin["Id"] = origin_id.as_str().into();
        match self.list.iter_mut().find(|existing| existing["Id"] == origin_id.as_str()) {
            Some(existing) => complete(existing, origin),
            None => self.list.push(origin),
        }
        if truthy(&association.is_default_origin) {
            match &self.default {
                Some(first) if *first != origin_id => problems.push(
                    Problem::at(
                        event.at("isDefaultOrigin"),
                        format!("the distribution has two default origins: {first} and {origin_id}"),
                    )
                    .help("keep `isDefaultOrigin` at one of them"),
                ),
                _ => self.default = Some(origin_id.clone()),
            }
        }
        Some(origin_id)
    }

    /// The id of the origin for paths that no behaviour matches; `None` where several could be it.
    pub fn default_id(&self) -> Option<&str> {
        match (&self.default, self.list.as_slice()) {
            (Some(default), _) => Some(default),
            (None, [only]) => only["Id"].as_str(),
            _ => None,
        }
    }

    /// The property of the distribution.
    pub fn into_property(self) -> Value {
        self.list.into()
    }
}

fn origin(source: &Value) -> Option<Value> {
    match source {
        Value::String(url) => from_url(url).map(Value::Object),
        Value::Object(_) => Some(source.clone()),
        _ => None,
    }
}

/// An origin from `https://host/path` or `s3://host/path`; a port is left out, as in the framework.
fn from_url(url: &str) -> Option<Map<String, Value>> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host).to_lowercase();
    let path = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    if host.is_empty() {
        return None;
    }
    let mut origin = Map::new();
    origin.insert("DomainName".into(), host.into());
    if path.len() > 1 {
        origin.insert("OriginPath".into(), path.into());
    }
    if scheme.eq_ignore_ascii_case("s3") {
        origin.insert("S3OriginConfig".into(), json!({}));
    } else {
        origin.insert("CustomOriginConfig".into(), json!({ "OriginProtocolPolicy": "match-viewer" }));
    }
    Some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_url_makes_an_s3_origin_with_its_path() {
        assert_eq!(
            origin(&json!("s3://photos.s3.amazonaws.com/files")),
            Some(json!({"DomainName": "photos.s3.amazonaws.com", "OriginPath": "/files", "S3OriginConfig": {}}))
        );
    }

    #[test]
    fn a_web_url_loses_port_query_and_lone_slash() {
        let expected = json!({
            "DomainName": "app.example.com", "CustomOriginConfig": {"OriginProtocolPolicy": "match-viewer"}
        });
        assert_eq!(origin(&json!("https://APP.example.com:8443/?a=b")), Some(expected));
    }

    #[test]
    fn text_without_a_scheme_is_no_origin() {
        assert_eq!(origin(&json!("app.example.com")), None);
    }
}
