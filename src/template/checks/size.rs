//! The size of a template (AWS CloudFormation user guide, "Understand CloudFormation quotas").

use crate::manifest::{Problem, Problems};
use crate::template::Template;
use crate::template::document::BYTES;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{self, Write};

const RESOURCES: usize = 500;
const OUTPUTS: usize = 200;
const PARAMETERS: usize = 200;

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
    let bytes = bytes(&template.root);
    if bytes > BYTES {
        let message = format!("the template has {bytes} bytes, CloudFormation takes {BYTES}");
        problems.push(Problem::at("resources", message).help(format!("the largest resources: {}", largest(template))));
    }
}

/// Bytes of the shortest JSON text of a value, which is not kept.
fn bytes(value: &impl Serialize) -> usize {
    struct Counter(usize);
    impl Write for Counter {
        fn write(&mut self, part: &[u8]) -> io::Result<usize> {
            self.0 += part.len();
            Ok(part.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        Err(_) => 0,
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
    top(template.resources().map(|(id, resource)| (id.clone(), bytes(resource))).collect())
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

    #[test]
    fn too_many_bytes_are_told_with_the_largest_resources() {
        let mut template = Template::default();
        template.set_resource("Small", json!({ "Type": "AWS::SNS::Topic" }));
        template.set_resource("Large", json!({ "Type": "AWS::SNS::Topic", "Metadata": "x".repeat(BYTES) }));
        let mut problems = Problems::default();
        check(&template, &mut problems);
        assert_eq!(problems.0[0].message, "the template has 1000099 bytes, CloudFormation takes 1000000");
        assert!(problems.0[0].help.as_ref().unwrap().contains("Large (1000040), Small (26)"));
    }
}
