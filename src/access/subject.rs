//! Who can be given rights, and where these count.

use std::fmt;
use std::sync::Arc;

/// What the name of a user begins with that is the account of a workload.
const ACCOUNT_USER: &str = "system:serviceaccount:";
/// The group of all accounts; with a `:` and a namespace behind it, of those of the namespace.
const ACCOUNTS: &str = "system:serviceaccounts";
/// The group of everybody who has shown who they are.
pub const AUTHENTICATED: &str = "system:authenticated";
/// The group of everybody who has not.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The user that everybody is who has not shown who they are.
pub const ANONYMOUS: &str = "system:anonymous";
/// The group that may do everything, whatever roles say.
pub const MASTERS: &str = "system:masters";

/// Somebody who is given rights.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A `ServiceAccount`: its namespace and its name.
    Account(Arc<str>, Arc<str>),
    /// A user.
    User(Arc<str>),
    /// A group.
    Group(Arc<str>),
}

impl Subject {
    /// A `ServiceAccount`.
    #[must_use]
    pub fn account(namespace: &str, name: &str) -> Self {
        Self::Account(namespace.into(), name.into())
    }

    /// A subject as a binding writes it; none where the API server takes it for nobody. The user that an account is,
    /// is the account.
    #[must_use]
    pub fn of(kind: &str, name: &str, namespace: Option<&str>) -> Option<Self> {
        match kind {
            "ServiceAccount" => namespace.map(|namespace| Self::account(namespace, name)),
            "User" => Some(match name.strip_prefix(ACCOUNT_USER) {
                Some(rest) => match rest.split_once(':') {
                    Some((namespace, name)) => Self::account(namespace, name),
                    None => Self::User(name.into()),
                },
                None => Self::User(name.into()),
            }),
            "Group" => Some(Self::Group(name.into())),
            _ => None,
        }
    }

    /// A subject as a person types it: `ServiceAccount/shop/cart`, `User/jane`, `Group/system:authenticated`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('/')?;
        if rest.is_empty() {
            return None;
        }
        match kind {
            "ServiceAccount" | "serviceaccount" | "sa" => {
                let (namespace, name) = rest.split_once('/')?;
                let is_whole = !namespace.is_empty() && !name.is_empty();
                is_whole.then(|| Self::account(namespace, name))
            }
            "User" | "user" => Self::of("User", rest, None),
            "Group" | "group" => Self::of("Group", rest, None),
            _ => None,
        }
    }

    /// The groups that it is in by being what it is. Whoever reads as a group here is one of its members, who has shown
    /// who they are.
    #[must_use]
    pub fn groups(&self) -> Vec<Self> {
        let group = |name: &str| Self::Group(name.into());
        match self {
            Self::Account(namespace, _) => vec![
                group(ACCOUNTS),
                group(&format!("{ACCOUNTS}:{namespace}")),
                group(AUTHENTICATED),
            ],
            Self::User(name) if &**name == ANONYMOUS => vec![group(UNAUTHENTICATED)],
            Self::User(_) => vec![group(AUTHENTICATED)],
            Self::Group(name) => match &**name {
                AUTHENTICATED | UNAUTHENTICATED => Vec::new(),
                ACCOUNTS => vec![group(AUTHENTICATED)],
                name if self.members_namespace().is_some() => {
                    let _ = name;
                    vec![group(ACCOUNTS), group(AUTHENTICATED)]
                }
                _ => vec![group(AUTHENTICATED)],
            },
        }
    }

    /// It itself, and the groups that it is in by being what it is: whoever holds what counts for it.
    pub fn with_groups(&self) -> impl Iterator<Item = Self> + use<> {
        std::iter::once(self.clone()).chain(self.groups())
    }

    /// The groups that every account of a namespace is in, or of all.
    #[must_use]
    pub fn groups_of_accounts(namespace: Option<&str>) -> Vec<Self> {
        let own = namespace.map(|namespace| format!("{ACCOUNTS}:{namespace}"));
        let all = [ACCOUNTS.to_owned(), AUTHENTICATED.to_owned()];
        let names = own.into_iter().chain(all);
        names.map(|name| Self::Group(name.into())).collect()
    }

    /// The namespace of an account, or of a group of accounts of one namespace.
    #[must_use]
    pub fn members_namespace(&self) -> Option<&str> {
        match self {
            Self::Account(namespace, _) => Some(namespace),
            Self::User(_) => None,
            Self::Group(name) => name.strip_prefix(ACCOUNTS)?.strip_prefix(':'),
        }
    }

    /// The name of an account.
    #[must_use]
    pub fn account_name(&self) -> Option<&str> {
        match self {
            Self::Account(_, name) => Some(name),
            Self::User(_) | Self::Group(_) => None,
        }
    }

    /// `ServiceAccount`, `User` or `Group`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(..) => "ServiceAccount",
            Self::User(_) => "User",
            Self::Group(_) => "Group",
        }
    }

    /// True for those that a cluster brings along for itself: its controllers, its nodes, its administrators.
    #[must_use]
    pub fn is_of_system(&self) -> bool {
        match self {
            Self::Account(namespace, _) => &**namespace == "kube-system",
            Self::User(name) => name.starts_with("system:") && &**name != ANONYMOUS,
            Self::Group(name) => {
                name.starts_with("system:")
                    && ![AUTHENTICATED, UNAUTHENTICATED, MASTERS].contains(&&**name)
                    && !name.starts_with(ACCOUNTS)
            }
        }
    }
}

impl fmt::Display for Subject {
    /// `ServiceAccount shop/cart`, `User jane`, `Group system:authenticated`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(namespace, name) => write!(f, "ServiceAccount {namespace}/{name}"),
            Self::User(name) => write!(f, "User {name}"),
            Self::Group(name) => write!(f, "Group {name}"),
        }
    }
}

/// Where rights count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// In every namespace, and outside of them.
    Cluster,
    /// In one namespace.
    Namespace(Arc<str>),
}

impl Scope {
    /// The namespace, if it is one.
    #[must_use]
    pub fn namespace(&self) -> Option<&Arc<str>> {
        match self {
            Self::Cluster => None,
            Self::Namespace(namespace) => Some(namespace),
        }
    }
}

impl fmt::Display for Scope {
    /// `the whole cluster`, `namespace shop`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => f.write_str("the whole cluster"),
            Self::Namespace(namespace) => write!(f, "namespace {namespace}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_its_user() {
        let account = Subject::account("shop", "cart");
        let user = "system:serviceaccount:shop:cart";
        assert_eq!(Subject::of("User", user, None), Some(account.clone()));
        assert_eq!(
            Subject::of("ServiceAccount", "cart", Some("shop")),
            Some(account)
        );
        assert_eq!(Subject::of("ServiceAccount", "cart", None), None);
        assert_eq!(Subject::of("Robot", "cart", Some("shop")), None);
    }

    #[test]
    fn what_people_type_is_read() {
        let account = Some(Subject::account("shop", "cart"));
        assert_eq!(Subject::parse("ServiceAccount/shop/cart"), account);
        assert_eq!(Subject::parse("sa/shop/cart"), account);
        assert_eq!(
            Subject::parse("User/jane"),
            Subject::of("User", "jane", None)
        );
        assert_eq!(
            Subject::parse("Group/system:masters"),
            Subject::of("Group", "system:masters", None)
        );
        for nobody in ["", "jane", "User/", "sa/shop", "sa//cart", "Role/shop/cart"] {
            assert_eq!(Subject::parse(nobody), None, "{nobody}");
        }
    }
}
