//! What a deploy would change is said before it does.

use crate::harness::Project;
use serde_json::Value;

fn table(name: &str, more: &str) -> String {
    format!(
        "provider: {{ name: aws }}\nresources:\n  Resources:\n    Ships:\n      Type: AWS::DynamoDB::Table\n      Properties:\n        \
         TableName: {name}\n        BillingMode: PAY_PER_REQUEST\n        \
         AttributeDefinitions: [{{ AttributeName: id, AttributeType: S }}]\n        \
         KeySchema: [{{ AttributeName: id, KeyType: HASH }}]\n{more}"
    )
}

/// A queue that everybody may send to.
const OPEN_QUEUE: &str = "
    Queue: { Type: AWS::SQS::Queue }
    Open:
      Type: AWS::SQS::QueuePolicy
      Properties:
        Queues: [{ Ref: Queue }]
        PolicyDocument:
          Version: '2012-10-17'
          Statement: [{ Effect: Allow, Principal: '*', Action: 'sqs:SendMessage', Resource: '*' }]
";

fn plan(project: &Project) -> Value {
    let output = project.rlx(&["plan", "--exit-code", "--output", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_plan_names_what_is_changed_lost_and_opened_and_changes_nothing() {
    let project = Project::new("");
    let (before, after) = (format!("{}-a", project.name), format!("{}-b", project.name));
    project.manifest(&table(&before, ""));
    let first = plan(&project);
    assert_eq!((&first["stack"]["exists"], &first["version"]), (&false.into(), &1.into()), "{first}");
    project.ok(&["deploy"]);
    project.ok(&["plan", "--exit-code"]);

    project.manifest(&table(&after, OPEN_QUEUE));
    for _ in 0..2 {
        let found = plan(&project);
        let changes = found["changes"].as_array().unwrap();
        let of =
            |id: &str| changes.iter().find(|change| change["logicalId"] == id).unwrap_or_else(|| panic!("{found}"));
        assert_eq!((&of("Ships")["action"], &of("Queue")["action"]), (&"change".into(), &"add".into()), "{found}");
        assert_eq!(of("Ships")["replacement"], "always", "{found}");
        let name = &of("Ships")["properties"][0];
        assert_eq!((&name["before"], &name["after"]), (&before.clone().into(), &after.clone().into()), "{found}");
        assert_eq!(found["losses"][0]["logicalId"], "Ships", "{found}");
        assert_eq!(found["security"][0]["logicalId"], "Open", "{found}");
    }
}

#[test]
fn a_deploy_that_opens_access_waits_for_approval_where_that_is_asked_for() {
    let project = Project::new("");
    project.manifest(&table(&project.name, ""));
    project.ok(&["deploy", "--require-approval", "broadening"]);
    project.manifest(&table(&project.name, OPEN_QUEUE));
    let (code, err) = project.fails(&["deploy", "--require-approval", "broadening"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("Open") && err.contains("nothing was changed"), "{err}");
    assert_eq!(plan(&project)["changes"].as_array().map(Vec::len), Some(2), "nothing was deployed");
    project.ok(&["deploy", "--require-approval", "never"]);
    project.ok(&["plan", "--exit-code"]);
}
