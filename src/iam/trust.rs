//! Who may assume a role: trust policies of roles that deploy.

use serde_json::{Value, json};

/// The issuer of GitHub Actions' tokens.
pub const GITHUB_ISSUER: &str = "token.actions.githubusercontent.com";

/// For a role that CloudFormation works with (CloudFormation User Guide, "AWS CloudFormation service role").
pub fn cloudformation(account: Option<&str>) -> Value {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": "cloudformation.amazonaws.com" },
        "Action": "sts:AssumeRole",
    });
    if let Some(account) = account {
        statement["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": account } });
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// For a role that workflows of a GitHub repository assume; `subject` is what follows `repo:OWNER/NAME:`
/// (GitHub documentation, "Configuring OpenID Connect in Amazon Web Services").
pub fn github(partition: &str, account: &str, repository: &str, subject: &str) -> Value {
    let provider = format!("arn:{partition}:iam::{account}:oidc-provider/{GITHUB_ISSUER}");
    let subject = format!("repo:{repository}:{subject}");
    let mut conditions = json!({ "StringEquals": { (format!("{GITHUB_ISSUER}:aud")): "sts.amazonaws.com" } });
    let operator = if subject.contains('*') { "StringLike" } else { "StringEquals" };
    conditions[operator][format!("{GITHUB_ISSUER}:sub")] = json!(subject);
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": provider },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    }] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::evaluate::{Caller, NamedPolicy, Policies, Request, evaluate};
    use crate::iam::policy::Policy;

    fn may_assume(trust: &Value, request: &Request) -> bool {
        let policy = Policy::from_value(trust).unwrap();
        let resource = Some(NamedPolicy { name: "trust".into(), policy });
        evaluate(request, &Policies { resource, resource_must_allow: true, ..Policies::default() }).is_allowed()
    }

    #[test]
    fn cloudformation_assumes_the_role_for_its_own_account_only() {
        let trust = cloudformation(Some("123456789012"));
        let caller = Caller::Service { name: "cloudformation.amazonaws.com".into() };
        let request = Request::new(caller, "sts:AssumeRole", "*");
        assert!(may_assume(&trust, &request.clone().with("aws:SourceAccount", "123456789012")));
        assert!(!may_assume(&trust, &request.with("aws:SourceAccount", "210987654321")));
    }

    #[test]
    fn only_the_named_repository_assumes_the_role() {
        let trust = github("aws", "123456789012", "acme/orders", "*");
        let provider = format!("arn:aws:iam::123456789012:oidc-provider/{GITHUB_ISSUER}");
        let request = |subject: &str| {
            Request::new(Caller::Federated { provider: provider.clone() }, "sts:AssumeRoleWithWebIdentity", "*")
                .with("token.actions.githubusercontent.com:aud", "sts.amazonaws.com")
                .with("token.actions.githubusercontent.com:sub", subject)
        };
        assert!(may_assume(&trust, &request("repo:acme/orders:ref:refs/heads/main")));
        assert!(!may_assume(&trust, &request("repo:acme/orders2:ref:refs/heads/main")));
    }
}
