//! A configuration file → its tree.

use super::Problem;
use super::document::{self, Node, ReadError, Sources, Syntax};
use std::io::Read;
use std::path::Path;

/// Reads a YAML, JSON or TOML file. `shown` is its name in messages.
pub(super) fn file(path: &Path, shown: &Path, sources: &mut Sources) -> Result<Node, ReadError> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let Some(syntax) = Syntax::of_extension(extension) else {
        let problem = Problem::nowhere(format!("{} is in no format that rlx reads", shown.display()));
        return Err(problem.help("it reads .yml, .yaml, .json, .toml, .js, .cjs, .mjs and .ts").into());
    };
    let bytes = bytes(path).map_err(|why| Problem::nowhere(format!("cannot read {}: {why}", shown.display())))?;
    let source = document::decode(&bytes, shown, sources)?;
    let text = sources.get(source).map(|s| s.text.as_str()).unwrap_or_default();
    syntax.read(text, source)
}

/// A regular file that is not too large for configuration.
pub(super) fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    // Before it is opened: to open a pipe is to wait for whoever writes to it.
    let meta = std::fs::metadata(path)?;
    if !meta.is_file() {
        return Err(std::io::Error::other(if meta.is_dir() { "it is a directory" } else { "it is no regular file" }));
    }
    let file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(document::MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > document::MAX_BYTES {
        return Err(std::io::Error::other(format!("it is larger than {} MiB", document::MAX_BYTES >> 20)));
    }
    Ok(bytes)
}
