//! What is in the emulator, asked past the proxy and past rlx.

use regex::Regex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The emulator.
#[derive(Debug, Clone)]
pub struct World {
    /// Such as `http://127.0.0.1:4566`.
    pub endpoint: String,
}

/// A stack that is there.
#[derive(Debug, Clone)]
pub struct Stack {
    pub id: String,
    pub status: String,
    pub bucket: String,
}

impl World {
    fn auth(service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        )
    }

    fn get(&self, service: &str, path: &str) -> String {
        self.try_get(service, path).unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    fn try_get(&self, service: &str, path: &str) -> Result<String, ureq::Error> {
        let request = ureq::get(format!("{}{path}", self.endpoint)).header("authorization", Self::auth(service));
        request.call()?.body_mut().read_to_string()
    }

    fn query(&self, service: &str, fields: &[(&str, &str)]) -> Result<String, ureq::Error> {
        let request = ureq::post(&self.endpoint).header("authorization", Self::auth(service));
        request.send_form(fields.iter().copied())?.body_mut().read_to_string()
    }

    fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let request = ureq::post(&self.endpoint)
            .header("authorization", Self::auth(service))
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1");
        let mut answer = request.send(body.to_string()).unwrap_or_else(|error| panic!("{target}: {error}"));
        answer.body_mut().read_json().unwrap()
    }

    /// Whether it answers at all.
    pub fn answers(&self) -> bool {
        self.query("sts", &[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]).is_ok()
    }

    fn cloudformation(&self, action: &str, stack: &str) -> Result<String, ureq::Error> {
        let fields = [("Action", action), ("Version", "2010-05-15"), ("StackName", stack)];
        self.query("cloudformation", &fields)
    }

    /// A stack by its name.
    pub fn stack(&self, name: &str) -> Option<Stack> {
        let text = self.cloudformation("DescribeStacks", name).ok()?;
        let output =
            Regex::new("<OutputKey>ServerlessDeploymentBucketName</OutputKey>\\s*<OutputValue>([^<]*)<").unwrap();
        let status = element(&text, "StackStatus")?;
        (status != "DELETE_COMPLETE").then(|| Stack {
            id: element(&text, "StackId").unwrap_or_default(),
            status,
            bucket: output.captures(&text).map(|found| found[1].to_owned()).unwrap_or_default(),
        })
    }

    /// The template of a stack.
    pub fn template(&self, name: &str) -> Value {
        let text = self.cloudformation("GetTemplate", name).unwrap();
        let body = element(&text, "TemplateBody").unwrap_or_default();
        serde_json::from_str(&unescape(&body)).unwrap_or_default()
    }

    /// Change sets that nobody executed.
    pub fn waiting_change_sets(&self, name: &str) -> Vec<String> {
        let text = self.cloudformation("ListChangeSets", name).unwrap_or_default();
        let members = text.split("<member>").skip(1);
        let waiting = members.filter(|m| m.contains("<ExecutionStatus>AVAILABLE<") || m.contains("<Status>FAILED<"));
        waiting.filter_map(|member| element(member, "ChangeSetName")).collect()
    }

    /// The hash of a function's code, as base64.
    pub fn code_hash(&self, function: &str) -> Option<String> {
        let text = self.try_get("lambda", &format!("/2015-03-31/functions/{function}")).ok()?;
        let answer: Value = serde_json::from_str(&text).ok()?;
        Some(answer["Configuration"]["CodeSha256"].as_str()?.to_owned())
    }

    /// The keys in a bucket.
    pub fn keys(&self, bucket: &str) -> BTreeSet<String> {
        let text = self.get("s3", &format!("/{bucket}?list-type=2&max-keys=1000"));
        text.split("<Contents>").skip(1).filter_map(|part| element(part, "Key")).map(|key| unescape(&key)).collect()
    }

    /// Uploads in parts that were neither completed nor given up.
    pub fn uploads(&self, bucket: &str) -> Vec<String> {
        let text = self.get("s3", &format!("/{bucket}?uploads"));
        text.split("<Upload>").skip(1).filter_map(|part| element(part, "Key")).collect()
    }

    /// An object's text.
    pub fn object(&self, bucket: &str, key: &str) -> String {
        self.get("s3", &format!("/{bucket}/{key}"))
    }

    /// Every stack that there ever was, page by page.
    fn stacks(&self) -> Vec<String> {
        let mut pages = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut fields = vec![("Action", "ListStacks"), ("Version", "2010-05-15")];
            fields.extend(next.iter().map(|token| ("NextToken", token.as_str())));
            let page = self.query("cloudformation", &fields).unwrap();
            next = element(&page, "NextToken").map(|token| unescape(&token));
            pages.push(page);
            if next.is_none() {
                return pages;
            }
        }
    }

    /// Everything whose name holds a service's name, by kind.
    pub fn named(&self, name: &str) -> BTreeMap<&'static str, Vec<String>> {
        let holds = |found: Vec<String>| found.into_iter().filter(|n| n.contains(name)).collect::<Vec<_>>();
        let strings = |value: &Value, list: &str, field: &str| {
            let items = value[list].as_array().cloned().unwrap_or_default();
            let text = |item: &Value| item.as_str().or_else(|| item[field].as_str()).map(str::to_owned);
            holds(items.iter().filter_map(text).collect())
        };
        let parse = |text: String| serde_json::from_str::<Value>(&text).unwrap_or_default();
        let elements = |text: &str, tag: &str| holds(all(text, tag));
        let stacks = self.stacks();
        let live = stacks.iter().flat_map(|page| page.split("<member>")).filter(|m| !m.contains(">DELETE_COMPLETE<"));
        let roles =
            self.query("iam", &[("Action", "ListRoles"), ("Version", "2010-05-08"), ("MaxItems", "1000")]).unwrap();
        let logs = json!({ "logGroupNamePrefix": format!("/aws/lambda/{name}") });
        let prefix = json!({ "QueueNamePrefix": name });
        let mut found = BTreeMap::from([
            ("stacks", holds(live.filter_map(|m| element(m, "StackName")).collect())),
            ("buckets", elements(&self.get("s3", "/"), "Name")),
            ("roles", elements(&roles, "RoleName")),
            (
                "functions",
                strings(
                    &parse(self.get("lambda", "/2015-03-31/functions/?MaxItems=1000")),
                    "Functions",
                    "FunctionName",
                ),
            ),
            ("tables", strings(&self.json("dynamodb", "DynamoDB_20120810.ListTables", &json!({})), "TableNames", "")),
            ("queues", strings(&self.json("sqs", "AmazonSQS.ListQueues", &prefix), "QueueUrls", "")),
            (
                "log groups",
                strings(&self.json("logs", "Logs_20140328.DescribeLogGroups", &logs), "logGroups", "logGroupName"),
            ),
            ("HTTP APIs", strings(&parse(self.get("apigateway", "/v2/apis")), "items", "name")),
            ("REST APIs", strings(&parse(self.get("apigateway", "/restapis")), "item", "name")),
        ]);
        found.retain(|_, names| !names.is_empty());
        found
    }
}

/// The text of the first element of a name.
fn element(text: &str, tag: &str) -> Option<String> {
    let rest = text.split_once(&format!("<{tag}>"))?.1;
    Some(rest.split_once(&format!("</{tag}>"))?.0.to_owned())
}

fn all(text: &str, tag: &str) -> Vec<String> {
    text.split(&format!("<{tag}>")).skip(1).filter_map(|part| Some(part.split_once('<')?.0.to_owned())).collect()
}

fn unescape(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#39;", "'").replace("&#x27;", "'");
    text.replace("&apos;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
