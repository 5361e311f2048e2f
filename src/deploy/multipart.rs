//! Uploads of large archives: in parts, several at once, resumed where an earlier upload was cut off.

use super::DeployError;
use super::bucket::{Content, Object, base64_of_hex, hex};
use super::stack::time;
use crate::aws::{Aws, AwsError, Named};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use tokio::task::JoinSet;

/// Bytes of a part; smaller objects are put in one piece.
pub(super) const PART: u64 = 16 * 1024 * 1024;

/// Parts that are put at the same time.
const PARALLEL: usize = 4;

/// Puts a large object. Parts that an earlier try left in the bucket are used, where they are the same.
pub(super) async fn put(aws: &Aws, bucket: &str, object: &Object) -> Result<(), DeployError> {
    let path = match &object.content {
        Content::File(path) => path.clone(),
        Content::Bytes(_) => PathBuf::new(),
    };
    let key = &object.key;
    let upload = match pending(aws, bucket, key).await? {
        Some(upload) => upload,
        None => begin(aws, bucket, key).await?,
    };
    let there = parts(aws, bucket, key, &upload).await?;
    let count = object.size.div_ceil(PART);
    let mut todo: Vec<u64> = (0..count).rev().collect();
    let mut done: Vec<CompletedPart> = Vec::new();
    let mut running = JoinSet::new();
    loop {
        while running.len() < PARALLEL
            && let Some(index) = todo.pop()
        {
            let bytes = read_part(&path, index).map_err(DeployError::io("read", &path))?;
            let checksum = base64_of_hex(&hex(&Sha256::digest(&bytes)));
            let number = i32::try_from(index + 1).unwrap_or(i32::MAX);
            if let Some((etag, old)) = there.get(&number)
                && *old == checksum
            {
                done.push(part(number, etag.clone(), checksum));
                continue;
            }
            let (aws, bucket, key, upload) = (aws.clone(), bucket.to_owned(), key.clone(), upload.clone());
            running.spawn(async move { put_part(&aws, &bucket, &key, &upload, number, bytes, checksum).await });
        }
        match running.join_next().await {
            None => break,
            Some(Ok(finished)) => done.push(finished?),
            Some(Err(stopped)) => {
                return Err(DeployError::io("upload", &path)(std::io::Error::other(stopped.to_string())));
            }
        }
    }
    done.sort_by_key(|p| p.part_number);
    let completed = aws
        .s3()
        .complete_multipart_upload()
        .bucket(bucket)
        .key(key)
        .upload_id(upload)
        .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(done)).build())
        .send()
        .await
        .named("S3", "CompleteMultipartUpload");
    match completed {
        Ok(_) => {}
        // Completed by an earlier try whose answer was lost.
        Err(error) if error.code == "NoSuchUpload" && is_there(aws, bucket, object).await => {}
        Err(error) => return Err(error.into()),
    }
    // One whose begin was not answered, or of another run: parts that nobody will complete are paid for.
    for left in unfinished(aws, bucket, key).await?.into_iter().filter(|upload| upload.key == *key) {
        // The object is complete; what is left over is cleared away with the next one.
        if abort(aws, bucket, &left).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Whether the whole object is in the bucket.
async fn is_there(aws: &Aws, bucket: &str, object: &Object) -> bool {
    let answer = aws.s3().head_object().bucket(bucket).key(&object.key).send().await;
    answer.is_ok_and(|a| a.content_length.and_then(|length| u64::try_from(length).ok()) == Some(object.size))
}

/// An upload in parts that was begun, and neither completed nor given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Key of the object that it would make.
    pub key: String,
    /// When it was begun, where the endpoint says so.
    pub begun: Option<jiff::Timestamp>,
    id: String,
}

/// The unfinished uploads of keys with a prefix.
pub(super) async fn unfinished(aws: &Aws, bucket: &str, prefix: &str) -> Result<Vec<Upload>, AwsError> {
    let mut found = Vec::new();
    let (mut key, mut id) = (None, None);
    loop {
        let call = aws.s3().list_multipart_uploads().bucket(bucket).prefix(prefix);
        let answer = call.set_key_marker(key).set_upload_id_marker(id).send().await.named("S3", "ListMultipartUploads");
        let page = match answer {
            Ok(page) => page,
            // Who may put need not be allowed to list: then there is nothing to resume.
            Err(error) if error.is_denied() => return Ok(found),
            Err(error) => return Err(error),
        };
        found.extend(page.uploads.unwrap_or_default().into_iter().filter_map(|upload| {
            Some(Upload { key: upload.key?, id: upload.upload_id?, begun: upload.initiated.map(|at| time(&at)) })
        }));
        (key, id) = (page.next_key_marker, page.next_upload_id_marker);
        if !page.is_truncated.unwrap_or_default() || key.is_none() {
            return Ok(found);
        }
    }
}

/// Gives up an upload, with the parts that were put.
pub(super) async fn abort(aws: &Aws, bucket: &str, upload: &Upload) -> Result<(), AwsError> {
    let call = aws.s3().abort_multipart_upload().bucket(bucket).key(&upload.key).upload_id(&upload.id);
    match call.send().await.named("S3", "AbortMultipartUpload") {
        Err(error) if error.code != "NoSuchUpload" => Err(error),
        _ => Ok(()),
    }
}

/// An upload of the same key that was begun and not finished. The key is a content hash, so that it is of the
/// same content.
async fn pending(aws: &Aws, bucket: &str, key: &str) -> Result<Option<String>, AwsError> {
    let found = unfinished(aws, bucket, key).await?;
    Ok(found.into_iter().find(|upload| upload.key == key).map(|upload| upload.id))
}

async fn begin(aws: &Aws, bucket: &str, key: &str) -> Result<String, AwsError> {
    let answer = aws
        .s3()
        .create_multipart_upload()
        .bucket(bucket)
        .key(key)
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .send()
        .await
        .named("S3", "CreateMultipartUpload")?;
    Ok(answer.upload_id.unwrap_or_default())
}

/// ETag and checksum of the parts that are there, by number.
async fn parts(
    aws: &Aws,
    bucket: &str,
    key: &str,
    upload: &str,
) -> Result<HashMap<i32, (Option<String>, String)>, AwsError> {
    let answer = aws.s3().list_parts().bucket(bucket).key(key).upload_id(upload).send().await.named("S3", "ListParts");
    let found = match answer {
        Ok(answer) => answer.parts.unwrap_or_default(),
        Err(error) if error.is_denied() => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(found.into_iter().filter_map(|p| Some((p.part_number?, (p.e_tag, p.checksum_sha256?)))).collect())
}

async fn put_part(
    aws: &Aws,
    bucket: &str,
    key: &str,
    upload: &str,
    number: i32,
    bytes: Vec<u8>,
    checksum: String,
) -> Result<CompletedPart, AwsError> {
    let answer = aws
        .s3()
        .upload_part()
        .bucket(bucket)
        .key(key)
        .upload_id(upload)
        .part_number(number)
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .checksum_sha256(&checksum)
        .body(ByteStream::from(bytes))
        .send()
        .await
        .named("S3", "UploadPart")?;
    Ok(part(number, answer.e_tag, checksum))
}

fn part(number: i32, etag: Option<String>, checksum: String) -> CompletedPart {
    CompletedPart::builder().part_number(number).set_e_tag(etag).checksum_sha256(checksum).build()
}

fn read_part(path: &Path, index: u64) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(index * PART))?;
    let mut bytes = Vec::new();
    file.take(PART).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_is_what_is_left() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, &vec![7; PART as usize + 3]).unwrap();
        assert_eq!(read_part(file.path(), 0).unwrap().len() as u64, PART);
        assert_eq!(read_part(file.path(), 1).unwrap(), [7, 7, 7]);
    }
}
