//! Runs other programs and keeps what they say.

use super::BuildError;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A program with its arguments, the environment of the command, and no terminal.
#[derive(Debug)]
pub struct Program {
    command: Command,
    name: String,
    input: Option<String>,
}

/// What a program answered.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Program {
    /// A program by name or path.
    pub fn new(program: impl AsRef<OsStr>, env: &BTreeMap<String, String>) -> Self {
        let mut command = Command::new(program.as_ref());
        command.env_clear().envs(env).stdin(Stdio::null());
        let name = Path::new(program.as_ref()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { command, name, input: None }
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// What it reads from stdin; less than a pipe holds.
    pub fn input(mut self, text: &str) -> Self {
        self.command.stdin(Stdio::piped());
        self.input = Some(text.to_owned());
        self
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Result<Answer, BuildError> {
        let output = self.output().map_err(|source| BuildError::Run { program: self.name.clone(), source })?;
        Ok(Answer::of(&output))
    }

    /// Starts it, to be waited for later.
    pub fn start(mut self) -> Result<Running, BuildError> {
        let started = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = started.map_err(|source| BuildError::Run { program: self.name.clone(), source })?;
        Ok(Running { child: Some(child), name: self.name })
    }

    fn output(&mut self) -> io::Result<Output> {
        let Some(input) = &self.input else { return self.command.output() };
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that ends without reading says why itself.
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output()
    }
}

/// A program that was started. It is ended if nobody waits for it.
#[derive(Debug)]
pub struct Running {
    child: Option<Child>,
    name: String,
}

impl Running {
    /// Waits for its end.
    pub fn wait(mut self) -> Result<Answer, BuildError> {
        let output = self.child.take().map(Child::wait_with_output).transpose();
        let output = output.map_err(|source| BuildError::Run { program: self.name.clone(), source })?;
        Ok(output.as_ref().map(Answer::of).unwrap_or_default())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // One that has ended already is what is wanted.
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

impl Answer {
    fn of(output: &Output) -> Self {
        Self {
            ok: output.status.success(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The last lines of what it said, without secrets in URLs.
    pub fn tail(&self, lines: usize) -> String {
        let text = if self.err.trim().is_empty() { &self.out } else { &self.err };
        let all: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
        without_passwords(&all[all.len().saturating_sub(lines)..].join("\n"))
    }
}

/// `https://user:secret@host` → `https://host`.
pub fn without_passwords(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail.find(|c: char| c.is_whitespace() || "/'\"`)".contains(c)).unwrap_or(tail.len());
        rest = match tail[..end].rfind('@') {
            Some(at) => &tail[at + 1..],
            None => tail,
        };
    }
    out + rest
}

/// A program on the command's own `PATH`.
pub fn find(name: &str, env: &BTreeMap<String, String>) -> Option<PathBuf> {
    which::which_in(name, env.get("PATH"), Path::new("/")).ok()
}

/// How the names of folders begin that are being made.
pub const UNFINISHED: &str = ".new-";

/// Makes a folder under a temporary name and puts it in place when it is whole, so that neither
/// `kill -9` nor a second rlx leaves half a folder. If another was faster, its folder stays.
pub fn make_folder<T>(
    target: &Path,
    make: impl FnOnce(&Path) -> Result<T, BuildError>,
) -> Result<Option<T>, BuildError> {
    let parent = target.parent().unwrap_or(Path::new("/"));
    let failed = |source: io::Error| BuildError::Write { path: target.to_owned(), source };
    std::fs::create_dir_all(parent).map_err(failed)?;
    let temporary = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(parent).map_err(failed)?;
    let inner = temporary.path().join("it");
    std::fs::create_dir(&inner).map_err(failed)?;
    let made = make(&inner)?;
    match std::fs::rename(&inner, target) {
        Ok(()) => Ok(Some(made)),
        Err(_) if target.is_dir() => Ok(None),
        Err(source) => Err(failed(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_not_shown() {
        let text = "fetch https://me:s3cret@pypi.example/simple/ and https://b.example/@x failed";
        assert_eq!(without_passwords(text), "fetch https://pypi.example/simple/ and https://b.example/@x failed");
    }

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a/b");
        let refused = || BuildError::Refused { message: "no".into(), hints: Vec::new() };
        assert!(make_folder(&target, |_| Err::<(), _>(refused())).is_err());
        assert!(!target.exists());
        assert!(
            make_folder(&target, |at| {
                std::fs::write(at.join("x"), "1").unwrap();
                Ok(())
            })
            .unwrap()
            .is_some()
        );
        assert!(make_folder(&target, |_| Ok(())).unwrap().is_none());
        assert!(target.join("x").exists());
    }
}
