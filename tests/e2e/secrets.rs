//! Values of secure strings: deployed, and shown nowhere.

use crate::harness::Project;

const SECRET: &str = "correct-horse-battery";

/// A service whose function has the value of a secure string, which lies in the emulator.
fn project() -> Project {
    project_with(|_| SECRET.to_owned())
}

fn project_with(secret: impl Fn(&Project) -> String) -> Project {
    let project = Project::new("provider: {name: aws, runtime: python3.11, region: us-east-1}\n");
    let endpoint = project.json(&["local", "status"])["endpoint"].as_str().unwrap().to_owned();
    let parameter = format!("/{}/token", project.name);
    let body = serde_json::json!({ "Name": parameter, "Type": "SecureString", "Value": secret(&project) });
    let authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ssm/aws4_request, \
                         SignedHeaders=host, Signature=none";
    ureq::post(format!("{endpoint}/"))
        .header("Authorization", authorization)
        .header("X-Amz-Target", "AmazonSSM.PutParameter")
        .header("Content-Type", "application/x-amz-json-1.1")
        .send(body.to_string())
        .unwrap();
    project.manifest(&format!(
        "provider:
  name: aws
  runtime: python3.11
  region: us-east-1
  environment: {{TOKEN: '${{ssm:{parameter}}}', URL: 'https://u:${{ssm:{parameter}}}@host'}}
functions: {{a: {{handler: app.handler}}}}
resources: {{Outputs: {{Token: {{Value: '${{ssm:{parameter}}}'}}}}}}
"
    ));
    project.file("app.py", "import os\ndef handler(event, context): return os.environ['TOKEN']\n");
    project
}

/// All that a command prints, whether it succeeds or not.
fn words(project: &Project, args: &[&str]) -> String {
    let output = project.rlx(args).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_secure_string_reaches_the_function_and_no_output() {
    let project = project();
    for args in [
        &["print"][..],
        &["print", "--output", "json"],
        &["print", "--explain", "provider.environment.URL"],
        &["package", "-vv"],
        &["plan"],
        &["plan", "--output", "json"],
        &["deploy", "-vv"],
        &["deploy", "--output", "json", "--force"],
        &["info", "-v"],
        &["info", "--output", "json"],
        &["stages", "diff", "local", "dev"],
        &["diagnose"],
    ] {
        let words = words(&project, args);
        assert!(!words.contains(SECRET), "{args:?}: {words}");
    }
    assert!(project.ok(&["print", "--show-secrets"]).contains(SECRET));
    assert!(project.ok(&["invoke", "-f", "a"]).contains(SECRET));
    project.ok(&["remove", "--yes"]);
}

#[test]
fn a_secure_string_that_is_a_part_of_names_takes_none_of_them_away() {
    let project = project_with(|project| project.name.clone());
    let packaged = project.json(&["package"]);
    assert_eq!((&packaged["service"], &packaged["stage"]), (&project.name.clone().into(), &"local".into()));
}

#[test]
fn a_secure_string_in_a_wrong_place_is_not_in_the_error() {
    let project = project();
    let manifest = std::fs::read_to_string(project.path().join("rlx.yml")).unwrap();
    let (_, manifest) = manifest.split_once('\n').unwrap();
    let parameter = format!("${{ssm:/{}/token}}", project.name);
    project.manifest(
        &manifest.replace("{handler: app.handler}", &format!("{{handler: app.handler, timeout: '{parameter}'}}")),
    );
    let (code, words) = project.fails(&["package"]);
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("must be a whole number, not `****`"), "{words}");
    assert!(!words.contains(SECRET), "{words}");
}
