//! serverless-s3-sync: folders are copied into buckets after a deploy, and what lies there goes before the stack is
//! removed, from `custom.s3Sync` (README of its version 3).
//!
//! The files' content is part of the deploy's fingerprint: a changed file is a change, and nothing changed is
//! no call.

mod kind;
mod transfer;

use crate::aws::Aws;
use crate::deploy::progress::{Progress, Watch};
use crate::deploy::{DeployError, Stack};
use crate::iam::requirements::OwnCall;
use crate::manifest::schema::build::*;
use crate::manifest::{Service, plugins};
use crate::package::Glob;
use md5::{Digest, Md5};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Its package name.
pub const NAME: &str = "serverless-s3-sync";

/// The schema of `custom.s3Sync`.
pub fn schema() -> Value {
    let entry = required(
        object([
            ("bucketName", doc(text(), "The bucket.")),
            ("bucketNameKey", doc(text(), "The output of the stack that names the bucket.")),
            ("bucketPrefix", doc(text(), "The folder in the bucket [default: none].")),
            ("localDir", doc(text(), "The folder of the service.")),
            ("deleteRemoved", doc(boolean(), "Delete what the folder does not have [default: true].")),
            ("acl", doc(text(), "Who may read the objects [default: private].")),
            ("followSymlinks", doc(boolean(), "Also copy what links lead to [default: false].")),
            ("defaultContentType", doc(text(), "Of files whose ending is not known.")),
            (
                "params",
                doc(
                    any_of([list(map(parameters())), map(parameters())]),
                    "Settings of objects, by glob; later ones count more.",
                ),
            ),
            ("bucketTags", doc(any_object(), "Not done: set tags on the bucket in `resources`.")),
            ("enabled", doc(boolean(), "Whether this folder is copied [default: true].")),
            ("preCommand", doc(text(), "Not run: use serverless-plugin-scripts.")),
        ]),
        ["localDir"],
    );
    let whole = object([
        ("buckets", doc(list(entry.clone()), "The folders.")),
        ("noSync", doc(any_of([boolean(), text()]), "Copy nothing with a deploy.")),
        ("endpoint", doc(text(), "Of no effect: the stage's endpoint is used.")),
        ("hooks", doc(list(text()), "Of no effect: folders are copied after a deploy.")),
    ]);
    any_of([list(entry), whole])
}

fn parameters() -> Value {
    object([
        ("CacheControl", text()),
        ("ContentDisposition", text()),
        ("ContentEncoding", text()),
        ("ContentLanguage", text()),
        ("ContentType", text()),
        ("Metadata", any_object()),
        ("StorageClass", text()),
        ("WebsiteRedirectLocation", text()),
        ("ACL", text()),
        ("OnlyForEnv", doc(text(), "Copy these files only for this stage.")),
    ])
}

/// Settings that are not read.
pub const UNREAD: &[(&str, &str)] = &[("custom.s3Sync.hooks", "copy the folders at these moments too")];

/// Settings of folders that are not read, with their paths.
pub fn unread(custom: &Value) -> Vec<(String, &'static str)> {
    let settings = &custom["s3Sync"];
    let (path, list) = match settings.as_array() {
        Some(list) => ("custom.s3Sync", Some(list)),
        None => ("custom.s3Sync.buckets", settings["buckets"].as_array()),
    };
    let keys = [
        ("preCommand", "run this command before it copies the folder"),
        ("bucketTags", "set these tags on the bucket"),
    ];
    let entries = list.into_iter().flatten().enumerate();
    let found = entries.flat_map(|(index, entry)| {
        let given = keys.iter().filter(|(key, _)| !entry[*key].is_null());
        given.map(move |(key, what)| (format!("{path}[{index}].{key}"), *what)).collect::<Vec<_>>()
    });
    found.collect()
}

/// How a bucket is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
enum Bucket {
    Name(String),
    /// By an output of the stack.
    Output(String),
}

/// A folder that goes into a bucket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Folder {
    bucket: Bucket,
    /// Without slashes around it.
    prefix: String,
    delete_removed: bool,
    files: Vec<File>,
    /// What is wrong with the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// A file of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct File {
    /// The key in the bucket.
    key: String,
    /// MD5 of its bytes, which is S3's ETag of an object that came in one piece.
    md5: String,
    /// Settings of the object, by the names of S3's API.
    settings: Map<String, Value>,
    #[serde(skip)]
    path: PathBuf,
}

/// The folders of a service that are copied with a deploy.
pub fn folders(service: &Service) -> Vec<Folder> {
    entries(service).iter().map(|entry| Folder::read(service, entry)).collect()
}

fn entries(service: &Service) -> Vec<&Value> {
    if !plugins::uses(&service.plugins, NAME) {
        return Vec::new();
    }
    let settings = &service.custom["s3Sync"];
    let off = match &settings["noSync"] {
        Value::Bool(off) => *off,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    if off {
        return Vec::new();
    }
    let list = settings.as_array().or_else(|| settings["buckets"].as_array());
    list.into_iter().flatten().filter(|entry| entry["enabled"] != Value::Bool(false)).collect()
}

/// Where the objects of a service lie: bucket (or output) and prefix, without a look at files.
fn targets(service: &Service) -> Vec<(Bucket, String)> {
    entries(service).into_iter().map(|entry| (bucket(entry), prefix(entry))).collect()
}

fn bucket(entry: &Value) -> Bucket {
    match entry["bucketName"].as_str().filter(|name| !name.is_empty()) {
        Some(name) => Bucket::Name(name.to_owned()),
        None => Bucket::Output(entry["bucketNameKey"].as_str().unwrap_or_default().to_owned()),
    }
}

fn prefix(entry: &Value) -> String {
    entry["bucketPrefix"].as_str().unwrap_or_default().trim_matches('/').to_owned()
}

impl Folder {
    fn read(service: &Service, entry: &Value) -> Self {
        let prefix = prefix(entry);
        let dir = service.dir.join(entry["localDir"].as_str().unwrap_or_default());
        let (mut files, mut problem) = (Vec::new(), None);
        let follow = entry["followSymlinks"] == Value::Bool(true);
        for found in walkdir::WalkDir::new(&dir).follow_links(follow).sort_by_file_name() {
            let found = match found {
                Ok(found) => found,
                Err(error) => {
                    problem = Some(error.to_string());
                    continue;
                }
            };
            let Some(name) = found.path().strip_prefix(&dir).ok().and_then(Path::to_str) else { continue };
            if !found.file_type().is_file() || found.file_name() == ".DS_Store" {
                continue;
            }
            let Some(settings) = settings(entry, name, &service.stage) else { continue };
            match std::fs::read(found.path()) {
                Ok(bytes) => files.push(File {
                    key: if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") },
                    md5: Md5::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
                    settings,
                    path: found.path().to_owned(),
                }),
                Err(error) => problem = Some(format!("{}: {error}", found.path().display())),
            }
        }
        let delete_removed = entry["deleteRemoved"] != Value::Bool(false);
        Self { bucket: bucket(entry), prefix, delete_removed, files, problem }
    }
}

/// The settings of a file's object; `None` where it is for another stage.
fn settings(entry: &Value, name: &str, stage: &str) -> Option<Map<String, Value>> {
    let mut settings = Map::new();
    let default = entry["defaultContentType"].as_str();
    if let Some(kind) = kind::of_file(name).or(default) {
        settings.insert("ContentType".to_owned(), json!(kind));
    }
    if let Some(acl) = entry["acl"].as_str() {
        settings.insert("ACL".to_owned(), json!(acl));
    }
    let maps = entry["params"].as_array().map_or(std::slice::from_ref(&entry["params"]), Vec::as_slice);
    for (glob, values) in maps.iter().filter_map(Value::as_object).flatten() {
        if Glob::new(glob).is_some_and(|glob| glob.matches(name)) {
            settings.extend(values.as_object().cloned().unwrap_or_default());
        }
    }
    match settings.remove("OnlyForEnv") {
        Some(only) if only != stage => None,
        _ => Some(settings),
    }
}

/// The calls of a deploy and a removal.
pub fn calls(service: &Service) -> Vec<OwnCall> {
    let call = |action, resource: String| OwnCall { action, resource, why: "s3Sync" };
    let of = |(bucket, prefix): (Bucket, String)| {
        let bucket = match bucket {
            Bucket::Name(name) => name,
            Bucket::Output(_) => "*".to_owned(),
        };
        let prefix = if prefix.is_empty() { prefix } else { format!("{prefix}/") };
        let objects = format!("s3:::{bucket}/{prefix}*");
        [
            call("s3:ListBucket", format!("s3:::{bucket}")),
            call("s3:PutObject", objects.clone()),
            call("s3:PutObjectAcl", objects.clone()),
            call("s3:DeleteObject", objects),
        ]
    };
    targets(service).into_iter().flat_map(of).collect()
}

/// Copies a folder.
///
/// # Errors
/// The folder cannot be read, no output names the bucket, or AWS refused.
pub async fn copy(aws: &Aws, stack: &Stack, folder: &Folder, watch: Watch<'_>) -> Result<(), DeployError> {
    let bucket = name(stack, &folder.bucket)?;
    if let Some(problem) = &folder.problem {
        return Err(failed(&bucket, problem, "make the folder that `localDir` names, or set `enabled: false`"));
    }
    watch(Progress::Step(&format!("copying {} files to {bucket}/{}", folder.files.len(), folder.prefix)));
    transfer::copy(aws, &bucket, folder).await
}

/// Deletes what lies in the buckets of a service, without which CloudFormation could not delete them.
///
/// # Errors
/// AWS refused.
pub async fn clear(aws: &Aws, service: &Service, stack: &Stack, watch: Watch<'_>) -> Result<(), DeployError> {
    for (bucket, prefix) in targets(service) {
        // Without its output the bucket was never made.
        let Ok(bucket) = name(stack, &bucket) else { continue };
        watch(Progress::Step(&format!("deleting the files in {bucket}/{prefix}")));
        transfer::clear(aws, &bucket, &prefix).await?;
    }
    Ok(())
}

fn name(stack: &Stack, bucket: &Bucket) -> Result<String, DeployError> {
    let output = match bucket {
        Bucket::Name(name) => return Ok(name.clone()),
        Bucket::Output(output) => output,
    };
    let found = stack.outputs.iter().find(|known| known.key == *output);
    found.map(|found| found.value.clone()).ok_or_else(|| {
        let problem = format!("the stack has no output `{output}` that names the bucket");
        failed("of s3Sync", &problem, "add the output to `resources.Outputs`, or set `bucketName`")
    })
}

fn failed(bucket: &str, problem: &str, help: &str) -> DeployError {
    DeployError::Sync { bucket: bucket.to_owned(), problem: problem.to_owned(), help: help.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::service;

    #[test]
    fn files_get_the_settings_of_their_globs_and_stages() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("site/css")).unwrap();
        for name in ["index.html", "css/a.css", "robots.txt"] {
            std::fs::write(dir.path().join("site").join(name), name).unwrap();
        }
        let mut service = service(
            "service: quay\nprovider: { name: aws }\nplugins: [serverless-s3-sync]\ncustom:\n  s3Sync:\n    - bucketNameKey: Site\n      \
             localDir: site\n      bucketPrefix: /www/\n      params:\n        - '**/*.css': { CacheControl: max-age=60 }\n        \
             - 'robots.txt': { OnlyForEnv: prod }\n        - 'index.html': { ContentType: text/plain }\n",
        );
        service.dir = dir.path().to_owned();
        let folder = &folders(&service)[0];
        assert_eq!(folder.bucket, Bucket::Output("Site".to_owned()));
        let files: Vec<_> = folder.files.iter().map(|file| (file.key.as_str(), json!(file.settings))).collect();
        assert_eq!(
            files,
            [
                ("www/css/a.css", json!({ "ContentType": "text/css; charset=utf-8", "CacheControl": "max-age=60" })),
                ("www/index.html", json!({ "ContentType": "text/plain" })),
            ]
        );
        std::fs::remove_dir_all(dir.path().join("site")).unwrap();
        assert!(folders(&service)[0].problem.is_some());
    }
}
