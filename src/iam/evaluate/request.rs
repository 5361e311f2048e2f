//! A request as policies see it.

use std::collections::BTreeMap;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub caller: Caller,
    /// The action, such as `s3:GetObject`.
    pub action: String,
    /// The ARN of what it works on; `*` where the action has no resource.
    pub resource: String,
    /// The account that owns the resource; `None` where it is the caller's.
    pub resource_account: Option<String>,
    pub context: Context,
}

impl Request {
    /// A request within the caller's account and with what its principal says as context.
    pub fn new(caller: Caller, action: impl Into<String>, resource: impl Into<String>) -> Self {
        let context = caller.context();
        Self { caller, action: action.into(), resource: resource.into(), resource_account: None, context }
    }

    /// Adds a condition key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.set(key, [value.into()]);
        self
    }

    /// Whether caller and resource belong to different accounts.
    pub fn is_cross_account(&self) -> bool {
        match (&self.resource_account, self.caller.account()) {
            (Some(owner), Some(account)) => owner != account,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The root user of an account.
    Root { account: String },
    /// An IAM user, by its ARN.
    User { arn: String },
    /// A session of a role, by the role's ARN and the session's (`arn:aws:sts::…:assumed-role/…`).
    Role { role: String, session: String },
    /// A session of `sts:GetFederationToken`, by the ARN of its user and its own. The name in the session's is free, so
    /// that the user's is a guess.
    FederatedUser { user: String, session: String },
    /// An AWS service such as `lambda.amazonaws.com`.
    Service { name: String },
    /// Someone whom an identity provider vouches for.
    Federated { provider: String },
    /// Nobody known.
    Anonymous,
}

impl Caller {
    /// The caller of an ARN as `sts:GetCallerIdentity` tells it. The role of a session is taken to
    /// have no path, which the ARN of a session does not tell.
    pub fn from_arn(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, partition, service, _, account, resource] = parts.as_slice() else { return None };
        match (*service, resource.split_once('/')) {
            ("iam", Some(("user", _))) => Some(Self::User { arn: arn.to_owned() }),
            ("iam", Some(("role", _))) => Some(Self::Role { role: arn.to_owned(), session: arn.to_owned() }),
            ("sts", Some(("assumed-role", rest))) => {
                let name = rest.split('/').next()?;
                let role = format!("arn:{partition}:iam::{account}:role/{name}");
                Some(Self::Role { role, session: arn.to_owned() })
            }
            ("sts", Some(("federated-user", name))) => {
                let user = format!("arn:{partition}:iam::{account}:user/{name}");
                Some(Self::FederatedUser { user, session: arn.to_owned() })
            }
            (_, None) if *resource == "root" => Some(Self::Root { account: (*account).to_owned() }),
            _ => None,
        }
    }

    /// The ARN that requests are made with, if there is one.
    pub fn arn(&self) -> Option<&str> {
        match self {
            Self::User { arn } => Some(arn),
            Self::Role { session, .. } | Self::FederatedUser { session, .. } => Some(session),
            _ => None,
        }
    }

    /// The account, if the caller belongs to one.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Root { account } => Some(account),
            other => other.arn()?.split(':').nth(4).filter(|account| !account.is_empty()),
        }
    }

    /// The condition keys that the principal itself settles
    /// (IAM User Guide, "AWS global condition context keys").
    pub fn context(&self) -> Context {
        let mut context = Context::default();
        let kind = match self {
            Self::Root { .. } => "Account",
            Self::User { .. } => "User",
            Self::Role { .. } => "AssumedRole",
            Self::FederatedUser { .. } => "FederatedUser",
            Self::Service { .. } => "Service",
            Self::Federated { .. } => "FederatedUser",
            Self::Anonymous => "Anonymous",
        };
        context.set("aws:PrincipalType", [kind]);
        let service = matches!(self, Self::Service { .. });
        context.set("aws:PrincipalIsAWSService", [if service { "true" } else { "false" }]);
        match self {
            Self::Root { account } => context.set("aws:PrincipalArn", [format!("arn:aws:iam::{account}:root")]),
            Self::User { arn } => {
                context.set("aws:PrincipalArn", [arn.as_str()]);
                context.set("aws:username", [arn.rsplit('/').next().unwrap_or_default()]);
            }
            Self::Role { role, .. } => context.set("aws:PrincipalArn", [role.as_str()]),
            Self::FederatedUser { session, .. } => context.set("aws:PrincipalArn", [session.as_str()]),
            Self::Service { name } => context.set("aws:PrincipalServiceName", [name.as_str()]),
            Self::Federated { .. } | Self::Anonymous => {}
        }
        if let Some(account) = self.account() {
            context.set("aws:PrincipalAccount", [account]);
        }
        context
    }
}

/// Condition keys with their values. A key that is not there is absent from the request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// Sets a key, whose letter case does not matter.
    pub fn set<V: Into<String>>(&mut self, key: &str, values: impl IntoIterator<Item = V>) {
        self.0.insert(key.to_ascii_lowercase(), values.into_iter().map(Into::into).collect());
    }

    /// The values of a key; `None` where the request does not carry it.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0.get(&key.to_ascii_lowercase()).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_belongs_to_its_role_and_account() {
        let caller = Caller::from_arn("arn:aws:sts::123456789012:assumed-role/deployer/ci").unwrap();
        assert_eq!(caller.account(), Some("123456789012"));
        let principal = caller.context().get("AWS:principalarn").map(<[String]>::to_vec);
        assert_eq!(principal, Some(vec!["arn:aws:iam::123456789012:role/deployer".to_owned()]));
    }

    #[test]
    fn what_is_no_principal_is_no_caller() {
        for arn in ["", "arn:aws:s3:::bucket", "arn:aws:iam::123456789012:group/g", "a:b:c:d:e:f"] {
            assert_eq!(Caller::from_arn(arn), None, "{arn}");
        }
    }
}
