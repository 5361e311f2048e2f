//! The size of a template (AWS CloudFormation user guide, "Understand CloudFormation quotas").

use crate::manifest::{Problem, Problems};
use crate::template::Template;
use serde_json::Value;
use std::collections::HashMap;

const RESOURCES: usize = 500;
const OUTPUTS: usize = 200;
const PARAMETERS: usize = 200;
/// Bytes of a template in a bucket.
const BYTES: usize = 1_000_000;

/// Reports what is over a limit, with what it mostly consists of.
pub fn check(template: &Template, problems: &mut Problems) {
    let count = |section: &str| template.root.get(section).and_then(Value::as_object).map_or(0, |s| s.len());
    let resources = count("Resources");
    if resources > RESOURCES {
        let message = format!("the template has {resources} resources, CloudFormation takes {RESOURCES}");
        problems.push(Problem::at("functions", message).help(format!(
            "most of them are {}; split the service, or leave out versions with `provider.versionFunctions: false`",
            most(template)
        )));
    }
    for (section, limit) in [("Outputs", OUTPUTS), ("Parameters", PARAMETERS)] {
        let count = count(section);
        if count > limit {
            let message = format!("the template has {count} {}, CloudFormation takes {limit}", section.to_lowercase());
            problems.push(Problem::at(format!("resources.{section}"), message).help("split the service"));
        }
    }
    let bytes = Value::Object(template.root.clone()).to_string().len();
    if bytes > BYTES {
        let message = format!("the template has {bytes} bytes, CloudFormation takes {BYTES}");
        problems.push(Problem::at("resources", message).help(format!("the largest resources: {}", largest(template))));
    }
}

fn most(template: &Template) -> String {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (_, resource) in template.resources() {
        *counts.entry(resource["Type"].as_str().unwrap_or_default()).or_default() += 1;
    }
    top(counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect())
}

fn largest(template: &Template) -> String {
    top(template.resources().map(|(id, resource)| (id.clone(), resource.to_string().len())).collect())
}

fn top(mut counted: Vec<(String, usize)>) -> String {
    counted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counted.iter().take(5).map(|(name, count)| format!("{name} ({count})")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn too_many_resources_are_told_by_type() {
        let mut template = Template::default();
        for i in 0..501 {
            template.set_resource(format!("Topic{i}"), json!({ "Type": "AWS::SNS::Topic" }));
        }
        let mut problems = Problems::default();
        check(&template, &mut problems);
        assert_eq!(problems.0[0].message, "the template has 501 resources, CloudFormation takes 500");
        assert!(problems.0[0].help.as_ref().unwrap().contains("AWS::SNS::Topic (501)"));
    }
}
