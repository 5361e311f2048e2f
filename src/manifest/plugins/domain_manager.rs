//! serverless-domain-manager: custom domains of APIs, from `custom.customDomain` and `custom.customDomains`
//! (README of its version 9).

use crate::manifest::schema::build::*;
use crate::manifest::{Problem, Problems, Service};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Its package name.
pub const NAME: &str = "serverless-domain-manager";
/// The base path that stands for none.
pub const NO_PATH: &str = "(none)";
/// The stage of HTTP APIs.
const DEFAULT_STAGE: &str = "$default";
/// The weight of a weighted record, unless the manifest says.
const WEIGHT: u64 = 200;

/// What kind of API a domain serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Api {
    Rest,
    Http,
    Websocket,
}

impl Api {
    const ALL: [(&'static str, Self); 3] = [("rest", Self::Rest), ("http", Self::Http), ("websocket", Self::Websocket)];

    /// What the names of the domain's outputs end in.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Rest => "",
            Self::Http => "Http",
            Self::Websocket => "Websocket",
        }
    }
}

/// Which of several records of a name is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Routing {
    Simple,
    /// Of the region that is nearest.
    Latency {
        id: Option<String>,
        health_check: Option<String>,
    },
    Weighted {
        weight: u64,
        id: Option<String>,
        health_check: Option<String>,
    },
}

/// One custom domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Domain {
    pub name: String,
    pub api: Api,
    /// `(none)` where there is none.
    pub base_path: String,
    /// The API's stage.
    pub stage: String,
    /// At CloudFront instead of in the region.
    pub edge: bool,
    pub certificate_arn: Option<String>,
    pub certificate_name: Option<String>,
    /// Such as `TLS_1_2`.
    pub security_policy: String,
    /// The certificates that callers must have one of: an object in S3, and its version.
    pub truststore: Option<(String, Option<String>)>,
    /// Make records in Route 53.
    pub record: bool,
    /// Also one for IPv6.
    pub record_v6: bool,
    pub hosted_zone_id: Option<String>,
    pub hosted_zone_private: Option<bool>,
    /// Records in the public and the private zone of the name.
    pub split_horizon: bool,
    pub routing: Routing,
    /// Find the mapping by its path, and not by its API.
    pub match_path: bool,
    /// Make the domain with the first deploy, and delete it with the stack.
    pub auto: bool,
    /// Not while other stacks have mappings.
    pub preserve: bool,
    /// Tags of the domain.
    pub tags: BTreeMap<String, String>,
    /// Where it stands in the manifest.
    #[serde(skip)]
    pub path: String,
}

/// The schema of `custom.customDomain`.
pub fn domain_schema() -> Value {
    // Often a variable says that a stage has none.
    any_of([one_schema(), constant(""), constant(false)])
}

/// The schema of `custom.customDomains`.
pub fn domains_schema() -> Value {
    any_of([list(one_schema()), constant(""), constant(false)])
}

fn one_schema() -> Value {
    let nested = Api::ALL.map(|(name, _)| (name, settings()));
    any_of([settings(), object(nested)])
}

fn settings() -> Value {
    // Also as a text, since it often comes from a variable.
    let flag = || any_of([boolean(), pattern("^(true|false)$")]);
    let routing = object([
        ("routingPolicy", any_case(["simple", "latency", "weighted"])),
        ("setIdentifier", text()),
        ("weight", integer(0)),
        ("healthCheckId", text()),
    ]);
    // That `domainName` is missing is told by the domain itself: here it would look like the other form.
    object([
        ("domainName", doc(text(), "The domain.")),
        ("basePath", doc(text(), "The path below it [default: none].")),
        ("apiType", doc(any_case(["rest", "http", "websocket"]), "The kind of the API [default: rest].")),
        ("stage", doc(text(), "The API's stage [default: the service's; of HTTP APIs `$default`].")),
        ("endpointType", doc(any_case(["edge", "regional"]), "Where it answers [default: edge].")),
        ("certificateArn", doc(text(), "Its certificate.")),
        ("certificateName", doc(text(), "The name of its certificate [default: the one that fits best].")),
        ("securityPolicy", doc(text(), "The TLS version [default: tls_1_2].")),
        ("tlsTruststoreUri", doc(pattern("^s3://[^/]+/.+"), "Callers need a certificate of this object in S3.")),
        ("tlsTruststoreVersion", doc(text(), "The object's version.")),
        ("createRoute53Record", doc(flag(), "Make a DNS record [default: true].")),
        ("createRoute53IPv6Record", doc(flag(), "Also one for IPv6 [default: true].")),
        ("hostedZoneId", doc(text(), "The zone of the record.")),
        ("hostedZonePrivate", doc(flag(), "Look for a private zone, or a public one.")),
        ("splitHorizonDns", doc(flag(), "A record in the public and in the private zone.")),
        ("route53Params", doc(routing, "Which of several records counts.")),
        ("route53Profile", doc(text(), "Not read: the credentials of the deploy are used.")),
        ("route53Region", doc(text(), "Not read: the region of the deploy is used.")),
        ("enabled", doc(flag(), "Whether this domain counts [default: true].")),
        ("allowPathMatching", doc(flag(), "Find the mapping by its path, to give it to another API.")),
        ("autoDomain", doc(flag(), "Make the domain with a deploy, and delete it with the stack.")),
        ("autoDomainWaitFor", doc(integer(0), "Of no effect: a domain is there as soon as it is made.")),
        ("preserveExternalPathMappings", doc(flag(), "Keep the domain while other stacks use it.")),
    ])
}

/// Settings that are not read, and what the plugin would do with them.
const UNREAD: [(&str, &str); 2] =
    [("route53Profile", "make DNS records with this profile"), ("route53Region", "name this region in DNS records")];

/// Where the settings that are not read stand below `custom`, and what the plugin would do with each.
pub fn unread(custom: &Value) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    for (path, domain) in entries(custom) {
        let below = Api::ALL.iter().filter_map(|(api, _)| Some((format!("{path}.{api}"), domain.get(*api)?)));
        for (path, settings) in below.chain([(path.clone(), domain)]) {
            let given = |key: &str| settings.get(key).is_some_and(|value| !value.is_null());
            found.extend(
                UNREAD.iter().filter(|(key, _)| given(key)).map(|(key, what)| (format!("{path}.{key}"), *what)),
            );
        }
    }
    found
}

/// Each domain below `custom`, with its path.
fn entries(custom: &Value) -> impl Iterator<Item = (String, &Value)> {
    let one = custom.get("customDomain").filter(|one| one.is_object());
    let many = custom.get("customDomains").and_then(Value::as_array).into_iter().flatten().enumerate();
    let many = many.map(|(index, domain)| (format!("custom.customDomains[{index}]"), domain));
    one.map(|one| ("custom.customDomain".to_owned(), one)).into_iter().chain(many)
}

impl Domain {
    /// The domains of a service that count, and what is wrong with them.
    pub fn all(service: &Service) -> (Vec<Self>, Problems) {
        let (mut domains, mut problems) = (Vec::new(), Problems::default());
        if !super::uses(&service.plugins, NAME) {
            return (domains, problems);
        }
        let custom = &service.custom;
        for (path, settings) in entries(custom) {
            let nested = Api::ALL.iter().filter_map(|(name, api)| Some((name, *api, settings.get(*name)?)));
            let nested: Vec<_> = nested.filter(|(_, _, settings)| settings.is_object()).collect();
            if nested.is_empty() {
                domains.extend(Self::read(service, settings, None, path, &mut problems));
            } else {
                for (name, api, settings) in nested {
                    domains.extend(Self::read(service, settings, Some(api), format!("{path}.{name}"), &mut problems));
                }
            }
        }
        if domains.is_empty() && one_is_missing(custom) {
            problems.push(
                Problem::at("plugins", format!("{NAME} has no domain to manage"))
                    .help("add `custom.customDomain` with `domainName`, or remove the plugin")
                    .warning(),
            );
        }
        (domains, problems)
    }

    fn read(service: &Service, it: &Value, api: Option<Api>, path: String, problems: &mut Problems) -> Option<Self> {
        let text = |key: &str| it.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let owned = |key: &str| text(key).map(str::to_owned);
        let flag = |key: &str| match it.get(key) {
            Some(Value::Bool(flag)) => Some(*flag),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        if flag("enabled") == Some(false) {
            return None;
        }
        let Some(name) = owned("domainName") else {
            problems.push(Problem::at(&path, format!("`{path}` needs `domainName`")).help("name the domain"));
            return None;
        };
        let named = Api::ALL.iter().find(|(name, _)| text("apiType").is_some_and(|t| t.eq_ignore_ascii_case(name)));
        let api = api.or(named.map(|(_, api)| *api)).unwrap_or(Api::Rest);
        let edge = !text("endpointType").is_some_and(|kind| kind.eq_ignore_ascii_case("regional"));
        if edge && api != Api::Rest {
            problems.push(
                Problem::at(format!("{path}.endpointType"), "HTTP and websocket APIs answer in their region only")
                    .help("set `endpointType: regional`; the default is `edge`"),
            );
        }
        let truststore = owned("tlsTruststoreUri").map(|uri| (uri, owned("tlsTruststoreVersion")));
        if edge && truststore.is_some() {
            problems.push(
                Problem::at(format!("{path}.tlsTruststoreUri"), "only a regional domain asks callers for certificates")
                    .help("set `endpointType: regional`, or remove `tlsTruststoreUri`"),
            );
        }
        let routing = routing(it.get("route53Params").unwrap_or(&Value::Null));
        if edge && routing != Routing::Simple {
            problems.push(
                Problem::at(format!("{path}.route53Params.routingPolicy"), "records of an edge domain are simple ones")
                    .help("set `endpointType: regional`, or remove `routingPolicy`"),
            );
        }
        let base_path = text("basePath").unwrap_or(NO_PATH).to_owned();
        let stage = match (api, text("stage")) {
            (Api::Http, None) => DEFAULT_STAGE.to_owned(),
            (Api::Http, _) if base_path == NO_PATH => DEFAULT_STAGE.to_owned(),
            (_, Some(stage)) => stage.to_owned(),
            _ => service.stage.clone(),
        };
        let provider = &service.provider;
        let tags = provider.stack_tags.iter().chain(&provider.tags);
        let zone = (owned("hostedZoneId"), flag("hostedZonePrivate"));
        Some(Self {
            name,
            api,
            base_path,
            stage,
            edge,
            certificate_arn: owned("certificateArn"),
            certificate_name: owned("certificateName"),
            security_policy: text("securityPolicy").map_or("TLS_1_2".to_owned(), policy),
            truststore,
            record: flag("createRoute53Record").unwrap_or(true),
            record_v6: flag("createRoute53IPv6Record").unwrap_or(true),
            split_horizon: zone == (None, None) && flag("splitHorizonDns").unwrap_or(false),
            hosted_zone_id: zone.0,
            hosted_zone_private: zone.1,
            routing,
            match_path: flag("allowPathMatching").unwrap_or(false),
            auto: flag("autoDomain").unwrap_or(false),
            preserve: flag("preserveExternalPathMappings").unwrap_or(false),
            tags: tags.map(|(key, value)| (key.clone(), plain(value))).collect(),
            path,
        })
    }
}

fn one_is_missing(custom: &Value) -> bool {
    custom.get("customDomain").is_none_or(Value::is_null) && custom.get("customDomains").is_none_or(Value::is_null)
}

/// `tls_1_2` is an older spelling of `TLS_1_2`; all other names are API Gateway's own.
fn policy(text: &str) -> String {
    if text.starts_with("tls_1_") { text.to_uppercase() } else { text.to_owned() }
}

fn routing(params: &Value) -> Routing {
    let text = |key: &str| params[key].as_str().map(str::to_owned);
    let (id, health_check) = (text("setIdentifier"), text("healthCheckId"));
    match params["routingPolicy"].as_str().map(str::to_lowercase).as_deref() {
        Some("latency") => Routing::Latency { id, health_check },
        Some("weighted") => Routing::Weighted { weight: params["weight"].as_u64().unwrap_or(WEIGHT), id, health_check },
        _ => Routing::Simple,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The outputs that the plugin adds and that are known before the deploy.
pub fn outputs(service: &Service, domains: &[Domain]) -> Map<String, Value> {
    // The plugin leaves out all but letters and digits.
    let stage: String = service.stage.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut outputs = Map::new();
    for domain in domains {
        let key = format!("DomainName{}", domain.api.suffix());
        let export = format!("sls-{}-{stage}-{key}", service.name);
        outputs.insert(key, json!({ "Value": domain.name, "Export": { "Name": export } }));
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::service;

    fn all(custom: &str) -> (Vec<Domain>, Vec<String>) {
        let manifest =
            format!("service: quay\nprovider: {{ name: aws, stage: pr-1 }}\nplugins: [{NAME}]\ncustom: {custom}");
        let (domains, problems) = Domain::all(&service(&manifest));
        (domains, problems.iter().map(|p| p.message.clone()).collect())
    }

    #[test]
    fn defaults_are_the_plugins() {
        let (domains, problems) = all("{ customDomain: { domainName: api.example.com } }");
        let it = &domains[0];
        assert_eq!((it.api, it.base_path.as_str(), it.stage.as_str(), it.edge), (Api::Rest, NO_PATH, "pr-1", true));
        assert_eq!((it.record, it.record_v6, it.auto, it.security_policy.as_str()), (true, true, false, "TLS_1_2"));
        assert!(problems.is_empty());
    }

    #[test]
    fn domains_may_stand_by_the_kind_of_their_api_and_be_off() {
        let (domains, problems) =
            all("{ customDomains: [{ http: { domainName: h.example.com, endpointType: regional, stage: x } }, \
             { rest: { domainName: r.example.com, basePath: v1, enabled: 'false' }, \
             websocket: { domainName: w.example.com, endpointType: REGIONAL } }] }");
        let found: Vec<_> = domains.iter().map(|d| (d.name.as_str(), d.api, d.stage.as_str())).collect();
        assert_eq!(found, [("h.example.com", Api::Http, "$default"), ("w.example.com", Api::Websocket, "pr-1")]);
        assert!(problems.is_empty());
    }

    #[test]
    fn a_stage_without_a_domain_may_say_so_with_an_empty_text() {
        let manifest = |one: &str| {
            format!("service: quay\nprovider: {{ name: aws }}\nplugins: [{NAME}]\ncustom: {{ customDomain: {one} }}")
        };
        assert_eq!(crate::template::testing::problems(&manifest("''")), "");
        assert!(crate::template::testing::problems(&manifest("api.example.com")).starts_with("error:"));
    }

    #[test]
    fn a_domain_without_a_name_is_an_error_unless_it_is_off() {
        let (_, problems) = all("{ customDomain: { basePath: v1 } }");
        assert_eq!(problems, ["`custom.customDomain` needs `domainName`"]);
        let (_, problems) = all("{ customDomain: { rest: { domainName: '', enabled: false } } }");
        assert!(problems.is_empty());
    }

    #[test]
    fn settings_that_are_not_read_are_found_in_every_form() {
        let custom = json!({
            "customDomain": { "http": { "route53Region": "eu-west-1" } },
            "customDomains": [{ "route53Profile": "p" }],
        });
        let paths: Vec<_> = unread(&custom).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["custom.customDomain.http.route53Region", "custom.customDomains[0].route53Profile"]);
    }

    #[test]
    fn what_api_gateway_cannot_do_is_an_error() {
        let (_, problems) = all("{ customDomain: { domainName: a.example.com, apiType: http } }");
        assert_eq!(problems, ["HTTP and websocket APIs answer in their region only"]);
        let (_, problems) =
            all("{ customDomain: { domainName: a.example.com, route53Params: { routingPolicy: latency } } }");
        assert_eq!(problems, ["records of an edge domain are simple ones"]);
    }
}
