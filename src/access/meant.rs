//! What bindings mean by their roles: those of the name, and for a sum of roles those that it is the sum of.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::kubernetes::roles::Requirement;

use super::role::{Binding, Role, RoleName};
use super::subject::Scope;

/// What a binding means by its role.
#[derive(Clone, Debug, Default)]
pub struct Meant {
    /// The numbers of the roles that have the rules: for a sum of roles, those that it is the sum of.
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
pub(super) fn meant(roles: &[Arc<Role>], bindings: &[Arc<Binding>]) -> Vec<Meant> {
    let mut by_name: HashMap<RoleName<'_>, Vec<usize>> = HashMap::new();
    for (number, role) in roles.iter().enumerate() {
        by_name.entry(role.known_as()).or_default().push(number);
    }
    let mut patched: HashMap<(Scope, Arc<str>), &Arc<Binding>> = HashMap::new();
    for binding in bindings.iter().filter(|binding| !binding.role.is_empty()) {
        let key = (binding.scope.clone(), Arc::clone(&binding.name));
        patched.entry(key).or_insert(binding);
    }
    let mut sums = Sums::new(roles);
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
        let chosen = by_name.get(&naming.names()).cloned().unwrap_or_default();
        let leaves = match chosen.as_slice() {
            [one] => sums.leaves(*one),
            many => {
                let all = many.iter().map(|role| sums.leaves(*role));
                let all: BTreeSet<usize> = all.flat_map(|leaves| leaves.to_vec()).collect();
                Arc::new(all.into_iter().collect())
            }
        };
        Meant {
            leaves,
            roles: chosen,
        }
    };
    bindings.iter().map(means).collect()
}

/// Which roles each sum of roles is the sum of, by number.
#[must_use]
pub(super) fn sums(roles: &[Arc<Role>]) -> HashMap<usize, Arc<Vec<usize>>> {
    let mut sums = Sums::new(roles);
    let numbered = roles.iter().enumerate();
    let summed = numbered.filter(|(_, role)| role.selectors.is_some());
    summed
        .map(|(number, _)| (number, sums.leaves(number)))
        .collect()
}

/// Which roles the sums of roles are the sums of.
struct Sums<'r> {
    roles: &'r [Arc<Role>],
    /// Roles by the keys of their labels, those of the roles that they patch included.
    labelled: HashMap<&'r str, Vec<usize>>,
    /// By selectors, the roles that they select.
    selected: HashMap<&'r [Vec<Requirement>], Arc<Vec<usize>>>,
    /// By selectors, the roles with rules that these lead to.
    summed: HashMap<&'r [Vec<Requirement>], Arc<Vec<usize>>>,
}

impl<'r> Sums<'r> {
    fn new(roles: &'r [Arc<Role>]) -> Self {
        let mut labelled: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, role) in roles.iter().enumerate() {
            for (key, _, _) in &role.labels {
                labelled.entry(key).or_default().push(number);
            }
        }
        Self {
            roles,
            labelled,
            selected: HashMap::new(),
            summed: HashMap::new(),
        }
    }

    /// The roles that have the rules of a role: it itself, or those that it is the sum of.
    fn leaves(&mut self, role: usize) -> Arc<Vec<usize>> {
        let roles = self.roles;
        let selectors = roles.get(role).and_then(|role| role.selectors.as_deref());
        let Some(selectors) = selectors else {
            return Arc::new(vec![role]);
        };
        if let Some(known) = self.summed.get(selectors) {
            return Arc::clone(known);
        }
        let mut leaves = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<&'r [Vec<Requirement>]> = vec![selectors];
        while let Some(selectors) = open.pop() {
            for number in self.selected(selectors).iter() {
                let Some(role) = roles.get(*number).filter(|_| seen.insert(*number)) else {
                    continue;
                };
                match &role.selectors {
                    None => {
                        leaves.insert(*number);
                    }
                    Some(selectors) => open.push(selectors),
                }
            }
        }
        let leaves = Arc::new(leaves.into_iter().collect());
        self.summed.insert(selectors, Arc::clone(&leaves));
        leaves
    }

    fn selected(&mut self, selectors: &'r [Vec<Requirement>]) -> Arc<Vec<usize>> {
        if let Some(known) = self.selected.get(selectors) {
            return Arc::clone(known);
        }
        let mut candidates: BTreeSet<usize> = BTreeSet::new();
        for requirements in selectors {
            let key = requirements
                .iter()
                .find_map(|requirement| match requirement {
                    Requirement::In(key, _) | Requirement::Exists(key) => Some(key.as_str()),
                    _ => None,
                });
            match key {
                Some(key) => candidates.extend(self.labelled.get(key).into_iter().flatten()),
                None => candidates.extend(0..self.roles.len()),
            }
        }
        let chosen = candidates.into_iter().filter(|number| {
            let role = self.roles.get(*number);
            role.is_some_and(|role| role.is_selected(selectors))
        });
        let mut chosen: BTreeSet<usize> = chosen.collect();
        // A patch that sets the label has the object join that it patches.
        let patches = chosen.iter().filter_map(|number| self.roles.get(*number));
        let names: BTreeSet<&str> = patches
            .filter(|role| role.is_patch)
            .map(|role| &*role.name)
            .collect();
        if !names.is_empty() {
            let numbered = self.roles.iter().enumerate();
            let joined =
                numbered.filter(|(_, role)| role.is_of_cluster && names.contains(&*role.name));
            chosen.extend(joined.map(|(number, _)| number));
        }
        let chosen = Arc::new(chosen.into_iter().collect());
        self.selected.insert(selectors, Arc::clone(&chosen));
        chosen
    }
}
