//! `docs/manifest.md`: the reference of every key, from the schema that manifests are checked against.

use crate::AnyError;
use crate::files::Generated;
use rlx::manifest::plugins::{KNOWN, Plugin, Role};
use rlx::manifest::schema::schema;
use serde_json::{Map, Value};
use std::fmt::Write;

const PATH: &str = "docs/manifest.md";

const INTRODUCTION: &str = "# Manifest reference

<!-- Made by `cargo run -p xtask --release -- generate manifest`; do not edit. -->

Every key of `rlx.yml` (or `serverless.yml`), made from the schema that rlx checks manifests with.
`rlx schema` prints that schema for editors. Where a value has another type than asked for, but one that
can be read as it (`'512'` for a number, one text for a list of texts), it is taken as that.
A key without a value counts as absent.
";

const PLUGINS: &str = "
## Keys of plugins

What stands below `custom` and in functions for plugins of the Serverless Framework that rlx stands in for.
A key that is not here is ignored, with a warning.
";

/// The page.
pub fn make() -> Result<Vec<Generated>, AnyError> {
    let schema = schema(&[]);
    let page = Page { definitions: schema["definitions"].as_object().ok_or("the schema has no definitions")? };
    let mut text = INTRODUCTION.to_owned();
    text.push_str(&page.section("##", "Top level", &schema)?);
    let properties = schema["properties"].as_object().ok_or("the schema has no properties")?;
    for key in ["provider", "package", "stages", "layers", "resources"] {
        text.push_str(&page.section("##", &format!("`{key}`"), &properties[key])?);
    }
    let functions = &properties["functions"]["patternProperties"];
    let function = functions.as_object().and_then(|f| f.values().next()).ok_or("functions have no schema")?;
    text.push_str(&page.section("##", "`functions.<name>`", function)?);
    text.push_str("\n## Events\n\nWhat stands below `functions.<name>.events`, a list.\n");
    let events = function["properties"]["events"]["items"]["anyOf"].as_array().ok_or("events have no schema")?;
    for event in events {
        for (name, schema) in event["properties"].as_object().into_iter().flatten() {
            text.push_str(&page.section("###", &format!("`{name}`"), schema)?);
        }
    }
    text.push_str(PLUGINS);
    for plugin in KNOWN {
        text.push_str(&page.plugin(plugin)?);
    }
    Ok(vec![Generated { path: PATH, text }])
}

struct Page<'s> {
    definitions: &'s Map<String, Value>,
}

impl<'s> Page<'s> {
    fn resolve(&self, schema: &'s Value) -> &'s Value {
        match schema["$ref"].as_str().and_then(|name| self.definitions.get(name.trim_start_matches("#/definitions/"))) {
            Some(definition) => self.resolve(definition),
            None => schema,
        }
    }

    /// The keys of a plugin; nothing where it has none.
    fn plugin(&self, plugin: &Plugin) -> Result<String, AnyError> {
        let Role::TakenOver(what) = plugin.role else { return Ok(String::new()) };
        let groups =
            [("custom.", plugin.custom_keys), ("functions.<name>.", plugin.function_keys), ("", plugin.top_level_keys)];
        let mut rows = Vec::new();
        for (prefix, key) in groups.iter().flat_map(|(prefix, keys)| keys.iter().map(move |key| (prefix, key))) {
            let schema = (key.schema)();
            let path = format!("{prefix}{}", key.name);
            let description = schema["description"].as_str().unwrap_or_default().to_owned();
            let form = Page { definitions: self.definitions }.form(&schema);
            rows.push(Row { key: path.clone(), form, description });
            Page { definitions: self.definitions }.rows(&schema, &format!("{path}."), &mut rows);
        }
        if rows.is_empty() {
            return Ok(String::new());
        }
        let mut text = format!("\n### {}\n\n{}.\n\n", plugin.name, capital(what));
        text.push_str(&table(rows)?);
        Ok(text)
    }

    /// A heading, the forms of a value, and a table of its keys.
    fn section(&self, level: &str, title: &str, schema: &'s Value) -> Result<String, AnyError> {
        let mut text = format!("\n{level} {title}\n\n");
        if let Some(description) = schema["description"].as_str() {
            writeln!(text, "{description}\n")?;
        }
        let mut rows = Vec::new();
        self.rows(schema, "", &mut rows);
        if rows.is_empty() {
            writeln!(text, "{}.", capital(&self.form(schema)))?;
            return Ok(text);
        }
        let forms = self.form(schema);
        if forms != "mapping" {
            writeln!(text, "{}.\n", capital(&forms))?;
        }
        text.push_str(&table(rows)?);
        Ok(text)
    }

    /// The keys of a mapping and, indented by their path, those of mappings inside it.
    fn rows(&self, schema: &'s Value, prefix: &str, rows: &mut Vec<Row>) {
        let schema = self.resolve(schema);
        for branch in ["anyOf", "oneOf"].iter().filter_map(|k| schema[*k].as_array()).flatten() {
            self.rows(branch, prefix, rows);
        }
        for (key, value) in schema["properties"].as_object().into_iter().flatten() {
            if key.starts_with("Fn::") || key == "Ref" || key == "events" {
                continue;
            }
            let path = format!("{prefix}{key}");
            if rows.iter().any(|row| row.key == path) {
                continue;
            }
            let description = value["description"].as_str().unwrap_or_default().to_owned();
            let needed = schema["required"].as_array().is_some_and(|r| r.iter().any(|r| r == key));
            let form = if needed { format!("{}, needed", self.form(value)) } else { self.form(value) };
            rows.push(Row { key: path.clone(), form, description });
            // The top level has a section for each of its keys.
            if !(prefix.is_empty() && self.is_top_level(schema)) {
                self.rows(value, &format!("{path}."), rows);
            }
        }
        for key in ["patternProperties", "additionalProperties"] {
            let values = &schema[key];
            let inner = if key == "patternProperties" {
                values.as_object().and_then(|v| v.values().next())
            } else {
                Some(values).filter(|v| v.is_object())
            };
            if let Some(inner) = inner {
                self.rows(inner, &format!("{prefix}<name>."), rows);
            }
        }
        if schema["items"].is_object() {
            self.rows(&schema["items"], &format!("{}[].", prefix.trim_end_matches('.')), rows);
        }
    }

    fn is_top_level(&self, schema: &Value) -> bool {
        schema["properties"]["service"].is_object() && schema["properties"]["provider"].is_object()
    }

    fn form(&self, schema: &'s Value) -> String {
        match schema["$ref"].as_str().map(|name| name.trim_start_matches("#/definitions/")) {
            Some("awsArn") => return "ARN".into(),
            Some("awsCfInstruction") => return "text or CloudFormation".into(),
            Some(name) if name.starts_with("awsCf") => return "CloudFormation".into(),
            Some("awsIamPolicyStatements" | "awsResourcePolicyStatements") => return "list of IAM statements".into(),
            Some("awsResourceTags") => return "mapping of tags".into(),
            _ => {}
        }
        let schema = self.resolve(schema);
        for key in ["anyOf", "oneOf"] {
            if let Some(branches) = schema[key].as_array().filter(|_| schema["type"].is_null()) {
                let mut forms: Vec<String> = Vec::new();
                for form in branches.iter().map(|branch| self.form(branch)) {
                    if !forms.contains(&form) {
                        forms.push(form);
                    }
                }
                return forms.join(" or ");
            }
        }
        if let Some(values) = schema["enum"].as_array() {
            return values.iter().map(|v| format!("`{}`", plain(v))).collect::<Vec<_>>().join(", ");
        }
        if !schema["const"].is_null() {
            return format!("`{}`", plain(&schema["const"]));
        }
        let bounds = match (&schema["minimum"], &schema["maximum"]) {
            (Value::Null, Value::Null) => String::new(),
            (least, Value::Null) => format!(" from {least}"),
            (Value::Null, most) => format!(" up to {most}"),
            (least, most) => format!(" {least}–{most}"),
        };
        match schema["type"].as_str() {
            Some("string") => "text".into(),
            Some("integer" | "number") => format!("number{bounds}"),
            Some("boolean") => "`true` or `false`".into(),
            Some("array") if schema["items"].is_object() => format!("list of {}", self.form(&schema["items"])),
            Some("array") => "list".into(),
            Some("object") => "mapping".into(),
            Some("null") => "nothing".into(),
            _ => "anything".into(),
        }
    }
}

fn table(rows: Vec<Row>) -> Result<String, AnyError> {
    let mut text = "| Key | Value | |\n| --- | --- | --- |\n".to_owned();
    let cell = |text: &str| text.replace('|', "\\|");
    for row in rows {
        writeln!(text, "| `{}` | {} | {} |", row.key, cell(&row.form), cell(&row.description))?;
    }
    Ok(text)
}

struct Row {
    key: String,
    form: String,
    description: String,
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
