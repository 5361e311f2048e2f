//! `rlx invoke local`: functions run on this machine as Lambda would run them.

use crate::harness::Project;

const MANIFEST: &str = "
provider: {name: aws, runtime: python3.12, environment: {SHARED: yes-it-is}}
functions:
  py: {handler: src/app.main, environment: {OWN: mine}}
  slow: {handler: src/app.slow, timeout: 1}
  fails: {handler: src/app.fails}
  js: {handler: js/index.handler, runtime: nodejs22.x}
";

const PYTHON: &str = "
import os, time

def main(event, context):
    print('a line of the log')
    return {'event': event, 'own': os.environ['OWN'], 'shared': os.environ['SHARED'], 'name': context.function_name,
            'local': os.environ['IS_LOCAL'], 'custom': context.client_context and context.client_context.custom,
            'left': 0 < context.get_remaining_time_in_millis() <= 6000}

def slow(event, context):
    time.sleep(60)

def fails(event, context):
    raise KeyError('no such order')
";

const NODE: &str = "
exports.handler = async (event, context) => {
  console.log('a line of the log');
  return { event, name: context.functionName, shared: process.env.SHARED };
};
";

fn project() -> Project {
    let project = Project::new(MANIFEST);
    project.file("src/app.py", PYTHON).file("js/index.js", NODE);
    project
}

#[test]
fn a_python_function_gets_event_environment_and_context() {
    let project = project();
    let given = ["invoke", "local", "-f", "py", "--data", r#"{"ü": 1}"#, "--context", r#"{"custom": {"a": "ü"}}"#];
    let answer = project.json(&given)["payload"].clone();
    let name = format!("{}-local-py", project.name);
    let wanted = serde_json::json!({
        "event": {"ü": 1}, "own": "mine", "shared": "yes-it-is", "name": name, "local": "true",
        "custom": {"a": "ü"}, "left": true,
    });
    assert_eq!(answer, wanted);
}

#[test]
fn what_a_function_prints_is_no_part_of_its_answer() {
    let project = project();
    let output = project.rlx(&["invoke", "local", "js", "-d", "{\"a\": 1}", "-e", "SHARED=given"]).output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["event"]["a"], 1);
    assert_eq!(answer["shared"], "given");
    assert!(String::from_utf8_lossy(&output.stderr).contains("a line of the log"));
}

#[test]
fn a_function_that_raises_is_a_failure_with_its_place() {
    let project = project();
    let output = project.rlx(&["invoke", "local", "fails"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["errorType"], "KeyError");
    assert!(answer["stackTrace"][0].as_str().unwrap().contains("\"src/app.py\", line 14"), "{answer}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("fails failed: KeyError: 'no such order'"));
}

#[test]
fn a_function_ends_at_its_timeout() {
    let project = project();
    let (code, words) = project.fails(&["invoke", "local", "slow"]);
    assert_eq!(code, 1);
    assert!(words.contains("Task timed out after 1.00 seconds"), "{words}");
}

#[test]
fn a_binary_for_a_provided_runtime_talks_to_the_runtime_api() {
    let project = Project::new(
        "provider: {name: aws, runtime: provided.al2023}\nfunctions: {bin: {handler: anything, package: {artifact: bin.zip}}}\n",
    );
    let script = "#!/usr/bin/env python3
import os, urllib.request
api = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'
while True:
    asked = urllib.request.urlopen(api + 'next')
    event = asked.read()
    where = api + asked.headers['Lambda-Runtime-Aws-Request-Id'] + '/response'
    urllib.request.urlopen(urllib.request.Request(where, b'{\"got\": ' + event + b'}', method='POST'))
";
    let mut zip = zip::ZipWriter::new(std::fs::File::create(project.path().join("bin.zip")).unwrap());
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    std::io::Write::write_all(&mut zip, script.as_bytes()).unwrap();
    zip.finish().unwrap();
    assert_eq!(project.json(&["invoke", "local", "bin", "-d", "[1]"])["payload"]["got"][0], 1);
}
