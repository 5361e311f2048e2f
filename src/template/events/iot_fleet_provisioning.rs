//! `iotFleetProvisioning`: AWS IoT asks a function before it provisions a device.
//!
//! Rules: Framework v3 `package/compile/events/iot-fleet-provisioning.js`; guide
//! <https://www.serverless.com/framework/docs/providers/aws/events/iot-fleet-provisioning>.

use super::Event;
use super::json_text::json_text;
use super::read::truthy;
use crate::manifest::Problem;
use crate::template::value::set_some;
use crate::template::{Compilation, TargetAlias, events_of, invoke_permission, naming::events as id, target};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The event type.
pub const EVENT: Event = Event { name: "iotFleetProvisioning", schema, compile };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProvisioningTemplate {
    template_body: Value,
    provisioning_role_arn: Value,
    template_name: Option<Value>,
    enabled: Option<Value>,
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "enabled": { "type": "boolean" },
            "provisioningRoleArn": { "$ref": "#/definitions/awsArn" },
            "templateBody": { "type": "object" },
            "templateName": { "type": "string" }
        },
        "required": ["templateBody", "provisioningRoleArn"],
        "additionalProperties": false
    })
}

fn compile(it: &mut Compilation<'_>) {
    for function in it.service.functions.values() {
        let events = events_of(function, EVENT.name);
        if let [_, second, ..] = events.as_slice() {
            it.problems.push(
                Problem::at(&second.path, format!("`{}` has more than one iotFleetProvisioning event", function.key))
                    .help("a function is the hook of one provisioning template: use a function for each"),
            );
            continue;
        }
        let Some(event) = events.first() else { continue };
        let Some(template) = event.read::<ProvisioningTemplate>(&mut it.problems) else { continue };
        let permission_id = id::iot_provisioning_permission(&function.key);

        let mut properties = Map::new();
        properties.insert("Enabled".into(), template.enabled.unwrap_or(true.into()));
        properties.insert("PreProvisioningHook".into(), json!({ "TargetArn": target(function) }));
        properties.insert("ProvisioningRoleArn".into(), template.provisioning_role_arn);
        properties.insert("TemplateBody".into(), json_text(&template.template_body).into());
        set_some(&mut properties, "TemplateName", truthy(template.template_name));

        let alias = TargetAlias::of(function).map(|alias| alias.logical_id);
        let resource = json!({
            "Type": "AWS::IoT::ProvisioningTemplate",
            "Properties": properties,
            "DependsOn": std::iter::once(permission_id.clone()).chain(alias).collect::<Vec<_>>(),
        });
        it.add_resource(id::iot_provisioning_template(&function.key), resource, &event.path);
        it.add_resource(permission_id, invoke_permission(function, "iot.amazonaws.com", None), &event.path);
    }
}
