//! `${aws:region}` and `${aws:accountId}`.

use super::Arguments;
use crate::manifest::document::{Node, Value};
use crate::manifest::variables::remote::{Found, Lookup};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let text = |value: String| Ok(Answer::Found(Node { value: Value::String(value), span: None }));
    match arguments.address()? {
        "region" => {
            let given = resolver.world.options.get("region").and_then(serde_json::Value::as_str).map(str::to_owned);
            if let Some(region) = given.filter(|r| !r.is_empty()) {
                return text(region);
            }
            match resolver.configuration(&["provider", "region"])? {
                Ok(node) if node.as_str().is_some_and(|r| !r.is_empty()) => Ok(Answer::Found(node)),
                _ => text(crate::manifest::DEFAULT_REGION.to_owned()),
            }
        }
        "accountId" => match resolver.remote(Lookup::AccountId)? {
            Some(Found::Text(id) | Found::List(id) | Found::Secret(id)) => text(id),
            None => Ok(Answer::missing("AWS names no account")),
        },
        other => Err(Halt::Wrong {
            message: format!("`aws` knows no `{other}`"),
            help: Some("it knows `${aws:region}` and `${aws:accountId}`".to_owned()),
        }),
    }
}
