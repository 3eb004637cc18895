//! What bindings mean by their roles: those of the name, and for a sum of roles those that it is the sum of.

use std::collections::HashMap;
use std::sync::Arc;

use super::role::{Binding, Role, RoleName};
use super::subject::Scope;
use super::sums::Sums;

/// What a binding means by its role.
#[derive(Clone, Debug, Default)]
pub struct Meant {
    /// The numbers of the roles that have the rules: for a sum of roles, those that it is the sum of. Bindings that mean
    /// the same share the list.
    pub leaves: Arc<Vec<usize>>,
    /// The numbers of the roles that are meant themselves.
    pub roles: Vec<usize>,
}

impl Meant {
    /// True if nobody knows what the role grants.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.roles.is_empty()
    }
}

/// What each binding means by its role.
#[must_use]
pub(super) fn meant(roles: &[Arc<Role>], bindings: &[Arc<Binding>], sums: &mut Sums) -> Vec<Meant> {
    let mut by_name: HashMap<RoleName<'_>, Vec<usize>> = HashMap::new();
    for (number, role) in roles.iter().enumerate() {
        by_name.entry(role.known_as()).or_default().push(number);
    }
    let mut patched: HashMap<(Scope, Arc<str>), &Arc<Binding>> = HashMap::new();
    let is_patched = bindings.iter().any(|binding| binding.role.is_empty());
    let naming = bindings.iter().filter(|it| !it.role.is_empty());
    for binding in naming.filter(|_| is_patched) {
        let key = (binding.scope.clone(), Arc::clone(&binding.name));
        patched.entry(key).or_insert(binding);
    }
    let means = |binding: &Arc<Binding>| {
        // A patch that adds subjects names no role: it is that of what is patched.
        let naming = if binding.role.is_empty() {
            let key = (binding.scope.clone(), Arc::clone(&binding.name));
            patched.get(&key).copied().unwrap_or(binding)
        } else {
            binding
        };
        // Copies that are applied together are all meant: which one comes last is not known. So are patches, and what
        // the cluster brings along under the same name: it puts its own rules back.
        let roles = by_name.get(&naming.names()).cloned().unwrap_or_default();
        Meant {
            leaves: sums.leaves_of(&roles),
            roles,
        }
    };
    bindings.iter().map(means).collect()
}
