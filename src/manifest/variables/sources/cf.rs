//! `${cf(region):stack.output}`: an output of a CloudFormation stack.

use super::Arguments;
use crate::manifest::document::{Node, Value};
use crate::manifest::variables::remote::{Found, Lookup};
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let region = arguments.param(0)?.map(str::to_owned);
    let Some((stack, output)) = arguments.address()?.split_once('.') else {
        return Err(Halt::Wrong {
            message: format!("`{}` names no output", arguments.expression),
            help: Some("write `${cf:stack-name.OutputName}`".to_owned()),
        });
    };
    let lookup = Lookup::StackOutput { region, stack: stack.to_owned(), output: output.to_owned() };
    match resolver.remote(lookup)? {
        Some(Found::Text(value) | Found::List(value) | Found::Secret(value)) => {
            Ok(Answer::Found(Node { value: Value::String(value), span: None }))
        }
        None => Ok(Answer::missing(format!("stack {stack} has no output {output}"))),
    }
}
