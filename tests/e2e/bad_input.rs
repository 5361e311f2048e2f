//! Bad input: one clear error with its place, a non-zero exit, and nothing built.

use assert_cmd::Command;
use std::path::Path;

/// One mistake and what rlx must say of it.
struct Mistake {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    args: &'static [&'static str],
    code: i32,
    /// Each must stand in stderr.
    says: &'static [&'static str],
}

const APP: (&str, &str) = ("app.py", "def handler(event, context):\n    return {}\n");

const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "no manifest",
        files: &[],
        args: &["package"],
        code: 2,
        says: &["error:", "rlx.yml", "serverless.yml"],
    },
    Mistake {
        name: "a manifest that is named but absent",
        files: &[],
        args: &["package", "--config", "other.yml"],
        code: 2,
        says: &["error:", "other.yml"],
    },
    Mistake {
        name: "a tab in YAML",
        files: &[("rlx.yml", "service: shop\nprovider:\n\tname: aws\n"), APP],
        args: &["package"],
        code: 2,
        says: &["error:", "rlx.yml:3:", "tab"],
    },
    Mistake {
        name: "an unknown key",
        files: &[("rlx.yml", "service: shop\nprovider:\n  name: aws\n  runtme: python3.12\n"), APP],
        args: &["package"],
        code: 2,
        says: &["rlx.yml:4:3", "runtme", "did you mean `runtime`"],
    },
    Mistake {
        name: "two mistakes at once",
        files: &[
            (
                "rlx.yml",
                "service: shop\nprovider:\n  name: aws\n  memorySize: much\nfunctions:\n  a:\n    handler: app.handler\n    timeut: 3\n",
            ),
            APP,
        ],
        args: &["package"],
        code: 2,
        says: &["rlx.yml:4:", "rlx.yml:8:", "timeut"],
    },
    Mistake {
        name: "an unknown runtime",
        files: &[
            (
                "rlx.yml",
                "service: shop\nprovider:\n  name: aws\n  runtime: python2.5\nfunctions:\n  a:\n    handler: app.handler\n",
            ),
            APP,
        ],
        args: &["package"],
        code: 2,
        says: &["rlx.yml:4:", "python2.5"],
    },
    Mistake {
        name: "a variable without a value",
        files: &[("rlx.yml", "service: shop\nprovider:\n  name: aws\n  runtime: ${env:NO_SUCH_VARIABLE}\n"), APP],
        args: &["package"],
        code: 2,
        says: &["rlx.yml:4:", "NO_SUCH_VARIABLE"],
    },
    Mistake {
        name: "a handler that does not exist, deployed",
        files: &[
            (
                "rlx.yml",
                "service: shop\nprovider:\n  name: aws\n  runtime: python3.12\nfunctions:\n  a:\n    handler: nowhere.handler\n",
            ),
            APP,
        ],
        args: &["deploy", "--stage", "dev"],
        code: 2,
        says: &["rlx.yml:7:", "nowhere"],
    },
    Mistake {
        name: "requirements that cannot be resolved",
        files: &[
            (
                "rlx.yml",
                "service: shop\nprovider:\n  name: aws\n  runtime: python3.12\nfunctions:\n  a:\n    handler: app.handler\n",
            ),
            APP,
            ("requirements.txt", "six==999.999\n"),
        ],
        args: &["package"],
        code: 1,
        says: &["error:", "six", "requirements.txt"],
    },
    Mistake {
        name: "no credentials",
        files: &[
            (
                "rlx.yml",
                "service: shop\nprovider:\n  name: aws\n  runtime: python3.12\nfunctions:\n  a:\n    handler: app.handler\n",
            ),
            APP,
        ],
        args: &["deploy", "--stage", "dev"],
        code: 3,
        says: &["error:", "credentials"],
    },
    Mistake {
        name: "a region that AWS does not have",
        files: &[
            (
                "rlx.yml",
                "service: shop\nprovider:\n  name: aws\n  runtime: python3.12\n  region: moon-south-1\nfunctions:\n  a:\n    handler: app.handler\n",
            ),
            APP,
        ],
        args: &["deploy", "--stage", "dev"],
        code: 2,
        says: &["rlx.yml:5:", "moon-south-1"],
    },
];

fn rlx(dir: &Path) -> Command {
    let mut command = Command::cargo_bin("rlx").expect("the binary is built with the tests");
    command
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", dir)
        .env("NO_COLOR", "1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

#[test]
fn each_mistake_gets_one_clear_error_with_its_place() {
    let mut wrong = Vec::new();
    for mistake in MISTAKES {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in mistake.files {
            std::fs::write(dir.path().join(path), text).expect("a written file");
        }
        let output = rlx(dir.path()).args(mistake.args).output().expect("rlx runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        let missing: Vec<_> = mistake.says.iter().filter(|s| !stderr.contains(**s)).collect();
        let panicked = stderr.contains("panicked");
        // A wrong manifest stops before anything is built; credentials are only asked for after that.
        let wrote = mistake.code == 2 && dir.path().join(".rlx").join("dev").join("template.json").exists();
        if output.status.code() != Some(mistake.code) || !missing.is_empty() || panicked || wrote {
            wrong.push(format!(
                "{}: exit {:?} (want {}), does not say {missing:?}, wrote a template: {wrote}\n{stderr}",
                mistake.name,
                output.status.code(),
                mistake.code
            ));
        }
        if !output.stdout.is_empty() {
            wrong.push(format!(
                "{}: stdout is data, and there is none: {}",
                mistake.name,
                String::from_utf8_lossy(&output.stdout)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

#[test]
fn a_handler_that_does_not_exist_is_a_warning_when_packaging() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let manifest = "service: shop\nprovider:\n  name: aws\n  runtime: python3.12\nfunctions:\n  a:\n    handler: nowhere.handler\n";
    std::fs::write(dir.path().join("rlx.yml"), manifest).expect("a written file");
    std::fs::write(dir.path().join(APP.0), APP.1).expect("a written file");
    let output = rlx(dir.path()).arg("package").output().expect("rlx runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("warning:") && stderr.contains("nowhere"), "{stderr}");
}
