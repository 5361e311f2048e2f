//! One variable → its value: the first of its sources that has one.

use super::grammar::{Argument, Call, Source};
use super::resolver::{Answer, Halt, Outcome, Resolver, Stop};
use super::sources::{self, Arguments};
use crate::manifest::document::text;
use crate::manifest::document::{Node, Value};

impl Resolver<'_> {
    /// The value of the first source that has one.
    pub(super) fn lookup(&mut self, alternatives: &[Source]) -> Result<Node, Stop> {
        let mut reasons = Vec::new();
        let mut advice = None;
        for source in alternatives {
            let call = match source {
                Source::Literal(value) => {
                    self.step(value.to_string(), Outcome::Value(None));
                    return Ok(Node::from_json(value.clone(), None));
                }
                Source::Call(call) => call,
            };
            let arguments = self.arguments(call)?;
            let expression = arguments.expression.clone();
            match self.call(call, &arguments)? {
                Answer::Found(node) => {
                    let outcome = match call.kind.as_str() {
                        "self" => Outcome::Reference(arguments.address_text().to_owned()),
                        _ => Outcome::Value(node.span),
                    };
                    self.step(expression, outcome);
                    return Ok(node);
                }
                Answer::Missing { why, help } => {
                    self.step(expression, Outcome::Missing(why.clone()));
                    reasons.push(why);
                    advice = help.or(advice);
                }
            }
        }
        let expression = describe(alternatives);
        let message = format!("`${{{expression}}}` has no value: {}", reasons.join("; "));
        let advice = advice.unwrap_or_else(|| format!("give it a default, as in `${{{expression}, 'value'}}`"));
        Err(self.fail(message, Some(advice)))
    }

    pub(super) fn call(&mut self, call: &Call, arguments: &Arguments) -> Result<Answer, Stop> {
        let Some(source) = sources::find(&call.kind) else {
            let message = format!("there is no variable source `{}`", call.kind);
            return Err(self.fail(message, Some(sources::did_you_mean(&call.kind))));
        };
        match (source.resolve)(self, arguments) {
            Ok(Answer::Found(Node { value: Value::Null, .. })) => {
                Ok(Answer::missing(format!("`{}` is null", arguments.expression)))
            }
            Ok(answer) => Ok(answer),
            Err(Halt::Stop(stop)) => Err(stop),
            Err(Halt::Wrong { message, help }) => Err(self.fail(message, help)),
        }
    }

    /// Params and address with their own variables resolved.
    pub(super) fn arguments(&mut self, call: &Call) -> Result<Arguments, Stop> {
        let params = match &call.params {
            Some(params) => params.iter().map(|p| self.argument(p)).collect::<Result<Vec<_>, _>>()?,
            None => Vec::new(),
        };
        let address = call.address.as_ref().map(|a| self.argument(a)).transpose()?;
        Ok(Arguments::new(call, params, address))
    }

    pub(super) fn argument(&mut self, argument: &Argument) -> Result<Node, Stop> {
        match &argument.value {
            serde_json::Value::String(text) if !argument.variables.is_empty() => {
                self.nested(|resolver| resolver.resolve_string(text.clone()))
            }
            value => Ok(Node::from_json(value.clone(), None)),
        }
    }
}

/// The sources as they are written.
fn describe(alternatives: &[Source]) -> String {
    let parts: Vec<String> = alternatives
        .iter()
        .map(|source| match source {
            Source::Literal(value) => value.to_string(),
            Source::Call(call) => describe_call(call),
        })
        .collect();
    parts.join(", ")
}

fn describe_call(call: &Call) -> String {
    let argument = |a: &Argument| text::plain(&a.value);
    let params = call
        .params
        .as_ref()
        .map_or(String::new(), |params| format!("({})", params.iter().map(argument).collect::<Vec<_>>().join(", ")));
    let address = call.address.as_ref().map_or(String::new(), argument);
    if call.address.is_none() && call.params.is_some() {
        return format!("{}{params}", call.kind);
    }
    format!("{}{params}:{address}", call.kind)
}
