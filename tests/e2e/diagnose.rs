//! A denied deploy, explained and mended, where IAM is enforced.

use crate::harness::{Project, strict_emulator};
use crate::users::User;
use serde_json::Value;

const MANIFEST: &str = "
provider: { name: aws, runtime: python3.12, region: eu-west-1 }
functions:
  hello: { handler: handler.hello, events: [{ httpApi: GET /hello }] }
";

fn project() -> Project {
    let project = Project::on(strict_emulator(), MANIFEST);
    project.file("handler.py", "def hello(event, context):\n    return {}\n");
    project
}

#[test]
fn a_denied_deploy_is_explained_from_its_record() {
    let project = project();
    let user = User::new(&format!("{}-nobody", project.name), &[]);
    let denied = user.rlx(&project, &["deploy"]).output().unwrap();
    assert_eq!(denied.status.code(), Some(3), "{}", String::from_utf8_lossy(&denied.stderr));

    let output = user.rlx(&project, &["diagnose", "--output", "json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cause = &told["diagnoses"][0];
    let action = cause["action"].as_str().unwrap_or_default();
    assert!(cause["principal"].as_str().unwrap_or_default().ends_with("-nobody"), "{told:#}");
    assert!(action.starts_with("cloudformation:") || action.starts_with("s3:"), "{told:#}");
    assert_eq!(cause["layer"], "identity", "{told:#}");
    assert!(cause["statements"].to_string().contains(action), "{told:#}");
}

#[test]
fn who_holds_nothing_deploys_after_at_most_two_rounds_of_diagnose() {
    let project = project();
    let user = User::new(&format!("{}-newcomer", project.name), &[]);
    user.rlx(&project, &["deploy"]).assert().code(3);
    let mut told = String::new();
    for _round in 0..2 {
        user.rlx(&project, &["diagnose", "--fix", "fix.json"]).assert().success();
        let fix: Value =
            serde_json::from_str(&std::fs::read_to_string(project.path().join("fix.json")).unwrap()).unwrap();
        user.hold(fix.as_array().unwrap_or(&vec![fix.clone()]));
        let output = user.rlx(&project, &["deploy"]).output().unwrap();
        if output.status.success() {
            return;
        }
        told = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    panic!("denied after two rounds: {told}");
}
