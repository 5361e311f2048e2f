//! Container images: `image` of a function, and `provider.ecr.images` that it may name
//! (Framework v3 `resolveImageUriAndSha`).

use crate::manifest::Problem;
use crate::manifest::service::Function;
use crate::template::Compilation;
use crate::template::value::{get, get_str, set_some};
use serde_json::{Map, Value, json};

/// The image of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Its URI, with a digest where that is known.
    pub uri: Value,
    /// `ImageConfig`: command, entry point, working directory.
    pub config: Option<Value>,
}

impl Image {
    /// The hex digest of the URI.
    pub fn sha256(&self) -> Option<&str> {
        self.uri.as_str()?.split_once("@sha256:").map(|(_, sha)| sha)
    }
}

/// Whether a text is the URI of an image in ECR, and not the name of one of `provider.ecr.images`.
fn is_uri(text: &str) -> bool {
    text.contains(".dkr.ecr.") || text.contains("@sha256:")
}

/// The image of a function; `None` after a problem.
pub fn resolve(it: &mut Compilation<'_>, function: &Function) -> Option<Image> {
    let place = format!("functions.{}.image", function.key);
    let image = function.raw.get("image")?;
    let (uri, name) = match image {
        Value::String(text) if is_uri(text) => (Some(text.as_str()), None),
        Value::String(text) => (None, Some(text.as_str())),
        image => (get_str(image, "uri"), get_str(image, "name")),
    };
    let refuse = |it: &mut Compilation<'_>, place: &str, message: String, help: &str| {
        it.problems.push(Problem::at(place, message).help(help));
    };
    let uri = match (uri, name) {
        (Some(_), Some(_)) | (None, None) => {
            let what = if uri.is_some() { "both `uri` and `name`" } else { "neither `uri` nor `name`" };
            let help = "`uri` is an image in ECR, `name` one of `provider.ecr.images`: set one of them";
            refuse(it, &place, format!("the image of function `{}` has {what}", function.key), help);
            return None;
        }
        (Some(uri), None) => Some(uri.to_owned()),
        (None, Some(name)) => named(it, name, &place)?,
    };
    if let Some(uri) = uri.as_deref().filter(|uri| !uri.contains("@sha256:"))
        && let Some(region) = uri.split('.').nth(3).filter(|region| *region != it.service.region)
    {
        let message = format!("the image `{uri}` lies in {region}, the service in {}", it.service.region);
        refuse(it, &place, message, "Lambda takes images of its own region: push it there, or deploy to that region");
        return None;
    }
    let uri = match uri {
        Some(uri) if uri.contains("@sha256:") => uri,
        uri => match it.artifacts.images.get(&function.key) {
            Some(resolved) => resolved.clone(),
            // Not built and not looked up: the template is read, not deployed.
            None => uri.unwrap_or_else(|| it.names().ecr_repository()),
        },
    };
    Some(Image { uri: json!(uri), config: config(image) })
}

/// The URI of one of `provider.ecr.images`, or `None` inside where it is built from a folder.
fn named(it: &mut Compilation<'_>, name: &str, place: &str) -> Option<Option<String>> {
    let images = it.service.provider.raw.pointer("/ecr/images");
    let Some(image) = images.and_then(|i| i.get(name)) else {
        let known: Vec<_> = images.and_then(Value::as_object).into_iter().flat_map(|i| i.keys()).collect();
        let help = match known.as_slice() {
            [] => "declare it under `provider.ecr.images`, or give the URI of an image in ECR".to_owned(),
            known => format!("`provider.ecr.images` has: {known:?}").replace('"', "`"),
        };
        it.problems.push(Problem::at(place, format!("there is no image `{name}`")).help(help));
        return None;
    };
    if let Value::String(text) = image {
        return Some(is_uri(text).then(|| text.clone()));
    }
    let place = format!("provider.ecr.images.{name}");
    let (uri, path) = (get_str(image, "uri"), get_str(image, "path"));
    if uri.is_some() == path.is_some() {
        let what = if uri.is_some() { "both `uri` and `path`" } else { "neither `uri` nor `path`" };
        let help = "`uri` is an image in ECR, `path` the folder of a Dockerfile: set one of them";
        it.problems.push(Problem::at(place, format!("the image `{name}` has {what}")).help(help));
        return None;
    }
    if uri.is_some() {
        for key in ["buildArgs", "buildOptions", "cacheFrom", "platform", "provenance"] {
            if get(image, key).is_some() {
                let message = format!("the image `{name}` has `{key}`, but is not built: it has a `uri`");
                it.problems.push(
                    Problem::at(format!("{place}.{key}"), message)
                        .help(format!("remove `{key}`, or set `path` instead of `uri`")),
                );
                return None;
            }
        }
    }
    Some(uri.map(str::to_owned))
}

fn config(image: &Value) -> Option<Value> {
    let mut config = Map::new();
    for (key, name) in [("command", "Command"), ("entryPoint", "EntryPoint"), ("workingDirectory", "WorkingDirectory")]
    {
        set_some(&mut config, name, get(image, key).cloned());
    }
    (!config.is_empty()).then_some(Value::Object(config))
}
