//! `${ssm(region, raw, noDecrypt):/name}`: an SSM parameter. A `StringList` becomes a list and a `SecureString` that
//! holds JSON becomes its value, but for `raw`.

use super::Arguments;
use crate::manifest::document::{Node, Value};
use crate::manifest::variables::remote::{Found, Lookup};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let name = arguments.address()?.to_owned();
    let mut region = None;
    let (mut raw, mut decrypt) = (false, true);
    for index in 0..arguments.params.len() {
        match arguments.param(index)? {
            Some("raw") => raw = true,
            Some("noDecrypt") => decrypt = false,
            Some(param) => region = region.or_else(|| Some(param.to_owned())),
            None => {}
        }
    }
    let found = resolver.remote(Lookup::Parameter { region, name: name.clone(), decrypt })?;
    let text = |value: &str| Node { value: Value::String(value.to_owned()), span: None };
    Ok(match found {
        None => Answer::missing(format!("there is no SSM parameter {name}")),
        Some(Found::Text(value)) => Answer::Found(text(&value)),
        Some(Found::List(value)) if raw => Answer::Found(text(&value)),
        Some(Found::List(value)) => {
            let items = value.split(',').map(text).collect();
            Answer::Found(Node { value: Value::List(items), span: None })
        }
        Some(Found::Secret(value)) => {
            let parsed = (!raw && value.starts_with('{')).then(|| serde_json::from_str(&value).ok()).flatten();
            let node = parsed.map_or_else(|| text(&value), |json| Node::from_json(json, None));
            resolver.secret(&node);
            Answer::Found(node)
        }
    })
}
