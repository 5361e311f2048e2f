//! Makes an installed folder the same on every machine, and smaller where that is asked.

use super::options::{Options, normalised};
use crate::build::BuildError;
use crate::build::run::{self, Program};
use crate::package::Glob;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Files of a `*.dist-info` folder that tell of the installation and not of the package.
const INSTALLATION: [&str; 4] = ["INSTALLER", "direct_url.json", "REQUESTED", "uv_cache.json"];
/// The plugin's `slimPatterns` (`lib/slim.js`).
const SLIM: [&str; 3] = ["**/*.py[c|o]", "**/__pycache__*/**", "**/*.dist-info*/**"];

/// Takes out what differs between machines, what `slim` and `slimPatterns` name, and what `noDeploy` names.
pub fn tidy(dir: &Path, options: &Options, env: &BTreeMap<String, String>) -> Result<(), BuildError> {
    let slim = slim_globs(options);
    for entry in walkdir::WalkDir::new(dir).contents_first(true) {
        let entry = entry.map_err(|e| BuildError::Read { path: dir.to_owned(), source: e.into() })?;
        let path = entry.path();
        let Some(name) = path.strip_prefix(dir).ok().and_then(Path::to_str).filter(|n| !n.is_empty()) else { continue };
        let failed = |source| BuildError::Write { path: path.to_owned(), source };
        if entry.file_type().is_dir() {
            // Folders that became empty are no members of an archive anyway.
            let _ = fs::remove_dir(path);
        } else if is_unwanted(name, options) || slim.iter().any(|glob| glob.matches(name)) {
            fs::remove_file(path).map_err(failed)?;
        } else if name.starts_with("bin/") {
            plain_interpreter(path).map_err(failed)?;
        } else if name.ends_with(".dist-info/RECORD") {
            tidy_record(path).map_err(failed)?;
        }
    }
    if options.slim && options.strip {
        strip(dir, env)?;
    }
    Ok(())
}

fn slim_globs(options: &Options) -> Vec<Glob> {
    if !options.slim {
        return Vec::new();
    }
    let defaults = options.slim_patterns.is_empty() || options.slim_patterns_append_defaults;
    let own = options.slim_patterns.iter().map(String::as_str);
    let patterns: Vec<&str> = SLIM.into_iter().filter(|_| defaults).chain(own).collect();
    // A pattern that names a folder removes what is in it, as the plugin's `removeSync` does.
    patterns.iter().flat_map(|p| [Glob::new(p), Glob::new(&format!("{p}/**"))]).flatten().collect()
}

fn is_unwanted(name: &str, options: &Options) -> bool {
    let first = name.split('/').next().unwrap_or(name);
    let file = name.rsplit('/').next().unwrap_or(name);
    // The plugin compares the first word of the top-level name with `noDeploy` (`lib/inject.js`).
    let top = first.split('-').next().unwrap_or(first);
    let top = normalised(top.strip_suffix(".py").unwrap_or(top));
    name == ".lock"
        || name.contains("__pycache__/")
        || first.ends_with(".dist-info") && INSTALLATION.contains(&file)
        || options.no_deploy.contains(&top)
}

/// Scripts name the interpreter of the machine that installed them.
fn plain_interpreter(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let Some(end) = bytes.iter().position(|b| *b == b'\n') else { return Ok(()) };
    let line = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).into_owned();
    // A path with spaces or of great length stands on a second line, behind `/bin/sh`.
    let (skip, is_python) = match line.as_str() {
        "#!/bin/sh" if text.contains("'''exec'") => (text.match_indices('\n').nth(2).map(|(i, _)| i), true),
        line => (Some(end), line.starts_with("#!") && line.contains("python")),
    };
    let (Some(skip), true) = (skip, is_python) else { return Ok(()) };
    let mut new = b"#!/usr/bin/env python3".to_vec();
    new.extend_from_slice(&bytes[skip..]);
    replace(path, &new, 0o755)
}

/// Lines of files that were taken out or changed are taken out, the rest is sorted.
fn tidy_record(path: &Path) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| {
            let name = line.split(',').next().unwrap_or(line);
            let file = name.rsplit('/').next().unwrap_or(name);
            let elsewhere = name.starts_with("../") || name.starts_with("bin/");
            let taken_out =
                name.contains("__pycache__") || name.contains(".dist-info/") && INSTALLATION.contains(&file);
            !(elsewhere || taken_out)
        })
        .collect();
    lines.sort_unstable();
    replace(path, (lines.join("\n") + "\n").as_bytes(), 0o644)
}

/// Installed files may be hard links into the installer's cache and must not be written in place.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let new = path.with_extension("rlx-new");
    fs::write(&new, bytes)?;
    fs::set_permissions(&new, fs::Permissions::from_mode(mode))?;
    fs::rename(new, path)
}

/// `strip` on all shared objects, as far as this machine's knows their format.
fn strip(dir: &Path, env: &BTreeMap<String, String>) -> Result<(), BuildError> {
    let Some(program) = run::find("strip", env) else { return Ok(()) };
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().flatten() {
        if entry.file_type().is_file() && entry.file_name().to_string_lossy().ends_with(".so") {
            let path = entry.path();
            let failed = |source| BuildError::Write { path: path.to_owned(), source };
            let copy = path.with_extension("rlx-new");
            fs::copy(path, &copy).map_err(failed)?;
            let answer = Program::new(&program, env).arg("--strip-unneeded").arg(&copy).run()?;
            // One that it does not know (another machine's) stays as it is.
            match answer.ok {
                true => fs::rename(&copy, path).map_err(failed)?,
                false => fs::remove_file(&copy).map_err(failed)?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn installed(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn names(dir: &Path) -> Vec<String> {
        let files = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().flatten();
        let files = files.filter(|e| e.file_type().is_file());
        files.map(|e| e.path().strip_prefix(dir).unwrap().display().to_string()).collect()
    }

    #[test]
    fn what_tells_of_the_machine_is_taken_out() {
        let dir = installed(&[
            (".lock", ""),
            ("bin/tool", "#!/home/me/venv/bin/python3\nprint()\n"),
            ("six-1.dist-info/RECORD", "six.py,sha256=a,1\n../../bin/tool,,\nsix-1.dist-info/INSTALLER,,\na.py,,\n"),
            ("six-1.dist-info/INSTALLER", "uv"),
            ("six.py", ""),
        ]);
        tidy(dir.path(), &Options::read(&json!({})), &BTreeMap::new()).unwrap();
        assert_eq!(names(dir.path()), ["bin/tool", "six-1.dist-info/RECORD", "six.py"]);
        assert_eq!(fs::read_to_string(dir.path().join("bin/tool")).unwrap(), "#!/usr/bin/env python3\nprint()\n");
        assert_eq!(
            fs::read_to_string(dir.path().join("six-1.dist-info/RECORD")).unwrap(),
            "a.py,,\nsix.py,sha256=a,1\n"
        );
    }

    #[test]
    fn slim_takes_out_its_patterns() {
        let files = [("a/m.py", ""), ("a/m.pyc", ""), ("a/tests/t.py", ""), ("a-1.dist-info/METADATA", "")];
        let dir = installed(&files);
        let options = Options::read(&json!({ "pythonRequirements": { "slim": true, "slimPatterns": ["**/tests"] } }));
        tidy(dir.path(), &options, &BTreeMap::new()).unwrap();
        assert_eq!(names(dir.path()), ["a/m.py"]);
        let dir = installed(&files);
        let options = Options::read(&json!({ "pythonRequirements": {
            "slim": true, "slimPatterns": ["**/tests"], "slimPatternsAppendDefaults": false } }));
        tidy(dir.path(), &options, &BTreeMap::new()).unwrap();
        assert_eq!(names(dir.path()), ["a/m.py", "a/m.pyc", "a-1.dist-info/METADATA"]);
    }

    #[test]
    fn no_deploy_takes_out_modules_that_others_brought() {
        let dir = installed(&[("boto3/a.py", ""), ("boto3-1.dist-info/x", ""), ("six.py", ""), ("boto3_x/a.py", "")]);
        let options = Options::read(&json!({ "pythonRequirements": { "noDeploy": ["boto3", "six"] } }));
        tidy(dir.path(), &options, &BTreeMap::new()).unwrap();
        assert_eq!(names(dir.path()), ["boto3_x/a.py"]);
    }
}
