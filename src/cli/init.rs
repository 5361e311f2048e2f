//! `rlx init`: a new service from a template, ready to deploy to stage local.

use super::{ExitKind, Failure};
use crate::context::Context;
use include_dir::{Dir, DirEntry, include_dir};
use serde_json::json;
use std::path::{Path, PathBuf};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// Ending of the files that must not look like what they are inside rlx's own tree (a nested `Cargo.toml`).
const DISGUISED: &str = ".tmpl";

/// Start a service from a template
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// The template; without one, the templates are listed
    pub template: Option<String>,
    /// Folder to make; its name becomes the service's [default: the template's name]
    pub dir: Option<PathBuf>,
    /// Name of the service
    #[arg(long)]
    pub name: Option<String>,
}

/// Writes the template's files into a folder that is new or empty.
pub fn run(args: &InitArgs, context: &Context) -> Result<ExitKind, Failure> {
    let Some(wanted) = &args.template else {
        let names = template_names();
        let text: String = names.iter().map(|n| format!("{n}\n")).collect();
        context.report.result(&json!({ "version": 1, "templates": names }), &text);
        return Ok(ExitKind::Done);
    };
    let template = TEMPLATES.get_dir(wanted).ok_or_else(|| unknown(wanted))?;
    let dir = context.cwd.join(args.dir.as_deref().unwrap_or(Path::new(wanted)));
    let name = match &args.name {
        Some(name) => name.clone(),
        None => dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_else(|| wanted.clone()),
    };
    check_name(&name)?;
    if dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::new(ExitKind::Usage, format!("{} is not empty", dir.display()))
            .hint(format!("name another folder: rlx init {wanted} FOLDER")));
    }
    let files = render(template, wanted, &name)?;
    for (path, text) in &files {
        let target = dir.join(path);
        let written =
            target.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&target, text));
        written.map_err(|e| Failure::new(ExitKind::Failed, format!("cannot write {}: {e}", target.display())))?;
    }
    let shown = dir.strip_prefix(&context.cwd).unwrap_or(&dir).display().to_string();
    let listed: Vec<String> = files.iter().map(|(p, _)| p.display().to_string()).collect();
    context.report.result(
        &json!({ "version": 1, "service": name, "directory": dir.display().to_string(), "files": listed }),
        &format!("Made {shown}: {}\n\nNext:\n  cd {shown}\n  rlx deploy --stage local\n", listed.join(", ")),
    );
    Ok(ExitKind::Done)
}

fn template_names() -> Vec<String> {
    let mut names: Vec<String> = TEMPLATES.dirs().map(|d| d.path().display().to_string()).collect();
    names.sort();
    names
}

fn unknown(wanted: &str) -> Failure {
    let names = template_names();
    let near = names.iter().max_by(|a, b| strsim::jaro_winkler(a, wanted).total_cmp(&strsim::jaro_winkler(b, wanted)));
    let failure = Failure::new(ExitKind::Usage, format!("there is no template `{wanted}`"))
        .hint(format!("the templates are {}", names.join(", ")));
    match near.filter(|n| strsim::jaro_winkler(n, wanted) > 0.8) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure,
    }
}

/// A service's name is a letter, then letters, digits and hyphens
/// (Framework v3 `config-schema.js`, `service`).
fn check_name(name: &str) -> Result<(), Failure> {
    let mut chars = name.chars();
    let good =
        chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.all(|c| c.is_ascii_alphanumeric() || c == '-');
    if good {
        return Ok(());
    }
    Err(Failure::new(ExitKind::Usage, format!("`{name}` cannot be the name of a service"))
        .hint("a name is a letter, then letters, digits and hyphens; give one with --name"))
}

fn render(template: &Dir<'_>, root: &str, name: &str) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut files = Vec::new();
    let mut open: Vec<&Dir<'_>> = vec![template];
    while let Some(dir) = open.pop() {
        for entry in dir.entries() {
            match entry {
                DirEntry::Dir(inner) => open.push(inner),
                DirEntry::File(file) => {
                    let path = file.path().strip_prefix(root).unwrap_or(file.path()).display().to_string();
                    let text = file.contents_utf8().unwrap_or_default();
                    let text = minijinja::Environment::new()
                        .render_named_str(&path, text, minijinja::context! { name })
                        .map_err(|e| Failure::new(ExitKind::Failed, format!("template file {path}: {e}")))?;
                    let path = path.strip_suffix(DISGUISED).unwrap_or(&path);
                    files.push((PathBuf::from(path), text + "\n"));
                }
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_has_a_manifest_that_carries_the_name() {
        for name in template_names() {
            let dir = TEMPLATES.get_dir(&name).unwrap();
            let files = render(dir, &name, "my-shop").unwrap();
            let (_, manifest) = files.iter().find(|(p, _)| p == Path::new("rlx.yml")).unwrap();
            assert!(manifest.starts_with("service: my-shop\n"), "{name}: {manifest}");
        }
    }

    #[test]
    fn a_disguised_cargo_manifest_gets_its_own_name_back() {
        let files = render(TEMPLATES.get_dir("rust-http").unwrap(), "rust-http", "x").unwrap();
        assert!(files.iter().any(|(p, _)| p == Path::new("Cargo.toml")));
    }

    #[test]
    fn an_unknown_template_names_the_nearest() {
        assert!(unknown("python-apis").hints.iter().any(|h| h == "did you mean `python-api`?"));
    }

    #[test]
    fn a_name_with_a_space_is_refused() {
        assert_eq!(check_name("my shop").unwrap_err().kind, ExitKind::Usage);
        assert!(check_name("my-shop2").is_ok());
    }
}
