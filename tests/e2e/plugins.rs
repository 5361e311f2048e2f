//! What rlx does in the place of plugins of the Serverless Framework.

use crate::harness::{Project, emulator};

const APP: &str = "import os\ndef hello(event, context):\n    return {'word': os.environ.get('WORD')}\n";

#[test]
fn dotenv_prune_and_termination_protection_are_taken_over() {
    let manifest = |stage: &str| {
        format!(
            "provider: {{name: aws, runtime: python3.12}}\nfunctions: {{hello: {{handler: app.hello}}}}\n\
             plugins: [serverless-dotenv-plugin, serverless-prune-plugin, serverless-stack-termination-protection]\n\
             custom:\n  prune: {{automatic: true, number: 1}}\n  serverlessTerminationProtection: {{stages: [{stage}]}}\n"
        )
    };
    let project = Project::new(&manifest("local"));
    project.file("app.py", APP).file(".env.local", "WORD=from a file");
    project.ok(&["deploy"]);
    assert_eq!(project.json(&["invoke", "hello"])["payload"]["word"], "from a file");
    let (_, err) = project.fails(&["remove"]);
    assert!(err.contains("is protected against deletion"), "{err}");

    project.file("app.py", &format!("{APP}# changed\n"));
    project.ok(&["deploy"]);
    // Of the two versions the older one went with the deploy.
    let left = project.json(&["prune", "-n", "1", "--dry-run"]);
    assert_eq!(left["pruned"]["versions"].as_array().unwrap().len(), 0, "{left}");

    project.manifest(&manifest("other"));
    assert_eq!(project.json(&["deploy"])["status"], "deployed");
    assert_eq!(project.json(&["deploy"])["status"], "unchanged");
    assert_eq!(project.json(&["remove"])["status"], "removed");
}

/// What API Gateway tells of a path, such as `/domainnames/api.example.com`.
fn api_gateway(path: &str) -> Option<serde_json::Value> {
    // The emulator finds the service in the scope of the signature, and does not check it.
    let scope =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0";
    let address = format!("{}{path}", emulator().endpoint);
    ureq::get(address).header("Authorization", scope).call().ok()?.body_mut().read_json().ok()
}

#[test]
fn a_custom_domain_is_made_mapped_and_deleted_with_the_stack() {
    let project = Project::new("provider: {name: aws}\n");
    let domain = format!("{}.example.com", project.name);
    let manifest = |path: &str| {
        format!(
            "provider: {{name: aws, runtime: python3.12}}\nplugins: [serverless-domain-manager]\n\
             custom:\n  customDomain:\n    domainName: {domain}\n    basePath: {path}\n    endpointType: regional\n    \
             apiType: http\n    certificateArn: arn:aws:acm:us-east-1:000000000000:certificate/1\n    \
             createRoute53Record: false\n    autoDomain: true\n\
             functions: {{hello: {{handler: app.hello, events: [httpApi: GET /hello]}}}}\n"
        )
    };
    let paths = || {
        let mappings = api_gateway(&format!("/v2/domainnames/{domain}/apimappings")).expect("mappings");
        let items = mappings["items"].as_array().expect("a list").clone();
        items.iter().map(|item| item["apiMappingKey"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    project.file("app.py", APP).manifest(&manifest("v1"));
    let deployed = project.json(&["deploy"]);
    assert_eq!(deployed["outputs"]["DomainNameHttp"], domain.as_str());
    assert_eq!(paths(), ["v1"]);
    assert_eq!(project.json(&["deploy"])["status"], "unchanged");

    project.manifest(&manifest("v2"));
    project.ok(&["deploy"]);
    assert_eq!(paths(), ["v2"]);
    assert_eq!(project.json(&["domain", "create"])["domains"][0]["changed"], false);

    assert_eq!(project.json(&["remove"])["status"], "removed");
    assert!(api_gateway(&format!("/v2/domainnames/{domain}")).is_none());
}

#[test]
fn domains_of_a_protected_stage_are_made_and_deleted_by_its_name_alone() {
    let project = Project::new(
        "provider: {name: aws}\nplugins: [serverless-domain-manager]\nstages: {local: {protected: true}}\n\
         custom: {customDomain: {domainName: api.example.com}}\n",
    );
    for (what, action) in [("create", "make its domains"), ("delete", "delete its domains")] {
        let (code, words) = project.fails(&["domain", what, "--yes"]);
        assert_eq!(code, 2);
        assert!(words.contains("stage `local` is protected"), "{words}");
        assert!(words.contains(&format!("to {action} without being asked, give --yes --confirm local")), "{words}");
    }
}

#[test]
fn stages_that_stage_manager_does_not_list_are_not_compared() {
    let project =
        Project::new("provider: {name: aws}\nplugins: [serverless-stage-manager]\ncustom: {stages: [dev, prod]}\n");
    project.ok(&["stages", "diff", "dev", "prod"]);
    let (code, words) = project.fails(&["stages", "diff", "dev", "prdo"]);
    assert_eq!(code, 2);
    assert!(
        words.contains("'prdo' is not a valid deployment stage") && words.contains("did you mean `prod`?"),
        "{words}"
    );
}

#[test]
fn a_state_machine_is_deployed_and_removed() {
    let project = Project::new(
        "provider: {name: aws, runtime: python3.12}\nplugins: [serverless-step-functions]\n\
         functions: {hello: {handler: app.hello}}\n\
         stepFunctions:\n  stateMachines:\n    greet:\n      events: [schedule: rate(1 day)]\n      definition:\n        \
         StartAt: Hello\n        States: {Hello: {Type: Task, Resource: {Fn::GetAtt: [hello, Arn]}, End: true}}\n",
    );
    project.file("app.py", APP);
    let arn = project.json(&["deploy"])["outputs"]["GreetStepFunctionsStateMachineArn"].clone();
    assert!(arn.as_str().is_some_and(|arn| arn.contains(":stateMachine:")), "{arn}");
    assert_eq!(project.json(&["deploy"])["status"], "unchanged");
    assert_eq!(project.json(&["remove"])["status"], "removed");
}

#[test]
fn folders_are_copied_into_a_bucket_and_commands_run() {
    let manifest = "provider: {name: aws, runtime: python3.12}\nplugins: [serverless-s3-sync, serverless-plugin-scripts]\n\
         package: {patterns: ['!**', app.py]}\nfunctions: {hello: {handler: app.hello}}\n\
         custom:\n  s3Sync: [{bucketNameKey: Site, localDir: site, bucketPrefix: www}]\n  scripts:\n    \
         commands: {greet: echo hello}\n    hooks:\n      'before:package:initialize': mkdir -p site && echo one > site/a.txt\n      \
         'after:deploy:deploy': echo deployed >> moments\n\
         resources:\n  Resources: {Bucket: {Type: 'AWS::S3::Bucket'}}\n  Outputs: {Site: {Value: {Ref: Bucket}}}\n";
    let project = Project::new(manifest);
    project.file("app.py", APP).file("site/b.txt", "two");
    let deployed = project.json(&["deploy"]);
    let bucket = format!("{}/{}", emulator().endpoint, deployed["outputs"]["Site"].as_str().unwrap());
    let object = |key: &str| ureq::get(format!("{bucket}/{key}")).call().ok()?.body_mut().read_to_string().ok();
    assert_eq!(object("www/a.txt").as_deref(), Some("one\n"));
    assert_eq!(object("www/b.txt").as_deref(), Some("two"));
    assert_eq!(std::fs::read_to_string(project.path().join("moments")).unwrap(), "deployed\n");
    assert_eq!(project.json(&["deploy"])["status"], "unchanged");

    std::fs::remove_file(project.path().join("site/b.txt")).unwrap();
    assert_eq!(project.json(&["deploy"])["status"], "deployed");
    assert_eq!(object("www/b.txt"), None);
    assert_eq!(project.ok(&["run", "greet"]), "hello\n");
    assert_eq!(project.json(&["remove"])["status"], "removed");
}

#[test]
fn a_warmer_calls_its_functions_after_the_deploy() {
    let project = Project::new(
        "provider: {name: aws, runtime: python3.12}\nplugins: [serverless-plugin-warmup]\n\
         custom: {warmup: {default: {enabled: true, prewarm: true, payload: {from: the warmer}}}}\n\
         functions: {hello: {handler: app.hello}}\n",
    );
    project.file("app.py", "def hello(event, context):\n    print('called by', event.get('from'))\n");
    project.ok(&["deploy"]);
    let told = project.ok(&["logs", "hello"]);
    assert!(told.contains("called by the warmer"), "{told}");
    let of_warmer = project.ok(&["logs", "warmUpPluginDefault"]);
    assert!(of_warmer.contains("1 of 1 functions are warm"), "{of_warmer}");
}
