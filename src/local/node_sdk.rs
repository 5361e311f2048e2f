//! The AWS SDK for JavaScript, which Lambda's Node.js runtimes bring and this machine's node does not.
//!
//! Node.js looks for a package in the folders above the code that asks for it; the emulator unpacks functions in
//! `<cache>/local/tmp`, so what lies in `<cache>/local/node_modules` is found by `require` and by `import`.

use super::LocalError;
use super::install::{find, run};
use super::state::StateDir;
use crate::context::Context;
use regex::Regex;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::LazyLock;

/// Versions that the clients may have: each is published by itself, so that they share no exact one.
const VERSIONS: &str = ">=3.700.0 <=3.1175.0";

/// A package of the SDK where JavaScript asks for it.
static IMPORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let import = r#"(?:\brequire\(|\bfrom|\bimport\(?)\s*["'](@aws-sdk/[a-z0-9-]+)"#;
    Regex::new(import).ok()
});

/// Installs what the code in `archives` takes from Lambda's own SDK, where it is not there yet.
///
/// # Errors
/// npm is not there, or cannot install it.
pub fn provide<'a>(context: &Context, archives: impl IntoIterator<Item = &'a Path>) -> Result<(), LocalError> {
    let wanted: BTreeSet<String> = archives.into_iter().flat_map(imports).collect();
    let dir = context.cache_dir.join("tools").join("aws-sdk-js");
    let modules = dir.join("node_modules");
    let missing: Vec<_> = wanted.iter().filter(|name| !modules.join(name).join("package.json").is_file()).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let state = StateDir::new(&context.cache_dir);
    let _lock = state.lock()?;
    if !missing.is_empty() {
        let npm = find(context, "npm").ok_or(LocalError::NoNpm)?;
        context.report.note("Installing the AWS SDK for JavaScript for functions on stage local, once");
        std::fs::create_dir_all(&dir).map_err(LocalError::io("create", &dir))?;
        let mut install = std::process::Command::new(npm);
        install.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&dir);
        install.args(missing.iter().map(|name| format!("{name}@{VERSIONS}")));
        run(context, &mut install, "the AWS SDK for JavaScript")?;
    }
    state.link_modules(&modules)
}

/// The packages of the SDK that the code in an archive asks for and does not bring. What is no zip file asks for none.
fn imports(archive: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut brought = BTreeSet::new();
    let Some(mut zip) = File::open(archive).ok().and_then(|file| zip::ZipArchive::new(file).ok()) else {
        return found;
    };
    for index in 0..zip.len() {
        let Ok(mut member) = zip.by_index(index) else { continue };
        let Ok(name) = member.name().map(|name| name.into_owned()) else { continue };
        if let Some((_, package)) = name.rsplit_once("node_modules/@aws-sdk/") {
            brought.extend(package.split('/').next().map(|package| format!("@aws-sdk/{package}")));
        }
        let is_code = [".js", ".cjs", ".mjs"].iter().any(|end| name.ends_with(end)) && !name.contains("node_modules/");
        let mut text = Vec::new();
        if is_code && member.read_to_end(&mut text).is_ok() {
            let text = String::from_utf8_lossy(&text);
            let imports = IMPORT.iter().flat_map(|import| import.captures_iter(&text));
            found.extend(imports.map(|captures| captures[1].to_owned()));
        }
    }
    &found - &brought
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn archive(files: &[(&str, &str)]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
        for (name, text) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        file
    }

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        imports(archive(files).path()).into_iter().collect()
    }

    #[test]
    fn the_sdk_is_found_however_it_is_asked_for() {
        let files = [
            ("a.js", "const { S3Client } = require('@aws-sdk/client-s3');"),
            ("b.mjs", "import{SQSClient}from\"@aws-sdk/client-sqs\"; await import('@aws-sdk/lib-dynamodb')"),
            ("c.cjs", "// see @aws-sdk/client-sns\nrequire('@aws-sdk/client-s3/dist/x')"),
            ("readme.md", "require('@aws-sdk/client-kms')"),
        ];
        assert_eq!(found(&files), ["@aws-sdk/client-s3", "@aws-sdk/client-sqs", "@aws-sdk/lib-dynamodb"]);
    }

    #[test]
    fn what_the_archive_brings_is_not_installed() {
        let files = [
            ("a.js", "require('@aws-sdk/client-s3'); require('@aws-sdk/client-sqs')"),
            ("node_modules/@aws-sdk/client-s3/package.json", "{}"),
            ("node_modules/x/index.js", "require('@aws-sdk/client-kms')"),
        ];
        assert_eq!(found(&files), ["@aws-sdk/client-sqs"]);
    }

    #[test]
    fn what_is_no_archive_asks_for_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(imports(file.path()).is_empty());
    }
}
