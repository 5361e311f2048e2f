//! Command lines of S3 tools (`aws s3 cp`, `s3cmd ls`, `s5cmd sync`) → the call that such a command makes first.
//!
//! What the commands call: <https://docs.aws.amazon.com/cli/latest/reference/s3/>.

use super::call::Call;

/// Options whose value is a word of its own.
const WITH_VALUE: [&str; 20] = [
    "--acl",
    "--ca-bundle",
    "--cache-control",
    "--color",
    "--content-encoding",
    "--content-type",
    "--endpoint-url",
    "--exclude",
    "--expires",
    "--grants",
    "--include",
    "--metadata",
    "--metadata-directive",
    "--output",
    "--profile",
    "--region",
    "--request-payer",
    "--sse",
    "--sse-kms-key-id",
    "--storage-class",
];

/// The operation that a command begins with, and what it is about; `rest` is the line behind the verb.
pub(super) fn read(verb: &str, rest: &str, call: &mut Call) {
    let words = || rest.split_whitespace().map(|word| word.trim_matches(['"', '\'', '`']));
    let operands = operands(words());
    let remote: Vec<&str> = operands.iter().filter_map(|word| word.strip_prefix("s3://")).collect();
    let recursive = words().any(|word| ["--recursive", "-r"].contains(&word));
    let from_bucket = operands.first().is_some_and(|word| word.starts_with("s3://"));
    let operation = match verb {
        "ls" | "la" | "du" if remote.is_empty() => "ListBuckets",
        // Many objects are listed before the first of them is touched.
        "ls" | "la" | "du" | "sync" => "ListObjectsV2",
        "cp" | "mv" | "rm" | "get" | "del" if recursive && from_bucket => "ListObjectsV2",
        "get" => "GetObject",
        "cp" | "mv" if from_bucket => "GetObject",
        "put" | "cp" | "mv" => "PutObject",
        "rm" | "del" => "DeleteObject",
        "mb" => "CreateBucket",
        "rb" => "DeleteBucket",
        "setpolicy" => "PutBucketPolicy",
        "delpolicy" => "DeleteBucketPolicy",
        _ => return,
    };
    if call.operation.is_some() || call.service.is_some_and(|service| service != "s3") {
        return;
    }
    call.service = Some("s3");
    call.operation = Some(operation.to_owned());
    if call.resource.is_none() {
        call.resource =
            remote.first().and_then(|path| arn(path, operation.contains("Object") && !operation.starts_with("List")));
    }
}

/// What is neither an option nor its value, up to the end of the command.
fn operands<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut words = words.take_while(|word| !["|", "||", "&&", ";", ">", "2>&1"].contains(word));
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            found.push(word);
        }
    }
    found
}

/// The ARN of `bucket/key`, where neither is a variable, a pattern or a placeholder.
fn arn(path: &str, of_object: bool) -> Option<String> {
    let name = |c: char| c.is_ascii_alphanumeric() || "-._/=".contains(c);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket.len() < 3 || !path.chars().all(name) {
        return None;
    }
    match of_object {
        // `cp file s3://bucket/folder/`: the object gets the file's name.
        true if key.is_empty() || key.ends_with('/') => Some(format!("arn:aws:s3:::{bucket}/{key}*")),
        true => Some(format!("arn:aws:s3:::{bucket}/{key}")),
        false => Some(format!("arn:aws:s3:::{bucket}")),
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnose::message::{Prepared, call};

    fn call(line: &str) -> (Option<String>, Option<String>) {
        let prepared = Prepared::new(&format!("{line}\nERROR: S3 error: 403 (AccessDenied): Access Denied"));
        let at = prepared.text.find("AccessDenied").unwrap();
        let call = call::near(&prepared, &(at..at + 12));
        (call.inferred_action(), call.resource)
    }

    #[test]
    fn a_command_leads_to_its_first_call_and_what_that_is_about() {
        for (line, action, resource) in [
            ("$ s3cmd --requester-pays ls s3://shop-exports", "s3:ListBucket", "arn:aws:s3:::shop-exports"),
            (
                "+ aws --profile ci s3 cp app.zip s3://shop-code/app.zip",
                "s3:PutObject",
                "arn:aws:s3:::shop-code/app.zip",
            ),
            ("aws s3 cp s3://shop-code/app.zip . --quiet", "s3:GetObject", "arn:aws:s3:::shop-code/app.zip"),
            ("aws s3 cp --profile ci s3://shop-code/app.zip .", "s3:GetObject", "arn:aws:s3:::shop-code/app.zip"),
            (
                "aws s3 cp app.zip s3://shop-code/app.zip --region eu-west-1 && echo s3://other",
                "s3:PutObject",
                "arn:aws:s3:::shop-code/app.zip",
            ),
            ("aws s3 cp --recursive s3://shop-code/lib/ lib", "s3:ListBucket", "arn:aws:s3:::shop-code"),
            ("aws s3 sync ./site \"s3://shop-site\" --delete", "s3:ListBucket", "arn:aws:s3:::shop-site"),
            ("s5cmd rm s3://shop-logs/old.gz", "s3:DeleteObject", "arn:aws:s3:::shop-logs/old.gz"),
            ("aws s3 mb s3://shop-new --region eu-west-1", "s3:CreateBucket", "arn:aws:s3:::shop-new"),
            ("s3cmd put site/index.html s3://shop-site/", "s3:PutObject", "arn:aws:s3:::shop-site/*"),
        ] {
            assert_eq!(call(line), (Some(action.to_owned()), Some(resource.to_owned())), "{line}");
        }
    }

    #[test]
    fn a_bucket_in_a_variable_is_no_resource() {
        assert_eq!(call("aws s3 cp app.zip s3://$BUCKET/app.zip"), (Some("s3:PutObject".to_owned()), None));
        assert_eq!(call("aws s3 ls"), (Some("s3:ListAllMyBuckets".to_owned()), None));
    }
}
