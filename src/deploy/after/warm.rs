//! serverless-plugin-warmup: warmers with `prewarm` run once right after a deploy.

use crate::aws::{Aws, AwsError, Named};
use crate::deploy::progress::{Progress, Watch};
use crate::iam::requirements::OwnCall;
use crate::manifest::plugins::warmup::Prewarm;
use aws_sdk_lambda::primitives::Blob;

/// What it calls.
pub fn calls(warmers: &[Prewarm]) -> impl Iterator<Item = OwnCall> {
    warmers.iter().map(|warmer| OwnCall {
        action: "lambda:InvokeFunction",
        resource: format!("lambda:${{Region}}:${{Account}}:function:{}", warmer.function),
        why: "warming functions after the deploy",
    })
}

/// Runs the warmers. The deploy is good whether or not this works: a failure is told and no more.
pub async fn run(aws: &Aws, warmers: &[Prewarm], watch: Watch<'_>) {
    for warmer in warmers {
        watch(Progress::Step("warming functions"));
        if let Err(error) = invoke(aws, warmer).await {
            watch(Progress::Warning(&format!("`{}` did not warm its functions: {error}", warmer.function)));
        }
    }
}

async fn invoke(aws: &Aws, warmer: &Prewarm) -> Result<(), AwsError> {
    aws.lambda()
        .invoke()
        .function_name(&warmer.function)
        .set_qualifier(warmer.alias.clone())
        .payload(Blob::new(warmer.payload.as_bytes()))
        .send()
        .await
        .named("Lambda", "Invoke")
        .map(|_| ())
}
