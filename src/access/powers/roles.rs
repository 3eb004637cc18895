//! What rights over roles and bindings let somebody make of themselves.

use std::sync::Arc;

use crate::access::built_in::CLUSTER_ADMIN;
use crate::access::goal::Goal;
use crate::access::rights::{Asked, Reach};
use crate::access::strength::Strength;
use crate::access::subject::Scope;
use crate::access::symbols::Symbol;

use super::{CHANGE, Look, Means, RBAC, Target, WRITE};

impl Look<'_> {
    /// Rights over roles and bindings. Writing these alone gives nothing that is not held already.
    pub(super) fn roles(&mut self) {
        self.bind();
        let kind = if self.namespace.is_none() {
            "clusterroles"
        } else {
            "roles"
        };
        let Some((escalated, escalate)) = self.need(RBAC, kind, &[Symbol::ESCALATE]) else {
            return;
        };
        let Some((written, write)) = self.need(RBAC, kind, &CHANGE) else {
            return;
        };
        // Both must be held on one role, and what is written into it must come to its writer.
        let name = match escalated.and(&written) {
            Reach::Nothing => return,
            Reach::All => None,
            Reach::Named(names) => match names.into_iter().find(|name| self.comes_to_writer(*name))
            {
                None => return,
                name => name,
            },
        };
        let target = match self.namespace {
            None => Target::Goal(Goal::ClusterAdmin),
            Some(_) => Target::Namespace,
        };
        let (escalate, write) = (Asked { name, ..escalate }, Asked { name, ..write });
        self.add(Means::Escalate, target, &[escalate, write]);
    }

    /// True if whoever writes into a role has what they write: they are given the role, or may bind it while it is empty.
    fn comes_to_writer(&self, role: Symbol) -> bool {
        let scope = self.namespace.as_ref();
        let scope = scope.map_or(Scope::Cluster, |it| Scope::Namespace(Arc::clone(it)));
        let bindings = match scope {
            Scope::Cluster => "clusterrolebindings",
            Scope::Namespace(_) => "rolebindings",
        };
        let name = self.cluster.symbols.text(role);
        self.cluster.is_given(self.subject, &scope, name)
            || self.need(RBAC, bindings, &[Symbol::CREATE]).is_some()
    }

    /// A role that is bound gives what it holds: it takes the right to write bindings as well. The role of a binding that
    /// is there never changes, so that who may change some bindings alone binds the roles of these.
    fn bind(&mut self) {
        let of_cluster = self.need(RBAC, "clusterroles", &[Symbol::BIND]);
        let own = self.namespace.clone();
        let of_namespace = own.as_ref();
        let of_namespace = of_namespace.and_then(|_| self.need(RBAC, "roles", &[Symbol::BIND]));
        let everywhere = self.need(RBAC, "clusterrolebindings", &WRITE);
        let everywhere = everywhere.filter(|_| own.is_none());
        let inside = self.need(RBAC, "rolebindings", &WRITE);
        for (writes, is_everywhere) in [(everywhere, true), (inside, false)] {
            let Some((written, write)) = writes else {
                continue;
            };
            for (home, binds) in [(None, &of_cluster), (own.as_ref(), &of_namespace)] {
                let Some((bound, bind)) = binds else { continue };
                let bound = match &written {
                    Reach::Named(names) => {
                        let held = self.roles_of_bindings(is_everywhere, home.is_none(), names);
                        held.and(bound)
                    }
                    _ => bound.clone(),
                };
                let Some((strength, bind)) = self.strongest(home, &bound, *bind) else {
                    continue;
                };
                let target = if is_everywhere && strength == Strength::Everything {
                    Target::Goal(Goal::ClusterAdmin)
                } else {
                    Target::Namespace
                };
                self.add(Means::Bind, target, &[bind, write]);
                return;
            }
        }
    }

    /// The roles of the bindings of some names, as far as they are known.
    fn roles_of_bindings(
        &self,
        are_everywhere: bool,
        are_of_cluster: bool,
        names: &[Symbol],
    ) -> Reach {
        let symbols = &self.cluster.symbols;
        let mut roles = Vec::new();
        for name in names {
            let text = symbols.text(*name);
            // Every cluster has a binding of its own of that name, to the role of that name.
            if are_everywhere && text == CLUSTER_ADMIN {
                roles.push(*name);
            }
            let bindings = self.cluster.bindings_named(text).filter(|binding| {
                let is_here = self.namespace.is_none()
                    || binding.scope.namespace() == self.namespace.as_ref();
                binding.is_of_cluster == are_everywhere
                    && binding.names_cluster_role == are_of_cluster
                    && is_here
            });
            roles.extend(bindings.filter_map(|binding| symbols.find(&binding.role)));
        }
        roles.sort_unstable();
        roles.dedup();
        if roles.is_empty() {
            Reach::Nothing
        } else {
            Reach::Named(roles)
        }
    }

    /// The strongest of the roles that are reached, as far as it is strong.
    fn strongest(
        &self,
        namespace: Option<&Arc<str>>,
        reach: &Reach,
        bind: Asked,
    ) -> Option<(Strength, Asked)> {
        let home = namespace.map_or("", |namespace| namespace);
        let strong = self.cluster.strong.get(home)?;
        let symbols = &self.cluster.symbols;
        match reach {
            Reach::Nothing => None,
            Reach::All => strong.values().max().map(|strength| (*strength, bind)),
            Reach::Named(names) => {
                let found = names
                    .iter()
                    .filter_map(|name| Some((*strong.get(symbols.text(*name))?, *name)));
                let (strength, name) = found.max_by_key(|(strength, _)| *strength)?;
                let name = Some(name);
                Some((strength, Asked { name, ..bind }))
            }
        }
    }
}
