//! `${strToBool(text)}`: `true`, `1`, `false` and `0` as a boolean.

use super::Arguments;
use crate::manifest::document::{Node, Value};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(_: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let Some(text) = arguments.param(0)? else {
        return Err(Halt::wrong("`strToBool` needs a value in its parentheses"));
    };
    let value = match text.trim().to_lowercase().as_str() {
        "true" | "1" => true,
        "false" | "0" => false,
        _ => {
            return Err(Halt::Wrong {
                message: format!("`strToBool` makes no boolean of `{text}`"),
                help: Some("it takes `true`, `false`, `1` and `0`".to_owned()),
            });
        }
    };
    Ok(Answer::Found(Node { value: Value::Bool(value), span: None }))
}
