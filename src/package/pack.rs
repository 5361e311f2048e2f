//! Compressed members that are kept: of folders in the machine cache, and of the archives that
//! were written last, so that what has not changed is never compressed again.
//!
//! A pack is a zip file with an index beside it, in two files of which the first is small. All are
//! written under temporary names and renamed, the zip file first, and both files of the index say
//! which zip file they are of: neither `kill -9` nor two rlx at once leave anything that is
//! believed and wrong.

use super::PackageError;
use super::archive::{self, Archive, Entry, Ready, Reuse, Written};
use super::cache;
use crate::build::{Member, Members, Source, Stamp, Tree};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Changes when the same members give other bytes.
const FORMAT: u32 = 3;
/// A file that was written so shortly before it was read may be written again within the same
/// tick of the file system's clock.
const TICK: i64 = 20_000_000;
/// Packs whose members are taken over into a new one.
const RECENT: usize = 4;

/// What is known of a written archive without reading its members.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    format: u32,
    /// The zip file when it was written.
    stamp: Stamp,
    pub sha256: String,
    pub size: u64,
    pub unzipped_size: u64,
    /// Names all that went in; absent where a file may have changed since.
    fingerprint: Option<String>,
}

/// The members of a written archive.
#[derive(Debug, Serialize, Deserialize)]
struct Index<M> {
    stamp: Stamp,
    members: M,
}

/// A zip file with its index.
#[derive(Debug)]
pub struct Pack {
    file: Arc<File>,
    pub path: PathBuf,
    members: Vec<Written>,
}

impl Pack {
    /// The pack of a folder in the machine cache; made if it is not there.
    pub fn of_tree(tree: &Tree, cache_dir: &Path) -> Result<Self, PackageError> {
        let path = cache_dir.join("members").join(format!("{}.zip", tree.key));
        if let Some(pack) = Self::open(&path, &path) {
            // Not the zip file itself, whose times are part of its stamp.
            cache::touch(&head_file(&path));
            return Ok(pack);
        }
        let archive = compress(&tree.dir, &path, &Known::of_packs(cache_dir))?;
        save(&path, &archive, None)?;
        Ok(Self { file: Arc::new(archive.file), path, members: archive.members })
    }

    /// The pack at `path` whose index is beside `index`, if both are whole.
    fn open(path: &Path, index: &Path) -> Option<Self> {
        let head = head(index)?;
        let file = File::open(path).ok()?;
        let found: Index<Vec<Written>> = serde_json::from_slice(&fs::read(members_file(index)).ok()?).ok()?;
        let stamp = Stamp::of(&file.metadata().ok()?);
        let whole = stamp == head.stamp && stamp == found.stamp;
        whole.then(|| Self { file: Arc::new(file), path: path.to_owned(), members: found.members })
    }

    /// Its members, named under a folder.
    pub fn entries(&self, mount: &str) -> impl Iterator<Item = (String, Packed)> + '_ {
        let prefix = if mount.is_empty() { String::new() } else { format!("{mount}/") };
        self.members.iter().map(move |written| {
            let packed = Packed { ready: self.ready(written), executable: written.executable };
            (format!("{prefix}{}", written.name), packed)
        })
    }

    fn ready(&self, written: &Written) -> Ready {
        Ready { file: self.file.clone(), offset: written.offset, member: written.member, content: written.content }
    }
}

/// A folder that was compressed before it was certain that it stays; gone unless it is kept.
pub struct Prepared {
    archive: Archive,
    path: tempfile::TempPath,
}

impl Prepared {
    /// Compresses a folder.
    pub fn new(dir: &Path, cache_dir: &Path) -> Result<Self, PackageError> {
        let packs = cache_dir.join("members");
        let failed = |source| PackageError::Write { path: packs.clone(), source };
        fs::create_dir_all(&packs).map_err(failed)?;
        let name = tempfile::Builder::new().prefix(cache::UNFINISHED).suffix(".zip").tempfile_in(&packs);
        let path = name.map_err(failed)?.into_temp_path();
        Ok(Self { archive: compress(dir, &path, &Known::of_packs(cache_dir))?, path })
    }

    /// Makes it the pack of a folder.
    pub fn keep(mut self, tree: &Tree, cache_dir: &Path) -> Result<Pack, PackageError> {
        let path = cache_dir.join("members").join(format!("{}.zip", tree.key));
        let failed = |source| PackageError::Write { path: path.clone(), source };
        self.path.persist(&path).map_err(|e| failed(e.error))?;
        // A new name is a change of the file.
        self.archive.stamp = Stamp::of(&self.archive.file.metadata().map_err(failed)?);
        save(&path, &self.archive, None)?;
        Ok(Pack { file: Arc::new(self.archive.file), path, members: self.archive.members })
    }
}

/// Compresses a folder into the zip file `path`.
fn compress(dir: &Path, path: &Path, known: &Known) -> Result<Archive, PackageError> {
    let members = members_of(dir)?;
    let entries = members.iter().map(|(name, member)| (name.as_str(), Entry::Own(member))).collect();
    archive::write(path, &entries, known)
}

/// A member of a pack.
#[derive(Debug, Clone)]
pub struct Packed {
    pub ready: Ready,
    pub executable: bool,
}

/// All files of a folder.
pub fn members_of(dir: &Path) -> Result<Members, PackageError> {
    let walk = super::walk::Walk { root: dir, enter: &|_, _| true };
    Ok(walk.run(dir, "")?.into_iter().map(|found| (found.name, found.member)).collect())
}

/// What was written to a place before.
pub struct Previous {
    index: PathBuf,
    path: PathBuf,
    head: Option<Head>,
    started: i64,
}

impl Previous {
    /// What was written to `path`, as far as the cache knows.
    pub fn at(path: &Path, cache_dir: &Path) -> Self {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let name = archive::hex(&Sha256::digest(whole.as_os_str().as_encoded_bytes())[..16]);
        let index = cache_dir.join("members/archives").join(format!("{name}.zip"));
        let head = head(&index);
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as i64);
        Self { index, path: path.to_owned(), head, started }
    }

    /// The archive of these members and folders, if it is there as it was written.
    pub fn unchanged(&self, fingerprint: &str) -> Option<&Head> {
        let head = self.head.as_ref()?;
        let same = head.fingerprint.as_deref() == Some(fingerprint)
            && fs::metadata(&self.path).is_ok_and(|m| Stamp::of(&m) == head.stamp);
        same.then_some(head)
    }

    /// Its members, to take from.
    pub fn open(&self) -> Known {
        let Some(pack) = Pack::open(&self.path, &self.index) else { return Known::default() };
        let mut known = Known::default();
        for written in &pack.members {
            let ready = pack.ready(written);
            known.contents.insert(written.content, ready.clone());
            if let Some(stamp) = written.stamp {
                known.names.insert(written.name.clone(), (stamp, ready));
            }
        }
        known
    }

    /// Keeps what was written. `own` are the names of the members that are no pack's.
    pub fn save(&self, mut archive: Archive, own: &Members, fingerprint: String) -> Result<(), PackageError> {
        archive.members.retain(|written| own.contains_key(&written.name));
        let mut sure = true;
        for written in &mut archive.members {
            if written.stamp.is_some_and(|s| s.modified.max(s.changed) > self.started - TICK) {
                written.stamp = None;
                sure = false;
            }
        }
        save(&self.index, &archive, sure.then_some(fingerprint))
    }
}

/// Members of earlier archives.
#[derive(Debug, Default)]
pub struct Known {
    names: HashMap<String, (Stamp, Ready)>,
    contents: HashMap<[u8; 32], Ready>,
}

impl Known {
    /// What stands in the packs that were used last: requirements of which one has changed are mostly the same files.
    fn of_packs(cache_dir: &Path) -> Self {
        let heads = fs::read_dir(cache_dir.join("members")).into_iter().flatten().flatten().map(|entry| entry.path());
        let used = |head: PathBuf| {
            let name = head.file_name()?.to_str()?;
            let is_head = name.ends_with(".json") && !name.ends_with(".members.json");
            Some((fs::metadata(&head).ok()?.modified().ok()?, head)).filter(|_| is_head)
        };
        let mut heads: Vec<(SystemTime, PathBuf)> = heads.filter_map(used).collect();
        heads.sort();
        let mut known = Self::default();
        for (_, head) in heads.iter().rev().take(RECENT) {
            let path = head.with_extension("zip");
            let Some(pack) = Pack::open(&path, &path) else { continue };
            for written in &pack.members {
                known.contents.entry(written.content).or_insert_with(|| pack.ready(written));
            }
        }
        known
    }
}

impl Reuse for Known {
    fn by_stamp(&self, name: &str, member: &Member) -> Option<Ready> {
        let Source::File(_, stamp) = &member.source else { return None };
        self.names.get(name).filter(|(known, _)| known == stamp).map(|(_, ready)| ready.clone())
    }

    fn by_content(&self, content: &[u8; 32]) -> Option<Ready> {
        self.contents.get(content).cloned()
    }
}

/// Names what goes into an archive, by stamps of files and keys of folders.
pub fn fingerprint(members: &Members, trees: &[Tree]) -> String {
    let mut hash = Sha256::new();
    hash.update(FORMAT.to_le_bytes());
    for (name, member) in members {
        hash.update(name);
        hash.update([0, u8::from(member.executable)]);
        match &member.source {
            Source::File(path, stamp) => {
                hash.update(path.as_os_str().as_encoded_bytes());
                for number in [stamp.size as i64, stamp.modified, stamp.changed, stamp.inode as i64] {
                    hash.update(number.to_le_bytes());
                }
            }
            Source::Bytes(bytes) => hash.update(Sha256::digest(bytes)),
        }
    }
    for tree in trees {
        hash.update(&tree.key);
        hash.update([0]);
        hash.update(&tree.mount);
        hash.update([0]);
    }
    archive::hex(&hash.finalize())
}

/// All entries of an archive; files of the service go before those of folders.
pub fn entries<'a>(members: &'a Members, packed: &'a BTreeMap<String, Packed>) -> BTreeMap<&'a str, Entry<'a>> {
    let mut entries: BTreeMap<&str, Entry<'a>> =
        packed.iter().map(|(name, packed)| (name.as_str(), Entry::Packed(packed))).collect();
    entries.extend(members.iter().map(|(name, member)| (name.as_str(), Entry::Own(member))));
    entries
}

fn head(index: &Path) -> Option<Head> {
    let head: Head = serde_json::from_slice(&fs::read(head_file(index)).ok()?).ok()?;
    (head.format == FORMAT).then_some(head)
}

fn save(index: &Path, archive: &Archive, fingerprint: Option<String>) -> Result<(), PackageError> {
    let failed = |source| PackageError::Write { path: index.to_owned(), source };
    let head = Head {
        format: FORMAT,
        stamp: archive.stamp,
        sha256: archive.sha256.clone(),
        size: archive.size,
        unzipped_size: archive.unzipped_size,
        fingerprint,
    };
    let found = Index { stamp: archive.stamp, members: &archive.members };
    let members = serde_json::to_vec(&found).map_err(|e| failed(e.into()))?;
    let head = serde_json::to_vec(&head).map_err(|e| failed(e.into()))?;
    put(&members_file(index), &members).and_then(|()| put(&head_file(index), &head)).map_err(failed)
}

fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(dir)?;
    let mut temporary = tempfile::NamedTempFile::new_in(dir)?;
    std::io::Write::write_all(&mut temporary, bytes)?;
    temporary.persist(path).map(|_| ()).map_err(|e| e.error)
}

fn head_file(index: &Path) -> PathBuf {
    index.with_extension("json")
}

fn members_file(index: &Path) -> PathBuf {
    index.with_extension("members.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(root: &Path, key: &str, files: &[(&str, &str)]) -> Tree {
        let dir = root.join(key);
        fs::create_dir(&dir).unwrap();
        for (name, text) in files {
            fs::write(dir.join(name), text.repeat(1000)).unwrap();
        }
        Tree { key: key.to_owned(), dir, mount: String::new() }
    }

    #[test]
    fn what_an_earlier_pack_holds_is_not_compressed_again() {
        let root = tempfile::tempdir().unwrap();
        let (cache, empty) = (root.path().join("cache"), root.path().join("empty"));
        let first = tree(root.path(), "first", &[("a", "shared"), ("b", "old")]);
        let second = tree(root.path(), "second", &[("other", "shared"), ("b", "new")]);
        Pack::of_tree(&first, &cache).unwrap();
        let known = Known::of_packs(&cache);
        let content = |text: &str| Sha256::digest(text.repeat(1000)).into();
        assert!(known.by_content(&content("shared")).is_some() && known.by_content(&content("new")).is_none());
        let (with, without) = (Pack::of_tree(&second, &cache).unwrap(), Pack::of_tree(&second, &empty).unwrap());
        assert_eq!(fs::read(with.path).unwrap(), fs::read(without.path).unwrap());
    }

    #[test]
    fn a_prepared_pack_is_found_only_once_it_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let tree = tree(root.path(), "tree", &[("a", "text")]);
        let packs = || fs::read_dir(root.path().join("members")).unwrap().count();
        drop(Prepared::new(&tree.dir, root.path()).unwrap());
        assert_eq!(packs(), 0);
        let kept = Prepared::new(&tree.dir, root.path()).unwrap().keep(&tree, root.path()).unwrap();
        let found = Pack::open(&kept.path, &kept.path).expect("it is whole");
        assert_eq!(found.members.len(), 1);
    }
}
