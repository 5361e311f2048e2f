//! Packaging that is killed, and packaging twice at once: what comes after is as from nothing.

use crate::harness::{Project, bare, cache_with_tools};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A service with a requirement, and a second checkout of it that has a cache of its own.
struct Checkouts {
    project: Project,
    temp: tempfile::TempDir,
    cache: PathBuf,
}

impl Checkouts {
    fn new() -> Self {
        let project = Project::new(
            "provider: { name: aws, runtime: python3.12 }\nfunctions: { hello: { handler: hello.main } }\n",
        );
        project.file("hello.py", "import tea\n\ndef main(event, context):\n    return tea.kind\n");
        project.file("requirements.txt", "./wheels/tea-1.0-py3-none-any.whl\n");
        std::fs::create_dir(project.path().join("wheels")).unwrap();
        wheel(&project.path().join("wheels/tea-1.0-py3-none-any.whl"));
        // Enough to be at work for a while.
        for n in 0..60 {
            project.file(&format!("data/{n}.txt"), &format!("{n} green, {n} black\n").repeat(1000));
        }
        let temp = tempfile::tempdir().unwrap();
        let cache = cache_with_tools(temp.path());
        Self { project, temp, cache }
    }

    /// rlx in the first checkout, under way.
    fn start(&self) -> Child {
        let command = bare(&self.cache);
        let mut child = Command::new(command.get_program());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => child.env(name, value),
                None => child.env_remove(name),
            };
        }
        child.args(["package", "--stage", "prod"]).current_dir(self.project.path());
        child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The archive of the first checkout, packaged with what was left behind.
    fn packaged_again(&self) -> Vec<u8> {
        packaged(self.project.path(), &self.cache, &self.project.name)
    }

    /// The archive of the same files where nothing was packaged before.
    fn packaged_from_nothing(&self) -> Vec<u8> {
        let temp = tempfile::tempdir_in(self.temp.path()).unwrap();
        let copy = temp.path().join("copy");
        let script = "cp -R . \"$1\" && rm -rf \"$1/.rlx\"";
        assert!(self.project.shell(script, &[copy.to_str().unwrap()]).status().unwrap().success());
        packaged(&copy, &cache_with_tools(temp.path()), &self.project.name)
    }
}

fn packaged(dir: &Path, cache: &Path, name: &str) -> Vec<u8> {
    bare(cache).current_dir(dir).args(["package", "--stage", "prod"]).assert().success();
    std::fs::read(dir.join(format!(".rlx/prod/{name}.zip"))).unwrap()
}

/// A wheel without machine code that depends on nothing.
fn wheel(path: &Path) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let info = "tea-1.0.dist-info";
    let record = format!("tea.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n");
    for (name, text) in [
        ("tea.py".to_owned(), "kind = 'green'\n"),
        (format!("{info}/METADATA"), "Metadata-Version: 2.1\nName: tea\nVersion: 1.0\n"),
        (format!("{info}/WHEEL"), "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
        (format!("{info}/RECORD"), &record),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn after_kill_9_at_any_point_the_archive_is_as_packaged_from_nothing() {
    let it = Checkouts::new();
    let mut random = fastrand::Rng::with_seed(9);
    for round in 0..5 {
        it.project.file("data/7.txt", &format!("{round} white\n").repeat(1000 + round));
        if round % 3 == 0 {
            // All is to be done again.
            let _ = std::fs::remove_dir_all(it.cache.join("members"));
            let _ = std::fs::remove_dir_all(it.cache.join("wheels"));
        }
        let mut under_way = it.start();
        std::thread::sleep(Duration::from_millis(random.u64(5..300)));
        under_way.kill().unwrap();
        under_way.wait().unwrap();
        assert!(it.packaged_again() == it.packaged_from_nothing(), "round {round}");
    }
}

#[test]
fn two_packagings_at_once_give_what_one_gives() {
    let it = Checkouts::new();
    let expected = it.packaged_from_nothing();
    let mut both = [it.start(), it.start()];
    for one in &mut both {
        assert!(one.wait().unwrap().success());
    }
    assert!(it.packaged_again() == expected);
}

#[test]
fn archives_of_two_at_once_are_not_mixed_when_a_file_changes_between_them() {
    let it = Checkouts::new();
    for round in 0..3 {
        let mut first = it.start();
        std::thread::sleep(Duration::from_millis(20 * round));
        it.project.file("data/0.txt", &format!("{round} white\n").repeat(900 + 50 * round as usize));
        let mut second = it.start();
        // The first may see the file change under its hands and say so.
        first.wait().unwrap();
        assert!(second.wait().unwrap().success());
        // One more change, so that members are taken from what the two left.
        it.project.file("data/99.txt", &format!("{round} red\n"));
        assert!(it.packaged_again() == it.packaged_from_nothing(), "round {round}");
    }
}
