//! What tools that keep their things in S3 say of a call: the S3A file system, rclone, restic, mc, fsspec, fog,
//! pgBackRest, DuckDB, query engines, CodeBuild. None of them names the operation as AWS does.

use super::call::Call;
use super::forms::{Form, form, set_known_operation, set_operation, set_service};
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// An operation of S3, unless another service is spoken of.
fn s3(call: &mut Call, operation: &str) {
    if call.service.is_none_or(|service| service == "s3") && call.operation.is_none() {
        set_service(call, "s3");
        set_operation(call, operation);
    }
}

/// The operation behind an HTTP request to S3 (S3 API reference, "Actions").
fn request(method: &str, path: &str, in_host: bool, call: &mut Call) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = path.trim_start_matches('/');
    // `s3.amazonaws.com/bucket/key`
    let key = if in_host { path } else { path.split_once('/').map_or("", |(_, key)| key) };
    let bucket = in_host || !path.is_empty();
    // What a query asks for has an operation of its own: only the commonest are known here.
    let asks =
        |names: &[&str]| query.split('&').any(|part| names.contains(&part.split('=').next().unwrap_or_default()));
    let operation = match method.to_ascii_uppercase().as_str() {
        "HEAD" if key.is_empty() => "HeadBucket",
        "HEAD" => "HeadObject",
        "GET" if asks(&["location"]) => "GetBucketLocation",
        "GET" if asks(&["policy"]) => "GetBucketPolicy",
        "GET" if asks(&["acl"]) && key.is_empty() => "GetBucketAcl",
        "GET" if asks(&["uploads"]) => "ListMultipartUploads",
        "GET" if key.is_empty() && !bucket => "ListBuckets",
        "GET" if key.is_empty() => "ListObjectsV2",
        "GET" if asks(&["acl"]) => "GetObjectAcl",
        "GET" => "GetObject",
        "POST" if asks(&["delete"]) => "DeleteObjects",
        "POST" if !key.is_empty() => "CreateMultipartUpload",
        "PUT" if asks(&["policy"]) => "PutBucketPolicy",
        "PUT" if asks(&["acl"]) && !key.is_empty() => "PutObjectAcl",
        "PUT" if key.is_empty() && query.is_empty() => "CreateBucket",
        "PUT" if !key.is_empty() => "PutObject",
        "DELETE" if !key.is_empty() => "DeleteObject",
        "DELETE" if query.is_empty() => "DeleteBucket",
        _ => return,
    };
    s3(call, operation);
}

/// Operations of Hadoop's S3A file system (`S3AFileSystem`, `WriteOperationHelper`) as its exceptions name them.
fn hadoop(c: &Captures, call: &mut Call) {
    let operation = match c[1].to_ascii_lowercase().as_str() {
        "getbucketlocation()" | "getbucketlocation" => "GetBucketLocation",
        "doesbucketexist" | "verifybucketexists" | "s3guard-bucket" => "HeadBucket",
        "getfilestatus" | "innergetfilestatus" | "open" | "read" | "reopen" | "getobjectmetadata" => "GetObject",
        "liststatus" | "listfiles" | "innerliststatus" | "listobjects" | "listlocatedstatus" => "ListObjectsV2",
        "delete" | "deleteobjects" | "bulk delete" | "multi-object delete" => "DeleteObject",
        _ => "PutObject",
    };
    s3(call, operation);
}

/// The methods of boto 2 for buckets and keys.
pub(super) fn boto(name: &str, call: &mut Call) {
    let operation = match name {
        "head_bucket" | "get_bucket" => "HeadBucket",
        "get_all_buckets" => "ListBuckets",
        "get_all_keys" | "get_all" | "list" | "bucket_lister" => "ListObjectsV2",
        "get_key" | "get_key_internal" | "lookup" | "exists" => "HeadObject",
        "create_bucket" => "CreateBucket",
        "delete_bucket" => "DeleteBucket",
        "delete_key" | "delete_key_internal" | "delete_keys" => "DeleteObject",
        "set_acl" | "set_canned_acl" | "make_public" => "PutObjectAcl",
        name if name.starts_with("set_contents") || name.starts_with("send_file") => "PutObject",
        name if name.starts_with("get_contents") || name == "get_file" || name == "open_read" => "GetObject",
        "initiate_multipart_upload" | "upload_part_from_file" | "complete_multipart_upload" => "PutObject",
        _ => return,
    };
    s3(call, operation);
}

/// The forms of these tools.
pub(super) static FORMS: [Form; 31] = [
    // Hadoop's file system: `getFileStatus on s3a://...`, `initiate MultiPartUpload on key`, `PUT 0-byte object on`
    form!(
        "s3a:|s3n:|hadoop|amazonaws.services.s3|awssdk.services.s3",
        r"(?i-u)\b(getFileStatus|innerGetFileStatus|open|read|reopen|listStatus|listFiles|innerListStatus|listLocatedStatus|listObjects|delete|deleteObjects|bulk delete|multi-object delete|mkdirs?|innerMkdirs|rename|create|copyFile\([!-(*-~ ]*\)|initiate MultiPartUpload|complet(?:e|ing) multipart upload|upload part(?: #[0-9]+)?(?: upload ID [!-~]+)?|Writing Object|finalizing|doesBucketExist|verifyBucketExists|getBucketLocation\(\))(?: on | )(?:s3a?n?://|[!-~]+: (?:com\.amazonaws|software\.amazon|org\.apache\.hadoop)|[a-z0-9.-]+: Access Denied)",
        hadoop
    ),
    form!("0-byte object", r"PUT 0-byte object", |_, call| s3(call, "PutObject")),
    // Redshift: `context: ListObjects s3://`
    form!("context: ", r"context: ([A-Z][A-Za-z]+) s3://", |c, call| set_known_operation(call, &c[1])),
    // EMRFS
    form!("s3.lite.call.", r"s3\.lite\.call\.([A-Z][A-Za-z0-9]+?)Call\b", |c, call| {
        set_service(call, "s3");
        set_known_operation(call, &c[1]);
    }),
    // The transfer managers of the SDKs
    form!(
        "ransfer",
        r"(?:Transfer\.Internal\.|transfer\.internal\.|transfer\.)(SimpleUpload|MultipartUpload|Upload|PutObject|Download|OpenStream|AbstractDownload|BaseDownload)[A-Za-z]*(?:Command|Callable|Monitor|Impl)",
        |c, call| s3(
            call,
            if c[1].contains("load") && !c[1].contains("Down") || &c[1] == "PutObject" {
                "PutObject"
            } else {
                "GetObject"
            }
        )
    ),
    // An HTTP request to S3: `PUT https://shop.s3.amazonaws.com/key`, `HTTP GET error on 'https://...'`
    form!(
        "amazonaws.com",
        r"(?i)\b(GET|HEAD|PUT|POST|DELETE)\b[ -~]{0,30}?https?://(?:([a-z0-9][a-z0-9.-]*)\.)?s3[a-z0-9.-]*\.amazonaws\.com(?:\.cn)?(?::443)?(/[!-&(-_a-~]*)?",
        |c, call| request(&c[1], c.get(3).map_or("", |path| path.as_str()), c.get(2).is_some(), call)
    ),
    // The same as a client dumps it
    form!(
        "Host: ",
        r"\b(GET|HEAD|PUT|POST|DELETE) (/[!-~]*) HTTP/[12](?:\.[01])?\s+Host: (?:([a-z0-9][a-z0-9.-]*)\.)?s3[a-z0-9.-]*\.amazonaws\.com",
        |c, call| request(&c[1], &c[2], c.get(3).is_some(), call)
    ),
    // pgBackRest
    form!("Path/Query", r"Path/Query \*\*\*:\s+(GET|HEAD|PUT|POST|DELETE) (/[!-~]*)", |c, call| {
        request(&c[1], &c[2], true, call);
    }),
    // fog on Excon
    form!(
        ":method",
        r#":host\s*=> ?"([!#-~]*?\.)?s3[!#-~]*"[ -~\s]{0,600}?:method\s*=> ?"([A-Z]+)"(?:[ -~\s]{0,200}?:path\s*=> ?"([!#-~]*)")?"#,
        |c, call| request(&c[2], c.get(3).map_or("/key", |path| path.as_str()), c.get(1).is_some(), call)
    ),
    // minio-go, and restic on it
    form!(
        "client.",
        r"\bclient\.(BucketExists|MakeBucket|ListObjects|StatObject|[GP]utObject|GetObject|RemoveObject)\b",
        |c, call| {
            s3(
                call,
                match &c[1] {
                    "BucketExists" => "HeadBucket",
                    "MakeBucket" => "CreateBucket",
                    "ListObjects" => "ListObjectsV2",
                    "PutObject" => "PutObject",
                    "RemoveObject" => "DeleteObject",
                    _ => "GetObject",
                },
            );
        }
    ),
    form!(
        "returned error, retrying",
        r"\b(Save|Load|List|Stat|Remove)\([ -(*-~]+\) returned error, retrying",
        |c, call| {
            s3(
                call,
                match &c[1] {
                    "Save" => "PutObject",
                    "List" => "ListObjectsV2",
                    "Remove" => "DeleteObject",
                    _ => "GetObject",
                },
            );
        }
    ),
    form!("config file: ", r"open config file: (?:Stat|Load|client\.StatObject)", |_, call| s3(call, "GetObject")),
    // rclone and mc
    form!("ailed to ", r"(?-u)[Ff]ailed to open source object", |_, call| s3(call, "GetObject")),
    form!(" directory", r"error reading (?:source|destination)(?: root)? directory", |_, call| s3(
        call,
        "ListObjectsV2"
    )),
    form!("t delete: ", r": Couldn't delete: ", |_, call| s3(call, "DeleteObject")),
    form!("request ", r"Post request (?:put|rcat) error", |_, call| s3(call, "PutObject")),
    form!("ailed to ", r": Failed to (?i:mkdir|make directory): ", |_, call| s3(call, "CreateBucket")),
    form!("ailed to copy", r"Failed to copy(?:: | `)", |_, call| s3(call, "PutObject")),
    form!("Unable to ", r"<ERROR> Unable to (list|make bucket|remove bucket|remove|stat|read|copy)", |c, call| {
        s3(
            call,
            match &c[1] {
                "list" => "ListObjectsV2",
                "make bucket" => "CreateBucket",
                "remove bucket" => "DeleteBucket",
                "remove" => "DeleteObject",
                "copy" => "PutObject",
                _ => "GetObject",
            },
        );
    }),
    form!("ucket", r"(?i-u)\bregion (?:for|of) (?:the )?(?:s3 )?bucket\b", |_, call| s3(call, "GetBucketLocation")),
    form!("ucket", r"(?i-u)\bmak(?:e|ing) (?:the |a )?(?:s3 )?bucket\b", |_, call| s3(call, "CreateBucket")),
    // fsspec's s3fs
    form!("_call_s3(", r#"_call_s3\(\s*["']([a-z0-9_]+)["']"#, |c, call| {
        set_service(call, "s3");
        set_known_operation(call, &c[1].split('_').map(super::call::capitalized).collect::<String>());
    }),
    form!(
        "s3fs/core.py",
        r#"s3fs/core\.py", line [0-9]+, in _?(lsdir|ls|find|iterdir|info|exists|cat_file|get_file|fetch_range|put_file|pipe_file|upload_chunk|initiate_upload|commit|rm|rm_file|bulk_delete|mkdir|cp_file)\b"#,
        |c, call| {
            s3(
                call,
                match &c[1] {
                    "lsdir" | "ls" | "find" | "iterdir" => "ListObjectsV2",
                    "put_file" | "pipe_file" | "upload_chunk" | "initiate_upload" | "commit" | "cp_file" => "PutObject",
                    "rm" | "rm_file" | "bulk_delete" => "DeleteObject",
                    "mkdir" => "CreateBucket",
                    _ => "GetObject",
                },
            );
        }
    ),
    // Stores of logs and metrics: `store put chunk`, `upload s3 object`
    form!(
        "store put|object store|s3 object|put object",
        r"\b(?:store put chunk|put object store|upload s3 object|s3 put object)\b",
        |_, call| s3(call, "PutObject")
    ),
    form!("s3 object|get object", r"\b(?:get s3 object|s3 get object|fetch(?:ing)? s3 object)\b", |_, call| s3(
        call,
        "GetObject"
    )),
    form!(
        "3 ",
        r"(?i-u)\bs3 (upload|download|put|get|list|delete)(?:ing)? (?:failed|error|was denied|denied)",
        |c, call| {
            s3(
                call,
                match c[1].to_ascii_lowercase().as_str() {
                    "upload" | "put" => "PutObject",
                    "list" => "ListObjectsV2",
                    "delete" => "DeleteObject",
                    _ => "GetObject",
                },
            );
        }
    ),
    form!("ccessing ", r"(?i-u)\baccessing (?:the |an )?s3 object\b", |_, call| s3(call, "GetObject")),
    // CodeBuild fetches its source, and brings its artifacts
    form!("DOWNLOAD_SOURCE", r"DOWNLOAD_SOURCE\b[ -~]{0,200}arn:aws[a-z-]*:s3:::", |_, call| s3(call, "GetObject")),
    form!(
        "DOWNLOAD_SOURCE",
        r"DOWNLOAD_SOURCE\b[ -~]{0,120}Access ?Denied[ -~\s]{0,200}arn:aws[a-z-]*:s3:::",
        |_, call| s3(call, "GetObject")
    ),
    form!("UPLOAD_ARTIFACTS", r"UPLOAD_ARTIFACTS\b[ -~]{0,200}Access ?Denied", |_, call| s3(call, "PutObject")),
    // Any tool that says what it does to a path: `Failed to list directory: s3://...`, `Error opening Hive split s3://...`
    form!(
        "s3://|s3a://|s3n://",
        r"(?i-u)\b(list|read|open|load|fetch|download|gett?|writ|sav|upload|putt?|stor|delet|remov)(?:e|ing|s|ed)?\b[ -~]{0,60}?(?:\b(?:from|to|in|at|on|under) )?[\x22'`(]?s3[an]?://",
        |c, call| {
            let stem = c[1].to_ascii_lowercase();
            s3(
                call,
                match stem.as_str() {
                    "list" => "ListObjectsV2",
                    "writ" | "sav" | "upload" | "put" | "putt" | "stor" => "PutObject",
                    "delet" | "remov" => "DeleteObject",
                    _ => "GetObject",
                },
            );
        }
    ),
];
