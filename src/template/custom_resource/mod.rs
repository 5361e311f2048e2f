//! Custom resources: what CloudFormation cannot do by itself is done by small functions of rlx, with the
//! logical ids, names, properties and physical ids of Framework v3 (`addCustomResourceToService`).

mod archive;

pub use archive::{Archive, archive};

use super::core::deployment_prefix;
use super::naming::{custom_resource as naming, function};
use super::role::{log_group_arn, trust_policy};
use super::value::{get, get_att, join, set_some};
use super::{Compilation, Template};
use serde_json::{Map, Value, json};

/// The functions behind custom resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    /// Notifications of a bucket outside the stack.
    S3,
    /// Triggers of a user pool outside the stack.
    CognitoUserPool,
    /// Rules and buses of EventBridge.
    EventBridge,
    /// The account's CloudWatch role of API Gateway.
    ApiGatewayCloudWatchRole,
}

impl Handler {
    /// The name of the function, behind `<service>-<stage>-`.
    pub fn name(self) -> &'static str {
        match self {
            Self::S3 => naming::S3,
            Self::CognitoUserPool => naming::COGNITO_USER_POOL,
            Self::EventBridge => naming::EVENT_BRIDGE,
            Self::ApiGatewayCloudWatchRole => naming::API_GATEWAY_CLOUD_WATCH_ROLE,
        }
    }

    /// The logical id of the function.
    pub fn logical_id(self) -> String {
        naming::handler(self.name())
    }

    fn entry_point(self) -> &'static str {
        match self {
            Self::S3 => "s3/handler.handler",
            Self::CognitoUserPool => "cognito-user-pool/handler.handler",
            Self::EventBridge => "event-bridge/handler.handler",
            Self::ApiGatewayCloudWatchRole => "api-gateway-cloud-watch-role/handler.handler",
        }
    }
}

/// Whether a template has one of the functions, so that their archive is needed.
pub fn is_used(template: &Template) -> bool {
    [Handler::S3, Handler::CognitoUserPool, Handler::EventBridge, Handler::ApiGatewayCloudWatchRole]
        .iter()
        .any(|handler| template.resource(&handler.logical_id()).is_some())
}

/// The runtime of the functions, unless the provider names a version of Node.js.
const RUNTIME: &str = "nodejs24.x";

impl<'a> Compilation<'a> {
    /// Adds the function behind a kind of custom resources, with a role that allows `statements` to all of
    /// them, and gives its ARN: the `ServiceToken` of the resources.
    pub fn custom_resource_function(&mut self, handler: Handler, statements: Vec<Value>) -> Value {
        let provider = &self.service.provider.raw;
        let name = self.names().custom_resource_function(handler.name());
        let writes_logs = provider.pointer("/logs/frameworkLambda").is_some_and(super::value::truthy);
        let deployment_role = provider
            .pointer("/iam/deploymentRole")
            .or_else(|| provider.get("cfnRole"))
            .filter(|role| super::value::truthy(role))
            .cloned();
        let mut depends_on = Vec::new();
        let role = deployment_role.unwrap_or_else(|| {
            self.allow_custom_resources(statements, writes_logs);
            depends_on.push(naming::ROLE.to_owned());
            get_att(naming::ROLE, "Arn")
        });
        if writes_logs {
            let log_group = function::log_group(handler.name());
            let mut properties = Map::new();
            properties.insert("LogGroupName".into(), json!(function::log_group_name(&name)));
            set_some(&mut properties, "RetentionInDays", get(provider, "logRetentionInDays").cloned());
            set_some(&mut properties, "DataProtectionPolicy", get(provider, "logDataProtectionPolicy").cloned());
            let resource = json!({ "Type": "AWS::Logs::LogGroup", "Properties": properties });
            self.set_resource(&log_group, resource, "provider.logs.frameworkLambda");
            depends_on.push(log_group);
        }
        let runtime = self.service.provider.runtime.as_deref().filter(|r| r.starts_with("nodejs")).unwrap_or(RUNTIME);
        let key = archive().s3_key(deployment_prefix(self.service), &self.service.name, &self.service.stage);
        let mut properties = Map::new();
        properties.insert("Code".into(), self.code(&key));
        properties.insert("FunctionName".into(), json!(name));
        properties.insert("Handler".into(), json!(handler.entry_point()));
        properties.insert("MemorySize".into(), json!(1024));
        properties.insert("Runtime".into(), json!(runtime));
        properties.insert("Timeout".into(), json!(180));
        set_some(&mut properties, "Architectures", get(provider, "architecture").map(|a| json!([a])));
        properties.insert("Role".into(), role);
        let resource = json!({ "Type": "AWS::Lambda::Function", "Properties": properties, "DependsOn": depends_on });
        self.set_resource(handler.logical_id(), resource, "provider");
        get_att(&handler.logical_id(), "Arn")
    }

    /// Adds statements to the role of all custom resources, made where it is not there yet.
    fn allow_custom_resources(&mut self, statements: Vec<Value>, writes_logs: bool) {
        if self.template.resource(naming::ROLE).is_none() {
            let role = custom_resource_role(self, writes_logs);
            self.set_resource(naming::ROLE, role, "provider");
        }
        if let Some(Value::Array(existing)) = self
            .template
            .resources_mut()
            .get_mut(naming::ROLE)
            .and_then(|role| role.pointer_mut("/Properties/Policies/0/PolicyDocument/Statement"))
        {
            for statement in statements {
                if !existing.contains(&statement) {
                    existing.push(statement);
                }
            }
        }
    }
}

fn custom_resource_role(it: &Compilation<'_>, writes_logs: bool) -> Value {
    let prefix = it.names().log_group_prefix();
    let mut statements = Vec::new();
    if writes_logs {
        statements.push(json!({
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource"],
            "Resource": [log_group_arn(&prefix, "*:*")],
        }));
        statements.push(json!({
            "Effect": "Allow",
            "Action": ["logs:PutLogEvents"],
            "Resource": [log_group_arn(&prefix, "*:*:*")],
        }));
    }
    let (service, stage) = (&it.service.name, &it.service.stage);
    json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust_policy(),
            "Policies": [{
                "PolicyName": join("-", [json!(stage), json!(service), json!("custom-resources-lambda")]),
                "PolicyDocument": { "Version": "2012-10-17", "Statement": statements },
            }],
        },
    })
}
