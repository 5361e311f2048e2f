//! `${self:path}`: another value of the manifest; `${self:}` is the whole of it.

use super::Arguments;
use crate::manifest::variables::resolver::{Answer, Halt, Resolver};

pub(super) fn resolve(resolver: &mut Resolver<'_>, arguments: &Arguments) -> Result<Answer, Halt> {
    let path: Vec<&str> = match arguments.names_nothing() {
        true => Vec::new(),
        false => arguments.address()?.split('.').collect(),
    };
    match resolver.configuration(&path)? {
        Ok(node) => Ok(Answer::Found(node)),
        Err(depth) => {
            let above = path[..depth].join(".");
            let key = path[depth];
            let place = if above.is_empty() { "the manifest".to_owned() } else { format!("`{above}`") };
            let siblings = resolver.keys(&path[..depth]);
            let near = crate::manifest::nearest(key, siblings.iter().map(String::as_str));
            let why = format!("{place} has no `{key}`");
            Ok(Answer::Missing { why, help: near.map(|near| format!("did you mean `{near}`?")) })
        }
    }
}
