//! A stack's life: made, changed, failed, repaired, removed.

use crate::harness::Project;

const PYTHON: &str = "\
provider:
  name: aws
  runtime: python3.12
functions:
  hello:
    handler: app.hello
";

const APP: &str = "def hello(event, context):\n    return {'greets': event.get('name', 'nobody')}\n";

fn hello() -> Project {
    let project = Project::new(PYTHON);
    project.file("app.py", APP);
    project
}

#[test]
fn a_function_is_deployed_called_and_removed() {
    let project = hello();
    assert_eq!(project.json(&["deploy"])["status"], "deployed");
    let answer = project.json(&["invoke", "hello", "--data", r#"{"name": "ada"}"#]);
    assert_eq!(answer["payload"]["greets"], "ada");
    assert_eq!(project.json(&["remove"])["status"], "removed");
    assert_eq!(project.json(&["remove"])["status"], "absent");
}

#[test]
fn nothing_changed_is_one_read_and_no_change() {
    let project = hello();
    project.ok(&["deploy"]);
    let output = project.rlx(&["deploy", "-v"]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.starts_with("No changes:"), "{out}");
    // One read of the stack; the other call is that of -v, which tells whose credentials are used.
    assert!(err.contains("2 AWS calls, 0 of them retries"), "{err}");
}

#[test]
fn a_record_from_another_machine_is_found_in_the_bucket() {
    let project = hello();
    project.ok(&["deploy"]);
    std::fs::remove_dir_all(project.path().join(".rlx")).unwrap();
    assert_eq!(project.json(&["deploy"])["status"], "unchanged");
}

/// What `rlx stages` tells of the only stage.
fn standing(project: &Project, credentials: bool) -> (bool, String) {
    let mut command = project.rlx(&["stages", "--output", "json"]);
    if !credentials {
        command.env("RLX_STAGE", "dev").env("AWS_SHARED_CREDENTIALS_FILE", "none").env("AWS_CONFIG_FILE", "none");
    }
    let told: serde_json::Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let stage = &told["stages"][0];
    (stage["deployed"].as_bool().unwrap(), stage["from"].as_str().unwrap().to_owned())
}

#[test]
fn a_stage_is_deployed_where_its_stack_says_so() {
    let project = hello();
    assert_eq!(standing(&project, true), (false, "stack".to_owned()));
    project.ok(&["deploy"]);
    std::fs::remove_dir_all(project.path().join(".rlx")).unwrap();
    assert_eq!(standing(&project, true), (true, "stack".to_owned()));
}

#[test]
fn without_credentials_records_tell_what_is_deployed() {
    let project = hello();
    assert_eq!(standing(&project, false), (false, "records".to_owned()));
    let record = r#"{"outcome": "succeeded", "operation": "deploy", "finished": "2026-01-01T00:00:00Z"}"#;
    project.file(".rlx/dev/deploy.json", record);
    assert_eq!(standing(&project, false), (true, "records".to_owned()));
}

#[test]
fn changed_code_is_uploaded_and_runs() {
    let project = hello();
    project.ok(&["deploy"]);
    project.file("app.py", "def hello(event, context):\n    return {'greets': 'all'}\n");
    assert_eq!(project.json(&["deploy"])["status"], "deployed");
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "all");
}

#[test]
fn a_failed_update_names_the_root_cause_and_leaves_what_ran() {
    let project = hello();
    project.ok(&["deploy"]);
    project.manifest(&format!(
        "{PYTHON}resources:\n  Resources:\n    Broken:\n      Type: AWS::Lambda::Url\n      Properties:\n        \
         TargetFunctionArn: absent\n        AuthType: NONE\n"
    ));
    let (code, err) = project.fails(&["deploy"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("error: Broken (AWS::Lambda::Url)"), "{err}");
    assert!(err.contains("rlx diagnose"), "{err}");
    let record = std::fs::read_to_string(project.path().join(".rlx/local/deploy.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["outcome"], "failed");
    assert_eq!(record["failingEvents"][0]["logicalId"], "Broken");
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "nobody");
    project.manifest(PYTHON);
    project.ok(&["deploy"]);
}

#[test]
fn a_deploy_that_was_killed_is_picked_up() {
    let project = hello();
    for wait in [20, 120, 400] {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("rlx"))
            .args(["deploy"])
            .current_dir(project.path())
            .env("RLX_STAGE", "local")
            .env("RLX_CACHE_DIR", &crate::harness::emulator().cache)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    project.ok(&["deploy"]);
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "nobody");
}

#[test]
fn a_handler_without_a_file_is_an_error_before_anything_happens() {
    let project = Project::new(PYTHON);
    project.file("other.py", APP);
    let (code, err) = project.fails(&["deploy"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("app"), "{err}");
}

#[test]
fn a_stack_that_is_not_there_is_said_so() {
    let project = hello();
    let (code, err) = project.fails(&["info"]);
    assert_eq!(code, 1);
    assert!(err.contains("there is no stack"), "{err}");
    assert!(err.contains("rlx deploy --stage local"), "{err}");
}

#[test]
fn a_user_who_may_do_nothing_is_told_what_was_refused() {
    let emulator = crate::harness::strict_emulator();
    let project = Project::on(emulator, PYTHON);
    project.file("app.py", APP);
    // A key that the emulator does not know has no permissions at all.
    let output = project
        .rlx(&["deploy"])
        .env("AWS_ACCESS_KEY_ID", "AKIAUNKNOWNUNKNOWN00")
        .env("AWS_SECRET_ACCESS_KEY", "unknown")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let record = std::fs::read_to_string(project.path().join(".rlx/local/deploy.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["callError"]["operation"], "DescribeStacks");
}

#[test]
fn a_rollback_brings_the_code_before_back() {
    let project = hello();
    project.ok(&["deploy"]);
    project.file("app.py", "def hello(event, context):\n    return {'greets': 'all'}\n");
    project.ok(&["deploy"]);
    assert_eq!(project.json(&["deploy", "list"])["deployments"].as_array().unwrap().len(), 2);
    assert_eq!(project.json(&["rollback"])["status"], "rolled-back");
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "nobody");
}

#[test]
fn code_alone_is_swapped_without_cloudformation() {
    let project = hello();
    project.ok(&["deploy"]);
    project.file("app.py", "def hello(event, context):\n    return {'greets': 'swapped'}\n");
    assert_eq!(project.json(&["deploy", "--hotswap"])["status"], "hotswapped");
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "swapped");
    project.file("app.py", "def hello(event, context):\n    return {'greets': 'one'}\n");
    assert_eq!(project.json(&["deploy", "function", "hello"])["status"], "deployed");
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "one");
    // A deploy that fails in between does not make what was swapped be forgotten.
    project.manifest(&format!(
        "{PYTHON}resources: {{Resources: {{Broken: {{Type: 'AWS::Lambda::Url', Properties: {{\
         TargetFunctionArn: absent, AuthType: NONE}}}}}}}}\n"
    ));
    project.file("app.py", APP);
    project.fails(&["deploy"]);
    project.manifest(PYTHON);
    project.ok(&["deploy"]);
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "nobody");
}

#[test]
fn a_change_set_is_prepared_and_executed_later_as_it_was_prepared() {
    let project = hello();
    project.ok(&["deploy"]);
    let (code, err) = project.fails(&["deploy", "--method", "execute"]);
    assert_eq!(code, 1);
    assert!(err.contains("no change set of rlx that waits to be executed"), "{err}");
    project.file("app.py", "def hello(event, context):\n    return {'greets': 'prepared'}\n");
    let prepared = project.json(&["deploy", "--method", "prepare-only"]);
    assert_eq!(prepared["status"], "prepared");
    assert!(!prepared["changes"].as_array().unwrap().is_empty());
    // What is edited meanwhile is not what is executed, and is not taken for deployed.
    project.file("app.py", "def hello(event, context):\n    return {'greets': 'edited'}\n");
    assert_eq!(project.json(&["deploy", "--method", "execute"])["status"], "deployed");
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "prepared");
    assert_eq!(project.json(&["deploy"])["status"], "deployed");
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "edited");
}

#[test]
fn a_package_is_deployed_to_the_stage_that_it_was_made_for_and_to_no_other() {
    let project = hello();
    project.ok(&["package", "--package", "out"]);
    let (code, err) = project.fails(&["deploy", "--stage", "prod", "--package", "out"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("out was packaged for stage `local`, not for `prod`"), "{err}");
    assert!(err.contains("rlx package --stage prod --package"), "{err}");
    // The archive, not the tree, is deployed.
    project.file("app.py", "def hello(event, context):\n    return {'greets': 'edited'}\n");
    assert_eq!(project.json(&["deploy", "--package", "out"])["status"], "deployed");
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "nobody");
    let archive = std::fs::read_dir(project.path().join("out")).unwrap().map(|entry| entry.unwrap().path());
    let archive = archive.into_iter().find(|path| path.extension().is_some_and(|end| end == "zip")).unwrap();
    std::fs::write(archive, "no archive").unwrap();
    let (code, err) = project.fails(&["deploy", "--package", "out"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("is not the archive that was packaged"), "{err}");
}

#[test]
fn what_nothing_uses_is_pruned() {
    let project = hello();
    for greeting in ["a", "b", "c"] {
        project.file("app.py", &format!("def hello(event, context):\n    return {{'greets': '{greeting}'}}\n"));
        project.ok(&["deploy"]);
    }
    let pruned = project.json(&["prune", "-n", "1"]);
    assert_eq!(pruned["pruned"]["versions"].as_array().unwrap().len(), 2);
    assert!(pruned["pruned"]["objects"].as_array().unwrap().len() >= 4);
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["greets"], "c");
}

#[test]
fn a_stack_that_nobody_touched_has_not_drifted() {
    let project = hello();
    project.ok(&["deploy"]);
    assert_eq!(project.rlx(&["drift", "--exit-code"]).output().unwrap().status.code(), Some(0));
}

#[test]
fn a_function_that_fails_says_what_it_raised() {
    let project = hello();
    project.file("app.py", "def hello(event, context):\n    raise ValueError('no such cup')\n");
    project.ok(&["deploy"]);
    let (code, err) = project.fails(&["invoke", "hello"]);
    assert_eq!(code, 1);
    assert!(err.contains("no such cup"), "{err}");
    assert!(err.contains("rlx logs -f hello --stage local"), "{err}");
}
