//! Answers of AWS to the variables of a manifest.

use super::{Aws, AwsError, JsonCall, Named, Settings};
use crate::context::Context;
use crate::manifest::variables::{Found, Lookup, Remote, RemoteError, Scope};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::future::poll_fn;
use std::sync::Mutex;
use std::task::Poll;

/// Gives the settings to ask with, or the reason why nothing can be asked.
type Connect<'a> = dyn Fn(&Scope) -> Result<Settings, String> + Sync + 'a;

/// Asks AWS, when a manifest asks for the first time.
pub struct AwsRemote<'a> {
    context: &'a Context,
    /// Gives where to ask, for a scope; may start the emulator.
    connect: Box<Connect<'a>>,
    clients: Mutex<HashMap<String, Aws>>,
}

impl<'a> AwsRemote<'a> {
    /// Nothing is asked yet.
    pub fn new(context: &'a Context, connect: impl Fn(&Scope) -> Result<Settings, String> + Sync + 'a) -> Self {
        Self { context, connect: Box::new(connect), clients: Mutex::default() }
    }

    async fn client(&self, scope: &Scope, region: Option<&str>) -> Result<Aws, RemoteError> {
        let region = region.unwrap_or(&scope.region);
        let known = |clients: &Mutex<HashMap<String, Aws>>| clients.lock().ok()?.get(region).cloned();
        if let Some(aws) = known(&self.clients) {
            return Ok(aws);
        }
        let settings = (self.connect)(scope).map_err(RemoteError::Unavailable)?;
        let aws = Aws::new(self.context, Settings { region: region.to_owned(), ..settings }).await;
        if let Ok(mut clients) = self.clients.lock() {
            clients.insert(region.to_owned(), aws.clone());
        }
        Ok(aws)
    }

    async fn answer(&self, scope: &Scope, lookup: &Lookup) -> Result<Option<Found>, RemoteError> {
        let aws = self.client(scope, lookup.region()).await?;
        let answer = match lookup {
            Lookup::AccountId => aws.identity().await.map(|identity| Found::Text(identity.account)).map(Some),
            Lookup::StackOutput { stack, output, .. } => stack_output(&aws, stack, output).await,
            Lookup::Parameter { name, decrypt, .. } => parameter(&aws, name, *decrypt).await,
            Lookup::Object { bucket, key } => object(&aws, bucket, key).await,
            Lookup::Secret { id, .. } => secret(&aws, id).await,
        };
        match answer {
            Ok(found) => Ok(found),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) if error.is_bad_credentials() || error.is_unanswered() => {
                Err(RemoteError::Unavailable(error.to_string()))
            }
            Err(error) => Err(RemoteError::Failed(error.to_string())),
        }
    }
}

impl Remote for AwsRemote<'_> {
    fn fetch(&self, scope: &Scope, lookups: &[Lookup]) -> Vec<Result<Option<Found>, RemoteError>> {
        let work = async {
            // One client per region first, so that the questions share it.
            let regions: BTreeSet<Option<&str>> = lookups.iter().map(Lookup::region).collect();
            for region in regions {
                // What it fails with, each question tells.
                let _ = self.client(scope, region).await;
            }
            join_all(lookups.iter().map(|lookup| self.answer(scope, lookup))).await
        };
        super::block_on(work)
            .unwrap_or_else(|e| lookups.iter().map(|_| Err(RemoteError::Failed(format!("no runtime: {e}")))).collect())
    }
}

/// Lets all futures run at once on this task, and gives what they give in their order.
pub async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|cx| {
        for (future, done) in running.iter_mut().filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(cx) {
                *done = Some(value);
            }
        }
        if running.iter().all(|(_, done)| done.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, done)| done).collect()
}

/// What is asked for is not there; to be told from a service that is not there.
fn is_absence(error: &AwsError) -> bool {
    error.is_not_found() || matches!(error.code.as_str(), "ParameterNotFound" | "ParameterVersionNotFound")
}

async fn stack_output(aws: &Aws, stack: &str, output: &str) -> Result<Option<Found>, AwsError> {
    let answer = aws
        .cloudformation()
        .describe_stacks()
        .stack_name(stack)
        .send()
        .await
        .named("CloudFormation", "DescribeStacks")?;
    let outputs = answer.stacks.unwrap_or_default().into_iter().next().and_then(|s| s.outputs).unwrap_or_default();
    let found = outputs.into_iter().find(|o| o.output_key.as_deref() == Some(output));
    Ok(found.and_then(|o| o.output_value).map(Found::Text))
}

async fn parameter(aws: &Aws, name: &str, decrypt: bool) -> Result<Option<Found>, AwsError> {
    let call = JsonCall {
        service: "SSM",
        id: "ssm",
        target: "AmazonSSM",
        operation: "GetParameter",
        protocol: "1.1",
        body: json!({ "Name": name, "WithDecryption": decrypt }),
    };
    let answer = aws.call(&call).await?;
    let parameter = answer.get("Parameter").unwrap_or(&Value::Null);
    let Some(value) = parameter.get("Value").and_then(Value::as_str) else { return Ok(None) };
    let value = value.to_owned();
    Ok(Some(match parameter.get("Type").and_then(Value::as_str) {
        Some("StringList") => Found::List(value),
        Some("SecureString") => Found::Secret(value),
        _ => Found::Text(value),
    }))
}

async fn object(aws: &Aws, bucket: &str, key: &str) -> Result<Option<Found>, AwsError> {
    let answer = aws.s3().get_object().bucket(bucket).key(key).send().await.named("S3", "GetObject")?;
    let bytes = answer.body.collect().await.map_err(|e| AwsError {
        service: "S3".to_owned(),
        operation: "GetObject".to_owned(),
        code: super::error::BAD_ANSWER.to_owned(),
        message: e.to_string(),
        request_id: None,
        http_status: None,
    })?;
    Ok(Some(Found::Text(String::from_utf8_lossy(&bytes.into_bytes()).into_owned())))
}

async fn secret(aws: &Aws, id: &str) -> Result<Option<Found>, AwsError> {
    let call = JsonCall {
        service: "SecretsManager",
        id: "secretsmanager",
        target: "secretsmanager",
        operation: "GetSecretValue",
        protocol: "1.1",
        body: json!({ "SecretId": id }),
    };
    let answer = aws.call(&call).await?;
    Ok(answer.get("SecretString").and_then(Value::as_str).map(|s| Found::Secret(s.to_owned())))
}
