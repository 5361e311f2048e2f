//! `${env:NAME}`: an environment variable.

use super::Arguments;
use crate::manifest::document::{Node, Value};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let name = arguments.address()?;
    match resolver.world.env.get(name) {
        Some(value) => Ok(Answer::Found(Node { value: Value::String(value.clone()), span: None })),
        None => Ok(Answer::missing(format!("environment variable {name} is not set"))),
    }
}
