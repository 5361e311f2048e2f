//! Bytes → text: UTF-8 with or without a mark, UTF-16 with a mark; nothing else.

use super::{ReadError, SourceId, Sources, Span};
use crate::manifest::Problem;
use std::path::Path;

/// The largest file that is read as configuration, in bytes.
pub const MAX_BYTES: u64 = 16 << 20;

/// Decodes a file and keeps its text in `sources`.
///
/// # Errors
/// The bytes are no text, or hold control characters that no configuration format allows.
pub fn decode(bytes: &[u8], path: &Path, sources: &mut Sources) -> Result<SourceId, ReadError> {
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => utf8(bytes),
    };
    let text = text.map_err(|why| {
        let path = path.display();
        ReadError::from(Problem::nowhere(format!("{path} is not text: {why}")).help("save it as UTF-8"))
    })?;
    let forbidden = |c: char| c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{1b}') && c != '\u{7f}';
    let found = text.char_indices().find(|(_, c)| forbidden(*c));
    let source = sources.add(path, text);
    if let Some((at, character)) = found {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let name = if character == '\0' { "NUL byte".to_owned() } else { format!("control character {character:?}") };
        return Err(Problem::span(Span { source, start: at, end: at + 1 }, format!("a {name} in the file"))
            .help("the file is damaged or no text; remove the character")
            .into());
    }
    Ok(source)
}

fn utf8(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
        format!("line {line} holds a byte (0x{:02X}) that is not UTF-8", bytes[at])
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("it begins as UTF-16 but has an odd number of bytes".to_owned());
    }
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).map_err(|_| "it begins as UTF-16 but is not valid UTF-16".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Result<String, String> {
        let mut sources = Sources::default();
        match decode(bytes, Path::new("rlx.yml"), &mut sources) {
            Ok(id) => Ok(sources.get(id).map(|s| s.text.clone()).unwrap_or_default()),
            Err(error) => Err(error.0[0].message.clone()),
        }
    }

    #[test]
    fn marks_are_dropped_and_utf16_is_read() {
        assert_eq!(decoded(b"\xEF\xBB\xBFa: 1"), Ok("a: 1".to_owned()));
        assert_eq!(decoded(b"\xFF\xFEa\0:\0"), Ok("a:".to_owned()));
        assert_eq!(decoded(b"\xFE\xFF\0a\0:"), Ok("a:".to_owned()));
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        assert_eq!(
            decoded(b"a: 1\nb: \xE4"),
            Err("rlx.yml is not text: line 2 holds a byte (0xE4) that is not UTF-8".to_owned())
        );
        assert_eq!(decoded(b"a: \0"), Err("a NUL byte in the file".to_owned()));
    }
}
