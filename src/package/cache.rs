//! The machine cache as a whole: what it holds, clearing it, keeping it within bounds.

use crate::build::UNFINISHED as FOLDER;
use serde::Serialize;
use std::collections::BTreeMap;
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
        let entries = fs::read_dir(&path).into_iter().flatten().flatten().filter(|entry| !is_unfinished(entry)).count();
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
/// How the names of archives begin that are being written.
pub const UNFINISHED: &str = ".rlx-";
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
    let mut entries: BTreeMap<PathBuf, Entry> = BTreeMap::new();
    for part in BOUNDED {
        remove_unfinished(&cache_dir.join(part.name()), now);
        for found in fs::read_dir(cache_dir.join(part.name())).into_iter().flatten().flatten() {
            let path = found.path();
            let entry = entries.entry(stem(&path)).or_default();
            let age = age(&path).unwrap_or_default();
            entry.age = Some(entry.age.map_or(age, |known| known.min(age)));
            entry.size += size(&path);
            entry.paths.push(path);
        }
    }
    let mut total: u64 = entries.values().map(|entry| entry.size).sum();
    let mut entries: Vec<Entry> = entries.into_values().collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.age));
    for entry in entries {
        if total <= limit || entry.age.is_none_or(|age| age < IN_USE) {
            break;
        }
        let remove = |path: &PathBuf| if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        if entry.paths.iter().map(remove).filter(Result::is_ok).count() == entry.paths.len() {
            total -= entry.size;
        }
    }
}

/// What is used and taken out together: a pack with its index, an installed folder.
#[derive(Debug, Default)]
struct Entry {
    /// Since the last use of any of its files.
    age: Option<Duration>,
    size: u64,
    paths: Vec<PathBuf>,
}

/// The path without what tells the files of an entry apart.
fn stem(path: &Path) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match name.find('.').filter(|at| *at > 0) {
        Some(at) => path.with_file_name(&name[..at]),
        None => path.to_owned(),
    }
}

/// Marks an entry as used now.
pub fn touch(path: &Path) {
    if let Ok(file) = fs::File::open(path) {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Takes out unfinished archives and folders that an rlx left in a folder when it was ended.
pub fn remove_unfinished(dir: &Path, now: SystemTime) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten().filter(is_unfinished) {
        let Ok(metadata) = entry.metadata() else { continue };
        let old = metadata.modified().is_ok_and(|time| now.duration_since(time).is_ok_and(|age| age > IN_USE));
        if old {
            let _ = if metadata.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        }
    }
}

fn is_unfinished(entry: &fs::DirEntry) -> bool {
    entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED) || name.starts_with(FOLDER))
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
    fn files_of_an_entry_go_or_stay_together() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        fs::create_dir_all(dir.path().join("members")).unwrap();
        let path = |name: &str| dir.path().join("members").join(name);
        for (name, hours) in [("used.zip", 90), ("used.json", 2), ("left.zip", 50), ("left.json", 50)] {
            fs::write(path(name), [0; 1000]).unwrap();
            fs::File::open(path(name)).unwrap().set_modified(now - Duration::from_secs(hours * 3600)).unwrap();
        }
        keep_bounded(dir.path(), 2500, now);
        let there = ["used.zip", "used.json", "left.zip", "left.json"].map(|name| path(name).exists());
        assert_eq!(there, [true, true, false, false]);
    }

    #[test]
    fn unfinished_archives_and_folders_go_when_nobody_can_be_writing_them() {
        let dir = tempfile::tempdir().unwrap();
        let wheels = dir.path().join("wheels");
        fs::create_dir_all(wheels.join(".new-abc/it")).unwrap();
        fs::create_dir_all(wheels.join("0a1b")).unwrap();
        assert_eq!(usage(dir.path())[1].entries, 1);
        keep_bounded(dir.path(), LIMIT, SystemTime::now() + 2 * IN_USE);
        assert!(!wheels.join(".new-abc").exists() && wheels.join("0a1b").exists());
        for name in [".rlx-abc.zip", "it.zip"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        remove_unfinished(dir.path(), SystemTime::now());
        assert!(dir.path().join(".rlx-abc.zip").exists());
        remove_unfinished(dir.path(), SystemTime::now() + 2 * IN_USE);
        assert!(!dir.path().join(".rlx-abc.zip").exists());
        assert!(dir.path().join("it.zip").exists());
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
