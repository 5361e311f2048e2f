//! `integration`: what answers a method.
//!
//! Framework v3 `api-gateway/lib/method/integration.js` and `getIntegration`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/apigateway#lambda-proxy-integration>.

use super::Api;
use super::route::Route;
use super::velocity;
use crate::manifest::{Problem, Problems};
use crate::template::TargetAlias;
use crate::template::events::gateway::without_nulls;
use crate::template::naming::function;
use crate::template::value::{get_att, join, reference};
use serde_json::{Map, Value, json};

/// The kinds of integrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Integration {
    /// The function gets an event that mapping templates make.
    Lambda,
    /// The function gets the request, and makes the response.
    LambdaProxy,
    /// An HTTP back end behind mapping templates.
    Http,
    /// An HTTP back end gets the request as it is.
    HttpProxy,
    /// API Gateway answers by itself.
    Mock,
}

/// How an HTTP back end is reached.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    /// `VPC_LINK`.
    pub kind: String,
    /// The link.
    pub id: Option<Value>,
}

impl Integration {
    /// Reads `integration`. Without it a Lambda proxy, or Lambda for an asynchronous event.
    pub fn read(text: Option<&str>, is_async: bool, place: &str, problems: &mut Problems) -> Option<Self> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Some(if is_async { Self::Lambda } else { Self::LambdaProxy });
        };
        match text.to_uppercase().replacen('-', "_", 1).as_str() {
            "LAMBDA" | "AWS" => Some(Self::Lambda),
            "LAMBDA_PROXY" | "AWS_PROXY" => Some(Self::LambdaProxy),
            "HTTP" => Some(Self::Http),
            "HTTP_PROXY" => Some(Self::HttpProxy),
            "MOCK" => Some(Self::Mock),
            _ => {
                problems.push(
                    Problem::at(format!("{place}.integration"), format!("`{text}` is not an integration"))
                        .help("write `lambda-proxy`, `lambda`, `http-proxy`, `http` or `mock`"),
                );
                None
            }
        }
    }

    /// As the manifest names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lambda => "`lambda`",
            Self::LambdaProxy => "`lambda-proxy`",
            Self::Http => "`http`",
            Self::HttpProxy => "`http-proxy`",
            Self::Mock => "`mock`",
        }
    }

    /// Whether requests and responses pass through unchanged.
    pub fn is_proxy(self) -> bool {
        matches!(self, Self::LambdaProxy | Self::HttpProxy)
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Lambda => "AWS",
            Self::LambdaProxy => "AWS_PROXY",
            Self::Http => "HTTP",
            Self::HttpProxy => "HTTP_PROXY",
            Self::Mock => "MOCK",
        }
    }
}

/// `Integration` of a route's method.
pub(super) fn of(route: &Route<'_>, api: &Api) -> Value {
    let kind = route.integration;
    let request = route.request.as_ref();
    let mut integration = json!({
        "IntegrationHttpMethod": "POST",
        "Type": kind.kind(),
        "TimeoutInMillis": route.timeout_in_millis.as_ref().or(api.config.timeout_in_millis.as_ref()),
    });
    let transfer_mode = transfer_mode(route);
    match kind {
        Integration::Lambda | Integration::LambdaProxy => {
            let streams = transfer_mode.as_deref() == Some("STREAM") && kind == Integration::LambdaProxy;
            integration["Uri"] = lambda_uri(route, streams);
        }
        Integration::Http | Integration::HttpProxy => {
            let method = request.and_then(|r| r.method.as_deref()).filter(|m| !m.is_empty()).unwrap_or(&route.method);
            integration["Uri"] = json!(request.and_then(|r| r.uri.as_ref()));
            integration["IntegrationHttpMethod"] = json!(method.to_uppercase());
            if let Some(connection) = &route.connection {
                integration["ConnectionType"] = json!(connection.kind);
                integration["ConnectionId"] = json!(connection.id);
            }
        }
        Integration::Mock => {}
    }
    if !kind.is_proxy() {
        integration["PassthroughBehavior"] = json!(request.and_then(|r| r.pass_through.as_ref()));
        integration["ContentHandling"] = json!(request.and_then(|r| r.content_handling.as_ref()));
        integration["RequestTemplates"] = request_templates(route);
        let responses = route.response.as_ref().map(|response| response.integration_responses(route.cors.as_ref()));
        integration["IntegrationResponses"] = json!(responses.unwrap_or_default());
    }
    let parameters = request.map(super::request::Request::integration_parameters).unwrap_or_default();
    let maps_parameters = matches!(kind, Integration::Lambda | Integration::Http | Integration::HttpProxy);
    if route.is_async || (maps_parameters && !parameters.is_empty()) {
        integration["RequestParameters"] = Value::Object(parameters);
    }
    if route.is_async {
        integration["RequestParameters"]["integration.request.header.X-Amz-Invocation-Type"] = json!("'Event'");
    }
    if kind.is_proxy() {
        integration["ResponseTransferMode"] = json!(transfer_mode);
    }
    without_nulls(integration)
}

fn transfer_mode(route: &Route<'_>) -> Option<String> {
    let mode = route.response.as_ref()?.transfer_mode.as_deref()?;
    (!mode.is_empty()).then(|| mode.to_uppercase())
}

/// The URI of the function or of its alias. Streamed responses have a Lambda API of their own.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html>
fn lambda_uri(route: &Route<'_>, streams: bool) -> Value {
    let (version, action) =
        if streams { ("2021-11-15", "/response-streaming-invocations") } else { ("2015-03-31", "/invocations") };
    let mut parts = vec![
        json!("arn:"),
        reference("AWS::Partition"),
        json!(":apigateway:"),
        reference("AWS::Region"),
        json!(format!(":lambda:path/{version}/functions/")),
        get_att(&function::logical_id(&route.function.key), "Arn"),
    ];
    if let Some(alias) = TargetAlias::of(route.function) {
        parts.extend([json!(":"), json!(alias.name)]);
    }
    parts.push(json!(action));
    join("", parts)
}

/// The mapping templates by content type: the defaults of a Lambda integration, then those of the manifest.
fn request_templates(route: &Route<'_>) -> Value {
    let mut templates = Map::new();
    if route.integration == Integration::Lambda {
        templates.insert("application/json".to_owned(), json!(velocity::json()));
        templates.insert("application/x-www-form-urlencoded".to_owned(), json!(velocity::form()));
    }
    for (content_type, template) in route.request.iter().flat_map(|request| &request.template) {
        match template {
            Some(template) => templates.insert(content_type.clone(), json!(template)),
            None => templates.remove(content_type),
        };
    }
    let claims = claims(route);
    for template in templates.values_mut() {
        if let Some(text) = template.as_str() {
            *template = json!(text.replacen(velocity::CLAIMS_MARK, &claims, 1));
        }
    }
    if templates.is_empty() { Value::Null } else { Value::Object(templates) }
}

/// The members of `cognitoPoolClaims` for the claims that the authorizer names.
fn claims(route: &Route<'_>) -> String {
    let claims = route.authorizer.as_ref().map_or(&[][..], |authorizer| authorizer.claims());
    claims
        .iter()
        .map(|claim| match claim.split_once(':') {
            Some((_, name)) => format!("\"{name}\": \"$context.authorizer.claims['{claim}']\","),
            None => format!("\"{claim}\": \"$context.authorizer.claims.{claim}\","),
        })
        .collect()
}
