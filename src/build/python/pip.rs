//! Installs with pip, where there is no uv or it does not understand what is asked of it.

use super::install::{Installation, Job, Sources};
use super::options::normalised;
use super::platform::Platform;
use super::requirements::hashes_of;
use crate::build::BuildError;
use crate::build::run::{Answer, Program};
use serde_json::Value;
use std::path::Path;

impl Installation<'_> {
    /// Runs `pip install`. pip takes no hashes from constraints, and with one hash it wants one of every package:
    /// where a lock has hashes, pip first says what it would install, and then installs that with its hashes.
    pub(super) fn pip(&self, python: &Path, job: Job<'_>, sources: Sources) -> Result<Answer, BuildError> {
        let constraints = self.constraints_without_hashes();
        let constraints = match constraints.is_empty() {
            true => None,
            false => Some(self.write("constraints-of-pip.txt", &constraints)?),
        };
        let job = Job { constraints: constraints.as_deref(), ..job };
        if self.requirements.locked.iter().all(|line| hashes_of(line).next().is_none()) {
            return self.pip_program(python, job, sources).run();
        }
        let report = self.scratch.join("report.json");
        let plan = self.pip_program(python, job, sources).args(["--dry-run", "--quiet", "--report"]).arg(&report);
        let answer = plan.run()?;
        if !answer.ok {
            // pip before 22.2 has no reports, and hashes are not checked.
            return if answer.err.contains("no such option") {
                self.pip_program(python, job, sources).run()
            } else {
                Ok(answer)
            };
        }
        let text = std::fs::read(&report).map_err(|source| BuildError::Read { path: report.clone(), source })?;
        let plan = serde_json::from_slice(&text).map_err(|error| BuildError::Failed {
            what: "pip's report of what it would install cannot be read".to_owned(),
            output: error.to_string(),
            hints: vec!["use pip 22.2 or newer, or let rlx use uv".to_owned()],
        })?;
        let (hashed, others) = planned(&plan, &self.requirements.locked);
        let options = self.requirements.lines.iter().filter(|line| line.starts_with("--")).cloned();
        let options: Vec<String> = options.collect();
        let mut answer = Answer { ok: true, ..Answer::default() };
        for (name, lines, checks) in [("hashed.txt", hashed, &["--require-hashes"][..]), ("others.txt", others, &[])] {
            if lines.is_empty() || !answer.ok {
                continue;
            }
            let file = self.write(name, &[options.clone(), lines].concat())?;
            let job = Job { file: &file, constraints: None, ..job };
            answer = self.pip_program(python, job, sources).arg("--no-deps").args(checks).run()?;
        }
        Ok(answer)
    }

    fn constraints_without_hashes(&self) -> Vec<String> {
        let without = |line: &String| line.split(" --hash=").next().unwrap_or(line).to_owned();
        self.requirements.constraints.iter().cloned().chain(self.requirements.locked.iter().map(without)).collect()
    }

    fn pip_program(&self, python: &Path, job: Job<'_>, sources: Sources) -> Program {
        let mut program = Program::new(python, self.env)
            .args(["-m", "pip", "install", "--disable-pip-version-check", "--no-compile", "--no-input", "--target"])
            .arg(job.target)
            .arg("-r")
            .arg(job.file)
            .dir(self.scratch);
        if let Some(constraints) = job.constraints {
            program = program.arg("-c").arg(constraints);
        }
        if let (Platform::Lambda { python, arch, glibc }, Sources::Never) = (self.platform, sources) {
            for name in Platform::pip_names(*arch, *glibc) {
                program = program.args(["--platform", &name]);
            }
            let abi = format!("cp{}", python.replace('.', ""));
            program = program.args(["--implementation", "cp", "--python-version", python, "--abi", &abi]);
            program = program.args(["--abi", "abi3", "--abi", "none", "--only-binary", ":all:"]);
        }
        if !self.options.use_download_cache {
            program = program.arg("--no-cache-dir");
        }
        program.args(&self.options.extra_args)
    }
}

/// What pip would install (pip documentation, "Installation Report"), as requirement lines: those that the lock has
/// hashes of, and the others.
fn planned(report: &Value, locked: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut hashed, mut others) = (Vec::new(), Vec::new());
    for item in report["install"].as_array().into_iter().flatten() {
        let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (name, url) = (text("/metadata/name"), text("/download_info/url"));
        let pin = format!("{}=={}", normalised(name), text("/metadata/version"));
        let hashes = |line: &String| hashes_of(line).map(str::to_owned).collect::<Vec<_>>();
        let same = |line: &&String| line.split([' ', ';']).next() == Some(&pin);
        let hashes = locked.iter().find(same).map(hashes).unwrap_or_default();
        if let Some(commit) = item.pointer("/download_info/vcs_info/commit_id").and_then(Value::as_str) {
            others.push(format!("{name} @ {}+{url}@{commit}", text("/download_info/vcs_info/vcs")));
        } else if item["is_direct"] == true {
            others.push(format!("{name} @ {url}"));
        } else if hashes.is_empty() {
            others.push(pin);
        } else {
            hashed.push(format!("{pin} {}", hashes.join(" ")));
        }
    }
    (hashed, others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_lock_has_hashes_of_is_asked_for_with_them() {
        let package = |name: &str, version: &str, direct: bool, from: Value| json!({ "metadata": { "name": name, "version": version }, "is_direct": direct, "download_info": from });
        let archive = || json!({ "url": "https://files.example/x.whl", "archive_info": {} });
        let git = json!({ "url": "https://g/tea.git", "vcs_info": { "vcs": "git", "commit_id": "abc" } });
        let report = json!({ "install": [
            package("Typing_Extensions", "4.1", false, archive()),
            package("six", "1.17.0", false, archive()),
            package("tea", "1", true, git),
            package("lib", "1", true, json!({ "url": "file:///lib", "dir_info": {} })),
        ] });
        let locked = [
            "six==1.17.0.post1 --hash=sha256:cc",
            "typing-extensions==4.1 ; python_version < '4' --hash=sha256:aa --hash=sha256:bb",
        ];
        let (hashed, others) = planned(&report, &locked.map(str::to_owned));
        assert_eq!(hashed, ["typing-extensions==4.1 --hash=sha256:aa --hash=sha256:bb"]);
        assert_eq!(others, ["six==1.17.0", "tea @ git+https://g/tea.git@abc", "lib @ file:///lib"]);
    }
}
