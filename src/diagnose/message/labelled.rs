//! The denial that the AWS console shows field by field, ready to be copied:
//! `User: ... Service: lambda Action: ListFunctions On resource(s): * Context: no identity-based policy allows ...`,
//! lately with `Resource:`.

use super::denial::{Denial, reason_of};
use super::field;
use super::squeeze::Squeezed;
use crate::iam::catalogue;

/// How far the fields may lie from each other, in squeezed bytes.
const REACH: usize = 900;

/// All such denials of a text, in order.
pub fn read(text: &str, squeezed: &Squeezed) -> Vec<Denial> {
    let older = squeezed.text.match_indices("onresource(s):");
    // The plain word is a label only with the one of the reason behind it.
    let newer = squeezed.text.match_indices("resource:").filter(|(at, label)| {
        !squeezed.text[..*at].ends_with("on") && squeezed.window(at + label.len(), REACH).contains("context:")
    });
    older.chain(newer).filter_map(|(at, label)| fields(text, squeezed, at, label)).collect()
}

fn fields(text: &str, squeezed: &Squeezed, at: usize, label: &str) -> Option<Denial> {
    let mut from = at.saturating_sub(REACH);
    while !squeezed.text.is_char_boundary(from) {
        from += 1;
    }
    let before = &squeezed.text[from..at];
    let word = |label: &str| {
        let found = before.rfind(label)?;
        let value = field::token(text, squeezed.start(from + found + label.len()));
        (!value.is_empty()).then_some((found, value))
    };
    let (action_at, action) = word("action:")?;
    let user = word("user:").filter(|(found, _)| *found < action_at);
    let service = word("service:").filter(|(found, _)| *found < action_at).map(|(_, name)| name);
    let action = match service {
        Some(service) if !action.contains(':') => {
            format!("{}:{action}", catalogue::prefix_of_service(&service).unwrap_or(&service))
        }
        _ => action,
    };
    let behind = at + label.len();
    let resource = field::token(text, squeezed.start(behind));
    let rest = squeezed.window(behind, REACH);
    let context = rest.find("context:").map(|found| (found, &rest[found + "context:".len()..]));
    // The context is the reason without its first word.
    let reason = context.and_then(|(_, words)| reason_of(&format!("because{words}"), None));
    let start = user.as_ref().map_or(action_at, |(found, _)| *found);
    let end = context.map_or(behind, |(found, words)| behind + found + words.len().min(80));
    Some(Denial {
        principal: user.map(|(_, name)| name),
        action: Some(action),
        resource: Some(resource).filter(|name| !name.is_empty()),
        layer: reason.as_ref().and_then(|reason| reason.layer),
        effect: reason.map(|reason| reason.effect),
        range: squeezed.range(from + start..end),
        ..Denial::default()
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnose::message::Prepared;

    #[test]
    fn fields_of_the_console_are_read() {
        let prepared = Prepared::new(
            "User: arn:aws:iam::123456789012:user/ann\nService: lambda\nAction: ListFunctions\n\
             On resource(s): *\nContext: no identity-based policy allows the action",
        );
        let found = super::read(&prepared.text, &prepared.squeezed);
        assert_eq!(found[0].principal.as_deref(), Some("arn:aws:iam::123456789012:user/ann"));
        assert_eq!(found[0].action.as_deref(), Some("lambda:ListFunctions"));
        assert_eq!(found[0].resource.as_deref(), Some("*"));
        assert_eq!(found[0].layer, Some(crate::diagnose::Layer::Identity));
    }

    #[test]
    fn the_console_of_today_has_a_plain_label_for_the_resource() {
        let prepared = Prepared::new(
            "Access denied\nYou don't have permission to sqs:ListQueues. To request access, copy the following text.\n\
             User: arn:aws:iam::123456789012:user/ann\nAction: sqs:ListQueues\n\
             Resource: arn:aws:sqs:eu-west-1:123456789012:*\n\
             Context: no identity-based policy allows the sqs:ListQueues action",
        );
        let found = super::read(&prepared.text, &prepared.squeezed);
        assert_eq!(found[0].action.as_deref(), Some("sqs:ListQueues"));
        assert_eq!(found[0].resource.as_deref(), Some("arn:aws:sqs:eu-west-1:123456789012:*"));
        assert_eq!(found[0].layer, Some(crate::diagnose::Layer::Identity));
    }

    #[test]
    fn the_newer_console_names_the_service_with_the_action() {
        let prepared = Prepared::new(
            "User: arn:aws:iam::123456789012:user/ann\nAction: iam:ListRoles\nOn resource(s): \
             arn:aws:iam::123456789012:role/\nContext: an explicit deny in a service control policy",
        );
        let found = super::read(&prepared.text, &prepared.squeezed);
        assert_eq!(found[0].action.as_deref(), Some("iam:ListRoles"));
        assert_eq!(found[0].layer, Some(crate::diagnose::Layer::Scp));
    }
}
