//! Why packaging failed.

use std::io;
use std::path::PathBuf;

/// Why packaging failed.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error(transparent)]
    Build(#[from] crate::build::BuildError),
    #[error("{path} changed while it was packaged", path = path.display())]
    ChangedMeanwhile { path: PathBuf },
    #[error("the name of {path} is not UTF-8", path = path.display())]
    NameNotUtf8 { path: PathBuf },
    #[error("no file matches the package patterns of {whose}")]
    NoFiles { whose: String },
    #[error("there is no file {path}, which `{place}` names", path = path.display())]
    NoArtifact { place: String, path: PathBuf },
    #[error("there is no {path}, which `{place}` names", path = path.display())]
    NoExternal { place: String, path: PathBuf },
    #[error("`{pattern}` is not a valid pattern")]
    Pattern { pattern: String },
    #[error("cannot read {path}", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("there is no function `{name}`")]
    UnknownFunction { name: String, near: Option<String> },
    #[error("cannot write {path}", path = path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl PackageError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Build(error) => error.hints(),
            Self::ChangedMeanwhile { .. } => vec!["run the command again when nothing writes to the service".into()],
            Self::NameNotUtf8 { .. } => {
                vec!["names in an archive are UTF-8: rename the file or leave it out with `package.patterns`".into()]
            }
            Self::NoFiles { .. } => {
                vec!["the last pattern that matches a file decides: put `!**` first and what is wanted after it".into()]
            }
            Self::NoArtifact { .. } => vec!["the path is relative to the service directory; build it first".into()],
            Self::NoExternal { .. } => vec!["the path is relative to the service directory".into()],
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                vec!["make it readable, or leave it out with a pattern such as `!path/**` in `package.patterns`".into()]
            }
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                vec![
                    "the disk is full: free some space (`rlx cache clear` empties rlx's cache) and run it again".into(),
                ]
            }
            Self::UnknownFunction { near: Some(near), .. } => vec![format!("did you mean `{near}`?")],
            _ => Vec::new(),
        }
    }

    /// What lies behind it, in the system's words.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => Some(source.to_string()),
            Self::Build(error) => error.cause(),
            _ => None,
        }
    }
}
