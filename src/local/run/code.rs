//! The code of a function in a folder of its own.

use super::RunError;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Unpacks an archive to `dir/name`, unless that is what lies there already.
///
/// # Errors
/// The archive cannot be read, or the folder not written.
pub fn unpack(archive: &Path, sha256: &str, dir: &Path, name: &str) -> Result<PathBuf, RunError> {
    let target = dir.join(name);
    let mark = dir.join(format!("{name}.sha256"));
    if target.is_dir() && std::fs::read_to_string(&mark).is_ok_and(|held| held == sha256) {
        return Ok(target);
    }
    let failed = |error: String| RunError::Unpack { archive: archive.to_owned(), reason: error };
    let _ = std::fs::remove_file(&mark);
    let _ = std::fs::remove_dir_all(&target);
    std::fs::create_dir_all(&target).map_err(|e| failed(e.to_string()))?;
    let file = File::open(archive).map_err(|e| failed(e.to_string()))?;
    let mut zip = zip::ZipArchive::new(file).map_err(|e| failed(e.to_string()))?;
    zip.extract(&target).map_err(|e| failed(e.to_string()))?;
    // Written last: what was cut off is unpacked anew.
    std::fs::write(&mark, sha256).map_err(|e| failed(e.to_string()))?;
    Ok(target)
}
