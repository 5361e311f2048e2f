//! Members → one zip file: the same bytes for the same members, whatever the machine.

use super::PackageError;
use super::cache::UNFINISHED;
use super::deflate;
use super::pack::Packed;
use super::zip::{Compressed, ZipWriter};
use crate::build::{Member, Source, Stamp};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

/// Members up to this length are read as a whole.
const SMALL: u64 = 8 << 20;
/// Bytes of small members for each core that are compressed side by side before they are written, and of all.
const BATCH: u64 = 4 << 20;
const LARGEST_BATCH: u64 = 16 << 20;

/// Where compressed members of earlier work are found.
pub trait Reuse: Sync {
    /// The compressed form of a member whose file has not changed.
    fn by_stamp(&self, name: &str, member: &Member) -> Option<Ready>;
    /// The compressed form of bytes, by their SHA-256.
    fn by_content(&self, content: &[u8; 32]) -> Option<Ready>;
}

/// What stands in an archive.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// To be compressed, unless that was done before.
    Own(&'a Member),
    /// Compressed already.
    Packed(&'a Packed),
}

/// A compressed member that stands in a file.
#[derive(Debug, Clone)]
pub struct Ready {
    pub file: std::sync::Arc<File>,
    pub offset: u64,
    pub member: Compressed,
    /// SHA-256 of the unpacked bytes.
    pub content: [u8; 32],
}

/// A member of a written archive.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    pub name: String,
    pub executable: bool,
    pub member: Compressed,
    /// Where its bytes begin in the archive.
    pub offset: u64,
    /// SHA-256 of the unpacked bytes.
    pub content: [u8; 32],
    /// What the file was when it was read; absent where it may have changed since.
    pub stamp: Option<Stamp>,
}

/// A written archive.
#[derive(Debug)]
pub struct Archive {
    pub sha256: String,
    pub size: u64,
    pub unzipped_size: u64,
    pub members: Vec<Written>,
    /// The file that was written; another rlx may have put its own in the place since.
    pub file: File,
    pub stamp: Stamp,
}

/// A compressed member on its way into the archive.
enum Form {
    Memory(deflate::Packed, [u8; 32]),
    Ready(Ready),
}

/// Writes members, in order of name, to `path`, which is replaced when all is written.
pub fn write(path: &Path, entries: &BTreeMap<&str, Entry<'_>>, known: &dyn Reuse) -> Result<Archive, PackageError> {
    let failed = |source| PackageError::Write { path: path.to_owned(), source };
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(failed)?;
    let temporary = tempfile::Builder::new().prefix(UNFINISHED).suffix(".zip").tempfile_in(dir).map_err(failed)?;
    let out = Hashed { out: BufWriter::with_capacity(1 << 20, temporary), hash: Sha256::new(), size: 0 };
    let mut writer =
        Assembly { zip: ZipWriter::new(out), written: Vec::with_capacity(entries.len()), pending: Vec::new(), path };
    let most = (BATCH * rayon::current_num_threads() as u64).min(LARGEST_BATCH);
    let mut batch: Vec<(&str, &Member)> = Vec::new();
    let mut bytes = 0;
    for (name, entry) in entries {
        match entry {
            Entry::Own(member) if member.size() <= SMALL => {
                bytes += member.size();
                batch.push((name, member));
                if bytes < most && batch.len() < 4096 {
                    continue;
                }
            }
            _ => {}
        }
        writer.batch(std::mem::take(&mut batch), known)?;
        bytes = 0;
        match entry {
            Entry::Own(member) if member.size() > SMALL => writer.large(name, member, known)?,
            Entry::Own(_) => {}
            Entry::Packed(packed) => {
                writer.write_pending()?;
                writer.copy(name, None, packed.executable, &packed.ready)?;
            }
        }
    }
    writer.batch(batch, known)?;
    writer.write_pending()?;
    let unzipped_size = writer.written.iter().map(|w| w.member.size).sum();
    let out = writer.zip.finish().map_err(failed)?;
    let temporary = out.out.into_inner().map_err(|e| failed(e.into_error()))?;
    set_mode(temporary.as_file()).map_err(failed)?;
    let file = temporary.persist(path).map_err(|e| failed(e.error))?;
    let stamp = Stamp::of(&file.metadata().map_err(failed)?);
    let sha256 = hex(&out.hash.finalize());
    Ok(Archive { sha256, size: out.size, unzipped_size, members: writer.written, file, stamp })
}

/// Temporary files are 600; an archive is as readable as what is made of the umask usually is.
fn set_mode(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

struct Assembly<'a, W> {
    zip: ZipWriter<W>,
    written: Vec<Written>,
    /// Compressed, and not written yet.
    pending: Vec<(&'a str, &'a Member, Form)>,
    path: &'a Path,
}

impl<'a, W: Write + Send> Assembly<'a, W> {
    /// Compresses members while those before are written.
    fn batch(&mut self, batch: Vec<(&'a str, &'a Member)>, known: &dyn Reuse) -> Result<(), PackageError> {
        // To ask the other threads costs more than to copy a member.
        if batch.is_empty() {
            return Ok(());
        }
        let path = self.path;
        let compress = || {
            let forms =
                batch.into_par_iter().map(|(name, member)| Ok((name, member, form(name, member, known, path)?)));
            forms.collect::<Result<Vec<_>, PackageError>>()
        };
        let (compressed, written) = rayon::join(compress, || self.write_pending());
        written?;
        self.pending = compressed?;
        Ok(())
    }

    fn write_pending(&mut self) -> Result<(), PackageError> {
        for (name, member, form) in std::mem::take(&mut self.pending) {
            match form {
                Form::Ready(ready) => self.copy(name, stamp(member), member.executable, &ready)?,
                Form::Memory(packed, content) => {
                    self.start(name, stamp(member), member.executable, packed.member, content)?;
                    self.zip.data(&packed.bytes).map_err(|e| self.failed(e))?;
                }
            }
        }
        Ok(())
    }

    /// A large member is compressed into a file of its own first, because its length stands before it.
    fn large(&mut self, name: &str, member: &Member, known: &dyn Reuse) -> Result<(), PackageError> {
        self.write_pending()?;
        if let Some(ready) = known.by_stamp(name, member) {
            return self.copy(name, stamp(member), member.executable, &ready);
        }
        if let Source::File(path, _) = &member.source {
            let content = content(path)?;
            if let Some(ready) = known.by_content(&content) {
                return self.copy(name, stamp(member), member.executable, &ready);
            }
        }
        let dir = self.path.parent().unwrap_or(Path::new("."));
        let mut spool = tempfile::tempfile_in(dir).map_err(|e| self.failed(e))?;
        let streamed = match &member.source {
            Source::Bytes(bytes) => deflate::stream(&mut bytes.as_slice(), &mut spool).map_err(|e| self.failed(e))?,
            Source::File(path, stamp) => {
                let unreadable = |source| PackageError::Read { path: path.clone(), source };
                let mut file = File::open(path).map_err(unreadable)?;
                // Errors of writing and reading are not told apart by the compressor.
                let streamed = deflate::stream(&mut file, &mut spool).map_err(|e| match e.kind() {
                    io::ErrorKind::StorageFull => self.failed(e),
                    _ => unreadable(e),
                })?;
                same(path, stamp, streamed.member.size)?;
                streamed
            }
        };
        let ready = Ready { file: spool.into(), offset: 0, member: streamed.member, content: streamed.content };
        self.copy(name, stamp(member), member.executable, &ready)
    }

    fn copy(&mut self, name: &str, stamp: Option<Stamp>, executable: bool, ready: &Ready) -> Result<(), PackageError> {
        self.start(name, stamp, executable, ready.member, ready.content)?;
        let mut left = ready.member.compressed_size;
        let mut at = ready.offset;
        let mut buffer = vec![0; left.min(1 << 20) as usize];
        while left > 0 {
            let part = &mut buffer[..left.min(1 << 20) as usize];
            read_at(&ready.file, at, part).map_err(|e| self.failed(e))?;
            self.zip.data(part).map_err(|e| self.failed(e))?;
            at += part.len() as u64;
            left -= part.len() as u64;
        }
        Ok(())
    }

    fn start(
        &mut self,
        name: &str,
        stamp: Option<Stamp>,
        executable: bool,
        member: Compressed,
        content: [u8; 32],
    ) -> Result<(), PackageError> {
        let offset = self.zip.start(name, member, executable).map_err(|e| self.failed(e))?;
        self.written.push(Written { name: name.to_owned(), executable, member, offset, content, stamp });
        Ok(())
    }

    fn failed(&self, source: io::Error) -> PackageError {
        PackageError::Write { path: self.path.to_owned(), source }
    }
}

/// The compressed form of a small member.
fn form(name: &str, member: &Member, known: &dyn Reuse, target: &Path) -> Result<Form, PackageError> {
    if let Some(ready) = known.by_stamp(name, member) {
        return Ok(Form::Ready(ready));
    }
    let bytes = read(member)?;
    let content = Sha256::digest(&bytes).into();
    if let Some(ready) = known.by_content(&content) {
        return Ok(Form::Ready(ready));
    }
    let packed = deflate::pack(&bytes).map_err(|source| PackageError::Write { path: target.to_owned(), source })?;
    Ok(Form::Memory(packed, content))
}

fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.read_exact_at(buffer, offset)
}

/// The bytes of a small member.
pub fn read(member: &Member) -> Result<Vec<u8>, PackageError> {
    match &member.source {
        Source::Bytes(bytes) => Ok(bytes.clone()),
        Source::File(path, stamp) => {
            let bytes = fs::read(path).map_err(|source| PackageError::Read { path: path.clone(), source })?;
            same(path, stamp, bytes.len() as u64)?;
            Ok(bytes)
        }
    }
}

fn same(path: &Path, stamp: &Stamp, size: u64) -> Result<(), PackageError> {
    if stamp.size == size { Ok(()) } else { Err(PackageError::ChangedMeanwhile { path: path.to_owned() }) }
}

struct Hashed<W> {
    out: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn stamp(member: &Member) -> Option<Stamp> {
    match &member.source {
        Source::File(_, stamp) => Some(*stamp),
        Source::Bytes(_) => None,
    }
}

/// SHA-256 of a file, as hexadecimal, and its length.
pub fn digest(path: &Path) -> Result<(String, u64), PackageError> {
    let size = fs::metadata(path).map_err(|source| PackageError::Read { path: path.to_owned(), source })?.len();
    Ok((hex(&content(path)?), size))
}

fn content(path: &Path) -> Result<[u8; 32], PackageError> {
    let failed = |source| PackageError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(&buffer[..count]);
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
