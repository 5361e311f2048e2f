//! Which file is the manifest.

use super::{Problem, nearest};
use std::path::{Path, PathBuf};

/// The names that are looked for, first found first taken: rlx's own, then the framework's in its order.
const NAMES: &[&str] = &[
    "rlx.yml",
    "rlx.yaml",
    "serverless.yml",
    "serverless.yaml",
    "serverless.json",
    "serverless.js",
    "serverless.mjs",
    "serverless.cjs",
    "serverless.ts",
    "serverless.toml",
];

/// The manifest of a directory, or the file that `--config` names.
pub(super) fn manifest(dir: &Path, given: Option<&Path>) -> Result<PathBuf, Problem> {
    if let Some(given) = given {
        let path = dir.join(given);
        let shown = given.display();
        return match std::fs::metadata(&path) {
            Ok(meta) if meta.is_file() => Ok(path),
            Ok(_) => Err(Problem::nowhere(format!("--config {shown} is not a file"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let problem = Problem::nowhere(format!("--config {shown}: there is no such file"));
                Err(match suggestion(&path) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem,
                })
            }
            Err(error) => Err(Problem::nowhere(format!("cannot read --config {shown}: {error}"))),
        };
    }
    NAMES.iter().map(|name| dir.join(name)).find(|path| path.is_file()).ok_or_else(|| {
        let above = dir.ancestors().skip(1).find(|dir| NAMES.iter().any(|name| dir.join(name).is_file()));
        let help = match above {
            Some(above) => format!("there is one in {}: run rlx there", above.display()),
            None => "run rlx in a service's directory, or make one with `rlx init`".to_owned(),
        };
        Problem::nowhere(format!("no rlx.yml or serverless.yml in {}", dir.display())).help(help)
    })
}

/// Whether a directory has a manifest.
pub fn is_in(dir: &Path) -> bool {
    NAMES.iter().any(|name| dir.join(name).is_file())
}

fn suggestion(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let names: Vec<String> = std::fs::read_dir(path.parent()?)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_of_rlx_goes_before_the_frameworks() {
        let dir = tempfile::tempdir().expect("a directory");
        for name in ["serverless.json", "serverless.yml", "rlx.yaml"] {
            std::fs::write(dir.path().join(name), "").expect("written");
            assert_eq!(manifest(dir.path(), None), Ok(dir.path().join(name)));
        }
    }

    #[test]
    fn a_missing_manifest_is_looked_for_above() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("rlx.yml"), "").expect("written");
        let sub = dir.path().join("src");
        std::fs::create_dir(&sub).expect("made");
        let problem = manifest(&sub, None).expect_err("missing");
        assert_eq!(problem.help, Some(format!("there is one in {}: run rlx there", dir.path().display())));
    }

    #[test]
    fn a_misspelt_config_file_is_suggested() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("serverless.prod.yml"), "").expect("written");
        let problem = manifest(dir.path(), Some(Path::new("serverles.prod.yml"))).expect_err("missing");
        assert_eq!(problem.help.as_deref(), Some("did you mean `serverless.prod.yml`?"));
    }
}
