//! What `rlx permissions` prints is enough, and no more than that, where IAM is enforced.

use crate::harness::{Project, strict_emulator};
use crate::users::User;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;

const MANIFEST: &str = "
provider:
  name: aws
  runtime: python3.12
  region: eu-west-1
functions:
  hello:
    handler: handler.hello
    url: true
    events:
      - sqs: { arn: !GetAtt [Queue, Arn] }
      - schedule: rate(1 hour)
      - httpApi: GET /hello
resources:
  Resources:
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: '${self:service}-q' } }
";

fn project() -> Project {
    let project = Project::on(strict_emulator(), MANIFEST);
    project.file("handler.py", "def hello(event, context):\n    return {}\n");
    project
}

/// The policies that `rlx permissions` prints.
fn printed(project: &Project) -> Vec<Value> {
    listed(&project.ok(&["permissions"]))
}

/// The policies of a text that holds one, or a list of them.
fn listed(text: &str) -> Vec<Value> {
    match serde_json::from_str(text).unwrap() {
        Value::Array(documents) => documents,
        one => vec![one],
    }
}

/// The policies with only those of their actions that are wanted.
fn only(policies: &[Value], wanted: impl Fn(&str) -> bool) -> Vec<Value> {
    let mut policies = policies.to_vec();
    for policy in &mut policies {
        let statements = policy["Statement"].as_array_mut().unwrap();
        for statement in statements.iter_mut() {
            let actions = match &statement["Action"] {
                Value::Array(actions) => actions.clone(),
                one => vec![one.clone()],
            };
            let kept = actions.into_iter().filter(|a| wanted(a.as_str().unwrap()));
            statement["Action"] = kept.collect();
        }
        statements.retain(|statement| statement["Action"] != json!([]));
    }
    policies.retain(|policy| policy["Statement"] != json!([]));
    policies
}

/// Whether policies have an action on any resource.
fn is_on_everything(policies: &[Value], action: &str) -> bool {
    let of_action = only(policies, |held| held == action);
    of_action.iter().flat_map(|policy| policy["Statement"].as_array().unwrap()).any(|s| s["Resource"] == "*")
}

/// The actions that a text speaks of.
fn actions_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '-');
    words.filter(|word| rlx::iam::catalogue::action(word).is_some_and(|action| action.name() == *word)).collect()
}

/// What a denied command tells that it lacks.
fn told(output: &Output) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{text}");
    actions_in(&text).into_iter().map(str::to_owned).collect()
}

/// Runs the commands of a stack's life, from nothing to nothing, up to the first that fails.
fn live(user: &User, project: &Project, source: &str) -> Option<Output> {
    let comment = if source.ends_with(".js") { "//" } else { "#" };
    let change = format!("\n{comment} {}\n", user.name);
    let changed = std::fs::read_to_string(project.path().join(source)).unwrap() + &change;
    let steps: [(&[&str], Option<&str>); 3] =
        [(&["deploy"], None), (&["deploy"], Some(&changed)), (&["remove", "--yes"], None)];
    for (args, text) in steps {
        if let Some(text) = text {
            project.file(source, text);
        }
        let output = user.rlx(project, args).output().unwrap();
        if !output.status.success() {
            return Some(output);
        }
    }
    None
}

#[track_caller]
fn succeeds(failed: Option<Output>) {
    if let Some(output) = failed {
        panic!("{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The services of `examples/`, each with a source that a deploy can find changed.
fn examples() -> Vec<(Project, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folders: BTreeSet<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    let (services, shared): (Vec<_>, Vec<_>) =
        folders.into_iter().partition(|folder| ["rlx.yml", "serverless.yml"].iter().any(|m| folder.join(m).exists()));
    let relative = |path: &Path| format!("examples/{}", path.file_name().unwrap().to_str().unwrap());
    let shared: Vec<String> = shared.iter().map(|path| relative(path)).collect();
    let beside: Vec<&str> = shared.iter().map(String::as_str).collect();
    services
        .iter()
        .map(|folder| {
            let project = Project::example_on(strict_emulator(), &relative(folder), &beside);
            let mut files = walkdir::WalkDir::new(project.path()).sort_by_file_name().into_iter().flatten();
            let source = files.find(|e| e.path().extension().is_some_and(|ext| ext == "py" || ext == "js")).unwrap();
            let source = source.path().strip_prefix(project.path()).unwrap().to_owned();
            (project, source)
        })
        .collect()
}

#[test]
fn who_holds_what_is_printed_deploys_updates_and_removes_at_the_first_try() {
    let project = project();
    let user = User::new(&format!("{}-full", project.name), &printed(&project));
    succeeds(live(&user, &project, "handler.py"));
    for looks in [&["deploy"], &["plan"], &["info"], &["drift"]] {
        user.rlx(&project, looks).assert().success();
    }
}

#[test]
fn each_example_lives_on_what_is_printed_and_on_what_diagnose_gives_in_two_rounds() {
    for (project, source) in examples() {
        let source = source.to_str().unwrap();
        let user = User::new(&format!("{}-full", project.name), &printed(&project));
        succeeds(live(&user, &project, source));

        let newcomer = User::new(&format!("{}-newcomer", project.name), &[]);
        let mut failed = live(&newcomer, &project, source);
        for _round in 0..2 {
            if failed.is_none() {
                break;
            }
            newcomer.rlx(&project, &["diagnose", "--fix", "fix.json"]).assert().success();
            let fix = std::fs::read_to_string(project.path().join("fix.json")).unwrap();
            newcomer.hold(&listed(&fix));
            failed = live(&newcomer, &project, source);
        }
        succeeds(failed);
    }
}

/// Who starts with nothing and is given each action that it is told to lack ends with all that are enforced.
#[test]
fn who_lacks_one_action_is_told_just_that_one() {
    let project = project();
    let policies = printed(&project);
    let poor = User::new(&format!("{}-poor", project.name), &[]);
    let mut enforced = BTreeSet::new();
    while let Some(output) = live(&poor, &project, "handler.py") {
        let lacking = told(&output);
        assert!(!lacking.is_subset(&enforced), "{lacking:?}: printed for other resources than it is needed on");
        enforced.extend(lacking);
        poor.hold(&only(&policies, |action| enforced.contains(action)));
    }
    assert!(enforced.len() > 10, "{enforced:?}");

    for action in &enforced {
        poor.hold(&only(&policies, |held| held != action));
        let Some(output) = live(&poor, &project, "handler.py") else {
            // It clears up after a failure, of which there was none this time.
            assert_eq!(action, "cloudformation:DeleteChangeSet");
            continue;
        };
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(told(&output), [action.clone()].into(), "{text}");
        // The emulator's words name no resource; the template tells it.
        assert_eq!(text.contains(r#""Resource":["*"]"#), is_on_everything(&policies, action), "{text}");
        project.ok(&["remove", "--yes"]);
    }
}

#[test]
fn the_check_before_a_deploy_lists_all_that_is_missing() {
    let project = project();
    let may_look = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Resource": "*",
        "Action": ["iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy", "cloudformation:*"] }] });
    let user = User::new(&format!("{}-look", project.name), &[may_look]);
    let output = user.rlx(&project, &["diagnose", "--preflight", "--output", "json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{found:#}");
    let denied: Vec<&str> =
        found["preflight"]["denied"].as_array().unwrap().iter().filter_map(|d| d["action"].as_str()).collect();
    assert!(denied.contains(&"s3:PutObject") && denied.contains(&"lambda:CreateFunction"), "{denied:?}");
    assert!(!denied.iter().any(|action| action.starts_with("cloudformation:")), "{denied:?}");
}

#[test]
fn who_may_not_look_is_told_that_it_is_not_known() {
    let project = project();
    let user = User::new(&format!("{}-blind", project.name), &printed(&project));
    let output = user.rlx(&project, &["diagnose", "--preflight", "--output", "json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["preflight"]["method"], "unknown");
}
