//! The archive of the custom resources' functions: the same bytes on every machine.

use sha2::{Digest, Sha256};
use std::io::{Cursor, Write};
use std::sync::LazyLock;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

const MEMBERS: [(&str, &str); 5] = [
    ("api-gateway-cloud-watch-role/handler.js", include_str!("handlers/api-gateway-cloud-watch-role.js")),
    ("cognito-user-pool/handler.js", include_str!("handlers/cognito-user-pool.js")),
    ("common.js", include_str!("handlers/common.js")),
    ("event-bridge/handler.js", include_str!("handlers/event-bridge.js")),
    ("s3/handler.js", include_str!("handlers/s3.js")),
];

/// An archive that rlx brings along.
#[derive(Debug)]
pub struct Archive {
    /// The zip.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// Bytes of its members.
    pub unzipped_size: u64,
}

impl Archive {
    /// Its key in the deployment bucket, content-addressed as those of the service's own archives.
    pub fn s3_key(&self, prefix: &str, service: &str, stage: &str) -> String {
        format!("{prefix}/{service}/{stage}/{}.zip", self.sha256)
    }
}

/// The archive of all custom resources' functions.
pub fn archive() -> &'static Archive {
    static ARCHIVE: LazyLock<Archive> = LazyLock::new(|| {
        // Writing to memory does not fail; the test below opens the result.
        let bytes = zip().unwrap_or_default();
        let sha256 = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        Archive { bytes, sha256, unzipped_size: MEMBERS.iter().map(|(_, text)| text.len() as u64).sum() }
    });
    &ARCHIVE
}

fn zip() -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in MEMBERS {
        writer.start_file(name, options)?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_holds_every_handler() {
        let mut zip = zip::ZipArchive::new(Cursor::new(&archive().bytes)).unwrap();
        for (name, text) in MEMBERS {
            let mut member = String::new();
            std::io::Read::read_to_string(&mut zip.by_name(name).unwrap(), &mut member).unwrap();
            assert_eq!(member, text);
        }
    }

    /// The behaviours themselves are the tests of `handlers/tests.js`, each with a name of its own.
    #[test]
    fn the_handlers_do_what_cloudformation_asks_of_them() {
        let folder = tempfile::tempdir().unwrap();
        zip::ZipArchive::new(Cursor::new(&archive().bytes)).unwrap().extract(folder.path()).unwrap();
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/src/template/custom_resource/handlers/tests.js");
        let done = std::process::Command::new("node")
            .args(["--test", tests])
            .env("HANDLERS", folder.path())
            .env_remove("NODE_OPTIONS")
            .output()
            .expect("node can be run");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    }
}
