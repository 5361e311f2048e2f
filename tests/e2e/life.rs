//! Stacks that fail, are repaired, taken over and removed; and rlx as scripts use it.

use crate::harness::{Project, emulator, interrupt, process};
use serde_json::{Value, json};
use std::process::Stdio;

/// A custom resource whose function answers what the manifest says.
const CUSTOM: &str = "
provider: {name: aws, runtime: python3.12}
functions:
  maker: {handler: maker.main, timeout: 10}
resources:
  Resources:
    Thing:
      Type: Custom::Thing
      Properties: {ServiceToken: {Fn::GetAtt: [MakerLambdaFunction, Arn]}, Mode: MODE}
";

const MAKER: &str = "
import json, urllib.request

def main(event, context):
    mode = event['ResourceProperties'].get('Mode')
    if mode == 'bad':
        print('the catalogue is locked by ada')
    answer = {'Status': 'FAILED' if mode == 'bad' else 'SUCCESS', 'Reason': 'see the log', 'PhysicalResourceId': 'thing',
              'StackId': event['StackId'], 'RequestId': event['RequestId'],
              'LogicalResourceId': event['LogicalResourceId']}
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event['ResponseURL'], body, method='PUT'))
";

fn custom(mode: &str) -> Project {
    let project = Project::new(&CUSTOM.replace("MODE", mode));
    project.file("maker.py", MAKER);
    project
}

fn status(project: &Project) -> String {
    project.json(&["info"])["stack"]["status"].as_str().unwrap_or_default().to_owned()
}

fn put(path: &str) {
    ureq::put(format!("{}/{path}", emulator().endpoint)).send("x").unwrap();
}

#[test]
fn a_custom_resource_that_fails_shows_the_log_of_its_function() {
    let project = custom("good");
    project.ok(&["deploy"]);
    project.manifest(&CUSTOM.replace("MODE", "bad"));
    let summary = project.path().join("summary.md");
    let output = project.rlx(&["deploy"]).env("GITHUB_STEP_SUMMARY", &summary).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("error: Thing (Custom::Thing)"), "{words}");
    assert!(words.contains("the catalogue is locked by ada"), "{words}");
    assert!(words.contains("it runs what it ran before"), "{words}");
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.starts_with("### rlx deploy failed"), "{summary}");
    assert!(summary.contains("the catalogue is locked by ada"), "{summary}");
}

#[test]
fn without_rollback_the_next_deploy_goes_on_from_where_it_failed() {
    let project = custom("good");
    project.ok(&["deploy"]);
    project.manifest(&CUSTOM.replace("MODE", "bad"));
    let (code, words) = project.fails(&["deploy", "--no-rollback"]);
    assert_eq!(code, 1);
    assert!(words.contains("the next deploy goes on from here"), "{words}");
    assert_eq!(status(&project), "UPDATE_FAILED");
    project.manifest(&CUSTOM.replace("MODE", "better"));
    assert_eq!(project.json(&["deploy"])["status"], "deployed");
    assert_eq!(status(&project), "UPDATE_COMPLETE");
}

/// A custom resource whose function fails at requests of this kind.
fn failing_at(request: &str) -> String {
    MAKER.replace(
        "mode = event['ResourceProperties'].get('Mode')",
        &format!("mode = {{'{request}': 'bad'}}.get(event['RequestType'])"),
    )
}

#[test]
fn an_update_that_cannot_be_undone_is_continued_without_what_stopped_it() {
    let project = custom("one");
    project.file("maker.py", &failing_at("Update"));
    project.ok(&["deploy"]);
    project.manifest(&CUSTOM.replace("MODE", "two"));
    let (_, words) = project.fails(&["deploy"]);
    assert!(words.contains("rlx continue"), "{words}");
    assert_eq!(words.matches("Thing (Custom::Thing): see the log").count(), 1, "{words}");
    assert_eq!(status(&project), "UPDATE_ROLLBACK_FAILED");
    let (_, words) = project.fails(&["continue"]);
    assert!(words.contains("rlx continue --no-skip"), "{words}");
    assert!(project.ok(&["continue", "--yes"]).contains("Left as they are"));
    assert_eq!(status(&project), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn a_removal_that_stopped_half_way_is_repaired_and_done_by_the_next() {
    let project = custom("one");
    project.file("maker.py", &failing_at("Delete"));
    project.ok(&["deploy"]);
    let (_, words) = project.fails(&["remove", "--yes"]);
    assert!(words.contains("Thing (Custom::Thing)"), "{words}");
    assert_eq!(status(&project), "DELETE_FAILED");
    assert!(words.contains("rlx remove --retain Thing"), "{words}");
    project.ok(&["remove", "--yes", "--retain", "Thing"]);
    assert!(project.fails(&["info"]).1.contains("there is no stack"));
}

#[test]
fn the_doctor_says_what_is_there_and_what_is_wrong_with_the_service() {
    let project = custom("good");
    let findings = project.ok(&["doctor"]);
    for line in ["ok       emulator", "ok       service", "ok       credentials", "ok       clock"] {
        assert!(findings.contains(line), "{findings}");
    }
    project.manifest("provider: {name: aws, runtim: python3.12}\n");
    let output = project.rlx(&["doctor"]).output().unwrap();
    let findings = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && findings.contains("ERROR    service"), "{findings}");
}

#[test]
fn a_first_deploy_that_failed_is_made_anew_by_the_next() {
    let bucket = format!("own-bucket-{}", std::process::id());
    put(&bucket);
    let manifest = CUSTOM.replace("runtime:", &format!("deploymentBucket: {bucket}, runtime:"));
    let project = Project::new(&manifest.replace("MODE", "bad"));
    project.file("maker.py", MAKER);
    let (_, words) = project.fails(&["deploy"]);
    assert!(words.contains("ROLLBACK_COMPLETE: it has no resources"), "{words}");
    project.manifest(&manifest.replace("MODE", "good"));
    assert_eq!(project.json(&["deploy", "--method", "direct"])["status"], "deployed");
    assert_eq!(status(&project), "CREATE_COMPLETE");
}

#[test]
fn buckets_of_the_stack_are_emptied_before_it_is_removed() {
    let project = Project::new("provider: {name: aws, runtime: python3.12}\nfunctions: {f: {handler: f.f}}\n");
    let data = format!("{}-data", project.name);
    let manifest = format!(
        "provider: {{name: aws, runtime: python3.12}}\nfunctions: {{f: {{handler: f.f}}}}\nresources: {{Resources: {{\
         Data: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {data}}}}}}}}}\n"
    );
    project.manifest(&manifest);
    project.file("f.py", "def f(event, context): return 1\n");
    project.ok(&["deploy"]);
    put(&format!("{data}/photo.jpg"));
    assert_eq!(project.json(&["remove", "--yes"])["status"], "removed");
    assert!(ureq::get(format!("{}/{data}", emulator().endpoint)).call().is_err());
}

#[test]
fn a_resource_that_exists_is_taken_into_the_stack() {
    let plain = "provider: {name: aws, runtime: python3.12}\nfunctions: {f: {handler: f.f}}\n";
    let project = Project::new(plain);
    project.file("f.py", "def f(event, context): return 1\n");
    project.ok(&["deploy"]);
    let data = format!("{}-old", project.name);
    put(&data);
    let with = format!(
        "{plain}resources: {{Resources: {{Data: {{Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: \
         {{BucketName: {data}}}}}}}}}\n"
    );
    project.manifest(&with);
    // What a deploy would take in by itself is shown by its change set.
    let prepared = project.json(&["deploy", "--import-existing", "--method", "prepare-only"]);
    let import = prepared["changes"].as_array().unwrap().iter().find(|change| change["logicalId"] == "Data");
    assert_eq!(import.unwrap()["action"], "Import");
    let (code, words) = project.fails(&["import", "Daat", &data]);
    assert_eq!(code, 2);
    assert!(words.contains("the service's template has no resource Daat; did you mean Data?"), "{words}");
    assert_eq!(project.json(&["import", "Data", &data])["status"], "imported");
    assert_eq!(project.json(&["deploy"])["status"], "deployed");
    assert_eq!(project.json(&["unlock"])["status"], "unchanged");
}

#[test]
fn what_was_changed_past_cloudformation_is_told_and_a_replaced_resource_is_made_anew() {
    let project = Project::new("provider: {name: aws}\n");
    let queue = |name: &str| {
        format!(
            "provider: {{name: aws}}\nresources: {{Resources: {{Jobs: {{Type: AWS::SQS::Queue, Properties: \
             {{QueueName: {name}, VisibilityTimeout: 45}}}}}}}}\n"
        )
    };
    let url = |name: &str| format!("{}/000000000000/{name}", emulator().endpoint);
    let (first, second) = (format!("{}-one", project.name), format!("{}-two", project.name));
    project.manifest(&queue(&first));
    project.ok(&["deploy"]);
    assert_eq!(project.rlx(&["drift", "--exit-code"]).output().unwrap().status.code(), Some(0));
    let change = json!({ "QueueUrl": url(&first), "Attributes": { "VisibilityTimeout": "99" } });
    assert!(sqs("SetQueueAttributes", &change));
    let output = project.rlx(&["drift", "--exit-code"]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(4), "{words}");
    assert!(words.contains("/VisibilityTimeout: the template says 45, it is 99"), "{words}");
    project.manifest(&queue(&second));
    assert_eq!(project.json(&["deploy"])["status"], "deployed");
    let is_there = |name: &str| sqs("GetQueueAttributes", &json!({ "QueueUrl": url(name) }));
    assert!(is_there(&second) && !is_there(&first));
}

/// Whether SQS takes a call.
fn sqs(operation: &str, body: &Value) -> bool {
    let request = ureq::post(&emulator().endpoint)
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
        )
        .header("x-amz-target", format!("AmazonSQS.{operation}"))
        .header("content-type", "application/x-amz-json-1.0");
    request.send(body.to_string()).is_ok()
}

#[test]
fn of_two_deploys_at_once_the_second_learns_who_is_first() {
    let project = custom("good");
    project.file(".rlx/local/lock", "process 7 of ada@laptop");
    let lock = std::fs::File::open(project.path().join(".rlx/local/lock")).unwrap();
    lock.lock().unwrap();
    let (code, words) = project.fails(&["deploy"]);
    assert_eq!(code, 1);
    assert!(words.contains("another rlx works on stage local: process 7 of ada@laptop"), "{words}");
}

#[test]
fn logs_of_several_functions_are_told_apart_and_filtered() {
    let project = Project::new(
        "provider: {name: aws, runtime: python3.12}\nfunctions: {one: {handler: f.f}, two: {handler: f.f}}\n",
    );
    project.file("f.py", "def f(event, context):\n    print('seen', event['id'])\n    return event\n");
    project.ok(&["deploy"]);
    for function in ["one", "two"] {
        project.ok(&["invoke", function, "--data", r#"{"id": "apple"}"#]);
    }
    let lines = |args: &[&str]| -> Vec<Value> {
        let out = project.ok(&[&["logs", "--output", "json"], args].concat());
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = crate::harness::until("both functions have logs", || {
        let all = lines(&["one", "two", "--start-time", "1h"]);
        let of = |key: &str| all.iter().any(|line| line["function"] == key && line["message"] == "seen apple");
        (of("one") && of("two")).then_some(all)
    });
    assert!(all.windows(2).all(|pair| pair[0]["time"].as_str() <= pair[1]["time"].as_str()), "{all:?}");
    assert!(lines(&["--filter", "no-such-word"]).is_empty());
}

#[test]
fn logs_are_followed_until_ctrl_c() {
    let project = Project::new("provider: {name: aws, runtime: python3.12}\nfunctions: {one: {handler: f.f}}\n");
    project.file("f.py", "def f(event, context):\n    print('seen', event['id'])\n");
    project.ok(&["deploy"]);
    let mut tail = process(&emulator().cache)
        .args(["logs", "--tail", "--interval", "100", "--filter", "seen", "--output", "json"])
        .current_dir(project.path())
        .env("RLX_STAGE", "local")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = std::io::BufReader::new(tail.stdout.take().unwrap());
    let mut lines = std::io::BufRead::lines(told).map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    for fruit in ["apple", "pear"] {
        project.ok(&["invoke", "one", "--data", &format!(r#"{{"id": "{fruit}"}}"#)]);
        // Each line once, as it comes.
        assert_eq!(lines.next().unwrap()["message"], format!("seen {fruit}"));
    }
    interrupt(&tail);
    assert_eq!(tail.wait().unwrap().code(), Some(0));
}

#[test]
fn metrics_have_a_row_for_each_function_asked_for() {
    let project = custom("good");
    project.ok(&["deploy"]);
    let metrics = project.json(&["metrics", "maker"]);
    assert_eq!(metrics["functions"][0]["function"], "maker");
    assert!(metrics["functions"][0]["invocations"].is_number());
    let (code, words) = project.fails(&["metrics", "makre"]);
    assert_eq!(code, 2);
    assert!(words.contains("did you mean `maker`?"), "{words}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let project = custom("good");
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("rlx"))
        .args(["schema"])
        .current_dir(project.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}

#[test]
fn every_command_has_a_manual_page() {
    let project = custom("good");
    project.ok(&["man", "pages"]);
    for page in ["rlx.1", "rlx-deploy.1", "rlx-deploy-function.1", "rlx-invoke-local.1", "rlx-watch.1"] {
        assert!(project.path().join("pages").join(page).is_file(), "{page}");
    }
}

#[test]
fn a_changed_file_is_deployed_while_watching() {
    let project = Project::new("provider: {name: aws, runtime: python3.12}\nfunctions: {f: {handler: f.f}}\n");
    project.file("f.py", "def f(event, context): return 'before'\n");
    project.ok(&["deploy"]);
    let mut watch = std::process::Command::new(assert_cmd::cargo::cargo_bin("rlx"))
        .args(["watch", "--output", "json"])
        .current_dir(project.path())
        .env("RLX_STAGE", "local")
        .env("RLX_CACHE_DIR", &emulator().cache)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let told = std::io::BufReader::new(watch.stdout.take().unwrap());
    let mut events = std::io::BufRead::lines(told).map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    events.find(|event| event["event"] == "watching").unwrap();
    project.file("f.py", "def f(event, context): return 'after'\n");
    let changed = events.find(|event| event["event"] == "changed").unwrap();
    assert_eq!(changed["files"][0], "f.py");
    let result = events.find(|event| event["event"] == "result").unwrap();
    assert_eq!(result["status"], "hotswapped");
    // It may still be about to say that it watches again.
    std::thread::spawn(move || events.for_each(drop));
    interrupt(&watch);
    assert_eq!(watch.wait().unwrap().code(), Some(0));
    assert_eq!(project.json(&["invoke", "f"])["payload"], "after");
}
