//! Service → archives and template: what `package`, `plan` and `deploy` begin with.

use super::{ExitKind, Failure, scripts};
use crate::build::image;
use crate::context::Context;
use crate::manifest::plugins::scripts::Moment;
use crate::manifest::{Problem, Problems, Service, Severity, plugins};
use crate::package::{self, Artifact, Artifacts, HostTarget, PackageRequest, Stage};
use crate::report::Findings;
use crate::template::custom_resource::{archive, is_used};
use crate::template::naming::custom_resource::ARTIFACT;
use crate::template::{Template, checks, compile};
use std::path::Path;
use std::time::Instant;

/// How strict assembling is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Files for later: what could not be deployed is a warning.
    Package,
    /// A stack: what could not be deployed is an error.
    Deploy,
}

/// What a deploy consists of.
#[derive(Debug, Default)]
pub struct Assembly {
    /// The archives, that of custom resources included.
    pub artifacts: Artifacts,
    /// The template that refers to them.
    pub template: Template,
}

/// Compiles, builds and packages a service into `out_dir`. Problems are said, all at once; where one of them
/// is an error, nothing has been written.
///
/// # Errors
/// The service is not valid, or building failed.
pub fn assemble(
    service: &Service,
    context: &Context,
    out_dir: &Path,
    purpose: Purpose,
    host: Option<HostTarget>,
) -> Result<Assembly, Failure> {
    // Once without archives, for its problems: a mistake in the manifest should not wait for a build.
    let mut problems = compile_checked(service, &Artifacts::default(), purpose).1;
    problems.extend(image::missing_dockerfiles(service));
    let plugins = plugins::check(&service.config, context.options.strict);
    say_plugins(&plugins, context);
    refuse_errors(service, context, &problems)?;
    scripts::at(Moment::BeforePackage, service, context)?;

    let request = PackageRequest {
        out_dir,
        cache_dir: &context.cache_dir,
        env: &context.env,
        functions: None,
        missing_handler: if purpose == Purpose::Deploy { Severity::Error } else { Severity::Warning },
        target_override: host,
        progress: &|step| match step.stage {
            Stage::Building(_) => context.report.note(&step.to_string()),
            _ => context.report.verbose(&step.to_string()),
        },
    };
    let packaged = package::package(service, &request)?;
    let mut artifacts = packaged.artifacts;
    problems.extend(packaged.notes);
    refuse_errors(service, context, &problems)?;
    say(service, context, &problems);

    let started = Instant::now();
    // Archives change only keys and hashes: what was checked above holds.
    let (template, _) = compile(service, &artifacts);
    context.report.verbose(&format!(
        "compiled {} resources in {:.1?}",
        template.resources().count(),
        started.elapsed()
    ));
    if is_used(&template) {
        artifacts.artifacts.push(write_custom_resources(out_dir)?);
    }
    scripts::at(Moment::AfterPackage, service, context)?;
    Ok(Assembly { artifacts, template })
}

/// Names the plugins that rlx stands in for: on one line, or with `-v` each with what becomes of it.
pub fn say_plugins(plugins: &plugins::Verdict, context: &Context) {
    if context.options.verbose == 0 {
        plugins.summary().into_iter().for_each(|line| context.report.note(&line));
    }
    for note in &plugins.notes {
        context.report.verbose(&format!("plugin {note}"));
    }
}

/// The template, with what is wrong with it.
pub fn compile_checked(service: &Service, artifacts: &Artifacts, purpose: Purpose) -> (Template, Problems) {
    let (template, mut problems) = compile(service, artifacts);
    if !problems.has_errors() {
        let stack = service.stack_name();
        let found = checks::check(&template, checks::Target { stack: &stack, region: &service.region });
        problems.extend(match purpose {
            Purpose::Deploy => found,
            Purpose::Package => Problems(found.0.into_iter().map(Problem::warning).collect()),
        });
    }
    (template, problems)
}

fn findings<'a>(service: &'a Service, problems: &'a Problems) -> Findings<'a> {
    Findings { problems, sources: &service.sources, config: Some(&service.config) }
}

fn say(service: &Service, context: &Context, problems: &Problems) {
    if !problems.0.is_empty() {
        context.report.note(&findings(service, problems).render(context.report.color));
    }
}

pub(super) fn refuse_errors(service: &Service, context: &Context, problems: &Problems) -> Result<(), Failure> {
    if !problems.has_errors() {
        return Ok(());
    }
    let findings = findings(service, problems);
    if context.report.format == super::OutputFormat::Json {
        context.report.result(&serde_json::json!({ "version": 1, "problems": findings.json() }), "");
    }
    Err(Failure::new(ExitKind::Usage, "").detail(findings.render(context.report.color)))
}

fn write_custom_resources(out_dir: &Path) -> Result<Artifact, Failure> {
    let archive = archive();
    let path = out_dir.join(ARTIFACT);
    std::fs::write(&path, &archive.bytes)
        .map_err(|e| Failure::new(ExitKind::Failed, format!("cannot write {}: {e}", path.display())))?;
    Ok(Artifact {
        name: ARTIFACT.to_owned(),
        path,
        sha256: archive.sha256.clone(),
        size: archive.bytes.len() as u64,
        unzipped_size: archive.unzipped_size,
        functions: Vec::new(),
        layers: Vec::new(),
    })
}
