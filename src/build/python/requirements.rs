//! Requirements files: read with all that they refer to, into one text that can be installed
//! from anywhere and that names what the result depends on.
//!
//! Only lines that speak of other files are understood here (pip documentation, "Requirements
//! File Format"); versions, markers, extras, hashes and index options go to uv or pip as they are.

use super::options::normalised;
use crate::build::BuildError;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Requirements that are ready to be installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Lines of a requirements file without references to other requirements files.
    pub lines: Vec<String>,
    /// Lines of a constraints file.
    pub constraints: Vec<String>,
    /// Constraints of a lock file, with hashes, which uv takes from there and pip does not.
    pub locked: Vec<String>,
    /// Folders and files of this machine that are installed.
    pub local: BTreeSet<PathBuf>,
    /// Packages must be built: a local folder or a repository is named.
    pub has_source: bool,
    /// What the user should know.
    pub notes: Vec<String>,
    /// The file that they stem from, for messages.
    pub origin: PathBuf,
    /// Where paths of packages begin, before the folder of the file that names them.
    pub base: PathBuf,
}

impl Requirements {
    /// Reads a requirements file and all that it includes. Paths of packages are relative to the
    /// folder where pip would be run, `base` (pip documentation, "Requirements File Format"), or
    /// to the file that they stand in.
    pub fn read(file: &Path, base: &Path) -> Result<Self, BuildError> {
        let mut it = Self { origin: file.to_owned(), base: base.to_owned(), ..Self::default() };
        it.include(file, false, &mut Vec::new())?;
        Ok(it)
    }

    /// Takes requirements that another tool wrote, whose paths are relative to `dir`.
    pub fn parse(text: &str, dir: &Path, origin: &Path) -> Result<Self, BuildError> {
        let mut it = Self { origin: origin.to_owned(), base: dir.to_owned(), ..Self::default() };
        it.take(text, dir, false, &mut vec![origin.to_owned()])?;
        Ok(it)
    }

    fn include(&mut self, file: &Path, constraint: bool, stack: &mut Vec<PathBuf>) -> Result<(), BuildError> {
        let file = lexical(file);
        if stack.contains(&file) {
            return Ok(());
        }
        let text = fs::read(&file).map_err(|source| match (source.kind(), stack.last()) {
            (std::io::ErrorKind::NotFound, Some(from)) => BuildError::Refused {
                message: format!("{} includes {}, which is not there", from.display(), file.display()),
                hints: vec!["paths after `-r` and `-c` are relative to the file that they stand in".to_owned()],
            },
            _ => BuildError::Read { path: file.clone(), source },
        })?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let dir = file.parent().unwrap_or(Path::new("/")).to_owned();
        stack.push(file);
        self.take(text.trim_start_matches('\u{feff}'), &dir, constraint, stack)?;
        stack.pop();
        Ok(())
    }

    fn take(&mut self, text: &str, dir: &Path, constraint: bool, stack: &mut Vec<PathBuf>) -> Result<(), BuildError> {
        for line in logical_lines(text) {
            if let Some(path) = option(&line, &["-r", "--requirement"]) {
                self.reference(path, dir, constraint, stack, false)?;
            } else if let Some(path) = option(&line, &["-c", "--constraint"]) {
                self.reference(path, dir, true, stack, true)?;
            } else if let Some(path) = option(&line, &["-f", "--find-links"]) {
                let folders = [&*self.base, dir].map(|folder| lexical(&folder.join(path)));
                let path = match folders.into_iter().find(|local| local.exists()) {
                    Some(local) => {
                        self.local.insert(local.clone());
                        local.display().to_string()
                    }
                    None => path.to_owned(),
                };
                self.lines.push(format!("--find-links {path}"));
            } else {
                let editable = option(&line, &["-e", "--editable"]);
                let requirement = self.requirement(editable.unwrap_or(&line), dir, stack.last())?;
                let lines = if constraint { &mut self.constraints } else { &mut self.lines };
                lines.push(requirement);
            }
        }
        Ok(())
    }

    fn reference(
        &mut self,
        path: &str,
        dir: &Path,
        constraint: bool,
        stack: &mut Vec<PathBuf>,
        option_is_constraint: bool,
    ) -> Result<(), BuildError> {
        if path.starts_with("http://") || path.starts_with("https://") {
            let option = if option_is_constraint { "-c" } else { "-r" };
            self.lines.push(format!("{option} {path}"));
            self.notes.push(format!("{path} is read when requirements are installed, not on every run"));
            return Ok(());
        }
        let path = path.strip_prefix("file://").unwrap_or(path);
        self.include(&dir.join(unquoted(path)), constraint, stack)
    }

    /// A requirement with its local path made absolute.
    fn requirement(&mut self, line: &str, dir: &Path, file: Option<&PathBuf>) -> Result<String, BuildError> {
        if line.contains("git+") || line.contains("hg+") || line.contains("svn+") || line.contains("bzr+") {
            self.has_source = true;
            return Ok(line.to_owned());
        }
        let (name, target) = match line.split_once(" @ ") {
            Some((name, target)) => (Some(name.trim()), target.trim()),
            None => (None, line),
        };
        let (target, marker) = match target.split_once(" ;").or_else(|| target.split_once(" --")) {
            Some((path, _)) => (path.trim(), &target[path.len()..]),
            None => (target, ""),
        };
        let (path, extras) = match target.rfind('[').filter(|_| target.ends_with(']')) {
            Some(at) => target.split_at(at),
            None => (target, ""),
        };
        let plain = path.strip_prefix("file://").unwrap_or(path);
        let looks_local = name.is_some() && !plain.contains("://")
            || path.starts_with("file://")
            || plain.starts_with('.')
            || plain.starts_with('/')
            || plain.contains('/') && !plain.contains("://")
            || plain.ends_with(".whl") && !plain.contains("://");
        if !looks_local {
            return Ok(line.to_owned());
        }
        let places = [&*self.base, dir].map(|folder| lexical(&folder.join(plain)));
        let Some(local) = places.iter().find(|path| is_package(path)).or(places.iter().find(|path| path.exists()))
        else {
            if !plain.starts_with('.') && !plain.starts_with('/') {
                return Ok(line.to_owned());
            }
            let file = file.map_or_else(String::new, |file| format!(" of {}", file.display()));
            let folders = if self.base == dir { vec![dir] } else { vec![&*self.base, dir] };
            let folders = folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(" or ");
            return Err(BuildError::Refused {
                message: format!("`{line}`{file} names a path that is not there: `{plain}`"),
                hints: vec![format!("paths of packages are relative to {folders}")],
            });
        };
        let local = local.clone();
        self.has_source |= !plain.ends_with(".whl");
        self.local.insert(local.clone());
        let name = name.map(|n| format!("{n} @ ")).unwrap_or_default();
        // A path in a named requirement must be a URL.
        let path = if name.is_empty() { local.display().to_string() } else { format!("file://{}", local.display()) };
        Ok(format!("{name}{path}{extras}{marker}"))
    }

    /// Leaves out packages by name, whatever version or extra is asked of them.
    pub fn without(&mut self, names: &[String]) {
        self.lines.retain(|line| name_of(line).is_none_or(|name| !names.contains(&name)));
    }

    /// The names of the packages that are asked for.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.lines.iter().filter_map(|line| name_of(line))
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.starts_with("--") || line.starts_with('-'))
    }

    /// Names the content: the lines, and what is in local folders.
    pub fn hash(&self, hash: &mut Sha256) -> Result<(), BuildError> {
        let constraints = self.constraints.iter().chain(&self.locked);
        for line in self.lines.iter().chain([&"--- constraints".to_owned()]).chain(constraints) {
            hash.update(line);
            hash.update("\n");
        }
        for path in &self.local {
            hash_path(path, hash)?;
        }
        Ok(())
    }
}

/// The hashes that a line asks for, as options.
pub fn hashes_of(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace().filter(|word| word.starts_with("--hash="))
}

/// The normalised name of the package that a line asks for.
pub fn name_of(line: &str) -> Option<String> {
    let line = line.split(" #egg=").next()?.trim();
    if line.starts_with(['-', '.', '/']) || line.contains("://") && !line.contains(" @ ") {
        return line.split_once("#egg=").map(|(_, egg)| normalised(egg.split(['&', '[']).next().unwrap_or(egg)));
    }
    let end = line.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c))).unwrap_or(line.len());
    (end > 0).then(|| normalised(&line[..end]))
}

/// Lines without comments, joined where a backslash continues them.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        // A `#` begins a comment at the start of a line or after a space.
        let line = match line.find(" #").or_else(|| line.find("\t#")) {
            Some(at) => &line[..at],
            None if line.trim_start().starts_with('#') => "",
            None => line,
        };
        if let Some(head) = line.strip_suffix('\\') {
            open.push_str(head);
            continue;
        }
        open.push_str(line);
        let whole = open.split_whitespace().collect::<Vec<_>>().join(" ");
        if !whole.is_empty() {
            lines.push(whole);
        }
        open.clear();
    }
    let whole = open.trim();
    if !whole.is_empty() {
        lines.push(whole.to_owned());
    }
    lines
}

/// The value of an option that begins a line: `-r x`, `-rx`, `--requirement x`, `--requirement=x`.
fn option<'l>(line: &'l str, names: &[&str]) -> Option<&'l str> {
    names.iter().find_map(|name| {
        let rest = line.strip_prefix(name)?;
        match rest.chars().next()? {
            ' ' | '=' => Some(rest[1..].trim()),
            _ if name.len() == 2 => Some(rest.trim()),
            _ => None,
        }
    })
}

/// A file, or a folder that pip could install.
fn is_package(path: &Path) -> bool {
    path.is_file() || ["pyproject.toml", "setup.py", "setup.cfg"].iter().any(|name| path.join(name).is_file())
}

fn unquoted(path: &str) -> &str {
    path.trim_matches(['"', '\''])
}

/// The path without `.` and `..`, not asking the disk.
fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// What is in a local file or folder, without what builds leave there.
fn hash_path(path: &Path, hash: &mut Sha256) -> Result<(), BuildError> {
    let failed = |source| BuildError::Read { path: path.to_owned(), source };
    if path.is_file() {
        hash.update(fs::read(path).map_err(failed)?);
        return Ok(());
    }
    let skipped = ["__pycache__", ".git", "build", "dist", ".venv", "venv", ".rlx", "node_modules"];
    let walk = walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(|e| {
        let name = e.file_name().to_string_lossy();
        !(e.depth() > 0 && e.file_type().is_dir() && (skipped.contains(&&*name) || name.ends_with(".egg-info")))
    });
    for entry in walk {
        let entry = entry.map_err(|e| failed(e.into()))?;
        if entry.file_type().is_file() {
            hash.update(entry.path().strip_prefix(path).unwrap_or(entry.path()).to_string_lossy().as_bytes());
            let bytes =
                fs::read(entry.path()).map_err(|source| BuildError::Read { path: entry.path().to_owned(), source })?;
            hash.update(bytes.len().to_le_bytes());
            hash.update(&bytes);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn included_files_are_found_beside_the_file_that_names_them() {
        let dir = folder(&[
            ("requirements.txt", "-r deps/base.txt\n-r deps/more.txt\nidna==3.7\n"),
            ("deps/base.txt", "-r common.txt\n-c ../limits.txt\n"),
            ("deps/common.txt", "six # because\n"),
            ("deps/more.txt", "certifi\n"),
            ("limits.txt", "six<2\n"),
        ]);
        let it = Requirements::read(&dir.path().join("requirements.txt"), dir.path()).unwrap();
        assert_eq!(it.lines, ["six", "certifi", "idna==3.7"]);
        assert_eq!(it.constraints, ["six<2"]);
    }

    #[test]
    fn a_missing_include_names_both_files() {
        let dir = folder(&[("requirements.txt", "-r nowhere.txt\n")]);
        let error = Requirements::read(&dir.path().join("requirements.txt"), dir.path()).unwrap_err().to_string();
        assert!(error.contains("requirements.txt includes") && error.contains("nowhere.txt"), "{error}");
    }

    #[test]
    fn hashes_over_several_lines_are_one_requirement() {
        let dir = folder(&[("r.txt", "six==1.17.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n")]);
        let it = Requirements::read(&dir.path().join("r.txt"), dir.path()).unwrap();
        assert_eq!(it.lines, ["six==1.17.0 --hash=sha256:aa --hash=sha256:bb"]);
    }

    #[test]
    fn local_and_editable_folders_are_installed_from_where_they_are() {
        let dir = folder(&[("a/r.txt", "-e ../lib[fast]\n./x.whl\n"), ("lib/pyproject.toml", ""), ("a/x.whl", "")]);
        let it = Requirements::read(&dir.path().join("a/r.txt"), dir.path()).unwrap();
        let root = dir.path().display();
        assert_eq!(it.lines, [format!("{root}/lib[fast]"), format!("{root}/a/x.whl")]);
        assert!(it.has_source);
    }

    #[test]
    fn a_local_folder_is_looked_for_where_pip_would_be_run_and_beside_the_file() {
        let dir = folder(&[
            ("reqs/prod.txt", "-e ./lib\n./own\n."),
            ("lib/setup.py", ""),
            ("reqs/lib/notes.txt", ""),
            ("reqs/own/setup.py", ""),
            ("reqs/pyproject.toml", ""),
        ]);
        let it = Requirements::read(&dir.path().join("reqs/prod.txt"), dir.path()).unwrap();
        let root = dir.path().display();
        assert_eq!(it.lines, [format!("{root}/lib"), format!("{root}/reqs/own"), format!("{root}/reqs")]);
    }

    #[test]
    fn a_local_path_that_is_not_there_is_told_with_its_file() {
        let dir = folder(&[("r.txt", "-e ./libb\n")]);
        let error = Requirements::read(&dir.path().join("r.txt"), dir.path()).unwrap_err();
        let file = dir.path().join("r.txt");
        assert_eq!(
            error.to_string(),
            format!("`./libb` of {} names a path that is not there: `./libb`", file.display())
        );
        assert_eq!(error.hints(), [format!("paths of packages are relative to {}", dir.path().display())]);
    }

    #[test]
    fn packages_are_left_out_whatever_is_asked_of_them() {
        let text = "boto3~=1.34\nboto3-stubs\nBotocore [crt] >=1; python_version > '3'\nboto3;x\nrequests\n";
        let mut it = Requirements::parse(text, Path::new("/"), Path::new("r.txt")).unwrap();
        it.without(&["boto3".to_owned(), "botocore".to_owned()]);
        assert_eq!(it.lines, ["boto3-stubs", "requests"]);
    }

    #[test]
    fn a_change_in_a_local_folder_is_a_change() {
        let dir = folder(&[("r.txt", "./lib\n"), ("lib/m.py", "1")]);
        let key = || {
            let mut hash = Sha256::new();
            Requirements::read(&dir.path().join("r.txt"), dir.path()).unwrap().hash(&mut hash).unwrap();
            hash.finalize()
        };
        let before = key();
        assert_eq!(before, key());
        fs::write(dir.path().join("lib/m.py"), "2").unwrap();
        assert_ne!(before, key());
    }
}
