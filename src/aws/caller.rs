//! Whose credentials calls are made with.

use aws_credential_types::Credentials;
use std::collections::BTreeMap;

/// Whose credentials calls are made with.
#[derive(Debug, Clone, PartialEq)]
pub enum Caller {
    /// The first that the SDK's chain finds: environment, profile, web identity, container, instance.
    Chain {
        /// The profile, where it is not the default one.
        profile: Option<String>,
    },
    /// This profile and nothing else: it was asked for by name.
    Profile(String),
    /// These keys.
    Keys(Credentials),
}

impl Caller {
    /// Chooses in the order of Framework v3 (`getCredentials` in `lib/plugins/aws/provider.js`): the flag
    /// `--aws-profile`, `AWS_<STAGE>_PROFILE` and `AWS_<STAGE>_ACCESS_KEY_ID`, then the environment in the order of
    /// the SDK (keys, `AWS_PROFILE`), then `own` (of the manifest), `AWS_DEFAULT_PROFILE`, and whatever else the chain
    /// finds.
    ///
    /// `env` has at least the variables whose names begin with `AWS_`, those of `.env` files included.
    pub fn choose(flag: Option<&str>, env: &BTreeMap<String, String>, stage: &str, own: Option<&str>) -> Self {
        let var = |name: &str| env.get(name).filter(|value| !value.is_empty()).cloned();
        let keys = |prefix: &str| {
            let [id, secret, token] =
                ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"].map(|part| var(&format!("{prefix}_{part}")));
            Some(Self::Keys(Credentials::new(id?, secret?, token, None, "environment")))
        };
        let of_stage = format!("AWS_{}", stage.to_uppercase());
        flag.map(str::to_owned)
            .or_else(|| var(&format!("{of_stage}_PROFILE")))
            .map(Self::Profile)
            .or_else(|| keys(&of_stage))
            .or_else(|| keys("AWS"))
            .unwrap_or_else(|| Self::Chain {
                profile: var("AWS_PROFILE").or_else(|| own.map(str::to_owned)).or_else(|| var("AWS_DEFAULT_PROFILE")),
            })
    }

    /// The profile's name, where one was named.
    pub fn profile(&self) -> Option<&str> {
        match self {
            Self::Chain { profile } => profile.as_deref(),
            Self::Profile(name) => Some(name),
            Self::Keys(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_chosen_in_the_order_of_the_framework() {
        let every = [
            ("AWS_PROD_PROFILE", "of-stage"),
            ("AWS_PROD_ACCESS_KEY_ID", "stage-key"),
            ("AWS_PROD_SECRET_ACCESS_KEY", "s"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("AWS_PROFILE", "of-env"),
            ("AWS_DEFAULT_PROFILE", "fallback"),
        ];
        let chosen = |flag: Option<&str>, gone: usize, own: Option<&str>| {
            let env = every[gone..].iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            match Caller::choose(flag, &env, "prod", own) {
                Caller::Keys(keys) => format!("keys {}", keys.access_key_id()),
                Caller::Profile(name) => format!("profile {name}"),
                Caller::Chain { profile } => format!("chain {}", profile.unwrap_or_default()),
            }
        };
        for (flag, gone, own, expected) in [
            (Some("flag"), 0, Some("own"), "profile flag"),
            (None, 0, Some("own"), "profile of-stage"),
            (None, 1, Some("own"), "keys stage-key"),
            // An id without its secret is none.
            (None, 2, Some("own"), "keys key"),
            (None, 5, Some("own"), "chain of-env"),
            (None, 6, Some("own"), "chain own"),
            (None, 6, None, "chain fallback"),
            (None, 7, None, "chain "),
        ] {
            assert_eq!(chosen(flag, gone, own), expected);
        }
    }
}
