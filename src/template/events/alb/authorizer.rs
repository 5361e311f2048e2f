//! `provider.alb.authorizers`: who logs callers in before a rule forwards them.
//!
//! Framework v3 `alb/lib/listener-rules.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/alb#add-cognito-custom-idp-provider-authentication>.

use crate::manifest::Problem;
use crate::template::Compilation;
use crate::template::events::gateway::without_nulls;
use crate::template::value::typed;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};

/// What happens to callers who are not logged in, unless the manifest tells.
const DEFAULT_UNAUTHENTICATED: &str = "deny";

/// One authorizer: a user pool (`type: cognito`) or an OpenID provider.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Authorizer {
    r#type: String,
    user_pool_arn: Option<Value>,
    user_pool_client_id: Option<String>,
    user_pool_domain: Option<String>,
    authorization_endpoint: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    issuer: Option<String>,
    token_endpoint: Option<String>,
    user_info_endpoint: Option<String>,
    on_unauthenticated_request: Option<String>,
    request_extra_params: Option<Value>,
    scope: Option<String>,
    session_cookie_name: Option<String>,
    session_timeout: Option<Value>,
}

/// Reads all authorizers; what is wrong becomes a problem.
pub(super) fn read(it: &mut Compilation<'_>) -> IndexMap<String, Authorizer> {
    let setting = it.service.provider.alb.as_ref().and_then(|alb| alb.get("authorizers")?.as_object());
    let mut found = IndexMap::new();
    for (key, value) in setting.into_iter().flatten() {
        match typed::<Authorizer>(value) {
            Ok(authorizer) => {
                found.insert(key.clone(), authorizer);
            }
            Err(error) => it.problems.push(
                Problem::at(format!("provider.alb.authorizers.{key}"), format!("this cannot be read: {error}"))
                    .help("an authorizer has `type: cognito` or `type: oidc`, and the settings of its type"),
            ),
        }
    }
    found
}

impl Authorizer {
    /// The action of a listener rule, at its place in the order of actions.
    pub fn action(&self, order: usize) -> Value {
        let mut config = json!({
            "OnUnauthenticatedRequest":
                self.on_unauthenticated_request.as_deref().filter(|x| !x.is_empty()).unwrap_or(DEFAULT_UNAUTHENTICATED),
            "AuthenticationRequestExtraParams": self.request_extra_params,
            "Scope": self.scope,
            "SessionCookieName": self.session_cookie_name,
            "SessionTimeout": self.session_timeout,
        });
        let (kind, key) = if self.r#type == "cognito" {
            config["UserPoolArn"] = json!(self.user_pool_arn);
            config["UserPoolClientId"] = json!(self.user_pool_client_id);
            config["UserPoolDomain"] = json!(self.user_pool_domain);
            ("authenticate-cognito", "AuthenticateCognitoConfig")
        } else {
            config["AuthorizationEndpoint"] = json!(self.authorization_endpoint);
            config["ClientId"] = json!(self.client_id);
            config["Issuer"] = json!(self.issuer);
            config["TokenEndpoint"] = json!(self.token_endpoint);
            config["UserInfoEndpoint"] = json!(self.user_info_endpoint);
            match self.client_secret.as_deref().filter(|secret| !secret.is_empty()) {
                Some(secret) => config["ClientSecret"] = json!(secret),
                None => config["UseExistingClientSecret"] = json!(true),
            }
            ("authenticate-oidc", "AuthenticateOidcConfig")
        };
        json!({ "Type": kind, "Order": order, key: without_nulls(config) })
    }
}
