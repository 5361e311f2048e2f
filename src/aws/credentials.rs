//! Credentials that are asked for anew when AWS calls them expired.
//!
//! The SDK keeps credentials until the time that they themselves name. Those without one (`credential_process`,
//! static profiles, an SSO session ended early) may be refused before: then the chain is walked again, files
//! and processes included, so that whoever renews them beside a running deploy is heard.

use super::error;
use super::mfa::{Profiles, Roles};
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// How long before their end credentials are no longer used.
const MARGIN: Duration = Duration::from_secs(60);

/// Gives credentials; asks for others when it is told that AWS refused these. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Renewing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    kept: Mutex<Option<Credentials>>,
    /// AWS calls those that are kept expired.
    refused: AtomicBool,
    /// Asking anew gave the same again.
    in_vain: AtomicBool,
}

/// Where credentials come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Always these, and whose they are in words.
    Fixed(Credentials, &'static str),
    /// The SDK's chain, from its begin.
    Chain(Box<Chain>),
}

#[derive(Debug)]
pub(super) struct Chain {
    pub config: ProviderConfig,
    /// The profile, where it is not the default one.
    pub profile: Option<String>,
    /// Nothing but the profile counts.
    pub alone: bool,
    /// For roles that want a code.
    pub profiles: Profiles,
}

impl Renewing {
    pub(super) fn new(source: Source) -> Self {
        Self(Arc::new(Inner {
            source,
            kept: Mutex::default(),
            refused: AtomicBool::new(false),
            in_vain: AtomicBool::new(false),
        }))
    }

    /// AWS calls the credentials expired: the next call takes others. Whether that call is worth making.
    pub(super) fn refused(&self) -> bool {
        self.0.refused.store(true, Ordering::Relaxed);
        !self.0.in_vain.load(Ordering::Relaxed)
    }

    /// The session of a role that wants a code, which no other process can ask for; `None` where there is no such role.
    pub(super) async fn coded(&self) -> Option<provider::Result> {
        let Source::Chain(chain) = &self.0.source else { return None };
        let set = chain.profiles.read().await?;
        chain.roles(&set)?;
        Some(self.provide().await)
    }

    /// Where the credentials in use came from, in words; `None` where there are none.
    pub(super) async fn origin(&self) -> Option<String> {
        match &self.0.source {
            Source::Fixed(_, words) => Some((*words).to_owned()),
            Source::Chain(chain) => {
                let credentials = self.provide().await.ok()?;
                let marks = credentials.get_property::<Vec<AwsCredentialFeature>>();
                Some(origin(marks.map_or(&[], Vec::as_slice), chain.profile.as_deref()))
            }
        }
    }

    async fn provide(&self) -> provider::Result {
        let Inner { kept, refused, in_vain, .. } = &*self.0;
        let mut kept = kept.lock().await;
        let ends_soon = |c: &Credentials| c.expiry().is_some_and(|end| end < SystemTime::now() + MARGIN);
        let refused_now = refused.load(Ordering::Relaxed);
        if let Some(credentials) = kept.as_ref().filter(|c| !refused_now && !ends_soon(c)) {
            return Ok(credentials.clone());
        }
        let fresh = self.ask().await?;
        let id = |c: &Credentials| (c.access_key_id().to_owned(), c.session_token().map(str::to_owned));
        let same = kept.as_ref().is_some_and(|old| id(old) == id(&fresh));
        in_vain.store(refused_now && same, Ordering::Relaxed);
        // Those that are refused still are asked for anew before each call.
        refused.store(false, Ordering::Relaxed);
        *kept = Some(fresh.clone());
        Ok(fresh)
    }

    async fn ask(&self) -> provider::Result {
        match &self.0.source {
            Source::Fixed(credentials, _) => Ok(credentials.clone()),
            Source::Chain(chain) => chain.ask().await,
        }
    }
}

impl Chain {
    fn roles(&self, set: &ProfileSet) -> Option<Roles> {
        Roles::wanting_a_code(set, self.profile.as_deref().unwrap_or(set.selected_profile()))
    }

    /// A new chain reads the shared files again; one that was used keeps what it read.
    async fn ask(&self) -> provider::Result {
        let profile = self.profile.as_deref();
        if let Some(set) = self.profiles.read().await {
            if let Some(roles) = self.roles(&set) {
                return self.profiles.session(&self.config, &roles).await;
            }
            if let Some(name) = profile.filter(|name| self.alone && set.get_profile(name).is_none()) {
                return Err(CredentialsError::not_loaded(no_profile(name, set.profiles())));
            }
        }
        let given = match profile.filter(|_| self.alone) {
            Some(name) => {
                let provider = ProfileFileCredentialsProvider::builder().configure(&self.config).profile_name(name);
                provider.build().provide_credentials().await
            }
            None => {
                // Without it the chain asks STS nowhere, though the manifest names a region.
                let region = self.profiles.region.clone();
                let mut chain = DefaultCredentialsChain::builder().configure(self.config.clone()).region(region);
                if let Some(profile) = profile {
                    chain = chain.profile_name(profile);
                }
                chain.build().await.provide_credentials().await
            }
        };
        given.map_err(|error| explained(error, profile))
    }
}

/// By the marks that the SDK's providers leave. What bears none came from a role that wants MFA.
fn origin(marks: &[AwsCredentialFeature], profile: Option<&str>) -> String {
    use AwsCredentialFeature as Mark;
    let has = |mark: Mark| marks.contains(&mark);
    let profile = profile.map_or_else(|| "the default profile".to_owned(), |name| format!("profile `{name}`"));
    match () {
        () if has(Mark::CredentialsEnvVars) => "keys of the environment".to_owned(),
        () if has(Mark::CredentialsImds) => "the role of this machine".to_owned(),
        () if has(Mark::CredentialsHttp) => "the role of this container".to_owned(),
        () if has(Mark::CredentialsSso) => format!("{profile}, by SSO"),
        () if has(Mark::CredentialsProcess) => format!("the credential_process of {profile}"),
        () if has(Mark::CredentialsProfileStsWebIdToken) && !has(Mark::CredentialsProfile) => {
            "a web identity".to_owned()
        }
        () if marks.is_empty() => format!("{profile}, with MFA"),
        () => profile,
    }
}

fn no_profile<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near =
        known.map(|other| (strsim::osa_distance(name, other), other)).filter(|(distance, _)| *distance < 3).min();
    let hint = near.map(|(_, other)| format!("; did you mean `{other}`?")).unwrap_or_default();
    format!("there is no profile `{name}` in ~/.aws/config or ~/.aws/credentials{hint}")
}

/// The SDK's error in words that name the profile and the way out; any other as it is.
fn explained(error: CredentialsError, profile: Option<&str>) -> CredentialsError {
    let words = error::deepest(&error);
    let whose = profile.map_or_else(|| "the default profile".to_owned(), |name| format!("profile `{name}`"));
    let flag = profile.map(|name| format!(" --profile {name}")).unwrap_or_default();
    let text = if words.contains("SSO token") {
        format!("the SSO session of {whose} is over, or was never begun; to begin one: aws sso login{flag}")
    } else if words.contains("IMDS") {
        // The instance's metadata are the last place that is looked at: that they give nothing means that nothing did.
        match profile {
            Some(_) => format!("neither {whose} gives any (is it in ~/.aws/config?), nor a role of this machine"),
            None => "neither the environment, nor a profile, nor a role of this machine gives any".to_owned(),
        }
    } else if words.contains("No such file or directory") {
        format!(
            "the token file of {whose} is not there: of SSO it is made by `aws sso login{flag}`, of a web identity it is \
             what AWS_WEB_IDENTITY_TOKEN_FILE or `web_identity_token_file` names"
        )
    } else if words.contains("Missing Region") {
        format!("the region in which {whose} asks STS is not known: set AWS_REGION, or `region` in the profile")
    } else if words.contains("sts:AssumeRole") {
        format!(
            "{words}. Where the role wants MFA, name the device as `mfa_serial` of {whose}: rlx then asks for its code"
        )
    } else if let Some((_, status)) = words.split_once("external process exited with code ") {
        let status = status.trim_end().trim_end_matches("Stderr:").trim_end_matches([' ', '.']);
        format!("the credential_process of {whose} failed: {status}")
    } else {
        return error;
    };
    CredentialsError::not_loaded(text)
}

impl ProvideCredentials for Renewing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}

impl ClassifyRetry for Renewing {
    fn name(&self) -> &'static str {
        "rlx renewed credentials"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let code =
            context.response().filter(|r| !r.status().is_success()).and_then(|r| error::code_in(r.body().bytes()?));
        match code {
            Some(code) if error::means_expired(code) && self.refused() => RetryAction::client_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_are_not_given_are_told_of_with_their_profile() {
        for (words, profile, expected) in [
            (
                "the SSO token has expired and cannot be refreshed",
                Some("team"),
                "the SSO session of profile `team` is over, or was never begun; to begin one: aws sso login --profile team",
            ),
            (
                "failed to load IMDS session token",
                Some("taem"),
                "neither profile `taem` gives any (is it in ~/.aws/config?), nor a role of this machine",
            ),
            (
                "Error retrieving credentials: external process exited with code exit status: 1. Stderr: ",
                None,
                "the credential_process of the default profile failed: exit status: 1",
            ),
            (
                "No such file or directory (os error 2)",
                Some("ci"),
                "the token file of profile `ci` is not there: of SSO it is made by `aws sso login --profile ci`, of a web identity it is \
                 what AWS_WEB_IDENTITY_TOKEN_FILE or `web_identity_token_file` names",
            ),
            (
                "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/deploy",
                Some("team"),
                "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/deploy. \
                 Where the role wants MFA, name the device as `mfa_serial` of profile `team`: rlx then asks for its code",
            ),
            ("something else", None, "something else"),
        ] {
            let error = explained(CredentialsError::not_loaded(words), profile);
            assert_eq!(error::deepest(&error), expected);
        }
    }

    #[test]
    fn where_credentials_came_from_is_told_by_their_marks() {
        use AwsCredentialFeature as Mark;
        for (marks, profile, expected) in [
            (&[Mark::CredentialsEnvVars][..], None, "keys of the environment"),
            (&[Mark::CredentialsProfile], None, "the default profile"),
            (&[Mark::CredentialsSso, Mark::CredentialsProfile], Some("team"), "profile `team`, by SSO"),
            (
                &[Mark::CredentialsProcess, Mark::CredentialsProfile],
                Some("ci"),
                "the credential_process of profile `ci`",
            ),
            (&[Mark::CredentialsProfileStsWebIdToken], None, "a web identity"),
            (&[Mark::CredentialsProfileStsWebIdToken, Mark::CredentialsProfile], Some("ci"), "profile `ci`"),
            (&[Mark::CredentialsHttp], None, "the role of this container"),
            (&[Mark::CredentialsImds], Some("team"), "the role of this machine"),
            (&[], Some("team"), "profile `team`, with MFA"),
        ] {
            assert_eq!(origin(marks, profile), expected);
        }
    }

    #[tokio::test]
    async fn the_same_credentials_again_are_not_worth_another_call() {
        let renewing = Renewing::new(Source::Fixed(Credentials::new("key", "secret", None, None, "test"), "a test"));
        renewing.provide().await.unwrap();
        assert!(renewing.refused());
        renewing.provide().await.unwrap();
        assert!(!renewing.refused());
    }
}
