//! `${sls:stage}` and `${sls:instanceId}`: facts about this run.

use super::Arguments;
use crate::manifest::document::{Node, Value};
use crate::manifest::stage;
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let value = match arguments.address()? {
        "stage" => stage(resolver)?,
        "instanceId" => resolver.world.instance_id.clone(),
        other => {
            return Err(Halt::Wrong {
                message: format!("`sls` knows no `{other}`"),
                help: Some("it knows `${sls:stage}` and `${sls:instanceId}`".to_owned()),
            });
        }
    };
    Ok(Answer::Found(Node { value: Value::String(value), span: None }))
}

/// The stage that is worked on: `--stage`, else `provider.stage`, else `dev`.
pub(in crate::manifest::variables) fn stage(resolver: &mut Resolver<'_>) -> Result<String, Halt> {
    let given = resolver.world.options.get("stage").and_then(serde_json::Value::as_str).map(str::to_owned);
    let name = match given {
        Some(given) => given,
        None => match resolver.configuration(&["provider", "stage"])? {
            Ok(Node { value: Value::String(configured), .. }) => configured,
            Ok(Node { value: Value::Null, .. }) | Err(_) => "dev".to_owned(),
            Ok(_) => String::new(),
        },
    };
    stage::check_name(&name).map_err(Halt::wrong)?;
    Ok(name)
}
