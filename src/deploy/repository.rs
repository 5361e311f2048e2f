//! The ECR repository that a service's container images lie in.

use crate::aws::{Aws, AwsError, JsonCall};
use base64::Engine;
use serde_json::{Value, json};

/// A repository that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    pub name: String,
    /// `<account>.dkr.ecr.<region>.amazonaws.com/<name>`.
    pub uri: String,
}

/// How docker signs in to a registry.
#[derive(Clone)]
pub struct Login {
    pub registry: String,
    pub user: String,
    pub password: String,
}

impl Repository {
    /// The repository of that name; made if it is not there. Keeps at most `keep` images, where that is asked
    /// (Framework v3 `getOrCreateEcrRepository`).
    pub async fn open(aws: &Aws, name: &str, scan_on_push: bool, keep: Option<u64>) -> Result<Self, AwsError> {
        let found = call(aws, "DescribeRepositories", json!({ "repositoryNames": [name] })).await;
        let uri = |repository: &Value| repository["repositoryUri"].as_str().unwrap_or_default().to_owned();
        let uri = match found {
            Ok(answer) => uri(&answer["repositories"][0]),
            Err(error) if error.code == NOT_FOUND => {
                let scanning = json!({ "scanOnPush": scan_on_push });
                let wanted = json!({ "repositoryName": name, "imageScanningConfiguration": scanning });
                uri(&call(aws, "CreateRepository", wanted).await?["repository"])
            }
            Err(error) => return Err(error),
        };
        if let Some(count) = keep {
            let selection = json!({ "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count });
            let rule = json!({ "rulePriority": 1, "action": { "type": "expire" }, "selection": selection });
            let policy = json!({ "rules": [rule] }).to_string();
            call(aws, "PutLifecyclePolicy", json!({ "repositoryName": name, "lifecyclePolicyText": policy })).await?;
        }
        Ok(Self { name: name.to_owned(), uri })
    }

    /// Takes a repository away with its images. `false`: there was none.
    pub async fn remove(aws: &Aws, name: &str) -> Result<bool, AwsError> {
        match call(aws, "DeleteRepository", json!({ "repositoryName": name, "force": true })).await {
            Ok(_) => Ok(true),
            Err(error) if error.code == NOT_FOUND => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A password for docker, good for twelve hours (ECR API reference, `GetAuthorizationToken`).
pub async fn login(aws: &Aws) -> Result<Login, AwsError> {
    let answer = call(aws, "GetAuthorizationToken", json!({})).await?;
    let data = &answer["authorizationData"][0];
    let token = data["authorizationToken"].as_str().unwrap_or_default();
    let plain = base64::engine::general_purpose::STANDARD.decode(token).unwrap_or_default();
    let plain = String::from_utf8_lossy(&plain).into_owned();
    let (user, password) = plain.split_once(':').unwrap_or(("AWS", &plain));
    let registry = data["proxyEndpoint"].as_str().unwrap_or_default().to_owned();
    Ok(Login { registry, user: user.to_owned(), password: password.to_owned() })
}

/// The URI with the digest that its tag has now, so that the function changes when the image does
/// (Framework v3 `resolveImageUriAndShaFromUri`).
pub async fn with_digest(aws: &Aws, uri: &str) -> Result<String, AwsError> {
    let (registry, rest) = uri.split_once('/').unwrap_or(("", uri));
    let (name, tag) = rest.split_once(':').unwrap_or((rest, "latest"));
    let account = registry.split('.').next().unwrap_or_default();
    let wanted = json!({ "registryId": account, "repositoryName": name, "imageIds": [{ "imageTag": tag }] });
    let answer = call(aws, "DescribeImages", wanted).await?;
    let digest = answer["imageDetails"][0]["imageDigest"].as_str().unwrap_or_default();
    Ok(format!("{registry}/{name}@{digest}"))
}

const NOT_FOUND: &str = "RepositoryNotFoundException";

async fn call(aws: &Aws, operation: &str, body: Value) -> Result<Value, AwsError> {
    let target = "AmazonEC2ContainerRegistry_V20150921";
    aws.call(&JsonCall { service: "ECR", id: "ecr", target, operation, protocol: "1.1", body }).await
}
