//! One emulator for the whole run, services in folders of their own, and rlx as users run it.

use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The emulator of this test run.
pub struct Emulator {
    /// rlx's cache, kept between runs so that the emulator is installed once.
    pub cache: PathBuf,
    /// Its endpoint.
    pub endpoint: String,
    /// Ends the emulator when this process ends, however it ends: a shell waits for the other end of its stdin.
    _end: std::process::Child,
}

/// The emulator; started by the first test that asks.
pub fn emulator() -> &'static Emulator {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    EMULATOR.get_or_init(|| start(Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"), &[]))
}

/// The emulator that enforces IAM; one of its own, in a cache of its own.
pub fn strict_emulator() -> &'static Emulator {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    EMULATOR.get_or_init(|| {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("strict-cache");
        std::fs::create_dir_all(&cache).unwrap();
        // What is installed and built is shared, the state is not.
        for shared in ["tools", "wheels", "members"] {
            let _ = std::fs::create_dir_all(emulator().cache.join(shared));
            let _ = std::os::unix::fs::symlink(emulator().cache.join(shared), cache.join(shared));
        }
        start(cache, &["--auth"])
    })
}

fn start(cache: PathBuf, options: &[&str]) -> Emulator {
    let rlx = assert_cmd::cargo::cargo_bin("rlx");
    let run = |args: &[&str]| bare(&cache).args(["local"]).args(args).output().unwrap();
    run(&["down"]);
    let mut up = vec!["up", "--output", "json"];
    up.extend(options);
    let output = run(&up);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let up: Value = serde_json::from_slice(&output.stdout).unwrap();
    let end = std::process::Command::new("sh")
        .args(["-c", "cat >/dev/null; \"$0\" local down"])
        .arg(rlx)
        .env("RLX_CACHE_DIR", &cache)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Emulator { cache, endpoint: up["endpoint"].as_str().unwrap().to_owned(), _end: end }
}

/// Whether a variable is a setting of the caller's for AWS or rlx.
fn is_callers(name: &str) -> bool {
    ["AWS_", "RLX_", "SLS_"].iter().any(|prefix| name.starts_with(prefix))
}

/// rlx with nothing of the caller's AWS settings.
pub fn bare(cache: &Path) -> Command {
    Command::from_std(process(cache))
}

/// The same, to be run beside a test.
pub fn process(cache: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("rlx"));
    for (name, _) in std::env::vars().filter(|(name, _)| is_callers(name)) {
        command.env_remove(name);
    }
    command.env("RLX_CACHE_DIR", cache).env("NO_COLOR", "1").env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Sends a process that runs Ctrl-C.
pub fn interrupt(process: &std::process::Child) {
    let _ = rustix::process::kill_process(rustix::process::Pid::from_child(process), rustix::process::Signal::INT);
}

/// A service in a folder of its own, with a name that no other test has.
pub struct Project {
    /// Deleted at the end.
    _temp: tempfile::TempDir,
    /// The service's folder.
    home: PathBuf,
    /// The service's name.
    pub name: String,
    emulator: &'static Emulator,
    /// What goes before the `PATH` of this process.
    tools: Option<PathBuf>,
}

impl Project {
    /// `manifest` holds everything but `service:`.
    pub fn new(manifest: &str) -> Self {
        Self::on(emulator(), manifest)
    }

    /// The same on an emulator.
    pub fn on(emulator: &'static Emulator, manifest: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let temp = tempfile::tempdir().unwrap();
        let home = temp.path().join("service");
        std::fs::create_dir(&home).unwrap();
        let project = Self { home, _temp: temp, name, emulator, tools: None };
        project.manifest(manifest);
        project
    }

    /// The same with a folder of tools before all others on the `PATH`.
    pub fn with_tools(mut self, folder: &Path) -> Self {
        self.tools = Some(folder.to_owned());
        self
    }

    /// The service's folder.
    pub fn path(&self) -> &Path {
        &self.home
    }

    /// Writes the manifest anew.
    pub fn manifest(&self, manifest: &str) {
        self.file("rlx.yml", &format!("service: {}\n{manifest}", self.name));
    }

    /// Writes a file.
    pub fn file(&self, path: &str, text: &str) -> &Self {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// rlx in this service, on stage local.
    pub fn rlx(&self, args: &[&str]) -> Command {
        let mut command = bare(&self.emulator.cache);
        command.current_dir(self.path()).env("RLX_STAGE", "local").env("CARGO_TARGET_DIR", cargo_target()).args(args);
        command.env("PATH", self.search_path());
        command
    }

    /// A script of the shell in this service, with nothing of the caller's AWS settings.
    pub fn shell(&self, script: &str, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new("sh");
        for (name, _) in std::env::vars().filter(|(name, _)| is_callers(name)) {
            command.env_remove(name);
        }
        command.args(["-c", script, "sh"]).args(args).current_dir(self.path()).env("PATH", self.search_path());
        command
    }

    fn search_path(&self) -> std::ffi::OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(self.tools.iter().cloned().chain(std::env::split_paths(&path))).unwrap()
    }

    /// What a command that must succeed prints.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.rlx(args).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "rlx {args:?}\n{out}\n{err}");
        out.into_owned()
    }

    /// The exit code and the words of a command that must fail.
    pub fn fails(&self, args: &[&str]) -> (i32, String) {
        let output = self.rlx(args).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "rlx {args:?} should fail\n{err}");
        (output.status.code().unwrap_or(-1), err)
    }

    /// The last line of JSON that a command prints.
    pub fn json(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.extend(["--output", "json"]);
        let out = self.ok(&args);
        serde_json::from_str(&out).unwrap_or_else(|_| serde_json::from_str(out.lines().last().unwrap()).unwrap())
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // The emulator goes anyway; what runs in it should not pile up before that.
        let _ = self.rlx(&["remove", "--yes"]).output();
    }
}

/// Builds of Rust functions are kept between the projects of all runs.
fn cargo_target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("functions")
}

impl Project {
    /// A copy of a folder of the repository, and of what it needs beside it, at the same places.
    pub fn example(folder: &str, beside: &[&str]) -> Self {
        Self::example_on(emulator(), folder, beside)
    }

    /// The same on an emulator.
    pub fn example_on(emulator: &'static Emulator, folder: &str, beside: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let temp = tempfile::tempdir().unwrap();
        for path in [folder].iter().chain(beside) {
            copy(&root.join(path), &temp.path().join(path));
        }
        let name = folder.rsplit('/').next().unwrap_or_default().to_owned();
        Self { home: temp.path().join(folder), _temp: temp, name, emulator, tools: None }
    }

    /// What `rlx init` writes.
    pub fn from_template(template: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        bare(&emulator().cache).current_dir(temp.path()).args(["init", template]).assert().success();
        Self {
            home: temp.path().join(template),
            _temp: temp,
            name: template.to_owned(),
            emulator: emulator(),
            tools: None,
        }
    }

    /// An output of the stack, without a slash at its end.
    pub fn endpoint(&self, output: &str) -> String {
        let info = self.json(&["info"]);
        let url = info["outputs"][output].as_str().unwrap_or_else(|| panic!("no output {output}: {info}"));
        url.trim_end_matches('/').to_owned()
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in
        walkdir::WalkDir::new(from).into_iter().filter_entry(|e| e.file_name() != ".rlx" && e.file_name() != "target")
    {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A cache in a folder of a test's own that shares only the installed tools.
pub fn cache_with_tools(temp: &Path) -> PathBuf {
    let cache = temp.join("cache");
    std::fs::create_dir_all(&cache).unwrap();
    std::os::unix::fs::symlink(emulator().cache.join("tools"), cache.join("tools")).unwrap();
    cache
}

/// The JSON that a URL answers to GET.
pub fn get(url: &str) -> Value {
    ureq::get(url).call().unwrap_or_else(|e| panic!("GET {url}: {e}")).body_mut().read_json().unwrap()
}

/// The JSON that a URL answers to POST.
pub fn post(url: &str, body: &Value) -> Value {
    ureq::post(url).send_json(body).unwrap_or_else(|e| panic!("POST {url}: {e}")).body_mut().read_json().unwrap()
}

/// Asks until there is an answer; gives up after a minute.
pub fn until<T>(what: &str, ask: impl Fn() -> Option<T>) -> T {
    for _ in 0..120 {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    panic!("waited a minute, and it is not so that {what}");
}
