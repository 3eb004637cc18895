//! Bindings that reach beyond the files that a role is applied with.
//!
//! Copies of a role in different folders are alternatives. A copy beside which nobody binds it may still be what is
//! applied last: where it gives more than the copies that are bound, it is looked at as if these bindings stood beside it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::parts::Part;
use super::role::{Binding, Role, RoleName};
use super::symbols::Symbols;

/// The role that a binding names; none for a patch that names no role.
fn bound_by(binding: &Binding) -> Option<RoleName<'_>> {
    (!binding.role.is_empty()).then(|| binding.names())
}

fn roles<'p>(group: &[&'p Part]) -> impl Iterator<Item = &'p Arc<Role>> {
    let roles = group.iter().flat_map(|part| &part.roles);
    roles.filter(|role| !role.is_patch && role.selectors.is_none())
}

/// For each of some groups of files, the roles that nobody binds there and that give more than each copy that somebody
/// binds elsewhere.
#[must_use]
pub(super) fn wider_copies<'p>(
    groups: &[Vec<&'p Part>],
    symbols: &Symbols,
) -> Vec<BTreeSet<RoleName<'p>>> {
    let mut wider = vec![BTreeSet::new(); groups.len()];
    if groups.len() < 2 {
        return wider;
    }
    let bound: Vec<HashSet<RoleName<'_>>> = groups
        .iter()
        .map(|group| {
            let bindings = group.iter().flat_map(|part| &part.bindings);
            bindings.filter_map(|binding| bound_by(binding)).collect()
        })
        .collect();
    let mut copies: HashMap<RoleName<'_>, Vec<&Arc<Role>>> = HashMap::new();
    for (group, bound) in groups.iter().zip(&bound) {
        for role in roles(group) {
            let name = role.known_as();
            if bound.contains(&name) {
                let copies = copies.entry(name).or_default();
                if !copies.iter().any(|known| Arc::ptr_eq(known, role)) {
                    copies.push(role);
                }
            }
        }
    }
    for ((group, bound), wider) in groups.iter().zip(&bound).zip(&mut wider) {
        for role in roles(group) {
            let name = role.known_as();
            let copies = copies.get(&name).filter(|_| !bound.contains(&name));
            let is_wider = copies.is_some_and(|copies| {
                let mut copies = copies.iter();
                copies.all(|copy| !role.rights.beyond(&copy.rights, symbols).is_empty())
            });
            if is_wider {
                wider.insert(name);
            }
        }
    }
    wider
}

/// The bindings of some files by the roles that they mean, each once.
pub(super) fn bindings_by_role(parts: &[Part]) -> HashMap<RoleName<'_>, Vec<Arc<Binding>>> {
    let mut bindings: HashMap<RoleName<'_>, Vec<Arc<Binding>>> = HashMap::new();
    for binding in parts.iter().flat_map(|part| &part.bindings) {
        if let Some(name) = bound_by(binding) {
            bindings.entry(name).or_default().push(Arc::clone(binding));
        }
    }
    bindings
}

/// The bindings that some roles are bound by.
#[must_use]
pub(super) fn borrowed(
    names: &BTreeSet<RoleName<'_>>,
    bindings: &HashMap<RoleName<'_>, Vec<Arc<Binding>>>,
) -> Vec<Arc<Binding>> {
    let found = names.iter().filter_map(|name| bindings.get(name));
    found.flatten().cloned().collect()
}
