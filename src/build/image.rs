//! Container images that are built from a folder.

use crate::manifest::{Problem, Problems, Service};
use serde_json::Value;

/// Says which images of `provider.ecr.images` that a function uses have no Dockerfile
/// (Framework v3 `resolveImageUriAndShaFromPath`: `file` below `path`, `Dockerfile` by default).
pub fn missing_dockerfiles(service: &Service) -> Problems {
    let mut problems = Problems::default();
    let Some(images) = service.provider.raw.pointer("/ecr/images").and_then(Value::as_object) else { return problems };
    for (name, image) in images.iter().filter(|(name, _)| is_used(service, name)) {
        let Some(folder) = folder(image) else { continue };
        let file = image.get("file").and_then(Value::as_str).unwrap_or("Dockerfile");
        let dockerfile = service.dir.join(folder).join(file);
        if !dockerfile.is_file() {
            let message = format!("the image `{name}` has no Dockerfile: there is no file {}", dockerfile.display());
            problems.push(
                Problem::at(format!("provider.ecr.images.{name}"), message).help(
                    "`path` is the folder to build, `file` the Dockerfile in it; or set `uri` to an image in ECR",
                ),
            );
        }
    }
    problems
}

fn is_used(service: &Service, name: &str) -> bool {
    service.functions.values().any(|function| {
        let image = function.raw.get("image");
        let named = image.and_then(Value::as_str).or_else(|| image?.get("name")?.as_str());
        named == Some(name)
    })
}

/// The folder an image is built from, in either form: `name: ./folder`, or `name: { path: ./folder }`.
fn folder(image: &Value) -> Option<&str> {
    match image {
        Value::String(text) => (!text.contains(".dkr.ecr.")).then_some(text),
        image => image.get("path").and_then(Value::as_str),
    }
}

#[cfg(test)]
mod tests {
    use super::missing_dockerfiles;
    use crate::template::testing::service;

    fn problems_in(dir: &std::path::Path) -> Vec<String> {
        let mut service = service(
            "service: quay\nprovider: { name: aws, ecr: { images: { used: { path: app }, named: { path: app, file: Other }, idle: { path: no } } } }\n\
             functions: { a: { image: used }, b: { image: { name: named } } }",
        );
        service.dir = dir.to_path_buf();
        missing_dockerfiles(&service).0.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn an_image_that_is_used_needs_its_dockerfile() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("app")).expect("a folder");
        std::fs::write(dir.path().join("app/Dockerfile"), "FROM scratch").expect("a file");
        let problems = problems_in(dir.path());
        assert!(
            matches!(problems.as_slice(), [one] if one.starts_with("the image `named` has no Dockerfile")),
            "{problems:?}"
        );
        std::fs::write(dir.path().join("app/Other"), "FROM scratch").expect("a file");
        assert_eq!(problems_in(dir.path()), Vec::<String>::new());
    }
}
