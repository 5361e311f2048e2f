//! Whether a policy's `Principal` means a caller (IAM User Guide, "AWS JSON policy elements: Principal").

use super::request::Caller;
use crate::iam::policy::{Listed, Principal};

/// How closely a statement names the caller, loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// By its account, which leaves the decision to the account's own policies.
    ByAccount,
    /// As anyone, or by the role or user that its session stems from.
    ByOrigin,
    /// By the very ARN that it makes requests with, or as the service that it is.
    Directly,
}

/// How closely an element names a caller; `None` where it does not.
pub fn names(element: &Listed<Principal>, caller: &Caller) -> Option<Named> {
    if !element.negated {
        return element.items.iter().filter_map(|item| names_one(item, caller)).max();
    }
    // A request carries several identities (account, role, session); all must be listed to be spared
    // (IAM User Guide, "AWS JSON policy elements: NotPrincipal").
    let listed = |identity: &Principal| element.items.iter().any(|item| is_same(item, identity));
    let spared = identities(caller).iter().all(listed) || element.items.contains(&Principal::Anyone);
    (!spared).then_some(Named::ByOrigin)
}

/// Whether two principals are the same, however an account is written and as far as the path of a role is known.
fn is_same(one: &Principal, other: &Principal) -> bool {
    match (one, other) {
        (Principal::Aws(a), Principal::Aws(b)) => {
            let accounts = account_of(a).zip(account_of(b)).is_some_and(|(a, b)| a == b);
            a == b || accounts || a.contains(":role/") && same_role(a, b)
        }
        _ => one == other,
    }
}

fn names_one(principal: &Principal, caller: &Caller) -> Option<Named> {
    match (principal, caller) {
        (Principal::Anyone, _) => Some(Named::ByOrigin),
        (Principal::Service(name), Caller::Service { name: calling }) => {
            name.eq_ignore_ascii_case(calling).then_some(Named::Directly)
        }
        (Principal::Federated(name), Caller::Federated { provider }) => (name == provider).then_some(Named::Directly),
        (Principal::Aws(name), _) => names_aws(name, caller),
        _ => None,
    }
}

fn names_aws(name: &str, caller: &Caller) -> Option<Named> {
    if caller.arn() == Some(name) {
        return Some(Named::Directly);
    }
    match caller {
        Caller::Role { role: origin, .. } | Caller::FederatedUser { user: origin, .. } if same_role(origin, name) => {
            Some(Named::ByOrigin)
        }
        _ => (account_of(name)? == caller.account()?).then_some(Named::ByAccount),
    }
}

/// Whether two ARNs mean the same role or user. The ARN of a session does not tell the path of its
/// role, so a path that only one of them has is not looked at.
fn same_role(a: &str, b: &str) -> bool {
    let parts = |arn: &str| {
        let (rest, resource) = arn.rsplit_once(':')?;
        let (kind, path) = resource.split_once('/')?;
        let name = path.rsplit('/').next()?;
        Some((rest.to_owned(), kind.to_owned(), name.to_owned(), path != name))
    };
    match (parts(a), parts(b)) {
        (Some(x), Some(y)) => (&x.0, &x.1, &x.2) == (&y.0, &y.1, &y.2) && (a == b || x.3 != y.3),
        _ => false,
    }
}

/// The account of `123456789012` or `arn:aws:iam::123456789012:root`.
fn account_of(name: &str) -> Option<&str> {
    let account = match name.strip_prefix("arn:") {
        Some(_) => name.strip_suffix(":root")?.rsplit(':').next()?,
        None => name,
    };
    (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())).then_some(account)
}

fn identities(caller: &Caller) -> Vec<Principal> {
    let mut arns: Vec<String> = caller.arn().map(str::to_owned).into_iter().collect();
    match caller {
        Caller::Role { role, .. } => arns.push(role.clone()),
        Caller::FederatedUser { user, .. } => arns.push(user.clone()),
        Caller::Service { name } => return vec![Principal::Service(name.clone())],
        Caller::Federated { provider } => return vec![Principal::Federated(provider.clone())],
        _ => {}
    }
    arns.extend(caller.account().map(|account| format!("arn:aws:iam::{account}:root")));
    if arns.is_empty() {
        return vec![Principal::CanonicalUser("anonymous".into())];
    }
    arns.into_iter().map(Principal::Aws).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "123456789012";

    fn listed(names: &[&str], negated: bool) -> Listed<Principal> {
        Listed { negated, items: names.iter().map(|n| Principal::Aws((*n).to_owned())).collect() }
    }

    fn session() -> Caller {
        Caller::from_arn("arn:aws:sts::123456789012:assumed-role/deployer/ci").unwrap()
    }

    #[test]
    fn a_session_is_named_by_itself_its_role_or_its_account() {
        let named = |name| names(&listed(&[name], false), &session());
        assert_eq!(named("arn:aws:sts::123456789012:assumed-role/deployer/ci"), Some(Named::Directly));
        assert_eq!(named("arn:aws:iam::123456789012:role/deployer"), Some(Named::ByOrigin));
        assert_eq!(named("arn:aws:iam::123456789012:role/path/deployer"), Some(Named::ByOrigin));
        assert_eq!(named("arn:aws:iam::123456789012:root"), Some(Named::ByAccount));
        assert_eq!(named(ACCOUNT), Some(Named::ByAccount));
        assert_eq!(named("arn:aws:iam::123456789012:role/other"), None);
        assert_eq!(named("arn:aws:iam::210987654321:root"), None);
    }

    #[test]
    fn wildcards_within_an_arn_name_nobody() {
        assert_eq!(names(&listed(&["arn:aws:iam::123456789012:role/*"], false), &session()), None);
    }

    #[test]
    fn not_principal_spares_only_who_is_listed_with_its_account() {
        let user = Caller::User { arn: "arn:aws:iam::123456789012:user/ann".into() };
        let spared = ["arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:root"];
        assert_eq!(names(&listed(&spared, true), &user), None);
        assert_eq!(names(&listed(&spared[..1], true), &user), Some(Named::ByOrigin));
        assert_eq!(names(&listed(&[spared[0], ACCOUNT], true), &user), None);
    }

    #[test]
    fn a_service_is_named_as_a_service_only() {
        let lambda = Caller::Service { name: "lambda.amazonaws.com".into() };
        let element = Listed { negated: false, items: vec![Principal::Service("lambda.amazonaws.com".into())] };
        assert_eq!(names(&element, &lambda), Some(Named::Directly));
        assert_eq!(names(&element, &session()), None);
    }
}
