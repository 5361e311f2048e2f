//! What goes wrong with the emulator is said, with a way out.

use assert_cmd::Command;
use std::path::Path;

/// rlx with a cache of its own.
fn rlx(cache: &Path, args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("rlx").unwrap();
    command.env("RLX_CACHE_DIR", cache).env("NO_COLOR", "1").env_remove("AWS_ENDPOINT_URL").args(args);
    command
}

fn words(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{words}");
    words
}

#[test]
fn a_machine_without_python_is_told_so() {
    let temp = tempfile::tempdir().unwrap();
    let words = words(rlx(temp.path(), &["local", "up"]).env("PATH", temp.path()));
    assert!(words.contains("stage local needs python3, which is not on the PATH"), "{words}");
    assert!(words.contains("hint: install Python"), "{words}");
}

#[test]
fn a_machine_that_is_offline_is_told_what_is_fetched() {
    let temp = tempfile::tempdir().unwrap();
    // Nobody listens on port 1.
    let index = "http://127.0.0.1:1/simple";
    let words = words(
        rlx(temp.path(), &["local", "up"])
            .env("PIP_INDEX_URL", index)
            .env("PIP_EXTRA_INDEX_URL", index)
            .env("PIP_RETRIES", "0")
            .env("PIP_NO_CACHE_DIR", "1")
            .env("UV_INDEX_URL", index)
            .env("UV_DEFAULT_INDEX", index)
            .env("UV_NO_CACHE", "1"),
    );
    assert!(words.contains("cannot install the emulator"), "{words}");
    assert!(words.contains("check the network or proxy"), "{words}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let shared = crate::harness::emulator();
    let temp = tempfile::tempdir().unwrap();
    // The installation is shared, the state is not.
    std::os::unix::fs::symlink(shared.cache.join("tools"), temp.path().join("tools")).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let words = words(&mut rlx(temp.path(), &["local", "up", "--port", &port]));
    assert!(words.contains(&format!("port {port} of 127.0.0.1 is taken")), "{words}");
    assert!(words.contains("leave --port out"), "{words}");
}
