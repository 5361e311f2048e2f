//! `authorizer`: who may call a route.
//!
//! Framework v3 `api-gateway/lib/authorizers.js`, `method/authorization.js` and `getAuthorizer`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/apigateway#http-endpoints-with-custom-authorizers>.

use super::Api;
use crate::manifest::Problem;
use crate::manifest::service::Function;
use crate::template::Compilation;
use crate::template::events::gateway::{PRINCIPAL, execute_api_arn, invocation_uri, without_nulls};
use crate::template::naming::api_gateway;
use crate::template::value::{reference, typed};
use crate::template::{TargetAlias, target};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Seconds that an answer is kept where the manifest does not say.
const DEFAULT_TTL: u64 = 300;

/// Who may call a route.
#[derive(Debug, Clone)]
pub(super) enum Authorizer<'a> {
    /// Callers that IAM allows.
    Iam { claims: Vec<String> },
    /// An authorizer that another stack or `resources` makes.
    External { kind: String, id: Value, scopes: Vec<Value>, claims: Vec<String> },
    /// A user pool.
    Cognito { common: Common, arn: Value, scopes: Vec<Value>, claims: Vec<String> },
    /// A function.
    Lambda { common: Common, kind: String, function: Callee<'a>, managed_externally: bool, claims: Vec<String> },
}

/// What user pools and functions share.
#[derive(Debug, Clone)]
pub(super) struct Common {
    /// Names the authorizer, and its logical id.
    name: String,
    ttl: Option<u64>,
    identity_source: Option<String>,
    identity_validation: Option<String>,
}

/// The function of an authorizer.
#[derive(Debug, Clone)]
pub(super) enum Callee<'a> {
    /// One of the service.
    Own(&'a Function),
    /// Any other.
    Arn(Value),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    arn: Option<Value>,
    authorizer_id: Option<Value>,
    claims: Vec<String>,
    identity_source: Option<String>,
    identity_validation_expression: Option<String>,
    managed_externally: bool,
    name: Option<String>,
    result_ttl_in_seconds: Option<Value>,
    scopes: Vec<Value>,
    r#type: Option<String>,
}

impl<'a> Authorizer<'a> {
    /// Reads `authorizer`; `None` where there is none, or where it is wrong and a problem says so.
    pub fn read(value: Option<&Value>, proxy: bool, place: &str, it: &mut Compilation<'a>) -> Option<Self> {
        let place = format!("{place}.authorizer");
        match value? {
            Value::Null | Value::Bool(false) => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Self::from_text(text, &place, it),
            object => match typed::<Settings>(object) {
                Ok(settings) => Self::from_settings(settings, proxy, &place, it),
                Err(error) => {
                    it.problems.push(
                        Problem::at(place, format!("`authorizer` cannot be read: {error}"))
                            .help("write the key of a function, an ARN, `aws_iam`, or a mapping with `name` or `arn`"),
                    );
                    None
                }
            },
        }
    }

    /// `aws_iam`, the key of a function, or an ARN.
    fn from_text(text: &str, place: &str, it: &mut Compilation<'a>) -> Option<Self> {
        if text.eq_ignore_ascii_case("AWS_IAM") {
            return Some(Self::Iam { claims: Vec::new() });
        }
        let common = |name: &str| Common {
            name: name.to_owned(),
            ttl: None,
            identity_source: Some(DEFAULT_IDENTITY_SOURCE.to_owned()),
            identity_validation: None,
        };
        if !text.contains(':') {
            let function = it.function_or_problem(text, place)?;
            return Some(Self::Lambda {
                common: common(text),
                kind: "TOKEN".to_owned(),
                function: Callee::Own(function),
                managed_externally: false,
                claims: Vec::new(),
            });
        }
        let common = common(api_gateway::authorizer_name_from_arn(text));
        Some(if is_user_pool(&json!(text)) {
            Self::Cognito { common, arn: json!(text), scopes: Vec::new(), claims: Vec::new() }
        } else {
            Self::Lambda {
                common,
                kind: "TOKEN".to_owned(),
                function: Callee::Arn(json!(text)),
                managed_externally: false,
                claims: Vec::new(),
            }
        })
    }

    fn from_settings(settings: Settings, proxy: bool, place: &str, it: &mut Compilation<'a>) -> Option<Self> {
        let kind = settings.r#type.clone().filter(|kind| !kind.is_empty());
        let upper = kind.as_deref().map(str::to_uppercase);
        let given = |value: &Option<Value>| value.clone().filter(crate::template::value::truthy);
        // IAM is asked without an authorizer: an `authorizerId` beside it goes unused.
        if let (Some(kind), Some(id)) =
            (kind.as_ref().filter(|kind| *kind != "AWS_IAM"), given(&settings.authorizer_id))
        {
            return Some(Self::External { kind: kind.clone(), id, scopes: settings.scopes, claims: settings.claims });
        }
        if upper.as_deref() == Some("AWS_IAM") {
            return Some(Self::Iam { claims: settings.claims });
        }
        let name = settings.name.clone().filter(|name| !name.is_empty());
        let ttl = ttl(settings.result_ttl_in_seconds.as_ref());
        let uncached_request = upper.as_deref() == Some("REQUEST") && ttl == 0;
        let identity_source = settings
            .identity_source
            .filter(|source| !source.is_empty())
            .or_else(|| (!uncached_request).then(|| DEFAULT_IDENTITY_SOURCE.to_owned()));
        let common = |name: String| Common {
            name,
            ttl: Some(ttl),
            identity_source,
            identity_validation: settings.identity_validation_expression,
        };
        let pools = upper.as_deref() == Some("COGNITO_USER_POOLS");
        if let Some(arn) = given(&settings.arn) {
            let Some(name) =
                name.or_else(|| arn.as_str().map(|arn| api_gateway::authorizer_name_from_arn(arn).to_owned()))
            else {
                it.problems.push(
                    Problem::at(place, "this authorizer needs a `name`: its `arn` is not a text to take it from")
                        .help("add `name:` beside `arn:`; it names the authorizer in the template"),
                );
                return None;
            };
            if proxy && is_user_pool(&arn) && !settings.claims.is_empty() {
                it.problems.push(
                    Problem::at(format!("{place}.claims"), "Cognito claims are filtered by the `lambda` integration only")
                        .help("remove `claims`: a proxy integration passes all of them to the function; or set `integration: lambda`"),
                );
                return None;
            }
            return Some(if pools || is_user_pool(&arn) {
                Self::Cognito { common: common(name), arn, scopes: settings.scopes, claims: settings.claims }
            } else {
                Self::Lambda {
                    common: common(name),
                    kind: upper.unwrap_or_else(|| "TOKEN".to_owned()),
                    function: Callee::Arn(arn),
                    managed_externally: settings.managed_externally,
                    claims: settings.claims,
                }
            });
        }
        let Some(name) = name else {
            it.problems
                .push(Problem::at(place, "this authorizer has neither a name nor an ARN").help(
                    "give `name` (the key of a function), `arn`, `authorizerId` with `type`, or `type: aws_iam`",
                ));
            return None;
        };
        let function = it.function_or_problem(&name, &format!("{place}.name"))?;
        if pools {
            it.problems.push(
                Problem::at(place, "a user pool is given by its ARN, not by the name of a function")
                    .help("add `arn:` of the user pool"),
            );
            return None;
        }
        Some(Self::Lambda {
            common: common(name),
            kind: upper.unwrap_or_else(|| "TOKEN".to_owned()),
            function: Callee::Own(function),
            managed_externally: settings.managed_externally,
            claims: settings.claims,
        })
    }

    /// The claims of the token that the default mapping templates pass on.
    pub fn claims(&self) -> &[String] {
        match self {
            Self::Iam { claims }
            | Self::External { claims, .. }
            | Self::Cognito { claims, .. }
            | Self::Lambda { claims, .. } => claims,
        }
    }

    /// The logical id of the authorizer that this stack makes.
    pub fn logical_id(&self) -> Option<String> {
        match self {
            Self::Cognito { common, .. } | Self::Lambda { common, .. } => Some(api_gateway::authorizer(&common.name)),
            _ => None,
        }
    }

    /// Sets `AuthorizationType` and what belongs to it on a method.
    pub fn set_on(&self, method: &mut Map<String, Value>) {
        let mut set = |name: &str, value: Value| method.insert(name.to_owned(), value);
        let scopes = match self {
            Self::Iam { .. } => {
                set("AuthorizationType", json!("AWS_IAM"));
                return;
            }
            Self::External { kind, id, scopes, .. } => {
                let upper = kind.to_uppercase();
                let custom = matches!(upper.as_str(), "TOKEN" | "REQUEST");
                set("AuthorizationType", json!(if custom { "CUSTOM" } else { kind }));
                set("AuthorizerId", id.clone());
                if upper == "COGNITO_USER_POOLS" { scopes.as_slice() } else { &[] }
            }
            Self::Cognito { common, scopes, .. } => {
                set("AuthorizationType", json!("COGNITO_USER_POOLS"));
                set("AuthorizerId", reference(&api_gateway::authorizer(&common.name)));
                scopes.as_slice()
            }
            Self::Lambda { common, .. } => {
                set("AuthorizationType", json!("CUSTOM"));
                set("AuthorizerId", reference(&api_gateway::authorizer(&common.name)));
                &[]
            }
        };
        if !scopes.is_empty() {
            set("AuthorizationScopes", json!(scopes));
        }
    }
}

/// Where API Gateway looks for the token unless told.
const DEFAULT_IDENTITY_SOURCE: &str = "method.request.header.Authorization";

/// An ARN such as `arn:aws:cognito-idp:...`.
fn is_user_pool(arn: &Value) -> bool {
    let Some(rest) = arn.as_str().and_then(|arn| arn.strip_prefix("arn:")) else { return false };
    rest.split_once(':').is_some_and(|(partition, rest)| {
        partition.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-') && rest.starts_with("cognito-idp")
    })
}

fn ttl(value: Option<&Value>) -> u64 {
    match value {
        Some(Value::Number(number)) => number.as_u64().or_else(|| number.as_f64().map(|n| n as u64)),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    }
    .unwrap_or(DEFAULT_TTL)
}

/// Adds the authorizers of all routes. Routes that name the same one share it, and the last
/// route's settings stand, as in the framework; two that differ in whom they ask collide.
pub(super) fn compile(it: &mut Compilation<'_>, authorizers: &[(&Authorizer<'_>, &str)], api: &Api) {
    for &(authorizer, place) in authorizers {
        let (common, properties, function) = match authorizer {
            Authorizer::Iam { .. } | Authorizer::External { .. } => continue,
            Authorizer::Cognito { common, arn, .. } => {
                (common, json!({ "Type": "COGNITO_USER_POOLS", "ProviderARNs": [arn] }), None)
            }
            Authorizer::Lambda { common, kind, function, .. } => {
                (common, json!({ "Type": kind, "AuthorizerUri": invocation_uri(function.arn()) }), Some(function))
            }
        };
        let mut all = json!({
            "AuthorizerResultTtlInSeconds": common.ttl,
            "IdentitySource": common.identity_source,
            "Name": common.name,
            "RestApiId": api.id,
            "IdentityValidationExpression": common.identity_validation,
        });
        crate::template::value::merge(&mut all, properties);
        let mut resource = json!({ "Type": "AWS::ApiGateway::Authorizer", "Properties": without_nulls(all) });
        if let Some(alias) = function.and_then(Callee::alias) {
            resource["DependsOn"] = json!(alias.logical_id);
        }
        let logical_id = api_gateway::authorizer(&common.name);
        let place = format!("{place}.authorizer");
        let same_target =
            it.template.resource(&logical_id).is_none_or(|other| target_of(other) == target_of(&resource));
        if same_target {
            it.set_resource(logical_id, resource, &place);
        } else {
            it.add_resource(logical_id, resource, &place);
        }
    }
}

/// What an authorizer resource asks: its function or its user pool.
fn target_of(authorizer: &Value) -> (Option<&Value>, Option<&Value>) {
    (authorizer.pointer("/Properties/AuthorizerUri"), authorizer.pointer("/Properties/ProviderARNs"))
}

/// Lets the API call an authorizer's function, unless that function may be called already.
pub(super) fn permit(it: &mut Compilation<'_>, authorizer: &Authorizer<'_>, place: &str, api: &Api) {
    let Authorizer::Lambda { common, function, managed_externally: false, .. } = authorizer else { return };
    let logical_id = api_gateway::permission(&common.name);
    if it.template.resource(&logical_id).is_some() {
        return;
    }
    let function_name = match function.alias() {
        Some(alias) => reference(&alias.logical_id),
        None => function.arn(),
    };
    let permission = json!({
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": function_name,
            "Action": "lambda:InvokeFunction",
            "Principal": PRINCIPAL,
            "SourceArn": execute_api_arn(api.id.clone(), "/*/*"),
        }
    });
    it.set_resource(logical_id, permission, &format!("{place}.authorizer"));
}

impl Callee<'_> {
    fn arn(&self) -> Value {
        match self {
            Self::Own(function) => target(function),
            Self::Arn(arn) => arn.clone(),
        }
    }

    fn alias(&self) -> Option<TargetAlias> {
        match self {
            Self::Own(function) => TargetAlias::of(function),
            Self::Arn(_) => None,
        }
    }
}
