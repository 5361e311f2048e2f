//! Container images on their way to a stack: built, pushed, and named by their digests.

use super::assemble::{Assembly, Purpose, compile_checked};
use super::{ExitKind, Failure, package};
use crate::aws::Aws;
use crate::build::BuildError;
use crate::build::docker::{self, Docker, Image};
use crate::context::Context;
use crate::deploy::{DeployError, repository};
use crate::manifest::Service;
use crate::package::PackageError;
use crate::template::naming::Naming;
use indexmap::IndexMap;
use serde_json::Value;

/// Builds and pushes the images of a service's functions, and compiles the template again with what ECR calls them.
/// Nothing happens where no function runs an image.
pub async fn bring(
    aws: &Aws,
    service: &Service,
    context: &Context,
    assembly: &mut Assembly,
) -> Result<Result<(), Failure>, DeployError> {
    let images = docker::of(service);
    let tags = tagged(service);
    if images.is_empty() && tags.is_empty() {
        return Ok(Ok(()));
    }
    let mut uris = IndexMap::new();
    if !images.is_empty() {
        match push(aws, service, context, &images).await? {
            Ok(pushed) => uris.extend(pushed),
            Err(error) => return Ok(Err(PackageError::from(error).into())),
        }
    }
    for (function, uri) in tags {
        uris.insert(function, repository::with_digest(aws, &uri).await?);
    }
    assembly.artifacts.images = uris;
    assembly.template = compile_checked(service, &assembly.artifacts, Purpose::Deploy).0;
    Ok(package::write(&package::out_dir(service), service, assembly))
}

/// Refuses to deploy what was packaged without its images.
pub fn all_pushed(service: &Service, assembly: &Assembly) -> Result<(), Failure> {
    let known = &assembly.artifacts.images;
    match docker::of(service).iter().find(|image| image.functions.iter().any(|f| !known.contains_key(f))) {
        None => Ok(()),
        Some(image) => {
            let message = format!("the image `{}` is in no registry yet: `rlx package` does not push", image.name);
            Err(Failure::new(ExitKind::Usage, message)
                .hint("deploy without `--package`, which builds and pushes it")
                .hint("or push it by other means and name its URI: `provider.ecr.images.<name>.uri`"))
        }
    }
}

async fn push(
    aws: &Aws,
    service: &Service,
    context: &Context,
    images: &[Image],
) -> Result<Result<IndexMap<String, String>, BuildError>, DeployError> {
    // All are built before anything is made in AWS.
    let name = Naming::new(service).ecr_repository();
    let built = Docker::find(&context.env).and_then(|docker| {
        for image in images {
            context.report.note(&format!("image {}: docker build", image.name));
            docker.build(image, &format!("{name}:{}", image.name), &service.dir)?;
        }
        Ok(docker)
    });
    let docker = match built {
        Ok(docker) => docker,
        Err(error) => return Ok(Err(error)),
    };
    let ecr = service.provider.ecr.as_ref().unwrap_or(&Value::Null);
    let scan = ecr["scanOnPush"].as_bool().unwrap_or(false);
    let repository = repository::Repository::open(aws, &name, scan, ecr["maxImageCount"].as_u64()).await?;
    let login = repository::login(aws).await?;
    let pushed = docker.login(&login.registry, &login.user, &login.password).and_then(|()| {
        let mut uris = IndexMap::new();
        for image in images {
            context.report.note(&format!("image {}: docker push", image.name));
            let tag = &image.name;
            let digest = docker.push(&format!("{name}:{tag}"), &format!("{}:{tag}", repository.uri))?;
            uris.extend(image.functions.iter().map(|f| (f.clone(), format!("{}@{digest}", repository.uri))));
        }
        Ok(uris)
    });
    Ok(pushed)
}

/// Functions whose image is named by a tag in ECR.
fn tagged(service: &Service) -> Vec<(String, String)> {
    let images = service.provider.raw.pointer("/ecr/images");
    let uri = |value: &Value| value.as_str().or_else(|| value["uri"].as_str()).map(str::to_owned);
    let of = |image: &Value| {
        let named = image.as_str().or_else(|| image["name"].as_str()).and_then(|name| images?.get(name));
        uri(named.unwrap_or(image)).filter(|uri| uri.contains(".dkr.ecr.") && !uri.contains("@sha256:"))
    };
    let functions = service.functions.values();
    functions.filter_map(|f| Some((f.key.clone(), of(f.image.as_ref()?)?))).collect()
}
