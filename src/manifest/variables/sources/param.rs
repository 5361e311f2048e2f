//! `${param:name}`: `--param`, else `stages.<stage>.params`, `params.<stage>`, `stages.default.params`,
//! `params.default`.

use super::{Arguments, sls};
use crate::manifest::document::{Node, Value};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let name = arguments.address()?;
    if let Some(value) = resolver.world.params.get(name) {
        return Ok(Answer::Found(Node { value: Value::String(value.clone()), span: None }));
    }
    let stage = sls::stage(resolver)?;
    for path in [
        ["stages", stage.as_str(), "params", name].as_slice(),
        &["params", &stage, name],
        &["stages", "default", "params", name],
        &["params", "default", name],
    ] {
        if let Ok(node) = resolver.configuration(path)?
            && node.value != Value::Null
        {
            return Ok(Answer::Found(node));
        }
    }
    Ok(Answer::Missing {
        why: format!("there is no parameter `{name}` for stage `{stage}`"),
        help: Some(format!("give it with --param {name}=VALUE, or under `params.{stage}` or `params.default`")),
    })
}
