//! Names that need the service: its name, its stage, its provider settings.

use super::{api_gateway, function, normalize_alphanumeric};
use crate::manifest::Service;
use crate::template::value::{join, reference, truthy};
use md5::{Digest, Md5};
use serde_json::{Value, json};

/// Names of one service and stage.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    service: &'a Service,
}

impl<'a> Naming<'a> {
    /// The names of a service.
    pub fn new(service: &'a Service) -> Self {
        Self { service }
    }

    fn setting(&self, pointer: &str) -> Option<&'a Value> {
        self.service.provider.raw.pointer(pointer).filter(|v| truthy(v))
    }

    fn text(&self, pointer: &str) -> Option<String> {
        self.setting(pointer).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
    }

    /// `<service>-<stage>`.
    pub fn prefix(&self) -> String {
        format!("{}-{}", self.service.name, self.service.stage)
    }

    /// `getStackName`.
    pub fn stack(&self) -> String {
        self.service.stack_name()
    }

    /// `getRolePath`.
    pub fn role_path(&self) -> Value {
        self.setting("/iam/role/path").cloned().unwrap_or_else(|| json!("/"))
    }

    /// `getRoleName`: `<service>-<stage>-<region>-lambdaRole` unless set.
    pub fn role(&self) -> Value {
        self.setting("/iam/role/name").cloned().unwrap_or_else(|| {
            join(
                "-",
                [json!(self.service.name), json!(self.service.stage), reference("AWS::Region"), json!("lambdaRole")],
            )
        })
    }

    /// `getPolicyName`.
    pub fn policy(&self) -> Value {
        join("-", [json!(self.service.name), json!(self.service.stage), json!("lambda")])
    }

    /// `getWebsocketsApiName`.
    pub fn websocket_api(&self) -> String {
        self.text("/websocketsApiName")
            .unwrap_or_else(|| format!("{}-{}-websockets", self.service.stage, self.service.name))
    }

    /// `getApiGatewayName`.
    pub fn rest_api(&self) -> String {
        self.text("/apiName").unwrap_or_else(|| self.api("/apiGateway/shouldStartNameWithService"))
    }

    /// `getHttpApiName`.
    pub fn http_api(&self) -> String {
        self.text("/httpApi/name").unwrap_or_else(|| self.api("/httpApi/shouldStartNameWithService"))
    }

    fn api(&self, service_first: &str) -> String {
        match self.setting(service_first) {
            Some(_) => self.prefix(),
            None => format!("{}-{}", self.service.stage, self.service.name),
        }
    }

    /// `getHttpApiDescription`.
    pub fn http_api_description(&self) -> Option<String> {
        self.text("/httpApi/description")
    }

    /// `getHttpApiLogGroupName`.
    pub fn http_api_log_group(&self) -> String {
        format!("/aws/http-api/{}", self.stack())
    }

    /// The stage of the REST API: `provider.apiGateway.stage`, else the service's (`getApiGatewayStage`).
    pub fn rest_api_stage(&self) -> String {
        self.text("/apiGateway/stage").unwrap_or_else(|| self.service.stage.clone())
    }

    /// `getValidatorLogicalId`.
    pub fn request_validator(&self) -> String {
        format!("ApiGateway{}RequestValidator", normalize_alphanumeric(&self.service.name))
    }

    /// `provider.apiGateway.restApiId`, else the API of this stack (`getApiGatewayRestApiId`).
    pub fn rest_api_id(&self) -> Value {
        self.setting("/apiGateway/restApiId").cloned().unwrap_or_else(|| reference(api_gateway::REST_API))
    }

    /// `getStreamConsumerName`.
    pub fn stream_consumer(&self, function: &str, stream: &str) -> String {
        match self.setting("/kinesis/consumerNamingMode") {
            Some(_) => format!("{function}{stream}{}{}Consumer", self.service.name, self.service.stage),
            None => format!("{function}{stream}Consumer"),
        }
    }

    /// `getAlbTargetGroupNameTagValue`.
    pub fn alb_target_group_tag(&self, function: &str, load_balancer: &str, multi_value_headers: bool) -> String {
        let multi = if multi_value_headers { "multi-value-" } else { "" };
        format!("{}-{function}-{load_balancer}-{multi}{}", self.service.name, self.service.stage)
    }

    /// `generateAlbTargetGroupName`: the prefix and the MD5 of the tag's value, 32 characters.
    pub fn alb_target_group(&self, function: &str, load_balancer: &str, multi_value_headers: bool) -> String {
        let hash = md5_hex(&self.alb_target_group_tag(function, load_balancer, multi_value_headers));
        format!("{}{hash}", self.text("/alb/targetGroupPrefix").unwrap_or_default()).chars().take(32).collect()
    }

    /// `getCloudFrontCachePolicyName`.
    pub fn cache_policy(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix())
    }

    /// The deployed name of a custom resource's function, cut and hashed over 64 characters
    /// (the limit of Lambda).
    pub fn custom_resource_function(&self, handler: &str) -> String {
        let name = format!("{}-{handler}", self.prefix());
        if name.chars().count() <= 64 {
            return name;
        }
        format!("{}{}", name.chars().take(32).collect::<String>(), md5_hex(&name))
    }

    /// `getEcrRepositoryName`.
    pub fn ecr_repository(&self) -> String {
        let mut name = String::new();
        for c in format!("serverless-{}", self.prefix()).to_lowercase().chars() {
            if !(c == '-' && name.ends_with('-')) {
                name.push(c);
            }
        }
        name.trim_end_matches('-').to_owned()
    }

    /// The log groups of all functions that have the default name, without the closing `*`.
    pub fn log_group_prefix(&self) -> String {
        function::log_group_name(&self.prefix())
    }
}

/// MD5 in lower-case hexadecimal: how the framework shortens names that are too long.
pub fn md5_hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}
