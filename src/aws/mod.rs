//! Clients, credentials, endpoint, retries, call log: the only room that talks to AWS.

mod call_log;
mod caller;
mod credentials;
pub mod error;
mod mfa;
pub mod permissions;
pub mod policies;
mod remote;
mod settings;
mod signed;

pub use call_log::CallLog;
pub use caller::Caller;
pub use error::{AwsError, NO_CREDENTIALS, Named};
pub use remote::{AwsRemote, join_all};
pub use settings::{Endpoint, Settings};
pub use signed::{JsonCall, RestCall, XmlCall};

use crate::context::Context;
use aws_config::identity::IdentityCache;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::tls;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use credentials::{Chain, Renewing, Source};
use mfa::Profiles;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Attempts of a call, the first included, where `AWS_MAX_ATTEMPTS` says nothing else.
const ATTEMPTS: u32 = 8;

/// How long a call may go without an answer, where `RLX_AWS_TIMEOUT` says nothing else.
const PATIENCE: Duration = Duration::from_secs(30);

/// AWS, as one stage of a service sees it. Cheap to clone; clients are made when first asked for.
#[derive(Debug, Clone)]
pub struct Aws(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    config: SdkConfig,
    log: CallLog,
    credentials: Renewing,
    patience: Duration,
    cloudformation: OnceLock<aws_sdk_cloudformation::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    lambda: OnceLock<aws_sdk_lambda::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    iam: OnceLock<aws_sdk_iam::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
    http: OnceLock<aws_smithy_http_client::Connector>,
    identity: OnceCell<Identity>,
}

impl Inner {
    fn new(settings: Settings, config: SdkConfig, log: CallLog, credentials: Renewing, patience: Duration) -> Self {
        Self {
            settings,
            config,
            log,
            credentials,
            patience,
            cloudformation: OnceLock::new(),
            s3: OnceLock::new(),
            lambda: OnceLock::new(),
            logs: OnceLock::new(),
            iam: OnceLock::new(),
            sts: OnceLock::new(),
            http: OnceLock::new(),
            identity: OnceCell::new(),
        }
    }
}

/// Defines the accessor of a client.
macro_rules! client {
    ($name:ident, $sdk:ident, $service:literal) => {
        #[doc = concat!("The client of ", $service, ".")]
        pub fn $name(&self) -> &$sdk::Client {
            self.0.$name.get_or_init(|| {
                let config = $sdk::config::Builder::from(&self.0.config)
                    .interceptor(self.0.log.clone())
                    .retry_classifier(self.0.credentials.clone());
                $sdk::Client::from_conf(config.build())
            })
        }
    };
}

impl Aws {
    /// Reads the SDK's configuration; talks to nobody yet.
    ///
    /// Credentials come from the SDK's chain: environment, shared files (SSO, assumed roles, `credential_process`),
    /// web identity, container, instance; they are renewed when AWS calls them expired. A code of an MFA device is
    /// asked for where the report can ask. The emulator of stage local takes fixed ones unless it enforces IAM.
    pub async fn new(context: &Context, settings: Settings) -> Self {
        let local = settings.endpoint.is_loopback();
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let backoff = if local { Duration::from_millis(50) } else { Duration::from_millis(300) };
        // Adaptive: who is throttled sends less from then on, instead of only trying again. An emulator has nobody
        // to be spared.
        let retries = if local { RetryConfig::standard() } else { RetryConfig::adaptive() };
        let attempts = context.var("AWS_MAX_ATTEMPTS").and_then(|text| text.parse().ok()).filter(|n| *n > 0);
        let retries = retries
            .with_max_attempts(attempts.unwrap_or(ATTEMPTS))
            .with_initial_backoff(backoff)
            .with_max_backoff(Duration::from_secs(10));
        let seconds = context.var("RLX_AWS_TIMEOUT").and_then(|text| text.parse().ok()).filter(|s| *s > 0);
        let patience = seconds.map_or(PATIENCE, Duration::from_secs);
        let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(5)).read_timeout(patience).build();
        let region = Region::new(settings.region.clone());
        let credentials = Renewing::new(match &settings.caller {
            _ if settings.takes_test_credentials(context) => {
                Source::Fixed(Credentials::new("test", "test", None, None, "stage local"), "the emulator's own keys")
            }
            Caller::Keys(keys) => Source::Fixed(keys.clone(), "keys of the environment"),
            caller => Source::Chain(Box::new(Chain {
                config: ProviderConfig::without_region()
                    .with_region(Some(region.clone()))
                    .with_behavior_version(Some(BehaviorVersion::latest()))
                    .with_http_client(http.clone()),
                profile: caller.profile().map(str::to_owned),
                alone: matches!(caller, Caller::Profile(_)),
                profiles: Profiles::new(context, region.clone(), http.clone(), settings.endpoint.url()),
            })),
        });
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(region)
            .http_client(http)
            .identity_cache(IdentityCache::no_cache())
            .credentials_provider(credentials.clone())
            .retry_config(retries)
            .timeout_config(timeouts);
        if let Some(profile) = settings.caller.profile() {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = settings.endpoint.url() {
            loader = loader.endpoint_url(url);
        }
        let config = loader.load().await;
        let log = CallLog::new(context.report.clone());
        Self(Arc::new(Inner::new(settings, config, log, credentials, patience)))
    }

    /// The same in another region, for what AWS keeps in one: certificates of CloudFront, DNS.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        let settings = Settings { region: region.to_owned(), ..self.0.settings.clone() };
        let config = self.0.config.to_builder().region(Region::new(region.to_owned())).build();
        Self(Arc::new(Inner::new(settings, config, self.0.log.clone(), self.0.credentials.clone(), self.0.patience)))
    }

    client!(cloudformation, aws_sdk_cloudformation, "CloudFormation");
    client!(lambda, aws_sdk_lambda, "Lambda");
    client!(logs, aws_sdk_cloudwatchlogs, "CloudWatch Logs");
    client!(iam, aws_sdk_iam, "IAM");
    client!(sts, aws_sdk_sts, "STS");

    /// The client of S3. An endpoint that is not AWS's gets bucket names in the path, since names under it
    /// need not resolve.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.0.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.0.config)
                .interceptor(self.0.log.clone())
                .retry_classifier(self.0.credentials.clone())
                .force_path_style(self.0.settings.endpoint.url().is_some());
            aws_sdk_s3::Client::from_conf(config.build())
        })
    }

    /// The region of all calls.
    pub fn region(&self) -> &str {
        &self.0.settings.region
    }

    /// Where calls go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.settings.endpoint
    }

    /// The calls so far.
    pub fn calls(&self) -> &CallLog {
        &self.0.log
    }

    /// The caller's account and ARN, asked for once: credentials that are renewed are the same caller's.
    ///
    /// # Errors
    /// AWS could not be asked.
    pub async fn identity(&self) -> Result<Identity, AwsError> {
        let ask = async || {
            let answer = self.sts().get_caller_identity().send().await.named("STS", "GetCallerIdentity")?;
            Ok(Identity { account: answer.account.unwrap_or_default(), arn: answer.arn.unwrap_or_default() })
        };
        self.0.identity.get_or_try_init(ask).await.cloned()
    }

    /// Where the credentials came from, in words such as "profile `team`, by SSO"; `None` where there are none.
    pub async fn credentials_origin(&self) -> Option<String> {
        self.0.credentials.origin().await
    }

    /// The session of a role that wants a code of an MFA device, to be handed to a process whose SDK cannot ask for it;
    /// `None` where that SDK finds the credentials itself.
    ///
    /// # Errors
    /// There is no session: nobody gave a code, or AWS refused.
    pub async fn coded_session(&self) -> Result<Option<Credentials>, AwsError> {
        let without = |error: CredentialsError| AwsError {
            service: "STS".to_owned(),
            operation: "AssumeRole".to_owned(),
            code: NO_CREDENTIALS.to_owned(),
            message: error::deepest(&error),
            request_id: None,
            http_status: None,
        };
        self.0.credentials.coded().await.transpose().map_err(without)
    }

    fn http(&self) -> &aws_smithy_http_client::Connector {
        self.0.http.get_or_init(|| {
            aws_smithy_http_client::Connector::builder()
                .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
                .build()
        })
    }

    fn config(&self) -> &SdkConfig {
        &self.0.config
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account's number.
    pub account: String,
    /// The principal's ARN.
    pub arn: String,
}

/// Runs what needs AWS; the one place that starts a runtime.
pub fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(work))
}
