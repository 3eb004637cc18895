//! The roles that give all of a namespace or more to whoever binds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rights::Rights;
use super::role::Role;
use super::symbols::{Symbol, Symbols};

/// What makes somebody the administrator of a namespace.
pub(super) const ADMINISTERS: [(&str, &str, Symbol); 3] = [
    ("", "secrets", Symbol::GET),
    ("", "pods", Symbol::CREATE),
    ("rbac.authorization.k8s.io", "rolebindings", Symbol::CREATE),
];

/// How much a strong role gives where it is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// All that the administrator of a namespace has.
    Namespace,
    /// Every right.
    Everything,
}

/// Strong roles by namespace, which is empty for a `ClusterRole`, and by name.
pub type Strong = BTreeMap<Arc<str>, BTreeMap<Arc<str>, Strength>>;

/// The strong ones of some roles.
#[must_use]
pub(super) fn strong(roles: &[Arc<Role>], symbols: &Symbols) -> Strong {
    let mut strong = Strong::new();
    for role in roles {
        // The sum that every cluster has for those who administer a namespace.
        let is_admin = role.at.is_none() && &*role.name == "admin";
        let Some(strength) = of(&role.rights, symbols).or(is_admin.then_some(Strength::Namespace))
        else {
            continue;
        };
        let of_namespace = strong.entry(Arc::clone(&role.namespace)).or_default();
        let known = of_namespace
            .entry(Arc::clone(&role.name))
            .or_insert(strength);
        *known = strength.max(*known);
    }
    strong
}

fn of(rights: &Rights, symbols: &Symbols) -> Option<Strength> {
    if rights.allows(symbols, Symbol::ANY, Symbol::ANY, (Symbol::ANY, None)) {
        return Some(Strength::Everything);
    }
    let administers = ADMINISTERS.iter().all(|(group, resource, verb)| {
        let words = symbols.find(group).zip(symbols.find(resource));
        words.is_some_and(|(group, resource)| {
            rights.reach(symbols, group, resource, &[*verb]).is_all()
        })
    });
    administers.then_some(Strength::Namespace)
}
