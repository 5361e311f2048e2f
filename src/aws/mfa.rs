//! Roles of profiles that want a code of an MFA device (`mfa_serial`): the SDK's chain asks for none.
//!
//! Sessions are kept where the AWS CLI keeps its own and in its form, so that one code serves both until the session
//! ends. Sources: <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html#cli-configure-role-mfa>,
//! `AssumeRoleCredentialFetcher` of botocore.

use super::error::Named;
use crate::context::Context;
use crate::report::Report;
use aws_config::profile::{Profile, ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::os_shim_internal::{Env, Fs};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Sessions that end sooner are not taken up again: a deploy may take so long.
const LEAST: Duration = Duration::from_secs(5 * 60);

/// How often a code may be wrong.
const TRIES: u32 = 3;

/// A code for who has no terminal, such as a script around a hardware key.
const CODE: &str = "RLX_MFA_CODE";

/// What is needed to assume the roles of profiles.
#[derive(Debug, Clone)]
pub(super) struct Profiles {
    env: Env,
    report: Report,
    pub region: Region,
    http: SharedHttpClient,
    endpoint: Option<String>,
    /// Where sessions are kept.
    kept: Option<PathBuf>,
    /// Held while a code is asked for, so that it is asked for once.
    lock: PathBuf,
}

/// A role that a profile assumes.
#[derive(Debug, Clone, PartialEq)]
struct Role {
    arn: String,
    serial: Option<String>,
    external_id: Option<String>,
    session_name: Option<String>,
    /// Seconds.
    duration: Option<i32>,
}

/// Roles to be assumed one from the other, the first one with the credentials of `base`.
#[derive(Debug, PartialEq)]
pub(super) struct Roles {
    base: Base,
    roles: Vec<Role>,
}

#[derive(Debug, PartialEq)]
enum Base {
    /// The credentials of this profile, however the SDK gets them.
    Profile(String),
    /// Keys that stand beside the role.
    Keys(Credentials),
}

impl Profiles {
    pub(super) fn new(context: &Context, region: Region, http: SharedHttpClient, endpoint: Option<String>) -> Self {
        let env: HashMap<_, _> = context.env.clone().into_iter().collect();
        let home = ["HOME", "USERPROFILE"].iter().find_map(|name| context.var(name));
        Self {
            env: Env::from(env),
            report: context.report.clone(),
            region,
            http,
            endpoint,
            kept: home.map(|home| Path::new(home).join(".aws/cli/cache")),
            lock: context.cache_dir.join("mfa.lock"),
        }
    }

    /// The shared files; `None` where they cannot be read, which the SDK tells.
    pub(super) async fn read(&self) -> Option<ProfileSet> {
        aws_config::profile::load(&Fs::real(), &self.env, &EnvConfigFiles::default(), None).await.ok()
    }

    /// The session of the last of the roles.
    ///
    /// # Errors
    /// Nobody gave a code, or AWS refused.
    pub(super) async fn session(&self, config: &ProviderConfig, roles: &Roles) -> provider::Result {
        let lock = self.alone().await;
        let kept = (0..roles.roles.len()).rev().find_map(|at| Some((at, self.take(&roles.roles[at])?)));
        let (mut credentials, begin) = match kept {
            Some((at, credentials)) => (credentials, at + 1),
            None => (self.base(config, &roles.base).await?, 0),
        };
        for role in &roles.roles[begin..] {
            credentials = self.assume(role, credentials).await?;
        }
        drop(lock);
        Ok(credentials)
    }

    async fn base(&self, config: &ProviderConfig, base: &Base) -> provider::Result {
        match base {
            Base::Keys(keys) => Ok(keys.clone()),
            Base::Profile(name) => {
                let profile = ProfileFileCredentialsProvider::builder().configure(config).profile_name(name);
                profile.build().provide_credentials().await
            }
        }
    }

    async fn assume(&self, role: &Role, with: Credentials) -> provider::Result {
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .http_client(self.http.clone())
            .credentials_provider(with);
        let config = match &self.endpoint {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        let sts = aws_sdk_sts::Client::from_conf(config.build());
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let name = role.session_name.clone().unwrap_or_else(|| format!("rlx-session-{unix}"));
        let mut tries = 0;
        loop {
            tries += 1;
            let code = match &role.serial {
                Some(serial) => Some(self.code(serial, &role.arn).await?),
                None => None,
            };
            let answer = sts
                .assume_role()
                .role_arn(&role.arn)
                .role_session_name(&name)
                .set_external_id(role.external_id.clone())
                .set_duration_seconds(role.duration)
                .set_serial_number(role.serial.clone())
                .set_token_code(code)
                .send()
                .await
                .named("STS", "AssumeRole");
            match answer {
                Ok(answer) => {
                    let given = answer.credentials().ok_or_else(|| told("STS gave no session".to_owned()))?;
                    let end = SystemTime::try_from(*given.expiration()).ok();
                    let (id, secret) = (given.access_key_id(), given.secret_access_key());
                    let credentials = Credentials::new(id, secret, Some(given.session_token().to_owned()), end, "role");
                    if role.serial.is_some()
                        && let Err(error) = self.keep(role, &credentials)
                    {
                        self.report.warn(&format!("the session of {} is not kept: {error}", role.arn));
                    }
                    return Ok(credentials);
                }
                Err(error) if tries < TRIES && self.report.can_ask && error.message.contains("MultiFactorAuth") => {
                    self.report.note("AWS did not take that code: it may be mistyped, or used already.");
                }
                Err(error) => return Err(told(error.to_string())),
            }
        }
    }

    async fn code(&self, serial: &str, role: &str) -> Result<String, CredentialsError> {
        if let Ok(code) = self.env.get(CODE) {
            return checked(&code).ok_or_else(|| told(format!("{CODE} is no code of six digits")));
        }
        if !self.report.can_ask {
            return Err(told(format!(
                "the role {role} wants a code of the MFA device {serial}, and there is no terminal to ask for it: set \
                 {CODE}, or sign in where there is one (sessions are kept in ~/.aws/cli/cache)"
            )));
        }
        for _ in 0..TRIES {
            let (report, question) = (self.report.clone(), format!("MFA code of {serial} for {role}: "));
            let answer = aside(move || report.ask_text(&question)).await.flatten();
            let Some(answer) = answer.filter(|text| !text.trim().is_empty()) else { break };
            if let Some(code) = checked(&answer) {
                return Ok(code);
            }
            self.report.note("A code has six digits.");
        }
        Err(told(format!("no code of the MFA device {serial} was given, which the role {role} wants")))
    }

    /// Waits until no other rlx asks for a code. Without a lock two may ask.
    async fn alone(&self) -> Option<std::fs::File> {
        let path = self.lock.clone();
        aside(move || {
            std::fs::create_dir_all(path.parent()?).ok()?;
            let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).ok()?;
            file.lock().ok()?;
            Some(file)
        })
        .await
        .flatten()
    }

    /// A session that was kept and lasts.
    fn take(&self, role: &Role) -> Option<Credentials> {
        role.serial.as_ref()?;
        let bytes = std::fs::read(self.kept.as_ref()?.join(role.file_name())).ok()?;
        let credentials = session_of(&serde_json::from_slice(&bytes).ok()?)?;
        credentials.expiry().filter(|end| *end > SystemTime::now() + LEAST)?;
        Some(credentials)
    }

    fn keep(&self, role: &Role, credentials: &Credentials) -> io::Result<()> {
        let folder = self.kept.as_ref().ok_or_else(|| io::Error::other("there is no home directory"))?;
        std::fs::create_dir_all(folder)?;
        // Such a file is the owner's alone.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let end = credentials.expiry().and_then(|end| jiff::Timestamp::try_from(end).ok());
        let body = json!({ "Credentials": {
            "AccessKeyId": credentials.access_key_id(),
            "SecretAccessKey": credentials.secret_access_key(),
            "SessionToken": credentials.session_token(),
            "Expiration": end.map(|end| end.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()),
        } });
        serde_json::to_writer(&mut file, &body)?;
        file.persist(folder.join(role.file_name()))?;
        Ok(())
    }
}

/// Runs what blocks beside the runtime, which does not wait for it when it ends: an interrupted rlx is not held up by a
/// question.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (give, given) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || give.send(work()).ok());
    given.await.ok()
}

fn told(text: String) -> CredentialsError {
    CredentialsError::not_loaded(text)
}

fn checked(text: &str) -> Option<String> {
    let code = text.trim();
    (code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())).then(|| code.to_owned())
}

fn session_of(kept: &Value) -> Option<Credentials> {
    let text = |name: &str| kept["Credentials"][name].as_str();
    // The AWS CLI writes `UTC` for the zone.
    let end = text("Expiration")?.replace("UTC", "Z");
    let end: jiff::Timestamp = end.parse().ok()?;
    let (id, secret, token) = (text("AccessKeyId")?, text("SecretAccessKey")?, text("SessionToken")?);
    Some(Credentials::new(id, secret, Some(token.to_owned()), Some(end.into()), "role"))
}

impl Role {
    fn of(profile: &Profile) -> Option<Self> {
        let text = |name: &str| profile.get(name).map(str::to_owned);
        Some(Self {
            arn: text("role_arn")?,
            serial: text("mfa_serial"),
            external_id: text("external_id"),
            session_name: text("role_session_name"),
            duration: profile.get("duration_seconds").and_then(|seconds| seconds.parse().ok()),
        })
    }

    /// `_create_cache_key` of botocore: the SHA-1 of what Python's `json.dumps` with sorted keys makes of the call.
    fn file_name(&self) -> String {
        let quoted = |text: &Option<String>| text.as_ref().map(|text| Value::from(text.as_str()).to_string());
        let parts = [
            ("DurationSeconds", self.duration.map(|seconds| seconds.to_string())),
            ("ExternalId", quoted(&self.external_id)),
            ("RoleArn", quoted(&Some(self.arn.clone()))),
            ("RoleSessionName", quoted(&self.session_name)),
            ("SerialNumber", quoted(&self.serial)),
        ];
        let parts: Vec<String> =
            parts.into_iter().filter_map(|(name, value)| Some(format!("\"{name}\": {}", value?))).collect();
        let hash = Sha1::digest(format!("{{{}}}", parts.join(", ")));
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{hash}.json")
    }
}

impl Roles {
    /// The roles of a profile and of those that it builds on; `None` where none of them wants a code: that is the SDK's.
    pub(super) fn wanting_a_code(set: &ProfileSet, name: &str) -> Option<Self> {
        let mut roles = Vec::new();
        let mut seen = vec![name];
        let base = loop {
            let name = *seen.last()?;
            let profile = set.get_profile(name)?;
            let Some(role) = Role::of(profile) else { break Base::Profile(name.to_owned()) };
            roles.push(role);
            let source = profile.get("source_profile")?;
            if source == name {
                let text = |key: &str| profile.get(key).map(str::to_owned);
                let (id, secret) = (text("aws_access_key_id")?, text("aws_secret_access_key")?);
                break Base::Keys(Credentials::new(id, secret, text("aws_session_token"), None, "profile"));
            }
            if seen.contains(&source) {
                return None;
            }
            seen.push(source);
        };
        roles.reverse();
        roles.iter().any(|role| role.serial.is_some()).then_some(Self { base, roles })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn roles(config: &str, profile: &str) -> Option<(Base, Vec<String>)> {
        let (fs, env) = (Fs::from_slice(&[("config", config)]), Env::from_slice(&[("AWS_CONFIG_FILE", "config")]));
        let set = aws_config::profile::load(&fs, &env, &EnvConfigFiles::default(), None).await.unwrap();
        let roles = Roles::wanting_a_code(&set, profile)?;
        Some((roles.base, roles.roles.into_iter().map(|role| role.arn).collect()))
    }

    #[tokio::test]
    async fn roles_are_assumed_from_the_source_on() {
        let config = "[profile base]\naws_access_key_id = k\naws_secret_access_key = s\n\
                      [profile first]\nrole_arn = one\nsource_profile = base\nmfa_serial = device\n\
                      [profile second]\nrole_arn = two\nsource_profile = first\n";
        let base = Base::Profile("base".to_owned());
        assert_eq!(roles(config, "second").await, Some((base, vec!["one".to_owned(), "two".to_owned()])));
        assert_eq!(roles(config, "base").await, None);
    }

    #[tokio::test]
    async fn a_profile_may_be_its_own_source() {
        let config = "[default]\naws_access_key_id = k\naws_secret_access_key = s\n\
                      role_arn = one\nsource_profile = default\nmfa_serial = device\n";
        let base = Base::Keys(Credentials::new("k", "s", None, None, "profile"));
        assert_eq!(roles(config, "default").await, Some((base, vec!["one".to_owned()])));
    }

    #[tokio::test]
    async fn what_wants_no_code_or_leads_nowhere_is_left_to_the_sdk() {
        for config in [
            "[profile a]\nrole_arn = one\nsource_profile = b\n[profile b]\naws_access_key_id = k\n",
            "[profile a]\nrole_arn = one\nsource_profile = b\nmfa_serial = device\n",
            "[profile a]\nrole_arn = one\ncredential_source = Environment\nmfa_serial = device\n",
            "[profile a]\nrole_arn = one\nsource_profile = b\nmfa_serial = device\n\
             [profile b]\nrole_arn = two\nsource_profile = a\n",
        ] {
            assert_eq!(roles(config, "a").await, None, "{config}");
        }
    }

    #[test]
    fn a_session_lies_where_the_aws_cli_looks_for_it() {
        let role = Role {
            arn: "arn:aws:iam::123456789012:role/deploy".to_owned(),
            serial: Some("arn:aws:iam::210987654321:mfa/ann".to_owned()),
            external_id: None,
            session_name: None,
            duration: None,
        };
        // Of botocore 1.41.6.
        assert_eq!(role.file_name(), "6401e8944d39a52ae4a7505d15806fe0dacba393.json");
        let (external_id, session_name) = (Some("a \"b\"".to_owned()), Some("ann".to_owned()));
        let full = Role { external_id, session_name, duration: Some(3600), ..role };
        assert_eq!(full.file_name(), "c3191eaa292ed0534dac454a38b021691a0a43cf.json");
    }

    #[test]
    fn a_session_of_the_aws_cli_is_read() {
        let kept = json!({ "Credentials": {
            "AccessKeyId": "k", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2099-01-02T03:04:05UTC",
        } });
        let credentials = session_of(&kept).unwrap();
        assert_eq!((credentials.access_key_id(), credentials.session_token()), ("k", Some("t")));
        let end: jiff::Timestamp = credentials.expiry().unwrap().try_into().unwrap();
        assert_eq!(end.to_string(), "2099-01-02T03:04:05Z");
    }

    #[test]
    fn a_code_has_six_digits() {
        for (text, code) in [(" 123456 ", Some("123456")), ("12345", None), ("12345x", None), ("", None)] {
            assert_eq!(checked(text).as_deref(), code, "{text}");
        }
    }
}
