//! What stands in an archive before it is one: named members and where their bytes are.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Members by their name in the archive (`/` between segments), in the order of the archive.
pub type Members = BTreeMap<String, Member>;

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Where its bytes are.
    pub source: Source,
    /// Mode 755 instead of 644.
    pub executable: bool,
}

/// Where the bytes of a member are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file, and what `stat` said of it when it was found.
    File(PathBuf, Stamp),
    /// Made by a builder.
    Bytes(Vec<u8>),
}

/// What tells without reading that a file has not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since the epoch.
    pub modified: i64,
    /// Nanoseconds since the epoch; moves when the content is written even if `modified` is set back.
    pub changed: i64,
    /// The inode, so that a file put in place of another is seen.
    pub inode: u64,
}

impl Stamp {
    /// The stamp of a file.
    pub fn of(metadata: &Metadata) -> Self {
        let nanos = |seconds: i64, rest: i64| seconds.wrapping_mul(1_000_000_000).wrapping_add(rest);
        Self {
            size: metadata.len(),
            modified: nanos(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanos(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }
}

impl Member {
    /// A file with the mode that it has: executable if its owner may execute it
    /// (osls `zip-service.js`, `getFileMode`).
    pub fn file(path: PathBuf, metadata: &Metadata) -> Self {
        Self { source: Source::File(path, Stamp::of(metadata)), executable: metadata.mode() & 0o100 != 0 }
    }

    /// A file that a builder made.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self { source: Source::Bytes(bytes.into()), executable: false }
    }

    /// The same, executable.
    #[must_use]
    pub fn executable(mut self) -> Self {
        self.executable = true;
        self
    }

    /// Bytes unpacked.
    pub fn size(&self) -> u64 {
        match &self.source {
            Source::File(_, stamp) => stamp.size,
            Source::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

/// A folder in the machine cache that never changes once it is there, such as
/// installed requirements. Its key names its content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tree {
    /// Names the content: the same key, the same files.
    pub key: String,
    /// Where it is.
    pub dir: PathBuf,
    /// Where its files stand in the archive: empty, or a folder without trailing slash.
    pub mount: String,
}
