//! Users of the emulator that enforces IAM.

use crate::harness::{Project, strict_emulator};
use assert_cmd::Command;
use serde_json::Value;

/// A call of IAM as the emulator's root user, whose signature it does not check.
fn iam(parameters: &[(&str, &str)]) -> String {
    let authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, \
                         SignedHeaders=host, Signature=none";
    let mut form = parameters.to_vec();
    form.push(("Version", "2010-05-08"));
    let mut response = ureq::post(format!("{}/", strict_emulator().endpoint))
        .config()
        .http_status_as_error(false)
        .build()
        .header("Authorization", authorization)
        .send_form(form)
        .unwrap();
    response.body_mut().read_to_string().unwrap()
}

/// A user that holds these policies.
pub struct User {
    pub name: String,
    key: String,
    secret: String,
}

impl User {
    pub fn new(name: &str, policies: &[Value]) -> Self {
        iam(&[("Action", "CreateUser"), ("UserName", name)]);
        hold(name, policies);
        let answer = iam(&[("Action", "CreateAccessKey"), ("UserName", name)]);
        let text = |tag: &str| {
            let start = answer.find(&format!("<{tag}>")).unwrap() + tag.len() + 2;
            answer[start..].split('<').next().unwrap().to_owned()
        };
        Self { name: name.to_owned(), key: text("AccessKeyId"), secret: text("SecretAccessKey") }
    }

    /// Gives the user these policies instead of the ones held so far.
    pub fn hold(&self, policies: &[Value]) {
        hold(&self.name, policies);
    }

    /// The inline policy of a name that the user holds, as IAM tells it.
    pub fn policy(&self, name: &str) -> Option<String> {
        let answer = iam(&[("Action", "GetUserPolicy"), ("UserName", &self.name), ("PolicyName", name)]);
        let document = answer.split_once("<PolicyDocument>")?.1;
        let document = document.split_once("</PolicyDocument>")?.0.replace("&quot;", "\"");
        Some(rlx::iam::policy::Policy::document(&document).unwrap().to_string())
    }

    /// rlx with the user's keys.
    pub fn rlx(&self, project: &Project, args: &[&str]) -> Command {
        let mut command = project.rlx(args);
        command.env("AWS_ACCESS_KEY_ID", &self.key).env("AWS_SECRET_ACCESS_KEY", &self.secret);
        command
    }
}

fn hold(name: &str, policies: &[Value]) {
    let held = iam(&[("Action", "ListUserPolicies"), ("UserName", name)]);
    for policy in held.split("<member>").skip(1).filter_map(|rest| rest.split('<').next()) {
        iam(&[("Action", "DeleteUserPolicy"), ("UserName", name), ("PolicyName", policy)]);
    }
    for (index, policy) in policies.iter().enumerate() {
        iam(&[
            ("Action", "PutUserPolicy"),
            ("UserName", name),
            ("PolicyName", &format!("p{index}")),
            ("PolicyDocument", &policy.to_string()),
        ]);
    }
}
