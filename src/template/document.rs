//! A CloudFormation template as a value.

use serde_json::{Map, Value};

/// Bytes of a template in a bucket that CloudFormation takes (AWS CloudFormation user guide,
/// "Understand CloudFormation quotas").
pub const BYTES: usize = 1_000_000;

/// A CloudFormation template, sections in document order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Template {
    /// `AWSTemplateFormatVersion`, `Description`, `Resources`, `Outputs` and whatever else the service adds.
    pub root: Map<String, Value>,
}

impl Template {
    /// A section such as `Resources`, made empty where absent.
    pub fn section(&mut self, name: &str) -> &mut Map<String, Value> {
        let section = self.root.entry(name).or_insert_with(|| Value::Object(Map::new()));
        if !section.is_object() {
            *section = Value::Object(Map::new());
        }
        match section {
            Value::Object(map) => map,
            _ => unreachable!("a section is made an object above"),
        }
    }

    /// `Resources`, to change.
    pub fn resources_mut(&mut self) -> &mut Map<String, Value> {
        self.section("Resources")
    }

    /// The resource of a logical id.
    pub fn resource(&self, logical_id: &str) -> Option<&Value> {
        self.root.get("Resources")?.get(logical_id)
    }

    /// All resources, with their logical ids.
    pub fn resources(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.root.get("Resources").and_then(Value::as_object).into_iter().flatten()
    }

    /// Adds or replaces a resource.
    pub fn set_resource(&mut self, logical_id: impl Into<String>, resource: Value) {
        self.resources_mut().insert(logical_id.into(), resource);
    }

    /// Adds or replaces an output.
    pub fn set_output(&mut self, name: impl Into<String>, output: Value) {
        self.section("Outputs").insert(name.into(), output);
    }

    /// The JSON text that is uploaded: two-space indented, resources sorted by logical id, so that
    /// moving a function in the manifest does not show in a diff of two templates. Without spaces
    /// where the indented text would be larger than CloudFormation takes.
    pub fn to_json(&self) -> String {
        let mut root = self.root.clone();
        if let Some(Value::Object(resources)) = root.get_mut("Resources") {
            resources.sort_keys();
        }
        let root = Value::Object(root);
        let indented = format!("{root:#}");
        if indented.len() > BYTES { root.to_string() } else { indented }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_template_that_fits_only_without_spaces_is_written_without() {
        let mut template = Template::default();
        template.set_resource("Topic", json!({ "Type": "AWS::SNS::Topic" }));
        assert!(template.to_json().contains("\n  \"Resources\""));
        template.set_resource("Long", json!({ "Metadata": vec![1; 200_000] }));
        assert!(template.to_json().starts_with(r#"{"Resources":{"Long":"#));
    }
}
