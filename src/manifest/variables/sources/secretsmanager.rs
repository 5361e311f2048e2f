//! `${secretsmanager(region):id}` and `${secretsmanager:id.key}`: a secret of AWS Secrets Manager; one that holds
//! JSON becomes its value.

use super::Arguments;
use crate::manifest::document::{Node, Value};
use crate::manifest::variables::remote::{Found, Lookup};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let region = arguments.param(0)?.map(str::to_owned);
    let id = arguments.address()?.to_owned();
    let Some(Found::Secret(value) | Found::Text(value) | Found::List(value)) =
        resolver.remote(Lookup::Secret { region, id: id.clone() })?
    else {
        return Ok(Answer::missing(format!("there is no secret {id}")));
    };
    let parsed = value.starts_with('{').then(|| serde_json::from_str(&value).ok()).flatten();
    let node = parsed.map_or(Node { value: Value::String(value), span: None }, |json| Node::from_json(json, None));
    resolver.secret(&node);
    Ok(Answer::Found(node))
}
