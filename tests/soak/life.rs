//! One service's life under faults: deployed, changed, removed; after each step the truth is looked at.

use super::plan::{Fault, Plan, Random};
use super::proxy::Proxy;
use super::world::World;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Seconds that rlx waits for an answer (`RLX_AWS_TIMEOUT`) where answers are withheld: short, so that silence costs a
/// soak little; long enough for an emulator on a busy machine.
pub const TIMEOUT: u64 = 3;

/// Runs of rlx under faults before one without must reach the goal.
const TRIES: u64 = 5;

/// No run may take longer than this.
const LIMIT: Duration = Duration::from_secs(900);

/// Each so many seeds there is an archive that is uploaded in parts.
const LARGE: u64 = 25;

/// What no output may hold.
const SECRETS: [&str; 2] = ["soak-secret-access-key", "soak-session-token"];

/// How one step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// The first run reached the goal.
    AtOnce,
    /// A run after it did.
    AfterReruns(u64),
}

/// The faults of a run of rlx, by step (from 1) and attempt (from 0).
pub type Planner<'a> = Box<dyn Fn(u64, u64) -> Plan + 'a>;

/// A service on its way.
pub struct Life<'a> {
    seed: u64,
    plan: Planner<'a>,
    rlx: &'a Path,
    world: World,
    proxy: &'a Proxy,
    /// The service's folder.
    home: PathBuf,
    /// What must not be packaged with it.
    aside: PathBuf,
    cache: &'a Path,
    name: String,
    random: Random,
    /// Credentials come from a process, so that they can be renewed.
    renewable: bool,
    /// Seconds that rlx waits for an answer.
    timeout: u64,
    /// What is deployed: the shape, and a number in the code.
    written: (u64, u64),
    /// The code is edited after each deploy that did not reach its goal.
    restless: bool,
    /// Every run of rlx so far, for who looks into a failure.
    pub story: String,
}

/// A finished run of rlx.
struct Ran {
    /// None where it was killed.
    code: Option<i32>,
    output: String,
}

impl<'a> Life<'a> {
    /// A service of a seed, in a folder that exists.
    pub fn new(seed: u64, rlx: &'a Path, world: &World, proxy: &'a Proxy, home: &Path, cache: &'a Path) -> Self {
        let mut random = Random::new(seed);
        let renewable = random.below(2) == 0;
        // A draw of its own, so that it changes no other.
        let restless = Random::new(!seed).below(3) == 0;
        let (aside, home) = (home.to_owned(), home.join("service"));
        std::fs::create_dir_all(&home).unwrap();
        // Several may live at once; none's name may begin another's.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("soak{seed}x{}n{}e", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let story = String::new();
        let plan: Planner<'_> = Box::new(move |step, attempt| Plan::new(seed * 1000 + step * 100 + attempt));
        Self {
            seed,
            plan,
            rlx,
            world: world.clone(),
            proxy,
            home,
            aside,
            cache,
            name,
            random,
            renewable,
            timeout: TIMEOUT,
            written: (0, 0),
            restless,
            story,
        }
    }

    /// The same with faults of its own.
    #[must_use]
    pub fn planned(self, plan: impl Fn(u64, u64) -> Plan + 'a, renewable: bool, restless: bool) -> Self {
        Self { plan: Box::new(plan), renewable, restless, ..self }
    }

    /// The same, but rlx waits so many seconds for an answer.
    #[must_use]
    pub fn patient(self, timeout: u64) -> Self {
        Self { timeout, ..self }
    }

    /// From nothing through two versions to nothing again. The error is what was found to be untrue.
    pub fn live(&mut self) -> Result<Vec<Went>, String> {
        let shape = self.random.below(64);
        let mut went = Vec::new();
        self.write(shape, 1);
        went.push(self.step(1, &["deploy"])?);
        // A change of the code, of the configuration, of the resources, or of several.
        let changes = [0, 1, 2, 8, 16, 32, 63];
        let other = shape ^ changes[self.random.below(changes.len() as u64) as usize];
        let version = if other == shape || self.random.below(2) == 0 { 2 } else { 1 };
        self.write(other, version);
        went.push(self.step(2, &["deploy"])?);
        went.push(self.step(3, &["remove", "--yes"])?);
        Ok(went)
    }

    /// Writes the service. Each bit of `shape` is something that it has or has not.
    fn write(&mut self, shape: u64, version: u64) {
        self.written = (shape, version);
        let has = |bit: u64| shape & bit != 0;
        let mut text = format!(
            "service: {}\nprovider:\n  name: aws\n  runtime: python3.12\n  stage: dev\n  region: us-east-1\nfunctions:\n",
            self.name
        );
        text.push_str("  one:\n    handler: one.handler\n");
        if has(1) {
            text.push_str("    memorySize: 512\n    environment: {MODE: loud}\n");
        }
        match (shape >> 1) & 3 {
            1 => text.push_str("    events: [{httpApi: 'GET /one'}]\n"),
            2 => text.push_str("    events: [{http: 'GET /one'}]\n"),
            _ => {}
        }
        if has(8) {
            text.push_str("  two:\n    handler: two.handler\n");
        }
        if has(16) || has(32) {
            text.push_str("resources:\n  Resources:\n");
        }
        if has(16) {
            text.push_str(&format!(
                "    Table:\n      Type: AWS::DynamoDB::Table\n      Properties:\n        TableName: {}-table\n        \
                 BillingMode: PAY_PER_REQUEST\n        AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]\n        \
                 KeySchema: [{{AttributeName: id, KeyType: HASH}}]\n",
                self.name
            ));
        }
        if has(32) {
            text.push_str(&format!(
                "    Queue:\n      Type: AWS::SQS::Queue\n      Properties: {{QueueName: {}-queue}}\n",
                self.name
            ));
        }
        let code = format!("def handler(event, context):\n    return {version}\n");
        for (file, text) in [("rlx.yml", text.as_str()), ("one.py", &code), ("two.py", &code)] {
            std::fs::write(self.home.join(file), text).unwrap();
        }
        // Other credentials each time, as whoever renews them gives.
        let credentials = format!(
            r#"printf '{{"Version":1,"AccessKeyId":"AKIASOAK%s","SecretAccessKey":"{}","SessionToken":"{}%s"}}' $$ $$"#,
            SECRETS[0], SECRETS[1]
        );
        let path = self.aside.join("credentials.sh");
        std::fs::write(&path, credentials).unwrap();
        let profile = format!("[default]\ncredential_process = sh {}\n", path.display());
        std::fs::write(self.aside.join("config"), profile).unwrap();
        if self.seed.is_multiple_of(LARGE) {
            let mut random = Random::new(self.seed + version);
            let bytes: Vec<u8> = (0..18 << 17).flat_map(|_| random.below(u64::MAX).to_le_bytes()).collect();
            std::fs::write(self.home.join("model.bin"), bytes).unwrap();
        }
    }

    /// Runs a command under faults until it says that it is done, at last without faults.
    fn step(&mut self, step: u64, words: &[&str]) -> Result<Went, String> {
        for attempt in 0..=TRIES {
            if attempt > 0 && self.restless && words[0] == "deploy" {
                // What the run before uploaded is of no use any more.
                let (shape, version) = self.written;
                self.write(shape, version + 10);
            }
            let plan = match attempt {
                TRIES => Plan::quiet(),
                _ => (self.plan)(step, attempt),
            };
            self.proxy.plan(plan);
            let before = self.record();
            let ran = self.run(words)?;
            self.judge(&ran, before.as_ref(), attempt == TRIES, words)?;
            if ran.code == Some(0) {
                if self.record().is_some_and(|record| record["onlyLocal"] == true) {
                    // The record could not be put into the bucket: the next deploy must, though nothing changed.
                    if !ran.output.contains("the record of this deploy is only in .rlx") {
                        return Err("a record is only in .rlx, and nobody says so".to_owned());
                    }
                    self.proxy.plan(Plan::quiet());
                    let again = self.run(words)?;
                    if again.code != Some(0) || !again.output.contains("No changes") {
                        return Err("the record is not put into the bucket later".to_owned());
                    }
                }
                if words[0] == "deploy" {
                    self.check_deployed()?
                } else {
                    self.check_removed()?
                }
                return Ok(if attempt == 0 { Went::AtOnce } else { Went::AfterReruns(attempt) });
            }
        }
        Err(format!("{words:?} did not reach its goal"))
    }

    fn run(&mut self, words: &[&str]) -> Result<Ran, String> {
        let log = self.aside.join("output");
        let file = std::fs::File::create(&log).unwrap();
        let mut command = Command::new(self.rlx);
        for (name, _) in std::env::vars().filter(|(n, _)| ["AWS_", "RLX_", "SLS_"].iter().any(|p| n.starts_with(p))) {
            command.env_remove(name);
        }
        command
            .args(words)
            .arg("-v")
            .current_dir(&self.home)
            .env("AWS_ENDPOINT_URL", &self.proxy.url)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("RLX_AWS_TIMEOUT", self.timeout.to_string())
            .env("RLX_CACHE_DIR", self.cache)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        if self.renewable {
            command.env("AWS_CONFIG_FILE", self.aside.join("config")).env("AWS_PROFILE", "default");
        } else {
            command.env("AWS_ACCESS_KEY_ID", "AKIASOAK");
            command.env("AWS_SECRET_ACCESS_KEY", SECRETS[0]).env("AWS_SESSION_TOKEN", SECRETS[1]);
        }
        let start = Instant::now();
        let mut child = command.spawn().unwrap();
        self.proxy.victim(Some(child.id()));
        // Waited for without being reaped behind the proxy's back: the id stays the child's until then.
        let ended = loop {
            if let Ok(Some(_)) = rustix::process::waitid(
                rustix::process::WaitId::Pid(rustix::process::Pid::from_child(&child)),
                rustix::process::WaitIdOptions::EXITED
                    | rustix::process::WaitIdOptions::NOHANG
                    | rustix::process::WaitIdOptions::NOWAIT,
            ) {
                break true;
            }
            if start.elapsed() > LIMIT {
                let _ = child.kill();
                break false;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        self.proxy.victim(None);
        let status = child.wait().unwrap();
        let output = std::fs::read_to_string(&log).unwrap_or_default();
        let millis = start.elapsed().as_millis();
        self.story.push_str(&format!("\n=== rlx {words:?}: {status}, {millis} ms\n{output}\n--- requests\n"));
        self.story.push_str(&self.proxy.log().join("\n"));
        if !ended {
            return Err(format!("{words:?} ran for more than {} s", LIMIT.as_secs()));
        }
        Ok(Ran { code: status.code(), output })
    }

    /// Whatever the end, it is told in words, with the right exit code, and never as a success that was none.
    fn judge(&self, ran: &Ran, before: Option<&Value>, quiet: bool, words: &[&str]) -> Result<(), String> {
        let output = &ran.output;
        for bad in ["panicked at", "RUST_BACKTRACE", "SdkError", "DispatchFailure", "Some(", "None)"] {
            if output.contains(bad) {
                return Err(format!("{words:?} prints `{bad}`"));
            }
        }
        if let Some(secret) = SECRETS.iter().find(|secret| output.contains(**secret)) {
            return Err(format!("{words:?} prints {secret}"));
        }
        if !self.world.answers() {
            return Err("the emulator does not answer any more".to_owned());
        }
        let log = self.proxy.log();
        let met = |fault: Fault| log.iter().any(|line| line.ends_with(&format!("{fault:?}")));
        match ran.code {
            Some(0) => Ok(()),
            None if met(Fault::KillBefore) || met(Fault::KillAfter) => Ok(()),
            // Before there is anything to tell of, the signal alone ends it.
            Some(130) | None if met(Fault::Interrupt) => Ok(()),
            Some(code) if !quiet && (code == 1 || (code == 3 && met(Fault::Expired))) => {
                if !output.contains("error: ") {
                    return Err(format!("{words:?} fails with {code} and says no error"));
                }
                let record = self.record();
                let claims = |r: &Value| r["outcome"] == "succeeded";
                if record.as_ref().is_some_and(claims) && record.as_ref() != before {
                    return Err(format!("{words:?} fails with {code}, and its record claims success"));
                }
                Ok(())
            }
            code => Err(format!("{words:?} ends with {code:?}, quiet: {quiet}")),
        }
    }

    fn record(&self) -> Option<Value> {
        self.read("deploy.json")
    }

    fn read(&self, file: &str) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(self.home.join(".rlx/dev").join(file)).ok()?).ok()
    }

    fn stack_name(&self) -> String {
        format!("{}-dev", self.name)
    }

    fn check_deployed(&self) -> Result<(), String> {
        let name = self.stack_name();
        let stack = self.world.stack(&name).ok_or("it says deployed, and there is no stack")?;
        if !["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&stack.status.as_str()) {
            return Err(format!("it says deployed, and the stack is {}", stack.status));
        }
        let mut wanted = self.read("template.json").ok_or("there is no template in .rlx")?;
        if let Some(resources) = wanted["Resources"].as_object_mut() {
            // Left out where an endpoint speaks plain HTTP.
            resources.remove("ServerlessDeploymentBucketPolicy");
        }
        if wanted != self.world.template(&name) {
            return Err("the stack's template is not the one that was deployed".to_owned());
        }
        let found = self.world.named(&self.name);
        if found.get("stacks").map_or(0, Vec::len) != 1 || found.get("buckets").map_or(0, Vec::len) != 1 {
            return Err(format!("there should be one stack and one bucket: {found:?}"));
        }
        let waiting = self.world.waiting_change_sets(&name);
        if !waiting.is_empty() {
            return Err(format!("change sets are left over: {waiting:?}"));
        }
        self.check_code(&wanted)?;
        self.check_records(&stack.id, &stack.bucket)
    }

    fn check_code(&self, template: &Value) -> Result<(), String> {
        let package = self.read("package.json").ok_or("there is no package.json")?;
        let artifacts = package["artifacts"].as_array().cloned().unwrap_or_default();
        let hashes: BTreeSet<&str> = artifacts.iter().filter_map(|a| a["sha256"].as_str()).collect();
        let resources = template["Resources"].as_object().into_iter().flatten();
        for (_, resource) in resources.filter(|(_, r)| r["Type"] == "AWS::Lambda::Function") {
            let function = resource["Properties"]["FunctionName"].as_str().unwrap_or_default();
            let hash = self.world.code_hash(function).ok_or_else(|| format!("there is no function {function}"))?;
            let key = resource["Properties"]["Code"]["S3Key"].as_str().unwrap_or_default();
            let wanted = key.rsplit('/').next().unwrap_or_default().trim_end_matches(".zip");
            if !hashes.contains(wanted) || hash != base64_of_hex(wanted) {
                return Err(format!("function {function} runs other code than that of {key}: {hash}"));
            }
        }
        Ok(())
    }

    fn check_records(&self, stack: &str, bucket: &str) -> Result<(), String> {
        let record = self.record().ok_or("there is no record in .rlx")?;
        if record["outcome"] != "succeeded" || record["stackId"] != stack || !record["callError"].is_null() {
            return Err(format!("the record in .rlx is not true: {record}"));
        }
        let keys = self.world.keys(bucket);
        let (records, objects): (Vec<&String>, Vec<&String>) = keys.iter().partition(|key| key.contains("/deploys/"));
        let mut used = BTreeMap::new();
        let mut newest = Value::Null;
        for key in records {
            newest = serde_json::from_str(&self.world.object(bucket, key)).map_err(|_| format!("{key} is cut off"))?;
            for artifact in newest["artifacts"].as_array().into_iter().flatten() {
                used.insert(artifact["key"].as_str().unwrap_or_default().to_owned(), ());
            }
            used.insert(newest["template"].as_str().unwrap_or_default().to_owned(), ());
        }
        if newest != record {
            return Err(format!("the newest record in the bucket differs from .rlx:\n{newest}\n{record}"));
        }
        if let Some(orphan) = objects.iter().find(|key| !used.contains_key(**key)) {
            return Err(format!("no record knows of {orphan}"));
        }
        match self.world.uploads(bucket) {
            uploads if uploads.is_empty() => Ok(()),
            uploads => Err(format!("uploads are left over: {uploads:?}")),
        }
    }

    fn check_removed(&self) -> Result<(), String> {
        let found = self.world.named(&self.name);
        if !found.is_empty() {
            return Err(format!("it says removed, and there are still {found:?}"));
        }
        if self.record().is_some() {
            return Err("the record in .rlx speaks of a stack that is gone".to_owned());
        }
        Ok(())
    }
}

fn base64_of_hex(hex: &str) -> String {
    use base64::Engine;
    let bytes: Vec<u8> =
        (0..hex.len() / 2).filter_map(|i| u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
