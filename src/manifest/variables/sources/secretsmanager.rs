//! `${secretsmanager(region):id}` and `${secretsmanager:id.key}`: a secret of AWS Secrets Manager; one that holds
//! JSON becomes its value.

use super::Arguments;
use crate::manifest::document::{Node, Value};
use crate::manifest::variables::remote::{Found, Lookup};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let region = arguments.param(0)?.map(str::to_owned);
    let address = arguments.address()?;
    // The name of a secret may hold dots.
    if let Some(node) = secret(resolver, region.clone(), address)? {
        return Ok(Answer::Found(node));
    }
    let parent = address.split_once('.').map(|(id, path)| secret(resolver, region, id).map(|found| (id, path, found)));
    Ok(match parent.transpose()? {
        Some((id, path, Some(node))) => match node.at(path) {
            Some(part) => Answer::Found(part.clone()),
            None => Answer::missing(format!("secret {id} has no `{path}`")),
        },
        _ => Answer::missing(format!("there is no secret {address}")),
    })
}

fn secret(resolver: &mut Resolver<'_>, region: Option<String>, id: &str) -> Result<Option<Node>, Halt> {
    let Some(Found::Secret(value) | Found::Text(value) | Found::List(value)) =
        resolver.remote(Lookup::Secret { region, id: id.to_owned() })?
    else {
        return Ok(None);
    };
    let parsed = value.starts_with('{').then(|| serde_json::from_str(&value).ok()).flatten();
    let node = parsed.map_or(Node { value: Value::String(value), span: None }, |json| Node::from_json(json, None));
    resolver.secret(&node);
    Ok(Some(node))
}
