//! The roles of a cluster by their names: what somebody would have who bound them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cluster::Cluster;
use super::powers::KUBE_SYSTEM;
use super::rights::{Asked, Rights};
use super::role::Role;
use super::subject::{Scope, Subject};
use super::symbols::Symbol;

/// Numbers of roles by namespace, which is empty for a `ClusterRole`, and by name.
#[derive(Debug, Default)]
pub struct ByName {
    numbers: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Vec<usize>>>,
}

impl ByName {
    /// Of all roles of a cluster.
    #[must_use]
    pub(super) fn of(roles: &[Arc<Role>]) -> Self {
        let mut by_name = Self::default();
        for (number, role) in roles.iter().enumerate() {
            if role.is_of_cluster == role.namespace.is_empty() {
                let of_namespace = by_name.numbers.entry(Arc::clone(&role.namespace));
                let of_name = of_namespace.or_default().entry(Arc::clone(&role.name));
                of_name.or_default().push(number);
            }
        }
        by_name
    }
}

impl Cluster {
    /// The numbers of the roles of a name in a namespace, which is empty for a `ClusterRole`.
    pub fn roles_named(
        &self,
        namespace: &str,
        name: &str,
    ) -> impl Iterator<Item = usize> + use<'_> {
        let of_namespace = self.by_name.numbers.get(namespace);
        let of_name = of_namespace.and_then(|names| names.get(name));
        of_name.into_iter().flatten().copied()
    }

    /// The namespaces that have `Roles`, each with the numbers of these: one of them, or that of what runs the cluster
    /// before the others.
    pub fn namespaces_of_roles(
        &self,
        own: Option<&str>,
    ) -> impl Iterator<Item = (&Arc<str>, impl Iterator<Item = usize> + '_)> {
        let numbers = &self.by_name.numbers;
        let first = numbers.get_key_value(own.unwrap_or(KUBE_SYSTEM));
        let others = numbers.iter().filter(move |(namespace, _)| {
            own.is_none() && !namespace.is_empty() && &***namespace != KUBE_SYSTEM
        });
        let others = own.is_none().then_some(others).into_iter().flatten();
        let all = first.into_iter().chain(others);
        all.map(|(namespace, names)| (namespace, names.values().flatten().copied()))
    }

    /// The roles that have the rules of some roles: these themselves, or those that they are the sums of.
    #[must_use]
    pub fn leaves(&self, roles: &BTreeSet<usize>) -> Vec<usize> {
        let leaves: BTreeSet<usize> = roles
            .iter()
            .flat_map(|role| self.leaves_of_role(*role))
            .collect();
        leaves.into_iter().collect()
    }

    fn leaves_of_role(&self, role: usize) -> Vec<usize> {
        let leaves = self.sums.leaves(role);
        leaves.map_or_else(|| vec![role], |leaves| leaves.to_vec())
    }

    /// What some roles give to whoever binds them in a namespace, or in all, or in the whole cluster.
    #[must_use]
    pub fn rights_of(
        &self,
        leaves: &[usize],
        namespace: Option<&Arc<str>>,
        is_inside: bool,
    ) -> Rights {
        let roles = leaves.iter().filter_map(|role| self.roles.get(*role));
        let mut rights = Rights::union(roles.map(|role| &*role.rights));
        if is_inside || namespace.is_some() {
            let namespace = namespace.and_then(|own| self.symbols.find(own));
            rights = rights.within(namespace.unwrap_or(Symbol::EMPTY), &self.symbols);
        }
        rights
    }

    /// Which of some roles gives a right: its name.
    #[must_use]
    pub fn giving(&self, roles: &BTreeSet<usize>, asked: Asked) -> Option<Symbol> {
        let mut roles = roles.iter();
        let giving = roles.find(|role| {
            let leaves = self.leaves_of_role(**role);
            self.rule_giving(&leaves, asked).is_some()
        });
        let role = self.roles.get(*giving?)?;
        self.symbols.find(&role.name)
    }

    /// The number of the role that gives a right, and that of its rule.
    #[must_use]
    pub fn rule_giving(&self, leaves: &[usize], asked: Asked) -> Option<(usize, usize)> {
        leaves.iter().find_map(|number| {
            let mut rules = self.roles.get(*number)?.rules.iter();
            let rule = rules.position(|rule| rule.gives(asked, &self.symbols))?;
            Some((*number, rule))
        })
    }

    /// Where a subject, or a group that it is in, is given a role of a name itself, with the number of the binding.
    #[must_use]
    pub fn given(&self, subject: &Subject, is_of_cluster: bool, name: &str) -> Vec<(Scope, usize)> {
        let mut found = BTreeMap::new();
        for who in subject.with_groups() {
            for (scope, held) in self.held.get(&who).into_iter().flatten() {
                let gives = |binding: &usize| {
                    let meant = self.meant.get(*binding);
                    let leaves = meant.into_iter().flat_map(|meant| meant.leaves.iter());
                    let mut roles = leaves.filter_map(|at| self.roles.get(*at));
                    roles.any(|role| role.is_of_cluster == is_of_cluster && *role.name == *name)
                };
                let mut grants = held.grants.iter().map(|grant| grant.binding);
                if let Some(binding) = grants.find(gives) {
                    found.entry(scope.clone()).or_insert(binding);
                }
            }
        }
        found.into_iter().collect()
    }
}
