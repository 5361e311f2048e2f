//! The running emulator, as it is remembered between runs of rlx.

use super::LocalError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A running emulator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Emulator {
    /// Version of this file's form.
    pub version: u32,
    /// Process id.
    pub pid: i32,
    /// Port on 127.0.0.1.
    pub port: u16,
    /// The emulator's own version.
    pub emulator: String,
    /// Version of the interpreter that runs Python functions.
    pub python: PythonVersion,
    /// That interpreter.
    pub interpreter: PathBuf,
    /// Whether IAM policies are enforced.
    pub auth: bool,
    /// Where its output goes.
    pub log: PathBuf,
    /// When it was started.
    pub started: jiff::Timestamp,
}

impl Emulator {
    /// The endpoint of all services.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// A Python minor version, such as 3.12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PythonVersion {
    pub major: u8,
    pub minor: u8,
}

impl PythonVersion {
    /// The Lambda runtime of this version, such as `python3.12`.
    pub fn runtime(self) -> String {
        format!("python{self}")
    }

    /// The version that a Lambda runtime names; `None` where it is not a Python one.
    pub fn of_runtime(runtime: &str) -> Option<Self> {
        runtime.strip_prefix("python")?.parse().ok()
    }
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for PythonVersion {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a Python version");
        let (major, minor) = text.split_once('.').ok_or_else(bad)?;
        Ok(Self { major: major.parse().map_err(|_| bad())?, minor: minor.parse().map_err(|_| bad())? })
    }
}

impl TryFrom<String> for PythonVersion {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PythonVersion> for String {
    fn from(version: PythonVersion) -> Self {
        version.to_string()
    }
}

/// The folder of the emulator's state in the machine cache.
#[derive(Debug, Clone)]
pub(super) struct StateDir(PathBuf);

impl StateDir {
    pub(super) fn new(cache: &Path) -> Self {
        Self(cache.join("local"))
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.join("emulator.json")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.0.join("emulator.log")
    }

    /// Temporary files of the emulator and of the functions that it runs.
    pub(super) fn temp(&self) -> PathBuf {
        self.0.join("tmp")
    }

    /// Lets code in `temp` find the Node.js packages in `modules`.
    pub(super) fn link_modules(&self, modules: &Path) -> Result<(), LocalError> {
        let link = self.0.join("node_modules");
        match std::os::unix::fs::symlink(modules, &link) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(LocalError::Io { action: "link", path: link, source: error })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// Waits until no other rlx starts or stops the emulator; released when the file is dropped.
    pub(super) fn lock(&self) -> Result<File, LocalError> {
        std::fs::create_dir_all(&self.0).map_err(LocalError::io("create", &self.0))?;
        let path = self.0.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(LocalError::io("open", &path))?;
        file.lock().map_err(LocalError::io("lock", &path))?;
        Ok(file)
    }

    /// What was remembered; a file that cannot be read counts as none.
    pub(super) fn read(&self) -> Option<Emulator> {
        serde_json::from_slice(&std::fs::read(self.file()).ok()?).ok()
    }

    pub(super) fn write(&self, emulator: &Emulator) -> Result<(), LocalError> {
        let path = self.file();
        let error = |e: std::io::Error| LocalError::Io { action: "write", path: path.clone(), source: e };
        let mut file = tempfile::NamedTempFile::new_in(&self.0).map_err(error)?;
        serde_json::to_writer_pretty(&mut file, emulator).map_err(|e| error(e.into()))?;
        file.as_file().sync_all().map_err(error)?;
        file.persist(&path).map_err(|e| error(e.error))?;
        Ok(())
    }

    pub(super) fn forget(&self) {
        let _ = std::fs::remove_file(self.file());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_names_its_python_version() {
        let version = PythonVersion::of_runtime("python3.12").unwrap();
        assert_eq!((version.major, version.minor), (3, 12));
        assert_eq!(version.runtime(), "python3.12");
        assert_eq!(PythonVersion::of_runtime("nodejs22.x"), None);
        assert!(version > "3.9".parse().unwrap());
    }

    #[test]
    fn a_damaged_state_file_counts_as_no_emulator() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::new(dir.path());
        drop(state.lock().unwrap());
        std::fs::write(state.file(), "{\"version\": 1, \"pid\":").unwrap();
        assert_eq!(state.read(), None);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::new(dir.path());
        drop(state.lock().unwrap());
        let emulator = Emulator {
            version: 1,
            pid: 42,
            port: 4566,
            emulator: "1.0.0".into(),
            python: PythonVersion { major: 3, minor: 11 },
            interpreter: "/usr/bin/python3".into(),
            auth: true,
            log: "/tmp/log".into(),
            started: jiff::Timestamp::UNIX_EPOCH,
        };
        state.write(&emulator).unwrap();
        assert_eq!(state.read(), Some(emulator));
    }
}
