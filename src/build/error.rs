//! Why a function could not be built.

use std::io;
use std::path::PathBuf;

/// Why a function could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("{what} failed")]
    Failed {
        /// The program and what it was to do.
        what: String,
        /// The end of what it said.
        output: String,
        hints: Vec<String>,
    },
    #[error("{message}")]
    Refused { message: String, hints: Vec<String> },
    #[error("cannot read {path}", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}", path = path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot run {program}")]
    Run { program: String, source: io::Error },
}

impl BuildError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Failed { hints, .. } | Self::Refused { hints, .. } => hints.clone(),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                vec![
                    "the disk is full: free some space (`rlx cache clear` empties rlx's cache) and run it again".into(),
                ]
            }
            _ => Vec::new(),
        }
    }

    /// What lies behind it, in the words of the system or the program.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Failed { output, .. } => Some(output.trim_end().to_owned()).filter(|o| !o.is_empty()),
            Self::Refused { .. } => None,
            Self::Read { source, .. } | Self::Write { source, .. } | Self::Run { source, .. } => {
                Some(source.to_string())
            }
        }
    }
}
