//! Archives that the user made (`package.artifact`).

use super::{Artifact, PackageError, archive};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Whether an artifact lies in S3 already (`s3://bucket/key` or an S3 URL, osls `parse-s3-uri.js`):
/// the template refers to it there.
pub fn is_in_s3(artifact: &str) -> bool {
    artifact.starts_with("s3://")
        || artifact
            .strip_prefix("https://")
            .and_then(|rest| rest.split('/').next())
            .is_some_and(|host| host.ends_with(".amazonaws.com") && (host.starts_with("s3") || host.contains(".s3")))
}

/// Copies a finished archive to `out_dir` under a name that is free there.
pub fn take(
    dir: &Path,
    place: &str,
    artifact: &str,
    out_dir: &Path,
    taken: &[String],
) -> Result<Artifact, PackageError> {
    let path = dir.join(artifact);
    if !path.is_file() {
        return Err(PackageError::NoArtifact { place: place.to_owned(), path });
    }
    let (sha256, size) = archive::digest(&path)?;
    let name = free_name(&path, taken);
    let target = out_dir.join(&name);
    let failed = |source| PackageError::Write { path: target.clone(), source };
    fs::create_dir_all(out_dir).map_err(failed)?;
    if path.canonicalize().ok() != target.canonicalize().ok() {
        fs::copy(&path, &target).map_err(failed)?;
    }
    Ok(Artifact {
        name,
        unzipped_size: unzipped(&path).unwrap_or(size),
        path: target,
        sha256,
        size,
        functions: Vec::new(),
        layers: Vec::new(),
    })
}

fn free_name(path: &Path, taken: &[String]) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !taken.contains(&file) {
        return file;
    }
    let stem = PathBuf::from(&file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let end = PathBuf::from(&file).extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    (2..).map(|i| format!("{stem}-{i}{end}")).find(|name| !taken.contains(name)).unwrap_or(file)
}

/// Whether Lambda can unpack it.
pub fn is_zip(path: &Path) -> bool {
    unzipped(path).is_some()
}

/// Bytes of the members, unpacked; `None` if it is no zip file.
fn unzipped(path: &Path) -> Option<u64> {
    let mut zip = ::zip::ZipArchive::new(File::open(path).ok()?).ok()?;
    (0..zip.len()).map(|i| zip.by_index_raw(i).ok().map(|m| m.size())).sum()
}
