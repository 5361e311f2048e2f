//! What rlx does in the place of plugins of the Serverless Framework.

use crate::harness::Project;

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
