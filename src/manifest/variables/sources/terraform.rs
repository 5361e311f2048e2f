//! `${terraform(state):output.key}`: an output of Terraform. The state is a file (`terraform.tfstate` where nothing is
//! given) or an object, `s3://bucket/key`.

use super::{Arguments, file};
use crate::manifest::document::{Node, SourceId, Syntax, Value};
use crate::manifest::variables::remote::{Found, Lookup};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

/// The state that Terraform writes beside its configuration.
const DEFAULT_STATE: &str = "terraform.tfstate";

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let address = arguments.address()?;
    // `${terraform:outputs:name}` is how Framework v4 has it.
    let address = address.strip_prefix("outputs:").or_else(|| address.strip_prefix("outputs.")).unwrap_or(address);
    if let Some((state, name)) = address.split_once(':') {
        return Err(Halt::Wrong {
            message: format!("`{}` names no output", arguments.expression),
            help: Some(format!("write `${{terraform({state}):{name}}}`")),
        });
    }
    let state = arguments.param(0)?.unwrap_or(DEFAULT_STATE);
    let content = match state.strip_prefix("s3://") {
        Some(place) => {
            let Some((bucket, key)) = place.split_once('/') else {
                return Err(Halt::wrong(format!("`{state}` names no object: write s3://bucket/key")));
            };
            let object = resolver.remote(Lookup::Object { bucket: bucket.to_owned(), key: key.to_owned() })?;
            let Some(Found::Text(text) | Found::List(text) | Found::Secret(text)) = object else {
                return Ok(Answer::missing(format!("there is no {state}")));
            };
            let read = Syntax::Json.read(&text, SourceId(u32::MAX));
            read.map_err(|_| Halt::wrong(format!("{state} is no Terraform state: it is not JSON")))?
        }
        None => match file::tree(resolver, state)? {
            Some(content) => (*content).clone(),
            None => return Ok(Answer::missing(format!("there is no file {state}"))),
        },
    };
    let (name, rest) = address.split_once('.').unwrap_or((address, ""));
    let Some(outputs) = content.get("outputs") else {
        return Err(Halt::wrong(format!("{state} is no Terraform state: it has no `outputs`")));
    };
    let Some(output) = outputs.get(name) else {
        let names = outputs.as_map().into_iter().flat_map(|map| map.keys().map(String::as_str));
        let help = crate::manifest::nearest(name, names).map(|near| format!("did you mean `{near}`?"));
        return Ok(Answer::Missing { why: format!("{state} has no output `{name}`"), help });
    };
    let value = output.get("value").and_then(|value| if rest.is_empty() { Some(value) } else { value.at(rest) });
    let Some(value) = value else {
        return Ok(Answer::missing(format!("output `{name}` of {state} has no `{rest}`")));
    };
    if matches!(output.get("sensitive"), Some(Node { value: Value::Bool(true), .. })) {
        resolver.secret(value);
    }
    let mut value = value.clone();
    if state.starts_with("s3://") {
        // There is no such place in a file.
        value = Node::from_json(value.to_json(), None);
    }
    Ok(Answer::Found(value))
}
