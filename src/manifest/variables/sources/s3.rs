//! `${s3:bucket/key}`: the text of an object in S3.

use super::Arguments;
use crate::manifest::document::{Node, Value};
use crate::manifest::variables::remote::{Found, Lookup};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let Some((bucket, key)) = arguments.address()?.split_once('/') else {
        return Err(Halt::Wrong {
            message: format!("`{}` names no key", arguments.expression),
            help: Some("write `${s3:bucket-name/key}`".to_owned()),
        });
    };
    match resolver.remote(Lookup::Object { bucket: bucket.to_owned(), key: key.to_owned() })? {
        Some(Found::Text(value) | Found::List(value) | Found::Secret(value)) => {
            Ok(Answer::Found(Node { value: Value::String(value), span: None }))
        }
        None => Ok(Answer::missing(format!("there is no object {key} in bucket {bucket}"))),
    }
}
