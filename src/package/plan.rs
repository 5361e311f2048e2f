//! Which archives a service has.

use super::request::PackageRequest;
use super::select::Patterns;
use super::{Artifact, PackageError, finished};
use crate::build::{Members, REQUIREMENTS_LAYER};
use crate::manifest::Service;
use crate::manifest::service::{Function, Layer};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// An archive that is to be made.
pub struct Planned<'a> {
    /// The file name, where rlx chooses it.
    pub name: Option<String>,
    pub functions: Vec<&'a Function>,
    pub layer: Option<&'a Layer>,
    pub content: Content,
    /// It is one function's alone.
    pub own: bool,
    /// The binary of a native function.
    pub binary: Option<PathBuf>,
    /// The bundles of Node.js functions.
    pub bundle: Members,
    /// Whose it is, for messages.
    pub whose: String,
}

/// Where an archive comes from.
pub enum Content {
    /// Made by the user.
    Finished { place: String, artifact: String },
    /// Chosen from the files of the service.
    Files(Patterns),
    /// Chosen from the files of a layer's folder.
    Layer(Patterns),
    /// The requirements of Python functions, as a layer.
    Requirements,
}

impl Planned<'_> {
    /// The patterns that choose from the files of the service.
    pub fn patterns(&self) -> Option<&Patterns> {
        match &self.content {
            Content::Files(patterns) => Some(patterns),
            _ => None,
        }
    }

    /// Names the users of an archive.
    pub fn claim(&self, artifact: &mut Artifact) {
        artifact.functions = self.functions.iter().map(|f| f.key.clone()).collect();
        artifact.layers = self.layer.iter().map(|l| l.key.clone()).collect();
    }
}

/// What builders made before archives are planned, by function.
pub struct Built {
    pub binaries: BTreeMap<String, PathBuf>,
    pub bundles: BTreeMap<String, Members>,
    /// Patterns of development dependencies.
    pub development: Vec<String>,
}

/// The archives of a service.
///
/// Framework v3 `packageService`: an artifact of the function, else the function's own archive
/// if it is packaged individually, else the service's artifact or archive. Native binaries have
/// archives of their own in any case.
pub fn plan<'a>(
    service: &'a Service,
    request: &PackageRequest<'_>,
    built: &Built,
) -> Result<Vec<Planned<'a>>, PackageError> {
    let development = &built.development;
    let mut plan: Vec<Planned<'a>> = Vec::new();
    let mut shared: Vec<&Function> = Vec::new();
    for function in wanted(service, request) {
        let own = &function.package;
        // `individually: false` on a function does not undo the service's `true`, as in v3.
        let individually = own.individually == Some(true) || service.package.individually == Some(true);
        if let Some(artifact) = &own.artifact {
            finish(&mut plan, function, format!("functions.{}.package.artifact", function.key), artifact);
        } else if let Some(binary) = built.binaries.get(&function.key) {
            let patterns = Patterns::of_binary(own)?;
            plan.push(Planned { binary: Some(binary.clone()), ..Planned::of_function(function, patterns) });
        } else if individually && (own.individually == Some(true) || service.package.artifact.is_none()) {
            plan.push(match built.bundles.get(&function.key) {
                Some(bundle) => {
                    let patterns = Patterns::beside_bundles(service, Some(own))?;
                    Planned { bundle: bundle.clone(), ..Planned::of_function(function, patterns) }
                }
                None => Planned::of_function(function, Patterns::new(service, Some(own), false, development)?),
            });
        } else if let Some(artifact) = &service.package.artifact {
            finish(&mut plan, function, "package.artifact".to_owned(), artifact);
        } else {
            shared.push(function);
        }
    }
    if !shared.is_empty() {
        let bundles: Vec<&Members> = shared.iter().filter_map(|f| built.bundles.get(&f.key)).collect();
        let patterns = match bundles.len() == shared.len() {
            true => Patterns::beside_bundles(service, None)?,
            false => Patterns::new(service, None, false, development)?,
        };
        let bundle = bundles.into_iter().flatten().map(|(name, member)| (name.clone(), member.clone())).collect();
        plan.push(Planned {
            name: Some(format!("{}.zip", service.name)),
            functions: shared,
            layer: None,
            content: Content::Files(patterns),
            own: false,
            binary: None,
            bundle,
            whose: "the service".to_owned(),
        });
    }
    if request.functions.is_none() {
        for layer in service.layers.values() {
            plan_layer(&mut plan, service, layer)?;
        }
    }
    Ok(plan)
}

impl<'a> Planned<'a> {
    fn of_function(function: &'a Function, patterns: Patterns) -> Self {
        Self {
            name: Some(format!("{}.zip", function.key)),
            functions: vec![function],
            layer: None,
            content: Content::Files(patterns),
            own: true,
            binary: None,
            bundle: Members::new(),
            whose: format!("function `{}`", function.key),
        }
    }

    fn finished(place: String, artifact: &str) -> Self {
        Self {
            name: None,
            functions: Vec::new(),
            layer: None,
            content: Content::Finished { place, artifact: artifact.to_owned() },
            own: false,
            binary: None,
            bundle: Members::new(),
            whose: String::new(),
        }
    }
}

/// The functions that have an archive.
pub fn wanted<'a>(service: &'a Service, request: &PackageRequest<'_>) -> Vec<&'a Function> {
    let asked = |f: &&Function| request.functions.is_none_or(|names| names.contains(&f.key));
    let disabled = |f: &Function| f.raw.pointer("/package/disable").and_then(serde_json::Value::as_bool) == Some(true);
    service.functions.values().filter(asked).filter(|f| f.image.is_none() && !disabled(f)).collect()
}

/// Functions that name the same artifact share it.
fn finish<'a>(plan: &mut Vec<Planned<'a>>, function: &'a Function, place: String, artifact: &str) {
    if finished::is_in_s3(artifact) {
        return;
    }
    let plain = |path: &str| path.trim_start_matches("./").to_owned();
    let same = |p: &&mut Planned<'_>| match &p.content {
        Content::Finished { artifact: other, .. } => plain(other) == plain(artifact),
        _ => false,
    };
    match plan.iter_mut().find(same) {
        Some(planned) => planned.functions.push(function),
        None => plan.push(Planned { functions: vec![function], ..Planned::finished(place, artifact) }),
    }
}

fn plan_layer<'a>(plan: &mut Vec<Planned<'a>>, service: &Service, layer: &'a Layer) -> Result<(), PackageError> {
    if let Some(artifact) = &layer.package.artifact {
        if !finished::is_in_s3(artifact) {
            let place = format!("layers.{}.package.artifact", layer.key);
            plan.push(Planned { layer: Some(layer), ..Planned::finished(place, artifact) });
        }
        return Ok(());
    }
    let name = format!("{}.zip", layer.key);
    let taken = plan.iter().any(|p| p.name.as_deref() == Some(&name));
    let made = layer.key == REQUIREMENTS_LAYER && layer.path.is_none();
    plan.push(Planned {
        name: Some(if taken { format!("{}-layer.zip", layer.key) } else { name }),
        functions: Vec::new(),
        layer: Some(layer),
        content: match made {
            true => Content::Requirements,
            false => Content::Layer(Patterns::new(service, Some(&layer.package), true, &[])?),
        },
        own: false,
        binary: None,
        bundle: Members::new(),
        whose: format!("layer `{}`", layer.key),
    });
    Ok(())
}
