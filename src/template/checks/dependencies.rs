//! References between resources: circles, and references to nothing.

use crate::manifest::{Problem, Problems};
use crate::template::Template;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Reports a circle by its members, and references to what the template does not have.
pub fn check(template: &Template, problems: &mut Problems) {
    let graph: HashMap<&str, BTreeSet<String>> =
        template.resources().map(|(id, resource)| (id.as_str(), references(resource))).collect();
    if let Some(circle) = circle(template, &graph) {
        let message = format!("resources depend on each other in a circle: {}", circle.join(" → "));
        let help = "break it at one place: name a resource by a text built with `Fn::Sub` instead of `Ref` or \
                    `Fn::GetAtt`, or move a statement to a policy of its own";
        problems.push(Problem::at("resources", message).help(help));
    }
    // A macro may add resources that nobody sees here.
    if template.root.contains_key("Transform") || template.resource("Fn::Transform").is_some() {
        return;
    }
    let known = |id: &str| {
        id.starts_with("AWS::")
            || template.resource(id).is_some()
            || template.root.get("Parameters").is_some_and(|p| p.get(id).is_some())
    };
    for (id, _) in template.resources() {
        for missing in graph[id.as_str()].iter().filter(|to| !known(to)) {
            let near = template
                .resources()
                .map(|(id, _)| id)
                .max_by(|a, b| strsim::jaro_winkler(a, missing).total_cmp(&strsim::jaro_winkler(b, missing)))
                .filter(|near| strsim::jaro_winkler(near, missing) > 0.85);
            let mut problem = Problem::nowhere(format!("{id} refers to `{missing}`, which the template does not have"));
            problem.help = Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "declare it under `resources.Resources`, or give the name or ARN of one that exists".into(),
            });
            problems.push(problem);
        }
    }
}

/// All logical ids that a value refers to: `Ref`, `Fn::GetAtt`, `Fn::Sub`, `DependsOn`.
pub fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match value.get("DependsOn") {
        Some(Value::String(id)) => {
            found.insert(id.clone());
        }
        Some(Value::Array(ids)) => found.extend(ids.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {}
    }
    if let Some(properties) = value.get("Properties") {
        collect(properties, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|item| collect(item, found)),
        Value::Object(map) if map.len() == 1 => match map.iter().next() {
            Some((key, Value::String(id))) if key == "Ref" => {
                found.insert(id.clone());
            }
            Some((key, target)) if key == "Fn::GetAtt" => {
                let id = target.as_str().map(|t| t.split('.').next().unwrap_or(t)).or_else(|| target[0].as_str());
                found.extend(id.map(str::to_owned));
            }
            Some((key, template)) if key == "Fn::Sub" => substitutions(template, found),
            Some((_, inner)) => collect(inner, found),
            None => {}
        },
        Value::Object(map) => map.values().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}

/// `${Id}` and `${Id.Attribute}`, but not `${!Literal}` and not the names of the second argument.
fn substitutions(template: &Value, found: &mut BTreeSet<String>) {
    let (text, own) = match template {
        Value::Array(parts) => (parts.first().and_then(Value::as_str), parts.get(1)),
        other => (other.as_str(), None),
    };
    if let Some(own) = own {
        own.as_object().into_iter().flat_map(|o| o.values()).for_each(|inner| collect(inner, found));
    }
    for rest in text.unwrap_or_default().split("${").skip(1) {
        let Some((name, _)) = rest.split_once('}') else { continue };
        if name.starts_with('!') || own.is_some_and(|own| own.get(name).is_some()) {
            continue;
        }
        found.insert(name.split('.').next().unwrap_or(name).trim().to_owned());
    }
}

/// The first circle, its first member repeated at the end.
fn circle(template: &Template, graph: &HashMap<&str, BTreeSet<String>>) -> Option<Vec<String>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        Open,
        Done,
    }
    let mut marks: HashMap<&str, Mark> = HashMap::new();
    for (start, _) in template.resources() {
        if marks.contains_key(start.as_str()) {
            continue;
        }
        // A walk by hand: a template may be deeper than the stack.
        let mut trail: Vec<(&str, Vec<&str>)> = vec![(start, next(graph, start))];
        marks.insert(start, Mark::Open);
        while let Some((id, open)) = trail.last_mut() {
            match open.pop() {
                None => {
                    marks.insert(id, Mark::Done);
                    trail.pop();
                }
                Some(to) => match marks.get(to) {
                    Some(Mark::Done) => {}
                    Some(Mark::Open) => {
                        let from = trail.iter().position(|(id, _)| *id == to).unwrap_or(0);
                        let mut circle: Vec<String> = trail[from..].iter().map(|(id, _)| (*id).to_owned()).collect();
                        circle.push(to.to_owned());
                        return Some(circle);
                    }
                    None => {
                        marks.insert(to, Mark::Open);
                        trail.push((to, next(graph, to)));
                    }
                },
            }
        }
    }
    None
}

fn next<'g>(graph: &'g HashMap<&str, BTreeSet<String>>, id: &str) -> Vec<&'g str> {
    graph.get(id).into_iter().flatten().map(String::as_str).filter(|to| graph.contains_key(to)).rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn messages(resources: Value) -> Vec<String> {
        let mut template = Template::default();
        template.root.insert("Resources".into(), resources);
        let mut problems = Problems::default();
        check(&template, &mut problems);
        problems.0.into_iter().map(|p| p.message).collect()
    }

    #[test]
    fn a_circle_is_named_member_by_member() {
        let found = messages(json!({
            "A": { "Properties": { "X": { "Fn::GetAtt": ["B", "Arn"] } } },
            "B": { "DependsOn": ["C"] },
            "C": { "Properties": { "Y": { "Fn::Sub": "${A.Arn}/${AWS::Region}/${!B}" } } },
        }));
        assert_eq!(found, ["resources depend on each other in a circle: A → B → C → A"]);
    }

    #[test]
    fn a_reference_to_nothing_is_reported_with_a_near_one() {
        let mut template = Template::default();
        template.set_resource("OrdersTable", json!({ "Type": "AWS::DynamoDB::Table" }));
        template.set_resource("F", json!({ "Properties": { "T": { "Ref": "OrderTable" } } }));
        let mut problems = Problems::default();
        check(&template, &mut problems);
        assert_eq!(problems.0[0].message, "F refers to `OrderTable`, which the template does not have");
        assert_eq!(problems.0[0].help.as_deref(), Some("did you mean `OrdersTable`?"));
    }

    #[test]
    fn own_names_of_a_substitution_are_no_references() {
        let found = messages(json!({
            "A": { "Properties": { "X": { "Fn::Sub": ["${name}-${AWS::Region}", { "name": "x" }] } } },
        }));
        assert_eq!(found, [""; 0]);
    }
}
