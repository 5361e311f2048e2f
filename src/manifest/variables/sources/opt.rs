//! `${opt:name}`: an option of the command line.

use super::Arguments;
use crate::manifest::document::Node;
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let options = &resolver.world.options;
    if arguments.names_nothing() {
        let all = options.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        return Ok(Answer::Found(Node::from_json(serde_json::Value::Object(all), None)));
    }
    let name = arguments.address()?;
    match options.get(name) {
        Some(value) if !value.is_null() => Ok(Answer::Found(Node::from_json(value.clone(), None))),
        _ => Ok(Answer::missing(format!("option --{name} is not given"))),
    }
}
