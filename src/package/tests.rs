//! Whole services, packaged.

use super::{PackageError, PackageRequest, Packaged, package};
use crate::manifest::{Service, Severity};
use crate::template::testing;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A service directory with a cache and a place for its archives.
pub struct Fixture {
    root: tempfile::TempDir,
    service: Service,
}

impl Fixture {
    pub fn new(manifest: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("service");
        fs::create_dir(&dir).unwrap();
        let service = Service { dir, ..testing::service(manifest) };
        Self { root, service }
    }

    pub fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.service.dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.service.dir.join(name)
    }

    pub fn run(&self) -> Result<Packaged, PackageError> {
        let mut env: BTreeMap<String, String> = std::env::vars().collect();
        // Projects of the same name in one target directory would overwrite each other's binaries.
        env.insert("CARGO_TARGET_DIR".to_owned(), self.root.path().join("target").display().to_string());
        package(
            &self.service,
            &PackageRequest {
                out_dir: &self.root.path().join("out"),
                cache_dir: &self.root.path().join("cache"),
                env: &env,
                functions: None,
                missing_handler: Severity::Warning,
                target_override: None,
                progress: &|_| {},
            },
        )
    }

    fn archive(&self, name: &str) -> Vec<u8> {
        fs::read(self.root.path().join("out").join(name)).unwrap()
    }

    fn names(&self, name: &str) -> Vec<String> {
        let zip = zip::ZipArchive::new(std::io::Cursor::new(self.archive(name))).unwrap();
        zip.file_names().map(|name| name.unwrap().into_owned()).collect()
    }

    fn text(&self, archive: &str, member: &str) -> String {
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(self.archive(archive))).unwrap();
        let mut text = String::new();
        zip.by_name(member).unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

fn messages(packaged: &Packaged) -> Vec<&str> {
    packaged.notes.iter().map(|n| n.message.as_str()).collect()
}

const HELLO: &str =
    "service: shop\nprovider: { name: aws, runtime: python3.12 }\nfunctions: { hello: { handler: hello.main } }\n";

#[test]
fn a_service_is_one_archive_for_all_its_functions() {
    let it = Fixture::new(&format!("{HELLO}  \n")).file("hello.py", "def main(e, c): pass").file("lib/a.py", "");
    let packaged = it.run().unwrap();
    let [artifact] = packaged.artifacts.artifacts.as_slice() else { panic!("{packaged:?}") };
    assert_eq!((artifact.name.as_str(), artifact.functions.as_slice()), ("shop.zip", ["hello".to_owned()].as_slice()));
    assert_eq!(it.names("shop.zip"), ["hello.py", "lib/a.py"]);
    assert_eq!(artifact.unzipped_size, 20);
    assert!(messages(&packaged).is_empty());
}

#[test]
fn the_same_files_give_the_same_bytes_wherever_they_lie() {
    let make = |age: u64, mode: u32| {
        let it = Fixture::new(HELLO).file("hello.py", "x = 1\n".repeat(99)).file("run.sh", "#!/bin/sh\n");
        fs::set_permissions(it.path("run.sh"), fs::Permissions::from_mode(mode | 0o100)).unwrap();
        fs::set_permissions(it.path("hello.py"), fs::Permissions::from_mode(mode)).unwrap();
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
        fs::File::open(it.path("hello.py")).unwrap().set_modified(old).unwrap();
        it.run().unwrap();
        it.archive("shop.zip")
    };
    assert_eq!(make(0, 0o644), make(90_000, 0o600));
}

#[test]
fn a_changed_line_is_in_the_next_archive() {
    let it = Fixture::new(HELLO).file("hello.py", "one").file("big.txt", "b".repeat(3 << 20));
    it.run().unwrap();
    let first = it.archive("shop.zip");
    assert_eq!(it.run().unwrap().artifacts.artifacts[0].sha256, it.run().unwrap().artifacts.artifacts[0].sha256);
    assert_eq!(it.archive("shop.zip"), first);
    fs::write(it.path("hello.py"), "two").unwrap();
    it.run().unwrap();
    assert_eq!(it.text("shop.zip", "hello.py"), "two");
    assert_eq!(it.text("shop.zip", "big.txt").len(), 3 << 20);
    let fresh = Fixture::new(HELLO).file("hello.py", "two").file("big.txt", "b".repeat(3 << 20));
    fresh.run().unwrap();
    assert_eq!(it.archive("shop.zip"), fresh.archive("shop.zip"));
}

#[test]
fn an_archive_that_was_tampered_with_is_written_anew() {
    let it = Fixture::new(HELLO).file("hello.py", "one");
    it.run().unwrap();
    let right = it.archive("shop.zip");
    std::thread::sleep(std::time::Duration::from_millis(40));
    it.run().unwrap();
    fs::write(it.root.path().join("out/shop.zip"), "junk").unwrap();
    it.run().unwrap();
    assert_eq!(it.archive("shop.zip"), right);
}

#[test]
fn functions_are_packaged_individually_with_their_own_patterns() {
    let it = Fixture::new(
        "service: shop\nprovider: { name: aws, runtime: python3.12 }\npackage: { individually: true, patterns: ['!**'] }\n\
         functions:\n  a: { handler: a.main, package: { patterns: [a.py] } }\n  b: { handler: b.main, package: { patterns: [b.py] } }\n",
    )
    .file("a.py", "a")
    .file("b.py", "b");
    it.run().unwrap();
    assert_eq!((it.names("a.zip"), it.names("b.zip")), (vec!["a.py".to_owned()], vec!["b.py".to_owned()]));
}

#[test]
fn a_missing_handler_is_told() {
    let it = Fixture::new(HELLO).file("other.py", "");
    let packaged = it.run().unwrap();
    assert_eq!(messages(&packaged), ["the archive has no file `hello.py` for handler `hello.main`"]);
}

#[test]
fn nothing_to_package_is_an_error() {
    let it = Fixture::new(&format!("{HELLO}package: {{ patterns: ['!**'] }}\n")).file("hello.py", "");
    assert!(matches!(it.run(), Err(PackageError::NoFiles { .. })));
}

#[test]
fn secrets_stay_out_and_are_named() {
    let it = Fixture::new(HELLO).file("hello.py", "").file(".env", "TOKEN=1").file(".git/config", "");
    let packaged = it.run().unwrap();
    assert_eq!(it.names("shop.zip"), ["hello.py"]);
    assert_eq!(messages(&packaged), ["left out because they may hold secrets: .env"]);
}

#[test]
fn an_unreadable_file_is_named() {
    let it = Fixture::new(HELLO).file("hello.py", "");
    // Even root cannot read the first page of its memory.
    std::os::unix::fs::symlink("/proc/self/mem", it.path("broken")).unwrap();
    let error = it.run().unwrap_err();
    assert!(matches!(&error, PackageError::Read { path, .. } if path.ends_with("broken")), "{error}");
}

#[test]
fn names_with_spaces_and_emoji_are_kept() {
    let it = Fixture::new(HELLO).file("hello.py", "").file("my data/🦀 ü.txt", "crab");
    it.run().unwrap();
    assert_eq!(it.text("shop.zip", "my data/🦀 ü.txt"), "crab");
}

#[test]
fn twenty_thousand_small_files_are_packaged() {
    let it = Fixture::new(HELLO).file("hello.py", "");
    for i in 0..20_000 {
        let dir = it.path(&format!("data/{}", i % 50));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(format!("{i}.json")), format!("{{\"n\":{i}}}")).unwrap();
    }
    it.run().unwrap();
    assert_eq!(it.names("shop.zip").len(), 20_001);
}

#[test]
fn links_are_followed_and_those_that_lead_out_are_told() {
    let it = Fixture::new(HELLO).file("hello.py", "").file("real/a.txt", "a").file("../outside/b.txt", "b");
    std::os::unix::fs::symlink("real", it.path("inside")).unwrap();
    std::os::unix::fs::symlink("../outside", it.path("out")).unwrap();
    std::os::unix::fs::symlink(".", it.path("real/loop")).unwrap();
    let packaged = it.run().unwrap();
    assert_eq!(it.names("shop.zip"), ["hello.py", "inside/a.txt", "out/b.txt", "real/a.txt"]);
    assert!(messages(&packaged)[0].contains("`out/b.txt` from outside the service"));
}

#[test]
fn folders_outside_the_service_are_mounted() {
    let it = Fixture::new(&format!(
        "{HELLO}package: {{ patterns: ['!**', hello.py], external: [{{ path: ../shared/core, to: core }}] }}\n"
    ))
    .file("hello.py", "")
    .file("../shared/core/m.py", "m");
    it.run().unwrap();
    assert_eq!(it.names("shop.zip"), ["core/m.py", "hello.py"]);
}

#[test]
fn linked_folders_of_the_plugin_obey_the_patterns() {
    let it = Fixture::new(&format!(
        "{HELLO}package: {{ patterns: ['!common/tests/**'] }}\ncustom: {{ packageExternal: {{ external: [../common] }} }}\n"
    ))
    .file("hello.py", "")
    .file("../common/m.py", "m")
    .file("../common/tests/t.py", "t");
    it.run().unwrap();
    assert_eq!(it.names("shop.zip"), ["common/m.py", "hello.py"]);
}

#[test]
fn a_layer_is_its_folder() {
    let it = Fixture::new(&format!("{HELLO}layers: {{ deps: {{ path: deps }} }}\n"))
        .file("hello.py", "")
        .file("deps/python/x.py", "x");
    let packaged = it.run().unwrap();
    assert_eq!(it.names("deps.zip"), ["python/x.py"]);
    assert_eq!(it.names("shop.zip"), ["hello.py"]);
    assert_eq!(packaged.artifacts.of_layer("deps").map(|a| a.name.as_str()), Some("deps.zip"));
}

#[test]
fn a_repeated_exclusion_stands_at_its_first_place() {
    let function = "functions: { a: { handler: a.x, package: { individually: true, exclude: ['!**/read.me'] } } }\n";
    let it = Fixture::new(&format!(
        "service: shop\nprovider: {{ name: aws }}\npackage: {{ exclude: ['!**/read.me'] }}\n{function}layers: {{ deps: {{ path: deps }} }}\n"
    ));
    let it = it.file("a.js", "").file("deps/read.me", "").file("docs/read.me", "");
    it.run().unwrap();
    // The layer's own exclusion comes after the service's, and the function's repetition does not count.
    assert_eq!(it.names("a.zip"), ["a.js", "docs/read.me"]);
}

#[test]
fn finished_archives_are_taken_as_they_are() {
    let it = Fixture::new(
        "service: shop\nprovider: { name: aws }\npackage: { artifact: built/all.zip }\nfunctions:\n  a: { handler: a.x }\n  b: { handler: b.x }\n  \
         c: { handler: c.x, package: { artifact: other/all.zip } }\n  d: { handler: d.x, package: { artifact: ./built/all.zip } }\n",
    )
    .file("built/all.zip", "one")
    .file("other/all.zip", "two");
    let packaged = it.run().unwrap();
    let names: Vec<_> = packaged.artifacts.artifacts.iter().map(|a| (a.name.as_str(), a.functions.len())).collect();
    assert_eq!(names, [("all.zip", 3), ("all-2.zip", 1)]);
    assert_eq!(it.archive("all-2.zip"), b"two");
    let notes: Vec<&str> = packaged.notes.iter().map(|note| note.message.as_str()).collect();
    let not_zip = |artifact: &str| format!("{artifact} is no zip archive: Lambda will refuse it");
    assert_eq!(notes, [not_zip("built/all.zip"), not_zip("other/all.zip")]);
    let missing = Fixture::new(
        "service: shop\nprovider: { name: aws }\npackage: { artifact: no.zip }\nfunctions: { a: { handler: a.x } }\n",
    );
    assert!(missing.run().unwrap_err().to_string().contains("which `package.artifact` names"));
}

#[test]
fn a_rust_function_is_a_bootstrap() {
    let it = Fixture::new(
        "service: shop\nprovider: { name: aws }\nfunctions: { quote: { handler: quote, runtime: provided.al2023 } }\n",
    )
    .file("quote/Cargo.toml", "[package]\nname = 'quote'\nversion = '0.1.0'\nedition = '2021'\n[workspace]\n")
    .file("quote/src/main.rs", "fn main() {}\n");
    it.run().map_err(|e| format!("{e} {:?}", e.cause())).unwrap();
    assert_eq!(it.names("quote.zip"), ["bootstrap"]);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(it.archive("quote.zip"))).unwrap();
    assert_eq!(zip.by_name("bootstrap").unwrap().unix_mode(), Some(0o100_755));
}

#[test]
fn private_keys_and_tokens_stay_out_whatever_their_files_are_called() {
    // In two parts, so that nobody takes this file for one.
    let key = format!("-----BEGIN {} KEY-----\nMIIE\n", "PRIVATE");
    let it = Fixture::new(HELLO)
        .file("hello.py", "")
        .file("certs/server.pem", &key)
        .file("certs/ca.pem", "-----BEGIN CERTIFICATE-----\nMIIE\n")
        .file(".npmrc", "//registry.example/:_authToken=abc\n");
    let packaged = it.run().unwrap();
    assert_eq!(it.names("shop.zip"), ["certs/ca.pem", "hello.py"]);
    assert_eq!(messages(&packaged), ["left out because they may hold secrets: .npmrc, certs/server.pem"]);
    let asked = Fixture::new(&format!("{HELLO}package: {{ patterns: ['certs/*.pem'] }}\n"))
        .file("hello.py", "")
        .file("certs/server.pem", &key);
    asked.run().unwrap();
    assert_eq!(asked.names("shop.zip"), ["certs/server.pem", "hello.py"]);
}

#[test]
fn a_binary_is_the_same_from_two_checkouts() {
    let make = || {
        let it = Fixture::new(
            "service: shop\nprovider: { name: aws }\nfunctions: { quote: { handler: quote, runtime: rust } }\n",
        )
        .file("quote/Cargo.toml", "[package]\nname = 'quote'\nversion = '0.1.0'\nedition = '2021'\n[workspace]\n")
        .file("quote/src/main.rs", "fn main() { println!(\"{:?}\", std::env::args().next().unwrap()) }\n");
        it.run().map_err(|e| format!("{e} {:?}", e.cause())).unwrap();
        it.archive("quote.zip")
    };
    assert!(make() == make());
}

#[test]
fn dependencies_above_the_service_are_missed_aloud() {
    let notes = |more: &str| {
        let it = Fixture::new(&format!(
            "service: shop\nprovider: {{ name: aws, runtime: nodejs22.x }}\nfunctions: {{ a: {{ handler: a.x }} }}\n{more}"
        ))
        .file("a.js", "")
        .file("package.json", r#"{"dependencies":{"tea":"1"}}"#)
        .file("../node_modules/tea/package.json", "{}");
        it.run().unwrap().notes.iter().map(|note| note.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(notes(""), ["dependencies in a `node_modules` above the service do not come into the archive: tea"]);
    assert!(notes("package: { patterns: ['!node_modules/**'] }\n").is_empty());
}

#[test]
fn dependencies_that_are_not_installed_are_missed_aloud() {
    let notes = |more: &str, manifest: &str| {
        let it = Fixture::new(&format!(
            "service: shop\nprovider: {{ name: aws, runtime: nodejs22.x }}\nfunctions: {{ a: {{ handler: a.x }} }}\n{manifest}"
        ))
        .file("a.js", "")
        .file("package.json", r#"{"dependencies":{"tea":"1","milk":"1","@aws-sdk/client-s3":"3"}}"#)
        .file("node_modules/milk/package.json", "{}")
        .file(more, "");
        it.run()
            .unwrap()
            .notes
            .iter()
            .map(|n| (n.message.clone(), n.help.clone().unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    let [(message, help)] = &notes("b.js", "")[..] else { panic!("one note") };
    assert_eq!(message, "dependencies of `package.json` are not installed, and not in the archive: tea");
    assert!(help.contains("npm ci"), "{help}");
    assert!(notes(".pnp.cjs", "")[0].1.contains("nodeLinker: node-modules"));
    assert!(notes("b.js", "package: { patterns: ['!node_modules/**'] }\n").is_empty());
}

#[test]
fn settings_that_name_what_is_not_there_are_told() {
    let python = |settings: &str| {
        Fixture::new(&format!(
            "service: shop\nprovider: {{ name: aws, runtime: python3.12 }}\n\
             custom: {{ pythonRequirements: {{ {settings} }} }}\nfunctions: {{ a: {{ handler: a.x }} }}\n"
        ))
        .file("a.py", "")
        .run()
    };
    let notes = python("fileName: deps.txt").unwrap().notes;
    let notes: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
    assert_eq!(notes, ["there is no deps.txt, so no requirements are packaged"]);
    let error = python("vendor: ./libs").unwrap_err().to_string();
    assert!(error.ends_with("libs, which `custom.pythonRequirements.vendor` names"), "{error}");
}
