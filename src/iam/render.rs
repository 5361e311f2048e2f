//! Policies in the forms that tools take.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A policy document, or a list of them.
    #[default]
    Json,
    /// The same in YAML.
    Yaml,
    /// Terraform resources.
    Terraform,
    /// A CloudFormation template.
    Cloudformation,
}

/// The account that a template of CloudFormation is deployed to.
const OF_STACK: &str = "${AWS::AccountId}";
/// The account that Terraform works in.
const OF_TERRAFORM: &str = "${data.aws_caller_identity.current.account_id}";

impl Format {
    /// What stands for the account where it is not known: the forms that are deployed find it out by themselves.
    pub fn own_account(self) -> Option<&'static str> {
        match self {
            Self::Json | Self::Yaml => None,
            Self::Terraform => Some(OF_TERRAFORM),
            Self::Cloudformation => Some(OF_STACK),
        }
    }
}

/// What is rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct Policies<'a> {
    /// What names begin with, such as `orders-dev-deploy`.
    pub name: &'a str,
    /// Policy documents that grant.
    pub documents: &'a [Value],
    /// The trust policy of a role that has them.
    pub trust: Option<&'a Value>,
    /// Whether the documents are asked for, rather than the trust policy alone.
    pub with_documents: bool,
    /// What needs a statement, by its `Sid`: a comment in the forms that have comments.
    pub needs: BTreeMap<String, String>,
}

/// Renders policies; the text ends with a line break.
pub fn render(policies: &Policies<'_>, format: Format) -> String {
    match format {
        Format::Json => format!("{:#}\n", plain(policies)),
        Format::Yaml => commented(&yaml(&plain(policies)), &policies.needs),
        Format::Terraform => commented(&terraform(policies), &policies.needs),
        Format::Cloudformation => commented(&yaml(&cloudformation(policies)), &policies.needs),
    }
}

/// Says before each statement what needs it. Both YAML and Terraform's language take `#` up to the end of a line.
fn commented(text: &str, needs: &BTreeMap<String, String>) -> String {
    let mut commented = String::with_capacity(text.len());
    for line in text.lines() {
        let plain = line.trim_start();
        let sid = ["- Sid: ", "Sid: ", "\"Sid\": "].iter().find_map(|key| plain.strip_prefix(key));
        let sid = sid.map(|sid| sid.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
        if let Some(need) = sid.and_then(|sid| needs.get(sid)) {
            let indent = &line[..line.len() - plain.len()];
            commented.push_str(&format!("{indent}# {need}\n"));
        }
        commented.push_str(line);
        commented.push('\n');
    }
    commented
}

fn yaml(value: &Value) -> String {
    // A JSON value always has a YAML form.
    let text = serde_yaml_ng::to_string(value).unwrap_or_else(|error| format!("# {error}\n"));
    text.lines().map(|line| dates_quoted(line) + "\n").collect()
}

/// Puts quotes around a plain date: YAML 1.1, which PyYAML and CloudFormation's tools read, takes it for a timestamp.
fn dates_quoted(line: &str) -> String {
    let start = line.rfind([' ', '\t']).map_or(0, |at| at + 1);
    let is_date = line.len() == start + 10
        && line[start..].bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if is_date { format!("{}'{}'", &line[..start], &line[start..]) } else { line.to_owned() }
}

/// One document as it is, several as a list.
fn plain(policies: &Policies<'_>) -> Value {
    match (policies.trust, policies.documents) {
        (Some(trust), _) => trust.clone(),
        (None, [one]) => one.clone(),
        (None, many) => json!(many),
    }
}

fn cloudformation(policies: &Policies<'_>) -> Value {
    let mut resources = Map::new();
    let documents = if policies.with_documents { policies.documents } else { &[] };
    for (index, document) in documents.iter().enumerate() {
        let properties = json!({ "ManagedPolicyName": numbered(policies, index), "PolicyDocument": document });
        resources.insert(
            format!("Policy{}", index + 1),
            json!({ "Type": "AWS::IAM::ManagedPolicy", "Properties": properties }),
        );
    }
    if let Some(trust) = policies.trust {
        let references: Vec<Value> = resources.keys().map(|id| json!({ "Ref": id })).collect();
        let mut trust = trust.clone();
        if let Some(provider) = trust.pointer_mut("/Statement/0/Principal/Federated")
            && provider.as_str().is_some_and(|arn| arn.contains(OF_STACK))
        {
            *provider = json!({ "Fn::Sub": provider.clone() });
        }
        let mut properties = json!({ "RoleName": policies.name, "AssumeRolePolicyDocument": trust });
        if !references.is_empty() {
            properties["ManagedPolicyArns"] = json!(references);
        }
        resources.insert("Role".into(), json!({ "Type": "AWS::IAM::Role", "Properties": properties }));
    }
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources })
}

fn terraform(policies: &Policies<'_>) -> String {
    let label: String = policies.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let mut blocks = Vec::new();
    let documents = if policies.with_documents { policies.documents } else { &[] };
    if let Some(trust) = policies.trust {
        if trust.to_string().contains(OF_TERRAFORM) {
            blocks.push("data \"aws_caller_identity\" \"current\" {}\n".to_owned());
        }
        blocks.push(format!(
            "resource \"aws_iam_role\" \"{label}\" {{\n  name               = \"{}\"\n  assume_role_policy = {}\n}}\n",
            policies.name,
            jsonencode(trust)
        ));
    }
    for (index, document) in documents.iter().enumerate() {
        let own = if index == 0 { label.clone() } else { format!("{label}_{}", index + 1) };
        blocks.push(format!(
            "resource \"aws_iam_policy\" \"{own}\" {{\n  name   = \"{}\"\n  policy = {}\n}}\n",
            numbered(policies, index),
            jsonencode(document)
        ));
        if policies.trust.is_some() {
            blocks.push(format!(
                "resource \"aws_iam_role_policy_attachment\" \"{own}\" {{\n  role       = aws_iam_role.{label}.name\n  policy_arn = aws_iam_policy.{own}.arn\n}}\n"
            ));
        }
    }
    blocks.join("\n")
}

/// JSON is an expression of Terraform's language, apart from its templates.
fn jsonencode(value: &Value) -> String {
    let own = |(index, part): (usize, &str)| [if index == 0 { "" } else { OF_TERRAFORM }, &literal(part)].concat();
    let text: String = format!("{value:#}").split(OF_TERRAFORM).enumerate().map(own).collect();
    format!("jsonencode({})", text.replace('\n', "\n  "))
}

/// Text without templates: `$${` and `%%{` stand for the two characters. Where such a sign stands before one already,
/// doubling cannot tell them apart, so that the bracket is written by its number
/// (Terraform documentation, "Strings and Templates").
fn literal(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut before = None;
    while let Some(c) = characters.next() {
        let opens = matches!(c, '$' | '%') && characters.peek() == Some(&'{');
        match opens {
            true if before == Some(c) => {
                characters.next();
                written.push(c);
                written.push_str("\\u007b");
                before = None;
                continue;
            }
            true => written.extend([c, c]),
            false => written.push(c),
        }
        before = Some(c);
    }
    written
}

fn numbered(policies: &Policies<'_>, index: usize) -> String {
    if index == 0 { policies.name.to_owned() } else { format!("{}-{}", policies.name, index + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }] })
    }

    fn policies<'a>(documents: &'a [Value], trust: Option<&'a Value>) -> Policies<'a> {
        let needs = [("Hello".to_owned(), "HelloLambdaFunction".to_owned())].into();
        Policies { name: "orders-dev-deploy", documents, trust, with_documents: true, needs }
    }

    #[test]
    fn each_statement_says_what_needs_it_where_comments_are_taken() {
        let mut statement = json!({ "Sid": "Hello", "Effect": "Allow" });
        statement["Action"] = json!("lambda:GetFunction");
        let documents = [json!({ "Version": "2012-10-17", "Statement": [statement] })];
        for format in [Format::Yaml, Format::Terraform, Format::Cloudformation] {
            let text = render(&policies(&documents, None), format);
            let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
            let comment = lines.iter().position(|line| *line == "# HelloLambdaFunction").unwrap();
            assert!(lines[comment + 1].contains("Hello"), "{text}");
        }
        assert!(!render(&policies(&documents, None), Format::Json).contains('#'));
    }

    #[test]
    fn one_document_is_itself_and_several_are_a_list() {
        let read = |documents: &[Value]| -> Value {
            serde_json::from_str(&render(&policies(documents, None), Format::Json)).unwrap()
        };
        assert_eq!(read(&[document()]), document());
        assert_eq!(read(&[document(), document()]).as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn the_version_of_a_policy_is_text_for_every_reader_of_yaml() {
        let text = render(&policies(&[document()], None), Format::Yaml);
        assert!(text.contains("Version: '2012-10-17'\n"), "{text}");
        let text = render(&policies(&[document()], None), Format::Cloudformation);
        assert!(text.contains("Version: '2012-10-17'\n"), "{text}");
        assert!(text.contains("AWSTemplateFormatVersion: '2010-09-09'\n"), "{text}");
    }

    #[test]
    fn terraform_has_a_policy_and_a_role_that_has_it() {
        let trust = json!({ "Statement": "${x}" });
        insta::assert_snapshot!(render(&policies(&[document()], Some(&trust)), Format::Terraform));
    }

    #[test]
    fn nothing_in_a_text_is_a_template_of_terraform() {
        for (text, written) in [
            ("${aws:username}", "$${aws:username}"),
            ("%{if}", "%%{if}"),
            ("$${x}", "$$\\u007bx}"),
            ("$$${x}", "$$$\\u007bx}"),
            ("%${x}", "%$${x}"),
            ("$$ { % {", "$$ { % {"),
        ] {
            assert_eq!(literal(text), written, "{text}");
        }
    }

    #[test]
    fn a_form_that_is_deployed_finds_the_account_out_by_itself() {
        let rendered = |format: Format| {
            let account = format.own_account().unwrap();
            let trust = crate::iam::trust::github("aws", account, "acme/shop", "*");
            render(&policies(&[document()], Some(&trust)), format)
        };
        let text = rendered(Format::Terraform);
        assert!(text.starts_with("data \"aws_caller_identity\" \"current\" {}\n"), "{text}");
        assert!(
            text.contains("\"arn:aws:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/"),
            "{text}"
        );
        let text = rendered(Format::Cloudformation);
        assert!(text.contains("Fn::Sub: arn:aws:iam::${AWS::AccountId}:oidc-provider/"), "{text}");
    }

    #[test]
    fn a_template_has_a_policy_and_a_role_that_has_it() {
        let trust = json!({ "Statement": [] });
        insta::assert_snapshot!(render(&policies(&[document()], Some(&trust)), Format::Cloudformation));
    }
}
