//! AWS by the script of a test: answers in AWS's own form, for what no emulator can be brought to do.

use crate::faults::proxy::{operation, read_request};
use crate::harness::process;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// The ARN of the service's stack.
pub const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-dev/0a1b2c3d";

/// A call as it came in.
pub struct Call {
    /// Such as `cloudformation DescribeStacks`.
    pub operation: String,
    /// How many calls of that operation there were before.
    pub nth: usize,
    /// The whole request.
    pub text: String,
    /// The token of the last call that had one: events of that operation bear it.
    pub token: String,
}

/// HTTP status and body.
pub type Answer = (u16, String);

/// A service without functions, and its AWS.
pub struct Shop {
    dir: tempfile::TempDir,
    url: String,
    calls: Arc<Mutex<Calls>>,
}

#[derive(Default)]
struct Calls {
    counts: BTreeMap<String, usize>,
    texts: Vec<(String, String)>,
    token: String,
}

const MANIFEST: &str = "service: shop
provider: {name: aws, region: eu-west-1, runtime: python3.12}
resources: {Resources: {Queue: {Type: AWS::SQS::Queue}}}
";

impl Shop {
    /// `script` answers what it knows; of the rest, the bucket is empty and takes everything, a change set is ready at
    /// once, and anything else is an error.
    pub fn new(script: impl Fn(&Call) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Calls::default()));
        let (seen, script) = (calls.clone(), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (seen.clone(), script.clone());
                std::thread::spawn(move || serve(stream, &seen, &*script));
            }
        });
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("rlx.yml"), MANIFEST).unwrap();
        Self { dir, url, calls }
    }

    /// rlx on this service.
    pub fn rlx(&self, args: &[&str]) -> Command {
        let mut command = process(&self.dir.path().join("cache"));
        command.current_dir(self.dir.path()).env("AWS_ENDPOINT_URL", &self.url).args(args);
        command
    }

    /// rlx on this service, beside the test.
    pub fn spawn(&self, args: &[&str]) -> Child {
        self.rlx(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Exit code, stdout and stderr of a command.
    pub fn ran(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.rlx(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// The exit code and the words of a command that must fail.
    pub fn fails(&self, args: &[&str]) -> (i32, String) {
        let (code, out, words) = self.ran(args);
        assert_ne!(code, 0, "rlx {args:?} should fail\n{out}\n{words}");
        (code, words)
    }

    /// The requests of an operation.
    pub fn requests(&self, operation: &str) -> Vec<String> {
        let calls = self.calls.lock().unwrap();
        calls.texts.iter().filter(|(name, _)| name == operation).map(|(_, text)| text.clone()).collect()
    }

    /// The record of the last deploy.
    pub fn record(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.dir.path().join(".rlx/dev/deploy.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Where a file of the service is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Writes a file of the service.
    pub fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn serve(mut stream: TcpStream, calls: &Mutex<Calls>, script: &dyn Fn(&Call) -> Option<Answer>) {
    let Some(request) = read_request(&mut stream) else { return };
    let (operation, text) = (operation(&request), String::from_utf8_lossy(&request).into_owned());
    let call = {
        let mut calls = calls.lock().unwrap();
        let token = ["ClientRequestToken=", "ClientToken="].iter().find_map(|name| text.split_once(name));
        if let Some((_, rest)) = token {
            calls.token = rest.split('&').next().unwrap_or_default().to_owned();
        }
        let count = calls.counts.entry(operation.clone()).or_default();
        *count += 1;
        let nth = *count - 1;
        calls.texts.push((operation.clone(), text.clone()));
        Call { operation, nth, text, token: calls.token.clone() }
    };
    let (status, body) = script(&call).unwrap_or_else(|| usual(&call));
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Said\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n");
    let _ = stream.write_all(format!("{head}ETag: \"0\"\r\nConnection: close\r\n\r\n{body}").as_bytes());
    let _ = stream.shutdown(Shutdown::Write);
}

fn usual(call: &Call) -> Answer {
    match call.operation.as_str() {
        "s3 GET bucket" if call.text.contains("?uploads") => (200, "<ListMultipartUploadsResult/>".to_owned()),
        "s3 GET bucket" => (200, "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>".to_owned()),
        "s3 GET object" => (404, "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>".to_owned()),
        "s3 PUT object" | "s3 POST bucket" => (200, String::new()),
        "cloudformation CreateChangeSet" => done("CreateChangeSet", &format!("<Id>{}</Id>", call.token)),
        "cloudformation DescribeChangeSet" => change_set("CREATE_COMPLETE", ""),
        "cloudformation ExecuteChangeSet" => done("ExecuteChangeSet", ""),
        "cloudformation UpdateStack" => done("UpdateStack", &format!("<StackId>{STACK}</StackId>")),
        "cloudformation DeleteChangeSet" => done("DeleteChangeSet", ""),
        "sts GetCallerIdentity" => {
            done("GetCallerIdentity", "<Arn>arn:aws:iam::123456789012:user/ada</Arn><Account>123456789012</Account>")
        }
        other => refused("ValidationError", &format!("the test says nothing of {other}")),
    }
}

/// An answer of the query protocol.
pub fn done(action: &str, result: &str) -> Answer {
    (200, format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"))
}

/// A refusal of the query protocol.
pub fn refused(code: &str, message: &str) -> Answer {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
    (400, format!("<ErrorResponse>{error}<RequestId>5f3e</RequestId></ErrorResponse>"))
}

/// The service's stack in a state.
pub fn stack(status: &str) -> Answer {
    let output = "<OutputKey>ServerlessDeploymentBucketName</OutputKey><OutputValue>shop-bucket</OutputValue>";
    done(
        "DescribeStacks",
        &format!(
            "<Stacks><member><StackId>{STACK}</StackId><StackName>shop-dev</StackName>\
             <CreationTime>2026-01-31T12:00:00Z</CreationTime><StackStatus>{status}</StackStatus>\
             <Outputs><member>{output}</member></Outputs></member></Stacks>"
        ),
    )
}

/// A change set in a state.
pub fn change_set(status: &str, reason: &str) -> Answer {
    let change = "<Type>Resource</Type><ResourceChange><Action>Modify</Action>\
                  <LogicalResourceId>Queue</LogicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType>\
                  </ResourceChange>";
    done(
        "DescribeChangeSet",
        &format!(
            "<StackId>{STACK}</StackId><Status>{status}</Status><StatusReason>{reason}</StatusReason>\
             <Changes><member>{change}</member></Changes>"
        ),
    )
}

/// An event of a stack.
pub struct Event(String);

/// A row of a resource.
pub fn event(logical_id: &str, resource_type: &str, status: &str, reason: &str) -> Event {
    Event(format!(
        "<LogicalResourceId>{logical_id}</LogicalResourceId><ResourceType>{resource_type}</ResourceType>\
         <ResourceStatus>{status}</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason>"
    ))
}

/// A row of a stack itself.
pub fn of_stack(arn: &str, status: &str, reason: &str) -> Event {
    event("shop-dev", "AWS::CloudFormation::Stack", status, reason).with("PhysicalResourceId", arn)
}

impl Event {
    /// A further member.
    pub fn with(self, name: &str, value: &str) -> Self {
        Self(format!("{}<{name}>{value}</{name}>", self.0))
    }
}

/// The events of a stack, given from the oldest on, of the operation with a token.
pub fn events(arn: &str, token: &str, events: &[Event]) -> Answer {
    let member = |(at, event): (usize, &Event)| {
        format!(
            "<member><EventId>{token}-{at}</EventId><StackId>{arn}</StackId><ClientRequestToken>{token}\
             </ClientRequestToken><Timestamp>2026-01-31T12:00:{at:02}Z</Timestamp>{}</member>",
            event.0
        )
    };
    let members: String = events.iter().enumerate().rev().map(member).collect();
    done("DescribeStackEvents", &format!("<StackEvents>{members}</StackEvents>"))
}
