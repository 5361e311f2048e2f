//! Bytes → compressed bytes, on all cores, the same on every machine.
//!
//! Large files are cut into blocks of fixed length that are compressed side by side, each with
//! the 32 KiB before it as dictionary, as pigz does; the length is part of the result and must
//! not depend on the number of cores.

use super::zip::{Compressed, Method};
use flate2::{Compress, Compression, FlushCompress, Status};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::io::{self, Read, Write};

/// An eighth faster than zlib's default of 6, and a quarter of a percent larger.
const LEVEL: u32 = 5;
/// Files up to this length are one block.
pub const BLOCK: usize = 1 << 20;
const DICTIONARY: usize = 32 << 10;

/// Blocks of a large file that are in memory at a time: enough for every core, within bounds on a machine with many.
fn blocks_at_a_time() -> usize {
    (2 * rayon::current_num_threads()).clamp(4, 16)
}

/// A member compressed in memory.
#[derive(Debug, Clone)]
pub struct Packed {
    pub member: Compressed,
    pub bytes: Vec<u8>,
}

/// Compresses bytes that are in memory.
pub fn pack(bytes: &[u8]) -> io::Result<Packed> {
    let size = bytes.len() as u64;
    let crc = crc32fast::hash(bytes);
    let blocks = (0..bytes.len().div_ceil(BLOCK)).into_par_iter().map(|i| block(bytes, i));
    let packed = blocks.collect::<io::Result<Vec<_>>>()?.concat();
    if packed.len() >= bytes.len() {
        let member = Compressed { method: Method::Stored, crc, compressed_size: size, size };
        return Ok(Packed { member, bytes: bytes.to_vec() });
    }
    let member = Compressed { method: Method::Deflated, crc, compressed_size: packed.len() as u64, size };
    Ok(Packed { member, bytes: packed })
}

/// The compressed form of block `index` of `bytes`.
fn block(bytes: &[u8], index: usize) -> io::Result<Vec<u8>> {
    let start = index * BLOCK;
    let end = bytes.len().min(start + BLOCK);
    deflate(&bytes[start.saturating_sub(DICTIONARY)..start], &bytes[start..end], end == bytes.len())
}

fn deflate(dictionary: &[u8], bytes: &[u8], last: bool) -> io::Result<Vec<u8>> {
    // Its tables are larger than most files: each thread makes them once.
    thread_local! {
        static COMPRESS: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
    }
    COMPRESS.with_borrow_mut(|compress| {
        compress.reset();
        deflate_with(compress, dictionary, bytes, last)
    })
}

fn deflate_with(compress: &mut Compress, dictionary: &[u8], bytes: &[u8], last: bool) -> io::Result<Vec<u8>> {
    let broken = |_| io::Error::other("the compressor failed");
    if !dictionary.is_empty() {
        compress.set_dictionary(dictionary).map_err(broken)?;
    }
    let mut out = Vec::with_capacity(bytes.len() / 2 + 256);
    // A synchronising flush ends a block at a byte boundary, so that blocks can be joined.
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    loop {
        let taken = compress.total_in() as usize;
        let room = out.capacity();
        let status = compress.compress_vec(&bytes[taken..], &mut out, flush).map_err(broken)?;
        let done = match flush {
            FlushCompress::Finish => status == Status::StreamEnd,
            _ => compress.total_in() as usize == bytes.len() && out.len() < room,
        };
        if done {
            return Ok(out);
        }
        out.reserve(bytes.len() / 4 + 256);
    }
}

/// What was learned of a file while it was compressed.
pub struct Streamed {
    pub member: Compressed,
    /// SHA-256 of the unpacked bytes.
    pub content: [u8; 32],
}

/// Compresses a large file block by block into `out`, which is kept deflated even if that is longer.
pub fn stream(input: &mut dyn Read, out: &mut dyn Write) -> io::Result<Streamed> {
    let mut crc = crc32fast::Hasher::new();
    let mut content = Sha256::new();
    let (mut size, mut compressed_size) = (0, 0);
    let most = blocks_at_a_time() * BLOCK;
    // The window with the dictionary of its first block before it.
    let mut window = Vec::with_capacity(DICTIONARY + most);
    let mut dictionary = 0;
    let mut next = read_block(input)?;
    loop {
        while next.len() == BLOCK && window.len() - dictionary < most {
            window.extend_from_slice(&next);
            next = read_block(input)?;
        }
        let last = next.len() < BLOCK;
        if last {
            window.extend_from_slice(&next);
        }
        let fresh = &window[dictionary..];
        let count = fresh.len().div_ceil(BLOCK).max(1);
        let (blocks, ()) = rayon::join(
            || {
                let compress = |i: usize| {
                    let start = dictionary + i * BLOCK;
                    let end = window.len().min(start + BLOCK);
                    deflate(
                        &window[start.saturating_sub(DICTIONARY)..start],
                        &window[start..end],
                        last && i + 1 == count,
                    )
                };
                (0..count).into_par_iter().map(compress).collect::<io::Result<Vec<_>>>()
            },
            || {
                crc.update(fresh);
                content.update(fresh);
            },
        );
        size += fresh.len() as u64;
        for block in blocks? {
            compressed_size += block.len() as u64;
            out.write_all(&block)?;
        }
        if last {
            let member = Compressed { method: Method::Deflated, crc: crc.finalize(), compressed_size, size };
            return Ok(Streamed { member, content: content.finalize().into() });
        }
        let keep = window.len() - DICTIONARY;
        window.drain(..keep);
        dictionary = DICTIONARY;
    }
}

fn read_block(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut block = Vec::with_capacity(BLOCK);
    input.take(BLOCK as u64).read_to_end(&mut block)?;
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::DeflateDecoder;

    fn sample(length: usize) -> Vec<u8> {
        (0..length).map(|i| ((i * i) >> 7) as u8).collect()
    }

    fn inflate(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        DeflateDecoder::new(bytes).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn blocks_join_to_one_stream() {
        for length in [1, BLOCK - 1, BLOCK, BLOCK + 1, 20 * BLOCK, 20 * BLOCK + 7] {
            let bytes = sample(length);
            let mut out = Vec::new();
            let streamed = stream(&mut bytes.as_slice(), &mut out).unwrap();
            assert_eq!(inflate(&out), bytes, "{length}");
            assert_eq!(streamed.member.size, length as u64);
            assert_eq!(streamed.member.compressed_size, out.len() as u64);
            assert_eq!(streamed.member.crc, crc32fast::hash(&bytes));
        }
    }

    #[test]
    fn memory_and_stream_give_the_same_bytes() {
        let bytes = sample(3 * BLOCK + 5);
        let mut out = Vec::new();
        stream(&mut bytes.as_slice(), &mut out).unwrap();
        assert_eq!(pack(&bytes).unwrap().bytes, out);
    }

    #[test]
    fn what_does_not_shrink_is_stored() {
        assert_eq!(pack(b"x").unwrap().member.method, Method::Stored);
        assert_eq!(pack(b"").unwrap().member.method, Method::Stored);
        assert_eq!(pack(&[0; 1000]).unwrap().member.method, Method::Deflated);
    }
}
