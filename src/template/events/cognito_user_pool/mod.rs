//! `cognitoUserPool`: a user pool asks a function while users sign up and in.
//!
//! A pool of the stack has its triggers in the template; one that exists
//! (`existing: true`) gets them from a custom resource.
//!
//! Rules: Framework v3 `package/compile/events/cognito-user-pool.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/cognito-user-pool>; triggers
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html>.

mod existing_pool;
mod new_pool;

use super::Event;
use crate::manifest::{Problem, Problems};
use crate::template::value::truthy;
use crate::template::{Compilation, EventUse};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The event type.
pub const EVENT: Event = Event { name: "cognitoUserPool", schema, compile };

/// Triggers that send messages themselves, and so need the key that codes are encrypted with.
const CUSTOM_SENDERS: [&str; 2] = ["CustomSMSSender", "CustomEmailSender"];
const PRE_TOKEN_GENERATION: &str = "PreTokenGeneration";
/// The version of the event that custom senders get.
const CUSTOM_SENDER_VERSION: &str = "V1_0";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trigger {
    pool: String,
    trigger: String,
    #[serde(default)]
    existing: Value,
    #[serde(default)]
    force_deploy: Value,
    kms_key_id: Option<Value>,
    lambda_version: Option<String>,
}

impl Trigger {
    fn is_custom_sender(&self) -> bool {
        CUSTOM_SENDERS.contains(&self.trigger.as_str())
    }

    /// The version of the event, where the trigger is configured with one.
    fn version(&self) -> Option<&str> {
        let own = self.lambda_version.as_deref().filter(|version| !version.is_empty());
        if self.is_custom_sender() {
            Some(own.unwrap_or(CUSTOM_SENDER_VERSION))
        } else {
            own.filter(|_| self.trigger == PRE_TOKEN_GENERATION)
        }
    }

    fn check_version(&self, event: &EventUse<'_>, problems: &mut Problems) {
        let Some(version) = self.lambda_version.as_deref().filter(|version| !version.is_empty()) else { return };
        let allowed: &[&str] = match self.trigger.as_str() {
            PRE_TOKEN_GENERATION => &["V1_0", "V2_0", "V3_0"],
            _ if self.is_custom_sender() => &[CUSTOM_SENDER_VERSION],
            _ => &[],
        };
        if allowed.contains(&version) {
            return;
        }
        let help = if allowed.is_empty() {
            "only CustomSMSSender, CustomEmailSender and PreTokenGeneration have versions: leave it out".to_owned()
        } else {
            format!("use one of {}", allowed.join(", "))
        };
        problems.push(
            Problem::at(
                event.at("lambdaVersion"),
                format!("the trigger {} has no event version `{version}`", self.trigger),
            )
            .help(help),
        );
    }
}

/// The keys of the pools; a pool has one for both custom senders.
#[derive(Default)]
struct Keys(HashMap<String, Value>);

impl Keys {
    fn check(&mut self, trigger: &Trigger, event: &EventUse<'_>, problems: &mut Problems) {
        if !trigger.is_custom_sender() {
            return;
        }
        let Some(key) = trigger.kms_key_id.as_ref().filter(|key| truthy(key)) else {
            problems.push(
                Problem::at(&event.path, format!("the trigger {} has no `kmsKeyId`", trigger.trigger))
                    .help("add the ARN of the KMS key that Cognito encrypts codes with"),
            );
            return;
        };
        match self.0.get(&trigger.pool) {
            Some(first) if first != key => problems.push(
                Problem::at(event.at("kmsKeyId"), format!("the user pool `{}` has two KMS keys", trigger.pool))
                    .help("a pool takes one key for all its triggers: use the same `kmsKeyId`"),
            ),
            _ => {
                self.0.insert(trigger.pool.clone(), key.clone());
            }
        }
    }
}

fn compile(it: &mut Compilation<'_>) {
    let (mut new, mut existing) = (Vec::new(), Vec::new());
    for event in it.events(EVENT.name) {
        if let Some(trigger) = event.read::<Trigger>(&mut it.problems) {
            trigger.check_version(&event, &mut it.problems);
            let list = if truthy(&trigger.existing) { &mut existing } else { &mut new };
            list.push((event, trigger));
        }
    }
    new_pool::compile(it, &new);
    existing_pool::compile(it, &existing);
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "pool": { "type": "string", "maxLength": 128, "pattern": "^[\\w\\s+=,.@-]+$" },
            "trigger": {
                "enum": [
                    "PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication",
                    "PreTokenGeneration", "CustomMessage", "DefineAuthChallenge", "CreateAuthChallenge",
                    "VerifyAuthChallengeResponse", "UserMigration", "CustomSMSSender", "CustomEmailSender"
                ]
            },
            "existing": { "type": "boolean" },
            "forceDeploy": { "type": "boolean" },
            "kmsKeyId": { "$ref": "#/definitions/awsKmsArn" }
        },
        "required": ["pool", "trigger"],
        "additionalProperties": false
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::from_json;

    /// What is said against a version; `lambdaVersion` gets here only where validation is off.
    fn refusal(trigger: &str, version: &str) -> Option<String> {
        let event = json!({ "pool": "Crew", "trigger": trigger, "lambdaVersion": version });
        let service = from_json(json!({ "functions": { "main": { "events": [{ "cognitoUserPool": event }] } } }));
        let artifacts = crate::package::Artifacts::default();
        let mut it = Compilation::new(&service, &artifacts);
        compile(&mut it);
        it.problems.iter().next().and_then(|problem| problem.help.clone())
    }

    #[test]
    fn a_version_belongs_to_triggers_that_have_versions() {
        assert_eq!(refusal("PreTokenGeneration", "V2_0"), None);
        assert_eq!(refusal("PreTokenGeneration", "V9_0").as_deref(), Some("use one of V1_0, V2_0, V3_0"));
        assert_eq!(
            refusal("PreSignUp", "V1_0").as_deref(),
            Some("only CustomSMSSender, CustomEmailSender and PreTokenGeneration have versions: leave it out")
        );
    }
}
