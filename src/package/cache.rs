//! The machine cache as a whole: what it holds, clearing it, keeping it within bounds.

use serde::Serialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A part of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Compressed members of archives
    Members,
    /// Installed requirements
    Wheels,
    /// Built and stripped binaries
    Binaries,
    /// Tools that were installed: uv, esbuild, zig, the emulator
    Tools,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 4] = [Self::Members, Self::Wheels, Self::Binaries, Self::Tools];

    /// Its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Wheels => "wheels",
            Self::Binaries => "binaries",
            Self::Tools => "tools",
        }
    }
}

/// What a part holds.
#[derive(Debug, Clone, Serialize)]
pub struct Usage {
    pub part: Part,
    pub path: PathBuf,
    /// Entries directly in it.
    pub entries: usize,
    /// Bytes of its files.
    pub size: u64,
}

/// What the cache holds.
pub fn usage(cache_dir: &Path) -> Vec<Usage> {
    let of = |part: Part| {
        let path = cache_dir.join(part.name());
        let entries = fs::read_dir(&path).map_or(0, |entries| entries.count());
        Usage { part, size: size(&path), path, entries }
    };
    Part::ALL.into_iter().map(of).collect()
}

/// Empties parts of the cache; gives the bytes that were in them.
pub fn clear(cache_dir: &Path, parts: &[Part]) -> io::Result<u64> {
    let mut freed = 0;
    for part in parts {
        let path = cache_dir.join(part.name());
        freed += size(&path);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(freed)
}

/// Parts that grow with use.
const BOUNDED: [Part; 3] = [Part::Members, Part::Wheels, Part::Binaries];
/// Entries that were used so recently may be in use by another rlx.
const IN_USE: Duration = Duration::from_secs(3600);
/// How often the cache is looked at.
const INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// Bytes that the cache may hold.
pub const LIMIT: u64 = 8 << 30;

/// Takes out what was not used for longest until the cache is within its limit; once a day.
/// Problems are no reason to fail: the next time will do.
pub fn keep_bounded(cache_dir: &Path, limit: u64, now: SystemTime) {
    let mark = cache_dir.join("last-clean-up");
    // A time ahead of the clock (file systems and clocks tick apart) counts as now.
    let age = |path: &Path| {
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
        Some(now.duration_since(modified).unwrap_or_default())
    };
    if age(&mark).is_some_and(|age| age < INTERVAL)
        || fs::create_dir_all(cache_dir).and_then(|()| fs::write(&mark, "")).is_err()
    {
        return;
    }
    let mut entries: Vec<(Duration, u64, PathBuf)> = Vec::new();
    for part in BOUNDED {
        for entry in fs::read_dir(cache_dir.join(part.name())).into_iter().flatten().flatten() {
            let path = entry.path();
            entries.push((age(&path).unwrap_or_default(), size(&path), path));
        }
    }
    let mut total: u64 = entries.iter().map(|(_, size, _)| size).sum();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.0));
    for (age, size, path) in entries {
        if total <= limit || age < IN_USE {
            break;
        }
        let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if gone.is_ok() {
            total -= size;
        }
    }
}

fn size(path: &Path) -> u64 {
    let files = walkdir::WalkDir::new(path).into_iter().flatten().filter(|e| e.file_type().is_file());
    files.filter_map(|e| e.metadata().ok()).map(|m| m.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_go_first_and_recent_ones_stay() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        fs::create_dir_all(dir.path().join("members")).unwrap();
        for (name, hours) in [("old", 50), ("older", 90), ("new", 0)] {
            let path = dir.path().join("members").join(name);
            fs::write(&path, [0; 1000]).unwrap();
            let file = fs::File::options().append(true).open(&path).unwrap();
            file.set_modified(now - Duration::from_secs(hours * 3600)).unwrap();
        }
        keep_bounded(dir.path(), 2500, now);
        let left = |name: &str| dir.path().join("members").join(name).exists();
        assert_eq!((left("older"), left("old"), left("new")), (false, true, true));
        // Not again on the same day.
        keep_bounded(dir.path(), 0, now);
        assert!(left("old"));
        fs::remove_file(dir.path().join("last-clean-up")).unwrap();
        keep_bounded(dir.path(), 0, now);
        assert_eq!((left("old"), left("new")), (false, true));
    }

    #[test]
    fn clearing_tells_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("wheels/a")).unwrap();
        fs::write(dir.path().join("wheels/a/x"), [0; 10]).unwrap();
        assert_eq!(usage(dir.path())[1].size, 10);
        assert_eq!(clear(dir.path(), &Part::ALL).unwrap(), 10);
        assert_eq!(usage(dir.path())[1].entries, 0);
    }
}
