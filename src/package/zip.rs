//! Writes zip files from members that are compressed already (PKWARE APPNOTE 6.3.9).
//!
//! Written here because rlx puts compressed members of earlier archives into new ones, which the
//! zip crate does only from whole archives; every byte that could differ between machines
//! (times, modes, versions, order) is fixed.

use std::io::{self, Write};

/// How the bytes of a member are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// As they are.
    Stored,
    /// Raw deflate.
    Deflated,
}

/// What an archive says of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compressed {
    pub method: Method,
    /// CRC-32 of the unpacked bytes.
    pub crc: u32,
    /// Bytes in the archive.
    pub compressed_size: u64,
    /// Bytes unpacked.
    pub size: u64,
}

/// 1980-01-01 00:00, the earliest that the format knows.
const DATE: u16 = (1 << 5) | 1;
const TIME: u16 = 0;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
const MAX32: u64 = u32::MAX as u64;

struct Record {
    name: String,
    member: Compressed,
    executable: bool,
    offset: u64,
}

/// A zip file in the making.
pub struct ZipWriter<W> {
    out: W,
    position: u64,
    records: Vec<Record>,
}

impl<W: Write> ZipWriter<W> {
    /// Starts an archive.
    pub fn new(out: W) -> Self {
        Self { out, position: 0, records: Vec::new() }
    }

    /// Starts a member; exactly `member.compressed_size` bytes must be written to [`Self::data`] next.
    /// Gives the position of those bytes in the archive.
    pub fn start(&mut self, name: &str, member: Compressed, executable: bool) -> io::Result<u64> {
        let large = member.size >= MAX32 || member.compressed_size >= MAX32;
        let mut header = Vec::with_capacity(30 + name.len() + 20);
        put32(&mut header, 0x0403_4b50);
        put16(&mut header, version(large));
        put16(&mut header, FLAGS);
        put16(&mut header, method(member.method));
        put16(&mut header, TIME);
        put16(&mut header, DATE);
        put32(&mut header, member.crc);
        put32(&mut header, if large { u32::MAX } else { clip(member.compressed_size) });
        put32(&mut header, if large { u32::MAX } else { clip(member.size) });
        put16(&mut header, name_length(name)?);
        put16(&mut header, if large { 20 } else { 0 });
        header.extend_from_slice(name.as_bytes());
        if large {
            put16(&mut header, 1);
            put16(&mut header, 16);
            put64(&mut header, member.size);
            put64(&mut header, member.compressed_size);
        }
        let offset = self.position;
        self.data(&header)?;
        self.records.push(Record { name: name.to_owned(), member, executable, offset });
        Ok(self.position)
    }

    /// Writes bytes of the member that was started last.
    pub fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Writes the central directory.
    pub fn finish(mut self) -> io::Result<W> {
        let start = self.position;
        let records = std::mem::take(&mut self.records);
        for record in &records {
            self.central(record)?;
        }
        let size = self.position - start;
        let count = records.len() as u64;
        let mut end = Vec::new();
        if count >= u64::from(u16::MAX) || start >= MAX32 || size >= MAX32 {
            let at = self.position;
            put32(&mut end, 0x0606_4b50);
            put64(&mut end, 44);
            put16(&mut end, made_by());
            put16(&mut end, version(true));
            put32(&mut end, 0);
            put32(&mut end, 0);
            put64(&mut end, count);
            put64(&mut end, count);
            put64(&mut end, size);
            put64(&mut end, start);
            put32(&mut end, 0x0706_4b50);
            put32(&mut end, 0);
            put64(&mut end, at);
            put32(&mut end, 1);
        }
        put32(&mut end, 0x0605_4b50);
        put16(&mut end, 0);
        put16(&mut end, 0);
        let count16 = u16::try_from(count).unwrap_or(u16::MAX);
        put16(&mut end, count16);
        put16(&mut end, count16);
        put32(&mut end, clip(size));
        put32(&mut end, clip(start));
        put16(&mut end, 0);
        self.data(&end)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn central(&mut self, record: &Record) -> io::Result<()> {
        let Record { name, member, executable, offset } = record;
        let mut extra = Vec::new();
        let mut wide = |value: u64, forced: bool| {
            if forced || value >= MAX32 {
                put64(&mut extra, value);
                u32::MAX
            } else {
                clip(value)
            }
        };
        let large = member.size >= MAX32 || member.compressed_size >= MAX32;
        let size = wide(member.size, large);
        let compressed = wide(member.compressed_size, large);
        let offset = wide(*offset, false);
        let mut header = Vec::with_capacity(46 + name.len() + extra.len() + 4);
        put32(&mut header, 0x0201_4b50);
        put16(&mut header, made_by());
        put16(&mut header, version(!extra.is_empty()));
        put16(&mut header, FLAGS);
        put16(&mut header, method(member.method));
        put16(&mut header, TIME);
        put16(&mut header, DATE);
        put32(&mut header, member.crc);
        put32(&mut header, compressed);
        put32(&mut header, size);
        put16(&mut header, name_length(name)?);
        put16(&mut header, if extra.is_empty() { 0 } else { extra.len() as u16 + 4 });
        put16(&mut header, 0);
        put16(&mut header, 0);
        put16(&mut header, 0);
        let mode: u32 = if *executable { 0o100_755 } else { 0o100_644 };
        put32(&mut header, mode << 16);
        put32(&mut header, offset);
        header.extend_from_slice(name.as_bytes());
        if !extra.is_empty() {
            put16(&mut header, 1);
            put16(&mut header, extra.len() as u16);
            header.extend_from_slice(&extra);
        }
        self.data(&header)
    }
}

/// Unix, version 6.3 of the format.
fn made_by() -> u16 {
    (3 << 8) | 63
}

fn version(zip64: bool) -> u16 {
    if zip64 { 45 } else { 20 }
}

fn method(method: Method) -> u16 {
    match method {
        Method::Stored => 0,
        Method::Deflated => 8,
    }
}

fn name_length(name: &str) -> io::Result<u16> {
    u16::try_from(name.len()).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a file name is over 64 KiB"))
}

/// The value, or the marker that it stands in the zip64 record.
fn clip(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};

    fn stored(bytes: &[u8]) -> Compressed {
        let size = bytes.len() as u64;
        Compressed { method: Method::Stored, crc: crc32fast::hash(bytes), compressed_size: size, size }
    }

    #[test]
    fn what_is_written_is_read_back_by_another_implementation() {
        let mut zip = ZipWriter::new(Vec::new());
        for (name, text, executable) in [("a.txt", "one", false), ("dir/🦀 b", "two", true)] {
            zip.start(name, stored(text.as_bytes()), executable).unwrap();
            zip.data(text.as_bytes()).unwrap();
        }
        let bytes = zip.finish().unwrap();
        let mut read = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut member = read.by_name("dir/🦀 b").unwrap();
        assert_eq!(member.unix_mode(), Some(0o100_755));
        let mut text = String::new();
        member.read_to_string(&mut text).unwrap();
        assert_eq!(text, "two");
        drop(member);
        assert_eq!(read.by_name("a.txt").unwrap().unix_mode(), Some(0o100_644));
    }

    #[test]
    fn more_members_than_16_bits_count_are_read_back() {
        let mut zip = ZipWriter::new(Vec::new());
        for i in 0..70_000 {
            zip.start(&i.to_string(), stored(b""), false).unwrap();
        }
        let read = zip::ZipArchive::new(Cursor::new(zip.finish().unwrap())).unwrap();
        assert_eq!(read.len(), 70_000);
    }

    #[test]
    fn a_member_over_4_gib_is_read_back() {
        // One block of zeros, compressed once and repeated, is a member that takes no space to test.
        let zeros = vec![0; crate::package::deflate::BLOCK];
        let count = 4097;
        let block = deflated_with_flush(&zeros);
        let mut crc = crc32fast::Hasher::new();
        let mut bytes = Vec::new();
        for _ in 0..count {
            crc.update(&zeros);
            bytes.extend_from_slice(&block);
        }
        bytes.extend_from_slice(&[3, 0]);
        let size = zeros.len() as u64 * count;
        let compressed_size = bytes.len() as u64;
        let member = Compressed { method: Method::Deflated, crc: crc.finalize(), compressed_size, size };
        let mut zip = ZipWriter::new(Vec::new());
        zip.start("large", member, false).unwrap();
        zip.data(&bytes).unwrap();
        zip.start("small", stored(b"x"), false).unwrap();
        zip.data(b"x").unwrap();
        let mut read = zip::ZipArchive::new(Cursor::new(zip.finish().unwrap())).unwrap();
        assert_eq!(read.by_name("large").unwrap().size(), size);
        let mut text = String::new();
        read.by_name("small").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
    }

    /// A file that leaves holes where whole mebibytes are written.
    struct WithHoles(std::fs::File);

    impl Write for WithHoles {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match bytes.len() {
                MIB => std::io::Seek::seek_relative(&mut self.0, MIB as i64).map(|()| MIB),
                _ => self.0.write(bytes),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    const MIB: usize = 1 << 20;

    #[test]
    fn members_behind_the_first_4_gib_of_an_archive_are_read_back() {
        let size = 4097 << 20;
        let mut zip = ZipWriter::new(WithHoles(tempfile::tempfile().unwrap()));
        let large = Compressed { method: Method::Stored, crc: 0, compressed_size: size, size };
        zip.start("large", large, false).unwrap();
        let zeros = vec![0; MIB];
        for _ in 0..4097 {
            zip.data(&zeros).unwrap();
        }
        zip.start("small", stored(b"x"), false).unwrap();
        zip.data(b"x").unwrap();
        let mut read = zip::ZipArchive::new(zip.finish().unwrap().0).unwrap();
        let mut text = String::new();
        read.by_name("small").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
        assert_eq!(read.by_name("large").unwrap().size(), size);
    }

    fn deflated_with_flush(bytes: &[u8]) -> Vec<u8> {
        let mut compress = flate2::Compress::new(flate2::Compression::new(6), false);
        let mut out = Vec::with_capacity(bytes.len());
        compress.compress_vec(bytes, &mut out, flate2::FlushCompress::Full).unwrap();
        out
    }
}
