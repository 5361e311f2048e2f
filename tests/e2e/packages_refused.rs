//! What cannot be packaged, and what rlx says of it.

use crate::harness::Project;

fn python(requirements: &str, more: &str) -> Project {
    let project = Project::new(&format!(
        "provider: {{ name: aws, runtime: python3.12, architecture: arm64 }}\nfunctions: {{ hello: {{ handler: hello.main }} }}\n{more}"
    ));
    project.file("hello.py", "def main(event, context):\n    return 1\n").file("requirements.txt", requirements);
    project
}

/// What `package` for AWS says, which must fail.
fn refused(project: &Project) -> String {
    let (code, err) = project.fails(&["package", "--stage", "prod"]);
    assert_eq!(code, 1, "{err}");
    err
}

#[test]
fn a_version_that_does_not_exist_is_named() {
    let err = refused(&python("six==99.1\n", ""));
    assert!(err.contains("six==99.1") && err.contains("requirements.txt"), "{err}");
}

#[test]
fn a_line_that_is_no_requirement_is_shown() {
    let err = refused(&python("six\nthis is no requirement\n", ""));
    assert!(err.contains("this is no requirement"), "{err}");
}

#[test]
fn requirements_that_exclude_each_other_are_told() {
    let err = refused(&python("requests==2.32.3\nurllib3==1.20\n", ""));
    assert!(err.contains("exclude each other") && err.contains("urllib3"), "{err}");
}

#[test]
fn pip_checks_the_hashes_of_a_lock_too() {
    // An argument that only pip knows.
    let project = python("", "custom: { pythonRequirements: { pipCmdExtraArgs: [--exists-action w] } }\n");
    project.file("pyproject.toml", "[tool.poetry.dependencies]\npython = '^3.12'\nsix = '*'\n");
    let lock = |hash: &str| {
        let hash = format!("sha256:{hash}");
        let package = "[[package]]\nname = 'six'\nversion = '1.16.0'\nfiles =";
        project.file("poetry.lock", &format!("{package} [{{ file = 'six.whl', hash = '{hash}' }}]\n"));
    };
    std::fs::remove_file(project.path().join("requirements.txt")).unwrap();
    lock(&"0".repeat(64));
    let err = refused(&project);
    assert!(err.contains("six==1.16.0") && err.contains("another hash than the lock file names"), "{err}");
    lock("8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254");
    project.ok(&["package", "--stage", "prod"]);
}

#[test]
fn a_package_without_wheels_is_refused_for_another_platform_unless_it_is_let_in() {
    let err = refused(&python("docopt==0.6.2\n", ""));
    assert!(err.contains("`docopt` has no wheel for Python 3.12 on aarch64"), "{err}");
    assert!(err.contains("buildFromSource: [docopt]"), "{err}");
    let let_in = python("docopt==0.6.2\n", "custom: { pythonRequirements: { buildFromSource: [docopt] } }\n");
    let_in.ok(&["package", "--stage", "prod"]);
}

#[test]
fn an_archive_that_cannot_be_written_to_its_end_leaves_nothing() {
    let project = python("", "");
    // Nothing that deflate makes smaller.
    let noise: String = (0..4_000_000).map(|_| fastrand::alphanumeric()).collect();
    project.file("noise.txt", &noise);
    let rlx = assert_cmd::cargo::cargo_bin("rlx");
    // As on a full disk, a write ends in an error, here for files of 1 MB (in blocks of 512 bytes).
    let script =
        "trap '' XFSZ; ulimit -f 2048; \"$1\" package --stage prod; code=$?; find .rlx -name '*.zip'; exit $code";
    let output = project.shell(script, &[rlx.to_str().unwrap()]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains(".rlx/prod/") && err.contains("File too large"), "{err}");
    assert!(out.is_empty(), "{out}");
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that is left out says so")]
fn a_full_disk_is_told_and_leaves_no_half_archive() {
    let project = python("", "");
    let inside = "exec unshare --user --map-root-user --mount sh \"$@\"";
    let mount = "mkdir -p .rlx && mount -t tmpfs -o size=1m tmpfs .rlx";
    if !project.shell(inside, &["-c", mount]).output().unwrap().status.success() {
        eprintln!("not tested: this machine does not let its users mount a file system that is small enough to fill");
        return;
    }
    // Nothing that deflate makes smaller.
    let noise: String = (0..4_000_000).map(|_| fastrand::alphanumeric()).collect();
    project.file("noise.txt", &noise);
    let rlx = assert_cmd::cargo::cargo_bin("rlx");
    let script = format!("{mount} && \"$1\" package --stage prod; code=$?; find .rlx -name '*.zip'; exit $code");
    let args = ["-c", &script, "sh", rlx.to_str().unwrap()];
    let output =
        project.shell(inside, &args).env("RLX_CACHE_DIR", project.path().with_file_name("cache")).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("the disk is full: free some space"), "{err}");
    assert!(out.is_empty(), "{out}");
}
